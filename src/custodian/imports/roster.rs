//! The nightly file with everybody who is in custody. Who is missing from it is reported and never
//! deleted; a file that would empty the jail waits for a person.

use std::collections::HashSet;

use uuid::Uuid;

use super::prepare::Sweep;
use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;

/// Whom a file names.
#[derive(Debug, Default)]
pub struct Seen(HashSet<Uuid>);

impl Seen {
    pub fn add(&mut self, booking: Uuid) {
        self.0.insert(booking);
    }
}

/// A change to fewer people than this is an ordinary day, in however small a jail.
const ORDINARY: usize = 10;

/// Is a file so unlike the jail as it stands that a person should look first? Answers what to look at.
///
/// More than half of those who are in custody would be released by it, or are missing from a file that should name
/// them all.
pub async fn doubt(
    tx: &mut ScopedTx<'_>,
    feed: &str,
    roster: bool,
    sweep: &Sweep,
) -> Result<Option<String>, StoreError> {
    if sweep.numbers.len() >= Sweep::MOST {
        return Ok(None);
    }
    let agency = tx.agency_id();
    let left: Vec<&str> = sweep.left.iter().map(String::as_str).collect();
    // Of a number that was used again, the latest stay is the one in question.
    let custody = sqlx::query!(
        r#"select count(*) as "all!", count(*) filter (where booking_number = any($2)) as "left!"
             from custodian.booking where agency_id = $1 and released_at is null"#,
        agency,
        &left as &[&str]
    )
    .fetch_one(tx.conn())
    .await?;
    let (all, released) = (custody.all as usize, custody.left as usize);
    if released >= ORDINARY && released * 2 > all {
        return Ok(Some(format!(
            "The file says that {released} of the {all} people in custody have left. If that is so, confirm the import; if not, cancel it and look at the file."
        )));
    }
    if roster {
        let numbers: Vec<&str> = sweep.numbers.iter().map(String::as_str).collect();
        let last = sqlx::query!(
            r#"select count(*) as "all!", count(*) filter (where b.booking_number = any($3)) as "named!"
                 from custodian.roster_entry r join custodian.booking b on b.agency_id = r.agency_id and b.id = r.booking_id
                where r.agency_id = $1 and r.feed = $2 and r.gone_at is null and b.released_at is null"#,
            agency,
            feed,
            &numbers as &[&str]
        )
        .fetch_one(tx.conn())
        .await?;
        let (all, missing) = (last.all as usize, (last.all - last.named) as usize);
        if missing >= ORDINARY && missing * 2 > all {
            return Ok(Some(format!(
                "{missing} of the {all} people in the last file are missing from this one. Nobody would be deleted; if the file is whole, confirm the import, and they are reported as missing; if it was cut off, cancel it."
            )));
        }
    }
    Ok(None)
}

/// Keeps who was in the file. Answers the booking numbers of those who were in the last one, are not in this one and
/// have not been released.
pub async fn keep(
    tx: &mut ScopedTx<'_>,
    feed: &str,
    seen: &Seen,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let agency = tx.agency_id();
    let seen: Vec<Uuid> = seen.0.iter().copied().collect();
    let missing = sqlx::query_scalar!(
        r#"with gone as (
               update custodian.roster_entry set gone_at = $4
                where agency_id = $1 and feed = $2 and gone_at is null and not (booking_id = any($3)) returning booking_id
           )
           select b.booking_number from gone join custodian.booking b on b.agency_id = $1 and b.id = gone.booking_id
            where b.released_at is null order by b.booking_number"#,
        agency,
        feed,
        &seen,
        now
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query!(
        r#"insert into custodian.roster_entry as r (agency_id, feed, booking_id, seen_at)
           select $1, $2, id, $4 from unnest($3::uuid[]) as id
           on conflict (agency_id, feed, booking_id) do update set gone_at = null where r.gone_at is not null"#,
        agency,
        feed,
        &seen,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(missing)
}
