//! The table between the two sides: only what has crossed.

pub mod detainer;
pub mod handover;
pub mod notification;
pub mod outcome;
