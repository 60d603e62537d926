//! The custodian's statement that it handed a person over: known to both sides. What happened can
//! be recorded whatever became of the request: also when it is closed, and when the office has
//! cancelled it, as offices do because they have the person (lift reason `booked_into_detention`).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::app::App;
use crate::custodian::detainers::case_file::Origin;
use crate::custodian::detainers::typed::crossing;
use crate::custodian::detainers::{CaseFile, case_file};
use crate::custodian::holds::EndReason;
use crate::custodian::holds::end::end_running;
use crate::custodian::outcomes;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer;
use crate::exchange::handover::{
    self, HandoverBody, HandoverRequest, HandoverSide, HandoverState, NewHandover,
};
use crate::http::{Caller, Id, Once, Problem, Tagged};
use crate::identity::Custodian;
use crate::log::{self, Event, leaf};
use crate::types::Role;
use crate::types::ids::{DetainerId, HandoverId, salt};

/// `GET …/handover`: both statements; the office's alone waits for the custodian's.
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
    let statements = handover::of_detainer(&mut tx, id).await?;
    tx.rollback().await?;
    let body = handover::list(&statements, HandoverSide::Custodian);
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// `POST …/handover` on the custodian's side.
pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    once: Once<HandoverRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        stated(tx, &app, id, request).await
    })
    .await
}

/// Records the hand-over, for API and page alike.
pub async fn stated(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<HandoverRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let request = request?;
    request.check(app.clock.now())?;
    let body = state(tx, app, case, &request).await?;
    Ok(Tagged::created(
        &body,
        format!("/v1/detainers/{id}/handover"),
    ))
}

/// States the hand-over: tells the office, ends a hold that runs, and lets an outcome cross that
/// was kept back until now.
#[tracing::instrument(name = "handovers.state", skip_all, fields(detainer.id = %case.id))]
pub async fn state(
    tx: &mut ScopedTx<'_>,
    app: &App,
    mut case: CaseFile,
    request: &HandoverRequest,
) -> Result<HandoverBody, Problem> {
    let now = app.clock.now();
    may_state(&case)?;
    let mut events = Vec::new();
    if case.crossed_at.is_none() {
        // The office learns of the move by this act, and sees the copy from here on.
        events = crossing::cross_copy(tx, app, &mut case).await?;
    }
    case.handed_over_at = Some(request.taken_at);
    events.extend(end_running(tx, &mut case, EndReason::HandedOver, request.taken_at, now).await?);
    case_file::save(tx, &case).await?;

    // The paper's lock comes last. Cancelled or not: the office took the person.
    detainer::store::lock(tx, case.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let (salt, by) = (salt(), tx.actor().name.clone());
    let new = NewHandover {
        id: HandoverId::new(now),
        agency_id: tx.agency_id(),
        office_id: case.office_id,
        detainer: case.id,
        side: HandoverSide::Custodian,
        request,
        by: &by,
        salt: &salt,
        at: now,
    };
    let own = handover::insert(tx, &new).await?.ok_or_else(|| {
        Problem::illegal_transition("This agency has stated its hand-over already: once each.")
    })?;
    detainer::store::set_handed_over(tx, case.id, request.taken_at).await?;
    let statements = handover::of_detainer(tx, case.id).await?;
    let other = statements
        .iter()
        .find(|statement| statement.side == HandoverSide::Office);
    let body = HandoverBody::new(&own, other);
    let row = (
        &request.officer,
        &request.i203_reference,
        &request.place,
        &by,
    );
    let event = |kind| {
        Event::new(kind, now, tx.actor())
            .also_for_office(case.office_id)
            .detainer(case.id)
            .subject("handover", own.id.as_uuid())
            .data("side", HandoverSide::Custodian.as_str())
            .data("state", body.state.as_str())
            .instant("taken_at", own.taken_at)
    };
    events.push(event("handover.stated").data("row_hash", leaf::row_hash(&salt, &row)));
    if body.state == HandoverState::Confirmed {
        events.push(event("handover.confirmed"));
    }
    events.extend(outcomes::cross_kept_back(tx, &case, now).await?);
    log::append(tx, events).await?;
    Ok(body)
}

/// Can this agency state its hand-over now? For the command, and for the page that offers it.
///
/// # Errors
/// When it has, or when the office knows of no paper that it could be stated on.
pub fn may_state(case: &CaseFile) -> Result<(), Problem> {
    if case.handed_over_at.is_some() {
        return Err(Problem::illegal_transition(
            "This agency has stated its hand-over already: once each.",
        ));
    }
    let may = match (case.crossed_at, case.origin) {
        (None, Origin::Relay) => case.must_be_pending("hand-over of a relayed copy"),
        _ => case.must_have_crossed("hand-over"),
    };
    may.map_err(Problem::illegal_transition)
}
