//! What this office was told, and its word that it has read it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::request::Complaints;
use crate::exchange::notification::page::{NotificationQuery, page};
use crate::exchange::notification::{self, NotificationBody};
use crate::http::{Caller, Id, Once, Problem, Query, Tagged};
use crate::identity::Liaison;
use crate::log::{self, Event};
use crate::types::ids::{DetainerId, NotificationId};

/// `GET /v1/notifications`
pub async fn get_list(
    State(app): State<App>,
    caller: Liaison,
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
    caller: Liaison,
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

/// `POST /v1/notifications/{id}/acknowledgement`
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"by": "L. Liaison"}))]
pub struct ReceiptRequest {
    /// The officer's name.
    pub by: String,
}

pub async fn post_acknowledgement(
    State(app): State<App>,
    caller: Liaison,
    Id(id): Id<NotificationId>,
    once: Once<ReceiptRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        acknowledged(tx, &app, id, request).await
    })
    .await
}

/// Confirms that a notice was read, for API and page alike.
pub async fn acknowledged(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: NotificationId,
    request: Result<ReceiptRequest, Problem>,
) -> Result<Tagged, Problem> {
    notification::get(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let request = request?;
    let mut complaints = Complaints::default();
    complaints.text("/by", &request.by, 200);
    complaints.finish()?;
    let told = acknowledge(tx, app, id, &request.by).await?;
    Ok(Tagged::ok(&told))
}

/// Only this is "acknowledged".
#[tracing::instrument(name = "notifications.acknowledge", skip_all, fields(notification.id = %id))]
pub async fn acknowledge(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: NotificationId,
    by: &str,
) -> Result<NotificationBody, Problem> {
    let now = app.clock.now();
    if !notification::set_acknowledged(tx, id, now, by).await? {
        return Err(Problem::illegal_transition(
            "This notification has been acknowledged already.",
        ));
    }
    let row = notification::get(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let event = Event::new("notification.acknowledged", now, tx.actor())
        .also_for_agency(row.agency_id)
        .detainer(DetainerId::from(row.detainer_id))
        .subject("notification", id.as_uuid());
    log::append(tx, vec![event]).await?;
    Ok(row.into())
}
