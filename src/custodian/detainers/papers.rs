//! The papers of this agency's requests: what lies on the table between the sides, and what the
//! jail typed in itself and still has to itself.

use uuid::Uuid;

use crate::db::vault::Vault;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::{Paper, store};
use crate::types::ids::DetainerId;

/// The papers with these ids, in the order of the ids.
pub async fn by_ids(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    ids: &[Uuid],
) -> Result<Vec<Paper>, StoreError> {
    store::by_ids(tx, vault, ids).await
}

/// One paper, if it is this agency's.
pub async fn get(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: DetainerId,
) -> Result<Option<Paper>, StoreError> {
    Ok(by_ids(tx, vault, &[id.as_uuid()]).await?.pop())
}
