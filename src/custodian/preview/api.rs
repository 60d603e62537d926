//! `POST /v1/policies/preview`: pure, so it needs no idempotency key.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chrono::{Days, NaiveDate, NaiveTime, TimeZone};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store::{self, Past};
use crate::app::App;
use crate::custodian::assessments::Standing;
use crate::custodian::detainers::{case_file, papers};
use crate::custodian::facts::known::known;
use crate::custodian::facts::store::{self as facts, Stated};
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::http::once::read_json;
use crate::http::{Caller, Problem, Tagged};
use crate::identity::Custodian;
use crate::policy::evaluate::Book;
use crate::policy::preview::changes;
use crate::policy::{Act, Disposition};
use crate::types::ids::BookingId;
use crate::types::{Role, Timestamp};

/// Changes that are listed; all are counted.
const MOST_LISTED: usize = 1_000;
/// Decisions that are gathered at once.
const BATCH: i64 = 500;

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewRequest {
    /// A rule file as text, as `GET /v1/policies/{id}` shows it in `text`. It takes the place of
    /// the loaded versions of its id that are in force on the same days.
    pub draft: String,
    /// The first day of decisions, in the agency's zone.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// A decision that would be judged otherwise.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PreviewItem {
    pub detainer: Uuid,
    #[schema(value_type = String)]
    pub act: Act,
    pub at: Timestamp,
    /// `comply` or `decline` of a person; `withheld` by the law alone.
    pub decision: String,
    /// The disposition that was stored with it.
    pub was: Option<String>,
    /// By the rules that are loaded, as they were in force that day.
    pub now: Disposition,
    pub would_be: Disposition,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Preview {
    /// Oldest first; at most 1,000.
    pub items: Vec<PreviewItem>,
    pub assessed: usize,
    pub changed: usize,
    /// What each question was asked with.
    pub basis: &'static str,
}

const BASIS: &str = "Facts as they had been stated by the time of the decision; the paper, its service, the booking \
                     and the adopted positions as they are now.";

pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    request: Request,
) -> Result<Response, Problem> {
    let (_, sent) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Read).await?;
    tx.require(&[Role::Reviewer])?;
    let request: PreviewRequest = sent?;
    if request.to < request.from {
        return Err(Problem::field("/to", "range", "to lies before from."));
    }
    let law = app.law.clone();
    let text = request.draft.clone();
    // Every rule is read anew beside the draft.
    let draft = tokio::task::spawn_blocking(move || law.with_draft(&text))
        .await
        .map_err(Problem::internal)?
        .map_err(|error| Problem::field("/draft", "rule", error.to_string()))?;
    let preview = preview(&mut tx, &app, &draft, &request).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&preview).into_response())
}

async fn preview(
    tx: &mut ScopedTx<'_>,
    app: &App,
    draft: &Book,
    request: &PreviewRequest,
) -> Result<Preview, Problem> {
    let zone: chrono_tz::Tz = tx
        .actor()
        .agency
        .as_ref()
        .and_then(|agency| agency.time_zone.parse().ok())
        .unwrap_or(chrono_tz::UTC);
    let midnight = |day: NaiveDate| {
        zone.from_local_datetime(&day.and_time(NaiveTime::MIN))
            .earliest()
            .map(|at| at.to_utc())
            .ok_or_else(|| Problem::field("/from", "range", "That day cannot be placed."))
    };
    let last = request.to.checked_add_days(Days::new(1));
    let last = last.ok_or_else(|| Problem::field("/to", "range", "That day cannot be placed."))?;
    let (from, before) = (midnight(request.from)?, midnight(last)?);
    let standing = Standing::of(tx, app.clock.now()).await?;
    let asking = Asking {
        now: &app.law.book(),
        draft,
        standing,
        zone,
    };
    let mut found = Preview {
        items: Vec::new(),
        assessed: 0,
        changed: 0,
        basis: BASIS,
    };
    let mut after = None;
    loop {
        let past = store::decided(tx, from, before, after, BATCH).await?;
        after = past.last().map(|past| (past.at, past.id));
        let full = past.len() as i64 == BATCH;
        asking.batch(tx, app, past, &mut found).await?;
        if !full {
            return Ok(found);
        }
    }
}

struct Asking<'a> {
    now: &'a Book,
    draft: &'a Book,
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
        found: &mut Preview,
    ) -> Result<(), Problem> {
        let mut ids: Vec<Uuid> = past.iter().map(|past| past.detainer_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let cases = case_file::by_ids(tx, &ids).await?;
        let written = papers::by_ids(tx, &app.vault, &ids).await?;
        let stated = store::statements(tx, &ids).await?;
        let bookings: Vec<Uuid> = cases
            .iter()
            .filter_map(|case| case.booking.map(BookingId::as_uuid))
            .collect();
        let booked = facts::of_bookings(tx, &bookings).await?;
        for past in past {
            let id = past.detainer_id.into();
            let (Some(case), Some(paper), Some(act)) = (
                cases.iter().find(|case| case.id == id),
                written.iter().find(|paper| paper.id == id),
                Act::parse(&past.act),
            ) else {
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
            found.assessed += 1;
            let change = changes(self.now, self.draft, question.ask(&facts))
                .find(|change| change.act == act);
            if let Some(change) = change {
                found.changed += 1;
                if found.items.len() < MOST_LISTED {
                    found.items.push(PreviewItem {
                        detainer: past.detainer_id,
                        act,
                        at: past.at,
                        decision: past.decision,
                        was: past.was,
                        now: change.now,
                        would_be: change.would_be,
                    });
                }
            }
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
