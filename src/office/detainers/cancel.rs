//! Withdrawing requests: judged on what the office sees, whatever the jail's side has become.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::app::App;
use crate::db::ScopedTx;
use crate::exchange::detainer::request::Complaints;
use crate::exchange::detainer::{Form, LiftReason, Paper, related, store};
use crate::http::Problem;
use crate::log::{self, Event};
use crate::types::Timestamp;
use crate::types::ids::DetainerId;

/// `POST …/cancellation`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Lodged in error.", "lift_reason": "entered_in_error", "cancelled_on": "2025-11-21"}))]
pub struct CancellationRequest {
    pub reason: String,
    /// Null = unknown.
    pub lift_reason: Option<LiftReason>,
    pub cancelled_on: NaiveDate,
}

impl CancellationRequest {
    /// # Errors
    /// 422 for a missing reason or a date outside 1990 to today.
    pub fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        complaints.text("/reason", &self.reason, 1000);
        let today = now.date_naive();
        let earliest = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap_or_default();
        // A day's grace: the date is of the office's zone.
        if self.cancelled_on > today.succ_opt().unwrap_or(today) || self.cancelled_on < earliest {
            complaints.add(
                "/cancelled_on",
                "range",
                "cancelled_on must lie between 1990 and today.",
            );
        }
        complaints.finish()
    }
}

/// The cancellation that a form with `cancels_issued_on` is.
pub fn by_form(form: Form, issued_on: NaiveDate) -> CancellationRequest {
    CancellationRequest {
        reason: format!("Cancelled by {form} of {issued_on}."),
        lift_reason: None,
        cancelled_on: issued_on,
    }
}

/// Cancels one request, and the copies of it that the office has been told of.
#[tracing::instrument(name = "detainers.cancel", skip_all, fields(detainer.id = %id))]
pub async fn cancel(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: CancellationRequest,
) -> Result<Paper, Problem> {
    request.check(app.clock.now())?;
    let (paper, events) = withdraw(tx, app, id, &request).await?;
    log::append(tx, events).await?;
    Ok(paper)
}

/// Cancels many, each judged by itself: what one is refused for stops no other.
#[tracing::instrument(name = "detainers.cancel_many", skip_all, fields(count = ids.len()))]
pub async fn cancel_many(
    tx: &mut ScopedTx<'_>,
    app: &App,
    ids: &[DetainerId],
    request: &CancellationRequest,
) -> Result<Vec<Result<Paper, Problem>>, Problem> {
    request.check(app.clock.now())?;
    // In the order of the ids, so that two of these cannot wait for each other.
    let mut ordered = ids.to_vec();
    ordered.sort_unstable();
    ordered.dedup();
    for id in &ordered {
        store::lock(tx, *id).await?;
    }
    let mut results = Vec::with_capacity(ids.len());
    let mut events = Vec::new();
    for id in ids {
        results.push(match withdraw(tx, app, *id, request).await {
            Ok((paper, more)) => {
                events.extend(more);
                Ok(paper)
            }
            Err(problem) if problem.slug.status().is_client_error() => Err(problem),
            Err(problem) => return Err(problem),
        });
    }
    log::append(tx, events).await?;
    Ok(results)
}

async fn withdraw(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: &CancellationRequest,
) -> Result<(Paper, Vec<Event>), Problem> {
    let now = app.clock.now();
    store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    let paper = store::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let mut withdrawn = vec![(id, paper.agency_id)];
    let paper = paper.cancel(now).map_err(Problem::illegal_transition)?;
    withdrawn.extend(related::pending_copies(tx, id).await?);
    let mut events = Vec::with_capacity(withdrawn.len());
    for (id, agency) in withdrawn {
        store::set_cancelled(
            tx,
            id,
            now,
            request.cancelled_on,
            &request.reason,
            request.lift_reason,
        )
        .await?;
        events.push(
            Event::new("detainer.cancelled", now, tx.actor())
                .also_for_agency(agency)
                .detainer(id)
                .data(
                    "lift_reason",
                    request.lift_reason.map(|reason| reason.to_string()),
                )
                .data("cancelled_on", request.cancelled_on.to_string()),
        );
    }
    let paper = Paper {
        lift_reason: request.lift_reason,
        cancel_reason: Some(request.reason.clone()),
        ..paper
    };
    Ok((paper, events))
}
