//! `sallyport import bookings|release-notices|papers`: a jail's own file, as the service would take
//! it in; run again after a kill, it goes on at the next row.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::import::{Progress, beside, print_line};
use super::{Failure, JailFileArgs, database, migrate};
use crate::app::App;
use crate::config::Config;
use crate::custodian::imports::run::Import;
use crate::custodian::imports::submit::{self, Submission};
use crate::custodian::imports::{ImportStatus, Job, store};
use crate::custodian::readers;
use crate::db::ScopedTx;
use crate::http::Problem;
use crate::imports::fields::{self, Kind};
use crate::imports::mapping::{self, Mapping};
use crate::imports::rejects::{ROWS, RejectsFile};
use crate::imports::spool::Spooled;
use crate::imports::table;
use crate::types::Actor;
use crate::types::actor::Tenant;

const ROWS_SHOWN: usize = 10;

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
    in_database(config, data_dir, async |app| take(app, kind, &args).await)
}

/// Runs some work beside the database of this command.
fn in_database(
    config: &Config,
    data_dir: Option<PathBuf>,
    work: impl AsyncFnOnce(&App) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let database = database::Database::open(config, data_dir)?;
    let runtime = database::runtime()?;
    let outcome = runtime.block_on(async {
        if database.is_private {
            migrate::apply(&database.owner).await?;
        }
        let app = database.app(config, false)?;
        let outcome = work(&app).await;
        app.pools.close().await;
        outcome
    });
    drop(runtime);
    database.close()?;
    outcome
}

async fn tenant(app: &App, ori: &str) -> Result<Tenant, Failure> {
    sqlx::query_as!(
        Tenant,
        "select id, ori as code, name, time_zone from registry.agency where ori = $1",
        ori
    )
    .fetch_optional(&app.pools.operator)
    .await?
    .ok_or_else(|| Failure::Usage(format!("there is no agency {ori}")))
}

/// The names of the fields that a file of a kind may have.
pub fn print_fields(kind: Kind) {
    for field in fields::of(kind) {
        let needed = if field.required { "  (required)" } else { "" };
        println!("{}{needed}", field.path);
    }
}

/// Shows the beginning of a file, and suggests a mapping.
pub fn look(kind: Kind, file: &Path) -> Result<(), Failure> {
    let seen = table::peek(File::open(file)?, ROWS_SHOWN)?;
    eprintln!("{}: {}", file.display(), seen.format.as_str());
    for warning in &seen.warnings {
        eprintln!("{warning}");
    }
    for row in &seen.rows {
        let cells: Vec<String> = seen
            .headings
            .iter()
            .zip(row)
            .map(|(heading, cell)| format!("{heading}={cell}"))
            .collect();
        eprintln!("  {}", cells.join(" | "));
    }
    let text = mapping::suggested(kind, &seen.headings);
    if let Err(error) = Mapping::read(&text) {
        eprintln!("{error}: add it");
    }
    print!("{text}");
    Ok(())
}

/// Saves a mapping for an agency.
pub fn save_mapping(
    config: &Config,
    data_dir: Option<PathBuf>,
    name: &str,
    file: &Path,
    agency: &str,
) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file)?;
    let mapping = Mapping::read(&text).map_err(|error| Failure::Usage(error.to_string()))?;
    in_database(config, data_dir, async |app| {
        let agency = tenant(app, agency).await?;
        let mut tx = ScopedTx::for_party(&app.pools.custodian, actor(&agency)).await?;
        store::save_mapping(&mut tx, name, mapping.kind, &text, app.clock.now())
            .await
            .map_err(|error| match error.code().as_deref() {
                Some("23514") => Failure::Usage(format!(
                    "{name} is no name of a mapping: write it like jail-nightly"
                )),
                _ => error.into(),
            })?;
        tx.commit().await?;
        Ok(())
    })
}

async fn take(app: &App, kind: Kind, args: &JailFileArgs) -> Result<(), Failure> {
    let agency = tenant(app, &args.agency).await?;
    let spooled = Spooled::of_file(&args.file)?;
    let started = Instant::now();
    let job = opened(app, &agency, kind, args, &spooled).await?;
    let resumed = job.next_ordinal > 1;
    let mut import = Import::new(app, agency.clone(), job, spooled);
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
        write_rejects(app, &agency, &job, &path).await?;
        eprintln!(
            "{} rows were rejected; they are in {} with their reasons.",
            job.counts.rejected,
            path.display()
        );
    }
    let counts = &job.counts;
    let seconds = started.elapsed().as_secs_f64();
    match job.status {
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
    }
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

async fn write_rejects(app: &App, agency: &Tenant, job: &Job, path: &Path) -> Result<(), Failure> {
    use std::io::Write;
    let failed = |problem: Problem| Failure::Failed(anyhow::anyhow!(problem.detail));
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut file = RejectsFile::new(&job.headings);
    loop {
        let mut tx = ScopedTx::for_party(&app.pools.custodian, actor(agency)).await?;
        let rows = store::rejects(&mut tx, &app.vault, job.id, file.after(), ROWS).await?;
        tx.rollback().await?;
        out.write_all(&file.page(&rows).map_err(failed)?)?;
        if rows.is_empty() {
            out.flush()?;
            return Ok(());
        }
    }
}
