//! Keys over the API: a reviewer makes those of its agency, the operator those of offices and
//! of oversight.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{AnyCaller, callers::wrong_side, key};
use crate::app::App;
use crate::db::scope::Access;
use crate::db::{ScopedTx, StoreError};
use crate::http::{Caller, Id, Once, Problem, Tagged};
use crate::log::{self, Event};
use crate::registry::{agencies, offices};
use crate::types::ori::Ori;
use crate::types::{Role, Side, Timestamp};

/// `POST /v1/keys`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "liaison", "office": "SND", "name": "case system"}))]
pub struct KeyRequest {
    pub role: Role,
    #[schema(value_type = Option<String>)]
    pub agency: Option<Ori>,
    pub office: Option<String>,
    pub jurisdiction: Option<String>,
    pub name: String,
    pub expires_at: Option<Timestamp>,
}

/// A key as it is listed; `key` is there once, in the answer that made it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KeyBody {
    pub id: String,
    pub role: String,
    pub agency: Option<String>,
    pub office: Option<String>,
    pub jurisdiction: Option<String>,
    pub name: String,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct KeyList {
    pub items: Vec<KeyBody>,
    pub next: Option<String>,
}

/// Where a new key stands.
#[derive(Debug, Clone)]
pub struct Place {
    pub role: Role,
    pub agency_id: Option<i32>,
    pub office_id: Option<i32>,
    pub jurisdiction: Option<String>,
}

/// The side that a role stands on.
pub fn side_of(role: Role, office: bool) -> Side {
    match role {
        Role::Submitter | Role::Reviewer => Side::Custodian,
        Role::Liaison => Side::Office,
        Role::SystemAdmin => Side::Operator,
        Role::Auditor if office => Side::Oversight,
        Role::Auditor | Role::JurisdictionAdmin => Side::Oversight,
    }
}

/// Stores a key and answers its text.
pub async fn insert(
    conn: &mut PgConnection,
    place: &Place,
    name: &str,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(String, String), StoreError> {
    let new = key::generate(side_of(place.role, place.office_id.is_some()));
    sqlx::query!(
        r#"insert into identity.api_key (id, role, agency_id, office_id, jurisdiction, name, secret_hash, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        new.id,
        place.role.as_str(),
        place.agency_id,
        place.office_id,
        place.jurisdiction,
        name,
        new.secret_hash,
        now,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok((new.id, new.text))
}

/// `POST /v1/keys`
pub async fn post(
    State(app): State<App>,
    caller: AnyCaller,
    once: Once<KeyRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        tx.require(&[Role::Reviewer, Role::SystemAdmin])?;
        let request = request?;
        let name = request.name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            return Err(Problem::field(
                "/name",
                "length",
                "name must have 1 to 100 characters.",
            ));
        }
        let place = place(tx, &request).await?;
        let now = app.clock.now();
        if request.expires_at.is_some_and(|at| at <= now) {
            return Err(Problem::field(
                "/expires_at",
                "past",
                "expires_at must lie ahead.",
            ));
        }
        let (id, text) = insert(tx.conn(), &place, name, request.expires_at, now).await?;
        let event = Event::new("key.created", now, tx.actor())
            .data("key", id.as_str())
            .data("role", request.role.as_str());
        log::append(tx, vec![event]).await?;
        let body = KeyBody {
            id: id.clone(),
            role: request.role.to_string(),
            agency: request.agency.map(|ori| ori.to_string()),
            office: request.office,
            jurisdiction: request.jurisdiction,
            name: name.to_owned(),
            expires_at: request.expires_at,
            last_used_at: None,
            key: Some(text),
        };
        Ok(Tagged::created(&body, format!("/v1/keys/{id}")).shown_once("key"))
    })
    .await
}

async fn place(tx: &mut ScopedTx<'_>, request: &KeyRequest) -> Result<Place, Problem> {
    let given = [
        request.agency.is_some(),
        request.office.is_some(),
        request.jurisdiction.is_some(),
    ];
    let wanted: &[bool; 3] = match request.role {
        Role::Submitter | Role::Reviewer => &[true, false, false],
        Role::Liaison => &[false, true, false],
        Role::JurisdictionAdmin => &[false, false, true],
        Role::Auditor => {
            if given[1] {
                &[false, true, false]
            } else {
                &[false, false, true]
            }
        }
        Role::SystemAdmin => &[false, false, false],
    };
    if given != *wanted {
        return Err(Problem::field(
            "/role",
            "place",
            "A submitter or reviewer needs agency; a liaison office; a jurisdiction_admin jurisdiction; an auditor one of the last two; and nothing else.",
        ));
    }
    if request.jurisdiction.as_deref() == Some("us") {
        return Err(Problem::field(
            "/jurisdiction",
            "us",
            "No admin or auditor stands over the whole country.",
        ));
    }
    // The operator has no person data, so it makes no key that could read some.
    if tx.actor().role == Role::SystemAdmin
        && matches!(request.role, Role::Submitter | Role::Reviewer)
    {
        return Err(Problem::forbidden(
            "Keys of an agency are made by its own reviewer; its first one at the command line.",
        ));
    }
    let own_agency = tx.actor().agency.clone();
    if let Some(own) = &own_agency
        && request
            .agency
            .as_ref()
            .is_none_or(|ori| ori.as_str() != own.code)
    {
        return Err(Problem::field(
            "/agency",
            "scope",
            format!("A reviewer makes keys of its own agency, {}.", own.code),
        ));
    }
    let mut place = Place {
        role: request.role,
        agency_id: None,
        office_id: None,
        jurisdiction: request.jurisdiction.clone(),
    };
    if let Some(ori) = &request.agency {
        let agency = agencies::by_ori(tx.conn(), ori.as_str()).await?;
        place.agency_id = Some(
            agency
                .ok_or_else(|| Problem::field("/agency", "unknown", "No agency has this ORI."))?
                .id,
        );
    }
    if let Some(code) = &request.office {
        let office = offices::by_code(tx.conn(), code).await?;
        place.office_id = Some(
            office
                .ok_or_else(|| Problem::field("/office", "unknown", "No office has this code."))?
                .id,
        );
    }
    if let Some(id) = &request.jurisdiction
        && !crate::registry::jurisdictions::exists(tx.conn(), id).await?
    {
        return Err(Problem::field(
            "/jurisdiction",
            "unknown",
            "No jurisdiction has this id.",
        ));
    }
    Ok(place)
}

/// `GET /v1/keys`
pub async fn list(
    State(app): State<App>,
    caller: AnyCaller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    tx.require(&[Role::Reviewer, Role::SystemAdmin])?;
    let items = sqlx::query_as!(
        KeyBody,
        r#"select k.id, k.role, a.ori as "agency?", o.code as "office?", k.jurisdiction, k.name, k.expires_at, k.last_used_at,
                  null::text as key
             from identity.api_key k left join registry.agency a on a.id = k.agency_id
                                     left join registry.office o on o.id = k.office_id
            where k.revoked_at is null order by k.created_at, k.id limit 1000"#
    )
    .fetch_all(tx.conn())
    .await
    .map_err(StoreError::from)?;
    tx.rollback().await?;
    Ok(Tagged::ok(&KeyList { items, next: None }).unless_known(&headers))
}

/// `DELETE /v1/keys/{id}`: dead at once.
pub async fn delete(
    State(app): State<App>,
    caller: AnyCaller,
    Id(id): Id<String>,
) -> Result<Response, Problem> {
    if caller.0.side == Side::Office || caller.0.side == Side::Oversight {
        caller.open(&app, Access::Read).await?.rollback().await?;
        return Err(wrong_side());
    }
    let mut tx = caller.open(&app, Access::Write).await?;
    let now = app.clock.now();
    let seen = sqlx::query!("select revoked_at from identity.api_key where id = $1", id)
        .fetch_optional(tx.conn())
        .await
        .map_err(StoreError::from)?;
    if seen.is_none_or(|key| key.revoked_at.is_some()) {
        return Err(Problem::not_found());
    }
    tx.require(&[Role::Reviewer, Role::SystemAdmin])?;
    sqlx::query!(
        "update identity.api_key set revoked_at = $2 where id = $1",
        id,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(StoreError::from)?;
    let event = Event::new("key.revoked", now, tx.actor()).data("key", id.as_str());
    log::append(&mut tx, vec![event]).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(StatusCode::NO_CONTENT.into_response())
}
