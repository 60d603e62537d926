//! Behaviour of the service, over HTTP, each test on a database of its own.

mod claims;
mod conditional;
mod crash;
mod every_route;
mod facts;
mod handovers;
mod hangups;
mod historical;
mod hold_orders;
mod holds;
mod hostile;
mod idempotency;
mod leaves;
mod notices;
mod orders;
mod outcomes;
mod papers;
mod plans;
mod registry;
mod sign_in;
mod streams;
mod support;
mod thread;
mod two_worlds;
mod versions;
mod wall;
