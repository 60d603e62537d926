//! What the custodian knows about a case: facts that somebody stated, each with who and when, and
//! what the booking says. A fact that nobody stated is unknown, never false.

pub mod api;
pub mod known;
pub mod model;
pub mod state;
pub mod store;

pub use state::{Source, state, stated_with_determination};
