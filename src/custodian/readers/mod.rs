//! What follows from an event at the jail: matching when a request arrives, closing the case
//! when it is cancelled. A reader is told of an event after it is visible, in order, at least
//! once; each handler is idempotent.

use crate::app::App;
use crate::custodian::bookings;
use crate::custodian::detainers::{case_file, papers};
use crate::custodian::holds::EndReason;
use crate::custodian::holds::end::end_running;
use crate::custodian::release_notices::{link, store as notices};
use crate::db::ScopedTx;
use crate::exchange::detainer::Status;
use crate::http::Problem;
use crate::log;
use crate::types::actor::Tenant;
use crate::types::ids::DetainerId;
use crate::types::{Actor, Role, Side};

/// An entry of the log that concerns an agency.
#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: String,
    pub agency: Tenant,
    pub detainer: Option<DetainerId>,
    pub booking: Option<uuid::Uuid>,
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
    let actor = service(entry.agency.clone());
    match (entry.kind.as_str(), entry.detainer, entry.booking) {
        ("detainer.received", Some(id), _) => on_received(app, actor, id).await,
        ("detainer.cancelled", Some(id), _) => on_cancelled(app, actor, id).await,
        ("release_notice.recorded" | "booking.changed", _, Some(booking)) => {
            on_release(app, actor, booking).await
        }
        _ => Ok(()),
    }
}

/// A request has arrived: is its person here, and is a release known already?
async fn on_received(app: &App, actor: Actor, id: DetainerId) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor).await?;
    if let Some(case) = case_file::lock(&mut tx, id).await?
        && case.status == Status::Pending
        // In a later statement than the lock: a cancellation that came first is seen.
        && papers::get(&mut tx, &app.vault, id).await?.is_some_and(|paper| paper.cancelled_at.is_none())
    {
        let events = link::link_case(&mut tx, app, case).await?;
        log::append(&mut tx, events).await?;
    }
    finish(app, tx).await
}

/// The office has withdrawn its request: nothing waits for a decision any more, and nobody is held
/// under it from that instant on.
async fn on_cancelled(app: &App, actor: Actor, id: DetainerId) -> Result<(), Problem> {
    let now = app.clock.now();
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor).await?;
    if let Some(mut case) = case_file::lock(&mut tx, id).await? {
        for review in notices::open_reviews(&mut tx, id).await? {
            notices::settle(&mut tx, review.id, "withheld", None, now).await?;
        }
        // In a later statement than the lock: the instant at which the office withdrew it.
        let cancelled_at = papers::get(&mut tx, &app.vault, id)
            .await?
            .and_then(|paper| paper.cancelled_at)
            .unwrap_or(now);
        let events =
            end_running(&mut tx, &mut case, EndReason::Cancelled, cancelled_at, now).await?;
        if case.status == Status::Pending {
            case.status = Status::Cancelled;
        }
        case_file::save(&mut tx, &case).await?;
        log::append(&mut tx, events).await?;
    }
    finish(app, tx).await
}

/// A booking or a notice is visible: does it concern a request that its own command did not see?
async fn on_release(app: &App, actor: Actor, booking: uuid::Uuid) -> Result<(), Problem> {
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
