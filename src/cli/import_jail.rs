//! `sallyport import bookings|release-notices|papers`: a jail's own file, as the service would take
//! it in; run again after a kill, it goes on at the next row.

use std::path::PathBuf;
use std::time::Instant;

use super::import::{Progress, beside, print_line};
use super::{Failure, JailFileArgs, database, migrate};
use crate::app::App;
use crate::config::Config;
use crate::custodian::imports::api::RejectsFile;
use crate::custodian::imports::run::Import;
use crate::custodian::imports::source::Spooled;
use crate::custodian::imports::submit::{self, Submission};
use crate::custodian::imports::{ImportStatus, Job, store};
use crate::custodian::readers;
use crate::db::ScopedTx;
use crate::http::Problem;
use crate::imports::fields::{self, Kind};
use crate::imports::mapping::Mapping;
use crate::types::Actor;
use crate::types::actor::Tenant;

/// Takes a file in.
pub fn run(
    config: &Config,
    data_dir: Option<PathBuf>,
    kind: Kind,
    args: JailFileArgs,
) -> Result<(), Failure> {
    if !args.file.is_file() {
        return Err(Failure::Usage(format!(
            "there is no file {}",
            args.file.display()
        )));
    }
    let database = database::Database::open(config, data_dir)?;
    let runtime = database::runtime()?;
    let outcome = runtime.block_on(take(config, &database, kind, &args));
    drop(runtime);
    database.close()?;
    outcome
}

/// The names of the fields that a file of a kind may have.
pub fn print_fields(kind: Kind) {
    for field in fields::of(kind) {
        let needed = if field.required { "  (required)" } else { "" };
        println!("{}{needed}", field.path);
    }
}

async fn take(
    config: &Config,
    database: &database::Database,
    kind: Kind,
    args: &JailFileArgs,
) -> Result<(), Failure> {
    if database.is_private {
        migrate::apply(&database.owner).await?;
    }
    let app = database.app(config, false)?;
    let agency = sqlx::query_as!(
        Tenant,
        "select id, ori as code, name, time_zone from registry.agency where ori = $1",
        args.agency
    )
    .fetch_optional(&app.pools.operator)
    .await?
    .ok_or_else(|| Failure::Usage(format!("there is no agency {}", args.agency)))?;
    let spooled = Spooled::of_file(&args.file)?;
    let started = Instant::now();
    let job = opened(&app, &agency, kind, args, &spooled).await?;
    let resumed = job.next_ordinal > 1;
    let mut import = Import::new(&app, agency.clone(), job, spooled);
    let mut progress = Progress::new();
    import
        .carry_on(|counts| {
            progress.show_rows(
                counts.read,
                counts.accepted,
                counts.unchanged,
                counts.rejected,
            )
        })
        .await?;
    progress.end();
    let job = import.job;
    if resumed {
        eprintln!("The import went on where an earlier run was cut off.");
    }
    for (text, count) in &job.warnings {
        eprintln!("{text} ({count} times)");
    }
    if job.counts.rejected > 0 {
        let path = args.rejects.clone().unwrap_or_else(|| beside(&args.file));
        write_rejects(&app, &agency, &job, &path).await?;
        eprintln!(
            "{} rows were rejected; they are in {} with their reasons.",
            job.counts.rejected,
            path.display()
        );
    }
    let counts = &job.counts;
    let seconds = started.elapsed().as_secs_f64();
    let ended = match job.status {
        ImportStatus::Done => {
            print_line(
                counts.read,
                counts.accepted,
                counts.unchanged,
                counts.rejected,
                seconds,
            );
            Ok(())
        }
        ImportStatus::Waiting => Err(Failure::Failed(anyhow::anyhow!(
            "{} Run it again with --confirmed to go on.",
            job.problem.unwrap_or_default()
        ))),
        _ => Err(Failure::Failed(anyhow::anyhow!(
            job.problem.unwrap_or_default()
        ))),
    };
    app.pools.close().await;
    ended
}

fn actor(agency: &Tenant) -> Actor {
    Actor {
        credential: "commandline".to_owned(),
        name: "sallyport import".to_owned(),
        ..readers::service(agency.clone())
    }
}

/// The job of this file: the one that was cut off, or a new one.
async fn opened(
    app: &App,
    agency: &Tenant,
    kind: Kind,
    args: &JailFileArgs,
    spooled: &Spooled,
) -> Result<Job, Failure> {
    let refused = |problem: Problem| Failure::Usage(problem.detail);
    let mut tx = ScopedTx::for_party(&app.pools.custodian, actor(agency)).await?;
    let id = match store::running(&mut tx, &submit::file_tag(app, spooled), kind).await? {
        Some(id) => id,
        None => {
            let mapping = args.mapping.as_ref();
            let text = match mapping {
                None => None,
                Some(name) if PathBuf::from(name).is_file() => Some(std::fs::read_to_string(name)?),
                Some(name) => Some(submit::mapping_text(&mut tx, name).await.map_err(refused)?),
            };
            if let Some(text) = &text {
                Mapping::read(text).map_err(|error| Failure::Usage(error.to_string()))?;
            }
            let submission = Submission {
                kind,
                mapping: mapping.cloned(),
                feed: args.feed.clone(),
                roster: args.roster,
                file_name: args
                    .file
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned()),
            };
            submit::open(&mut tx, app, submission, text, spooled, true)
                .await
                .map_err(refused)?
                .id
        }
    };
    if args.confirmed {
        store::confirm(&mut tx, id).await?;
    }
    let job = store::claim(&mut tx, id, app.clock.now()).await?;
    tx.commit().await?;
    let mut job = job.ok_or_else(|| {
        Failure::Failed(anyhow::anyhow!(
            "this file waits for a person (--confirmed), or another process takes it in at this moment"
        ))
    })?;
    job.confirmed |= args.confirmed;
    Ok(job)
}

async fn write_rejects(
    app: &App,
    agency: &Tenant,
    job: &Job,
    path: &std::path::Path,
) -> Result<(), Failure> {
    use std::io::Write;
    let failed = |problem: Problem| Failure::Failed(anyhow::anyhow!(problem.detail));
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut file = RejectsFile::new(&job.headings).map_err(failed)?;
    let mut after = 0;
    loop {
        let mut tx = ScopedTx::for_party(&app.pools.custodian, actor(agency)).await?;
        let rows = store::rejects(&mut tx, &app.vault, job.id, after, 1_000).await?;
        tx.rollback().await?;
        after = rows.last().map_or(after, |row| row.ordinal);
        let ended = rows.is_empty();
        for row in rows {
            file.row(&row).map_err(failed)?;
        }
        out.write_all(&file.take().map_err(failed)?)?;
        if ended {
            out.flush()?;
            return Ok(());
        }
    }
}
