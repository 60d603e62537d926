//! The law moves by itself: a rule takes effect, a birthday comes, the rules are read again. Each
//! hour, at the start and after a reload, what waits at every agency is assessed anew. Several
//! processes may do so: an answer that has not changed changes nothing.

use std::sync::Arc;
use std::time::Duration;

use chrono::Timelike;

use crate::app::App;
use crate::custodian::readers::{self, upkeep};
use crate::db::StoreError;
use crate::types::actor::Tenant;

/// Runs until the task is aborted.
pub async fn run(app: App) {
    let mut last = None;
    loop {
        let hour = app.clock.now().hour();
        let book = app.law.book();
        // The rules that were swept with are kept, so that no others can stand at their address.
        let same = last
            .as_ref()
            .is_some_and(|(then, old)| *then == hour && Arc::ptr_eq(old, &book));
        if !same {
            match all(&app).await {
                Ok(()) => last = Some((hour, book)),
                Err(error) => {
                    tracing::warn!(error = %error, "what waits could not be assessed anew");
                }
            }
        }
        tokio::time::sleep(Duration::from_secs(15)).await;
    }
}

/// Assesses anew what waits at every agency; one that fails stops no other.
pub async fn all(app: &App) -> Result<(), StoreError> {
    let agencies = sqlx::query_as!(
        Tenant,
        "select id, ori as code, name, time_zone from registry.agency order by id"
    )
    .fetch_all(&app.pools.worker)
    .await?;
    for agency in agencies {
        let code = agency.code.clone();
        if let Err(problem) = upkeep::sweep(app, readers::service(agency)).await {
            tracing::warn!(agency = %code, detail = %problem.detail, "what waits could not be assessed anew");
        }
    }
    Ok(())
}
