//! Behaviour of the service, over HTTP, each test on a database of its own.

mod leaves;
mod orders;
mod plans;
mod streams;
mod support;
mod thread;
mod two_worlds;
mod wall;
