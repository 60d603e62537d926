//! `GET /v1/audit/events`: the log of a jurisdiction's agencies, or an office's stream, newest
//! first. Reading it is an event too.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{Days, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::audit_store::{self, Filter, Row};
use super::subtree;
use crate::app::App;
use crate::db::scope::Access;
use crate::http::{Caller, Problem, Query, Tagged, cursor, query};
use crate::identity::Oversight;
use crate::log::{self, Event};
use crate::registry::api::limit;
use crate::types::Timestamp;

#[derive(Debug, Clone, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Such as `determination.made`.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    pub kind: Option<String>,
    /// An instant, or a date in UTC: the first that counts.
    pub from: Option<String>,
    /// An instant, or a date in UTC: the last that counts.
    pub to: Option<String>,
    pub detainer: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

/// An event as oversight reads it: ids, codes and instants.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditEvent {
    pub id: Uuid,
    #[serde(rename = "type")]
    pub kind: String,
    pub at: Timestamp,
    /// The acting party.
    pub by: String,
    /// The agency whose log it stands in; null in an office's stream.
    pub agency: Option<String>,
    pub detainer: Option<Uuid>,
    #[schema(value_type = Object)]
    pub subjects: Map<String, Value>,
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
    pub leaf_hash: String,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditList {
    pub items: Vec<AuditEvent>,
    pub next: Option<String>,
}

impl AuditQuery {
    fn filter(&self) -> Result<Filter, Problem> {
        Ok(Filter {
            kind: self.kind.clone(),
            from: instant("from", self.from.as_deref(), false)?,
            before: instant("to", self.to.as_deref(), true)?,
            detainer: self
                .detainer
                .as_deref()
                .map(|text| {
                    text.parse()
                        .map_err(|_| query::bad("detainer", "an id is expected"))
                })
                .transpose()?,
        })
    }

    fn path(&self) -> String {
        query::path(
            "/v1/audit/events",
            &[
                ("type", &self.kind),
                ("from", &self.from),
                ("to", &self.to),
                ("detainer", &self.detainer),
                ("limit", &self.limit),
            ],
        )
    }
}

/// An instant, or a day; the end of a window lies after what it names.
fn instant(name: &str, text: Option<&str>, end: bool) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) {
        let at = at.to_utc();
        return Ok(Some(if end {
            at + chrono::Duration::microseconds(1)
        } else {
            at
        }));
    }
    let wrong = || query::bad(name, "an instant with offset or a date is expected");
    let day: NaiveDate = text.parse().map_err(|_| wrong())?;
    let day = if end {
        day.checked_add_days(Days::new(1)).ok_or_else(wrong)?
    } else {
        day
    };
    Ok(Some(day.and_time(NaiveTime::MIN).and_utc()))
}

pub async fn get_list(
    State(app): State<App>,
    caller: Oversight,
    Query(q): Query<AuditQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Write).await?;
    let actor = tx.actor().clone();
    let limit = limit(q.limit.as_deref())?;
    let filter = q.filter()?;
    let scope = format!(
        "audit {:?} {:?} {:?} {filter:?}",
        actor.jurisdiction,
        actor.office_id(),
        actor.role
    );
    let after = q
        .cursor
        .as_deref()
        .map(|text| cursor::read(&app.vault, &scope, text))
        .transpose()?
        .map(|place| place.id);
    let mut rows: Vec<Row> = match actor.office_id() {
        Some(office) => audit_store::of_office(&mut tx, office, &filter, after, limit + 1).await?,
        None => {
            let agencies = subtree(&mut tx).await?;
            audit_store::of_agencies(&mut tx, &agencies, &filter, after, limit + 1).await?
        }
    };
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| {
        let place = cursor::Place {
            after: String::new(),
            id: last.id,
        };
        cursor::write(&app.vault, &scope, &place)
    });
    log::append(&mut tx, traces(&app, &actor, &q, &rows)).await?;
    // The trace is kept before the answer goes out.
    tx.commit().await?;
    app.hub.committed();
    let body = AuditList {
        items: rows.into_iter().map(AuditEvent::from).collect(),
        next: next.clone(),
    };
    Ok(Tagged::page(&q.path(), &body, next).unless_known(&headers))
}

/// Who read what: one event for each agency whose events were shown, or one for the office.
fn traces(app: &App, actor: &crate::types::Actor, q: &AuditQuery, rows: &[Row]) -> Vec<Event> {
    let filters: Vec<&str> = [
        ("type", q.kind.is_some()),
        ("from", q.from.is_some()),
        ("to", q.to.is_some()),
        ("detainer", q.detainer.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, given)| given.then_some(name))
    .collect();
    let event = |count: usize| {
        Event::new("audit.read", app.clock.now(), actor)
            .data("jurisdiction", actor.jurisdiction.clone())
            .data("filters", filters.clone())
            .data("count", count)
    };
    let mut read: BTreeMap<i32, usize> = BTreeMap::new();
    for agency in rows.iter().filter_map(|row| row.agency_id) {
        *read.entry(agency).or_default() += 1;
    }
    if read.is_empty() {
        return vec![event(rows.len())];
    }
    read.into_iter()
        .map(|(agency, count)| event(count).also_for_agency(agency))
        .collect()
}

impl From<Row> for AuditEvent {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            at: row.at,
            by: row.acting,
            agency: row.ori,
            detainer: row.detainer_id,
            subjects: row.subjects.0,
            data: row.data.0,
            leaf_hash: hex::encode(row.leaf_hash),
        }
    }
}
