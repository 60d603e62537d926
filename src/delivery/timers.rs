//! The timer of running holds. Which ones are due is read with the worker's role, ids and
//! instants of every agency; what follows is done at the jail, in the scope of its agency. Several
//! processes may run it: the case file's lock lets each mark be recorded once.

use std::time::Duration;

use crate::app::App;
use crate::custodian::holds::timer;
use crate::db::StoreError;
use crate::types::actor::Tenant;

const BATCH: i64 = 100;

/// Runs until the task is aborted. What fell due while nothing ran is recorded at the start.
pub async fn run(app: App) {
    loop {
        match batch(&app).await {
            Ok(done) if done >= BATCH as usize => {}
            Ok(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            Err(error) => {
                tracing::warn!(error = %error, "the timer of holds could not go on");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Records what is due now; answers on how many requests.
pub async fn batch(app: &App) -> Result<usize, StoreError> {
    let now = app.clock.now();
    let rows = sqlx::query!(
        r#"select d.detainer_id, a.id, a.ori, a.name, a.time_zone
             from (select agency_id, detainer_id, min(due_at) as due_at from custodian.hold_alert
                    where due_at <= $1 and recorded_at is null and dropped_at is null
                    group by agency_id, detainer_id order by 3 limit $2) d
             join registry.agency a on a.id = d.agency_id order by d.due_at"#,
        now,
        BATCH
    )
    .fetch_all(&app.pools.worker)
    .await?;
    let mut done = 0;
    for row in rows {
        let agency = Tenant {
            id: row.id,
            code: row.ori,
            name: row.name,
            time_zone: row.time_zone,
        };
        match timer::run(app, agency, row.detainer_id.into()).await {
            Ok(()) => done += 1,
            // One that fails is tried again with the next batch and stops no other.
            Err(problem) => {
                tracing::warn!(detainer.id = %row.detainer_id, detail = %problem.detail, "a hold's timer failed");
            }
        }
    }
    Ok(done)
}
