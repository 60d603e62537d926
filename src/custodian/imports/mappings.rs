//! `/v1/imports/mappings`: which column is which field, under a name of the agency's own.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::store::{self, SavedMapping};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::http::once::{BODY_LIMIT, must_be_of, read_body};
use crate::http::problem::Slug;
use crate::http::{Caller, Id, Problem, Tagged};
use crate::identity::Custodian;
use crate::imports::fields::Kind;
use crate::imports::mapping::{Mapping, MappingFile};
use crate::log::{self, Event};
use crate::types::Timestamp;

/// The media types of a mapping file.
const MEDIA_TYPES: &[&str] = &["application/toml", "text/plain", "text/x-toml"];

/// A mapping, as the list has it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MappingBody {
    pub name: String,
    pub kind: Kind,
    /// It comes with the service. An agency's own of the same name goes before it.
    pub built_in: bool,
    pub saved_at: Option<Timestamp>,
    pub saved_by: Option<String>,
    /// The file, as in docs/IMPORTS.md.
    pub text: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct MappingList {
    pub items: Vec<MappingBody>,
}

impl From<SavedMapping> for MappingBody {
    fn from(saved: SavedMapping) -> Self {
        Self {
            name: saved.name,
            kind: saved.kind,
            built_in: false,
            saved_at: Some(saved.saved_at),
            saved_by: Some(saved.saved_by),
            text: saved.text,
        }
    }
}

impl MappingBody {
    fn built_in(name: &str) -> Option<Self> {
        let text = Mapping::built_in(name)?;
        Some(Self {
            name: name.to_owned(),
            kind: Mapping::read(text).ok()?.kind,
            built_in: true,
            saved_at: None,
            saved_by: None,
            text: text.to_owned(),
        })
    }
}

/// The agency's own mappings, and those that come with the service and are not hidden by one.
pub async fn all(tx: &mut ScopedTx<'_>) -> Result<Vec<MappingBody>, Problem> {
    let mut items: Vec<MappingBody> = store::mappings(tx)
        .await?
        .into_iter()
        .map(MappingBody::from)
        .collect();
    let others: Vec<MappingBody> = Mapping::built_in_names()
        .filter(|name| !items.iter().any(|own| own.name == *name))
        .filter_map(MappingBody::built_in)
        .collect();
    items.extend(others);
    Ok(items)
}

/// `GET /v1/imports/mappings`
pub async fn get_list(
    State(app): State<App>,
    caller: Custodian,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let items = all(&mut tx).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&MappingList { items }).unless_known(&headers))
}

async fn one(tx: &mut ScopedTx<'_>, name: &str) -> Result<MappingBody, Problem> {
    match store::saved_mapping(tx, name).await? {
        Some(saved) => Ok(saved.into()),
        None => MappingBody::built_in(name).ok_or_else(Problem::not_found),
    }
}

/// `GET /v1/imports/mappings/{name}`
pub async fn get(
    State(app): State<App>,
    caller: Custodian,
    Id(name): Id<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let body = one(&mut tx, &name).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// `PUT /v1/imports/mappings/{name}`: the file itself is the body. It needs no precondition: imports keep the text that
/// they began with.
pub async fn put(
    State(app): State<App>,
    caller: Custodian,
    Id(name): Id<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, stream) = request.into_parts();
    let bytes = read_body(&parts.headers, stream, BODY_LIMIT).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    tx.require(DESK)?;
    must_be_of(
        &parts.headers,
        MEDIA_TYPES,
        "Send the mapping file itself as the body, with Content-Type: application/toml or text/plain.",
    )?;
    let text = String::from_utf8(bytes.to_vec())
        .map_err(|_| Problem::new(Slug::InvalidRequest, "A mapping is a text in UTF-8."))?;
    let file = MappingFile::read(&text)
        .map_err(|error| Problem::field("", "mapping", error.to_string()))?;
    save(&mut tx, &app, &name, file, &text).await?;
    let body = one(&mut tx, &name).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(Tagged::ok(&body).into_response())
}

/// Saves a mapping, for API and page alike.
///
/// # Errors
/// 422 for a name that is none, and for a mapping that no file can be read with.
pub async fn save(
    tx: &mut ScopedTx<'_>,
    app: &App,
    name: &str,
    file: MappingFile,
    text: &str,
) -> Result<(), Problem> {
    if !is_name(name) {
        return Err(Problem::field(
            "/name",
            "name",
            "Name it like jail-nightly: small letters, digits, dots, dashes and underscores, 63 at most.",
        ));
    }
    if text.contains('\0') || file.text().contains("\\u0000") {
        return Err(Problem::field("", "nul", "A mapping holds no NUL."));
    }
    let kind = file.kind;
    if kind == Kind::HistoricalDetainers {
        let says = "Historical detainers are imported by the operator.";
        return Err(Problem::field("/kind", "scope", says));
    }
    let mapping = file
        .check()
        .map_err(|error| Problem::field("", "mapping", error.to_string()))?;
    let now = app.clock.now();
    store::save_mapping(tx, name, mapping.kind, text, now).await?;
    let event = event(tx, app, "import.mapping_saved", name).data("kind", kind.as_str());
    log::append(tx, vec![event]).await?;
    Ok(())
}

/// What the table's CHECK says of a name.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|first| plain(*first))
        && bytes.len() <= 63
        && bytes
            .iter()
            .all(|byte| plain(*byte) || b"._-".contains(byte))
}

/// `DELETE /v1/imports/mappings/{name}`: the agency's own. One that comes with the service stays.
pub async fn delete(
    State(app): State<App>,
    caller: Custodian,
    Id(name): Id<String>,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Write).await?;
    tx.require(DESK)?;
    if !store::delete_mapping(&mut tx, &name).await? {
        return Err(match Mapping::built_in(&name) {
            Some(_) => Problem::new(
                Slug::Conflict,
                "This mapping comes with the service; one of your own under its name goes before it.",
            ),
            None => Problem::not_found(),
        });
    }
    let event = event(&tx, &app, "import.mapping_deleted", &name);
    log::append(&mut tx, vec![event]).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The log knows a mapping by a keyed hash of its name: people word it.
fn event(tx: &ScopedTx<'_>, app: &App, kind: &'static str, name: &str) -> Event {
    let tag = app.vault.tag("import mapping", name.as_bytes());
    Event::new(kind, app.clock.now(), tx.actor()).data("name_hash", hex::encode(tag))
}
