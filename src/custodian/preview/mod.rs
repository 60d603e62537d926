//! What a draft of a rule would have changed: an agency's past decisions, asked again; for an
//! admin the counts of its jurisdiction's agencies.

pub mod api;
pub mod ask;
pub mod overseen;
pub mod store;
