//! All SQL on relays: what an agency passed on, and the box between two agencies.

use uuid::Uuid;

use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;
use crate::types::actor::Tenant;
use crate::types::ids::DetainerId;

/// Where a request of this agency was passed on to: the agency, and the id of the copy there.
pub async fn copies_of(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
) -> Result<Vec<(Tenant, DetainerId)>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select a.id, a.ori, a.name, a.time_zone, r.paper_id
             from custodian.relay r join registry.agency a on a.id = r.to_agency_id
            where r.agency_id = $1 and r.detainer_id = $2 order by r.id"#,
        agency,
        id.as_uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let receiving = Tenant {
                id: row.id,
                code: row.ori,
                name: row.name,
                time_zone: row.time_zone,
            };
            (receiving, row.paper_id.into())
        })
        .collect())
}

/// The receiving agency of one relay of this agency, and the request that was passed on.
pub async fn of_relay(
    tx: &mut ScopedTx<'_>,
    relay: Uuid,
) -> Result<Option<(Tenant, DetainerId)>, StoreError> {
    let agency = tx.agency_id();
    let row = sqlx::query!(
        r#"select a.id, a.ori, a.name, a.time_zone, r.detainer_id
             from custodian.relay r join registry.agency a on a.id = r.to_agency_id
            where r.agency_id = $1 and r.id = $2"#,
        agency,
        relay
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        let receiving = Tenant {
            id: row.id,
            code: row.ori,
            name: row.name,
            time_zone: row.time_zone,
        };
        (receiving, row.detainer_id.into())
    }))
}

/// Records that a request is passed on; `false` when it went to that agency before.
#[allow(clippy::too_many_arguments)]
pub async fn insert(
    tx: &mut ScopedTx<'_>,
    id: Uuid,
    detainer: DetainerId,
    to: i32,
    paper: Uuid,
    at: Timestamp,
    by: &str,
    salt: &[u8],
) -> Result<bool, StoreError> {
    let agency = tx.agency_id();
    let result = sqlx::query!(
        r#"insert into custodian.relay (agency_id, id, detainer_id, to_agency_id, paper_id, relayed_at, relayed_by, salt)
           values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (agency_id, detainer_id, to_agency_id) do nothing"#,
        agency,
        id,
        detainer.as_uuid(),
        to,
        paper,
        at,
        by,
        salt
    )
    .execute(tx.conn())
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Puts the sealed paper into the receiving agency's box.
pub async fn post(
    tx: &mut ScopedTx<'_>,
    to: i32,
    relay: Uuid,
    paper: Uuid,
    sealed: &[u8],
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.relayed_paper (agency_id, relay_id, from_agency_id, paper_id, content, sent_at)
           values ($1, $2, $3, $4, $5, $6)"#,
        to,
        relay,
        agency,
        paper,
        sealed,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The sealed paper of a relay to this agency, with the id that its copy is given.
pub async fn take(
    tx: &mut ScopedTx<'_>,
    relay: Uuid,
) -> Result<Option<(DetainerId, Vec<u8>)>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query!(
        "select paper_id, content from custodian.relayed_paper where agency_id = $1 and relay_id = $2",
        agency,
        relay
    )
    .fetch_optional(tx.conn())
    .await?
    .map(|row| (row.paper_id.into(), row.content)))
}
