//! `/v1/matches`: the custodian's side only.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::decide::{DecisionRequest, decide};
use super::store::{self, Match};
use crate::app::App;
use crate::db::scope::Access;
use crate::http::query::path;
use crate::http::{Caller, Id, Once, Problem, Query, Tagged, cursor, query};
use crate::identity::Custodian;
use crate::registry::api::limit;
use crate::types::ids::MatchId;
use crate::types::{Role, Timestamp};

/// A request and a booking that may be about one person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FoundMatch)]
pub struct MatchBody {
    pub id: Uuid,
    pub detainer: Uuid,
    pub booking: Uuid,
    /// `booking`, `identifier` or `candidate`: what the two have in common.
    #[serde(rename = "match")]
    pub basis: String,
    /// `open` while it waits for a person.
    pub status: String,
    /// Null while it is open.
    pub same_person: Option<bool>,
    pub note: Option<String>,
    pub found_at: Timestamp,
    pub decided_at: Option<Timestamp>,
    /// Null where an identifier decided.
    pub decided_by: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = FoundMatchList)]
pub struct MatchList {
    pub items: Vec<MatchBody>,
    pub next: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MatchQuery {
    /// `open` or `decided`.
    pub status: Option<String>,
    /// Id of a request.
    pub detainer: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

impl From<Match> for MatchBody {
    fn from(found: Match) -> Self {
        Self {
            id: found.id,
            detainer: found.detainer_id,
            booking: found.booking_id,
            basis: found.basis,
            status: found.status,
            same_person: found.same_person,
            note: found.note,
            found_at: found.found_at,
            decided_at: found.decided_at,
            decided_by: found.decided_by,
        }
    }
}

/// `GET /v1/matches`
pub async fn get_list(
    State(app): State<App>,
    caller: Custodian,
    Query(q): Query<MatchQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    tx.require(&[Role::Reviewer])?;
    let limit = limit(q.limit.as_deref())?;
    if let Some(status) = q.status.as_deref()
        && !matches!(status, "open" | "decided")
    {
        return Err(query::bad("status", "open or decided is expected"));
    }
    let detainer = q
        .detainer
        .as_deref()
        .map(str::parse::<Uuid>)
        .transpose()
        .map_err(|_| query::bad("detainer", "an id is expected"))?;
    let scope = format!(
        "{} matches {:?} {:?}",
        tx.actor().party(),
        q.status,
        detainer
    );
    let after = cursor::after(&app.vault, &scope, q.cursor.as_deref())?;
    let after = after.map(|place| place.id);
    let mut rows = store::list(&mut tx, q.status.as_deref(), detainer, after, limit + 1).await?;
    tx.rollback().await?;
    let next = cursor::next(&app.vault, &scope, &mut rows, limit, |last| {
        cursor::Place::of(last.id)
    });
    let path = path(
        "/v1/matches",
        &[
            ("status", &q.status),
            ("detainer", &q.detainer),
            ("limit", &q.limit),
        ],
    );
    let body = MatchList {
        items: rows.into_iter().map(MatchBody::from).collect(),
        next: next.clone(),
    };
    Ok(Tagged::page(&path, &body, next).unless_known(&headers))
}

/// `POST /v1/matches/{id}/decision`
pub async fn post_decision(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<MatchId>,
    once: Once<DecisionRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        let made = decide(tx, &app, id.as_uuid(), request).await?;
        Ok(Tagged::ok(&MatchBody::from(made)))
    })
    .await
}
