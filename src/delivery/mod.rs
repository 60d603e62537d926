//! Readers of the log: the consequences at each jail, and the streams that parties follow; and
//! the timers of what falls due by itself.

pub mod consequences;
pub mod imports;
pub mod silence;
pub mod stream;
pub mod sweep;
pub mod timers;
