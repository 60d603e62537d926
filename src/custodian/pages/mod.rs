//! The jail's pages. Everything here may know what only the jail knows.

pub mod bookings;
pub mod detainer;
pub mod detainers;
pub mod determination;
pub mod overview;
pub mod release_notice;
