//! `/v1/detainers` on the office's side.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use super::cancel::{CancellationRequest, cancel};
use super::issue::issue;
use super::pending;
use crate::app::App;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::body::DetainerList;
use crate::exchange::detainer::filter::DetainerQuery;
use crate::exchange::detainer::request::DetainerRequest;
use crate::exchange::detainer::{DetainerBody, store};
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
    let paper = issue(tx, app, request?).await?;
    let location = format!("/v1/detainers/{}", paper.id);
    Ok(Tagged::created(
        &DetainerBody::for_office(&paper, app.clock.now()),
        location,
    ))
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
