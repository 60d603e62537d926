//! `GET /v1/persons`, `GET /v1/persons/{id}/history`: the agency's own, each with its purpose.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::history::HistoryBody;
use super::store::Found;
use super::{Look, gather, purpose, record, store};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::body::{SubjectBody, mask};
use crate::http::{Caller, Id, Problem, Query, Tagged, query};
use crate::identity::Custodian;
use crate::types::a_number::ANumber;
use crate::types::name;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PersonQuery {
    pub a_number: Option<String>,
    pub fbi_number: Option<String>,
    pub state_id: Option<String>,
    /// With `date_of_birth`; folds case, accents and the order of parts.
    pub name: Option<String>,
    pub date_of_birth: Option<String>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// First day of booking; one whose day is unknown is always shown.
    pub from: Option<String>,
    /// Last day of booking.
    pub to: Option<String>,
}

/// A person's record of this agency.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PersonBody {
    pub id: Uuid,
    pub subject: SubjectBody,
    pub bookings: i64,
    pub history: String,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PersonList {
    pub items: Vec<PersonBody>,
    pub next: Option<String>,
}

/// More than these are no search for one person.
pub const MOST_PERSONS: i64 = 50;

/// What is looked for: the kind, its normal form, and its blind index.
enum Wanted {
    Identifier(&'static str, Vec<u8>),
    Described(Vec<String>, NaiveDate),
}

impl PersonQuery {
    fn wanted(&self, app: &App) -> Result<Wanted, Problem> {
        let upper = |text: &String| text.trim().to_ascii_uppercase();
        let a_number = self
            .a_number
            .as_deref()
            .map(|text| {
                text.parse::<ANumber>()
                    .map(|number| number.reveal().to_owned())
                    .map_err(|error| query::bad("a_number", &error.to_string()))
            })
            .transpose()?;
        let mut given = [
            ("a_number", a_number),
            ("fbi_number", self.fbi_number.as_ref().map(upper)),
            ("state_id", self.state_id.as_ref().map(upper)),
        ]
        .into_iter()
        .filter_map(|(kind, value)| Some((kind, value?)));
        match (given.next(), given.next(), &self.name, &self.date_of_birth) {
            (Some((kind, value)), None, None, None) => {
                Ok(Wanted::Identifier(kind, app.vault.index(kind, &value)))
            }
            (None, _, Some(name), Some(born)) => {
                let born = born.parse().map_err(|_| {
                    query::bad("date_of_birth", "a date such as 1990-02-03 is expected")
                })?;
                let parts = name::parts([Some(name.as_str())]);
                if parts.is_empty() {
                    return Err(query::bad("name", "a name is expected"));
                }
                Ok(Wanted::Described(parts, born))
            }
            _ => Err(query::bad(
                "a_number",
                "one of a_number, fbi_number and state_id is expected, or name and date_of_birth together",
            )),
        }
    }
}

/// `GET /v1/persons`
pub async fn get_list(
    State(app): State<App>,
    caller: Custodian,
    Query(q): Query<PersonQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Write).await?;
    let list = searched(&mut tx, &app, &q, || purpose(&headers)).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(Tagged::ok(&list).unless_known(&headers))
}

/// Looks for persons and records the look. The caller commits before it shows anything.
pub async fn searched(
    tx: &mut ScopedTx<'_>,
    app: &App,
    q: &PersonQuery,
    purpose: impl FnOnce() -> Result<String, Problem>,
) -> Result<PersonList, Problem> {
    tx.require(DESK)?;
    let purpose = purpose()?;
    let (found, filters) = match q.wanted(app)? {
        Wanted::Identifier(kind, index) => (
            store::by_identifier(tx, kind, &index, MOST_PERSONS).await?,
            json!({kind: hex::encode(&index)}),
        ),
        Wanted::Described(parts, born) => {
            let said = format!("{} {born}", parts.join(" "));
            let tag = hex::encode(app.vault.tag("person search", said.as_bytes()));
            (
                store::by_description(tx, &parts, born, MOST_PERSONS).await?,
                json!({"name, date_of_birth": tag}),
            )
        }
    };
    let mut items = Vec::with_capacity(found.len());
    for Found { id, bookings } in found {
        let person = crate::custodian::bookings::store::person(tx, &app.vault, id).await?;
        items.push(PersonBody {
            id,
            subject: SubjectBody {
                family_name: person.family_name,
                given_name: person.given_name,
                additional_names: person.additional_names,
                date_of_birth: person.date_of_birth,
                sex: person.sex,
                citizenship: person.citizenship,
                a_number: person
                    .a_number
                    .and_then(|text| text.parse::<ANumber>().ok())
                    .map(|number| number.masked()),
                fbi_number: person.fbi_number.as_deref().map(mask),
                state_id: person.state_id.as_deref().map(mask),
                booking_number: None,
            },
            bookings,
            history: format!("/v1/persons/{id}/history"),
        });
    }
    let look = Look {
        kind: "search",
        purpose: &purpose,
        filters,
        persons: items.iter().map(|item| item.id).collect(),
        detainer: None,
        at: app.clock.now(),
    };
    record(tx, look).await?;
    Ok(PersonList { items, next: None })
}

/// `GET /v1/persons/{id}/history`
pub async fn get_history(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<Uuid>,
    Query(q): Query<HistoryQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Write).await?;
    let body = opened(&mut tx, &app, id, &q, || purpose(&headers)).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// Opens a history and records it. The caller commits before it shows anything.
pub async fn opened(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: Uuid,
    q: &HistoryQuery,
    purpose: impl FnOnce() -> Result<String, Problem>,
) -> Result<HistoryBody, Problem> {
    if !store::exists(tx, id).await? {
        return Err(Problem::not_found());
    }
    tx.require(DESK)?;
    let purpose = purpose()?;
    let date = |name: &str, text: &Option<String>| -> Result<Option<NaiveDate>, Problem> {
        text.as_deref()
            .map(|text| {
                text.parse()
                    .map_err(|_| query::bad(name, "a date such as 2014-10-01 is expected"))
            })
            .transpose()
    };
    let window = (date("from", &q.from)?, date("to", &q.to)?);
    let body = gather::history(tx, app, id, window).await?;
    let look = Look {
        kind: "history",
        purpose: &purpose,
        filters: json!({"from": window.0, "to": window.1}),
        persons: body.persons.clone(),
        detainer: None,
        at: app.clock.now(),
    };
    record(tx, look).await?;
    Ok(body)
}
