//! A file that a person looks at before it is taken in: its first rows, what its columns are read
//! as, and what the rows would become. Until it is started nothing of it is in any record; one that
//! nobody starts is forgotten after a day.

pub mod store;

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::prepare::{Reading, SourceError, fault, heading};
use super::submit::{self, Submission};
use super::{Counts, ImportStatus, Job};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::readers::service;
use crate::db::ScopedTx;
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::imports::mapping::{Mapping, MappingFile};
use crate::imports::records::{Fault, Record, Records};
use crate::imports::spool::{Spooled, refused};
use crate::imports::table::{self, Format, Peek, Table, Wanted};
use crate::log::{self, Event};
use crate::types::actor::Tenant;
use crate::types::ids;

/// Rows that are shown.
pub const ROWS: usize = 10;
/// Hours after which one that nobody started is forgotten.
pub const HOURS: i64 = 24;
/// Letters of a cell that are kept for the page.
const CELL: usize = 1_000;
const WAITS: &str =
    "Somebody has to look at its columns, on its page, before anything is taken in.";
const FORGOTTEN: &str =
    "Nobody started it within a day. Nothing was taken in, and the file is no longer here.";

/// The beginning of a file, as it is kept beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Beginning {
    pub format: String,
    pub headings: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub warnings: Vec<String>,
}

impl Beginning {
    fn of(peek: Peek) -> Self {
        let cut = |cell: String| match cell.char_indices().nth(CELL) {
            Some((end, _)) => format!("{}…", &cell[..end]),
            None => cell,
        };
        let width = peek.headings.len();
        Self {
            format: peek.format.as_str().to_owned(),
            headings: peek.headings,
            rows: peek
                .rows
                .into_iter()
                .map(|row| row.into_iter().take(width).map(cut).collect())
                .collect(),
            warnings: peek.warnings,
        }
    }

    /// Lines of JSON that are read without a mapping are the bodies of the API.
    pub fn is_lines(&self) -> bool {
        self.format == Format::Ndjson.as_str()
    }

    /// The same as a file: it is read as the whole one will be.
    fn file(&self) -> io::Result<File> {
        let mut writer = csv::WriterBuilder::new()
            .flexible(true)
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(tempfile::tempfile()?);
        writer.write_record(&self.headings)?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        let mut file = writer
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

/// What the columns of a file are read as, to begin with.
#[derive(Debug, Clone)]
pub enum Columns {
    /// The headings are the fields' names.
    Names,
    /// What the headings suggest.
    Suggested,
    /// A mapping of this name.
    Mapping(String),
}

/// Some rows, and what they would become.
#[derive(Debug)]
pub struct Shown {
    /// Their places among the rows that are shown, from 0.
    pub rows: Vec<usize>,
    /// Fields and values, or why they would not be taken.
    pub read: Result<Vec<(String, String)>, Fault>,
}

/// Keeps a file to be looked at.
///
/// # Errors
/// 422 for a file that cannot be read at all, whatever its columns are.
pub async fn open(
    tx: &mut ScopedTx<'_>,
    app: &App,
    submission: Submission,
    columns: Columns,
    spooled: &Spooled,
) -> Result<Job, Problem> {
    tx.require(DESK)?;
    submission.check()?;
    let beginning = beginning(spooled).await?;
    let (mapping, mapping_text) = match columns {
        Columns::Names => (None, None),
        Columns::Suggested => {
            let file = MappingFile::suggested(submission.kind, &beginning.headings);
            (None, Some(file.text()))
        }
        Columns::Mapping(name) => {
            let text = submit::mapping_text(tx, &name).await?;
            submit::reading(tx, app, &submission, Some(&text))?;
            (Some(name), Some(text))
        }
    };
    let now = app.clock.now();
    let actor = tx.actor().clone();
    let job = Job {
        id: ids::new_v7(now),
        kind: submission.kind,
        mapping,
        mapping_text,
        feed: submission.feed,
        roster: submission.roster,
        file_name: submission.file_name,
        status: ImportStatus::Waiting,
        preview: true,
        confirmed: false,
        next_ordinal: 1,
        counts: Counts::default(),
        warnings: Default::default(),
        headings: beginning.headings.clone(),
        problem: Some(WAITS.to_owned()),
        started_at: now,
        finished_at: None,
        started_by: actor.name.clone(),
        credential: actor.credential.clone(),
        role: actor.role.to_string(),
    };
    super::store::insert(tx, &job, &submit::file_tag(app, spooled)).await?;
    let kept = serde_json::to_vec(&beginning).map_err(Problem::internal)?;
    store::keep(tx, &app.vault, job.id, &kept, WAITS).await?;
    let mut file = spooled.open().map_err(Problem::internal)?;
    super::store::put_file(tx, &app.vault, job.id, &mut file).await?;
    let event = Event::new("import.handed_in", now, tx.actor())
        .subject("import", job.id)
        .data("kind", job.kind.as_str())
        .data("roster", job.roster);
    log::append(tx, vec![event]).await?;
    Ok(job)
}

/// Looks at the beginning of a file, and whether it is one, on a thread of its own.
async fn beginning(spooled: &Spooled) -> Result<Beginning, Problem> {
    spooled.must_say_something()?;
    let (first, again) = (
        spooled.open().map_err(Problem::internal)?,
        spooled.open().map_err(Problem::internal)?,
    );
    let peek = tokio::task::spawn_blocking(move || {
        let peek = table::peek(first, ROWS)?;
        // The whole text has to be of one writing, and a packed one to unpack: the same that an import asks.
        let mut again = again;
        again
            .seek(SeekFrom::Start(0))
            .map_err(|source| table::ReadError::Io { line: 1, source })?;
        Table::open(again, &Wanted::default())?.next_row()?;
        Ok::<Peek, table::ReadError>(peek)
    })
    .await
    .map_err(Problem::internal)?
    .map_err(|error| refused(&format!("This file cannot be read: {error}.")))?;
    if peek.headings.is_empty() {
        return Err(refused(
            "This file cannot be read: no row of it is a heading.",
        ));
    }
    Ok(Beginning::of(peek))
}

/// The beginning of a file that waits to be looked at.
pub async fn waiting(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: Uuid,
) -> Result<Option<Beginning>, Problem> {
    let Some(kept) = store::peek(tx, &app.vault, id).await? else {
        return Ok(None);
    };
    serde_json::from_slice(&kept)
        .map(Some)
        .map_err(Problem::internal)
}

/// What is said of a job's file.
pub fn submission(job: &Job) -> Submission {
    Submission {
        kind: job.kind,
        mapping: job.mapping.clone(),
        feed: job.feed.clone(),
        roster: job.roster,
        file_name: job.file_name.clone(),
    }
}

/// Takes the whole file in, as its columns are read now.
///
/// # Errors
/// 409 for one that does not wait to be looked at; 422 for what is wrong with the columns.
pub async fn start(tx: &mut ScopedTx<'_>, app: &App, id: Uuid) -> Result<Job, Problem> {
    tx.require(DESK)?;
    let mut job = super::store::get(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    if !job.preview {
        return Err(started());
    }
    let text = job.mapping_text.clone();
    let reading = submit::reading(tx, app, &submission(&job), text.as_deref())?;
    let spooled = super::store::file(tx, &app.vault, id).await?;
    let heading = submit::look(Arc::new(reading), &spooled).await?;
    let actor = tx.actor().clone();
    job.warnings = heading.warnings;
    job.headings = heading.headings;
    job.started_at = app.clock.now();
    (job.started_by, job.credential) = (actor.name.clone(), actor.credential.clone());
    job.role = actor.role.to_string();
    if !store::start(tx, &job).await? {
        return Err(started());
    }
    (job.status, job.preview, job.problem) = (ImportStatus::Running, false, None);
    let event = Event::new("import.started", job.started_at, tx.actor())
        .subject("import", job.id)
        .data("kind", job.kind.as_str())
        .data("roster", job.roster);
    log::append(tx, vec![event]).await?;
    Ok(job)
}

/// Why its columns cannot be changed any more.
pub fn started() -> Problem {
    Problem::new(
        Slug::Conflict,
        "This file was started already, or it is no longer here.",
    )
}

/// Forgets the files of an agency that nobody started within a day.
pub async fn forget(app: &App, agency: Tenant) -> Result<(), Problem> {
    let mut tx = ScopedTx::for_party(&app.pools.custodian, service(agency)).await?;
    let now = app.clock.now();
    let mut events = Vec::new();
    for id in store::left_lying(&mut tx, now - chrono::Duration::hours(HOURS)).await? {
        let cancelled = ImportStatus::Cancelled;
        if super::store::end(&mut tx, id, cancelled, Some(FORGOTTEN), None, now).await? {
            events.push(Event::new("import.cancelled", now, tx.actor()).subject("import", id));
        }
    }
    log::append(&mut tx, events).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(())
}

impl Reading {
    /// What the first rows of a file would become. A file that these columns do not fit is an error in words.
    ///
    /// # Errors
    /// This mapping reads nothing of it.
    pub fn first(&self, beginning: &Beginning) -> Result<Vec<Shown>, SourceError> {
        let default = Mapping::of_names(self.kind);
        let mapping = self.mapping.as_ref().unwrap_or(&default);
        let file = beginning.file()?;
        let mut records = Records::open(file, mapping, self.zone, self.now.date_naive())?;
        let heading = heading(&records);
        let mut shown = Vec::new();
        while let Some(record) = records.next_record()? {
            let (rows, read) = match record {
                Err(rejects) => {
                    let rows = rejects.iter().map(|(row, _)| row.ordinal).collect();
                    let fault = rejects
                        .into_iter()
                        .map(|(_, fault)| fault)
                        .find(|fault| fault.column.is_some() || rows_of_one(&fault.reason));
                    (rows, Err(fault.unwrap_or_else(|| Fault::of_row(""))))
                }
                Ok(Record {
                    rows,
                    body,
                    release,
                    local_holds,
                }) => {
                    let mut values = Vec::new();
                    flatten("", &body, &mut values);
                    if let Some(release) = &release {
                        flatten("release", release, &mut values);
                    }
                    if !local_holds.is_empty() {
                        values.push(("local_hold".to_owned(), local_holds.len().to_string()));
                    }
                    let read = self
                        .prepare(body, release, local_holds)
                        .map(|_| values)
                        .map_err(|problem| {
                            fault(&problem, |pointer| heading.cell(pointer, &rows[0]))
                        });
                    (rows.iter().map(|row| row.ordinal).collect(), read)
                }
            };
            let rows: Vec<u32> = rows;
            shown.push(Shown {
                rows: rows.iter().map(|row| *row as usize - 1).collect(),
                read,
            });
        }
        Ok(shown)
    }
}

/// Of the rows of one booking, the one that is at fault says why.
fn rows_of_one(reason: &str) -> bool {
    !reason.ends_with("of the same booking, is at fault")
}

/// `{"subject": {"sex": "male"}}` → `subject.sex`: `male`.
fn flatten(path: &str, value: &Value, out: &mut Vec<(String, String)>) {
    let below = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                flatten(&below(name), value, out);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten(&below(&at.to_string()), value, out);
            }
        }
        Value::Null => {}
        Value::String(text) => out.push((path.to_owned(), text.clone())),
        other => out.push((path.to_owned(), other.to_string())),
    }
}
