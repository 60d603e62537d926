//! The office's pages. They show the paper, what the office was told and its own acts.

pub mod bulk_cancellation;
pub mod cancellation;
pub mod detainer;
pub mod detainers;
pub mod handover;
pub mod new_detainer;
pub mod overview;
pub mod search;
