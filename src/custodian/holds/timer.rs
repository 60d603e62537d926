//! What the timer does at one jail, in the scope of that agency.

use super::end;
use crate::app::App;
use crate::custodian::detainers::case_file;
use crate::custodian::readers::service;
use crate::db::ScopedTx;
use crate::http::Problem;
use crate::log;
use crate::types::actor::Tenant;
use crate::types::ids::DetainerId;

/// Records the marks of a hold that are due, and ends it at its deadline. Whoever holds the case
/// file's lock first does it; the next finds nothing left to do.
pub async fn run(app: &App, agency: Tenant, id: DetainerId) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, service(agency)).await?;
    let Some(mut case) = case_file::lock(&mut tx, id).await? else {
        return Ok(tx.rollback().await?);
    };
    // Read under the lock: the instant must not lie before one that another process has settled.
    let now = app.clock.now();
    let before = case.hold_deadline_at;
    let events = end::due(&mut tx, &mut case, now).await?;
    if case.hold_deadline_at != before {
        case_file::save(&mut tx, &case).await?;
    }
    log::append(&mut tx, events).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(())
}
