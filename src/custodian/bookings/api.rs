//! `/v1/bookings`: the custodian's side only.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::upsert::{BookingRequest, Change, ChargeRequest, upsert};
use super::{Booking, store};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::holds::store as holds;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::body::{SubjectBody, mask};
use crate::http::once::read_json;
use crate::http::query::path;
use crate::http::{Caller, Id, Problem, Query, Tagged, cursor};
use crate::identity::Custodian;
use crate::registry::api::limit;
use crate::types::Timestamp;
use crate::types::a_number::ANumber;

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BookingBody {
    pub id: Uuid,
    pub agency: String,
    pub booking_number: String,
    pub booked_at: Option<Timestamp>,
    pub booked_on: Option<NaiveDate>,
    pub otherwise_releasable_at: Option<Timestamp>,
    pub released_at: Option<Timestamp>,
    /// From `otherwise_releasable_at` to the actual release; null until there is one.
    pub held_past_release_minutes: Option<i64>,
    pub subject: SubjectBody,
    /// Charges, not convictions.
    pub charges: Vec<ChargeRequest>,
    pub custody_basis: Option<String>,
    /// Why it is hidden from third parties, oversight and counts.
    pub restriction: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct BookingList {
    pub items: Vec<BookingBody>,
    pub next: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BookingQuery {
    pub booking_number: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

/// The JSON of a booking, identifiers masked.
pub async fn body(
    tx: &mut ScopedTx<'_>,
    app: &App,
    booking: Booking,
) -> Result<BookingBody, Problem> {
    let person = store::person(tx, &app.vault, booking.person_id).await?;
    let charges = store::charges(tx, booking.id).await?;
    // Hold or no hold, allowed or not: what counts is that the person was still here. Where the
    // feed does not say when the local basis ended, the jail said it when it started a hold.
    let mut releasable = booking.otherwise_releasable_at;
    if releasable.is_none() && booking.released_at.is_some() {
        releasable = holds::first_of_booking(tx, booking.id).await?;
    }
    let held = releasable
        .zip(booking.released_at)
        .map(|(releasable, released)| (released - releasable).num_minutes().max(0));
    Ok(BookingBody {
        id: booking.id,
        agency: tx
            .actor()
            .agency
            .as_ref()
            .map(|agency| agency.code.clone())
            .unwrap_or_default(),
        booked_at: booking.booked_at,
        booked_on: booking.booked_on,
        otherwise_releasable_at: booking.otherwise_releasable_at,
        released_at: booking.released_at,
        held_past_release_minutes: held,
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
            booking_number: Some(booking.booking_number.clone()),
        },
        booking_number: booking.booking_number,
        charges,
        custody_basis: booking.custody_basis,
        restriction: booking.restriction,
    })
}

/// `PUT /v1/bookings/{booking_number}`: an upsert of the feed, exempt from `If-Match`.
pub async fn put(
    State(app): State<App>,
    caller: Custodian,
    Id(booking_number): Id<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (_, sent) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    tx.require(DESK)?;
    let request: BookingRequest = sent?;
    let own = tx
        .actor()
        .agency
        .as_ref()
        .map(|agency| agency.code.clone())
        .unwrap_or_default();
    request.check(&booking_number, &own, app.clock.now())?;
    let (booking, change) = upsert(&mut tx, &app, &booking_number, &request).await?;
    let body = body(&mut tx, &app, booking).await?;
    tx.commit().await?;
    app.hub.committed();
    let answer = match change {
        Change::New => Tagged::created(
            &body,
            format!(
                "/v1/bookings/{}",
                crate::exchange::detainer::filter::percent(&booking_number)
            ),
        ),
        Change::Changed | Change::Unchanged => Tagged::with(StatusCode::OK, &body),
    };
    Ok(answer.into_response())
}

/// `GET /v1/bookings/{booking_number}`: the latest of that number.
pub async fn get(
    State(app): State<App>,
    caller: Custodian,
    Id(booking_number): Id<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let booking = store::latest(&mut tx, &booking_number)
        .await?
        .ok_or_else(Problem::not_found)?;
    let body = body(&mut tx, &app, booking).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// `GET /v1/bookings`
pub async fn get_list(
    State(app): State<App>,
    caller: Custodian,
    Query(query): Query<BookingQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let limit = limit(query.limit.as_deref())?;
    let scope = format!("{} bookings {:?}", tx.actor().party(), query.booking_number);
    let after = cursor::after(&app.vault, &scope, query.cursor.as_deref())?;
    let mut bookings = store::list(
        &mut tx,
        query.booking_number.as_deref(),
        after.map(|place| place.id),
        limit + 1,
    )
    .await?;
    let next = cursor::next(&app.vault, &scope, &mut bookings, limit, |last| {
        cursor::Place::of(last.id)
    });
    let mut items = Vec::with_capacity(bookings.len());
    for booking in bookings {
        items.push(body(&mut tx, &app, booking).await?);
    }
    tx.rollback().await?;
    Ok(Tagged::page(
        &path(
            "/v1/bookings",
            &[
                ("booking_number", &query.booking_number),
                ("limit", &query.limit),
            ],
        ),
        &BookingList {
            items,
            next: next.clone(),
        },
        next,
    )
    .unless_known(&headers))
}
