//! `sallyport policy test` and `sallyport policy evaluate`.

use std::io::Read;
use std::path::PathBuf;

use anyhow::anyhow;

use super::{Failure, database};
use crate::config::Config;
use crate::http::{Problem, json};
use crate::law::evaluate::EvaluateRequest;
use crate::policy::cases;
use crate::policy::load::{Files, Rules};

/// Runs the cases beside the rules: of the folder, else of the settings' one, else of the binary.
pub fn test(config: &Config, folder: Option<PathBuf>) -> Result<(), Failure> {
    let files = match folder.or_else(|| config.policies.folder()) {
        Some(folder) => Files::of_folder(&folder)?,
        None => Files::built_in(),
    };
    let book = files.read()?;
    let report = cases::run_all(&book, &files.read_cases()?);
    for failure in &report.failures {
        eprintln!("{failure}");
    }
    if !report.failures.is_empty() {
        return Err(anyhow!(
            "{} cases of {} rules: {} differences",
            report.cases,
            book.rules.len(),
            report.failures.len()
        )
        .into());
    }
    println!("{} cases of {} rules hold.", report.cases, book.rules.len());
    Ok(())
}

/// Answers the request on standard input. The database is asked only for a registered agency.
pub fn evaluate(config: &Config, data_dir: Option<PathBuf>) -> Result<(), Failure> {
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text)?;
    let request: EvaluateRequest = json::parse(&text).map_err(told)?;
    request.check().map_err(told)?;
    let (place, on, positions) = match &request.agency {
        None => request.place().map_err(told)?,
        Some(ori) => {
            let database = database::Database::open(config, data_dir)?;
            let app = database.app(config, false)?;
            let runtime = database::runtime()?;
            let found = runtime.block_on(async {
                let mut conn = app.pools.worker.acquire().await?;
                let found = request.standing(&mut conn, ori).await.map_err(told);
                drop(conn);
                app.pools.close().await;
                anyhow::Ok(found)
            });
            drop(runtime);
            database.close()?;
            found??
        }
    };
    let book = rules(config)?.book();
    let answer = request.answer(&book, &place, on, &positions);
    println!("{}", serde_json::to_string_pretty(&answer)?);
    Ok(())
}

/// The rules that the settings name.
pub fn rules(config: &Config) -> Result<Rules, Failure> {
    match config.policies.folder() {
        Some(folder) => Rules::of_folder(&folder),
        None => Rules::built_in(),
    }
    .map_err(|error| Failure::Usage(format!("policies: {error}")))
}

/// What is wrong with a request, as a command says it.
fn told(problem: Problem) -> Failure {
    let mut text = problem.detail;
    for error in &problem.errors {
        if !text.contains(&error.detail) {
            text.push_str(&format!(" {}", error.detail));
        }
        text.push_str(&format!(" ({})", error.pointer));
    }
    Failure::Failed(anyhow!(text))
}
