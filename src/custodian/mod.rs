//! The jail's side, behind the wall. Uses the custodian's pool and never imports `office`.

pub mod assessments;
pub mod bookings;
pub mod claims;
pub mod detainers;
pub mod determinations;
pub mod duties;
pub mod facts;
pub mod handovers;
pub mod holds;
pub mod imports;
pub mod letters;
pub mod matches;
pub mod notifications;
pub mod outcomes;
pub mod pages;
pub mod persons;
pub mod preview;
pub mod readers;
pub mod release_notices;
pub mod restrictions;
