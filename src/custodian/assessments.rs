//! What the law says of a case now: the facts that this agency has, put before the rules.

use chrono::NaiveDate;
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::custodian::detainers::CaseFile;
use crate::custodian::facts::known::{Known, RequestFacts, known};
use crate::custodian::facts::store as facts;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::Paper;
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::policy::evaluate::Positions;
use crate::policy::place::Place;
use crate::policy::{Act, Assessment, Disposition, Question};
use crate::registry::adopted;
use crate::types::Timestamp;
use crate::types::ids::BookingId;

/// The dispositions of every act on one request at an instant.
pub async fn of_case(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &CaseFile,
    paper: &Paper,
    at: Timestamp,
) -> Result<Assessment, StoreError> {
    let mut assessed = of_cases(tx, app, &[(paper, case)], at).await?;
    Ok(assessed.remove(0))
}

/// The whole answer on one request at an instant, with its working: recomputed, not stored.
pub async fn explained(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &CaseFile,
    paper: &Paper,
    at: Timestamp,
) -> Result<Value, StoreError> {
    let standing = Standing::of(tx, at).await?;
    let mut known = known_of(tx, &[(paper, case)], standing.today).await?;
    app.law
        .explain(&standing.question(at, standing.today, known.remove(0)))
        .map_err(unreadable)
}

/// The facts that a case is asked with now, and whether its convictions are only some.
pub async fn asked_with(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    paper: &Paper,
    at: Timestamp,
) -> Result<(Value, bool), StoreError> {
    let standing = Standing::of(tx, at).await?;
    let mut known = known_of(tx, &[(paper, case)], standing.today).await?;
    let question = standing.question(at, standing.today, known.remove(0));
    Ok((question.facts.clone(), question.more_convictions))
}

/// The same for a page of a list, in its order: three statements, however long the page.
pub async fn of_cases(
    tx: &mut ScopedTx<'_>,
    app: &App,
    cases: &[(&Paper, &CaseFile)],
    at: Timestamp,
) -> Result<Vec<Assessment>, StoreError> {
    if cases.is_empty() || tx.actor().agency.is_none() {
        return Ok(Vec::new());
    }
    let standing = Standing::of(tx, at).await?;
    known_of(tx, cases, standing.today)
        .await?
        .into_iter()
        .map(|known| {
            app.law
                .assess(&standing.question(at, standing.today, known))
        })
        .collect::<Result<_, _>>()
        .map_err(unreadable)
}

/// What is known of each case.
async fn known_of(
    tx: &mut ScopedTx<'_>,
    cases: &[(&Paper, &CaseFile)],
    today: NaiveDate,
) -> Result<Vec<Known>, StoreError> {
    let ids: Vec<Uuid> = cases.iter().map(|(_, case)| case.id.as_uuid()).collect();
    let bookings: Vec<Uuid> = cases
        .iter()
        .filter_map(|(_, case)| case.booking.map(BookingId::as_uuid))
        .collect();
    let stated = facts::latest(tx, &ids).await?;
    let of_bookings = facts::of_bookings(tx, &bookings).await?;
    Ok(cases
        .iter()
        .map(|(paper, case)| {
            let stated = stated
                .get(&case.id.as_uuid())
                .map_or(&[][..], Vec::as_slice);
            let booking = case
                .booking
                .and_then(|booking| of_bookings.get(&booking.as_uuid()));
            known(&RequestFacts::of(paper, case), stated, booking, today)
        })
        .collect())
}

/// The law's leave for one act on a request.
///
/// # Errors
/// 409 `policy-prohibits` or `policy-indeterminate`, which is logged as a refusal.
pub fn must_allow(case: &CaseFile, act: Act, assessment: &Assessment) -> Result<(), Problem> {
    let assessed = assessment.of(act);
    let (slug, detail) = match assessed.disposition {
        Disposition::Prohibited => (
            Slug::PolicyProhibits,
            format!("{act} is prohibited here. {}", assessed.because.join(" ")),
        ),
        Disposition::Indeterminate => (
            Slug::PolicyIndeterminate,
            format!("{act} cannot be settled: {}", assessed.unknown.join("; ")),
        ),
        _ => return Ok(()),
    };
    Err(Problem::new(slug, detail).with_refusal(case.id, act.as_str()))
}

/// No claim of citizenship or status is open: while one is, cooperation pauses.
///
/// # Errors
/// 409 `policy-indeterminate`, which is logged as a refusal.
pub fn must_have_no_claim(case: &CaseFile, act: Act) -> Result<(), Problem> {
    if !case.claim_open {
        return Ok(());
    }
    Err(Problem::new(
        Slug::PolicyIndeterminate,
        "A claim of citizenship or status is open on this request; resolve it first.",
    )
    .with_refusal(case.id, act.as_str()))
}

/// The date in the caller's zone.
pub fn today(tx: &ScopedTx<'_>, at: Timestamp) -> NaiveDate {
    let zone = tx
        .actor()
        .agency
        .as_ref()
        .and_then(|agency| agency.time_zone.parse().ok())
        .unwrap_or(chrono_tz::UTC);
    at.with_timezone(&zone).date_naive()
}

/// Where the caller's agency stands and how it reads what is contested there.
pub struct Standing {
    place: Place,
    positions: Positions,
    today: NaiveDate,
}

impl Standing {
    pub async fn of(tx: &mut ScopedTx<'_>, at: Timestamp) -> Result<Self, StoreError> {
        let agency = tx.agency_id();
        let (place, positions) = adopted::standing(tx.conn(), agency).await?;
        let today = today(tx, at);
        Ok(Self {
            place,
            positions,
            today,
        })
    }

    /// Facts of whatever origin, asked about on this day.
    pub fn asking(&self, at: Timestamp, facts: Value) -> Question<'_> {
        Question {
            place: &self.place,
            on: self.today,
            at,
            more_convictions: false,
            facts,
            positions: &self.positions,
        }
    }

    /// A booking's convictions are known, but while nobody has checked the history there may be
    /// others.
    pub fn question(&self, at: Timestamp, on: NaiveDate, known: Known) -> Question<'_> {
        Question {
            place: &self.place,
            on,
            at,
            more_convictions: !known.convictions_checked && !known.booking_convictions.is_empty(),
            facts: Value::Object(known.facts),
            positions: &self.positions,
        }
    }
}

fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Unreadable(format!("the facts of a case: {error}"))
}
