//! The routes of a request's next steps, of duties and of an agency's settings.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;

use super::{Page, only};
use crate::app::App;
use crate::custodian::letters::LetterKind;
use crate::custodian::letters::api::{self as letters, LetterQuery};
use crate::custodian::pages as jail;
use crate::custodian::pages::matches::MatchesQuery;
use crate::custodian::pages::offenses::Listed;
use crate::dashboard::{Posted, Visitor};
use crate::http::path::Ids;
use crate::http::{Id, Query};
use crate::identity::callers::wrong_side;
use crate::office::pages as desk;
use crate::policy::Act;
use crate::types::Side;
use crate::types::ids::{ClaimId, DetainerId, DutyId, MatchId, NotificationId};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/detainers/{id}/hold", get(hold).post(start_hold))
        .route("/detainers/{id}/hold/end", get(hold_end).post(end_hold))
        .route(
            "/detainers/{id}/handover",
            get(handover).post(state_handover),
        )
        .route("/detainers/{id}/facts", get(facts).post(state_facts))
        .route("/detainers/{id}/what-if", get(what_if).post(ask_what_if))
        .route(
            "/detainers/{id}/facts/convictions",
            get(convictions).post(state_convictions),
        )
        .route(
            "/detainers/{id}/facts/charges",
            get(charges).post(state_charges),
        )
        .route(
            "/detainers/{id}/citizenship-claims",
            get(new_claim).post(make_claim),
        )
        .route(
            "/detainers/{id}/citizenship-claims/{claim}",
            get(claim).post(resolve_claim),
        )
        .route("/detainers/{id}/duties/{duty}", get(duty).post(state_duty))
        .route("/detainers/{id}/letters/{kind}", get(letter))
        .route("/detainers/{id}/booking", get(booking).post(link_by_hand))
        .route("/matches", get(matches))
        .route("/matches/{id}", get(one_match).post(decide_match))
        .route("/duties", get(duties))
        .route(
            "/notifications/{id}/attempts",
            get(attempt).post(record_attempt),
        )
        .route("/settings", get(settings))
        .route(
            "/settings/standing-decision",
            get(standing).post(decide_beforehand),
        )
        .route(
            "/settings/adopted-positions/{act}",
            get(position).post(adopt_position),
        )
}

async fn what_if(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::what_if::get(&app, &visitor, id).await
}

async fn ask_what_if(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::what_if::post(&app, posted, id).await
}

async fn hold(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::hold::get(&app, &visitor, id).await
}

async fn start_hold(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::hold::post(&app, posted, id).await
}

async fn hold_end(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::hold::get_end(&app, &visitor, id).await
}

async fn end_hold(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::hold::post_end(&app, posted, id).await
}

async fn handover(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    match visitor.side() {
        Side::Custodian => jail::handover::get(&app, &visitor, id).await,
        Side::Office => desk::handover::get(&app, &visitor, id).await,
        Side::Oversight | Side::Operator => Err(wrong_side()),
    }
}

async fn state_handover(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    match posted.visitor.side() {
        Side::Custodian => jail::handover::post(&app, posted, id).await,
        Side::Office => desk::handover::post(&app, posted, id).await,
        Side::Oversight | Side::Operator => Err(wrong_side()),
    }
}

async fn facts(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::facts::get(&app, &visitor, id).await
}

async fn state_facts(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::facts::post(&app, posted, id).await
}

async fn convictions(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::offenses::get(&app, &visitor, id, Listed::Convictions).await
}

async fn state_convictions(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::offenses::post(&app, posted, id, Listed::Convictions).await
}

async fn charges(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::offenses::get(&app, &visitor, id, Listed::Charges).await
}

async fn state_charges(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::offenses::post(&app, posted, id, Listed::Charges).await
}

async fn new_claim(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::claim::get(&app, &visitor, id).await
}

async fn make_claim(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::claim::post(&app, posted, id).await
}

async fn claim(
    State(app): State<App>,
    visitor: Visitor,
    Ids(id, claim): Ids<DetainerId, ClaimId>,
) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::claim::get_one(&app, &visitor, id, claim).await
}

async fn resolve_claim(
    State(app): State<App>,
    Ids(id, claim): Ids<DetainerId, ClaimId>,
    posted: Posted,
) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::claim::post_one(&app, posted, id, claim).await
}

async fn duty(
    State(app): State<App>,
    visitor: Visitor,
    Ids(id, duty): Ids<DetainerId, DutyId>,
) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::duties::get_one(&app, &visitor, id, duty).await
}

async fn state_duty(
    State(app): State<App>,
    Ids(id, duty): Ids<DetainerId, DutyId>,
    posted: Posted,
) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::duties::post_one(&app, posted, id, duty).await
}

async fn duties(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<jail::duties::DutiesQuery>,
) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::duties::get(&app, &visitor, query).await
}

async fn attempt(State(app): State<App>, visitor: Visitor, Id(id): Id<NotificationId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::attempt::get(&app, &visitor, id).await
}

async fn record_attempt(
    State(app): State<App>,
    Id(id): Id<NotificationId>,
    posted: Posted,
) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::attempt::post(&app, posted, id).await
}

async fn settings(State(app): State<App>, visitor: Visitor) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::settings::get(&app, &visitor).await
}

async fn standing(State(app): State<App>, visitor: Visitor) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::settings::get_standing(&app, &visitor).await
}

async fn decide_beforehand(State(app): State<App>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::settings::post_standing(&app, posted).await
}

async fn position(State(app): State<App>, visitor: Visitor, Id(act): Id<Act>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::settings::get_position(&app, &visitor, act).await
}

async fn adopt_position(State(app): State<App>, Id(act): Id<Act>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::settings::post_position(&app, posted, act).await
}

async fn letter(
    State(app): State<App>,
    visitor: Visitor,
    Ids(id, kind): Ids<DetainerId, LetterKind>,
    Query(query): Query<LetterQuery>,
    headers: HeaderMap,
) -> Page {
    only(&visitor, Side::Custodian)?;
    letters::answer(&app, &visitor, (id, kind), query, &headers).await
}

async fn booking(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::booking_link::get(&app, &visitor, id).await
}

async fn link_by_hand(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::booking_link::post(&app, posted, id).await
}

async fn matches(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<MatchesQuery>,
) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::matches::get(&app, &visitor, query).await
}

async fn one_match(State(app): State<App>, visitor: Visitor, Id(id): Id<MatchId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::match_decision::get(&app, &visitor, id).await
}

async fn decide_match(State(app): State<App>, Id(id): Id<MatchId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::match_decision::post(&app, posted, id).await
}
