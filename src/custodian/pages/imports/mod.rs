//! `/imports`: files of the jail. One is handed in, looked at column by column, taken in, and its
//! rejected rows come back to be mended.

pub mod columns;
mod one;

use askama::Template;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::imports::api::{body, cancelled, confirmed};
use crate::custodian::imports::preview::{self, Columns};
use crate::custodian::imports::submit::Submission;
use crate::custodian::imports::{ImportStatus, Job, mappings, store};
use crate::dashboard::forms::Choice;
use crate::dashboard::paper_form::place;
use crate::dashboard::pieces::EmptyNote;
use crate::dashboard::upload::Upload;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    CheckField, Chip, ErrorSummary, Frame, Layout, Posted, SelectField, Shape, TextField, Tokens,
    Tone, Typed, Visitor, When,
};
use crate::db::ScopedTx;
use crate::http::{Problem, Tagged, cursor};
use crate::imports::answer::ImportStep;
use crate::imports::fields::Kind;

const ROWS: i64 = 50;
const FORM: &str = "import";
const NAMES: &str = "names";
const SUGGESTED: &str = "suggested";

#[derive(Template)]
#[template(path = "custodian/imports.html")]
pub struct ImportsPage {
    pub layout: Layout,
    pub errors: ErrorSummary,
    pub tokens: Tokens,
    pub kind: SelectField,
    pub columns: SelectField,
    pub feed: TextField,
    pub roster: CheckField,
    /// What is wrong with the file that was chosen.
    pub file_error: Option<String>,
    pub rows: Vec<ImportRow>,
    pub note: EmptyNote,
    pub first: Option<String>,
    pub next: Option<String>,
}

pub struct ImportRow {
    pub href: String,
    pub name: String,
    pub kind: &'static str,
    pub when: When,
    pub by: String,
    pub state: Chip,
    pub read: u64,
    pub accepted: u64,
    pub unchanged: u64,
    pub rejected: u64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportsQuery {
    pub cursor: Option<String>,
}

pub async fn get_list(
    app: &App,
    visitor: &Visitor,
    query: ImportsQuery,
) -> Result<Response, Problem> {
    list(app, visitor, query, &Typed::default()).await
}

/// `POST /imports`: keeps the file to be looked at; nothing of it is taken in yet.
pub async fn post_file(app: &App, request: Request) -> Result<Response, Problem> {
    let Upload { posted, file } = Upload::read(app, request, DESK).await?;
    let said = file.and_then(|(name, file)| Ok((said(&posted, name)?, file)));
    let answer = posted
        .once(said)
        .run(app, &posted.visitor, async |tx, said| {
            tx.require(DESK)?;
            let ((submission, columns), file) = said?;
            let job = preview::open(tx, app, submission, columns, &file).await?;
            let location = format!("/v1/imports/{}", job.id);
            Ok(Tagged::created(&body(tx, job), location))
        })
        .await;
    match answer {
        Ok(answer) => {
            let place = place(&answer).unwrap_or("/imports").to_owned();
            Ok(posted.done(app, &place, "import-handed-in"))
        }
        Err(mut problem) => {
            for error in &mut problem.errors {
                let name = error.pointer.trim_start_matches(['?', '/']);
                error.pointer = match name {
                    "mapping" => "/columns".to_owned(),
                    "" => "/file".to_owned(),
                    name => format!("/{name}"),
                };
            }
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            list(app, &posted.visitor, ImportsQuery::default(), &typed).await
        }
    }
}

/// What a form says of its file.
fn said(posted: &Posted, file_name: Option<String>) -> Result<(Submission, Columns), Problem> {
    let fields = &posted.fields;
    let kind: Kind = fields
        .get("kind")
        .parse()
        .map_err(|_| Problem::field("/kind", "missing", "Say what the rows are."))?;
    let columns = match fields.get("columns") {
        "" | SUGGESTED => Columns::Suggested,
        NAMES => Columns::Names,
        name => Columns::Mapping(name.trim_start_matches("mapping:").to_owned()),
    };
    let feed = fields.get("feed");
    let submission = Submission {
        kind,
        mapping: None,
        feed: (!feed.is_empty()).then(|| feed.to_owned()),
        roster: fields.flag("roster"),
        file_name,
    };
    Ok((submission, columns))
}

async fn list(
    app: &App,
    visitor: &Visitor,
    query: ImportsQuery,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    tx.require(DESK)?;
    let scope = format!("{} imports page", tx.actor().party());
    let after = cursor::after(&app.vault, &scope, query.cursor.as_deref())?.map(|place| place.id);
    let mut jobs = store::list(&mut tx, after, ROWS + 1).await?;
    let next = cursor::next(&app.vault, &scope, &mut jobs, ROWS, |last| {
        cursor::Place::of(last.id)
    })
    .map(|cursor| format!("/imports?cursor={cursor}"));
    let choices = column_choices(&mut tx).await?;
    tx.rollback().await?;
    let choices: Vec<(&str, &str)> = choices
        .iter()
        .map(|(value, label)| (value.as_str(), label.as_str()))
        .collect();
    let kinds: Vec<(&str, &str)> = [("", "Choose")]
        .into_iter()
        .chain(KINDS.map(|kind| (kind.as_str(), kind_words(kind))))
        .collect();
    let fields = typed.form(FORM);
    let file_error =
        typed.summary().items.iter().find_map(|item| {
            (item.field.as_deref() == Some("import-file")).then(|| item.text.clone())
        });
    let page = ImportsPage {
        layout: frame.layout("Imports"),
        errors: ErrorSummary {
            heading: Some("Nothing of the file was kept. Choose it again.".to_owned()),
            ..typed.summary()
        },
        tokens: frame.tokens(),
        kind: fields
            .select("kind", "What the rows are", &kinds, "")
            .required(),
        columns: fields
            .select("columns", "What the columns are", &choices, SUGGESTED)
            .hint("You see how the first rows are read, and can change it, before anything is taken in."),
        feed: fields
            .text("feed", "Feed", "")
            .hint("The system that sent the file, as the page of feeds names it."),
        roster: fields
            .check("roster", "The file names everybody in custody", false)
            .hint("Of bookings from a feed. Who is missing is named, and never deleted."),
        file_error,
        rows: jobs.iter().map(|job| row(job, &frame)).collect(),
        note: EmptyNote {
            why: "No file has been handed in yet.".to_owned(),
            what: "Choose one above, or let the jail's own system send its nightly file to POST /v1/imports."
                .to_owned(),
            link: None,
        },
        first: after.map(|_| "/imports".to_owned()),
        next,
    };
    show(typed.status(), &page)
}

/// What a file's columns can be read by, to begin with.
async fn column_choices(tx: &mut ScopedTx<'_>) -> Result<Vec<(String, String)>, Problem> {
    let mut choices = vec![
        (SUGGESTED.to_owned(), "What the headings suggest".to_owned()),
        (
            NAMES.to_owned(),
            "The headings are the names of the fields".to_owned(),
        ),
    ];
    for saved in mappings::all(tx).await? {
        let whose = match saved.built_in {
            true => "comes with the service",
            false => "saved here",
        };
        let label = format!("{} ({}, {whose})", saved.name, kind_words(saved.kind));
        choices.push((format!("mapping:{}", saved.name), label));
    }
    Ok(choices)
}

const KINDS: [Kind; 3] = [Kind::Bookings, Kind::ReleaseNotices, Kind::Detainers];

fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Bookings => "Bookings",
        Kind::ReleaseNotices => "Release notices",
        Kind::Detainers => "Requests on paper",
        Kind::HistoricalDetainers => "Past detainers",
    }
}

fn row(job: &Job, frame: &Frame) -> ImportRow {
    ImportRow {
        href: format!("/imports/{}", job.id),
        name: name(job),
        kind: kind_words(job.kind),
        when: frame.when(job.started_at),
        by: job.started_by.clone(),
        state: state(job),
        read: job.counts.read,
        accepted: job.counts.accepted,
        unchanged: job.counts.unchanged,
        rejected: job.counts.rejected,
    }
}

fn name(job: &Job) -> String {
    job.file_name
        .clone()
        .unwrap_or_else(|| "a file without a name".to_owned())
}

fn state(job: &Job) -> Chip {
    match job.status {
        ImportStatus::Waiting if job.preview => {
            Chip::new(Shape::Open, Tone::Careful, "Waits to be looked at")
        }
        ImportStatus::Waiting => Chip::new(Shape::Warning, Tone::Careful, "Waits for a reviewer"),
        ImportStatus::Running => Chip::new(Shape::Clock, Tone::Calm, "Being taken in"),
        ImportStatus::Done if job.counts.rejected > 0 => {
            Chip::new(Shape::Done, Tone::Careful, "Done, with rejected rows")
        }
        ImportStatus::Done => Chip::new(Shape::Done, Tone::Good, "Done"),
        ImportStatus::Failed => Chip::new(Shape::Warning, Tone::Grave, "Failed"),
        ImportStatus::Cancelled => Chip::new(Shape::Barred, Tone::Plain, "Cancelled"),
    }
}

/// `GET /imports/{id}`: its columns while it waits for them, what became of it afterwards.
pub async fn get(app: &App, visitor: &Visitor, id: Uuid) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let job = store::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(DESK)?;
    match preview::waiting(&mut tx, app, id).await? {
        Some(beginning) => columns::page(app, tx, &frame, job, &beginning, &Typed::default()).await,
        None => one::page(app, tx, &frame, job).await,
    }
}

/// `POST /imports/{id}/confirmation`
pub async fn post_confirmation(app: &App, posted: Posted, id: Uuid) -> Result<Response, Problem> {
    posted
        .once(Ok(ImportStep {}))
        .run(app, &posted.visitor, async |tx, step| {
            confirmed(tx, app, id, step).await
        })
        .await?;
    Ok(posted.done(app, &format!("/imports/{id}"), "import-confirmed"))
}

/// `POST /imports/{id}/cancellation`
pub async fn post_cancellation(app: &App, posted: Posted, id: Uuid) -> Result<Response, Problem> {
    posted
        .once(Ok(ImportStep {}))
        .run(app, &posted.visitor, async |tx, step| {
            cancelled(tx, app, id, step).await
        })
        .await?;
    Ok(posted.done(app, &format!("/imports/{id}"), "import-cancelled"))
}

/// A select without a visible label of its own: it stands under its heading.
fn choice(value: String, label: String, chosen: bool) -> Choice {
    Choice {
        value,
        label,
        hint: None,
        chosen,
    }
}

fn ok(page: &impl Template) -> Result<Response, Problem> {
    show(StatusCode::OK, page)
}
