//! An agency's past decisions, asked again of the rules that are loaded and of a draft.

use std::collections::HashMap;

use chrono::{Days, NaiveDate, NaiveTime, TimeZone};
use uuid::Uuid;

use super::store::{self, Past, Whose};
use crate::app::App;
use crate::custodian::assessments::Standing;
use crate::custodian::detainers::{CaseFile, case_file, papers};
use crate::custodian::facts::known::known;
use crate::custodian::facts::store::{self as facts, Stated};
use crate::db::ScopedTx;
use crate::exchange::detainer::Paper;
use crate::http::Problem;
use crate::policy::Act;
use crate::policy::evaluate::Book;
use crate::policy::preview::{Change, changes};
use crate::types::Timestamp;
use crate::types::ids::{BookingId, DetainerId};

/// Decisions that are gathered at once.
const BATCH: i64 = 500;

/// The rules as they are, and with the draft.
#[derive(Clone, Copy)]
pub struct Books<'a> {
    pub now: &'a Book,
    pub draft: &'a Book,
}

/// The days of decisions, first and last, in the agency's zone.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// A decision that was asked again.
pub struct Asked {
    pub past: Past,
    pub act: Act,
    /// None: the draft changes nothing.
    pub change: Option<Change>,
}

/// Hands over each decision of the caller's agency in these days, oldest first.
pub async fn each(
    tx: &mut ScopedTx<'_>,
    app: &App,
    books: Books<'_>,
    days: Span,
    whose: Whose,
    mut found: impl FnMut(Asked),
) -> Result<(), Problem> {
    let zone: chrono_tz::Tz = tx
        .actor()
        .agency
        .as_ref()
        .and_then(|agency| agency.time_zone.parse().ok())
        .unwrap_or(chrono_tz::UTC);
    let (from, before) = window(days, zone)?;
    let standing = Standing::of(tx, app.clock.now()).await?;
    let asking = Asking {
        books,
        standing,
        zone,
    };
    let mut after = None;
    loop {
        let past = store::decided(tx, (from, before), whose, after, BATCH).await?;
        after = past.last().map(|past| (past.at, past.id));
        let full = past.len() as i64 == BATCH;
        asking.batch(tx, app, past, &mut found).await?;
        if !full {
            return Ok(());
        }
    }
}

/// The first instant that counts, and the first that counts no more.
fn window(days: Span, zone: chrono_tz::Tz) -> Result<(Timestamp, Timestamp), Problem> {
    let unplaced = |pointer| Problem::field(pointer, "range", "That day cannot be placed.");
    let midnight = |day: NaiveDate| {
        zone.from_local_datetime(&day.and_time(NaiveTime::MIN))
            .earliest()
            .map(|at| at.to_utc())
    };
    let last = days.to.checked_add_days(Days::new(1));
    Ok((
        midnight(days.from).ok_or_else(|| unplaced("/from"))?,
        last.and_then(midnight).ok_or_else(|| unplaced("/to"))?,
    ))
}

struct Asking<'a> {
    books: Books<'a>,
    standing: Standing,
    zone: chrono_tz::Tz,
}

impl Asking<'_> {
    /// Asks both sets of rules about each decision of a batch: five statements.
    async fn batch(
        &self,
        tx: &mut ScopedTx<'_>,
        app: &App,
        past: Vec<Past>,
        found: &mut impl FnMut(Asked),
    ) -> Result<(), Problem> {
        let mut ids: Vec<Uuid> = past.iter().map(|past| past.detainer_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let cases: HashMap<DetainerId, CaseFile> = case_file::by_ids(tx, &ids)
            .await?
            .into_iter()
            .map(|case| (case.id, case))
            .collect();
        let papers: HashMap<DetainerId, Paper> = papers::by_ids(tx, &app.vault, &ids)
            .await?
            .into_iter()
            .map(|paper| (paper.id, paper))
            .collect();
        let stated = store::statements(tx, &ids).await?;
        let bookings: Vec<Uuid> = cases
            .values()
            .filter_map(|case| case.booking.map(BookingId::as_uuid))
            .collect();
        let booked = facts::of_bookings(tx, &bookings).await?;
        for past in past {
            let id = DetainerId::from(past.detainer_id);
            let (Some(case), Some(paper), Some(act)) =
                (cases.get(&id), papers.get(&id), Act::parse(&past.act))
            else {
                continue;
            };
            let on = past.at.with_timezone(&self.zone).date_naive();
            let said = stated.get(&past.detainer_id).map_or(&[][..], Vec::as_slice);
            let said = as_of(said, past.at);
            let booking = case
                .booking
                .and_then(|booking| booked.get(&booking.as_uuid()));
            let known = known(paper, case, &said, booking, on);
            let question = self.standing.question(past.at, on, known);
            let facts = question.facts().map_err(Problem::internal)?;
            let change = changes(self.books.now, self.books.draft, question.ask(&facts))
                .find(|change| change.act == act);
            found(Asked { past, act, change });
        }
        Ok(())
    }
}

/// The latest word on each fact by an instant.
fn as_of(statements: &[Stated], at: Timestamp) -> Vec<Stated> {
    let mut latest: Vec<Stated> = Vec::new();
    for stated in statements.iter().filter(|stated| stated.stated_at <= at) {
        latest.retain(|known| known.name != stated.name);
        latest.push(stated.clone());
    }
    latest
}
