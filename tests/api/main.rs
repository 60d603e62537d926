//! Behaviour of the service, over HTTP, each test on a database of its own.

mod conditional;
mod crash;
mod every_route;
mod hangups;
mod historical;
mod hostile;
mod idempotency;
mod law;
mod leaves;
mod orders;
mod plans;
mod registry;
mod streams;
mod support;
mod thread;
mod two_worlds;
mod wall;
