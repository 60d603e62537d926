//! Connections: a pool for each side, and the scope without which no query can be built.

pub mod error;
pub mod pools;
pub mod roles;
pub mod scope;
pub mod vault;

pub use error::{StoreError, expect_one_row};
pub use pools::Pools;
pub use scope::ScopedTx;
