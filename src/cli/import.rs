//! `sallyport import`: progress while it runs (a bar on a terminal, JSON lines when not), one
//! JSON line on standard output at the end.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{AgencyListArgs, Failure, ImportArgs, database, migrate};
use crate::config::Config;
use crate::http::Problem;
use crate::imports::agencies::AgencyList;
use crate::imports::agencies::take::{TakeError, take};
use crate::imports::apply::{Counts, ImportError, Importer, Report, default_dataset};
use crate::imports::ddp::Ddp;
use crate::imports::jobs;
use crate::imports::rejects::{ROWS, RejectRow, RejectsFile};
use crate::types::{Actor, Role, Side};

pub fn detainers(
    config: &Config,
    data_dir: Option<PathBuf>,
    args: ImportArgs,
) -> Result<(), Failure> {
    if !args.file.is_file() {
        return Err(Failure::Usage(format!(
            "there is no file {}",
            args.file.display()
        )));
    }
    // A file that cannot be read is refused before anything is started or written.
    let file = std::fs::File::open(&args.file)?;
    Ddp::embedded()?.read(file).map(drop)?;
    let database = database::Database::open(config, data_dir)?;
    let runtime = database::runtime()?;
    let outcome = runtime.block_on(run(config, &database, &args));
    drop(runtime);
    database.close()?;
    outcome
}

async fn run(
    config: &Config,
    database: &database::Database,
    args: &ImportArgs,
) -> Result<(), Failure> {
    if database.is_private {
        migrate::apply(&database.owner).await?;
    }
    let app = database.app(config, false)?;
    let dataset = args
        .dataset
        .clone()
        .unwrap_or_else(|| default_dataset(&args.file));
    let importer = Importer {
        pool: &app.pools.operator,
        actor: actor(),
        clock: app.clock.clone(),
        hub: None,
    };
    let started = Instant::now();
    let mut progress = Progress::new();
    let report = importer
        .detainers(Arc::new(Ddp::embedded()?), &args.file, &dataset, |counts| {
            progress.show(counts)
        })
        .await
        .map_err(|error| match error {
            ImportError::BadName | ImportError::Open { .. } => Failure::Usage(error.to_string()),
            other => Failure::Failed(other.into()),
        })?;
    progress.end();
    let seconds = started.elapsed().as_secs_f64();
    if report.resumed {
        eprintln!("The import went on where an earlier run was cut off.");
    }
    for note in &report.notes {
        eprintln!("{note}");
    }
    for (text, count) in &report.warnings {
        eprintln!("kept, but not understood ({count} times): {text}");
    }
    if report.counts.rejected > 0 {
        let path = args.rejects.clone().unwrap_or_else(|| beside(&args.file));
        write_rejects(&app.pools.operator, &report, &path).await?;
        eprintln!(
            "{} rows were rejected; they are in {} with their reasons.",
            report.counts.rejected,
            path.display()
        );
    }
    print_counts(report.counts, seconds);
    app.pools.close().await;
    Ok(())
}

/// Who imports.
fn actor() -> Actor {
    Actor {
        side: Side::Operator,
        role: Role::SystemAdmin,
        agency: None,
        office: None,
        jurisdiction: None,
        credential: "commandline".to_owned(),
        name: "sallyport import".to_owned(),
    }
}

/// The line that scripts read.
pub(super) fn print_line(read: u64, accepted: u64, unchanged: u64, rejected: u64, seconds: f64) {
    println!(
        "{}",
        json!({"read": read, "accepted": accepted, "unchanged": unchanged, "rejected": rejected, "seconds": (seconds * 1000.0).round() / 1000.0})
    );
}

fn print_counts(counts: Counts, seconds: f64) {
    print_line(
        counts.read,
        counts.accepted,
        counts.unchanged,
        counts.rejected,
        seconds,
    );
}

pub fn agencies(
    config: &Config,
    data_dir: Option<PathBuf>,
    args: AgencyListArgs,
) -> Result<(), Failure> {
    for file in [Some(&args.file), args.mapping.as_ref()]
        .into_iter()
        .flatten()
    {
        if !file.is_file() {
            return Err(Failure::Usage(format!(
                "there is no file {}",
                file.display()
            )));
        }
    }
    let list = match &args.mapping {
        None => AgencyList::embedded()?,
        Some(path) => AgencyList::new(&std::fs::read_to_string(path)?)
            .map_err(|error| Failure::Usage(error.to_string()))?,
    };
    let database = database::Database::open(config, data_dir)?;
    let runtime = database::runtime()?;
    let outcome = runtime.block_on(run_agencies(config, &database, &list, &args));
    drop(runtime);
    database.close()?;
    outcome
}

async fn run_agencies(
    config: &Config,
    database: &database::Database,
    list: &AgencyList,
    args: &AgencyListArgs,
) -> Result<(), Failure> {
    if database.is_private {
        migrate::apply(&database.owner).await?;
    }
    let app = database.app(config, false)?;
    let started = Instant::now();
    let mut progress = Progress::new();
    let report = take(
        &app.pools.operator,
        &actor(),
        &app.clock,
        list,
        &args.file,
        |counts| progress.show(counts),
    )
    .await
    .map_err(|error| match error {
        TakeError::Open { .. } => Failure::Usage(error.to_string()),
        other => Failure::Failed(other.into()),
    })?;
    progress.end();
    for (text, count) in &report.warnings {
        eprintln!("{text} ({count} times)");
    }
    if !report.rejects.is_empty() {
        let path = args.rejects.clone().unwrap_or_else(|| beside(&args.file));
        let rows: Vec<RejectRow> = report
            .rejects
            .iter()
            .map(|reject| RejectRow {
                ordinal: reject.ordinal.into(),
                line: reject.line as i64,
                column: reject.column.clone(),
                value: reject.value.clone(),
                reason: reject.reason.clone(),
                cells: vec![reject.raw.clone()],
            })
            .collect();
        let text = RejectsFile::new(&[]).page(&rows).map_err(failed)?;
        std::fs::write(&path, text)?;
        eprintln!(
            "{} rows were rejected; they are in {} with their reasons.",
            report.rejects.len(),
            path.display()
        );
    }
    print_counts(report.counts, started.elapsed().as_secs_f64());
    app.pools.close().await;
    Ok(())
}

pub(super) fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".rejects.csv");
    name.into()
}

/// The rejected rows of a job: line, column, value, reason, and the row as it was.
async fn write_rejects(pool: &sqlx::PgPool, report: &Report, path: &Path) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut file = RejectsFile::new(&[]);
    let mut conn = pool.acquire().await?;
    loop {
        let rows = jobs::rejects(&mut conn, report.job, file.after(), ROWS).await?;
        out.write_all(&file.page(&rows).map_err(failed)?)?;
        if rows.is_empty() {
            return Ok(out.flush()?);
        }
    }
}

pub(super) fn failed(problem: Problem) -> Failure {
    Failure::Failed(anyhow::anyhow!(problem.detail))
}

pub(super) enum Progress {
    Bar(indicatif::ProgressBar),
    Lines(Instant),
}

impl Progress {
    pub(super) fn new() -> Self {
        if std::io::stderr().is_terminal() {
            let bar = indicatif::ProgressBar::new_spinner();
            bar.enable_steady_tick(Duration::from_millis(120));
            Self::Bar(bar)
        } else {
            Self::Lines(Instant::now())
        }
    }

    fn show(&mut self, counts: &Counts) {
        self.show_rows(
            counts.read,
            counts.accepted,
            counts.unchanged,
            counts.rejected,
        );
    }

    pub(super) fn show_rows(&mut self, read: u64, accepted: u64, unchanged: u64, rejected: u64) {
        match self {
            Self::Bar(bar) => bar.set_message(format!(
                "{read} rows read, {accepted} new or changed, {unchanged} unchanged, {rejected} rejected"
            )),
            Self::Lines(last) if last.elapsed() > Duration::from_secs(1) => {
                *last = Instant::now();
                let line = json!({"read": read, "accepted": accepted, "unchanged": unchanged, "rejected": rejected});
                writeln!(std::io::stderr(), "{line}").ok();
            }
            Self::Lines(_) => {}
        }
    }

    pub(super) fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
