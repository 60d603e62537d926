//! The liaison's side of the table. Uses the office's pool, whose role has no usage on schema
//! `custodian`, and never imports the custodian's code.

pub mod detainers;
pub mod handovers;
pub mod notifications;
pub mod outcomes;
pub mod pages;
