//! `/admin/imports`: releases about the past, handed in by the operator, and how far each is.

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use super::pieces::EmptyNote;
use super::upload::Upload;
use super::visitor::show;
use super::{
    Chip, ErrorSummary, Field, Frame, Layout, Posted, Shape, Tokens, Tone, Typed, Visitor, When,
    time,
};
use crate::app::App;
use crate::http::problem::Slug;
use crate::http::{Problem, Tagged, cursor};
use crate::imports::answer::{ImportQuery, ImportStep};
use crate::imports::ddp::MAPPINGS;
use crate::imports::fields::Kind;
use crate::imports::jobs::{self, Job};
use crate::reports::imports::{self, OPERATORS};

const FORM: &str = "release";
const ROWS: i64 = 50;

#[derive(Template)]
#[template(path = "admin/releases.html")]
pub struct ReleasesPage {
    pub layout: Layout,
    pub errors: ErrorSummary,
    pub tokens: Tokens,
    pub fields: Vec<Field>,
    pub rows: Vec<ReleaseRow>,
    pub note: EmptyNote,
    pub first: Option<String>,
    pub next: Option<String>,
    pub as_of: String,
}

pub struct ReleaseRow {
    pub dataset: String,
    pub file: Option<String>,
    pub state: Chip,
    pub problem: Option<String>,
    pub read: u64,
    pub accepted: u64,
    pub unchanged: u64,
    pub rejected: u64,
    /// Where the rejected rows can be had.
    pub rejects: Option<String>,
    pub warnings: Vec<(String, u64)>,
    pub started: When,
    pub by: String,
    /// Of a running one: where it is cancelled, and the tokens of that form.
    pub cancel: Option<(String, Tokens)>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasesQuery {
    pub cursor: Option<String>,
}

/// `GET /admin/imports`
pub async fn get(app: &App, visitor: &Visitor, query: ReleasesQuery) -> Result<Response, Problem> {
    page(app, visitor, query, &Typed::default()).await
}

async fn page(
    app: &App,
    visitor: &Visitor,
    query: ReleasesQuery,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    tx.require(OPERATORS)?;
    let scope = format!("{} releases page", tx.actor().party());
    let after = cursor::after(&app.vault, &scope, query.cursor.as_deref())?.map(|place| place.id);
    let mut found = jobs::list(tx.conn(), after, ROWS + 1).await?;
    tx.rollback().await?;
    let next = cursor::next(&app.vault, &scope, &mut found, ROWS, |last| {
        cursor::Place::of(last.id)
    })
    .map(|cursor| format!("/admin/imports?cursor={cursor}"));
    let running = found.iter().any(|job| job.status == "running");
    let form = typed.form(FORM);
    let mappings: Vec<(&str, &str)> = MAPPINGS.iter().map(|(name, _)| (*name, *name)).collect();
    let page = ReleasesPage {
        layout: frame.layout("Imports of releases"),
        errors: typed.summary(),
        tokens: frame.tokens(),
        fields: vec![
            form.text("dataset", "Name of the data set", "")
                .required()
                .hint("Letters, digits, dots and hyphens, such as fy2015; a later file of this name takes its place")
                .into(),
            form.select("mapping", "Headings as in", &mappings, mappings[0].0)
                .into(),
        ],
        rows: found.into_iter().map(|job| row(job, &frame)).collect(),
        note: EmptyNote {
            why: "No release has been handed in yet.".to_owned(),
            what: "Choose a file above: the rows of a federal release feed the statistics and the map, and never a \
                   work list."
                .to_owned(),
            link: None,
        },
        first: after.map(|_| "/admin/imports".to_owned()),
        next,
        as_of: format!("As of {}", time::absolute(frame.now, frame.zone)),
    };
    let mut response = show(typed.status(), &page)?;
    if running && typed.status() == StatusCode::OK {
        // Without a script too; a form that was refused stays as it is.
        response
            .headers_mut()
            .insert(header::REFRESH, HeaderValue::from_static("5"));
    }
    Ok(response)
}

fn row(job: Job, frame: &Frame) -> ReleaseRow {
    let body = imports::body(job);
    let (shape, tone, words) = match body.status.as_str() {
        "done" => (Shape::Done, Tone::Good, "Taken in"),
        "failed" => (Shape::Warning, Tone::Grave, "Failed"),
        "cancelled" => (Shape::Barred, Tone::Plain, "Cancelled"),
        _ => (Shape::Clock, Tone::Calm, "Running"),
    };
    let running = body.finished_at.is_none();
    ReleaseRow {
        dataset: body.dataset.unwrap_or_default(),
        file: body.file_name,
        state: Chip::new(shape, tone, words),
        problem: body.problem,
        read: body.read,
        accepted: body.accepted,
        unchanged: body.unchanged,
        rejected: body.rejected,
        rejects: (body.rejected > 0).then(|| format!("/admin/imports/{}/rejects.csv", body.id)),
        warnings: body.warnings.into_iter().collect(),
        started: frame.when(body.started_at),
        by: body.started_by,
        cancel: running.then(|| {
            (
                format!("/admin/imports/{}/cancellation", body.id),
                frame.tokens(),
            )
        }),
    }
}

/// `POST /admin/imports`
pub async fn post(app: &App, request: Request) -> Result<Response, Problem> {
    let Upload { posted, file } = Upload::read(app, request, OPERATORS).await?;
    let given =
        |name: &str| Some(posted.fields.get(name).to_owned()).filter(|text| !text.is_empty());
    let asked = |file_name| {
        imports::asked(ImportQuery {
            kind: Some(Kind::HistoricalDetainers.to_string()),
            agency: None,
            mapping: given("mapping"),
            feed: None,
            roster: None,
            file_name,
            dataset: given("dataset"),
        })
    };
    let sent = file.and_then(|(name, file)| Ok((asked(name)?, file)));
    let done = posted
        .once(sent)
        .run(app, &posted.visitor, async |tx, sent| {
            tx.require(OPERATORS)?;
            let (asked, spooled) = sent?;
            let job = imports::submit(tx, app, &asked, &spooled).await?;
            Ok(Tagged::ok(&imports::body(job)))
        })
        .await;
    match done {
        Ok(_) => Ok(posted.done(app, "/admin/imports", "release-handed-in")),
        Err(problem) if problem.slug == Slug::Forbidden => Err(problem),
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, ReleasesQuery::default(), &typed).await
        }
    }
}

/// `POST /admin/imports/{id}/cancellation`
pub async fn post_cancellation(app: &App, posted: Posted, id: Uuid) -> Result<Response, Problem> {
    posted
        .once(Ok(ImportStep {}))
        .run(app, &posted.visitor, async |tx, step| {
            imports::cancelled(tx, app, id, step).await
        })
        .await?;
    Ok(posted.done(app, "/admin/imports", "import-cancelled"))
}
