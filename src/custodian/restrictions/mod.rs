//! Hiding a record from third parties, oversight, exports and public counts: a victim or witness
//! (8 USC 1367), a juvenile, a sealed case. It takes hold with its own transaction, because the
//! others' row security looks at it; the other party's view of its own paper never changes.

pub mod api;
pub mod set;
pub mod store;

use serde::Serialize;
use uuid::Uuid;

use crate::types::Timestamp;
use crate::types::actor::words;

words! {
    /// Why a record is hidden.
    RestrictionKind { VictimOrWitness = "victim_or_witness", Juvenile = "juvenile", Sealed = "sealed" }
}

/// What a restriction came too late for, as far as the log knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Disclosure {
    /// The request that was disclosed.
    pub detainer: Uuid,
    /// `paper`, `notification`, `handover`, `outcome`, `relay` or `oversight_list`.
    pub what: String,
    /// `office:<code>`, `agency:<ORI>` or `oversight`.
    pub to: String,
    pub at: Timestamp,
}
