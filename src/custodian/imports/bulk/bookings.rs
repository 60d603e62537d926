//! Bookings of numbers and days that are not here yet.

use std::collections::{HashMap, HashSet};

use super::known::{here, of_day};
use super::rows::Write;
use super::strangers::{Stranger, known_or_asked_for, lock_numbers};
use super::{Became, Plain};
use crate::app::App;
use crate::custodian::imports::prepare::BookingRow;
use crate::db::{ScopedTx, StoreError};

/// Writes the plain ones of some bookings; of the others it says nothing.
pub async fn bookings(
    tx: &mut ScopedTx<'_>,
    app: &App,
    rows: &[&BookingRow],
) -> Result<Vec<Plain>, StoreError> {
    let mut became: Vec<Plain> = vec![None; rows.len()];
    let mut twins: Vec<(usize, usize)> = Vec::new();
    let mut first_of: HashMap<&str, usize> = HashMap::new();
    let mut odd: HashSet<&str> = HashSet::new();
    for (at, row) in rows.iter().enumerate() {
        match first_of.get(row.number.as_str()) {
            None => {
                first_of.insert(&row.number, at);
            }
            Some(first) if says_the_same(rows[*first], row) => twins.push((at, *first)),
            Some(_) => {
                odd.insert(&row.number);
            }
        }
    }
    let mut candidates: Vec<usize> = first_of
        .iter()
        .filter(|(number, _)| !odd.contains(*number))
        .map(|(_, at)| *at)
        .collect();
    candidates.sort_unstable();
    if candidates.is_empty() {
        return Ok(became);
    }
    let numbers: Vec<&str> = candidates
        .iter()
        .map(|at| rows[*at].number.as_str())
        .collect();
    lock_numbers(tx, &numbers).await?;
    let found = here(tx, &numbers).await?;
    candidates.retain(|at| {
        let row = rows[*at];
        found
            .get(&row.number)
            .is_none_or(|found| of_day(found, row.booked_on).is_none())
    });
    let strangers: Vec<Stranger<'_>> = candidates
        .iter()
        .map(|at| Stranger::new(&rows[*at].number, &rows[*at].request.subject, app))
        .collect();
    let marks = known_or_asked_for(tx, &strangers).await?;
    let plain: Vec<usize> = candidates
        .iter()
        .zip(&marks)
        .filter(|(_, marked)| !**marked)
        .map(|(at, _)| *at)
        .collect();
    if !plain.is_empty() {
        let now = app.clock.now();
        let mut write = Write::new(now);
        for at in &plain {
            let row = rows[*at];
            let booking = write.booking(tx, app, row);
            became[*at] = Some((Became::New, booking));
        }
        write.send(tx, app).await?;
    }
    for (twin, first) in twins {
        if let Some((_, booking)) = became[first] {
            became[twin] = Some((Became::Unchanged, booking));
        }
    }
    Ok(became)
}

fn says_the_same(one: &BookingRow, other: &BookingRow) -> bool {
    let release = |row: &BookingRow| row.release.as_ref().map(|release| release.source.clone());
    one.hash == other.hash && release(one) == release(other) && one.local_holds == other.local_holds
}
