//! Admins and auditors: what they read of the agencies of their subtree, with persons masked.
//! Their role holds column grants that leave out names, birth dates, identifiers, booking numbers
//! and free text, and its row security leaves out what is restricted.

pub mod audit;
mod audit_store;
pub mod detainers;
pub mod feeds;
mod list;

use crate::db::ScopedTx;
use crate::http::Problem;
use crate::registry::agencies;

/// The agencies of the caller's subtree. An auditor of an office has none: that office's stream
/// is all that it reads.
async fn subtree(tx: &mut ScopedTx<'_>) -> Result<Vec<i32>, Problem> {
    let Some(jurisdiction) = tx.actor().jurisdiction.clone() else {
        return Err(Problem::forbidden(
            "An auditor of an office reads that office's stream and nothing else.",
        ));
    };
    Ok(agencies::of_subtree(tx.conn(), &jurisdiction).await?)
}
