//! All SQL on persons and on what happened to them.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::Value;
use uuid::Uuid;

use super::Look;
use crate::custodian::bookings::Keys;
use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;

/// A person that a search found.
pub struct Found {
    pub id: Uuid,
    pub bookings: i64,
}

pub async fn by_identifier(
    tx: &mut ScopedTx<'_>,
    kind: &str,
    index: &[u8],
    limit: i64,
) -> Result<Vec<Found>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Found,
        r#"select i.person_id as id,
                  (select count(*) from custodian.booking b where b.agency_id = $1 and b.person_id = i.person_id) as "bookings!"
             from custodian.identifier i where i.agency_id = $1 and i.kind = $2 and i.index = $3 order by i.person_id limit $4"#,
        agency,
        kind,
        index,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn by_description(
    tx: &mut ScopedTx<'_>,
    parts: &[String],
    born: NaiveDate,
    limit: i64,
) -> Result<Vec<Found>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Found,
        r#"select p.id,
                  (select count(*) from custodian.booking b where b.agency_id = $1 and b.person_id = p.id) as "bookings!"
             from custodian.person p
            where p.agency_id = $1 and p.date_of_birth = $2 and p.name_parts @> $3 order by p.id limit $4"#,
        agency,
        born,
        parts,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn exists(tx: &mut ScopedTx<'_>, id: Uuid) -> Result<bool, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        r#"select exists (select from custodian.person where agency_id = $1 and id = $2) as "found!""#,
        agency,
        id
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The identifiers of some records, and of all that share one of them.
pub async fn sharing(
    tx: &mut ScopedTx<'_>,
    persons: &[Uuid],
) -> Result<HashMap<Uuid, Keys>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select i.person_id, i.kind, i.index from custodian.identifier i
            where i.agency_id = $1 and i.person_id in (
                  select o.person_id from custodian.identifier o
                    join custodian.identifier k on k.agency_id = o.agency_id and k.kind = o.kind and k.index = o.index
                   where k.agency_id = $1 and k.person_id = any($2) limit 500)"#,
        agency,
        persons
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: HashMap<Uuid, Keys> = HashMap::new();
    for row in rows {
        let keys = found.entry(row.person_id).or_default();
        match row.kind.as_str() {
            "a_number" => keys.a_number = Some(row.index),
            "fbi_number" => keys.fbi_number = Some(row.index),
            _ => keys.state_id = Some(row.index),
        }
    }
    Ok(found)
}

/// One booking of the history.
pub struct BookingRow {
    pub id: Uuid,
    pub booking_number: String,
    pub booked_at: Option<Timestamp>,
    pub released_at: Option<Timestamp>,
    pub restriction: Option<String>,
    /// Of the newest notice of an actual release that nothing superseded.
    pub release_basis: Option<String>,
    /// A list of charges.
    pub charges: Value,
}

pub async fn bookings(
    tx: &mut ScopedTx<'_>,
    persons: &[Uuid],
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<Vec<BookingRow>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        BookingRow,
        r#"select b.id, b.booking_number, b.booked_at, b.released_at, b.restriction,
                  (select n.release_basis from custodian.release_notice n
                    where n.agency_id = b.agency_id and n.booking_id = b.id and n.kind in ('actual', 'immediate')
                      and not exists (select from custodian.release_notice l
                                       where l.agency_id = n.agency_id and l.supersedes = n.id)
                    order by n.recorded_at desc limit 1) as release_basis,
                  coalesce((select jsonb_agg(jsonb_build_object('statute', c.statute, 'state', c.state,
                          'description', c.description, 'level', c.level, 'charged_on', c.charged_on,
                          'disposition', c.disposition, 'disposition_on', c.disposition_on) order by c.ordinal)
                      from custodian.charge c where c.agency_id = b.agency_id and c.booking_id = b.id), '[]') as "charges!"
             from custodian.booking b
            where b.agency_id = $1 and b.person_id = any($2)
              and (b.booked_on is null or (($3::date is null or b.booked_on >= $3) and ($4::date is null or b.booked_on <= $4)))
            order by b.booked_at nulls last, b.id limit 1000"#,
        agency,
        persons,
        from,
        to
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The requests of these bookings, and those that name one of these identifiers and are linked to
/// no booking at all.
pub async fn requests(
    tx: &mut ScopedTx<'_>,
    bookings: &[Uuid],
    indexes: &[Vec<u8>],
) -> Result<Vec<(Uuid, Option<Uuid>)>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select id, booking_id from custodian.case_file
            where agency_id = $1 and (booking_id = any($2)
                  or (booking_id is null and (a_number_index = any($3) or fbi_number_index = any($3) or state_id_index = any($3))))
            order by issued_on, id limit 2000"#,
        agency,
        bookings,
        indexes
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.booking_id))
        .collect())
}

/// The latest decision on an act, or what the law decided by itself when a notice came.
pub struct DecisionRow {
    pub detainer_id: Uuid,
    pub act: String,
    /// `comply`, `decline`, `withheld` or `queued`.
    pub decision: String,
    pub reason_code: Option<String>,
    pub assessment: Value,
    pub departs_from_policy: bool,
    pub at: Timestamp,
}

/// One row for each request and act. A person's decision stands before the law's own.
pub async fn decisions(
    tx: &mut ScopedTx<'_>,
    detainers: &[Uuid],
) -> Result<Vec<DecisionRow>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        DecisionRow,
        r#"select distinct on (detainer_id, act) detainer_id as "detainer_id!", act as "act!", decision as "decision!",
                  reason_code, assessment as "assessment!", departs_from_policy as "departs_from_policy!", at as "at!"
             from (select detainer_id, act, decision, reason_code, assessment, departs_from_policy, decided_at as at, 0 as rank
                     from custodian.determination where agency_id = $1 and detainer_id = any($2)
                   union all
                   -- A person's decision settles the reviews too; what is left is the law's own, or waits.
                   select detainer_id, act, case when disposition = 'prohibited' then 'withheld' else 'queued' end,
                          case when disposition = 'prohibited' then 'law_prohibits' end, assessment, false, opened_at, 1
                     from custodian.review
                    where agency_id = $1 and detainer_id = any($2)
                      and (disposition = 'prohibited' or settled_at is null)) as made
            order by detainer_id, act, rank, at desc"#,
        agency,
        detainers
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What one side states of a request.
pub struct OutcomeRow {
    pub detainer_id: Uuid,
    /// `custodian` or `office`.
    pub side: String,
    pub notice: String,
    pub custody: String,
}

pub async fn outcomes(
    tx: &mut ScopedTx<'_>,
    detainers: &[Uuid],
) -> Result<Vec<OutcomeRow>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        OutcomeRow,
        r#"select distinct on (detainer_id, side) detainer_id as "detainer_id!", side as "side!", notice as "notice!",
                  custody as "custody!"
             from (select detainer_id, 'custodian' as side, notice, custody, recorded_at
                     from custodian.outcome where agency_id = $1 and detainer_id = any($2)
                   union all
                   select detainer_id, side, notice, custody, recorded_at
                     from exchange.outcome where agency_id = $1 and detainer_id = any($2) and side = 'office') as stated
            order by detainer_id, side, recorded_at desc"#,
        agency,
        detainers
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The lead of the last notification of a release, in whole minutes.
pub async fn leads(
    tx: &mut ScopedTx<'_>,
    detainers: &[Uuid],
) -> Result<HashMap<Uuid, i64>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select distinct on (detainer_id) detainer_id, effective_at, sent_at from exchange.notification
            where agency_id = $1 and detainer_id = any($2) and about = 'release' and sent_at is not null
            order by detainer_id, told_at desc"#,
        agency,
        detainers
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let lead = row.effective_at? - row.sent_at?;
            Some((row.detainer_id, lead.num_minutes()))
        })
        .collect())
}

/// Keeps who looked, and what for.
pub async fn keep_look(
    tx: &mut ScopedTx<'_>,
    event: Uuid,
    look: &Look<'_>,
    salt: &[u8],
    by: &str,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.person_read (agency_id, event_id, kind, purpose, filters, salt, read_at, read_by)
           values ($1, $2, $3, $4, $5, $6, $7, $8)"#,
        agency,
        event,
        look.kind,
        look.purpose,
        look.filters,
        salt,
        look.at,
        by
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
