//! What is here already of the rows of a file.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::db::{ScopedTx, StoreError};
use crate::imports::records::LocalHold;
use crate::types::Timestamp;

/// A booking that is here already.
pub struct Here {
    pub id: Uuid,
    pub booked_on: Option<NaiveDate>,
    pub content_hash: Option<Vec<u8>>,
}

/// The bookings of some numbers.
pub async fn here(
    tx: &mut ScopedTx<'_>,
    numbers: &[&str],
) -> Result<HashMap<String, Vec<Here>>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select id, booking_number, booked_on, content_hash from custodian.booking where agency_id = $1 and booking_number = any($2)"#,
        agency,
        numbers as &[&str]
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: HashMap<String, Vec<Here>> = HashMap::with_capacity(rows.len());
    for row in rows {
        let here = Here {
            id: row.id,
            booked_on: row.booked_on,
            content_hash: row.content_hash,
        };
        found.entry(row.booking_number).or_default().push(here);
    }
    Ok(found)
}

/// The booking of a day among those of its number, else the one that waits for its date.
pub fn of_day(found: &[Here], booked_on: NaiveDate) -> Option<&Here> {
    let of = |day| found.iter().find(|here| here.booked_on == day);
    of(Some(booked_on)).or_else(|| of(None))
}

/// Notices by their sources' ids: content hash and booking.
pub async fn sources(
    tx: &mut ScopedTx<'_>,
    ids: &[&str],
) -> Result<HashMap<String, (Vec<u8>, Uuid)>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select source_message_id as "source!", content_hash, booking_id from custodian.release_notice
            where agency_id = $1 and source_message_id = any($2)"#,
        agency,
        ids as &[&str]
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.source, (row.content_hash, row.booking_id)))
        .collect())
}

/// Keeps the jail's own record of a federal detainer.
pub async fn keep_hold(
    tx: &mut ScopedTx<'_>,
    booking: Uuid,
    ordinal: i32,
    hold: &LocalHold,
    now: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.local_hold (agency_id, booking_id, ordinal, closed_at, ending, raw, recorded_at)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (agency_id, booking_id, ordinal) do update
               set closed_at = excluded.closed_at, ending = excluded.ending, raw = excluded.raw, recorded_at = excluded.recorded_at"#,
        agency,
        booking,
        ordinal,
        hold.closed_at,
        hold.ending,
        hold.raw,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The jail's own records of federal detainers, by booking.
pub async fn local_holds(
    tx: &mut ScopedTx<'_>,
    bookings: &[Uuid],
) -> Result<HashMap<Uuid, Vec<LocalHold>>, StoreError> {
    if bookings.is_empty() {
        return Ok(HashMap::new());
    }
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select booking_id, closed_at, ending, raw from custodian.local_hold
            where agency_id = $1 and booking_id = any($2) order by booking_id, ordinal"#,
        agency,
        bookings
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: HashMap<Uuid, Vec<_>> = HashMap::new();
    for row in rows {
        let hold = LocalHold {
            closed_at: row.closed_at,
            ending: row.ending,
            raw: row.raw,
        };
        found.entry(row.booking_id).or_default().push(hold);
    }
    Ok(found)
}
