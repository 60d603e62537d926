//! The office's statement that it took a person. It is the office's word: it waits for the
//! custodian's, moves no status and opens nothing.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::store;
use crate::exchange::handover::{
    self, HandoverBody, HandoverRequest, HandoverSide, HandoverState, NewHandover,
};
use crate::http::{Caller, Id, Once, Problem, Tagged};
use crate::identity::Liaison;
use crate::log::{self, Event, leaf};
use crate::types::ids::{DetainerId, HandoverId, salt};

/// `GET …/handover`: both statements, as far as they have been made to this side.
pub async fn get_list(
    State(app): State<App>,
    caller: Liaison,
    Id(id): Id<DetainerId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    store::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let statements = handover::of_detainer(&mut tx, id).await?;
    tx.rollback().await?;
    let body = handover::list(&statements, HandoverSide::Office);
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// `POST …/handover` on the office's side.
pub async fn post(
    State(app): State<App>,
    caller: Liaison,
    Id(id): Id<DetainerId>,
    once: Once<HandoverRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        stated(tx, &app, id, request).await
    })
    .await
}

/// Records the office's statement, for API and page alike. A cancelled request takes it too: an
/// office often lifts a request because it has the person.
pub async fn stated(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<HandoverRequest, Problem>,
) -> Result<Tagged, Problem> {
    store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    let paper = store::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let request = request?;
    let now = app.clock.now();
    request.check(now)?;
    let (salt, by) = (salt(), tx.actor().name.clone());
    let new = NewHandover {
        id: HandoverId::new(now),
        agency_id: paper.agency_id,
        office_id: paper.office_id,
        detainer: id,
        side: HandoverSide::Office,
        request: &request,
        by: &by,
        salt: &salt,
        at: now,
    };
    let own = handover::insert(tx, &new).await?.ok_or_else(|| {
        Problem::illegal_transition("This office has stated its hand-over already: once each.")
    })?;
    let statements = handover::of_detainer(tx, id).await?;
    let other = statements
        .iter()
        .find(|statement| statement.side == HandoverSide::Custodian);
    let body = HandoverBody::new(&own, other);
    let row = (
        &request.officer,
        &request.i203_reference,
        &request.place,
        &by,
    );
    let event = |kind| {
        Event::new(kind, now, tx.actor())
            .also_for_agency(paper.agency_id)
            .detainer(id)
            .subject("handover", own.id.as_uuid())
            .data("side", HandoverSide::Office.as_str())
            .data("state", body.state.as_str())
            .instant("taken_at", own.taken_at)
    };
    let mut events = vec![event("handover.stated").data("row_hash", leaf::row_hash(&salt, &row))];
    if body.state == HandoverState::Confirmed {
        events.push(event("handover.confirmed"));
    }
    log::append(tx, events).await?;
    Ok(Tagged::created(
        &body,
        format!("/v1/detainers/{id}/handover"),
    ))
}
