//! Withdrawing a request: judged on what the office sees, whatever the jail's side has become.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::app::App;
use crate::db::ScopedTx;
use crate::exchange::detainer::request::Complaints;
use crate::exchange::detainer::{LiftReason, Paper, store};
use crate::http::Problem;
use crate::log::{self, Event};
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

#[tracing::instrument(name = "detainers.cancel", skip_all, fields(detainer.id = %id))]
pub async fn cancel(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: CancellationRequest,
) -> Result<Paper, Problem> {
    let now = app.clock.now();
    let mut complaints = Complaints::default();
    complaints.text("/reason", &request.reason, 1000);
    let today = now.date_naive();
    if request.cancelled_on > today.succ_opt().unwrap_or(today)
        || request.cancelled_on.to_string().as_str() < "1990-01-01"
    {
        complaints.add(
            "/cancelled_on",
            "range",
            "cancelled_on must lie between 1990 and today.",
        );
    }
    complaints.finish()?;
    store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    let paper = store::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let agency_id = paper.agency_id;
    let paper = paper.cancel(now).map_err(Problem::illegal_transition)?;
    store::set_cancelled(
        tx,
        id,
        now,
        request.cancelled_on,
        &request.reason,
        request.lift_reason,
    )
    .await?;
    let event = Event::new("detainer.cancelled", now, tx.actor())
        .also_for_agency(agency_id)
        .detainer(id)
        .data(
            "lift_reason",
            request.lift_reason.map(|reason| reason.to_string()),
        )
        .data("cancelled_on", request.cancelled_on.to_string());
    log::append(tx, vec![event]).await?;
    Ok(Paper {
        lift_reason: request.lift_reason,
        cancel_reason: Some(request.reason),
        ..paper
    })
}
