//! Writing an agency into the registry, for API and pages alike.

use axum::http::HeaderMap;

use super::agencies::{self, AgencyBody};
use super::api::{AgencyPatch, AgencyRequest, conflict, named, time_zone};
use super::jurisdictions;
use crate::app::App;
use crate::db::ScopedTx;
use crate::http::{Problem, Tagged, etag};
use crate::log::{self, Event};
use crate::types::Role;

/// Registers an agency.
pub async fn registered(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: Result<AgencyRequest, Problem>,
) -> Result<Tagged, Problem> {
    tx.require(&[Role::SystemAdmin])?;
    let request = request?;
    time_zone(&request.time_zone)?;
    let name = named(&request.name)?;
    if !jurisdictions::exists(tx.conn(), &request.jurisdiction).await? {
        return Err(Problem::field(
            "/jurisdiction",
            "unknown",
            "No jurisdiction has this id.",
        ));
    }
    let body = AgencyBody {
        ori: request.ori.to_string(),
        name,
        kind: request.kind.to_string(),
        jurisdiction: request.jurisdiction,
        time_zone: request.time_zone,
        place: request.place,
        connected: request.connected.unwrap_or(true),
    };
    let now = app.clock.now();
    if !agencies::insert(tx.conn(), &body, now).await? {
        return Err(conflict(
            "/ori",
            "An agency with this ORI is registered already.",
        ));
    }
    let event = Event::new("agency.registered", now, tx.actor()).data("ori", body.ori.as_str());
    log::append(tx, vec![event]).await?;
    Ok(Tagged::created(&body, format!("/v1/agencies/{}", body.ori)))
}

/// Changes an agency: the operator all of it, an admin its name and place in its own jurisdiction.
pub async fn changed(
    tx: &mut ScopedTx<'_>,
    app: &App,
    headers: &HeaderMap,
    ori: &str,
    sent: Result<AgencyPatch, Problem>,
) -> Result<Tagged, Problem> {
    let known = agencies::by_ori(tx.conn(), ori)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::SystemAdmin, Role::JurisdictionAdmin])?;
    let names_only = tx.actor().role == Role::JurisdictionAdmin;
    if names_only {
        let jurisdiction = tx.actor().jurisdiction.clone().unwrap_or_default();
        let own = agencies::of_subtree(tx.conn(), &jurisdiction).await?;
        if !own.contains(&known.id) {
            return Err(Problem::forbidden(
                "An admin names the agencies of its own jurisdiction.",
            ));
        }
    }
    // Locked before the tag is compared: of two writers who read the same state, one is told.
    agencies::lock(tx.conn(), ori).await?;
    let found = agencies::by_ori(tx.conn(), ori)
        .await?
        .ok_or_else(Problem::not_found)?;
    let patch: AgencyPatch = sent?;
    let before = AgencyBody::from(found);
    etag::require_match(headers, &Tagged::ok(&before).etag())?;
    if names_only && !patch.names_only() {
        return Err(Problem::forbidden(
            "An admin of a jurisdiction changes name and place; the rest is the operator's.",
        ));
    }
    if let Some(zone) = &patch.time_zone {
        time_zone(zone)?;
    }
    if let Some(id) = &patch.jurisdiction
        && !jurisdictions::exists(tx.conn(), id).await?
    {
        return Err(Problem::field(
            "/jurisdiction",
            "unknown",
            "No jurisdiction has this id.",
        ));
    }
    let after = AgencyBody {
        name: patch
            .name
            .as_deref()
            .map(named)
            .transpose()?
            .unwrap_or(before.name),
        kind: patch.kind.map_or(before.kind, |kind| kind.to_string()),
        jurisdiction: patch.jurisdiction.unwrap_or(before.jurisdiction),
        time_zone: patch.time_zone.unwrap_or(before.time_zone),
        place: patch.place.unwrap_or(before.place),
        connected: patch.connected.unwrap_or(before.connected),
        ori: before.ori,
    };
    let mut event =
        Event::new("agency.changed", app.clock.now(), tx.actor()).data("ori", after.ori.as_str());
    if names_only {
        agencies::rename(tx.conn(), &after).await?;
        event = event.also_for_agency(known.id);
    } else {
        agencies::update(tx.conn(), &after).await?;
    }
    log::append(tx, vec![event]).await?;
    Ok(Tagged::ok(&after))
}
