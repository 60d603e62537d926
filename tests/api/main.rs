//! Behaviour of the service, over HTTP, each test on a database of its own.

mod historical;
mod support;
mod thread;
