//! Files into records: bookings, notices, requests, and what releases say about the past.
//! `parse`, `place` and `ddp` are pure; `stage` and `apply` write.

pub mod apply;
pub mod ddp;
pub mod parse;
pub mod place;
pub mod stage;
