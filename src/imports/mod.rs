//! Files into records: bookings, notices, requests, and what releases say about the past.
//! `table`, `place` and `ddp` are pure; `stage` and `apply` write.

pub mod apply;
pub mod ddp;
pub mod inert;
pub mod place;
pub mod stage;
pub mod table;
