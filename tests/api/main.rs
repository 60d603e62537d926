//! Behaviour of the service, over HTTP, each test on a database of its own.

mod conditional;
mod crash;
mod every_route;
mod hangups;
mod hostile;
mod idempotency;
mod registry;
mod support;
mod thread;
