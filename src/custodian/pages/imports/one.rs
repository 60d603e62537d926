//! An import that runs, waits for a reviewer, or has ended.

use askama::Template;
use axum::response::Response;

use super::{kind_words, name, ok, state};
use crate::app::App;
use crate::custodian::imports::{ImportStatus, Job, store};
use crate::dashboard::{Chip, Frame, Layout, Tokens, When};
use crate::db::ScopedTx;
use crate::http::Problem;
use crate::types::Role;

/// Rejected rows on the page; the file has all of them.
const REJECTS: i64 = 20;

#[derive(Template)]
#[template(path = "custodian/import.html")]
pub struct ImportPage {
    pub layout: Layout,
    pub href: String,
    pub about: String,
    pub state: Chip,
    pub started: When,
    pub finished: Option<When>,
    pub by: String,
    pub running: bool,
    /// What a reviewer is asked, or why it failed.
    pub problem: Option<String>,
    /// It waits, and this is a reviewer's page.
    pub confirm: Option<Tokens>,
    pub waits: bool,
    pub cancel: Option<Tokens>,
    pub read: u64,
    pub accepted: u64,
    pub unchanged: u64,
    pub rejected: u64,
    /// "240 rows a second", where it can be told.
    pub rate: Option<String>,
    pub records: Vec<RecordLine>,
    pub warnings: Vec<(String, u64)>,
    pub rejects: Vec<RejectLine>,
    pub more_rejects: bool,
}

pub struct RecordLine {
    pub kind: String,
    pub new: u64,
    pub changed: u64,
    pub unchanged: u64,
}

pub struct RejectLine {
    pub line: i64,
    pub column: String,
    pub value: String,
    pub reason: String,
}

pub(super) async fn page(
    app: &App,
    mut tx: ScopedTx<'static>,
    frame: &Frame,
    job: Job,
) -> Result<Response, Problem> {
    let rejects: Vec<RejectLine> = store::rejects(&mut tx, &app.vault, job.id, 0, REJECTS)
        .await?
        .into_iter()
        .map(|row| RejectLine {
            line: row.line,
            column: row.column.unwrap_or_else(|| "the whole row".to_owned()),
            value: row.value.unwrap_or_default(),
            reason: row.reason,
        })
        .collect();
    tx.rollback().await?;
    let running = job.status == ImportStatus::Running;
    let waits = job.status == ImportStatus::Waiting;
    let ended = job.finished_at.unwrap_or(frame.now);
    let seconds = (ended - job.started_at).num_milliseconds() as f64 / 1_000.0;
    // What took no time to tell, or waited for a person, has no rate.
    let rate = (seconds >= 1.0 && job.counts.read > 0 && !job.confirmed && !waits)
        .then(|| format!("{:.0} rows a second", job.counts.read as f64 / seconds));
    let counts = &job.counts;
    let page = ImportPage {
        layout: frame.layout(name(&job)),
        href: format!("/imports/{}", job.id),
        about: about(&job),
        state: state(&job),
        started: frame.when(job.started_at),
        finished: job.finished_at.map(|at| frame.when(at)),
        by: job.started_by.clone(),
        running,
        problem: job.problem.clone().filter(|_| !running),
        confirm: (waits && frame.is(Role::Reviewer)).then(|| frame.tokens()),
        waits,
        cancel: (waits || running).then(|| frame.tokens()),
        read: counts.read,
        accepted: counts.accepted,
        unchanged: counts.unchanged,
        rejected: counts.rejected,
        rate,
        records: counts
            .records
            .iter()
            .map(|(kind, changes)| RecordLine {
                kind: kind.replace('_', " "),
                new: changes.new,
                changed: changes.changed,
                unchanged: changes.unchanged,
            })
            .collect(),
        warnings: job.warnings.into_iter().collect(),
        more_rejects: counts.rejected > rejects.len() as u64,
        rejects,
    };
    ok(&page)
}

/// "Bookings, read by jms-nightly, from the feed jms, everybody in custody".
pub(super) fn about(job: &Job) -> String {
    let mut text = kind_words(job.kind).to_owned();
    match (&job.mapping, &job.mapping_text) {
        (Some(name), _) => text.push_str(&format!(", read by the mapping {name}")),
        (None, Some(_)) => text.push_str(", read by a mapping of its own"),
        (None, None) => text.push_str(", its headings being the names of the fields"),
    }
    if let Some(feed) = &job.feed {
        text.push_str(&format!(", from the feed {feed}"));
    }
    if job.roster {
        text.push_str(", naming everybody in custody");
    }
    text
}
