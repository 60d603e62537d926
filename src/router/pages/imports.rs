//! The routes of a jail's files.

use axum::Router;
use axum::extract::{Request, State};
use axum::routing::{get, post};
use uuid::Uuid;

use super::{Page, only};
use crate::app::App;
use crate::custodian::imports::api::rejects_file;
use crate::custodian::pages::imports as jail;
use crate::dashboard::{Posted, Visitor};
use crate::http::{Id, Query};
use crate::types::Side;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/imports", get(list).post(hand_in))
        .route("/imports/{id}", get(one).post(columns))
        .route("/imports/{id}/rejects.csv", get(rejects))
        .route("/imports/{id}/confirmation", post(confirm))
        .route("/imports/{id}/cancellation", post(cancel))
}

async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<jail::ImportsQuery>,
) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::get_list(&app, &visitor, query).await
}

async fn hand_in(State(app): State<App>, visitor: Visitor, request: Request) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::post_file(&app, request).await
}

async fn one(State(app): State<App>, visitor: Visitor, Id(id): Id<Uuid>) -> Page {
    only(&visitor, Side::Custodian)?;
    jail::get(&app, &visitor, id).await
}

async fn columns(State(app): State<App>, Id(id): Id<Uuid>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::columns::post(&app, posted, id).await
}

async fn rejects(State(app): State<App>, visitor: Visitor, Id(id): Id<Uuid>) -> Page {
    only(&visitor, Side::Custodian)?;
    rejects_file(app, visitor, id).await
}

async fn confirm(State(app): State<App>, Id(id): Id<Uuid>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::post_confirmation(&app, posted, id).await
}

async fn cancel(State(app): State<App>, Id(id): Id<Uuid>, posted: Posted) -> Page {
    only(&posted.visitor, Side::Custodian)?;
    jail::post_cancellation(&app, posted, id).await
}
