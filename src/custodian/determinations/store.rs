//! All SQL on determinations.

use serde_json::Value;
use uuid::Uuid;

use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;
use crate::types::ids::DetainerId;

#[derive(Debug, Clone)]
pub struct Determination {
    pub id: Uuid,
    pub detainer_id: Uuid,
    pub act: String,
    pub decision: String,
    pub reason_code: String,
    pub note: Option<String>,
    pub release_notice_id: Option<Uuid>,
    pub assessment: Value,
    pub departs_from_policy: bool,
    pub notification_id: Option<Uuid>,
    pub decided_at: Timestamp,
    pub decided_by: String,
}

pub async fn insert(
    tx: &mut ScopedTx<'_>,
    d: &Determination,
    salt: &[u8],
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.determination (agency_id, id, detainer_id, act, decision, reason_code, note, release_notice_id,
                                                assessment, departs_from_policy, notification_id, decided_at, decided_by, salt)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"#,
        agency,
        d.id,
        d.detainer_id,
        d.act,
        d.decision,
        d.reason_code,
        d.note,
        d.release_notice_id,
        d.assessment,
        d.departs_from_policy,
        d.notification_id,
        d.decided_at,
        d.decided_by,
        salt
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The determinations on one request, oldest first.
pub async fn of_detainer(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Vec<Determination>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Determination,
        r#"select id, detainer_id, act, decision, reason_code, note, release_notice_id, assessment, departs_from_policy,
                  notification_id, decided_at, decided_by
             from custodian.determination where agency_id = $1 and detainer_id = $2 order by decided_at, id"#,
        agency,
        detainer.as_uuid()
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Does the latest decision on telling of the release cover the booking's later notices?
pub async fn latest_notify_decision(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Option<String>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        r#"select d.decision from custodian.determination d
             left join custodian.release_notice n on n.agency_id = d.agency_id and n.id = d.release_notice_id
            where d.agency_id = $1 and d.detainer_id = $2 and d.act = 'notify_release'
              and (n.kind is null or n.kind not in ('transfer', 'escape', 'death', 'hospitalised', 'returned'))
            order by d.decided_at desc, d.id desc limit 1"#,
        agency,
        detainer.as_uuid()
    )
    .fetch_optional(tx.conn())
    .await?)
}
