//! `/v1/detainers` on the office's side.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::cancel::{CancellationRequest, cancel, cancel_many};
use super::issue::{Issued, issue};
use super::pending;
use crate::app::App;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::body::DetainerList;
use crate::exchange::detainer::filter::DetainerQuery;
use crate::exchange::detainer::request::DetainerRequest;
use crate::exchange::detainer::{DetainerBody, LiftReason, store};
use crate::http::problem::ItemProblem;
use crate::http::{Caller, Id, Once, Problem, Query, Tagged};
use crate::identity::Liaison;
use crate::log::read::{self, EventBody};
use crate::types::ids::DetainerId;

#[derive(Serialize)]
struct Timeline {
    items: Vec<EventBody>,
    next: Option<String>,
}

/// `POST /v1/detainers`
pub async fn post(
    State(app): State<App>,
    caller: Liaison,
    once: Once<DetainerRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        issued(tx, &app, request).await
    })
    .await
}

/// Lodges a request, for API and page alike.
pub async fn issued(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: Result<DetainerRequest, Problem>,
) -> Result<Tagged, Problem> {
    let now = app.clock.now();
    Ok(match issue(tx, app, request?).await? {
        Issued::New(paper) => Tagged::created(
            &DetainerBody::for_office(&paper, now),
            format!("/v1/detainers/{}", paper.id),
        ),
        Issued::Cancelled(paper) => Tagged::ok(&DetainerBody::for_office(&paper, now)),
    })
}

/// `GET /v1/detainers`
pub async fn get_list(
    State(app): State<App>,
    caller: Liaison,
    Query(query): Query<DetainerQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let filter = query.read(&mut tx, &app).await?;
    let (papers, next) = pending::page(&mut tx, &app, &filter).await?;
    tx.rollback().await?;
    let now = app.clock.now();
    let next = filter.write_cursor(&app, next);
    let items = papers
        .iter()
        .map(|paper| DetainerBody::for_office(paper, now))
        .collect();
    let body = DetainerList {
        items,
        next: next.clone(),
    };
    Ok(Tagged::page(&format!("/v1/detainers{}", query.path()), &body, next).unless_known(&headers))
}

/// The representation now, in the caller's transaction.
pub async fn body(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
) -> Result<DetainerBody, Problem> {
    let paper = store::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(DetainerBody::for_office(&paper, app.clock.now()))
}

/// `GET /v1/detainers/{id}`
pub async fn get(
    State(app): State<App>,
    caller: Liaison,
    Id(id): Id<DetainerId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let body = body(&mut tx, &app, id).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// `GET /v1/detainers/{id}/timeline`: the office's stream, which may trail by some milliseconds.
pub async fn timeline(
    State(app): State<App>,
    caller: Liaison,
    Id(id): Id<DetainerId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    store::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let items = read::timeline(&mut tx, id).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&Timeline { items, next: None }).unless_known(&headers))
}

/// `POST …/cancellation`
pub async fn post_cancellation(
    State(app): State<App>,
    caller: Liaison,
    Id(id): Id<DetainerId>,
    once: Once<CancellationRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        cancelled(tx, &app, id, request).await
    })
    .await
}

/// Cancels a request, for API and page alike.
pub async fn cancelled(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<CancellationRequest, Problem>,
) -> Result<Tagged, Problem> {
    store::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let paper = cancel(tx, app, id, request?).await?;
    Ok(Tagged::ok(&DetainerBody::for_office(
        &paper,
        app.clock.now(),
    )))
}

/// The most requests that one call cancels.
const MOST_AT_ONCE: usize = 200;

/// `POST /v1/detainers:cancel`
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkCancellationRequest {
    /// At most 200.
    #[schema(min_items = 1, max_items = 200)]
    pub detainers: Vec<DetainerId>,
    pub reason: String,
    /// Null = unknown.
    pub lift_reason: Option<LiftReason>,
    pub cancelled_on: NaiveDate,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct BulkCancellation {
    /// In the order of the request.
    pub items: Vec<BulkCancellationItem>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct BulkCancellationItem {
    pub detainer: DetainerId,
    /// The HTTP status that this one would have had by itself.
    pub status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ItemProblem>,
}

pub async fn post_cancel(
    State(app): State<App>,
    caller: Liaison,
    once: Once<BulkCancellationRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        cancelled_many(tx, &app, request?).await
    })
    .await
}

/// Cancels many requests, for API and page alike.
pub async fn cancelled_many(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: BulkCancellationRequest,
) -> Result<Tagged, Problem> {
    let ids = request.detainers;
    if ids.is_empty() || ids.len() > MOST_AT_ONCE {
        return Err(Problem::field(
            "/detainers",
            "length",
            format!("One call cancels 1 to {MOST_AT_ONCE} requests; split a longer list."),
        ));
    }
    let request = CancellationRequest {
        reason: request.reason,
        lift_reason: request.lift_reason,
        cancelled_on: request.cancelled_on,
    };
    let results = cancel_many(tx, app, &ids, &request).await?;
    let items = ids
        .into_iter()
        .zip(results)
        .map(|(detainer, result)| match result {
            Ok(_) => BulkCancellationItem {
                detainer,
                status: 200,
                problem: None,
            },
            Err(problem) => BulkCancellationItem {
                detainer,
                status: problem.slug.status().as_u16(),
                problem: Some(ItemProblem::from(problem)),
            },
        })
        .collect();
    Ok(Tagged::ok(&BulkCancellation { items }))
}
