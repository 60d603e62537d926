//! `sallyport import`: reads a file in, and ends with one JSON line on standard output.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Failure, ImportArgs, database, migrate};
use crate::config::Config;
use crate::imports::apply::{
    Counts, ImportError, Importer, Report, default_dataset, rejected_rows,
};
use crate::imports::ddp::Ddp;
use crate::imports::parse::Reject;
use crate::types::{Actor, Role, Side};

pub fn detainers(
    config: &Config,
    data_dir: Option<PathBuf>,
    args: ImportArgs,
) -> Result<(), Failure> {
    // Looked at before a database is started for it.
    std::fs::File::open(&args.file)
        .map_err(|error| Failure::Usage(format!("{}: {error}", args.file.display())))?;
    let dataset = args
        .dataset
        .clone()
        .unwrap_or_else(|| default_dataset(&args.file));
    let database = database::Database::open(config, data_dir)?;
    let done = database::runtime()?.block_on(async {
        if database.is_private {
            migrate::apply(&database.owner).await?;
        }
        import(&database, config, &args, &dataset).await
    });
    database.close()?;
    done
}

async fn import(
    database: &database::Database,
    config: &Config,
    args: &ImportArgs,
    dataset: &str,
) -> Result<(), Failure> {
    let begun = Instant::now();
    let app = database.app(config, false)?;
    let importer = Importer {
        pool: &app.pools.operator,
        actor: Actor {
            side: Side::Operator,
            role: Role::SystemAdmin,
            agency: None,
            office: None,
            jurisdiction: None,
            credential: "commandline".to_owned(),
            name: "sallyport import".to_owned(),
        },
        clock: app.clock.clone(),
        hub: None,
    };
    let format = Arc::new(Ddp::embedded()?);
    let progress = Progress::new();
    let report = match importer
        .detainers(format, &args.file, dataset, |counts| progress.show(counts))
        .await
    {
        Ok(report) => report,
        Err(error @ ImportError::BadName) => return Err(Failure::Usage(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    progress.bar.finish_and_clear();
    for (warning, times) in &report.warnings {
        eprintln!("warning: {warning} ({times} times)");
    }
    if report.counts.removed > 0 {
        eprintln!(
            "{} rows of the file before are not in this one: removed",
            report.counts.removed
        );
    }
    if report.counts.rejected > 0 {
        let path = args.rejects.clone().unwrap_or_else(|| beside(&args.file));
        let mut conn = app.pools.operator.acquire().await?;
        write_rejects(&path, &rejected_rows(&mut conn, report.job).await?)?;
        eprintln!(
            "{} rows were rejected: {}",
            report.counts.rejected,
            path.display()
        );
    }
    println!("{}", last_line(&report, begun.elapsed().as_secs_f64()));
    app.pools.close().await;
    Ok(())
}

fn last_line(report: &Report, seconds: f64) -> serde_json::Value {
    let Counts {
        read,
        accepted,
        unchanged,
        rejected,
        ..
    } = report.counts;
    json!({"read": read, "accepted": accepted, "unchanged": unchanged, "rejected": rejected,
           "seconds": (seconds * 1_000.0).round() / 1_000.0})
}

/// A bar on a terminal; else JSON lines on standard error.
struct Progress {
    bar: ProgressBar,
    lines: bool,
}

impl Progress {
    fn new() -> Self {
        let lines = !std::io::stderr().is_terminal();
        let bar = if lines {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner()
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} rows, {per_sec}") {
            bar.set_style(style);
        }
        Self { bar, lines }
    }

    fn show(&self, counts: &Counts) {
        self.bar.set_position(counts.read);
        if self.lines && counts.read.is_multiple_of(50_000) {
            eprintln!(
                "{}",
                json!({"read": counts.read, "rejected": counts.rejected})
            );
        }
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".rejects.csv");
    file.with_file_name(name)
}

fn write_rejects(path: &Path, rejects: &[Reject]) -> Result<(), Failure> {
    let mut file = csv::Writer::from_path(path)?;
    file.write_record(["line", "column", "value", "reason", "row"])?;
    for reject in rejects {
        file.write_record([
            reject.line.to_string().as_str(),
            reject.column.as_deref().unwrap_or_default(),
            reject.value.as_deref().unwrap_or_default(),
            &reject.reason,
            &reject.raw,
        ])?;
    }
    file.flush()?;
    Ok(())
}
