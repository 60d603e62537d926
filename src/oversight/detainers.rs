//! `GET /v1/detainers` for admins and auditors: lists with persons masked, no single record.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use super::{list, subtree};
use crate::app::App;
use crate::db::scope::Access;
use crate::exchange::detainer::filter::DetainerQuery;
use crate::exchange::detainer::{Stage, Status};
use crate::http::{Caller, Problem, Query, Tagged, query};
use crate::identity::Oversight;
use crate::log::{self, Event};
use crate::types::Timestamp;

/// A request whose person is masked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MaskedDetainer {
    pub id: Uuid,
    pub status: Status,
    /// As it stands at the jail.
    pub stage: Stage,
    pub form: String,
    pub issued_on: NaiveDate,
    pub office: String,
    pub custodian: String,
    pub asks: MaskedAsks,
    pub acknowledged_at: Option<Timestamp>,
    pub served_at: Option<Timestamp>,
    pub release_expected_at: Option<Timestamp>,
    pub released_at: Option<Timestamp>,
    pub handed_over_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub lift_reason: Option<String>,
    pub flags: Vec<String>,
    pub age_days: i64,
    /// What each side states; null is unknown.
    pub outcome: MaskedOutcomes,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MaskedAsks {
    pub notify: bool,
    pub hold: bool,
    pub transfer: bool,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MaskedOutcomes {
    pub custodian: Option<MaskedOutcome>,
    pub office: Option<MaskedOutcome>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MaskedOutcome {
    pub notice: String,
    pub custody: String,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MaskedDetainerList {
    pub items: Vec<MaskedDetainer>,
    pub next: Option<String>,
}

pub async fn get_list(
    State(app): State<App>,
    caller: Oversight,
    Query(q): Query<DetainerQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Write).await?;
    let agencies = subtree(&mut tx).await?;
    // Who could filter by them would find the person behind the mask.
    for (name, value) in [
        ("name", &q.name),
        ("a_number", &q.a_number),
        ("date_of_birth", &q.date_of_birth),
        ("booking_number", &q.booking_number),
    ] {
        if value.is_some() {
            return Err(query::bad(
                name,
                "persons are masked for this caller, so it cannot look for one",
            ));
        }
    }
    let filter = q.read(&mut tx, &app).await?;
    let (ids, next) = list::page(&mut tx, &app, &agencies, &filter).await?;
    let rows = list::by_ids(&mut tx, &agencies, &ids, app.clock.now()).await?;
    let now = app.clock.now();
    let mut read: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let of_agency = read.entry(row.agency_id).or_default();
        of_agency.push(row.body.id.to_string());
    }
    let names: Vec<&str> = q.active().iter().map(|(name, _)| *name).collect();
    let event = || {
        Event::new("oversight.listed", now, tx.actor())
            .data("jurisdiction", tx.actor().jurisdiction.clone())
            .data("filters", names.clone())
    };
    let mut events: Vec<Event> = read
        .into_iter()
        .map(|(agency, ids)| event().also_for_agency(agency).data("detainers", ids))
        .collect();
    if events.is_empty() {
        events.push(event());
    }
    log::append(&mut tx, events).await?;
    // The trace is kept before the answer goes out.
    tx.commit().await?;
    app.hub.committed();
    let next = filter.write_cursor(&app, next);
    let body = MaskedDetainerList {
        items: rows.into_iter().map(|row| row.body).collect(),
        next: next.clone(),
    };
    Ok(Tagged::page(&format!("/v1/detainers{}", q.path()), &body, next).unless_known(&headers))
}
