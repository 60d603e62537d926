//! `…/duties`: the custodian's side only.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::create;
use super::store::{self, Duty, Statement};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::detainers::case_file;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::request::Complaints;
use crate::http::once::read_json;
use crate::http::path::Ids;
use crate::http::{Caller, Id, Problem, Tagged, etag};
use crate::identity::Custodian;
use crate::log;
use crate::types::Timestamp;
use crate::types::ids::{DetainerId, DutyId};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DutyBody {
    pub id: Uuid,
    pub detainer: Uuid,
    /// Such as `service_copy`, `copy_and_intent`, `notice_of_notice`.
    pub duty: String,
    /// `person`, `counsel`, …
    pub to: String,
    pub due_at: Option<Timestamp>,
    pub done_at: Option<Timestamp>,
    pub evidence: Option<String>,
    pub citation: Option<String>,
    pub created_at: Timestamp,
    /// Who said so last.
    pub stated_by: Option<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DutyList {
    pub items: Vec<DutyBody>,
    pub next: Option<String>,
}

/// A merge patch: what is absent stays, null takes it back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyPatch {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Timestamp>)]
    pub done_at: Option<Option<Timestamp>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub evidence: Option<Option<String>>,
}

/// Tells a null from an absent field.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl From<Duty> for DutyBody {
    fn from(duty: Duty) -> Self {
        Self {
            id: duty.id,
            detainer: duty.detainer_id,
            duty: duty.duty,
            to: duty.recipient,
            due_at: duty.due_at,
            done_at: duty.done_at,
            evidence: duty.evidence,
            citation: duty.citation,
            created_at: duty.created_at,
            stated_by: duty.stated_by,
        }
    }
}

/// `GET …/duties`
pub async fn get_list(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    case_file::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let items = store::of_detainer(&mut tx, id).await?;
    tx.rollback().await?;
    let items = items.into_iter().map(DutyBody::from).collect();
    Ok(Tagged::ok(&DutyList { items, next: None }).unless_known(&headers))
}

/// `GET …/duties/{duty}`
pub async fn get(
    State(app): State<App>,
    caller: Custodian,
    Ids(id, duty): Ids<DetainerId, DutyId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let duty = one(&mut tx, id, duty).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&DutyBody::from(duty)).unless_known(&headers))
}

/// `PATCH …/duties/{duty}`, under the ETag of the duty.
pub async fn patch(
    State(app): State<App>,
    caller: Custodian,
    Ids(id, duty): Ids<DetainerId, DutyId>,
    request: Request,
) -> Result<Response, Problem> {
    let (headers, patch) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    let answer = patched(&mut tx, &app, id, duty, &headers, patch).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(answer.into_response())
}

/// States that a duty is done, or not after all, under the precondition, for API and page alike.
pub async fn patched(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    duty: DutyId,
    headers: &HeaderMap,
    patch: Result<DutyPatch, Problem>,
) -> Result<Tagged, Problem> {
    case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let before = one(tx, id, duty).await?;
    tx.require(DESK)?;
    let patch = patch?;
    etag::require_match(headers, &Tagged::ok(&DutyBody::from(before.clone())).etag())?;
    let now = app.clock.now();
    let mut complaints = Complaints::default();
    if let Some(Some(at)) = patch.done_at {
        complaints.past("/done_at", at, now);
    }
    if let Some(Some(text)) = &patch.evidence {
        complaints.text("/evidence", text, 2000);
    }
    complaints.finish()?;
    let said = Statement {
        done_at: before.done_at,
        evidence: before.evidence,
    };
    let says = Statement {
        done_at: patch.done_at.unwrap_or(said.done_at),
        evidence: patch.evidence.unwrap_or_else(|| said.evidence.clone()),
    };
    if says != said {
        let event = create::state(tx, id, duty.as_uuid(), &says, now).await?;
        log::append(tx, vec![event]).await?;
    }
    let after = one(tx, id, duty).await?;
    Ok(Tagged::ok(&DutyBody::from(after)))
}

/// One duty of a request.
pub async fn one(tx: &mut ScopedTx<'_>, id: DetainerId, duty: DutyId) -> Result<Duty, Problem> {
    store::of_detainer(tx, id)
        .await?
        .into_iter()
        .find(|found| found.id == duty.as_uuid())
        .ok_or_else(Problem::not_found)
}
