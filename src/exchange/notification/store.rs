//! All SQL on notifications and attempts. One list of columns for every reading.

use sqlx::types::Json;
use uuid::Uuid;

use super::{About, AttemptBody, NewNotification};
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::types::Timestamp;
use crate::types::ids::{DetainerId, NotificationId};

/// A stored notification, with what was done by hand.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Notification {
    pub id: Uuid,
    pub agency_id: i32,
    pub office_id: i32,
    pub detainer_id: Uuid,
    pub about: String,
    pub kind: Option<String>,
    pub effective_at: Option<Timestamp>,
    pub hold_started_at: Option<Timestamp>,
    pub hold_deadline_at: Option<Timestamp>,
    pub hold_basis: Option<String>,
    pub act: Option<String>,
    pub decision: Option<String>,
    pub decided_at: Option<Timestamp>,
    pub told_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub status: String,
    pub acknowledged_at: Option<Timestamp>,
    pub acknowledged_by: Option<String>,
    pub attempts: Json<Vec<AttemptBody>>,
}

macro_rules! select {
    ($distinct:literal, $rest:literal) => {
        concat!(
            "select ",
            $distinct,
            " n.id, n.agency_id, n.office_id, n.detainer_id, n.about, n.kind, n.effective_at, n.hold_started_at,
                    n.hold_deadline_at, n.hold_basis, n.act, n.decision, n.decided_at, n.told_at, n.sent_at, n.status,
                    n.acknowledged_at, n.acknowledged_by,
                    coalesce((select jsonb_agg(jsonb_build_object('id', t.id, 'channel', t.channel, 'at', t.at, 'to', t.told_to,
                                                         'by', t.told_by, 'result', t.result, 'recorded_at', t.recorded_at)
                                               order by t.at, t.id)
                                from exchange.attempt t
                               where t.agency_id = n.agency_id and t.notification_id = n.id), '[]') as attempts
               from exchange.notification n ",
            $rest
        )
    };
    ($rest:literal) => {
        select!("", $rest)
    };
}

/// Tells the office: it sees the notification from the commit on.
pub async fn insert(tx: &mut ScopedTx<'_>, new: &NewNotification) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let (mut kind, mut effective_at, mut hold, mut decision) = (None, None, None, None);
    match &new.about {
        About::Release {
            kind: k,
            effective_at: at,
        }
        | About::Status {
            kind: k,
            effective_at: at,
        } => {
            kind = Some(k.as_str());
            effective_at = Some(*at);
        }
        About::Hold {
            started_at,
            deadline_at,
            basis,
        } => {
            hold = Some((*started_at, *deadline_at, basis.as_str()));
        }
        About::Decision {
            act,
            decision: word,
            at,
        } => {
            decision = Some((act.as_str(), word.as_str(), *at));
        }
    }
    sqlx::query!(
        r#"insert into exchange.notification (id, agency_id, office_id, detainer_id, about, kind, effective_at, hold_started_at,
                                              hold_deadline_at, hold_basis, act, decision, decided_at, told_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"#,
        new.id.as_uuid(),
        agency,
        new.office_id,
        new.detainer.as_uuid(),
        new.about.word(),
        kind,
        effective_at,
        hold.map(|hold| hold.0),
        hold.map(|hold| hold.1),
        hold.map(|hold| hold.2),
        decision.map(|decision| decision.0),
        decision.map(|decision| decision.1),
        decision.map(|decision| decision.2),
        new.at
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
    Ok(sqlx::query_as(select!(
        "where ($1::text is null or n.status = $1) and ($2::uuid is null or n.detainer_id = $2)
           and ($3::timestamptz is null or (n.told_at, n.id) < ($3, $4::uuid))
         order by n.told_at desc, n.id desc limit $5"
    ))
    .bind(status)
    .bind(detainer.map(DetainerId::as_uuid))
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}

/// One notification, if this caller sees it.
pub async fn get(
    tx: &mut ScopedTx<'_>,
    id: NotificationId,
) -> Result<Option<Notification>, StoreError> {
    Ok(sqlx::query_as(select!("where n.id = $1"))
        .bind(id.as_uuid())
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
    Ok(sqlx::query_as(select!(
        "distinct on (n.detainer_id)",
        "where n.detainer_id = any($1) order by n.detainer_id, n.told_at desc, n.id desc"
    ))
    .bind(detainers)
    .fetch_all(tx.conn())
    .await?)
}

/// What still waits to be acknowledged by the office, the nearest release first.
pub async fn unacknowledged(
    tx: &mut ScopedTx<'_>,
    limit: i64,
) -> Result<Vec<Notification>, StoreError> {
    Ok(sqlx::query_as(select!(
        "where n.status in ('queued', 'sent', 'delivered') order by n.effective_at, n.id limit $1"
    ))
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}

/// Acknowledged or not, what was told of releases from an instant on, the nearest first.
pub async fn coming(
    tx: &mut ScopedTx<'_>,
    from: Timestamp,
    limit: i64,
) -> Result<Vec<Notification>, StoreError> {
    Ok(sqlx::query_as(select!(
        "where n.effective_at >= $1 and n.kind in ('scheduled', 'rescheduled', 'immediate', 'correction')
           and not exists (select from exchange.notification l
                            where l.detainer_id = n.detainer_id and l.about = 'release'
                              and (l.told_at, l.id) > (n.told_at, n.id))
         order by n.effective_at, n.id limit $2"
    ))
    .bind(from)
    .bind(limit)
    .fetch_all(tx.conn())
    .await?)
}

/// A notice given by hand, about to be recorded.
pub struct NewAttempt<'a> {
    pub office_id: i32,
    pub notification: NotificationId,
    pub body: &'a AttemptBody,
    pub salt: &'a [u8],
}

pub async fn insert_attempt(tx: &mut ScopedTx<'_>, new: &NewAttempt<'_>) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let body = new.body;
    sqlx::query!(
        r#"insert into exchange.attempt (id, agency_id, office_id, notification_id, channel, at, told_to, told_by, result,
                                         recorded_at, salt)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"#,
        body.id,
        agency,
        new.office_id,
        new.notification.as_uuid(),
        body.channel.as_str(),
        body.at,
        body.to,
        body.by,
        body.result.as_str(),
        body.recorded_at,
        new.salt
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Somebody was reached by hand. For an office without an account here the first such attempt is
/// the sending.
pub async fn set_reached(
    tx: &mut ScopedTx<'_>,
    id: NotificationId,
    at: Timestamp,
    sends: bool,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update exchange.notification
              set delivered_at = coalesce(delivered_at, $3),
                  sent_at = case when $4 then coalesce(sent_at, $3) else sent_at end
            where agency_id = $1 and id = $2"#,
        agency,
        id.as_uuid(),
        at,
        sends
    );
    expect_one_row(update.execute(tx.conn()).await?)
}
