//! A person looks at a candidate and says whether the two are one.

use serde::Deserialize;
use uuid::Uuid;

use super::store::{self, Match, Word};
use crate::app::App;
use crate::custodian::bookings;
use crate::custodian::detainers::case_file::{self, LinkBy};
use crate::custodian::release_notices::{link, matching::Basis, store as notices};
use crate::db::ScopedTx;
use crate::exchange::detainer::Status;
use crate::exchange::detainer::request::Complaints;
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::log;
use crate::types::Role;
use crate::types::ids::{BookingId, salt};

/// `POST /v1/matches/{id}/decision`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MatchDecisionRequest, example = json!({"same_person": true, "note": "Fingerprints compared"}))]
pub struct DecisionRequest {
    pub same_person: bool,
    pub note: Option<String>,
}

/// Decides a candidate: one and the same joins the request to the booking, with all that follows
/// from the booking's notices; another person leaves both as they are, for good.
#[tracing::instrument(name = "matches.decide", skip_all)]
pub async fn decide(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: Uuid,
    request: Result<DecisionRequest, Problem>,
) -> Result<Match, Problem> {
    let pair = store::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    let case = case_file::lock(tx, pair.detainer_id.into())
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let request = request?;
    let mut complaints = Complaints::default();
    complaints.optional_text("/note", request.note.as_deref(), 4000);
    complaints.finish()?;
    // Under the case file's lock: of two decisions one sees the other.
    let pair = store::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    if pair.status != "open" {
        return Err(Problem::new(
            Slug::IllegalTransition,
            "This candidate was decided already. To change it, link or unlink the request by hand.",
        ));
    }
    let linked_elsewhere = case
        .booking
        .is_some_and(|booking| booking != BookingId::from(pair.booking_id));
    if request.same_person && linked_elsewhere {
        return Err(Problem::new(
            Slug::Conflict,
            "The request is linked to another booking. Unlink that one first.",
        ));
    }
    let (now, by, salt) = (app.clock.now(), tx.actor().name.clone(), salt());
    let word = Word {
        same_person: request.same_person,
        note: request.note.as_deref(),
        by: Some(&by),
        salt: &salt,
        at: now,
    };
    store::decide(tx, id, &word).await?;
    let mut events = vec![link::decided(tx, id, case.id, pair.booking_id, &word)];
    // Of a request that was withdrawn the word is kept, and nothing follows from it.
    let withdrawn = matches!(case.status, Status::Cancelled | Status::Superseded);
    if request.same_person && !withdrawn {
        let booking = bookings::store::by_id(tx, pair.booking_id)
            .await?
            .ok_or_else(Problem::not_found)?;
        let of_booking = notices::of_booking(tx, booking.id).await?;
        let case = case_file::CaseFile {
            link_by: Some(LinkBy::Person),
            ..case
        };
        events.extend(link::join(tx, app, case, &booking, Basis::Candidate, &of_booking).await?);
    }
    log::append(tx, events).await?;
    store::get(tx, id).await?.ok_or_else(Problem::not_found)
}
