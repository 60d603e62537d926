//! The papers of this agency's requests: what lies on the table between the sides, and what the
//! jail typed in itself and knows more about than it told.

use uuid::Uuid;

use super::typed;
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
    let crossed = store::by_ids(tx, vault, ids).await?;
    let mut own = typed::store::by_ids(tx, vault, ids).await?;
    if own.is_empty() {
        return Ok(crossed);
    }
    let mut papers: Vec<Paper> = crossed
        .into_iter()
        .map(|told| match own.remove(&told.id.as_uuid()) {
            None => told,
            // The jail's own copy says more; what was told and what the office did, the table does.
            Some(own) => Paper {
                acknowledged_at: told.acknowledged_at,
                acknowledged_by: told.acknowledged_by,
                service: told.service.or(own.service),
                notified_at: told.notified_at,
                handed_over_at: told.handed_over_at,
                cancelled_at: told.cancelled_at,
                cancel_reason: told.cancel_reason,
                lift_reason: told.lift_reason,
                closed_at: told.closed_at,
                superseded_at: told.superseded_at,
                supersedes: told.supersedes,
                ..own
            },
        })
        .collect();
    papers.extend(own.into_values());
    let place = |paper: &Paper| ids.iter().position(|id| *id == paper.id.as_uuid());
    papers.sort_by_key(place);
    Ok(papers)
}

/// One paper, if it is this agency's.
pub async fn get(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: DetainerId,
) -> Result<Option<Paper>, StoreError> {
    Ok(by_ids(tx, vault, &[id.as_uuid()]).await?.pop())
}
