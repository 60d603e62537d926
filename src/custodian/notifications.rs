//! What this agency told the offices: the same records, read from the custodian's side.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::request::Complaints;
use crate::exchange::notification::page::{NotificationQuery, page};
use crate::exchange::notification::store::{NewAttempt, insert_attempt, set_reached};
use crate::exchange::notification::{
    self, AttemptBody, AttemptChannel, AttemptResult, NotificationBody,
};
use crate::http::{Caller, Id, Once, Problem, Query, Tagged};
use crate::identity::Custodian;
use crate::log::{self, Event, leaf};
use crate::registry::offices;
use crate::types::Timestamp;
use crate::types::ids::{self, DetainerId, NotificationId};

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

/// `POST /v1/notifications/{id}/attempts`: a notice given by telephone, fax, e-mail or in person.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"channel": "phone", "at": "2026-11-24T10:00:00-08:00", "to": "Duty officer", "by": "Clerk Example", "result": "reached"}))]
pub struct AttemptRequest {
    pub channel: AttemptChannel,
    pub at: Timestamp,
    /// Who was spoken to, or the number.
    pub to: String,
    pub by: String,
    pub result: AttemptResult,
}

impl AttemptRequest {
    fn check(&self, told_at: Timestamp, now: Timestamp) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        complaints.text("/to", &self.to, 200);
        complaints.text("/by", &self.by, 200);
        // A minute's grace for two clocks.
        let grace = chrono::Duration::minutes(5);
        if self.at > now + grace || self.at < told_at - grace {
            complaints.add(
                "/at",
                "range",
                "at must lie between the notification and now: what was said before a decision is no attempt at it.",
            );
        }
        complaints.finish()
    }
}

pub async fn post_attempt(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<NotificationId>,
    once: Once<AttemptRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        attempted(tx, &app, id, request).await
    })
    .await
}

/// Records an attempt, for API and page alike. Both sides see it: it is about telling. Reaching
/// somebody delivers; only the office itself acknowledges.
pub async fn attempted(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: NotificationId,
    request: Result<AttemptRequest, Problem>,
) -> Result<Tagged, Problem> {
    let now = app.clock.now();
    let told = notification::get(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(DESK)?;
    let request = request?;
    request.check(told.told_at, now)?;
    let body = AttemptBody {
        id: ids::new_v7(now),
        channel: request.channel,
        at: request.at,
        to: request.to,
        by: request.by,
        result: request.result,
        recorded_at: now,
    };
    let salt = ids::salt();
    let new = NewAttempt {
        office_id: told.office_id,
        notification: id,
        body: &body,
        salt: &salt,
    };
    insert_attempt(tx, &new).await?;
    if body.result == AttemptResult::Reached {
        let connected = offices::by_id(tx.conn(), told.office_id)
            .await?
            .is_some_and(|office| office.connected);
        set_reached(tx, id, body.at, !connected).await?;
    }
    let event = Event::new("notification.attempted", now, tx.actor())
        .also_for_office(told.office_id)
        .detainer(DetainerId::from(told.detainer_id))
        .subject("notification", id.as_uuid())
        .data("channel", body.channel.as_str())
        .data("result", body.result.as_str())
        .instant("at", body.at)
        .data("row_hash", leaf::row_hash(&salt, &(&body.to, &body.by)));
    log::append(tx, vec![event]).await?;
    Ok(Tagged::created(&body, format!("/v1/notifications/{id}")))
}
