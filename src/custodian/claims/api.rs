//! `…/citizenship-claims`: the custodian's side only.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use uuid::Uuid;

use super::make::{ClaimRequest, make};
use super::resolve::{ResolutionRequest, resolve};
use super::store::{self, Claim};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::detainers::{api as detainers, case_file};
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::http::once::read_json;
use crate::http::path::Ids;
use crate::http::problem::Slug;
use crate::http::{Caller, Id, Once, Problem, Tagged, etag};
use crate::identity::Custodian;
use crate::types::Timestamp;
use crate::types::ids::{ClaimId, DetainerId};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClaimBody {
    pub id: Uuid,
    pub detainer: Uuid,
    pub kind: String,
    pub claimed_at: Timestamp,
    pub proof: Option<String>,
    pub recorded_at: Timestamp,
    pub recorded_by: String,
    /// Null while the claim is open.
    pub result: Option<String>,
    pub resolved_at: Option<Timestamp>,
    pub source: Option<String>,
    pub resolved_by: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ClaimList {
    pub items: Vec<ClaimBody>,
    pub next: Option<String>,
}

impl From<Claim> for ClaimBody {
    fn from(claim: Claim) -> Self {
        Self {
            id: claim.id,
            detainer: claim.detainer_id,
            kind: claim.kind,
            claimed_at: claim.claimed_at,
            proof: claim.proof,
            recorded_at: claim.recorded_at,
            recorded_by: claim.recorded_by,
            result: claim.result,
            resolved_at: claim.resolved_at,
            source: claim.source,
            resolved_by: claim.settled_by,
        }
    }
}

/// `GET …/citizenship-claims`
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
    let items = items.into_iter().map(ClaimBody::from).collect();
    Ok(Tagged::ok(&ClaimList { items, next: None }).unless_known(&headers))
}

/// `POST …/citizenship-claims`
pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    once: Once<ClaimRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        made(tx, &app, id, request).await
    })
    .await
}

/// Records a claim, for API and page alike.
pub async fn made(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<ClaimRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(DESK)?;
    let request = request?;
    request.check(app.clock.now())?;
    let claim = make(tx, app, case, &request).await?;
    let location = format!("/v1/detainers/{id}/citizenship-claims");
    Ok(Tagged::created(&ClaimBody::from(claim), location))
}

/// `PATCH …/citizenship-claims/{claim}`, under the ETag of the detainer.
pub async fn patch(
    State(app): State<App>,
    caller: Custodian,
    Ids(id, claim): Ids<DetainerId, ClaimId>,
    request: Request,
) -> Result<Response, Problem> {
    let (headers, request) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    let answer = resolved(&mut tx, &app, id, claim, &headers, request).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(answer.into_response())
}

/// Settles a claim under the precondition, for API and page alike.
pub async fn resolved(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    claim: ClaimId,
    headers: &HeaderMap,
    request: Result<ResolutionRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let known = store::of_detainer(tx, id).await?;
    if !known.iter().any(|known| known.id == claim.as_uuid()) {
        return Err(Problem::not_found());
    }
    tx.require(DESK)?;
    // A wrong media type comes before the precondition, a wrong value after it.
    let request = match request {
        Err(problem) if problem.slug == Slug::UnsupportedMediaType => return Err(problem),
        other => other,
    };
    let seen = detainers::body(tx, app, id).await?;
    etag::require_match(headers, &Tagged::ok(&seen).etag())?;
    let request = request?;
    request.check(app.clock.now())?;
    let resolved = resolve(tx, app, case, claim.as_uuid(), &request).await?;
    Ok(Tagged::ok(&ClaimBody::from(resolved)))
}
