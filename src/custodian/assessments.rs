//! What the law says of a case now: the facts that this agency has, put before the rules.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::custodian::detainers::CaseFile;
use crate::custodian::facts::known::{Known, known};
use crate::custodian::facts::store as facts;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::Paper;
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::policy::{Act, ActAssessment, Assessment, Disposition, Question};
use crate::types::Timestamp;
use crate::types::actor::Tenant;
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

/// The same for a page of a list, in its order: two statements, however long the page.
pub async fn of_cases(
    tx: &mut ScopedTx<'_>,
    app: &App,
    cases: &[(&Paper, &CaseFile)],
    at: Timestamp,
) -> Result<Vec<Assessment>, StoreError> {
    let Some(agency) = tx.actor().agency.clone() else {
        return Ok(Vec::new());
    };
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = cases.iter().map(|(_, case)| case.id.as_uuid()).collect();
    let bookings: Vec<Uuid> = cases
        .iter()
        .filter_map(|(_, case)| case.booking.map(BookingId::as_uuid))
        .collect();
    let stated = facts::latest(tx, &ids).await?;
    let of_bookings = facts::of_bookings(tx, &bookings).await?;
    let today = today(tx, at);
    Ok(cases
        .iter()
        .map(|(paper, case)| {
            let stated = stated
                .get(&case.id.as_uuid())
                .map_or(&[][..], Vec::as_slice);
            let booking = case
                .booking
                .and_then(|booking| of_bookings.get(&booking.as_uuid()));
            assess(app, &agency, at, known(paper, case, stated, booking, today))
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

/// Asks the law. A booking's convictions are known, but while nobody has checked the history they
/// are not all of it, and a rule knows only "these are all" and "unknown". So such a case is asked
/// three times: what the known ones change against none is settled by them, whatever else there
/// may be; the rest is as open as if nothing were known.
fn assess(app: &App, agency: &Tenant, at: Timestamp, known: Known) -> Assessment {
    let ask = |facts: Map<String, Value>| {
        app.law.assess(&Question {
            agency,
            at,
            facts: Value::Object(facts),
        })
    };
    if known.convictions_checked || known.booking_convictions.is_empty() {
        return ask(known.facts);
    }
    let with = |convictions: Value| {
        let mut facts = known.facts.clone();
        facts.insert("convictions".to_owned(), convictions);
        ask(facts)
    };
    let (mut open, none) = (with(Value::Null), with(json!([])));
    let some = ask(known.facts);
    for act in Act::ALL {
        let settled = open.of(*act).disposition == Disposition::Indeterminate
            && some.of(*act).disposition != Disposition::Indeterminate
            && some.of(*act).disposition != none.of(*act).disposition;
        if settled {
            *act_mut(&mut open, *act) = some.of(*act).clone();
        }
    }
    open
}

fn act_mut(assessment: &mut Assessment, act: Act) -> &mut ActAssessment {
    match act {
        Act::NotifyRelease => &mut assessment.notify_release,
        Act::HoldPastRelease => &mut assessment.hold_past_release,
        Act::TransferCustody => &mut assessment.transfer_custody,
        Act::AllowInterview => &mut assessment.allow_interview,
    }
}
