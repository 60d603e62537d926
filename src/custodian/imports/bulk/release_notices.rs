//! Notices about bookings that nobody asks for, and about numbers that nobody knows.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::known::sources;
use super::rows::Write;
use super::strangers::{Stranger, known_or_asked_for, lock_numbers};
use super::{Became, Plain};
use crate::app::App;
use crate::custodian::imports::prepare::NoticeRow;
use crate::custodian::release_notices::{NoticeKind, store as notices};
use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;

/// A booking that a notice may be about.
struct Stay {
    id: Uuid,
    person: Uuid,
    booked_at: Option<Timestamp>,
    released: bool,
}

/// Writes the plain ones of some notices; of the others it says nothing.
pub async fn release_notices(
    tx: &mut ScopedTx<'_>,
    app: &App,
    rows: &[&NoticeRow],
) -> Result<Vec<Plain>, StoreError> {
    let mut became: Vec<Plain> = vec![None; rows.len()];
    let mut twins: Vec<(usize, usize)> = Vec::new();
    let mut by_source: HashMap<&str, usize> = HashMap::new();
    let mut of_number: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut odd: HashSet<&str> = HashSet::new();
    for (at, row) in rows.iter().enumerate() {
        let number = row.request.booking_number.as_str();
        match by_source.get(row.source.as_str()) {
            None => {
                by_source.insert(&row.source, at);
                of_number.entry(number).or_default().push(at);
            }
            Some(first) if rows[*first].hash == row.hash => twins.push((at, *first)),
            Some(_) => {
                odd.insert(number);
            }
        }
    }
    let numbers: Vec<&str> = of_number
        .keys()
        .copied()
        .filter(|number| !odd.contains(number))
        .collect();
    let mut stays = latest(tx, &numbers).await?;
    let unknown: Vec<&str> = numbers
        .iter()
        .copied()
        .filter(|number| !stays.contains_key(*number))
        .collect();
    if !unknown.is_empty() {
        lock_numbers(tx, &unknown).await?;
        stays.extend(latest(tx, &unknown).await?);
    }
    let taken = sources(tx, &by_source.keys().copied().collect::<Vec<_>>()).await?;
    let ids: Vec<Uuid> = stays.values().map(|stay| stay.id).collect();
    let asked: HashSet<Uuid> = notices::asked_for(tx, &ids).await?.into_iter().collect();
    let noticed = with_notices(tx, &ids).await?;
    let identified = identified(
        tx,
        &stays.values().map(|stay| stay.person).collect::<Vec<_>>(),
    )
    .await?;

    let mut plain: Vec<(usize, Uuid)> = Vec::new();
    let mut strangers: Vec<(usize, Stranger<'_>)> = Vec::new();
    for number in &numbers {
        let group = &of_number[*number];
        let is_plain = |at: &usize| {
            let request = &rows[*at].request;
            request.supersedes.is_none() && !taken.contains_key(&rows[*at].source)
        };
        let moves = group
            .iter()
            .any(|at| moves_the_state(rows[*at].request.kind));
        if !group.iter().all(is_plain) || (moves && group.len() > 1) {
            continue;
        }
        match stays.get(*number) {
            Some(stay) => {
                let fits = group.iter().all(|at| {
                    let request = &rows[*at].request;
                    stay.booked_at
                        .is_none_or(|booked| booked <= request.effective_at)
                        && request.subject.identifiers().iter().all(|(kind, _)| {
                            identified
                                .get(&stay.person)
                                .is_some_and(|kinds| kinds.iter().any(|known| known == kind))
                        })
                });
                let told_before = moves && noticed.contains(&stay.id);
                let concerns_others = asked.contains(&stay.id) || stay.released || told_before;
                if fits && !concerns_others {
                    plain.extend(group.iter().map(|at| (*at, stay.id)));
                }
            }
            None if group.len() == 1 => {
                let request = &rows[group[0]].request;
                strangers.push((group[0], Stranger::new(number, &request.subject, app)));
            }
            None => {}
        }
    }
    let (places, strangers): (Vec<usize>, Vec<Stranger<'_>>) = strangers.into_iter().unzip();
    let marks = match strangers.is_empty() {
        true => Vec::new(),
        false => known_or_asked_for(tx, &strangers).await?,
    };
    let now = app.clock.now();
    let mut write = Write::new(now);
    plain.sort_unstable();
    for (at, booking) in plain {
        let kind = rows[at].request.kind;
        if kind.ends_custody() {
            write
                .released
                .push((booking, rows[at].request.effective_at));
        }
        write.notice(tx, rows[at], booking);
        became[at] = Some((Became::New, booking));
    }
    for (at, _) in places.iter().zip(&marks).filter(|(_, marked)| !**marked) {
        let booking = write.opened(tx, app, rows[*at]);
        became[*at] = Some((Became::New, booking));
    }
    write.send(tx, app).await?;
    for (twin, first) in twins {
        if let Some((_, booking)) = became[first] {
            became[twin] = Some((Became::Unchanged, booking));
        }
    }
    Ok(became)
}

/// Does the state of a booking have to be worked out anew from all that was said of it?
fn moves_the_state(kind: NoticeKind) -> bool {
    kind.ends_custody() || matches!(kind, NoticeKind::Returned | NoticeKind::Correction)
}

async fn latest(
    tx: &mut ScopedTx<'_>,
    numbers: &[&str],
) -> Result<HashMap<String, Stay>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select distinct on (booking_number) booking_number, id, person_id, booked_at, released_at
             from custodian.booking where agency_id = $1 and booking_number = any($2)
            order by booking_number, booked_on desc nulls first"#,
        agency,
        numbers as &[&str]
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let stay = Stay {
                id: row.id,
                person: row.person_id,
                booked_at: row.booked_at,
                released: row.released_at.is_some(),
            };
            (row.booking_number, stay)
        })
        .collect())
}

/// Which of these bookings have notices. Their rows are locked first: two statements of one moment see each other.
async fn with_notices(
    tx: &mut ScopedTx<'_>,
    bookings: &[Uuid],
) -> Result<HashSet<Uuid>, StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        "select id from custodian.booking where agency_id = $1 and id = any($2) order by id for no key update",
        agency,
        bookings
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        "select distinct booking_id from custodian.release_notice where agency_id = $1 and booking_id = any($2)",
        agency,
        bookings
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .collect())
}

/// The kinds of identifiers that persons carry.
async fn identified(
    tx: &mut ScopedTx<'_>,
    persons: &[Uuid],
) -> Result<HashMap<Uuid, Vec<String>>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        "select person_id, kind from custodian.identifier where agency_id = $1 and person_id = any($2)",
        agency,
        persons
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: HashMap<Uuid, Vec<String>> = HashMap::new();
    for row in rows {
        found.entry(row.person_id).or_default().push(row.kind);
    }
    Ok(found)
}
