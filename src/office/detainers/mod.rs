//! The office's requests: lodging, cancelling, and its pending list.

pub mod api;
pub mod cancel;
pub mod issue;
pub mod pending;
