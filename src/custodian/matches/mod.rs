//! Which request is about which booking, as it was found or said. A strong identifier or the
//! booking's number is enough; a name with a birth date is a candidate, for a person to look at;
//! and what a person has said stands against matching.

pub mod api;
pub mod by_hand;
pub mod decide;
pub mod store;
