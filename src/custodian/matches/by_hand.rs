//! `PUT /v1/detainers/{id}/booking`: a person says which booking a request is about, or that it is
//! about none of those that matching found.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer};

use super::store::{self, Word};
use crate::app::App;
use crate::custodian::bookings::{self, Booking};
use crate::custodian::detainers::api as detainers;
use crate::custodian::detainers::case_file::{self, CaseFile, LinkBy};
use crate::custodian::outcomes;
use crate::custodian::release_notices::{link, matching::Basis, store as notices};
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::{IllegalTransition, Status};
use crate::http::once::read_json;
use crate::http::{Caller, Id, Problem, Tagged, etag};
use crate::identity::Custodian;
use crate::log::{self, Event};
use crate::types::Role;
use crate::types::ids::{DetainerId, MatchId, salt};

/// The latest booking of a number, or null for none; the word has to be there.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"booking_number": "26-001234"}))]
pub struct LinkRequest {
    #[serde(deserialize_with = "stated")]
    #[schema(required = true)]
    pub booking_number: Option<String>,
}

fn stated<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(from)
}

pub async fn put(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    request: Request,
) -> Result<Response, Problem> {
    let (headers, request) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    let answer = linked(&mut tx, &app, id, &headers, request).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(answer.into_response())
}

/// Links a request by hand, whose present representation `If-Match` has to name.
pub async fn linked(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    headers: &HeaderMap,
    request: Result<LinkRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let request = request?;
    let current = detainers::body(tx, app, id).await?;
    etag::require_match(headers, &Tagged::ok(&current).etag())?;
    if matches!(case.status, Status::Cancelled | Status::Superseded) {
        return Err(Problem::illegal_transition(IllegalTransition {
            action: "linking",
            state: case.status.to_string(),
            mend: "a request that was withdrawn hangs on no booking any more",
        }));
    }
    let wanted = match &request.booking_number {
        None => None,
        Some(number) => Some(bookings::store::latest(tx, number).await?.ok_or_else(|| {
            Problem::field(
                "/booking_number",
                "unknown",
                "This agency has no booking of that number.",
            )
        })?),
    };
    let held = match case.booking {
        None => None,
        Some(id) => bookings::store::by_id(tx, id.as_uuid()).await?,
    };
    let same = wanted.as_ref().map(|booking| booking.id) == held.as_ref().map(|booking| booking.id);
    if !same {
        let mut case = case;
        let mut events = Vec::new();
        if let Some(booking) = &held {
            events.push(unlink(tx, app, &mut case, booking).await?);
        }
        if let Some(booking) = &wanted {
            events.extend(join(tx, app, case, booking).await?);
        }
        log::append(tx, events).await?;
    }
    Ok(Tagged::ok(&detainers::body(tx, app, id).await?))
}

/// Takes a request off a booking: nothing of the booking's notices waits for a decision on it any
/// more, and matching does not put the two together again. What was told stays told.
async fn unlink(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &mut CaseFile,
    booking: &Booking,
) -> Result<Event, Problem> {
    let now = app.clock.now();
    for review in notices::open_reviews(tx, case.id).await? {
        notices::settle(tx, review.id, "withheld", None, now).await?;
    }
    if case.status == Status::Closed && outcomes::latest(tx, case.id).await?.is_none() {
        // The release that closed it was another person's.
        case.status = Status::Pending;
    }
    case.booking = None;
    case.link_by = Some(LinkBy::Person);
    case.release_expected_at = None;
    case.released_at = None;
    case_file::save(tx, case).await?;
    said(tx, app, case.id, booking, false).await
}

async fn join(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: CaseFile,
    booking: &Booking,
) -> Result<Vec<Event>, Problem> {
    let mut events = vec![said(tx, app, case.id, booking, true).await?];
    let of_booking = notices::of_booking(tx, booking.id).await?;
    let case = CaseFile {
        link_by: Some(LinkBy::Person),
        ..case
    };
    events.extend(link::join(tx, app, case, booking, Basis::Booking, &of_booking).await?);
    Ok(events)
}

async fn said(
    tx: &mut ScopedTx<'_>,
    app: &App,
    detainer: DetainerId,
    booking: &Booking,
    same_person: bool,
) -> Result<Event, Problem> {
    let (now, by, salt) = (app.clock.now(), tx.actor().name.clone(), salt());
    let word = Word {
        same_person,
        note: None,
        by: Some(&by),
        salt: &salt,
        at: now,
    };
    let id = MatchId::new(now).as_uuid();
    let id = store::say(tx, id, detainer, booking.id, &word).await?;
    Ok(link::decided(tx, id, detainer, booking.id, &word))
}
