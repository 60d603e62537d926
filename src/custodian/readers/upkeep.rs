//! What the law attaches to an event: duties, and an answer that a new fact has changed.

use super::Entry;
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
use crate::types::ids::DetainerId;
use crate::types::{Actor, Timestamp};

/// What follows for the law from one entry of the log. Where no rule attaches anything to it and
/// no fact has changed, nothing is read either.
pub async fn after(app: &App, entry: &Entry) -> Result<(), Problem> {
    let actor = super::service(entry.agency.clone());
    let at = entry.at;
    let of = |on, kind| {
        let id = entry.subject(kind);
        id.map(|id| Occasion::new(on, at).of(id))
    };
    match (entry.kind.as_str(), entry.detainer) {
        ("detainer.received", Some(id)) => {
            let occasions = [
                Occasion::new("request_received", at),
                Occasion::new("interview_requested", at),
            ];
            owed(app, entry, actor, id, &occasions).await
        }
        ("release_notice.disclosed", Some(id)) => {
            let occasion = of("notify_sent", "notification");
            owed(app, entry, actor, id, occasion.as_slice()).await
        }
        ("hold.started", Some(id)) => {
            let occasion = of("hold_started", "hold");
            owed(app, entry, actor, id, occasion.as_slice()).await
        }
        ("facts.stated", Some(id)) => {
            let names = entry.facts.as_array().map_or(&[][..], Vec::as_slice);
            let convicted = names.iter().any(|name| name == "convictions");
            let occasion = Occasion::new("conviction", at);
            let owed = convicted && attaches(app, entry, &[occasion.name()]);
            let occasion = owed.then_some(occasion);
            on_case(app, actor, id, occasion.as_slice()).await
        }
        ("detainer.served" | "claim.made" | "claim.resolved" | "restriction.set", Some(id)) => {
            on_case(app, actor, id, &[]).await
        }
        ("booking.changed", _) => on_booking(app, entry, actor).await,
        ("match.found" | "match.decided" | "release_notice.recorded", _) => {
            let names = ["booking", "otherwise_releasable", "before_release"];
            match attaches(app, entry, &names) {
                true => on_booking(app, entry, actor).await,
                false => Ok(()),
            }
        }
        ("adopted_position.made", _) => sweep(app, actor).await,
        _ => Ok(()),
    }
}

/// Does a rule attach duties to one of these, where the agency stands?
fn attaches(app: &App, entry: &Entry, occasions: &[&str]) -> bool {
    let zone = entry.agency.time_zone.parse().unwrap_or(chrono_tz::UTC);
    let today = app.clock.now().with_timezone(&zone).date_naive();
    entry
        .place
        .as_ref()
        .is_some_and(|place| app.law.attaches(place, today, occasions))
}

async fn owed(
    app: &App,
    entry: &Entry,
    actor: Actor,
    id: DetainerId,
    occasions: &[Occasion],
) -> Result<(), Problem> {
    let names: Vec<&str> = occasions.iter().map(Occasion::name).collect();
    match attaches(app, entry, &names) {
        true => on_case(app, actor, id, occasions).await,
        false => Ok(()),
    }
}

async fn on_case(
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

/// A booking has changed, was joined to a request, or has a release in its plan.
async fn on_booking(app: &App, entry: &Entry, actor: Actor) -> Result<(), Problem> {
    let Some(booking) = entry.subject("booking") else {
        return Ok(());
    };
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor).await?;
    let ids = bookings::store::linked_cases(&mut tx, booking).await?;
    let booking = match ids.is_empty() {
        true => None,
        false => bookings::store::by_id(&mut tx, booking).await?,
    };
    let Some(booking) = booking else {
        return Ok(tx.rollback().await?);
    };
    for case in case_file::lock_all(&mut tx, &ids).await? {
        let since = |on, at: Option<Timestamp>| Some(Occasion::new(on, at?).of(booking.id));
        let before = |at: Timestamp| Occasion::new("before_release", at).by(at);
        let occasions: Vec<Occasion> = [
            since("booking", booking.booked_at),
            since("otherwise_releasable", booking.otherwise_releasable_at),
            case.release_expected_at.map(before),
        ]
        .into_iter()
        .flatten()
        .filter(|occasion| attaches(app, entry, &[occasion.name()]))
        .collect();
        keep_up(&mut tx, app, &case, &occasions).await?;
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
        on_case(app, actor.clone(), id.into(), &[]).await?;
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
