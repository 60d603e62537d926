//! What the law attaches to an event: duties, and an answer that a new fact has changed.

use uuid::Uuid;

use crate::app::App;
use crate::custodian::bookings;
use crate::custodian::detainers::case_file::{self, CaseFile};
use crate::custodian::determinations::assess;
use crate::custodian::duties::{self, Occasion};
use crate::custodian::release_notices::store as notices;
use crate::db::ScopedTx;
use crate::exchange::detainer::Status;
use crate::http::Problem;
use crate::log;
use crate::types::Actor;
use crate::types::ids::DetainerId;

/// A fact has arrived: what waits, or was withheld by law, is assessed again.
pub async fn on_fact(
    app: &App,
    actor: Actor,
    id: DetainerId,
    occasions: &[Occasion],
) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor).await?;
    if let Some(case) = case_file::lock(&mut tx, id).await? {
        keep_up(&mut tx, app, &case, occasions).await?;
    }
    super::finish(app, tx).await
}

/// A request was joined to a booking, or its booking has changed.
pub async fn on_booking(
    app: &App,
    actor: Actor,
    booking: Uuid,
    only: Option<DetainerId>,
) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor).await?;
    let Some(booking) = bookings::store::by_id(&mut tx, booking).await? else {
        return Ok(tx.rollback().await?);
    };
    let mut ids = bookings::store::linked_cases(&mut tx, booking.id).await?;
    ids.retain(|id| only.is_none_or(|only| only.as_uuid() == *id));
    let mut occasions = Vec::new();
    if let Some(booked_at) = booking.booked_at {
        occasions.push(Occasion::new("booking", booked_at).of(booking.id));
    }
    if let Some(at) = booking.otherwise_releasable_at {
        occasions.push(Occasion::new("otherwise_releasable", at).of(booking.id));
    }
    for case in case_file::lock_all(&mut tx, &ids).await? {
        keep_up(&mut tx, app, &case, &occasions).await?;
    }
    super::finish(app, tx).await
}

/// A release stands in the plan: some things are owed before it.
pub async fn on_notice(app: &App, actor: Actor, booking: Uuid) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor).await?;
    let ids = bookings::store::linked_cases(&mut tx, booking).await?;
    for case in case_file::lock_all(&mut tx, &ids).await? {
        if let Some(at) = case.release_expected_at {
            let occasion = Occasion::new("before_release", at).by(at);
            keep_up(&mut tx, app, &case, &[occasion]).await?;
        }
    }
    super::finish(app, tx).await
}

/// How the agency reads a contested rule, or the rules themselves, have changed, or a day has
/// begun: everything that waits is assessed again, request by request.
pub async fn sweep(app: &App, actor: Actor) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor.clone()).await?;
    let ids = notices::under_assessment(&mut tx).await?;
    tx.rollback().await?;
    for id in ids {
        on_fact(app, actor.clone(), id.into(), &[]).await?;
    }
    Ok(())
}

async fn keep_up(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &CaseFile,
    occasions: &[Occasion],
) -> Result<(), Problem> {
    if matches!(case.status, Status::Cancelled | Status::Superseded) {
        return Ok(());
    }
    let mut events = assess::again(tx, app, case).await?;
    events.extend(duties::arise(tx, app, case, occasions).await?);
    log::append(tx, events).await?;
    Ok(())
}
