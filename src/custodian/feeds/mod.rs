//! Feeds: the systems that send this agency's bookings and releases. A feed exists once it is
//! heard of, by a heartbeat, by a notice that names it or by an import; how often it is expected
//! is said in a heartbeat, and a silence beyond three times that raises one alarm.

pub mod api;
pub mod count;
pub mod refused;
pub mod silence;
pub mod store;

pub use store::seen;

/// Longest name of a feed, in characters; `/feed` of a notice has the same bound.
pub const NAME: usize = 100;
