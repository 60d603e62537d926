//! What this agency told the offices: the same records, read from the custodian's side.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::db::scope::Access;
use crate::exchange::notification::page::{NotificationQuery, page};
use crate::exchange::notification::{self, NotificationBody};
use crate::http::{Caller, Id, Problem, Query, Tagged};
use crate::identity::Custodian;
use crate::types::ids::NotificationId;

/// `GET /v1/notifications`
pub async fn get_list(
    State(app): State<App>,
    caller: Custodian,
    Query(query): Query<NotificationQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let answer = page(&mut tx, &app, &query).await?;
    tx.rollback().await?;
    Ok(answer.unless_known(&headers))
}

/// `GET /v1/notifications/{id}`
pub async fn get(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<NotificationId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let found = notification::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.rollback().await?;
    Ok(Tagged::ok(&NotificationBody::from(found)).unless_known(&headers))
}
