//! `/v1/imports`: files of the custodian's side.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::source::Spooled;
use super::submit::{Submission, submit};
use super::{Changes, ImportStatus, Job, store};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::db::ScopedTx;
use crate::db::scope::Access;
use crate::http::problem::Slug;
use crate::http::query::{self, path};
use crate::http::{Caller, Id, Once, Problem, Query, Tagged, cursor};
use crate::identity::Custodian;
use crate::imports::cells::inert;
use crate::imports::fields::Kind;
use crate::log::{self, Event};
use crate::registry::api::limit;
use crate::types::{Role, Timestamp};

/// An import and how far it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportBody {
    pub id: Uuid,
    /// Absent for a release: it is no agency's.
    pub agency: Option<String>,
    /// Of a release: the data set that it is.
    pub dataset: Option<String>,
    pub kind: Kind,
    pub mapping: Option<String>,
    pub feed: Option<String>,
    /// The file names everybody in custody.
    pub roster: bool,
    pub file_name: Option<String>,
    pub status: ImportStatus,
    /// Rows so far; `read = accepted + unchanged + rejected`.
    pub read: u64,
    /// Rows of which something was new or changed.
    pub accepted: u64,
    pub unchanged: u64,
    pub rejected: u64,
    /// What the rows made, by kind of record.
    pub records: BTreeMap<String, Changes>,
    /// What was kept but not understood, and how often.
    pub warnings: BTreeMap<String, u64>,
    /// Why it waits for a person, or failed.
    pub problem: Option<String>,
    /// The file of rows that were not taken.
    pub rejects: Option<String>,
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub started_by: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ImportList {
    pub items: Vec<ImportBody>,
    pub next: Option<String>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// `bookings`, `release_notices`, `detainers`; the operator's: `historical_detainers`.
    pub kind: Option<String>,
    /// The caller's own.
    pub agency: Option<String>,
    /// The name of a mapping. Without one the headings are the names of the fields, nested ones with dots.
    pub mapping: Option<String>,
    /// The feed that sent the file.
    pub feed: Option<String>,
    /// `true`: the file names everybody in custody, and who is missing is reported.
    pub roster: Option<String>,
    pub file_name: Option<String>,
    /// Of historical detainers: the name of the data set.
    pub dataset: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportListQuery {
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

/// The media types that a file may be sent as; what it is, its first bytes say.
pub const MEDIA_TYPES: &[&str] = &[
    "text/csv",
    "text/tab-separated-values",
    "text/plain",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/gzip",
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
];

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

/// Complains of a media type that no file has.
pub fn media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let sent = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match MEDIA_TYPES.contains(&sent.as_str()) {
        true => Ok(()),
        false => Err(Problem::new(
            Slug::UnsupportedMediaType,
            "Send the file itself as the body, with Content-Type: text/csv (CSV, TSV), application/x-ndjson, \
             application/vnd.openxmlformats-officedocument.spreadsheetml.sheet (XLSX) or application/octet-stream.",
        )),
    }
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
    let (parts, stream) = request.into_parts();
    let said = format!("{query:?}");
    let asked = submission(query, &own);
    let spooled = match media_type(&parts.headers) {
        Ok(()) => Spooled::of_body(&parts.headers, stream).await,
        Err(problem) => Err(problem),
    };
    let file = spooled.as_ref().map_or([0; 32], |spooled| spooled.hash);
    let hash = Sha256::new()
        .chain_update(said.as_bytes())
        .chain_update(file)
        .finalize()
        .into();
    let once = Once::of_parts(
        &parts,
        spooled.and_then(|spooled| Ok((spooled, asked?))),
        hash,
    );
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
    let (sender, receiver) = tokio::sync::mpsc::channel(2);
    tokio::spawn(async move {
        if let Err(error) = write_rejects(&app, &caller, job, &sender).await {
            tracing::warn!(detail = %error.detail, "a file of rejected rows broke off");
            let broken: Result<Vec<u8>, std::io::Error> = Err(std::io::Error::other("broken off"));
            sender.send(broken).await.ok();
        }
    });
    let stream = futures::stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let mut response = Body::from_stream(stream).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    let name = format!("attachment; filename=\"rejects-{id}.csv\"");
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&name).map_err(Problem::internal)?,
    );
    Ok(response)
}

type Pieces = tokio::sync::mpsc::Sender<Result<Vec<u8>, std::io::Error>>;

/// Page by page: as many rows as a file has must not lie in memory.
async fn write_rejects(
    app: &App,
    caller: &impl Caller,
    job: Job,
    pieces: &Pieces,
) -> Result<(), Problem> {
    let mut file = RejectsFile::new(&job.headings)?;
    let mut after = 0;
    loop {
        let mut tx = caller.open(app, Access::Read).await?;
        let rows = store::rejects(&mut tx, &app.vault, job.id, after, 1_000).await?;
        tx.rollback().await?;
        after = rows.last().map_or(after, |row| row.ordinal);
        let ended = rows.is_empty();
        for row in rows {
            file.row(&row)?;
        }
        if pieces.send(Ok(file.take()?)).await.is_err() || ended {
            return Ok(());
        }
    }
}

/// The rejected rows as a file of their own.
pub struct RejectsFile {
    writer: csv::Writer<Vec<u8>>,
    width: usize,
}

impl RejectsFile {
    pub fn new(headings: &[String]) -> Result<Self, Problem> {
        let mut file = Self {
            writer: csv::WriterBuilder::new()
                .flexible(true)
                .from_writer(Vec::new()),
            width: headings.len(),
        };
        let mut first: Vec<&str> = vec!["line", "column", "value", "reason"];
        match headings.is_empty() {
            true => first.push("row"),
            false => first.extend(headings.iter().map(String::as_str)),
        }
        file.writer.write_record(first).map_err(Problem::internal)?;
        Ok(file)
    }

    pub fn row(&mut self, row: &store::RejectRow) -> Result<(), Problem> {
        let mut record = vec![
            row.line.to_string(),
            inert(row.column.as_deref().unwrap_or_default()).into_owned(),
            inert(row.kept.value.as_deref().unwrap_or_default()).into_owned(),
            inert(&row.reason).into_owned(),
        ];
        record.extend(row.kept.cells.iter().map(|cell| inert(cell).into_owned()));
        let width = 4 + self.width.max(1);
        record.resize(width.max(record.len()), String::new());
        self.writer.write_record(&record).map_err(Problem::internal)
    }

    /// What has been written since.
    pub fn take(&mut self) -> Result<Vec<u8>, Problem> {
        let empty = csv::WriterBuilder::new()
            .flexible(true)
            .from_writer(Vec::new());
        std::mem::replace(&mut self.writer, empty)
            .into_inner()
            .map_err(|error| Problem::internal(error.into_error()))
    }
}

/// `POST /v1/imports/{id}/confirmation` and `/cancellation`: no fields.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportStep {}

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
