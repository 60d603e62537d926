//! Ending a hold: by a reviewer, by the course of things, or by its deadline. However it ends, it
//! never counts past the deadline.

use serde::Deserialize;

use super::store::{self, Hold};
use super::{EndReason, Mark};
use crate::app::App;
use crate::custodian::detainers::{CaseFile, case_file};
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::request::Complaints;
use crate::http::Problem;
use crate::log::{self, Event, leaf};
use crate::types::Timestamp;

/// `POST …/hold/end`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndRequest {
    pub ended_at: Timestamp,
    /// A word of the contract such as `released`, or the reviewer's own.
    pub reason: String,
}

impl EndRequest {
    pub fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        complaints.past("/ended_at", self.ended_at, now);
        complaints.text("/reason", &self.reason, 200);
        if self.reason == EndReason::Expired.as_str() {
            complaints.add(
                "/reason",
                "reserved",
                "A hold expires by itself at its deadline; nobody states it.",
            );
        }
        complaints.finish()
    }
}

/// A reviewer ends the hold. The case file is locked by the caller.
#[tracing::instrument(name = "holds.end", skip_all, fields(detainer.id = %case.id))]
pub async fn end(
    tx: &mut ScopedTx<'_>,
    app: &App,
    mut case: CaseFile,
    request: &EndRequest,
) -> Result<CaseFile, Problem> {
    let now = app.clock.now();
    let Some(hold) = store::running(tx, case.id).await? else {
        return Err(Problem::illegal_transition(
            "No hold runs on this request, so there is none to end.",
        ));
    };
    if request.ended_at > hold.deadline_at {
        return Err(Problem::field(
            "/ended_at",
            "past_deadline",
            format!(
                "This hold ends at {} by itself; nobody can extend it.",
                log::append::instant(hold.deadline_at)
            ),
        ));
    }
    // A hold that was recorded ahead can be called off before it begins.
    if request.ended_at < hold.started_at && hold.started_at <= now {
        return Err(Problem::field(
            "/ended_at",
            "before_start",
            "ended_at lies before the start of the hold.",
        ));
    }
    let events = finish(tx, &mut case, &hold, request.ended_at, &request.reason, now).await?;
    case_file::save(tx, &case).await?;
    log::append(tx, events).await?;
    Ok(case)
}

/// Ends the hold that runs, if one does, because of something else that happened: a cancellation,
/// a release, a hand-over, a new paper. The caller holds the case file's lock, saves it, and
/// appends the events. Where that came after the deadline, the hold had expired before.
pub async fn end_running(
    tx: &mut ScopedTx<'_>,
    case: &mut CaseFile,
    reason: EndReason,
    ended_at: Timestamp,
    now: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    if case.hold_deadline_at.is_none() {
        return Ok(Vec::new());
    }
    match store::running(tx, case.id).await? {
        None => Ok(Vec::new()),
        Some(hold) => finish(tx, case, &hold, ended_at, reason.as_str(), now).await,
    }
}

/// Records what the timer has for one request: the marks that are due, and the end at the
/// deadline. Idempotent under the case file's lock.
pub async fn due(
    tx: &mut ScopedTx<'_>,
    case: &mut CaseFile,
    now: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    match store::running(tx, case.id).await? {
        None => Ok(Vec::new()),
        Some(hold) if hold.deadline_at <= now => {
            let expired = EndReason::Expired.as_str();
            finish(tx, case, &hold, hold.deadline_at, expired, now).await
        }
        Some(hold) => alerts(tx, case, &hold, now, now).await,
    }
}

async fn finish(
    tx: &mut ScopedTx<'_>,
    case: &mut CaseFile,
    hold: &Hold,
    ended_at: Timestamp,
    reason: &str,
    now: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let (ended_at, reason) = if ended_at >= hold.deadline_at {
        (hold.deadline_at, EndReason::Expired.as_str())
    } else {
        (ended_at, reason)
    };
    let mut events = alerts(tx, case, hold, ended_at, now).await?;
    store::drop_alerts(tx, hold.id, now).await?;
    let by = tx.actor().name.clone();
    store::end(tx, hold.id, ended_at, reason, &by, now).await?;
    case.hold_deadline_at = None;
    events.push(ended(tx, hold, ended_at, reason, now));
    Ok(events)
}

/// `hold.ended`, for the agency alone.
pub fn ended(
    tx: &ScopedTx<'_>,
    hold: &Hold,
    ended_at: Timestamp,
    reason: &str,
    now: Timestamp,
) -> Event {
    // Words of a person's own are not codes.
    let code = EndReason::parse(reason).map_or("stated", EndReason::as_str);
    Event::new("hold.ended", now, tx.actor())
        .detainer(hold.detainer_id.into())
        .subject("hold", hold.id)
        .data("reason", code)
        .instant("ended_at", ended_at)
        .data("row_hash", leaf::row_hash(&hold.salt, &reason))
}

async fn alerts(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    hold: &Hold,
    until: Timestamp,
    now: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    let due = store::settle_due(tx, hold.id, until.min(now), now).await?;
    Ok(due
        .into_iter()
        .map(|(mark, due_at)| {
            Event::new("hold.alert", now, tx.actor())
                .detainer(case.id)
                .subject("hold", hold.id)
                .data("mark", Mark::parse(&mark).map_or("T", Mark::as_str))
                .instant("due_at", due_at)
                .instant("deadline_at", hold.deadline_at)
        })
        .collect())
}
