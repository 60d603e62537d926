//! All SQL on holds and their alerts.

use serde_json::Value;
use uuid::Uuid;

use super::Mark;
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::types::Timestamp;
use crate::types::ids::DetainerId;

#[derive(Debug, Clone)]
pub struct Hold {
    pub id: Uuid,
    pub detainer_id: Uuid,
    pub started_at: Timestamp,
    pub deadline_at: Timestamp,
    pub basis: String,
    pub rule: String,
    /// The working of the governing deadline.
    pub working: Value,
    /// Every deadline that applied, the governing one first.
    pub deadlines: Value,
    pub authority_kind: String,
    pub authority_reference: String,
    pub assessment: Value,
    pub notification_id: Option<Uuid>,
    pub started_by: String,
    pub salt: Vec<u8>,
    pub recorded_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<String>,
    pub ended_by: Option<String>,
    pub end_recorded_at: Option<Timestamp>,
}

pub async fn insert(tx: &mut ScopedTx<'_>, hold: &Hold) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.hold (agency_id, id, detainer_id, started_at, deadline_at, basis, rule, working, deadlines,
                                       authority_kind, authority_reference, assessment, notification_id, started_by, salt,
                                       recorded_at, ended_at, end_reason, ended_by, end_recorded_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"#,
        agency,
        hold.id,
        hold.detainer_id,
        hold.started_at,
        hold.deadline_at,
        hold.basis,
        hold.rule,
        hold.working,
        hold.deadlines,
        hold.authority_kind,
        hold.authority_reference,
        hold.assessment,
        hold.notification_id,
        hold.started_by,
        hold.salt,
        hold.recorded_at,
        hold.ended_at,
        hold.end_reason,
        hold.ended_by,
        hold.end_recorded_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The holds of one request, oldest first.
pub async fn of_detainer(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Vec<Hold>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Hold,
        r#"select id, detainer_id, started_at, deadline_at, basis, rule, working, deadlines, authority_kind,
                  authority_reference, assessment, notification_id, started_by, salt, recorded_at, ended_at, end_reason,
                  ended_by, end_recorded_at
             from custodian.hold where agency_id = $1 and detainer_id = $2 order by recorded_at, id"#,
        agency,
        detainer.as_uuid()
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The hold that runs. Read under the case file's lock.
pub async fn running(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Option<Hold>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Hold,
        r#"select id, detainer_id, started_at, deadline_at, basis, rule, working, deadlines, authority_kind,
                  authority_reference, assessment, notification_id, started_by, salt, recorded_at, ended_at, end_reason,
                  ended_by, end_recorded_at
             from custodian.hold where agency_id = $1 and detainer_id = $2 and ended_at is null"#,
        agency,
        detainer.as_uuid()
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn end(
    tx: &mut ScopedTx<'_>,
    hold: Uuid,
    ended_at: Timestamp,
    reason: &str,
    by: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.hold set ended_at = $3, end_reason = $4, ended_by = $5, end_recorded_at = $6
            where agency_id = $1 and id = $2 and ended_at is null"#,
        agency,
        hold,
        ended_at,
        reason,
        by,
        at
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// Sets the timer: a row for each mark.
pub async fn insert_alerts(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
    hold: Uuid,
    marks: &[(Mark, Timestamp)],
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let (words, ats): (Vec<String>, Vec<Timestamp>) = marks
        .iter()
        .map(|(mark, at)| (mark.to_string(), *at))
        .unzip();
    sqlx::query!(
        r#"insert into custodian.hold_alert (agency_id, hold_id, mark, detainer_id, due_at)
           select $1, $2, mark, $3, due_at from unnest($4::text[], $5::timestamptz[]) as m (mark, due_at)"#,
        agency,
        hold,
        detainer.as_uuid(),
        &words,
        &ats
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Settles the marks that were due until an instant, each of them once, and answers them in their order. Under the
/// case file's lock, so that two processes cannot both settle one.
pub async fn settle_due(
    tx: &mut ScopedTx<'_>,
    hold: Uuid,
    until: Timestamp,
    now: Timestamp,
) -> Result<Vec<(String, Timestamp)>, StoreError> {
    let agency = tx.agency_id();
    let mut due: Vec<(String, Timestamp)> = sqlx::query!(
        r#"update custodian.hold_alert set recorded_at = $4
            where agency_id = $1 and hold_id = $2 and due_at <= $3 and recorded_at is null and dropped_at is null
           returning mark, due_at"#,
        agency,
        hold,
        until,
        now
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(|row| (row.mark, row.due_at))
    .collect();
    due.sort_by_key(|(_, at)| *at);
    Ok(due)
}

/// The hold has ended: what lay ahead is not called to mind.
pub async fn drop_alerts(
    tx: &mut ScopedTx<'_>,
    hold: Uuid,
    now: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"update custodian.hold_alert set dropped_at = $3
            where agency_id = $1 and hold_id = $2 and recorded_at is null and dropped_at is null"#,
        agency,
        hold,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The holds of this agency that run, the one that ends first in front.
pub async fn all_running(
    tx: &mut ScopedTx<'_>,
    limit: i64,
) -> Result<Vec<(Uuid, Timestamp)>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select id, hold_deadline_at as "deadline_at!" from custodian.case_file
            where agency_id = $1 and hold_deadline_at is not null order by hold_deadline_at, id limit $2"#,
        agency,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.deadline_at))
        .collect())
}

/// One mark of a hold, as it stands.
#[derive(Debug, Clone)]
pub struct Alert {
    pub hold_id: Uuid,
    pub mark: String,
    pub due_at: Timestamp,
    /// When it was called to mind.
    pub recorded_at: Option<Timestamp>,
    /// When it fell away, because the hold had ended.
    pub dropped_at: Option<Timestamp>,
}

/// The marks of the holds of one request, in their order.
pub async fn alerts_of(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Vec<Alert>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Alert,
        r#"select a.hold_id, a.mark, a.due_at, a.recorded_at, a.dropped_at
             from custodian.hold_alert a
             join custodian.hold h on h.agency_id = a.agency_id and h.id = a.hold_id
            where a.agency_id = $1 and h.detainer_id = $2 order by a.due_at, a.hold_id"#,
        agency,
        detainer.as_uuid()
    )
    .fetch_all(tx.conn())
    .await?)
}

/// When the first hold on a person of this booking began: the jail's word on when they were
/// otherwise releasable, where the booking itself has none.
pub async fn first_of_booking(
    tx: &mut ScopedTx<'_>,
    booking: Uuid,
) -> Result<Option<Timestamp>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        r#"select min(h.started_at) from custodian.hold h
             join custodian.case_file c on c.agency_id = h.agency_id and c.id = h.detainer_id
            where h.agency_id = $1 and c.booking_id = $2"#,
        agency,
        booking
    )
    .fetch_one(tx.conn())
    .await?)
}
