//! An agency's past decisions, asked again of the rules that are loaded and of a draft. While the
//! rules are asked about one batch, the database reads the next.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveTime, TimeZone};
use uuid::Uuid;

use super::store::{self, Past, PastRequest, Whose};
use crate::app::App;
use crate::custodian::assessments::Standing;
use crate::custodian::facts::known::known;
use crate::custodian::facts::store::{self as facts, BookingFacts, Stated};
use crate::db::ScopedTx;
use crate::http::Problem;
use crate::policy::Act;
use crate::policy::evaluate::Book;
use crate::policy::preview::{Change, change};
use crate::types::Timestamp;

/// Decisions that are gathered at once.
const BATCH: i64 = 2_000;

/// The rules as they are, and with the draft.
#[derive(Clone)]
pub struct Books {
    pub now: Arc<Book>,
    pub draft: Arc<Book>,
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
    books: Books,
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
    let window = window(days, zone)?;
    let asking = Arc::new(Asking {
        books,
        standing: Standing::of(tx, app.clock.now()).await?,
        zone,
    });
    let mut after = None;
    let mut asked: Option<tokio::task::JoinHandle<Result<Vec<Asked>, serde_json::Error>>> = None;
    loop {
        let batch = Batch::read(tx, window, whose, after).await?;
        if let Some(asked) = asked.take() {
            let asked = asked.await.map_err(Problem::internal)?;
            asked
                .map_err(Problem::internal)?
                .into_iter()
                .for_each(&mut found);
        }
        let Some(last) = batch.past.last() else {
            return Ok(());
        };
        after = Some((last.at, last.id));
        let asking = asking.clone();
        asked = Some(tokio::task::spawn_blocking(move || asking.about(batch)));
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

/// Decisions, and all that was known when each was made.
struct Batch {
    past: Vec<Past>,
    requests: HashMap<Uuid, PastRequest>,
    stated: HashMap<Uuid, Vec<Stated>>,
    bookings: HashMap<Uuid, BookingFacts>,
}

impl Batch {
    /// The decisions after a place in the window: five statements.
    async fn read(
        tx: &mut ScopedTx<'_>,
        window: (Timestamp, Timestamp),
        whose: Whose,
        after: Option<(Timestamp, Uuid)>,
    ) -> Result<Self, Problem> {
        let past = store::decided(tx, window, whose, after, BATCH).await?;
        let mut ids: Vec<Uuid> = past.iter().map(|past| past.detainer_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let requests = store::requests(tx, &ids).await?;
        let bookings: Vec<Uuid> = requests
            .values()
            .filter_map(|request| request.booking)
            .collect();
        Ok(Self {
            stated: store::statements(tx, &ids).await?,
            bookings: facts::of_bookings(tx, &bookings).await?,
            past,
            requests,
        })
    }
}

struct Asking {
    books: Books,
    standing: Standing,
    zone: chrono_tz::Tz,
}

impl Asking {
    /// Asks both sets of rules about each decision of a batch.
    fn about(&self, batch: Batch) -> Result<Vec<Asked>, serde_json::Error> {
        let mut asked = Vec::with_capacity(batch.past.len());
        for past in batch.past {
            let (Some(request), Some(act)) =
                (batch.requests.get(&past.detainer_id), Act::parse(&past.act))
            else {
                continue;
            };
            let on = past.at.with_timezone(&self.zone).date_naive();
            let stated = batch.stated.get(&past.detainer_id);
            let stated = as_of(stated.map_or(&[][..], Vec::as_slice), past.at);
            let booking = request.booking.and_then(|id| batch.bookings.get(&id));
            let known = known(&request.asked(), &stated, booking, on);
            let question = self.standing.question(past.at, on, known);
            let facts = question.facts()?;
            let ask = question.ask(&facts);
            let change = change(&self.books.now, &self.books.draft, act, ask);
            asked.push(Asked { past, act, change });
        }
        Ok(asked)
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
