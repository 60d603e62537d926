//! The loops that carry imports on: whatever is running and nobody holds. Which those are is read
//! with the worker's role; the rows of a jail are written in the scope of its agency, those of a
//! release as the operator. Several processes may run them: a job is held by one at a time.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::custodian::imports::preview;
use crate::custodian::imports::run::{Import, RunError};
use crate::custodian::imports::write::WriteError;
use crate::db::StoreError;
use crate::imports::apply::{ImportError, Importer};
use crate::imports::ddp::Ddp;
use crate::imports::jobs;
use crate::types::actor::Tenant;
use crate::types::{Actor, Role, Side};

/// Which files a loop takes. A nightly file must not wait behind a large one, so one loop leaves those out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Any,
    Small,
}

/// A file of this many pieces (a mebibyte each) or more is large.
const LARGE: i32 = 20;

impl Lane {
    fn below(self) -> Option<i32> {
        (self == Self::Small).then_some(LARGE)
    }
}

/// Why a loop rests a moment.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Jail(#[from] RunError),
    #[error(transparent)]
    Release(#[from] ImportError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Runs until the task is aborted.
pub async fn run(app: App, lane: Lane) {
    loop {
        match next(&app, lane).await {
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

/// Takes up the next import that nobody carries on, a jail's before a release; `false` when there is none.
async fn next(app: &App, lane: Lane) -> Result<bool, Stopped> {
    Ok(next_of_a_jail(app, lane).await? || next_release(app, lane).await?)
}

async fn next_of_a_jail(app: &App, lane: Lane) -> Result<bool, Stopped> {
    let waiting = sqlx::query!(
        r#"select j.id as job, a.id, a.ori, a.name, a.time_zone
             from custodian.import_job j join registry.agency a on a.id = j.agency_id
            where j.status = 'running' and (j.claimed_until is null or j.claimed_until < $1)
              and ($2::int is null
                   or not exists (select from custodian.import_piece p
                                   where p.agency_id = j.agency_id and p.import_id = j.id and p.piece >= $2))
            order by j.id limit 8"#,
        app.clock.now(),
        lane.below()
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
                Err(error) => return Err(error.into()),
            }
            return Ok(true);
        }
    }
    Ok(false)
}

async fn next_release(app: &App, lane: Lane) -> Result<bool, Stopped> {
    let now = app.clock.now();
    let mut conn = app
        .pools
        .operator
        .acquire()
        .await
        .map_err(StoreError::from)?;
    let mut claimed = None;
    for id in jobs::unclaimed(&mut conn, now, lane.below()).await? {
        claimed = jobs::claim(&mut conn, id, now).await?;
        if claimed.is_some() {
            break;
        }
    }
    let Some(mut job) = claimed else {
        return Ok(false);
    };
    let spooled = jobs::file(&mut conn, &app.vault, job.id).await?;
    drop(conn);
    let file = spooled
        .open()
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let importer = Importer {
        pool: &app.pools.operator,
        actor: Actor {
            side: Side::Operator,
            role: Role::SystemAdmin,
            agency: None,
            office: None,
            jurisdiction: None,
            credential: job.credential.clone(),
            name: job.started_by.clone(),
        },
        clock: app.clock.clone(),
        hub: Some(app.hub.clone()),
    };
    let format = match Ddp::of_job(job.mapping.as_deref()) {
        Ok(format) => Arc::new(format),
        Err(problem) => {
            importer.fail(&job, &problem).await?;
            return Ok(true);
        }
    };
    match importer.carry_on(format, file, &mut job, |_| ()).await {
        // An unreadable file has failed its job.
        Ok(_) | Err(ImportError::TakenOver | ImportError::Unreadable(_)) => {}
        // It keeps its lease, so that the others come first.
        Err(error) if error.may_pass() => return Err(error.into()),
        Err(error) => {
            // The cause is for whoever runs the service.
            tracing::error!(import = %job.id, error = %error, "an import failed");
            let says = "The service failed at this file; its operator finds the cause in the service's log.";
            importer.fail(&job, says).await?;
        }
    }
    Ok(true)
}
