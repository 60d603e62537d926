//! `/v1/detainers` on the custodian's side.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::acknowledge::{Acknowledge, acknowledge};
use super::serve::{Serve, serve};
use super::typed::record::{Recorded, record};
use super::{CaseFile, case_file, list, papers};
use crate::app::App;
use crate::custodian::assessments;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::body::DetainerList;
use crate::exchange::detainer::filter::DetainerQuery;
use crate::exchange::detainer::model::Service;
use crate::exchange::detainer::request::{Complaints, DetainerRequest};
use crate::exchange::detainer::{DetainerBody, Paper, ServiceMethod};
use crate::http::{Caller, Id, Once, Problem, Query, Tagged};
use crate::identity::Custodian;
use crate::log::read::{self, EventBody};
use crate::types::ids::DetainerId;
use crate::types::{Role, Timestamp};

/// The events that this party may see of one request.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Timeline {
    pub items: Vec<EventBody>,
    pub next: Option<String>,
}

/// The roles of a jail's daily work.
pub const DESK: &[Role] = &[Role::Submitter, Role::Reviewer];

/// `GET /v1/detainers`
pub async fn get_list(
    State(app): State<App>,
    caller: Custodian,
    Query(query): Query<DetainerQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let filter = query.read(&mut tx, &app).await?;
    let (items, next) = list::page(&mut tx, &app, &filter).await?;
    let items = list::bodies(&mut tx, &app, &items).await?;
    tx.rollback().await?;
    let next = filter.write_cursor(&app, next);
    let body = DetainerList {
        items,
        next: next.clone(),
    };
    Ok(Tagged::page(&format!("/v1/detainers{}", query.path()), &body, next).unless_known(&headers))
}

/// `POST /v1/detainers`: paper, fax, e-mail or an NCIC hit that the jail received.
pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    once: Once<DetainerRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        recorded(tx, &app, request).await
    })
    .await
}

/// Records paper, for API and page alike.
pub async fn recorded(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: Result<DetainerRequest, Problem>,
) -> Result<Tagged, Problem> {
    tx.require(DESK)?;
    Ok(match record(tx, app, request?).await? {
        Recorded::New(id) => {
            Tagged::created(&body(tx, app, id).await?, format!("/v1/detainers/{id}"))
        }
        Recorded::Cancelled(id) => Tagged::ok(&body(tx, app, id).await?),
    })
}

/// The representation now, in the caller's transaction.
pub async fn body(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
) -> Result<DetainerBody, Problem> {
    let case = case_file::get(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let paper = papers::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    seen(tx, app, &case, &paper).await
}

/// The representation of a case and its paper, with what the law says now.
pub async fn seen(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &CaseFile,
    paper: &Paper,
) -> Result<DetainerBody, Problem> {
    let now = app.clock.now();
    let assessed = assessments::of_case(tx, app, case, paper, now).await?;
    Ok(case.body(paper, &assessed, now))
}

/// `GET /v1/detainers/{id}`
pub async fn get(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let body = body(&mut tx, &app, id).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// `GET /v1/detainers/{id}/timeline`
pub async fn timeline(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    case_file::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let items = read::timeline(&mut tx, id).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&Timeline { items, next: None }).unless_known(&headers))
}

/// `POST …/acknowledgement`
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"by": "C. Clerk"}))]
pub struct AcknowledgementRequest {
    /// The officer's name.
    pub by: String,
}

impl AcknowledgementRequest {
    /// The name, if it is one.
    pub fn by(self) -> Result<String, Problem> {
        let mut complaints = Complaints::default();
        complaints.text("/by", &self.by, 200);
        complaints.finish()?;
        Ok(self.by)
    }
}

pub async fn post_acknowledgement(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    once: Once<AcknowledgementRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        acknowledged(tx, &app, id, request).await
    })
    .await
}

/// Acknowledges the request, for API and page alike.
pub async fn acknowledged(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<AcknowledgementRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(DESK)?;
    let by = request?.by()?;
    acknowledge(tx, app, case, Acknowledge { id, by }).await?;
    Ok(Tagged::ok(&body(tx, app, id).await?))
}

/// `POST …/service`
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"served_at": "2025-11-20T10:00:00-08:00", "method": "in_person", "language": "es", "officer": "C. Clerk"}))]
pub struct ServiceRequest {
    pub served_at: Timestamp,
    pub method: ServiceMethod,
    pub method_other: Option<String>,
    /// BCP 47, such as `es`.
    pub language: Option<String>,
    pub officer: String,
    pub tell_office: Option<bool>,
}

impl ServiceRequest {
    pub fn service(self, now: Timestamp) -> Result<Service, Problem> {
        let mut complaints = Complaints::default();
        complaints.text("/officer", &self.officer, 200);
        complaints.optional_text("/method_other", self.method_other.as_deref(), 200);
        complaints.optional_text("/language", self.language.as_deref(), 35);
        if (self.method == ServiceMethod::Other) != self.method_other.is_some() {
            complaints.add(
                "/method_other",
                "needed",
                "method_other says how, when and only when method is other.",
            );
        }
        if self.served_at > now + chrono::Duration::minutes(5)
            || self.served_at.timestamp() < 631_152_000
        {
            complaints.add(
                "/served_at",
                "range",
                "served_at must lie between 1990 and now.",
            );
        }
        complaints.finish()?;
        Ok(Service {
            served_at: self.served_at,
            method: self.method,
            method_other: self.method_other,
            language: self.language,
            officer: Some(self.officer),
        })
    }
}

pub async fn post_service(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    once: Once<ServiceRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        served(tx, &app, id, request).await
    })
    .await
}

/// Records service, for API and page alike.
pub async fn served(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<ServiceRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(DESK)?;
    let request = request?;
    let tell_office = request.tell_office.unwrap_or(case.crossed_at.is_some());
    let service = request.service(app.clock.now())?;
    let (paper, case) = serve(
        tx,
        app,
        case,
        Serve {
            id,
            service,
            tell_office,
        },
    )
    .await?;
    Ok(Tagged::ok(&seen(tx, app, &case, &paper).await?))
}
