//! What a custodian told an office. Creating the row is telling; only its acknowledgement by the
//! office is "acknowledged".

pub mod page;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;
use crate::types::ids::{DetainerId, NotificationId};

/// A notification as both sides read it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NotificationBody {
    pub id: Uuid,
    pub detainer: Uuid,
    pub recipient: &'static str,
    /// `release`, `status`, `hold` or `decision`.
    pub about: String,
    pub release_notice: Option<ToldRelease>,
    #[schema(value_type = Option<Object>)]
    pub hold: Option<Value>,
    #[schema(value_type = Option<Object>)]
    pub decision: Option<Value>,
    /// When it entered the office's stream.
    pub sent_at: Option<Timestamp>,
    pub status: String,
    /// `effective_at` as told minus `sent_at`, in whole minutes; never computed again.
    pub lead_minutes: Option<i64>,
    #[schema(value_type = Vec<Object>)]
    pub attempts: Vec<Value>,
    #[schema(value_type = Option<Object>)]
    pub escalation: Option<Value>,
    pub acknowledged_at: Option<Timestamp>,
    pub acknowledged_by: Option<String>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ToldRelease {
    pub kind: String,
    pub effective_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NotificationList {
    pub items: Vec<NotificationBody>,
    pub next: Option<String>,
}

/// A stored notification.
#[derive(Debug, Clone)]
pub struct Notification {
    pub id: Uuid,
    pub agency_id: i32,
    pub office_id: i32,
    pub detainer_id: Uuid,
    pub about: String,
    pub kind: Option<String>,
    pub effective_at: Option<Timestamp>,
    pub told_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub status: String,
    pub acknowledged_at: Option<Timestamp>,
    pub acknowledged_by: Option<String>,
}

impl From<Notification> for NotificationBody {
    fn from(row: Notification) -> Self {
        Self {
            id: row.id,
            detainer: row.detainer_id,
            recipient: "office",
            about: row.about,
            lead_minutes: row
                .effective_at
                .zip(row.sent_at)
                .map(|(effective, sent)| (effective - sent).num_minutes()),
            release_notice: row
                .kind
                .zip(row.effective_at)
                .map(|(kind, effective_at)| ToldRelease { kind, effective_at }),
            hold: None,
            decision: None,
            sent_at: row.sent_at,
            status: row.status,
            attempts: Vec::new(),
            escalation: None,
            acknowledged_at: row.acknowledged_at,
            acknowledged_by: row.acknowledged_by,
        }
    }
}

/// Tells the office of a release. The paper's lock is held by the caller.
#[allow(clippy::too_many_arguments)]
pub async fn insert_release(
    tx: &mut ScopedTx<'_>,
    id: NotificationId,
    office_id: i32,
    detainer: DetainerId,
    kind: &str,
    effective_at: Timestamp,
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into exchange.notification (id, agency_id, office_id, detainer_id, about, kind, effective_at, told_at)
           values ($1, $2, $3, $4, 'release', $5, $6, $7)"#,
        id.as_uuid(),
        agency,
        office_id,
        detainer.as_uuid(),
        kind,
        effective_at,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Tells the office of a hold. The paper's lock is held by the caller.
pub async fn insert_hold(
    tx: &mut ScopedTx<'_>,
    id: NotificationId,
    office_id: i32,
    detainer: DetainerId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into exchange.notification (id, agency_id, office_id, detainer_id, about, told_at)
           values ($1, $2, $3, $4, 'hold', $5)"#,
        id.as_uuid(),
        agency,
        office_id,
        detainer.as_uuid(),
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The caller's notifications, newest told first.
pub async fn list(
    tx: &mut ScopedTx<'_>,
    status: Option<&str>,
    detainer: Option<DetainerId>,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Notification>, StoreError> {
    Ok(sqlx::query_as!(
        Notification,
        r#"select id, agency_id, office_id, detainer_id, about, kind, effective_at, told_at, sent_at, status as "status!",
                  acknowledged_at, acknowledged_by
             from exchange.notification
            where ($1::text is null or status = $1) and ($2::uuid is null or detainer_id = $2)
              and ($3::timestamptz is null or (told_at, id) < ($3, $4::uuid))
            order by told_at desc, id desc limit $5"#,
        status,
        detainer.map(DetainerId::as_uuid),
        after.map(|(at, _)| at),
        after.map(|(_, id)| id),
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// One notification, if this caller sees it.
pub async fn get(
    tx: &mut ScopedTx<'_>,
    id: NotificationId,
) -> Result<Option<Notification>, StoreError> {
    Ok(sqlx::query_as!(
        Notification,
        r#"select id, agency_id, office_id, detainer_id, about, kind, effective_at, told_at, sent_at, status as "status!",
                  acknowledged_at, acknowledged_by
             from exchange.notification where id = $1"#,
        id.as_uuid()
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The office confirms that it has read it; `false` when it had done so before.
pub async fn set_acknowledged(
    tx: &mut ScopedTx<'_>,
    id: NotificationId,
    at: Timestamp,
    by: &str,
) -> Result<bool, StoreError> {
    let update = sqlx::query!(
        "update exchange.notification set acknowledged_at = $2, acknowledged_by = $3 where id = $1 and acknowledged_at is null",
        id.as_uuid(),
        at,
        by
    );
    Ok(update.execute(tx.conn()).await?.rows_affected() == 1)
}

/// The latest notification of each of these requests, as far as this caller sees it.
pub async fn latest_of(
    tx: &mut ScopedTx<'_>,
    detainers: &[Uuid],
) -> Result<Vec<Notification>, StoreError> {
    Ok(sqlx::query_as!(
        Notification,
        r#"select distinct on (detainer_id) id, agency_id, office_id, detainer_id, about, kind, effective_at, told_at, sent_at,
                  status as "status!", acknowledged_at, acknowledged_by
             from exchange.notification where detainer_id = any($1) order by detainer_id, told_at desc, id desc"#,
        detainers
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What still waits to be acknowledged by the office, the nearest release first.
pub async fn unacknowledged(
    tx: &mut ScopedTx<'_>,
    limit: i64,
) -> Result<Vec<Notification>, StoreError> {
    Ok(sqlx::query_as!(
        Notification,
        r#"select id, agency_id, office_id, detainer_id, about, kind, effective_at, told_at, sent_at, status as "status!",
                  acknowledged_at, acknowledged_by
             from exchange.notification where status in ('queued', 'sent') order by effective_at, id limit $1"#,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Acknowledged or not, what was told of releases from an instant on, the nearest first.
pub async fn coming(
    tx: &mut ScopedTx<'_>,
    from: Timestamp,
    limit: i64,
) -> Result<Vec<Notification>, StoreError> {
    Ok(sqlx::query_as!(
        Notification,
        r#"select id, agency_id, office_id, detainer_id, about, kind, effective_at, told_at, sent_at, status as "status!",
                  acknowledged_at, acknowledged_by
             from exchange.notification n
            where effective_at >= $1 and kind in ('scheduled', 'rescheduled', 'immediate', 'correction')
              and not exists (select from exchange.notification l
                               where l.detainer_id = n.detainer_id and (l.told_at, l.id) > (n.told_at, n.id))
            order by effective_at, id limit $2"#,
        from,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}
