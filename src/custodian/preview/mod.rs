//! What a draft of a rule would have changed: the agency's past decisions, asked again.

pub mod api;
pub mod store;
