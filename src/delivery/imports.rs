//! The loop that carries imports on: whatever is running and nobody holds. Which those are is read
//! with the worker's role; the rows are written at the jail, in the scope of its agency. Several
//! processes may run it: a job is held by one at a time.

use std::time::Duration;

use crate::app::App;
use crate::custodian::imports::preview;
use crate::custodian::imports::run::{Import, RunError};
use crate::custodian::imports::write::WriteError;
use crate::db::StoreError;
use crate::types::actor::Tenant;

/// Runs until the task is aborted.
pub async fn run(app: App) {
    loop {
        match next(&app).await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(Duration::from_millis(500)).await,
            Err(error) => {
                tracing::warn!(error = %error, "an import could not go on");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
}

/// Forgets files that were handed in on a page and that nobody has started, until the task is aborted.
pub async fn tidy(app: App) {
    loop {
        if let Err(error) = forget(&app).await {
            tracing::warn!(error = %error, "files that nobody started could not be forgotten");
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}

/// Forgets what has lain for longer than a day; one agency that fails stops no other.
pub async fn forget(app: &App) -> Result<(), StoreError> {
    let agencies = sqlx::query_as!(
        Tenant,
        r#"select id, ori as code, name, time_zone from registry.agency
            where id in (select agency_id from custodian.import_job where preview and started_at < $1)
            order by id"#,
        app.clock.now() - chrono::Duration::hours(preview::HOURS)
    )
    .fetch_all(&app.pools.worker)
    .await?;
    for agency in agencies {
        let code = agency.code.clone();
        if let Err(problem) = preview::forget(app, agency).await {
            tracing::warn!(agency = %code, detail = %problem.detail, "a file that nobody started could not be forgotten");
        }
    }
    Ok(())
}

/// Takes up the next import that nobody carries on; `false` when there is none.
async fn next(app: &App) -> Result<bool, RunError> {
    let waiting = sqlx::query!(
        r#"select j.id as job, a.id, a.ori, a.name, a.time_zone
             from custodian.import_job j join registry.agency a on a.id = j.agency_id
            where j.status = 'running' and (j.claimed_until is null or j.claimed_until < $1)
            order by j.id limit 8"#,
        app.clock.now()
    )
    .fetch_all(&app.pools.worker)
    .await
    .map_err(StoreError::from)?;
    for row in waiting {
        let agency = Tenant {
            id: row.id,
            code: row.ori,
            name: row.name,
            time_zone: row.time_zone,
        };
        if let Some(mut import) = Import::take(app, agency, row.job).await? {
            match import.carry_on(|_| ()).await {
                Ok(()) | Err(RunError::Write(WriteError::NotOurs)) => {}
                // It keeps its lease, so that the others come first.
                Err(error) => return Err(error),
            }
            return Ok(true);
        }
    }
    Ok(false)
}
