//! `/v1/imports`: files of the custodian's side.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use uuid::Uuid;

use super::submit::{Submission, submit};
use super::{Job, store};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::http::download::{self, Pieces};
use crate::http::problem::Slug;
use crate::http::query::{self, path};
use crate::http::{Caller, Id, Once, Problem, Query, Tagged, cursor};
use crate::identity::Custodian;
use crate::imports::answer::{
    ImportBody, ImportList, ImportListQuery, ImportQuery, ImportStatus, ImportStep,
};
use crate::imports::fields::Kind;
use crate::imports::rejects::{self, ROWS, RejectsFile};
use crate::imports::spool;
use crate::log::{self, Event};
use crate::registry::api::limit;
use crate::types::Role;

/// The JSON of an import.
pub fn body(tx: &ScopedTx<'_>, job: Job) -> ImportBody {
    ImportBody {
        id: job.id,
        agency: tx.actor().agency.as_ref().map(|agency| agency.code.clone()),
        dataset: None,
        kind: job.kind,
        mapping: job.mapping,
        feed: job.feed,
        roster: job.roster,
        file_name: job.file_name,
        status: job.status,
        read: job.counts.read,
        accepted: job.counts.accepted,
        unchanged: job.counts.unchanged,
        rejected: job.counts.rejected,
        records: job.counts.records,
        warnings: job.warnings,
        problem: job.problem,
        rejects: (job.counts.rejected > 0).then(|| format!("/v1/imports/{}/rejects.csv", job.id)),
        started_at: job.started_at,
        finished_at: job.finished_at,
        started_by: job.started_by,
    }
}

/// Reads what a query says of a file. The kind is checked with the rest of it.
pub fn submission(query: ImportQuery, own: &str) -> Result<Submission, Problem> {
    let kind: Kind = query
        .kind
        .as_deref()
        .ok_or_else(|| {
            let says = "Say what the rows are: kind=bookings, release_notices or detainers.";
            Problem::field("?kind", "missing", says)
        })?
        .parse()
        .map_err(|error: String| Problem::field("?kind", "invalid", error))?;
    if query.agency.as_deref().is_some_and(|agency| agency != own) {
        return Err(Problem::field(
            "?agency",
            "scope",
            format!("This key imports files of {own}."),
        ));
    }
    let roster = match query.roster.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(query::bad("roster", "true or false is expected")),
    };
    if query.dataset.is_some() {
        return Err(Problem::field(
            "?dataset",
            "kind",
            "Only historical detainers are kept as data sets.",
        ));
    }
    Ok(Submission {
        kind,
        mapping: query.mapping,
        feed: query.feed,
        roster,
        file_name: query.file_name,
    })
}

/// `POST /v1/imports`
pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    Query(query): Query<ImportQuery>,
    request: Request,
) -> Result<Response, Problem> {
    // Nobody sends half a gigabyte here without a key that may.
    let tx = caller.open(&app, Access::Read).await?;
    tx.require(DESK)?;
    let own = tx
        .actor()
        .agency
        .as_ref()
        .map(|agency| agency.code.clone())
        .unwrap_or_default();
    tx.rollback().await?;
    if query.kind.as_deref() == Some(Kind::HistoricalDetainers.as_str()) {
        return Err(Problem::forbidden(
            "Historical detainers are the operator's: they have no custodian at the desk.",
        ));
    }
    let said = format!("{query:?}");
    let once = spool::sent(request, &said, submission(query, &own)).await;
    once.run(&app, &caller, async |tx, sent| {
        tx.require(DESK)?;
        let (spooled, asked) = sent?;
        let job = submit(tx, &app, asked, &spooled, true).await?;
        let location = format!("/v1/imports/{}", job.id);
        let body = body(tx, job);
        Ok(Tagged {
            status: StatusCode::ACCEPTED,
            ..Tagged::created(&body, location)
        })
    })
    .await
}

/// `GET /v1/imports/{id}`
pub async fn get(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let job = store::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let body = body(&tx, job);
    tx.rollback().await?;
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// `GET /v1/imports`, newest first.
pub async fn get_list(
    State(app): State<App>,
    caller: Custodian,
    Query(query): Query<ImportListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let limit = limit(query.limit.as_deref())?;
    let scope = format!("{} imports", tx.actor().party());
    let after = cursor::after(&app.vault, &scope, query.cursor.as_deref())?;
    let mut jobs = store::list(&mut tx, after.map(|place| place.id), limit + 1).await?;
    let next = cursor::next(&app.vault, &scope, &mut jobs, limit, |last| {
        cursor::Place::of(last.id)
    });
    let items = jobs.into_iter().map(|job| body(&tx, job)).collect();
    tx.rollback().await?;
    let list = ImportList {
        items,
        next: next.clone(),
    };
    Ok(Tagged::page(
        &path("/v1/imports", &[("limit", &query.limit)]),
        &list,
        next,
    )
    .unless_known(&headers))
}

/// `GET /v1/imports/{id}/rejects.csv`: line, column, value, reason, and the row under its own headings. Mended, the file
/// can be sent again as it is.
pub async fn get_rejects(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<Uuid>,
) -> Result<Response, Problem> {
    rejects_file(app, caller, id).await
}

/// The file of rejected rows, for API and page alike.
pub async fn rejects_file(
    app: App,
    caller: impl Caller + 'static,
    id: Uuid,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let job = store::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(DESK)?;
    tx.rollback().await?;
    download::csv(&rejects::file_name(id), async move |pieces| {
        write_rejects(&app, &caller, job, &pieces).await
    })
}

/// Page by page: as many rows as a file has must not lie in memory.
async fn write_rejects(
    app: &App,
    caller: &impl Caller,
    job: Job,
    pieces: &Pieces,
) -> Result<(), Problem> {
    let mut file = RejectsFile::new(&job.headings);
    loop {
        let mut tx = caller.open(app, Access::Read).await?;
        let rows = store::rejects(&mut tx, &app.vault, job.id, file.after(), ROWS).await?;
        tx.rollback().await?;
        let ended = rows.is_empty();
        if !pieces.send(file.page(&rows)?).await || ended {
            return Ok(());
        }
    }
}

/// `POST /v1/imports/{id}/confirmation`: a person has looked, it goes on.
pub async fn post_confirmation(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<Uuid>,
    once: Once<ImportStep>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, step| {
        confirmed(tx, &app, id, step).await
    })
    .await
}

/// Confirms an import, for API and page alike.
pub async fn confirmed(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: Uuid,
    step: Result<ImportStep, Problem>,
) -> Result<Tagged, Problem> {
    let job = store::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    step?;
    if job.preview {
        return Err(Problem::new(
            Slug::Conflict,
            "This import waits for its columns: they are looked at, and it is started, on its page.",
        ));
    }
    if !store::confirm(tx, id).await? {
        return Err(Problem::new(
            Slug::Conflict,
            "This import does not wait for anybody.",
        ));
    }
    step_event(tx, app, "import.confirmed", id).await
}

/// `POST /v1/imports/{id}/cancellation`: what was taken in stays, the rest is left out.
pub async fn post_cancellation(
    State(app): State<App>,
    caller: Custodian,
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
    store::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.require(DESK)?;
    step?;
    if !store::end(tx, id, ImportStatus::Cancelled, None, None, app.clock.now()).await? {
        return Err(Problem::new(
            Slug::Conflict,
            "This import has ended already.",
        ));
    }
    step_event(tx, app, "import.cancelled", id).await
}

async fn step_event(
    tx: &mut ScopedTx<'_>,
    app: &App,
    kind: &'static str,
    id: Uuid,
) -> Result<Tagged, Problem> {
    let event = Event::new(kind, app.clock.now(), tx.actor()).subject("import", id);
    log::append(tx, vec![event]).await?;
    let job = store::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Tagged::ok(&body(tx, job)))
}
