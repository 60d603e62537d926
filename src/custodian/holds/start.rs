//! Starting a hold: what it needs, in the order in which it is looked at.

use serde::{Deserialize, Serialize};

use super::model::{self, Starts};
use super::store::{self, Hold};
use super::{AuthorityKind, EndReason, end};
use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::bookings;
use crate::custodian::detainers::{CaseFile, case_file, papers};
use crate::custodian::determinations::tell;
use crate::custodian::release_notices::{NoticeKind, store as notices};
use crate::db::ScopedTx;
use crate::exchange::detainer::request::Complaints;
use crate::exchange::detainer::{IllegalTransition, Paper, Status};
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::log::{self, Event, leaf};
use crate::policy::{Act, Assessment};
use crate::types::Timestamp;
use crate::types::ids::{HoldId, NotificationId, salt};

/// `POST …/hold`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// When the local basis of custody ends or ended: the clock starts there.
    pub otherwise_releasable_at: Timestamp,
    pub authority: Authority,
    /// Told to the office as a notification about the hold; not told by default.
    pub tell_office: Option<bool>,
}

/// What the hold rests on.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    pub kind: AuthorityKind,
    /// Number or section of it.
    pub reference: String,
}

/// A hold can be recorded this long before it begins, so that a night shift need not.
const DAYS_AHEAD: i64 = 30;

impl HoldRequest {
    pub fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        complaints.text("/authority/reference", &self.authority.reference, 200);
        let at = self.otherwise_releasable_at;
        if at > now + chrono::Duration::days(DAYS_AHEAD) || at.timestamp() < 631_152_000 {
            complaints.add(
                "/otherwise_releasable_at",
                "range",
                format!(
                    "otherwise_releasable_at must lie between 1990 and {DAYS_AHEAD} days ahead."
                ),
            );
        }
        complaints.finish()
    }
}

/// Starts a hold. The case file is locked by the caller. A hold that tells nothing writes and
/// locks nothing of the table between the sides: a cancellation that commits meanwhile is carried
/// here by its reader, which ends the hold.
#[tracing::instrument(name = "holds.start", skip_all, fields(detainer.id = %case.id))]
pub async fn start(
    tx: &mut ScopedTx<'_>,
    app: &App,
    mut case: CaseFile,
    request: &HoldRequest,
) -> Result<Hold, Problem> {
    let now = app.clock.now();
    // In a later statement than the case file's lock: a cancellation that came first is seen.
    let paper = papers::get(tx, &app.vault, case.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let assessed = assessments::of_case(tx, app, &case, &paper, now).await?;
    may_start(&case, &paper, &assessed)?;
    not_extended(tx, &case).await?;
    let tells = request.tell_office.unwrap_or(false);
    if tells {
        case.must_have_crossed("telling of the hold")
            .map_err(Problem::illegal_transition)?;
        assessments::must_allow(&case, Act::NotifyRelease, &assessed)?;
    }
    after_booking(tx, &case, request).await?;

    let starts = Starts {
        otherwise_releasable_at: request.otherwise_releasable_at,
        papers_received_at: paper.received_at,
        recorded_at: now,
    };
    let zone = tx
        .actor()
        .agency
        .as_ref()
        .and_then(|agency| agency.time_zone.parse().ok())
        .unwrap_or(chrono_tz::UTC);
    let deadlines = model::count(&starts, zone, model::form(&paper), assessed.clock.as_ref())
        .map_err(|error| {
            Problem::field("/otherwise_releasable_at", "calendar", error.to_string())
        })?;
    let governing = deadlines[0].clone();
    // Recorded late, a hold may be over: it is recorded with its end, and never runs.
    let over = governing.deadline.deadline_at <= now;
    let by = tx.actor().name.clone();
    let mut hold = Hold {
        id: HoldId::new(now).as_uuid(),
        detainer_id: case.id.as_uuid(),
        started_at: request.otherwise_releasable_at,
        deadline_at: governing.deadline.deadline_at,
        basis: governing.deadline.basis.to_string(),
        rule: governing.rule,
        working: serde_json::to_value(&governing.deadline.working).unwrap_or_default(),
        deadlines: serde_json::to_value(&deadlines).unwrap_or_default(),
        authority_kind: request.authority.kind.to_string(),
        authority_reference: request.authority.reference.clone(),
        assessment: serde_json::to_value(&assessed.hold_past_release).unwrap_or_default(),
        notification_id: None,
        started_by: by.clone(),
        salt: salt(),
        recorded_at: now,
        ended_at: over.then_some(governing.deadline.deadline_at),
        end_reason: over.then(|| EndReason::Expired.to_string()),
        ended_by: over.then_some(by),
        end_recorded_at: over.then_some(now),
    };
    // What crosses gets its id at that moment.
    let told = tells.then(|| NotificationId::new(now));
    hold.notification_id = told.map(NotificationId::as_uuid);
    store::insert(tx, &hold).await?;
    if !over {
        let marks = super::model::marks(hold.deadline_at, now);
        store::insert_alerts(tx, case.id, hold.id, &marks).await?;
        case.hold_deadline_at = Some(hold.deadline_at);
        case_file::save(tx, &case).await?;
    }
    let mut events = vec![started(tx, &hold, now)];
    if let (true, Some(ended_at)) = (over, hold.ended_at) {
        events.push(end::ended(
            tx,
            &hold,
            ended_at,
            EndReason::Expired.as_str(),
            now,
        ));
    }
    if let Some(id) = told {
        events.push(tell::of_hold(tx, &case, &hold, id, now).await?);
    }
    log::append(tx, events).await?;
    Ok(hold)
}

fn started(tx: &ScopedTx<'_>, hold: &Hold, now: Timestamp) -> Event {
    let row = (&hold.authority_reference, &hold.started_by);
    Event::new("hold.started", now, tx.actor())
        .detainer(hold.detainer_id.into())
        .subject("hold", hold.id)
        .instant("started_at", hold.started_at)
        .instant("deadline_at", hold.deadline_at)
        .data("basis", hold.basis.as_str())
        .data("rule", hold.rule.as_str())
        .data("authority", hold.authority_kind.as_str())
        .data("row_hash", leaf::row_hash(&hold.salt, &row))
}

/// May a hold start on this request now? For the command, and for the page that offers it.
///
/// # Errors
/// The first thing that stands in the way, in the order of the contract.
pub fn may_start(case: &CaseFile, paper: &Paper, assessed: &Assessment) -> Result<(), Problem> {
    may_begin(case, paper)?;
    assessments::must_allow(case, Act::HoldPastRelease, assessed)?;
    may_run(case, paper)
}

/// What the paper and the service of it must give, and that no claim is open.
fn may_begin(case: &CaseFile, paper: &Paper) -> Result<(), Problem> {
    if paper.form.is_notice_only() {
        return Err(Problem::new(
            Slug::NoticeOnlyForm,
            format!(
                "{} asks only for notice: it neither asks for nor authorises a hold.",
                paper.form
            ),
        ));
    }
    if !paper.asks.hold {
        return Err(Problem::illegal_transition(
            "This request does not ask for a hold, so none can start on it.",
        ));
    }
    if case.served_at.is_none() {
        return Err(Problem::new(
            Slug::NotServed,
            "The person has not been served a copy of the request. Record the service first.",
        ));
    }
    assessments::must_have_no_claim(case, Act::HoldPastRelease)
}

/// Only one hold runs, on a person who is here, on a request that stands.
fn may_run(case: &CaseFile, paper: &Paper) -> Result<(), Problem> {
    let refuse = |state: &str, mend| {
        Err(Problem::illegal_transition(IllegalTransition {
            action: "hold",
            state: state.to_owned(),
            mend,
        }))
    };
    if case.hold_deadline_at.is_some() {
        return refuse("on hold", "a hold runs already, and nobody can extend it");
    }
    // The paper may be cancelled before its reader has told the case file.
    if paper.cancelled_at.is_some() || case.status == Status::Cancelled {
        return refuse(
            "cancelled",
            "the office has withdrawn it, so nothing is held under it",
        );
    }
    if case.released_at.is_some() || case.handed_over_at.is_some() {
        return refuse("over", "the person has left this custody");
    }
    case.must_be_pending("hold")
        .map_err(Problem::illegal_transition)
}

/// A request gives one hold, and its clock cannot be wound again: another only for a person who
/// had left and was brought back.
pub async fn not_extended(tx: &mut ScopedTx<'_>, case: &CaseFile) -> Result<(), Problem> {
    let Some(ended_at) = store::of_detainer(tx, case.id)
        .await?
        .iter()
        .filter_map(|hold| hold.ended_at)
        .max()
    else {
        return Ok(());
    };
    let came_back = match case.booking {
        None => false,
        Some(booking) => notices::of_booking(tx, booking.as_uuid())
            .await?
            .iter()
            .any(|notice| notice.kind() == NoticeKind::Returned && notice.effective_at >= ended_at),
    };
    if came_back {
        return Ok(());
    }
    Err(Problem::illegal_transition(IllegalTransition {
        action: "hold",
        state: "held before".to_owned(),
        mend: "a hold on this request has ended, and nobody can extend it by starting another",
    }))
}

/// Nobody was releasable before they were booked.
async fn after_booking(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    request: &HoldRequest,
) -> Result<(), Problem> {
    let Some(booking) = case.booking else {
        return Ok(());
    };
    let booked_at = bookings::store::by_id(tx, booking.as_uuid())
        .await?
        .and_then(|booking| booking.booked_at);
    if booked_at.is_some_and(|booked| request.otherwise_releasable_at < booked) {
        return Err(Problem::field(
            "/otherwise_releasable_at",
            "before_booking",
            "otherwise_releasable_at lies before the booking.",
        ));
    }
    Ok(())
}
