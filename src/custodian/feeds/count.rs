//! Counting the notices that name a feed: a reader's work, since on intake every notice of a feed
//! would wait for the one before.

use std::collections::HashMap;

use uuid::Uuid;

use super::store;
use crate::app::App;
use crate::custodian::readers::{Entry, service};
use crate::db::{ScopedTx, StoreError};
use crate::types::actor::Tenant;

/// Counts the notices of a batch of the log, by one statement for each agency. What was counted
/// when the reader came by before is not counted again.
pub async fn notices(app: &App, entries: &[&Entry]) -> Result<(), StoreError> {
    let mut said: HashMap<i32, (Tenant, Vec<Uuid>, Vec<i64>)> = HashMap::new();
    for entry in entries {
        if entry.kind == "release_notice.recorded"
            && let Some(notice) = entry.subject("release_notice")
        {
            let (_, ids, positions) = said
                .entry(entry.agency.id)
                .or_insert_with(|| (entry.agency.clone(), Vec::new(), Vec::new()));
            ids.push(notice);
            positions.push(entry.position);
        }
    }
    for (_, (agency, ids, positions)) in said {
        let mut tx = ScopedTx::for_party(&app.pools.custodian, service(agency)).await?;
        store::count_notices(&mut tx, &ids, &positions, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}
