//! What every call of the API shares: problems, strict JSON, idempotency, entity tags, cursors.

pub mod cursor;
pub mod download;
pub mod etag;
pub mod json;
pub mod limits;
pub mod once;
pub mod path;
pub mod problem;
pub mod query;
pub mod replay;
pub mod source;
pub mod uses;

pub use etag::Tagged;
pub use once::{Caller, Once};
pub use path::Id;
pub use problem::{FieldError, Problem};
pub use query::Query;
