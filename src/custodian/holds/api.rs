//! `…/hold`: the custodian's side only.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::end::{EndRequest, end};
use super::start::{HoldRequest, start};
use super::store::{self, Hold};
use crate::app::App;
use crate::custodian::detainers::{api as detainers, case_file};
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::http::{Caller, Id, Once, Problem, Tagged};
use crate::identity::Custodian;
use crate::types::ids::DetainerId;
use crate::types::{Role, Timestamp};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HoldBody {
    pub id: Uuid,
    pub detainer: Uuid,
    /// When the person was otherwise releasable.
    pub started_at: Timestamp,
    /// The governing deadline, the earliest of those that apply. Nobody can extend it.
    pub deadline_at: Timestamp,
    pub basis: String,
    pub rule: String,
    /// How the governing deadline was counted.
    #[schema(value_type = Vec<Object>)]
    pub working: Value,
    /// Every deadline that applies with its working, the governing one first; the others are
    /// information.
    #[schema(value_type = Vec<Object>)]
    pub deadlines: Value,
    #[schema(value_type = Object)]
    pub authority: Value,
    pub started_by: String,
    /// The notification that told the office, if it was told.
    pub notification: Option<Uuid>,
    pub ended_at: Option<Timestamp>,
    /// `expired`, `cancelled`, `released`, `handed_over`, or a reviewer's own words.
    pub end_reason: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct HoldList {
    pub items: Vec<HoldBody>,
    pub next: Option<String>,
}

impl From<Hold> for HoldBody {
    fn from(hold: Hold) -> Self {
        Self {
            id: hold.id,
            detainer: hold.detainer_id,
            started_at: hold.started_at,
            deadline_at: hold.deadline_at,
            basis: hold.basis,
            rule: hold.rule,
            working: hold.working,
            deadlines: hold.deadlines,
            authority: serde_json::json!({
                "kind": hold.authority_kind, "reference": hold.authority_reference,
            }),
            started_by: hold.started_by,
            notification: hold.notification_id,
            ended_at: hold.ended_at,
            end_reason: hold.end_reason,
        }
    }
}

/// `GET …/hold`: the holds of a request, oldest first.
pub async fn get_list(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    case_file::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let items = store::of_detainer(&mut tx, id).await?;
    tx.rollback().await?;
    let items = items.into_iter().map(HoldBody::from).collect();
    Ok(Tagged::ok(&HoldList { items, next: None }).unless_known(&headers))
}

/// `POST …/hold`
pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    once: Once<HoldRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        started(tx, &app, id, request).await
    })
    .await
}

/// Starts a hold, for API and page alike.
pub async fn started(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<HoldRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let request = request?;
    request.check(app.clock.now())?;
    let hold = start(tx, app, case, &request).await?;
    let location = format!("/v1/detainers/{id}/hold");
    Ok(Tagged::created(&HoldBody::from(hold), location))
}

/// `POST …/hold/end`
pub async fn post_end(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    once: Once<EndRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        ended(tx, &app, id, request).await
    })
    .await
}

/// Ends the hold that runs, for API and page alike.
pub async fn ended(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<EndRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let request = request?;
    request.check(app.clock.now())?;
    end(tx, app, case, &request).await?;
    Ok(Tagged::ok(&detainers::body(tx, app, id).await?))
}
