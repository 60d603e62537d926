//! All SQL on duties.

use uuid::Uuid;

use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;
use crate::types::ids::{DetainerId, DutyId};

/// A duty about to be created.
pub struct NewDuty<'a> {
    pub id: DutyId,
    pub detainer: DetainerId,
    pub duty: &'a str,
    pub recipient: &'a str,
    /// What called for it again, such as a notification.
    pub occasion: Option<Uuid>,
    pub due_at: Option<Timestamp>,
    pub citation: Option<&'a str>,
    pub at: Timestamp,
}

/// What is said of its being done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// `None` = not done after all.
    pub done_at: Option<Timestamp>,
    pub evidence: Option<String>,
}

/// A duty with the latest word on it.
#[derive(Debug, Clone)]
pub struct Duty {
    pub id: Uuid,
    pub detainer_id: Uuid,
    pub duty: String,
    pub recipient: String,
    pub due_at: Option<Timestamp>,
    pub citation: Option<String>,
    pub created_at: Timestamp,
    pub done_at: Option<Timestamp>,
    pub evidence: Option<String>,
    pub stated_by: Option<String>,
}

/// Creates a duty; `false` when it is there already.
pub async fn insert(tx: &mut ScopedTx<'_>, duty: &NewDuty<'_>) -> Result<bool, StoreError> {
    let agency = tx.agency_id();
    let inserted = sqlx::query!(
        r#"insert into custodian.duty (agency_id, id, detainer_id, duty, recipient, occasion, due_at, citation, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict on constraint duty_once do nothing"#,
        agency,
        duty.id.as_uuid(),
        duty.detainer.as_uuid(),
        duty.duty,
        duty.recipient,
        duty.occasion,
        duty.due_at,
        duty.citation,
        duty.at
    )
    .execute(tx.conn())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The duty of this name to this recipient that no occasion repeats.
pub async fn find(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
    duty: &str,
    recipient: &str,
) -> Result<Uuid, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        r#"select id from custodian.duty
            where agency_id = $1 and detainer_id = $2 and duty = $3 and recipient = $4 and occasion is null"#,
        agency,
        detainer.as_uuid(),
        duty,
        recipient
    )
    .fetch_one(tx.conn())
    .await?)
}

pub async fn state(
    tx: &mut ScopedTx<'_>,
    duty: Uuid,
    statement: &Statement,
    by: &str,
    salt: &[u8],
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.duty_statement (agency_id, duty_id, done_at, evidence, stated_at, stated_by, salt)
           values ($1, $2, $3, $4, $5, $6, $7)"#,
        agency,
        duty,
        statement.done_at,
        statement.evidence,
        at,
        by,
        salt
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The duties on one request, oldest first.
pub async fn of_detainer(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Vec<Duty>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Duty,
        r#"select d.id, d.detainer_id, d.duty, d.recipient, d.due_at, d.citation, d.created_at,
                  s.done_at as "done_at?", s.evidence as "evidence?", s.stated_by as "stated_by?"
             from custodian.duty d
             left join lateral (select done_at, evidence, stated_by from custodian.duty_statement
                                 where agency_id = d.agency_id and duty_id = d.id order by n desc limit 1) s on true
            where d.agency_id = $1 and d.detainer_id = $2 order by d.created_at, d.id"#,
        agency,
        detainer.as_uuid()
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The duties of this agency that nobody has stated as done, the most pressing first; those due
/// until an instant, where one is given. Asked as a flag: of `done_at is null` the planner thinks
/// that next to none are open, and then sorts them all instead of walking `duty_pressing`.
pub async fn open(
    tx: &mut ScopedTx<'_>,
    until: Option<Timestamp>,
    skip: i64,
    limit: i64,
) -> Result<Vec<Duty>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Duty,
        r#"select d.id, d.detainer_id, d.duty, d.recipient, d.due_at, d.citation, d.created_at,
                  s.done_at as "done_at?", s.evidence as "evidence?", s.stated_by as "stated_by?"
             from custodian.duty d
             left join lateral (select done_at, evidence, stated_by, done_at is null as open from custodian.duty_statement
                                 where agency_id = d.agency_id and duty_id = d.id order by n desc limit 1) s on true
            where d.agency_id = $1 and coalesce(s.open, true) and ($2::timestamptz is null or d.due_at <= $2)
            order by d.due_at nulls last, d.created_at, d.id limit $4 offset $3"#,
        agency,
        until,
        skip,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}
