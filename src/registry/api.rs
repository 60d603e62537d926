//! `/v1/jurisdictions`, `/v1/agencies`, `/v1/offices`.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::agencies::{self, AgencyBody, AgencyFilter, AgencyKind};
use super::jurisdictions::{self, JurisdictionBody};
use super::offices::{self, OfficeBody, OfficeKind};
use super::register;
use crate::app::App;
use crate::db::scope::Access;
use crate::http::once::read_json;
use crate::http::{Caller, Id, Once, Problem, Query, Tagged, cursor, etag, query};
use crate::identity::AnyCaller;
use crate::log::{self, Event};
use crate::types::ori::Ori;
use crate::types::{Role, Side};

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JurisdictionQuery {
    /// `federal`, `state`, `county` or `city`.
    pub level: Option<String>,
    /// USPS code.
    pub state: Option<String>,
    /// Part of the name.
    pub q: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AgencyQuery {
    pub jurisdiction: Option<String>,
    /// A part of the name, or the beginning of the ORI.
    pub q: Option<String>,
    /// `true` or `false`.
    pub connected: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct JurisdictionList {
    pub items: Vec<JurisdictionBody>,
    pub next: Option<String>,
}
#[derive(Serialize, utoipa::ToSchema)]
pub struct AgencyList {
    pub items: Vec<AgencyBody>,
    pub next: Option<String>,
}
#[derive(Serialize, utoipa::ToSchema)]
pub struct OfficeList {
    pub items: Vec<OfficeBody>,
    pub next: Option<String>,
}

/// `limit` of a list: 1 to 200, 50 when absent.
pub fn limit(text: Option<&str>) -> Result<i64, Problem> {
    match text {
        None => Ok(50),
        Some(text) => match text.parse::<i64>() {
            Ok(limit @ 1..=200) => Ok(limit),
            _ => Err(query::bad(
                "limit",
                "a whole number from 1 to 200 is expected",
            )),
        },
    }
}

pub async fn list_jurisdictions(
    State(app): State<App>,
    caller: AnyCaller,
    Query(q): Query<JurisdictionQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(q.limit.as_deref())?;
    let scope = format!("jurisdictions {:?} {:?} {:?}", q.level, q.state, q.q);
    let after = cursor::after(&app.vault, &scope, q.cursor.as_deref())?.map(|place| place.after);
    let mut tx = caller.open(&app, Access::Read).await?;
    let mut items = jurisdictions::list(
        tx.conn(),
        q.level.as_deref(),
        q.state.as_deref(),
        q.q.as_deref(),
        after.as_deref(),
        limit + 1,
    )
    .await?;
    tx.rollback().await?;
    let next = cursor::next(&app.vault, &scope, &mut items, limit, |item| {
        cursor::Place::by_name(item.id.clone())
    });
    Ok(Tagged::page(
        &query::path(
            "/v1/jurisdictions",
            &[
                ("level", &q.level),
                ("state", &q.state),
                ("q", &q.q),
                ("limit", &q.limit),
            ],
        ),
        &JurisdictionList {
            items,
            next: next.clone(),
        },
        next,
    )
    .unless_known(&headers))
}

pub async fn get_jurisdiction(
    State(app): State<App>,
    caller: AnyCaller,
    Id(id): Id<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let found = jurisdictions::get(tx.conn(), &id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.rollback().await?;
    Ok(Tagged::ok(&found).unless_known(&headers))
}

pub async fn list_agencies(
    State(app): State<App>,
    caller: AnyCaller,
    Query(q): Query<AgencyQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(q.limit.as_deref())?;
    let connected = match q.connected.as_deref() {
        None => None,
        Some(word) => Some(
            word.parse()
                .map_err(|_| query::bad("connected", "true or false is expected"))?,
        ),
    };
    let scope = format!("agencies {:?} {:?} {connected:?}", q.jurisdiction, q.q);
    let after = cursor::after(&app.vault, &scope, q.cursor.as_deref())?.map(|place| place.after);
    let mut tx = caller.open(&app, Access::Read).await?;
    let filter = AgencyFilter {
        jurisdiction: q.jurisdiction.as_deref(),
        q: q.q.as_deref(),
        connected,
        ..AgencyFilter::default()
    };
    let mut items = agencies::list(tx.conn(), filter, after.as_deref(), limit + 1).await?;
    tx.rollback().await?;
    let next = cursor::next(&app.vault, &scope, &mut items, limit, |item| {
        cursor::Place::by_name(item.ori.clone())
    });
    let items = items.into_iter().map(AgencyBody::from).collect();
    Ok(Tagged::page(
        &query::path(
            "/v1/agencies",
            &[
                ("jurisdiction", &q.jurisdiction),
                ("q", &q.q),
                ("connected", &q.connected),
                ("limit", &q.limit),
            ],
        ),
        &AgencyList {
            items,
            next: next.clone(),
        },
        next,
    )
    .unless_known(&headers))
}

pub async fn get_agency(
    State(app): State<App>,
    caller: AnyCaller,
    Id(ori): Id<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let found = agencies::by_ori(tx.conn(), &ori)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.rollback().await?;
    Ok(Tagged::ok(&AgencyBody::from(found)).unless_known(&headers))
}

/// `POST /v1/agencies`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"ori": "CA0190000", "name": "Sample County Jail", "kind": "jail", "jurisdiction": "06037", "time_zone": "America/Los_Angeles"}))]
pub struct AgencyRequest {
    #[schema(value_type = String, example = "CA0370000")]
    pub ori: Ori,
    pub name: String,
    pub kind: AgencyKind,
    pub jurisdiction: String,
    /// IANA name, such as `America/Los_Angeles`.
    pub time_zone: String,
    pub place: Option<String>,
    pub connected: Option<bool>,
}

pub async fn post_agency(
    State(app): State<App>,
    caller: AnyCaller,
    once: Once<AgencyRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        register::registered(tx, &app, request).await
    })
    .await
}

/// `PATCH /v1/agencies/{ori}`: a merge patch.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"place": "Sample City"}))]
pub struct AgencyPatch {
    pub name: Option<String>,
    pub kind: Option<AgencyKind>,
    pub jurisdiction: Option<String>,
    pub time_zone: Option<String>,
    /// Null clears it.
    #[serde(default, deserialize_with = "given")]
    pub place: Option<Option<String>>,
    pub connected: Option<bool>,
}

impl AgencyPatch {
    /// Nothing but what an admin of a jurisdiction may change?
    pub(super) fn names_only(&self) -> bool {
        self.kind.is_none()
            && self.jurisdiction.is_none()
            && self.time_zone.is_none()
            && self.connected.is_none()
    }
}

/// A field that is there, null or not, apart from one that is absent.
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

pub async fn patch_agency(
    State(app): State<App>,
    caller: AnyCaller,
    Id(ori): Id<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (headers, sent) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    let answer = register::changed(&mut tx, &app, &headers, &ori, sent).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(answer.into_response())
}

pub async fn list_offices(
    State(app): State<App>,
    caller: AnyCaller,
    Query(q): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(q.limit.as_deref())?;
    let after = cursor::after(&app.vault, "offices", q.cursor.as_deref())?.map(|place| place.after);
    let mut tx = caller.open(&app, Access::Read).await?;
    let mut items = offices::list(tx.conn(), after.as_deref(), limit + 1).await?;
    let next = cursor::next(&app.vault, "offices", &mut items, limit, |item| {
        cursor::Place::by_name(item.code.clone())
    });
    let items = items
        .into_iter()
        .map(|office| {
            let shown = sees_contacts(tx.actor(), office.id);
            office.body(shown)
        })
        .collect();
    tx.rollback().await?;
    Ok(Tagged::page(
        &query::path("/v1/offices", &[("limit", &q.limit)]),
        &OfficeList {
            items,
            next: next.clone(),
        },
        next,
    )
    .unless_known(&headers))
}

pub async fn get_office(
    State(app): State<App>,
    caller: AnyCaller,
    Id(code): Id<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let found = offices::by_code(tx.conn(), &code)
        .await?
        .ok_or_else(Problem::not_found)?;
    let shown = sees_contacts(tx.actor(), found.id);
    tx.rollback().await?;
    Ok(Tagged::ok(&found.body(shown)).unless_known(&headers))
}

fn sees_contacts(actor: &crate::types::Actor, office: i32) -> bool {
    actor.side == Side::Custodian || actor.office_id() == Some(office)
}

/// `POST /v1/offices`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "SEA", "name": "Sample Field Office", "kind": "ice_field_office", "time_zone": "America/Los_Angeles", "contacts": [{"label": "Duty officer", "phone": "555-0100", "order": 1}]}))]
pub struct OfficeRequest {
    pub code: String,
    pub name: String,
    pub kind: OfficeKind,
    pub time_zone: String,
    pub contacts: Option<Vec<Contact>>,
    pub connected: Option<bool>,
}

/// One line of an office's escalation list.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub label: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub hours: Option<String>,
    pub order: i32,
}

pub async fn post_office(
    State(app): State<App>,
    caller: AnyCaller,
    once: Once<OfficeRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        tx.require(&[Role::SystemAdmin])?;
        let request = request?;
        time_zone(&request.time_zone)?;
        for (at, contact) in request.contacts.iter().flatten().enumerate() {
            contact.check(at)?;
        }
        let code = request.code.trim().to_ascii_uppercase();
        if !(2..=8).contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Problem::field(
                "/code",
                "format",
                "An office's code is 2 to 8 letters and digits, such as SND.",
            ));
        }
        let body = OfficeBody {
            code,
            name: named(&request.name)?,
            kind: request.kind.to_string(),
            time_zone: request.time_zone,
            contacts: Some(
                serde_json::to_value(request.contacts.unwrap_or_default()).unwrap_or(Value::Null),
            ),
            connected: request.connected.unwrap_or(true),
        };
        let now = app.clock.now();
        if !offices::insert(tx.conn(), &body, now).await? {
            return Err(conflict(
                "/code",
                "An office with this code is registered already.",
            ));
        }
        let event =
            Event::new("office.registered", now, tx.actor()).data("code", body.code.as_str());
        log::append(tx, vec![event]).await?;
        Ok(Tagged::created(&body, format!("/v1/offices/{}", body.code)))
    })
    .await
}

/// `PATCH /v1/offices/{code}`: a merge patch.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Sample Field Office"}))]
pub struct OfficePatch {
    pub name: Option<String>,
    pub kind: Option<OfficeKind>,
    pub time_zone: Option<String>,
    pub contacts: Option<Vec<Contact>>,
    pub connected: Option<bool>,
}

impl OfficePatch {
    fn contacts_only(&self) -> bool {
        let Self {
            name,
            kind,
            time_zone,
            contacts: _,
            connected,
        } = self;
        name.is_none() && kind.is_none() && time_zone.is_none() && connected.is_none()
    }
}

impl Contact {
    fn check(&self, at: usize) -> Result<(), Problem> {
        let texts = [
            ("label", Some(&self.label)),
            ("phone", self.phone.as_ref()),
            ("email", self.email.as_ref()),
            ("hours", self.hours.as_ref()),
        ];
        for (name, text) in texts {
            if text.is_some_and(|text| text.trim().is_empty() || text.chars().count() > 200) {
                return Err(Problem::field(
                    format!("/contacts/{at}/{name}"),
                    "length",
                    format!("{name} must have 1 to 200 characters."),
                ));
            }
        }
        Ok(())
    }
}

pub async fn patch_office(
    State(app): State<App>,
    caller: AnyCaller,
    Id(code): Id<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (headers, sent) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    offices::by_code(tx.conn(), &code)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::SystemAdmin, Role::Liaison])?;
    let own = tx.actor().office.as_ref().map(|office| office.code.clone());
    let contacts_only = tx.actor().role == Role::Liaison;
    if contacts_only && own.as_deref() != Some(&code) {
        return Err(Problem::forbidden(
            "A liaison keeps the contacts of its own office.",
        ));
    }
    offices::lock(tx.conn(), &code).await?;
    let found = offices::by_code(tx.conn(), &code)
        .await?
        .ok_or_else(Problem::not_found)?;
    let patch: OfficePatch = sent?;
    let shown = sees_contacts(tx.actor(), found.id);
    let before = found.body(true);
    let seen = OfficeBody {
        contacts: before.contacts.clone().filter(|_| shown),
        ..before.clone()
    };
    etag::require_match(&headers, &Tagged::ok(&seen).etag())?;
    if contacts_only && !patch.contacts_only() {
        return Err(Problem::forbidden(
            "A liaison changes its office's contacts; the rest is the operator's.",
        ));
    }
    if let Some(zone) = &patch.time_zone {
        time_zone(zone)?;
    }
    for (at, contact) in patch.contacts.iter().flatten().enumerate() {
        contact.check(at)?;
    }
    let contacts = patch
        .contacts
        .map(serde_json::to_value)
        .transpose()
        .map_err(Problem::internal)?;
    let after = OfficeBody {
        name: patch
            .name
            .as_deref()
            .map(named)
            .transpose()?
            .unwrap_or(before.name),
        kind: patch.kind.map_or(before.kind, |kind| kind.to_string()),
        time_zone: patch.time_zone.unwrap_or(before.time_zone),
        contacts: contacts.or(before.contacts),
        connected: patch.connected.unwrap_or(before.connected),
        code: before.code,
    };
    if contacts_only {
        offices::keep_contacts(tx.conn(), &after).await?;
    } else {
        offices::update(tx.conn(), &after).await?;
    }
    let event =
        Event::new("office.changed", app.clock.now(), tx.actor()).data("code", after.code.as_str());
    log::append(&mut tx, vec![event]).await?;
    tx.commit().await?;
    app.hub.committed();
    let shown = OfficeBody {
        contacts: after.contacts.clone().filter(|_| shown),
        ..after
    };
    Ok(Tagged::ok(&shown).into_response())
}

pub(super) fn conflict(pointer: &str, detail: &str) -> Problem {
    Problem::new(crate::http::problem::Slug::Conflict, detail).with_error(pointer, "taken")
}

pub(super) fn time_zone(name: &str) -> Result<(), Problem> {
    name.parse::<chrono_tz::Tz>().map(|_| ()).map_err(|_| {
        Problem::field(
            "/time_zone",
            "unknown",
            "An IANA name is expected, such as America/Los_Angeles.",
        )
    })
}

pub(super) fn named(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Problem::field(
            "/name",
            "length",
            "name must have 1 to 200 characters.",
        ));
    }
    Ok(name.to_owned())
}
