//! What is owed to the person and to counsel: what for, until when, and what was said of its being
//! done. Duties are the union over all levels of law; no decision removes one.

pub mod api;
pub mod create;
pub mod store;

pub use create::{Occasion, arise, copy_served, verification};
