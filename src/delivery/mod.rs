//! Readers of the log: the consequences at each jail, and the streams that parties follow.

pub mod consequences;
pub mod stream;
