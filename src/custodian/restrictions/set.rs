//! Setting and lifting a restriction.

use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use super::store::{self, NewRestriction};
use super::{Disclosure, RestrictionKind};
use crate::app::App;
use crate::custodian::bookings::Booking;
use crate::custodian::detainers::{CaseFile, case_file};
use crate::db::ScopedTx;
use crate::exchange::detainer::request::Complaints;
use crate::http::Problem;
use crate::log::{self, Event, leaf};
use crate::types::Timestamp;
use crate::types::ids;

/// `PUT …/restriction`. A null kind lifts it; the word has to be there.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "juvenile", "reason": "Born in 2011, as the court found"}))]
pub struct RestrictionRequest {
    #[serde(deserialize_with = "stated")]
    #[schema(required = true)]
    pub kind: Option<RestrictionKind>,
    pub reason: String,
}

/// Null or a kind, but said.
fn stated<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RestrictionKind>, D::Error> {
    Option::deserialize(from)
}

impl RestrictionRequest {
    pub fn check(&self) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        complaints.text("/reason", &self.reason, 4000);
        complaints.finish()
    }
}

/// A setting as it was kept, and what it came too late for.
pub struct Setting {
    pub id: Uuid,
    pub at: Timestamp,
    pub by: String,
    pub disclosures: Vec<Disclosure>,
}

/// On one request. The caller holds the case file's lock.
#[tracing::instrument(name = "restrictions.set", skip_all, fields(detainer.id = %case.id))]
pub async fn on_case(
    tx: &mut ScopedTx<'_>,
    app: &App,
    mut case: CaseFile,
    request: &RestrictionRequest,
) -> Result<Setting, Problem> {
    case.restriction = request.kind.map(|kind| kind.to_string());
    case_file::save(tx, &case).await?;
    let id = case.id.as_uuid();
    let event = Event::new("restriction.set", app.clock.now(), tx.actor()).detainer(case.id);
    keep(tx, app, request, (Some(id), None), event, &[id]).await
}

/// On a booking: what hangs on it is hidden with it, now and when it is linked later. The caller
/// holds the locks of the linked case files and of the booking.
#[tracing::instrument(name = "restrictions.set", skip_all, fields(booking.id = %booking.id))]
pub async fn on_booking(
    tx: &mut ScopedTx<'_>,
    app: &App,
    booking: &Booking,
    cases: &[Uuid],
    request: &RestrictionRequest,
) -> Result<Setting, Problem> {
    store::mark_booking(tx, booking.id, request.kind).await?;
    let event =
        Event::new("restriction.set", app.clock.now(), tx.actor()).subject("booking", booking.id);
    keep(tx, app, request, (None, Some(booking.id)), event, cases).await
}

async fn keep(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: &RestrictionRequest,
    (detainer, booking): (Option<Uuid>, Option<Uuid>),
    event: Event,
    detainers: &[Uuid],
) -> Result<Setting, Problem> {
    let at = app.clock.now();
    let (id, salt, by) = (ids::new_v7(at), ids::salt(), tx.actor().name.clone());
    let event = event
        .subject("restriction", id)
        .data("kind", request.kind.map(RestrictionKind::as_str))
        .data("row_hash", leaf::row_hash(&salt, &(&request.reason, &by)));
    let new = NewRestriction {
        id,
        detainer,
        booking,
        kind: request.kind,
        reason: &request.reason,
        at,
        by: &by,
        salt: &salt,
        event: event.id.as_uuid(),
    };
    store::insert(tx, &new).await?;
    let disclosures = store::disclosures(tx, detainers).await?;
    log::append(tx, vec![event]).await?;
    Ok(Setting {
        id,
        at,
        by,
        disclosures,
    })
}
