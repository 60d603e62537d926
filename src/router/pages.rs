//! The routes of the pages. One address serves both sides: the session's side says which page.

mod imports;
mod steps;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::App;
use crate::custodian::bookings::api::BookingQuery;
use crate::custodian::pages as jail;
use crate::dashboard::map::MapQuery;
use crate::dashboard::visitor::{guard, see_other};
use crate::dashboard::{
    Fields, Posted, Visitor, accounts, admin, agencies, assets, docs, invitation, map, positions,
    problem, releases, sign_in,
};
use crate::exchange::detainer::filter::DetainerQuery;
use crate::http::{Id, Problem, Query};
use crate::identity::callers::wrong_side;
use crate::law::pages as law;
use crate::office::pages as desk;
use crate::reports;
use crate::types::Side;
use crate::types::ids::{DetainerId, NotificationId};

type Page = Result<Response, Problem>;

pub fn routes(app: &App) -> Router<App> {
    let pages = Router::new()
        .route("/", get(overview))
        .route("/maps/counties.svg", get(map_picture))
        .route("/sign-in", get(sign_in::get).post(sign_in::post))
        .route("/sign-out", post(sign_in::post_sign_out))
        .route("/search", get(search))
        .route("/detainers", get(detainers).post(lodge))
        .route("/detainers/new", get(new_detainer))
        .route(
            "/detainers/cancel",
            get(choose_cancellations).post(cancel_many),
        )
        .route("/detainers/{id}", get(detainer))
        .route("/detainers/{id}/acknowledgement", post(acknowledge))
        .route("/detainers/{id}/service", post(serve))
        .route("/detainers/{id}/determinations/new", get(decide))
        .route("/detainers/{id}/determinations", post(determine))
        .route("/detainers/{id}/outcome", post(state_outcome))
        .route(
            "/detainers/{id}/cancellation",
            get(cancellation).post(cancel),
        )
        .route("/detainers/{id}/relay", get(relay).post(pass_on))
        .route(
            "/detainers/{id}/restriction",
            get(restriction).post(restrict),
        )
        .route("/detainers/{id}/reveal", post(reveal))
        .route("/persons", get(persons).post(search_persons))
        .route("/persons/{id}", get(person).post(open_history))
        .route("/notifications/{id}/acknowledgement", post(read))
        .route("/release-notices/new", get(new_notice))
        .route("/release-notices", post(record_notice))
        .route("/bookings", get(bookings))
        .route("/feeds", get(feeds))
        .route("/positions", get(list_positions))
        .route("/agencies", get(list_agencies).post(register_agency))
        .route("/agencies/new", get(new_agency))
        .route("/agencies/{ori}", get(agency).post(change_agency))
        .route("/accounts", get(list_accounts).post(invite))
        .route("/accounts/{id}/invitation", post(invite_again))
        .route("/accounts/{id}/state", post(change_account))
        .route("/admin/imports", get(list_releases).post(hand_in_release))
        .route("/admin/imports/{id}/rejects.csv", get(release_rejects))
        .route("/admin/imports/{id}/cancellation", post(cancel_release))
        // Everybody's, but a form of another site is refused here too.
        .route("/policies", get(law::get_list))
        .route(
            "/policies/what-if",
            get(law::what_if::get).post(law::what_if::post),
        )
        .route("/policies/{*id}", get(law::get_rule))
        .merge(imports::routes())
        .merge(steps::routes())
        .layer(middleware::from_fn_with_state(app.clone(), guard));
    Router::new()
        .route("/problems", get(problem::index))
        .route("/problems/{slug}", get(problem::get))
        .route("/docs", get(docs::get))
        .route(
            "/invitations/{link}",
            get(invitation::get).post(invitation::post),
        )
        .route("/assets/{*path}", get(assets::get))
        .merge(pages)
}

async fn overview(State(app): State<App>, visitor: Visitor, Query(query): Query<MapQuery>) -> Page {
    match visitor.side() {
        Side::Custodian => jail::overview::get(&app, &visitor).await,
        Side::Office => desk::overview::get(&app, &visitor).await,
        Side::Oversight | Side::Operator => admin::get(&app, &visitor, &query).await,
    }
}

async fn map_picture(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<MapQuery>,
) -> Page {
    match visitor.side() {
        Side::Oversight | Side::Operator => map::picture(&app, &visitor, &query).await,
        Side::Custodian | Side::Office => Err(wrong_side()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchQuery {
    q: Option<String>,
}

async fn search(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<SearchQuery>,
) -> Page {
    let text = query.q.unwrap_or_default();
    let text = text.trim();
    match visitor.side() {
        _ if text.is_empty() => Ok(see_other("/detainers")),
        Side::Custodian => jail::search::get(&app, &visitor, text).await,
        Side::Office => desk::search::get(&app, &visitor, text).await,
        Side::Oversight | Side::Operator => Err(wrong_side()),
    }
}

async fn detainers(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<DetainerQuery>,
) -> Page {
    match visitor.side() {
        Side::Custodian => jail::detainers::get(&app, &visitor, query).await,
        Side::Office => desk::detainers::get(&app, &visitor, query).await,
        Side::Oversight | Side::Operator => Err(wrong_side()),
    }
}

async fn detainer(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    match visitor.side() {
        Side::Custodian => jail::detainer::get(&app, &visitor, id).await,
        Side::Office => desk::detainer::get(&app, &visitor, id).await,
        Side::Oversight | Side::Operator => Err(wrong_side()),
    }
}

async fn state_outcome(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    match posted.visitor.side() {
        Side::Custodian => jail::detainer::post_outcome(&app, posted, id).await,
        Side::Office => desk::detainer::post_outcome(&app, posted, id).await,
        Side::Oversight | Side::Operator => Err(wrong_side()),
    }
}

/// Refuses the sides that never have this page.
fn only(visitor: &Visitor, side: Side) -> Result<(), Problem> {
    if visitor.side() == side {
        Ok(())
    } else {
        Err(wrong_side())
    }
}

async fn lodge(State(app): State<App>, posted: Posted) -> Page {
    match posted.visitor.side() {
        Side::Custodian => jail::new_detainer::post(&app, posted).await,
        Side::Office => desk::new_detainer::post(&app, posted).await,
        Side::Oversight | Side::Operator => Err(wrong_side()),
    }
}

async fn new_detainer(State(app): State<App>, visitor: Visitor) -> Page {
    match visitor.side() {
        Side::Custodian => jail::new_detainer::get(&app, &visitor).await,
        Side::Office => desk::new_detainer::get(&app, &visitor).await,
        Side::Oversight | Side::Operator => Err(wrong_side()),
    }
}

async fn list_accounts(State(app): State<App>, visitor: Visitor) -> Page {
    accounts::get(&app, &visitor).await
}

async fn invite(State(app): State<App>, headers: HeaderMap, posted: Posted) -> Page {
    accounts::post(&app, posted, &headers).await
}

async fn invite_again(
    State(app): State<App>,
    Id(id): Id<Uuid>,
    headers: HeaderMap,
    posted: Posted,
) -> Page {
    accounts::post_invitation(&app, posted, id, &headers).await
}

async fn change_account(State(app): State<App>, Id(id): Id<Uuid>, posted: Posted) -> Page {
    accounts::post_state(&app, posted, id).await
}

async fn list_releases(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<releases::ReleasesQuery>,
) -> Page {
    only(&visitor, Side::Operator)?;
    releases::get(&app, &visitor, query).await
}

async fn hand_in_release(State(app): State<App>, visitor: Visitor, request: Request) -> Page {
    // Before a byte of its file is taken.
    only(&visitor, Side::Operator)?;
    releases::post(&app, request).await
}

async fn release_rejects(State(app): State<App>, visitor: Visitor, Id(id): Id<Uuid>) -> Page {
    only(&visitor, Side::Operator)?;
    reports::imports::rejects_file(app, visitor, id).await
}

async fn cancel_release(State(app): State<App>, Id(id): Id<Uuid>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Operator)?;
    releases::post_cancellation(&app, posted, id).await
}

async fn relay(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::relay::get(&app, &visitor, id).await
}

async fn pass_on(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::relay::post(&app, posted, id).await
}

async fn restriction(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::restriction::get(&app, &visitor, id).await
}

async fn restrict(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::restriction::post(&app, posted, id).await
}

async fn reveal(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::detainer::post_reveal(&app, posted, id).await
}

async fn persons(State(app): State<App>, visitor: Visitor) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::persons::get(&app, &visitor).await
}

async fn search_persons(State(app): State<App>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::persons::post(&app, posted).await
}

async fn person(State(app): State<App>, visitor: Visitor, Id(id): Id<Uuid>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::person::get(&app, &visitor, id).await
}

async fn open_history(State(app): State<App>, Id(id): Id<Uuid>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::person::post(&app, posted, id).await
}

async fn acknowledge(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::detainer::post_acknowledgement(&app, posted, id).await
}

async fn serve(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::detainer::post_service(&app, posted, id).await
}

async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Id(id): Id<DetainerId>,
    Query(query): Query<jail::determination::DecideQuery>,
) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::determination::get(&app, &visitor, id, query).await
}

async fn determine(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::determination::post(&app, posted, id).await
}

async fn cancellation(State(app): State<App>, visitor: Visitor, Id(id): Id<DetainerId>) -> Page {
    only(&visitor, Side::Office)?;
    desk::cancellation::get(&app, &visitor, id).await
}

async fn cancel(State(app): State<App>, Id(id): Id<DetainerId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Office)?;
    desk::cancellation::post(&app, posted, id).await
}

/// `?detainer=…&detainer=…`: the boxes that were checked on the list.
async fn choose_cancellations(
    State(app): State<App>,
    visitor: Visitor,
    axum::extract::Query(pairs): axum::extract::Query<Vec<(String, String)>>,
) -> Page {
    only(&visitor, Side::Office)?;
    desk::bulk_cancellation::get(&app, &visitor, &Fields::new(pairs)).await
}

async fn cancel_many(State(app): State<App>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Office)?;
    desk::bulk_cancellation::post(&app, posted).await
}

async fn read(State(app): State<App>, Id(id): Id<NotificationId>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Office)?;
    desk::detainer::post_read(&app, posted, id).await
}

async fn new_notice(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<jail::release_notice::NewNoticeQuery>,
) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::release_notice::get(&app, &visitor, query).await
}

async fn record_notice(State(app): State<App>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::release_notice::post(&app, posted).await
}

async fn bookings(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<BookingQuery>,
) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::bookings::get(&app, &visitor, query).await
}

async fn feeds(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<jail::feeds::FeedsQuery>,
) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::feeds::get(&app, &visitor, query).await
}

async fn list_positions(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<positions::PositionsQuery>,
) -> Page {
    positions::get(&app, &visitor, query).await
}

async fn list_agencies(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<agencies::AgenciesQuery>,
) -> Page {
    only(&visitor, Side::Operator)?;
    agencies::get_list(&app, &visitor, query).await
}

async fn new_agency(State(app): State<App>, visitor: Visitor) -> Page {
    only(&visitor, Side::Operator)?;
    agencies::get_new(&app, &visitor).await
}

async fn register_agency(State(app): State<App>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Operator)?;
    agencies::post_new(&app, posted).await
}

async fn agency(State(app): State<App>, visitor: Visitor, Id(ori): Id<String>) -> Page {
    only(&visitor, Side::Operator)?;
    agencies::get(&app, &visitor, &ori).await
}

async fn change_agency(State(app): State<App>, Id(ori): Id<String>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Operator)?;
    agencies::post(&app, posted, &ori).await
}
