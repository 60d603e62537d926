//! `…/determinations` and `…/assessment`: the custodian's side only.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::decide::{DeterminationRequest, decide};
use super::store::{self, Determination};
use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::detainers::{case_file, papers};
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::http::{Caller, Id, Once, Problem, Query, Tagged, query};
use crate::identity::Custodian;
use crate::types::ids::DetainerId;
use crate::types::{Role, Timestamp};

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeterminationBody {
    pub id: Uuid,
    pub detainer: Uuid,
    pub act: String,
    pub decision: String,
    pub reason_code: String,
    pub note: Option<String>,
    pub notice: Option<Uuid>,
    /// The assessment that was in force.
    #[schema(value_type = Object)]
    pub assessment: Value,
    pub departs_from_policy: bool,
    /// The notification that this decision sent, if it sent one.
    pub notification: Option<Uuid>,
    pub decided_at: Timestamp,
    pub decided_by: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct DeterminationList {
    pub items: Vec<DeterminationBody>,
    pub next: Option<String>,
}

impl From<Determination> for DeterminationBody {
    fn from(d: Determination) -> Self {
        Self {
            id: d.id,
            detainer: d.detainer_id,
            act: d.act,
            decision: d.decision,
            reason_code: d.reason_code,
            note: d.note,
            notice: d.release_notice_id,
            assessment: d.assessment,
            departs_from_policy: d.departs_from_policy,
            notification: d.notification_id,
            decided_at: d.decided_at,
            decided_by: d.decided_by,
        }
    }
}

/// `POST …/determinations`
pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    once: Once<DeterminationRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        determined(tx, &app, id, request).await
    })
    .await
}

/// Records a decision, for API and page alike.
pub async fn determined(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<DeterminationRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let request = request?;
    request.check()?;
    let made = decide(tx, app, case, request).await?;
    let location = format!("/v1/detainers/{id}/determinations");
    Ok(Tagged::created(&DeterminationBody::from(made), location))
}

/// `GET …/determinations`
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
    let items = store::of_detainer(&mut tx, id)
        .await?
        .into_iter()
        .map(DeterminationBody::from)
        .collect();
    tx.rollback().await?;
    Ok(Tagged::ok(&DeterminationList { items, next: None }).unless_known(&headers))
}

/// The law on one request at an instant, with its working: recomputed, not stored. The shape is
/// that of `POST /v1/policies/evaluate`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AssessmentBody {
    pub at: Timestamp,
    #[serde(flatten)]
    #[schema(value_type = crate::policy::answer::Answer<'static>)]
    pub answer: Value,
}

/// The instant of the question, today's where none is given.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AssessmentQuery {
    /// An instant: the rules in force then, with the facts as they are known now.
    pub at: Option<String>,
}

/// `GET …/assessment`
pub async fn get_assessment(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    Query(query): Query<AssessmentQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let at = match query.at.as_deref() {
        None => app.clock.now(),
        Some(text) => query::instant("at", text)?,
    };
    let mut tx = caller.open(&app, Access::Read).await?;
    let case = case_file::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let paper = papers::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let answer = assessments::explained(&mut tx, &app, &case, &paper, at).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&AssessmentBody { at, answer }).unless_known(&headers))
}
