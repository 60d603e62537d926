//! The alarm: what a timer does at one jail, in the scope of that agency.

use super::store;
use crate::app::App;
use crate::custodian::readers::service;
use crate::db::ScopedTx;
use crate::http::Problem;
use crate::log::{self, Event};
use crate::types::actor::Tenant;

/// Records the silences of an agency's feeds that nobody has recorded, an event each.
pub async fn record(app: &App, agency: Tenant) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, service(agency)).await?;
    let now = app.clock.now();
    let events = store::fall_silent(&mut tx, now)
        .await?
        .into_iter()
        .map(|(id, last_at, expected)| {
            Event::new("feed.silent", now, tx.actor())
                .subject("feed", id)
                .instant("last_at", last_at)
                .data("expected_every_minutes", expected)
        })
        .collect();
    log::append(&mut tx, events).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(())
}
