//! The jail's side, behind the wall. Uses the custodian's pool and never imports `office`.

pub mod assessments;
pub mod bookings;
pub mod detainers;
pub mod determinations;
pub mod notifications;
pub mod outcomes;
pub mod pages;
pub mod readers;
pub mod release_notices;
