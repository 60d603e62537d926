//! All SQL on matches.

use uuid::Uuid;

use crate::custodian::release_notices::matching::Basis;
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::types::Timestamp;
use crate::types::ids::DetainerId;

/// A request and a booking that may belong together.
#[derive(Debug, Clone)]
pub struct Match {
    pub id: Uuid,
    pub detainer_id: Uuid,
    pub booking_id: Uuid,
    pub basis: String,
    /// `open` while it waits for a person.
    pub status: String,
    pub same_person: Option<bool>,
    pub note: Option<String>,
    pub found_at: Timestamp,
    pub decided_at: Option<Timestamp>,
    pub decided_by: Option<String>,
}

/// What was known of a pair when it was found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    New,
    /// It waits for a person.
    Open,
    Decided {
        same_person: bool,
    },
}

/// Records a pair that was found, once. A candidate waits; anything stronger is decided by that.
pub async fn find(
    tx: &mut ScopedTx<'_>,
    id: Uuid,
    detainer: DetainerId,
    booking: Uuid,
    basis: Basis,
    at: Timestamp,
) -> Result<Found, StoreError> {
    let agency = tx.agency_id();
    let decided = basis != Basis::Candidate;
    let row = sqlx::query!(
        r#"with found as (
               insert into custodian.match (agency_id, id, detainer_id, booking_id, basis, status, same_person, found_at, decided_at)
               values ($1, $2, $3, $4, $5, case when $6 then 'decided' else 'open' end, case when $6 then true end, $7,
                       case when $6 then $7::timestamptz end)
               on conflict (agency_id, detainer_id, booking_id) do nothing returning id
           )
           select exists (select from found) as "new!",
                  (select same_person from custodian.match
                    where agency_id = $1 and detainer_id = $3 and booking_id = $4 and status = 'decided') as same_person"#,
        agency,
        id,
        detainer.as_uuid(),
        booking,
        basis.as_str(),
        decided,
        at
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(match (row.new, row.same_person) {
        (true, _) => Found::New,
        (false, Some(same_person)) => Found::Decided { same_person },
        (false, None) => Found::Open,
    })
}

/// A person's word, or what settles a candidate by itself (`by` absent).
pub struct Word<'a> {
    pub same_person: bool,
    pub note: Option<&'a str>,
    pub by: Option<&'a str>,
    pub salt: &'a [u8],
    pub at: Timestamp,
}

/// Keeps what was said of a pair, whether or not it had been found before; answers its id.
pub async fn say(
    tx: &mut ScopedTx<'_>,
    id: Uuid,
    detainer: DetainerId,
    booking: Uuid,
    word: &Word<'_>,
) -> Result<Uuid, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        r#"insert into custodian.match as m (agency_id, id, detainer_id, booking_id, basis, status, same_person, note, found_at,
                                             decided_at, decided_by, salt)
           values ($1, $2, $3, $4, 'booking', 'decided', $5, $6, $7, $7, $8, $9)
           on conflict (agency_id, detainer_id, booking_id) do update
               set status = 'decided', same_person = $5, note = $6, decided_at = $7, decided_by = $8, salt = $9
           returning m.id"#,
        agency,
        id,
        detainer.as_uuid(),
        booking,
        word.same_person,
        word.note,
        word.at,
        word.by,
        word.salt
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Decides a candidate.
pub async fn decide(tx: &mut ScopedTx<'_>, id: Uuid, word: &Word<'_>) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.match set status = 'decided', same_person = $3, note = $4, decided_at = $5, decided_by = $6, salt = $7
            where agency_id = $1 and id = $2"#,
        agency,
        id,
        word.same_person,
        word.note,
        word.at,
        word.by,
        word.salt
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

pub async fn get(tx: &mut ScopedTx<'_>, id: Uuid) -> Result<Option<Match>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Match,
        r#"select id, detainer_id, booking_id, basis, status, same_person, note, found_at, decided_at, decided_by
             from custodian.match where agency_id = $1 and id = $2"#,
        agency,
        id
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A page of matches, the earliest found first: what waits longest is in front.
pub async fn list(
    tx: &mut ScopedTx<'_>,
    status: Option<&str>,
    detainer: Option<Uuid>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Match>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Match,
        r#"select id, detainer_id, booking_id, basis, status, same_person, note, found_at, decided_at, decided_by
             from custodian.match
            where agency_id = $1 and ($2::text is null or status = $2) and ($3::uuid is null or detainer_id = $3)
              and ($4::uuid is null or id > $4)
            order by id limit $5"#,
        agency,
        status,
        detainer,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many candidates wait for a person.
pub async fn count_open(tx: &mut ScopedTx<'_>) -> Result<i64, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from custodian.match where agency_id = $1 and status = 'open'"#,
        agency
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The candidates of a booking that wait for a person.
pub async fn open_of_booking(
    tx: &mut ScopedTx<'_>,
    booking: Uuid,
) -> Result<Vec<Match>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Match,
        r#"select id, detainer_id, booking_id, basis, status, same_person, note, found_at, decided_at, decided_by
             from custodian.match where agency_id = $1 and booking_id = $2 and status = 'open' order by detainer_id"#,
        agency,
        booking
    )
    .fetch_all(tx.conn())
    .await?)
}
