//! Who is asking: keys, accounts, sessions, roles, and the extractors that stand for a side.

pub mod accounts;
pub mod callers;
pub mod invitations;
pub mod key;
pub mod keys_api;
pub mod notes;
pub mod secret;
pub mod sessions;

pub use callers::{AnyCaller, Custodian, Liaison, Operator, Oversight, Presented};
