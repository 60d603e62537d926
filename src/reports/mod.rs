//! Counts. The one place that reads across tables.

pub mod api;
pub mod historical;
pub mod imports;
pub mod operational;
pub mod places;
pub mod published;
