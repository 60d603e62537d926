//! A file is handed in: looked at, refused with its reason or kept, and taken in from then on.

use std::sync::Arc;

use super::prepare::{Heading, Reading};
use super::{Counts, ImportStatus, Job, store};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::db::ScopedTx;
use crate::exchange::detainer::request::Complaints;
use crate::http::Problem;
use crate::imports::fields::Kind;
use crate::imports::mapping::Mapping;
use crate::imports::spool::{Spooled, refused};
use crate::log::{self, Event};
use crate::types::ids;

/// What is said of a file.
#[derive(Debug, Clone)]
pub struct Submission {
    pub kind: Kind,
    /// The name of a mapping of this agency, or of one that comes with the service.
    pub mapping: Option<String>,
    pub feed: Option<String>,
    /// The file names everybody in custody.
    pub roster: bool,
    pub file_name: Option<String>,
}

impl Submission {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        complaints.optional_text("?feed", self.feed.as_deref(), 100);
        complaints.optional_text("?file_name", self.file_name.as_deref(), 200);
        if self.roster && (self.kind != Kind::Bookings || self.feed.is_none()) {
            complaints.add(
                "?roster",
                "feed",
                "A roster is a file of bookings from a feed: send kind=bookings and feed= too.",
            );
        }
        if self.kind == Kind::HistoricalDetainers {
            complaints.add("?kind", "scope", "Historical detainers are imported by the operator: they have no custodian at the desk.");
        }
        complaints.finish()
    }
}

/// The text of a mapping: the agency's own goes before the one of the same name that comes with the service.
///
/// # Errors
/// 422 for an unknown name.
pub async fn mapping_text(tx: &mut ScopedTx<'_>, name: &str) -> Result<String, Problem> {
    if let Some(text) = store::mapping(tx, name).await? {
        return Ok(text);
    }
    if let Some(text) = Mapping::built_in(name) {
        return Ok(text.to_owned());
    }
    let mut known = store::mapping_names(tx).await?;
    known.extend(Mapping::built_in_names().map(str::to_owned));
    Err(Problem::field(
        "?mapping",
        "unknown",
        format!(
            "There is no mapping {name}; there are: {}.",
            known.join(", ")
        ),
    ))
}

/// How a file of the caller's agency is read.
pub fn reading(
    tx: &ScopedTx<'_>,
    app: &App,
    submission: &Submission,
    text: Option<&str>,
) -> Result<Reading, Problem> {
    let agency = tx.actor().agency.clone().ok_or_else(Problem::not_found)?;
    let mapping = text
        .map(Mapping::read)
        .transpose()
        .map_err(|error| Problem::field("?mapping", "invalid", error.to_string()))?;
    if let Some(mapping) = &mapping
        && mapping.kind != submission.kind
    {
        return Err(Problem::field(
            "?mapping",
            "kind",
            format!("This mapping is one of {}.", mapping.kind),
        ));
    }
    Ok(Reading {
        kind: submission.kind,
        mapping,
        own: agency.code,
        zone: agency.time_zone.parse().unwrap_or(chrono_tz::UTC),
        now: app.clock.now(),
        feed: submission.feed.clone(),
        vault: app.vault.clone(),
    })
}

/// Looks at a file on a thread of its own.
///
/// # Errors
/// 422 with the reason for a file that cannot be read in this way.
pub async fn look(reading: Arc<Reading>, spooled: &Spooled) -> Result<Heading, Problem> {
    spooled.must_say_something()?;
    let file = spooled.open().map_err(Problem::internal)?;
    tokio::task::spawn_blocking(move || reading.look(file))
        .await
        .map_err(Problem::internal)?
        .map_err(|error| refused(&format!("This file cannot be read: {error}.")))
}

/// Opens an import. With `keep` the file is kept for the service; without it the caller has the file at hand.
///
/// # Errors
/// 422 for what cannot be read, with what to do.
pub async fn submit(
    tx: &mut ScopedTx<'_>,
    app: &App,
    submission: Submission,
    spooled: &Spooled,
    keep: bool,
) -> Result<Job, Problem> {
    tx.require(DESK)?;
    let mapping_text = match &submission.mapping {
        Some(name) => Some(mapping_text(tx, name).await?),
        None => None,
    };
    open(tx, app, submission, mapping_text, spooled, keep).await
}

/// The same with the mapping's text at hand.
pub async fn open(
    tx: &mut ScopedTx<'_>,
    app: &App,
    submission: Submission,
    mapping_text: Option<String>,
    spooled: &Spooled,
    keep: bool,
) -> Result<Job, Problem> {
    submission.check()?;
    let reading = Arc::new(reading(tx, app, &submission, mapping_text.as_deref())?);
    let heading = look(reading, spooled).await?;
    let now = app.clock.now();
    let actor = tx.actor().clone();
    let job = Job {
        id: ids::new_v7(now),
        kind: submission.kind,
        mapping: submission.mapping,
        mapping_text,
        feed: submission.feed,
        roster: submission.roster,
        file_name: submission.file_name,
        status: ImportStatus::Running,
        preview: false,
        confirmed: false,
        next_ordinal: 1,
        counts: Counts::default(),
        warnings: heading.warnings,
        headings: heading.headings,
        problem: None,
        started_at: now,
        finished_at: None,
        started_by: actor.name.clone(),
        credential: actor.credential.clone(),
        role: actor.role.to_string(),
    };
    store::insert(tx, &job, &file_tag(app, spooled)).await?;
    if keep {
        let mut file = spooled.open().map_err(Problem::internal)?;
        store::put_file(tx, &app.vault, job.id, &mut file).await?;
    }
    let event = Event::new("import.started", now, tx.actor())
        .subject("import", job.id)
        .data("kind", job.kind.as_str())
        .data("roster", job.roster);
    log::append(tx, vec![event]).await?;
    Ok(job)
}

/// A keyed hash of a file: a bare one would let a short file be guessed.
pub fn file_tag(app: &App, spooled: &Spooled) -> Vec<u8> {
    app.vault.tag("import file", &spooled.hash)
}
