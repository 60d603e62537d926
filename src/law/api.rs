//! `/v1/policies` and `/v1/clock`: public, and pure but for the registry's agencies. No key is
//! asked for; one that is sent is not looked at.

use std::collections::BTreeSet;

use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::evaluate::EvaluateRequest;
use super::library::{self, PolicyBody, PolicyList};
use crate::app::App;
use crate::http::once::read_json;
use crate::http::{Problem, Query, Tagged, cursor, query};
use crate::policy::clock::{self, Basis, ClockError};
use crate::registry::api::limit;

/// A computation changes nothing, so it needs no idempotency key.
async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    read_json(request).await?.1
}

/// `POST /v1/policies/evaluate`
pub async fn post_evaluate(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let request: EvaluateRequest = read(request).await?;
    request.check()?;
    let (place, on, positions) = match &request.agency {
        // There is no caller and so no scope: agencies and their positions are public, and the
        // worker's role reads them without one.
        Some(ori) => {
            let mut conn = app.pools.worker.acquire().await?;
            request.standing(&mut conn, ori).await?
        }
        None => request.place()?,
    };
    let book = app.law.book();
    let answer = request.answer(&book, &place, on, &positions);
    Ok(Tagged::ok(&answer).into_response())
}

/// `POST /v1/clock`
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockRequest {
    pub basis: Basis,
    pub start: DateTime<FixedOffset>,
    /// IANA name of the facility's zone.
    pub time_zone: String,
    /// 48 when absent.
    #[schema(minimum = 1, maximum = 720)]
    pub hours: Option<i64>,
    /// Days to add to the federal holidays, as they are.
    pub holidays: Option<Vec<NaiveDate>>,
}

pub async fn post_clock(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let request: ClockRequest = read(request).await?;
    let zone = request.time_zone.parse().map_err(|_| {
        Problem::field(
            "/time_zone",
            "unknown",
            "An IANA name is expected, such as America/Los_Angeles.",
        )
    })?;
    let hours = match request.hours {
        None => clock::HOURS,
        // What does not fit is no number of hours either.
        Some(hours) => u32::try_from(hours).unwrap_or(0),
    };
    let extra: BTreeSet<NaiveDate> = request.holidays.into_iter().flatten().collect();
    let book = app.law.book();
    let found = book
        .calendar
        .deadline(request.basis, request.start.to_utc(), zone, hours, &extra)
        .map_err(|error| {
            let pointer = match error {
                ClockError::Hours => "/hours",
                ClockError::Year(..) | ClockError::OutOfRange => "/start",
            };
            Problem::field(pointer, "range", format!("{error}."))
        })?;
    Ok(Tagged::ok(&found).into_response())
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PolicyQuery {
    /// Id of the jurisdiction whose own rules are wanted.
    pub jurisdiction: Option<String>,
    /// A day.
    pub in_force_on: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

/// `GET /v1/policies`
pub async fn get_list(
    State(app): State<App>,
    Query(q): Query<PolicyQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(q.limit.as_deref())? as usize;
    let on = q
        .in_force_on
        .as_deref()
        .map(|text| {
            text.parse::<NaiveDate>()
                .map_err(|_| query::bad("in_force_on", "a day such as 2026-11-24 is expected"))
        })
        .transpose()?;
    let scope = format!("policies {:?} {:?}", q.jurisdiction, q.in_force_on);
    let after = q
        .cursor
        .as_deref()
        .map(|text| cursor::read(&app.vault, &scope, text))
        .transpose()?;
    let book = app.law.book();
    let mut rules = library::list(&book, q.jurisdiction.as_deref(), on);
    rules.retain(|rule| {
        after
            .as_ref()
            .is_none_or(|place| library::place_in_list(rule) > place.after)
    });
    let more = rules.len() > limit;
    rules.truncate(limit);
    let next = rules.last().filter(|_| more).map(|last| {
        cursor::write(
            &app.vault,
            &scope,
            &cursor::Place {
                after: library::place_in_list(last),
                id: uuid::Uuid::nil(),
            },
        )
    });
    let path = query::path(
        "/v1/policies",
        &[
            ("jurisdiction", &q.jurisdiction),
            ("in_force_on", &q.in_force_on),
            ("limit", &q.limit),
        ],
    );
    let body = PolicyList {
        items: rules.into_iter().map(PolicyBody::from).collect(),
        next: next.clone(),
    };
    Ok(Tagged::page(&path, &body, next).unless_known(&headers))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VersionQuery {
    /// The version in force today when absent.
    pub version: Option<String>,
}

/// `GET /v1/policies/{id}`: the id holds a slash, written plainly or as `%2F`.
pub async fn get(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(q): Query<VersionQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let book = app.law.book();
    let today = app.clock.now().date_naive();
    let found =
        library::find(&book, &id, q.version.as_deref(), today).ok_or_else(Problem::not_found)?;
    Ok(Tagged::ok(&found).unless_known(&headers))
}
