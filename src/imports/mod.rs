//! Files into records: bookings, notices, requests, and what releases say about the past.
//! Everything here is pure but `stage` and `apply`, which write what releases say about the past; what a jail's own
//! file says is written by `custodian::imports`.

pub mod apply;
pub mod cells;
pub mod ddp;
pub mod fields;
pub mod mapping;
pub mod parse;
pub mod place;
pub mod records;
pub mod stage;
pub mod values;
