//! What follows from an event at the jail: matching when a request arrives, closing the case
//! when it is cancelled. A reader is told of an event after it is visible, in order, at least
//! once; each handler is idempotent.

pub mod upkeep;

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::custodian::bookings;
use crate::custodian::detainers::typed::{crossing, letter_box, relay};
use crate::custodian::detainers::{case_file, papers};
use crate::custodian::holds::EndReason;
use crate::custodian::holds::end::end_running;
use crate::custodian::release_notices::{NoticeKind, link, store as notices};
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::Status;
use crate::exchange::notification;
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::log::{self, Event};
use crate::policy::place::Place;
use crate::types::actor::Tenant;
use crate::types::ids::DetainerId;
use crate::types::{Actor, Role, Side, Timestamp};

/// An entry of the log that concerns an agency.
#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: String,
    pub agency: Tenant,
    /// Where the agency stands, for the law.
    pub place: Option<Place>,
    pub at: Timestamp,
    pub detainer: Option<DetainerId>,
    /// Ids by kind of record.
    pub subjects: Value,
    /// `kind` of a told status.
    pub told: Option<String>,
    /// The facts that were stated, by name.
    pub facts: Value,
    /// What a feed said of a booking for which nobody asks: nothing follows from it.
    pub idle: bool,
}

/// Marks the entries from which nothing can follow, by one question for each agency of a batch: the nightly file of a
/// large jail is tens of thousands of bookings, and hardly one of them is asked for. A request that is recorded after
/// this look has an entry of its own, behind these.
pub async fn mark_idle(app: &App, entries: &mut [&mut Entry]) -> Result<(), StoreError> {
    let mut said: HashMap<i32, (Tenant, Vec<Uuid>)> = HashMap::new();
    for entry in entries.iter() {
        if let Some(booking) = entry.said_of() {
            let of_agency = said.entry(entry.agency.id);
            let (_, bookings) = of_agency.or_insert_with(|| (entry.agency.clone(), Vec::new()));
            bookings.push(booking);
        }
    }
    for (id, (agency, bookings)) in said {
        let mut tx = ScopedTx::for_party(&app.pools.custodian, service(agency)).await?;
        let asked: HashSet<Uuid> = notices::asked_for(&mut tx, &bookings)
            .await?
            .into_iter()
            .collect();
        tx.rollback().await?;
        for entry in entries.iter_mut().filter(|entry| entry.agency.id == id) {
            entry.idle = entry
                .said_of()
                .is_some_and(|booking| !asked.contains(&booking));
        }
    }
    Ok(())
}

impl Entry {
    /// The booking of which a feed or a notice said something.
    fn said_of(&self) -> Option<Uuid> {
        matches!(
            self.kind.as_str(),
            "release_notice.recorded" | "booking.changed"
        )
        .then(|| self.subject("booking"))
        .flatten()
    }

    fn subject(&self, kind: &str) -> Option<Uuid> {
        self.subjects[kind].as_str()?.parse().ok()
    }
}

/// The service itself, where it acts for an agency: in what follows from the log, and by its timer.
pub fn service(agency: Tenant) -> Actor {
    Actor {
        side: Side::Custodian,
        role: Role::Submitter,
        agency: Some(agency),
        office: None,
        jurisdiction: None,
        credential: "reader".to_owned(),
        name: "Sallyport".to_owned(),
    }
}

/// Carries out what follows from one entry, in the scope of its agency.
pub async fn handle(app: &App, entry: &Entry) -> Result<(), Problem> {
    if entry.idle {
        return Ok(());
    }
    let actor = service(entry.agency.clone());
    match (
        entry.kind.as_str(),
        entry.detainer,
        entry.subject("booking"),
    ) {
        ("detainer.received", Some(id), _) => on_received(app, actor, id).await?,
        ("detainer.cancelled", Some(id), _) => {
            on_withdrawn(app, actor, id, Status::Cancelled).await?;
        }
        ("detainer.superseded", Some(id), _) => {
            on_withdrawn(app, actor, id, Status::Superseded).await?;
        }
        ("detainer.relayed", Some(_), _) => {
            if let Some(relay) = entry.subject("relay") {
                on_relayed(app, actor, relay).await?;
            }
        }
        ("status.disclosed", Some(id), _) if entry.told.as_deref() == Some("transfer") => {
            on_transfer_told(app, actor, id).await?;
        }
        ("release_notice.recorded" | "booking.changed", _, Some(booking)) => {
            on_release(app, actor, booking).await?;
        }
        _ => {}
    }
    upkeep::after(app, entry).await
}

/// A request has arrived: is its person here, and is a release known already?
async fn on_received(app: &App, actor: Actor, id: DetainerId) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor).await?;
    if let Some(case) = case_file::lock(&mut tx, id).await?
        && case.status == Status::Pending
        // In a later statement than the lock: a cancellation that came first is seen.
        && papers::get(&mut tx, &app.vault, id)
            .await?
            .is_some_and(|paper| paper.can_be_told("matching").is_ok())
    {
        let events = link::link_case(&mut tx, app, case).await?;
        log::append(&mut tx, events).await?;
    }
    finish(app, tx).await
}

/// The office has withdrawn its request, or a newer one has taken its place: nothing waits for a
/// decision any more, nobody is held under it from that instant on, and the copies that were
/// passed on end with it.
async fn on_withdrawn(
    app: &App,
    actor: Actor,
    id: DetainerId,
    status: Status,
) -> Result<(), Problem> {
    let now = app.clock.now();
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor).await?;
    if let Some(mut case) = case_file::lock(&mut tx, id).await? {
        for review in notices::open_reviews(&mut tx, id).await? {
            notices::settle(&mut tx, review.id, "withheld", None, now).await?;
        }
        // In a later statement than the lock: the instant at which the office withdrew it.
        let withdrawn_at = papers::get(&mut tx, &app.vault, id)
            .await?
            .and_then(|paper| paper.cancelled_at.or(paper.superseded_at))
            .unwrap_or(now);
        let events = end_running(&mut tx, &mut case, ended_by(status), withdrawn_at, now).await?;
        if case.status == Status::Pending {
            case.status = status;
        }
        case_file::save(&mut tx, &case).await?;
        log::append(&mut tx, events).await?;
    }
    let copies = letter_box::copies_of(&mut tx, id).await?;
    finish(app, tx).await?;
    if status == Status::Cancelled {
        for (agency, copy) in copies {
            withdraw_copy(app, agency, copy).await?;
        }
    }
    Ok(())
}

fn ended_by(status: Status) -> EndReason {
    match status {
        Status::Superseded => EndReason::Superseded,
        _ => EndReason::Cancelled,
    }
}

/// In the receiving agency's scope: its copy is withdrawn with the original. The event carries
/// the rest, there and further on.
async fn withdraw_copy(app: &App, agency: Tenant, id: DetainerId) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, service(agency)).await?;
    if let Some(mut case) = case_file::lock(&mut tx, id).await?
        && case.status == Status::Pending
    {
        let now = app.clock.now();
        let mut events = end_running(&mut tx, &mut case, EndReason::Cancelled, now, now).await?;
        case.status = Status::Cancelled;
        case_file::save(&mut tx, &case).await?;
        events.push(Event::new("detainer.cancelled", now, tx.actor()).detainer(id));
        log::append(&mut tx, events).await?;
    }
    finish(app, tx).await
}

/// A request was passed on: the receiving agency takes it out of its letter box.
async fn on_relayed(app: &App, actor: Actor, relay: Uuid) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor).await?;
    let Some((agency, original)) = letter_box::of_relay(&mut tx, relay).await? else {
        return Ok(tx.rollback().await?);
    };
    let withdrawn = case_file::get(&mut tx, original)
        .await?
        .is_some_and(|case| case.status == Status::Cancelled);
    let told = notification::list(&mut tx, None, Some(original), None, 200)
        .await?
        .iter()
        .any(|told| told.kind.as_deref() == Some(NoticeKind::Transfer.as_str()));
    tx.rollback().await?;
    let mut tx = ScopedTx::for_party(&app.pools.custodian, service(agency.clone())).await?;
    let copy = relay::receive(&mut tx, app, relay, withdrawn).await?;
    finish(app, tx).await?;
    match copy {
        // The office was told of the transfer before the request was passed on.
        Some(copy) if told => show_copy(app, agency, copy).await,
        _ => Ok(()),
    }
}

/// The office was told of the transfer: it may now see the copy at the receiving agency.
async fn on_transfer_told(app: &App, actor: Actor, id: DetainerId) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor).await?;
    let copies = letter_box::copies_of(&mut tx, id).await?;
    tx.rollback().await?;
    for (agency, copy) in copies {
        show_copy(app, agency, copy).await?;
    }
    Ok(())
}

/// In the receiving agency's scope: its copy crosses.
async fn show_copy(app: &App, agency: Tenant, id: DetainerId) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, service(agency)).await?;
    if let Some(mut case) = case_file::lock(&mut tx, id).await?
        && case.crossed_at.is_none()
        && case.status == Status::Pending
    {
        match crossing::cross_copy(&mut tx, app, &mut case).await {
            Ok(events) => {
                log::append(&mut tx, events).await?;
            }
            // The office has lodged the very request there by itself: nothing to tell.
            Err(problem) if problem.slug == Slug::Conflict => {}
            Err(problem) => return Err(problem),
        }
    }
    finish(app, tx).await
}

/// A booking or a notice is visible: does it concern a request that its own command did not see?
async fn on_release(app: &App, actor: Actor, booking: Uuid) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor).await?;
    if let Some(booking) = bookings::store::by_id(&mut tx, booking).await? {
        let events = link::link_booking(&mut tx, app, &booking).await?;
        log::append(&mut tx, events).await?;
    }
    finish(app, tx).await
}

async fn finish(app: &App, tx: ScopedTx<'static>) -> Result<(), Problem> {
    tx.commit().await?;
    app.hub.committed();
    Ok(())
}
