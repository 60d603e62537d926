//! The timer of silent feeds. At which agencies a silence is due is read with the worker's role;
//! the alarm is raised at the jail, in the scope of its agency. Several processes may run it: a
//! feed's row is locked, so each silence is recorded once.

use std::time::Duration;

use crate::app::App;
use crate::custodian::feeds::silence;
use crate::db::StoreError;
use crate::types::actor::Tenant;

/// Runs until the task is aborted. What fell silent while nothing ran is recorded at the start.
pub async fn run(app: App) {
    loop {
        if let Err(error) = batch(&app).await {
            tracing::warn!(error = %error, "the timer of silent feeds could not go on");
        }
        // Intervals are whole minutes: nobody waits for the second.
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// Raises the alarms that are due now; one agency that fails stops no other.
pub async fn batch(app: &App) -> Result<(), StoreError> {
    let agencies = sqlx::query_as!(
        Tenant,
        r#"select id, ori as code, name, time_zone from registry.agency
            where id in (select agency_id from custodian.feed where silent_from < $1 and silence_recorded_at is null)
            order by id"#,
        app.clock.now()
    )
    .fetch_all(&app.pools.worker)
    .await?;
    for agency in agencies {
        let code = agency.code.clone();
        if let Err(problem) = silence::record(app, agency).await {
            tracing::warn!(agency = %code, detail = %problem.detail, "a silent feed could not be recorded");
        }
    }
    Ok(())
}
