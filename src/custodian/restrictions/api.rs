//! `PUT /v1/detainers/{id}/restriction`, `PUT /v1/bookings/{booking_number}/restriction`.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use uuid::Uuid;

use super::set::{RestrictionRequest, Setting, on_booking, on_case};
use super::{Disclosure, RestrictionKind, store};
use crate::app::App;
use crate::custodian::bookings::{self, store as booking_store};
use crate::custodian::detainers::{api as detainers, case_file};
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::http::once::read_json;
use crate::http::{Caller, Id, Problem, Tagged, etag};
use crate::identity::Custodian;
use crate::types::ids::DetainerId;
use crate::types::{Role, Timestamp};

/// A restriction as it was set.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RestrictionBody {
    pub id: Uuid,
    pub detainer: Option<Uuid>,
    pub booking: Option<Uuid>,
    /// Null: lifted.
    pub kind: Option<RestrictionKind>,
    pub reason: String,
    pub set_at: Timestamp,
    pub set_by: String,
    /// Who had learned of it before, as far as the log knows. Nothing calls that back.
    pub disclosures: Vec<Disclosure>,
}

impl RestrictionBody {
    fn new(
        setting: Setting,
        request: RestrictionRequest,
        (detainer, booking): (Option<Uuid>, Option<Uuid>),
    ) -> Self {
        Self {
            id: setting.id,
            detainer,
            booking,
            kind: request.kind,
            reason: request.reason,
            set_at: setting.at,
            set_by: setting.by,
            disclosures: setting.disclosures,
        }
    }
}

pub async fn put_detainer(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    request: Request,
) -> Result<Response, Problem> {
    let (headers, request) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    let answer = set_on_detainer(&mut tx, &app, id, &headers, request).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(answer.into_response())
}

/// Sets it on one request, whose present representation `If-Match` has to name.
pub async fn set_on_detainer(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    headers: &HeaderMap,
    request: Result<RestrictionRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let request = request?;
    let current = detainers::body(tx, app, id).await?;
    etag::require_match(headers, &Tagged::ok(&current).etag())?;
    request.check()?;
    let setting = on_case(tx, app, case, &request).await?;
    let body = RestrictionBody::new(setting, request, (Some(id.as_uuid()), None));
    Ok(Tagged::ok(&body))
}

pub async fn put_booking(
    State(app): State<App>,
    caller: Custodian,
    Id(booking_number): Id<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (headers, sent) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    let booking = booking_store::latest(&mut tx, &booking_number)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let request: RestrictionRequest = sent?;
    // The case files first, then the booking, as every act of the jail's.
    let cases = store::cases_of(&mut tx, booking.id).await?;
    case_file::lock_all(&mut tx, &cases).await?;
    booking_store::lock(&mut tx, booking.id).await?;
    let booking = booking_store::by_id(&mut tx, booking.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let current = bookings::api::body(&mut tx, &app, booking.clone()).await?;
    etag::require_match(&headers, &Tagged::ok(&current).etag())?;
    request.check()?;
    let setting = on_booking(&mut tx, &app, &booking, &cases, &request).await?;
    tx.commit().await?;
    app.hub.committed();
    let body = RestrictionBody::new(setting, request, (None, Some(booking.id)));
    Ok(Tagged::ok(&body).into_response())
}
