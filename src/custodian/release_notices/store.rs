//! All SQL on release notices, matches and reviews.

use serde_json::Value;
use uuid::Uuid;

use super::state::Statement;
use super::{NoticeKind, record::NoticeRequest};
use crate::custodian::bookings::Booking;
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::types::Timestamp;
use crate::types::ids::{DetainerId, ReleaseNoticeId, salt};

/// A stored notice.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    pub id: Uuid,
    pub booking_id: Uuid,
    pub booking_number: String,
    pub kind: String,
    pub effective_at: Timestamp,
    pub release_basis: Option<String>,
    pub public_url: Option<String>,
    pub public_captured_at: Option<Timestamp>,
    pub supersedes: Option<Uuid>,
    pub source_message_id: Option<String>,
    pub feed: Option<String>,
    pub note: Option<String>,
    pub content_hash: Vec<u8>,
    pub recorded_at: Timestamp,
    pub event_id: Uuid,
    /// Not superseded by a later one.
    pub current: bool,
}

impl NoticeRow {
    pub fn kind(&self) -> NoticeKind {
        NoticeKind::parse(&self.kind).unwrap_or(NoticeKind::Correction)
    }

    pub fn statement(&self) -> Statement {
        Statement {
            id: self.id,
            kind: self.kind(),
            effective_at: self.effective_at,
            supersedes: self.supersedes,
        }
    }
}

/// A notice about to be recorded.
pub struct NewNotice<'a> {
    pub id: ReleaseNoticeId,
    pub booking: &'a Booking,
    pub request: &'a NoticeRequest,
    pub content_hash: &'a [u8],
    pub event: Uuid,
    pub by: &'a str,
    pub at: Timestamp,
}

/// Inserts a notice and answers it as it was stored; `None` when the source's message id is there
/// already. No later notice can have superseded one whose id nobody has seen.
pub async fn insert(
    tx: &mut ScopedTx<'_>,
    notice: &NewNotice<'_>,
) -> Result<Option<NoticeRow>, StoreError> {
    let agency = tx.agency_id();
    let request = notice.request;
    let public = request.release_information_public.as_ref();
    Ok(sqlx::query_as!(
        NoticeRow,
        r#"insert into custodian.release_notice (agency_id, id, booking_id, kind, effective_at, release_basis, public_url,
               public_captured_at, supersedes, source_message_id, feed, note, content_hash, salt, recorded_at, recorded_by, event_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
           on conflict (agency_id, source_message_id) do nothing
           returning id, booking_id, $18::text as "booking_number!", kind, effective_at, release_basis, public_url,
                     public_captured_at, supersedes, source_message_id, feed, note, content_hash, recorded_at, event_id,
                     true as "current!""#,
        agency,
        notice.id.as_uuid(),
        notice.booking.id,
        request.kind.as_str(),
        request.effective_at,
        request.release_basis.map(super::ReleaseBasis::as_str),
        public.map(|public| public.url.as_str()),
        public.map(|public| public.captured_at),
        request.supersedes,
        request.source_message_id,
        request.feed,
        request.note,
        notice.content_hash,
        salt(),
        notice.at,
        notice.by,
        notice.event,
        notice.booking.booking_number
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Every notice of a booking, oldest recorded first.
pub async fn of_booking(
    tx: &mut ScopedTx<'_>,
    booking: Uuid,
) -> Result<Vec<NoticeRow>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        NoticeRow,
        r#"select n.id, n.booking_id, b.booking_number, n.kind, n.effective_at, n.release_basis, n.public_url, n.public_captured_at,
                  n.supersedes, n.source_message_id, n.feed, n.note, n.content_hash, n.recorded_at, n.event_id,
                  not exists (select from custodian.release_notice l
                               where l.agency_id = n.agency_id and l.supersedes = n.id) as "current!"
             from custodian.release_notice n join custodian.booking b on b.agency_id = n.agency_id and b.id = n.booking_id
            where n.agency_id = $1 and n.booking_id = $2 order by n.recorded_at, n.id"#,
        agency,
        booking
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn get(tx: &mut ScopedTx<'_>, id: Uuid) -> Result<Option<NoticeRow>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        NoticeRow,
        r#"select n.id, n.booking_id, b.booking_number, n.kind, n.effective_at, n.release_basis, n.public_url, n.public_captured_at,
                  n.supersedes, n.source_message_id, n.feed, n.note, n.content_hash, n.recorded_at, n.event_id,
                  not exists (select from custodian.release_notice l
                               where l.agency_id = n.agency_id and l.supersedes = n.id) as "current!"
             from custodian.release_notice n join custodian.booking b on b.agency_id = n.agency_id and b.id = n.booking_id
            where n.agency_id = $1 and n.id = $2"#,
        agency,
        id
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The notice that carried a source's message id.
pub async fn by_source(
    tx: &mut ScopedTx<'_>,
    source_message_id: &str,
) -> Result<Option<NoticeRow>, StoreError> {
    let agency = tx.agency_id();
    let id = sqlx::query_scalar!(
        "select id from custodian.release_notice where agency_id = $1 and source_message_id = $2",
        agency,
        source_message_id
    )
    .fetch_optional(tx.conn())
    .await?;
    match id {
        Some(id) => get(tx, id).await,
        None => Ok(None),
    }
}

/// A page of notices, newest first.
pub async fn list(
    tx: &mut ScopedTx<'_>,
    booking_number: Option<&str>,
    kind: Option<&str>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<NoticeRow>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        NoticeRow,
        r#"select n.id, n.booking_id, b.booking_number, n.kind, n.effective_at, n.release_basis, n.public_url, n.public_captured_at,
                  n.supersedes, n.source_message_id, n.feed, n.note, n.content_hash, n.recorded_at, n.event_id,
                  not exists (select from custodian.release_notice l
                               where l.agency_id = n.agency_id and l.supersedes = n.id) as "current!"
             from custodian.release_notice n join custodian.booking b on b.agency_id = n.agency_id and b.id = n.booking_id
            where n.agency_id = $1 and ($2::text is null or b.booking_number = $2) and ($3::text is null or n.kind = $3)
              and ($4::uuid is null or n.id < $4)
            order by n.id desc limit $5"#,
        agency,
        booking_number,
        kind,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Requests that may be about this booking: linked to it, naming its number, carrying an
/// identifier of its person, or a name and the birth date. Pending ones, and those linked already.
pub async fn cases_about(
    tx: &mut ScopedTx<'_>,
    booking: &Booking,
) -> Result<Vec<Uuid>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        r#"with person as (
               select kind, index from custodian.identifier where agency_id = $1 and person_id = $4
           )
           select id as "id!" from (
               (select id from (
               select id from custodian.case_file where agency_id = $1 and booking_id = $2
               union
               select id from custodian.case_file where agency_id = $1 and status = 'pending'
                  and a_number_index = (select index from person where kind = 'a_number')
               union
               select id from custodian.case_file where agency_id = $1 and status = 'pending'
                  and fbi_number_index = (select index from person where kind = 'fbi_number')
               union
               select id from custodian.case_file where agency_id = $1 and status = 'pending'
                  and state_id_index = (select index from person where kind = 'state_id')
               union
               select id from custodian.case_file where agency_id = $1 and booking_number = $3 and status = 'pending'
               ) strong order by id limit 50)
               union
               -- However many share a name, they crowd out nobody who shares an identifier. As `matching::is_candidate`
               -- has it: a given name and a birthday in common are no sameness, and would fill the list.
               (select id from custodian.case_file where agency_id = $1 and status = 'pending' and booking_id is null
                   and date_of_birth = $5 and cardinality(name_parts) >= 2 and cardinality($6::text[]) >= 2
                   and (name_parts <@ $6 or name_parts @> $6) order by id limit 20)
           ) found order by id"#,
        agency,
        booking.id,
        booking.booking_number,
        booking.person_id,
        booking.date_of_birth,
        &booking.name_parts
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Which of these bookings a request may be about, as `cases_about` says of one: nobody asks for most of them, and one
/// statement says so of a whole batch.
pub async fn asked_for(tx: &mut ScopedTx<'_>, bookings: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        r#"select b.id from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
            where b.agency_id = $1 and b.id = any($2)
              and (exists (select from custodian.case_file c where c.agency_id = $1 and c.booking_id = b.id)
                   or exists (select from custodian.case_file c
                               where c.agency_id = $1 and c.status = 'pending' and c.booking_number = b.booking_number)
                   or exists (select from custodian.identifier i join custodian.case_file c
                                  on c.agency_id = $1 and c.status = 'pending' and c.a_number_index = i.index
                               where i.agency_id = $1 and i.person_id = b.person_id and i.kind = 'a_number')
                   or exists (select from custodian.identifier i join custodian.case_file c
                                  on c.agency_id = $1 and c.status = 'pending' and c.fbi_number_index = i.index
                               where i.agency_id = $1 and i.person_id = b.person_id and i.kind = 'fbi_number')
                   or exists (select from custodian.identifier i join custodian.case_file c
                                  on c.agency_id = $1 and c.status = 'pending' and c.state_id_index = i.index
                               where i.agency_id = $1 and i.person_id = b.person_id and i.kind = 'state_id')
                   or exists (select from custodian.case_file c
                               where c.agency_id = $1 and c.status = 'pending' and c.booking_id is null
                                 and c.date_of_birth = p.date_of_birth
                                 and cardinality(c.name_parts) >= 2 and cardinality(p.name_parts) >= 2
                                 and (c.name_parts <@ p.name_parts or c.name_parts @> p.name_parts)))"#,
        agency,
        bookings
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What waits for a decision on one request and one notice, or how it was settled.
#[derive(Debug, Clone)]
pub struct Review {
    pub id: Uuid,
    pub detainer_id: Uuid,
    pub release_notice_id: Uuid,
    pub basis: String,
    pub action: String,
    pub disposition: String,
    pub assessment: Value,
    pub notification_id: Option<Uuid>,
    pub due_at: Option<Timestamp>,
    pub settled_at: Option<Timestamp>,
    /// Why it is to be looked at though nothing can be told.
    pub alert: Option<String>,
}

pub async fn review_of(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
    notice: Uuid,
) -> Result<Option<Review>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Review,
        r#"select id, detainer_id, release_notice_id, basis, action, disposition, assessment, notification_id, due_at, settled_at, alert
             from custodian.review where agency_id = $1 and detainer_id = $2 and release_notice_id = $3"#,
        agency,
        detainer.as_uuid(),
        notice
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn insert_review(
    tx: &mut ScopedTx<'_>,
    review: &Review,
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.review (agency_id, id, detainer_id, release_notice_id, act, basis, action, disposition, assessment,
                                         notification_id, due_at, opened_at, settled_at, alert)
           values ($1, $2, $3, $4, 'notify_release', $5, $6, $7, $8, $9, $10, $11, $12, $13)"#,
        agency,
        review.id,
        review.detainer_id,
        review.release_notice_id,
        review.basis,
        review.action,
        review.disposition,
        review.assessment,
        review.notification_id,
        review.due_at,
        at,
        review.settled_at,
        review.alert
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Open reviews of one request, oldest notice first.
pub async fn open_reviews(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Vec<Review>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Review,
        r#"select id, detainer_id, release_notice_id, basis, action, disposition, assessment, notification_id, due_at, settled_at, alert
             from custodian.review where agency_id = $1 and detainer_id = $2 and settled_at is null order by opened_at, id"#,
        agency,
        detainer.as_uuid()
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Open reviews of the agency, by due time.
pub async fn due(tx: &mut ScopedTx<'_>, limit: i64) -> Result<Vec<Review>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Review,
        r#"select id, detainer_id, release_notice_id, basis, action, disposition, assessment, notification_id, due_at, settled_at, alert
             from custodian.review where agency_id = $1 and settled_at is null order by due_at, id limit $2"#,
        agency,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Requests with a review that waits, or that the law alone withheld.
pub async fn under_assessment(tx: &mut ScopedTx<'_>) -> Result<Vec<Uuid>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        r#"select distinct r.detainer_id
             from custodian.review r join custodian.case_file c on c.agency_id = r.agency_id and c.id = r.detainer_id
            where r.agency_id = $1 and c.status in ('pending', 'closed')
              and (r.settled_at is null or (r.action = 'withheld' and r.disposition = 'prohibited' and c.status = 'pending'))
            order by 1"#,
        agency
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Writes what a new assessment has made of a review.
pub async fn reassess(tx: &mut ScopedTx<'_>, review: &Review) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.review set action = $3, disposition = $4, assessment = $5, notification_id = $6, due_at = $7,
                                       settled_at = $8, alert = $9
            where agency_id = $1 and id = $2"#,
        agency,
        review.id,
        review.action,
        review.disposition,
        review.assessment,
        review.notification_id,
        review.due_at,
        review.settled_at,
        review.alert
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// Puts a review that was settled without the law's bar and without telling before a person again.
pub async fn reopen(tx: &mut ScopedTx<'_>, review: Uuid, now: Timestamp) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"update custodian.review set action = 'queued', settled_at = null, due_at = $3::timestamptz + interval '24 hours'
            where agency_id = $1 and id = $2 and action = 'withheld' and settled_at is not null and notification_id is null
              and disposition <> 'prohibited'"#,
        agency,
        review,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Settles a review: decided, told or withdrawn.
pub async fn settle(
    tx: &mut ScopedTx<'_>,
    review: Uuid,
    action: &str,
    notification: Option<Uuid>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.review set action = $3, notification_id = coalesce($4, notification_id), settled_at = $5
            where agency_id = $1 and id = $2"#,
        agency,
        review,
        action,
        notification,
        at
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// The reviews of one notice, by request, and the candidates that wait for a person.
pub async fn reviews_of_notice(
    tx: &mut ScopedTx<'_>,
    notice: Uuid,
) -> Result<Vec<Review>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Review,
        r#"select id as "id!", detainer_id as "detainer_id!", release_notice_id as "release_notice_id!", basis as "basis!",
                  action as "action!", disposition as "disposition!", assessment as "assessment!", notification_id, due_at,
                  settled_at, alert
             from custodian.review where agency_id = $1 and release_notice_id = $2
            union all
           -- While nobody has said whether it is the same person, no law can be asked.
           select m.id, m.detainer_id, n.id, m.basis, 'queued', 'indeterminate', '{}', null, m.found_at + interval '24 hours',
                  null, null
             from custodian.release_notice n join custodian.match m on m.agency_id = n.agency_id and m.booking_id = n.booking_id
            where n.agency_id = $1 and n.id = $2 and m.status = 'open'
            order by 2"#,
        agency,
        notice
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The leaf hash of an event of this agency, for a receipt.
pub async fn leaf_hash(tx: &mut ScopedTx<'_>, event: Uuid) -> Result<String, StoreError> {
    let agency = tx.agency_id();
    let hash = sqlx::query_scalar!(
        "select leaf_hash from log.event where id = $1 and agency_id = $2",
        event,
        agency
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(hex::encode(hash))
}

/// A release that lies ahead, with the request of the same person where there is one.
pub struct Upcoming {
    pub kind: String,
    pub effective_at: Timestamp,
    pub family_name: String,
    pub given_name: Option<String>,
    pub additional_names: Option<String>,
    pub detainer_id: Option<Uuid>,
    /// Of the review: `queued`, `withheld`, `notified`.
    pub action: Option<String>,
    pub disposition: Option<String>,
}

/// Releases that stand in the plan between two instants, earliest first.
pub async fn upcoming(
    tx: &mut ScopedTx<'_>,
    from: Timestamp,
    to: Timestamp,
    limit: i64,
) -> Result<Vec<Upcoming>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Upcoming,
        r#"select n.kind, n.effective_at, p.family_name, p.given_name, p.additional_names,
                  c.id as "detainer_id?", r.action as "action?", r.disposition as "disposition?"
             from custodian.release_notice n
                  join custodian.booking b on b.agency_id = n.agency_id and b.id = n.booking_id and b.released_at is null
                  join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
                  left join custodian.case_file c on c.agency_id = b.agency_id and c.booking_id = b.id and c.status = 'pending'
                  left join custodian.review r on r.agency_id = n.agency_id and r.detainer_id = c.id and r.release_notice_id = n.id
            where n.agency_id = $1 and n.effective_at between $2 and $3
              and n.kind in ('scheduled', 'rescheduled', 'immediate')
              and not exists (select from custodian.release_notice l
                               where l.agency_id = n.agency_id and l.supersedes = n.id)
            order by n.effective_at, n.id limit $4"#,
        agency,
        from,
        to,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Which of these requests wait for a decision.
pub async fn waiting(tx: &mut ScopedTx<'_>, detainers: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        "select distinct detainer_id from custodian.review where agency_id = $1 and detainer_id = any($2) and settled_at is null",
        agency,
        detainers
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The reviews of one request, by notice.
pub async fn reviews_of_detainer(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Vec<Review>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Review,
        r#"select id, detainer_id, release_notice_id, basis, action, disposition, assessment, notification_id, due_at, settled_at, alert
             from custodian.review where agency_id = $1 and detainer_id = $2 order by opened_at, id"#,
        agency,
        detainer.as_uuid()
    )
    .fetch_all(tx.conn())
    .await?)
}
