//! `/v1/imports` of the operator: releases about the past. They have no custodian at the desk, so
//! nothing here is a jail's; a data set is one file, and the last one handed in is what it says.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use uuid::Uuid;

use crate::app::App;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::exchange::detainer::request::Complaints;
use crate::http::download::{self, Pieces};
use crate::http::problem::Slug;
use crate::http::query::path;
use crate::http::{Caller, Id, Once, Problem, Query, Tagged, cursor};
use crate::identity::Operator;
use crate::imports::answer::{
    ImportBody, ImportList, ImportListQuery, ImportQuery, ImportStatus, ImportStep,
};
use crate::imports::apply::{ImportError, default_dataset, is_name};
use crate::imports::ddp::{Ddp, MAPPINGS};
use crate::imports::fields::Kind;
use crate::imports::jobs::{self, Job, NewJob};
use crate::imports::rejects::{self, ROWS, RejectsFile};
use crate::imports::spool::{self, Spooled, refused};
use crate::log::{self, Event};
use crate::registry::api::limit;
use crate::types::Role;

/// Who hands in releases.
pub const OPERATORS: &[Role] = &[Role::SystemAdmin];

/// What is said of a release.
#[derive(Debug, Clone)]
pub struct Asked {
    pub dataset: String,
    /// One of `MAPPINGS`.
    pub mapping: String,
    pub file_name: Option<String>,
}

/// Reads what a query says of a release.
///
/// # Errors
/// 403 for what a jail sends; 422 for what is unknown or no release's.
pub fn asked(query: ImportQuery) -> Result<Asked, Problem> {
    let kind: Kind = query
        .kind
        .as_deref()
        .ok_or_else(|| {
            let says = "Say what the rows are: kind=historical_detainers.";
            Problem::field("?kind", "missing", says)
        })?
        .parse()
        .map_err(|error: String| Problem::field("?kind", "invalid", error))?;
    if kind != Kind::HistoricalDetainers {
        return Err(Problem::forbidden(format!(
            "Files of {kind} are a jail's: a key of the agency hands them in."
        )));
    }
    for (pointer, given) in [
        ("?agency", query.agency.is_some()),
        ("?feed", query.feed.is_some()),
        (
            "?roster",
            query
                .roster
                .as_deref()
                .is_some_and(|roster| roster != "false"),
        ),
    ] {
        if given {
            let says = "A release is no agency's: it has no feed and no roster.";
            return Err(Problem::field(pointer, "kind", says));
        }
    }
    let mut complaints = Complaints::default();
    complaints.optional_text("?file_name", query.file_name.as_deref(), 200);
    complaints.finish()?;
    let dataset = match (query.dataset, &query.file_name) {
        (Some(dataset), _) => dataset,
        (None, Some(file)) => default_dataset(file.as_ref()),
        (None, None) => {
            let says = "Name the data set, such as dataset=fy2015.";
            return Err(Problem::field("?dataset", "missing", says));
        }
    };
    if !is_name(&dataset) {
        return Err(Problem::field(
            "?dataset",
            "invalid",
            ImportError::BadName.to_string(),
        ));
    }
    let known: Vec<&str> = MAPPINGS.iter().map(|(name, _)| *name).collect();
    let mapping = query.mapping.unwrap_or_else(|| known[0].to_owned());
    if !known.contains(&mapping.as_str()) {
        return Err(Problem::field(
            "?mapping",
            "unknown",
            format!(
                "There is no mapping {mapping} of releases; there are: {}.",
                known.join(", ")
            ),
        ));
    }
    Ok(Asked {
        dataset,
        mapping,
        file_name: query.file_name,
    })
}

/// Looks at a release on a thread of its own; a file that cannot be read leaves nothing.
async fn look(asked: &Asked, spooled: &Spooled) -> Result<(), Problem> {
    spooled.must_say_something()?;
    let file = spooled.open().map_err(Problem::internal)?;
    let format = Ddp::of_job(Some(&asked.mapping)).map_err(Problem::internal)?;
    tokio::task::spawn_blocking(move || format.read(file).map(drop))
        .await
        .map_err(Problem::internal)?
        .map_err(|error| refused(&format!("This file cannot be read: {error}.")))
}

/// Opens the import of a release; the service carries it on behind the answer.
///
/// # Errors
/// 422 for what cannot be read.
pub async fn submit(
    tx: &mut ScopedTx<'_>,
    app: &App,
    asked: &Asked,
    spooled: &Spooled,
) -> Result<Job, Problem> {
    tx.require(OPERATORS)?;
    look(asked, spooled).await?;
    let now = app.clock.now();
    let by = tx.actor().clone();
    let new = NewJob {
        dataset: &asked.dataset,
        file_hash: &spooled.hash,
        mapping: Some(&asked.mapping),
        file_name: asked.file_name.as_deref(),
        kept: true,
    };
    let opened = jobs::open(tx.conn(), &by, now, new).await.map_err(told)?;
    if opened.wants_file {
        let mut file = spooled.open().map_err(Problem::internal)?;
        jobs::keep(tx.conn(), &app.vault, opened.job.id, &mut file).await?;
        let event = Event::new("import.started", now, tx.actor())
            .subject("import_job", opened.job.id)
            .data("kind", Kind::HistoricalDetainers.as_str())
            .data("dataset", asked.dataset.as_str());
        log::append(tx, vec![event]).await?;
    }
    Ok(opened.job)
}

fn told(error: ImportError) -> Problem {
    match error {
        ImportError::Store(error) => error.into(),
        ImportError::TakenOver => Problem::new(Slug::Conflict, "This import has ended already."),
        other => Problem::internal(other),
    }
}

/// The JSON of an import of a release.
pub fn body(job: Job) -> ImportBody {
    let mut warnings: BTreeMap<String, u64> = job.warnings;
    if job.counts.removed > 0 {
        let says = "rows of the earlier file of this data set that this one does not have";
        warnings.insert(says.to_owned(), job.counts.removed);
    }
    ImportBody {
        id: job.id,
        agency: None,
        dataset: Some(job.dataset),
        kind: Kind::HistoricalDetainers,
        mapping: job.mapping,
        feed: None,
        roster: false,
        file_name: job.file_name,
        status: ImportStatus::parse(&job.status).unwrap_or(ImportStatus::Failed),
        read: job.counts.read,
        accepted: job.counts.accepted,
        unchanged: job.counts.unchanged,
        rejected: job.counts.rejected,
        records: BTreeMap::new(),
        warnings,
        problem: job.problem,
        rejects: (job.counts.rejected > 0).then(|| format!("/v1/imports/{}/rejects.csv", job.id)),
        started_at: job.started_at,
        finished_at: job.finished_at,
        started_by: job.started_by,
    }
}

/// `POST /v1/imports?kind=historical_detainers`
pub async fn post(
    State(app): State<App>,
    caller: Operator,
    Query(query): Query<ImportQuery>,
    request: Request,
) -> Result<Response, Problem> {
    // Nobody sends half a gigabyte here without a key that may.
    let tx = caller.open(&app, Access::Read).await?;
    tx.require(OPERATORS)?;
    tx.rollback().await?;
    let said = format!("{query:?}");
    let asked = match asked(query) {
        Err(problem) if problem.slug == Slug::Forbidden => return Err(problem),
        asked => asked,
    };
    let once = spool::sent(request, &said, asked).await;
    once.run(&app, &caller, async |tx, sent| {
        tx.require(OPERATORS)?;
        let (spooled, asked) = sent?;
        let job = submit(tx, &app, &asked, &spooled).await?;
        let location = format!("/v1/imports/{}", job.id);
        Ok(Tagged {
            status: StatusCode::ACCEPTED,
            ..Tagged::created(&body(job), location)
        })
    })
    .await
}

async fn find(tx: &mut ScopedTx<'_>, id: Uuid) -> Result<Job, Problem> {
    jobs::get(tx.conn(), id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// `GET /v1/imports/{id}`
pub async fn get(
    State(app): State<App>,
    caller: Operator,
    Id(id): Id<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let job = find(&mut tx, id).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&body(job)).unless_known(&headers))
}

/// `GET /v1/imports`, newest first.
pub async fn get_list(
    State(app): State<App>,
    caller: Operator,
    Query(query): Query<ImportListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let limit = limit(query.limit.as_deref())?;
    let scope = format!("{} imports", tx.actor().party());
    let after = cursor::after(&app.vault, &scope, query.cursor.as_deref())?;
    let mut found = jobs::list(tx.conn(), after.map(|place| place.id), limit + 1).await?;
    tx.rollback().await?;
    let next = cursor::next(&app.vault, &scope, &mut found, limit, |last| {
        cursor::Place::of(last.id)
    });
    let list = ImportList {
        items: found.into_iter().map(body).collect(),
        next: next.clone(),
    };
    let page = path("/v1/imports", &[("limit", &query.limit)]);
    Ok(Tagged::page(&page, &list, next).unless_known(&headers))
}

/// `POST /v1/imports/{id}/cancellation`: what was taken in stays, the rest is left out.
pub async fn post_cancellation(
    State(app): State<App>,
    caller: Operator,
    Id(id): Id<Uuid>,
    once: Once<ImportStep>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, step| {
        cancelled(tx, &app, id, step).await
    })
    .await
}

/// Cancels an import, for API and page alike.
pub async fn cancelled(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: Uuid,
    step: Result<ImportStep, Problem>,
) -> Result<Tagged, Problem> {
    find(tx, id).await?;
    tx.require(OPERATORS)?;
    step?;
    let now = app.clock.now();
    jobs::end(tx.conn(), id, now, "cancelled", None)
        .await
        .map_err(told)?;
    let event = Event::new("import.cancelled", now, tx.actor()).subject("import_job", id);
    log::append(tx, vec![event]).await?;
    Ok(Tagged::ok(&body(find(tx, id).await?)))
}

/// `GET /v1/imports/{id}/rejects.csv`: line, column, value, reason, and the row as it stands in the file.
pub async fn get_rejects(
    State(app): State<App>,
    caller: Operator,
    Id(id): Id<Uuid>,
) -> Result<Response, Problem> {
    rejects_file(app, caller, id).await
}

/// The same for whoever is signed in.
pub async fn rejects_file(
    app: App,
    caller: impl Caller + 'static,
    id: Uuid,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    tx.require(OPERATORS)?;
    find(&mut tx, id).await?;
    tx.rollback().await?;
    download::csv(&rejects::file_name(id), async move |pieces| {
        write_rejects(&app, &caller, id, &pieces).await
    })
}

/// Page by page: as many rows as a file has must not lie in memory.
async fn write_rejects(
    app: &App,
    caller: &impl Caller,
    id: Uuid,
    pieces: &Pieces,
) -> Result<(), Problem> {
    let mut file = RejectsFile::new(&[]);
    loop {
        let mut tx = caller.open(app, Access::Read).await?;
        let rows = jobs::rejects(tx.conn(), id, file.after(), ROWS).await?;
        tx.rollback().await?;
        let ended = rows.is_empty();
        if !pieces.send(file.page(&rows)?).await || ended {
            return Ok(());
        }
    }
}
