//! The loop that carries imports on: whatever is running and nobody holds. Which those are is read
//! with the worker's role; the rows are written at the jail, in the scope of its agency. Several
//! processes may run it: a job is held by one at a time.

use std::time::Duration;

use crate::app::App;
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
