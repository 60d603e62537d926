//! `/feeds`: the systems that send to this agency, what came of what they sent, and how a new one
//! makes itself known.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::overview::FeedLine;
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::feeds::store::{self, Feed};
use crate::dashboard::pieces::EmptyNote;
use crate::dashboard::visitor::show;
use crate::dashboard::{Chip, Frame, Layout, Shape, Tone, Visitor, When, time};
use crate::db::{ScopedTx, StoreError};
use crate::http::{Problem, cursor};

const ROWS: i64 = 50;
/// On the overview, where the list holds the rest.
const LINES: i64 = 10;

#[derive(Template)]
#[template(path = "custodian/feeds.html")]
pub struct FeedsPage {
    pub layout: Layout,
    pub feeds: Vec<FeedRow>,
    /// An empty list says why.
    pub note: EmptyNote,
    pub first: Option<String>,
    pub next: Option<String>,
    pub as_of: When,
}

pub struct FeedRow {
    pub name: String,
    pub state: Chip,
    pub last: When,
    /// "every 24 h", or that nobody said so.
    pub expected: String,
    pub rows: i64,
    pub rejects: i64,
    pub conflicts: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedsQuery {
    pub cursor: Option<String>,
}

pub async fn get(app: &App, visitor: &Visitor, query: FeedsQuery) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    tx.require(DESK)?;
    let scope = format!("{} feeds page", tx.actor().party());
    let after =
        cursor::after(&app.vault, &scope, query.cursor.as_deref())?.map(|place| place.after);
    let mut feeds = store::list(&mut tx, after.as_deref(), ROWS + 1).await?;
    tx.rollback().await?;
    let next = cursor::next(&app.vault, &scope, &mut feeds, ROWS, |last| {
        cursor::Place::by_name(last.name.clone())
    })
    .map(|cursor| format!("/feeds?cursor={}", cursor));
    let page = FeedsPage {
        layout: frame.layout("Feeds"),
        feeds: feeds.iter().map(|feed| row(feed, &frame)).collect(),
        note: EmptyNote {
            why: "No feed has reported yet.".to_owned(),
            what: "A feed appears here with its first heartbeat, its first file, or the first release \
                   notice that names it. Until then releases are known only from notices typed in here."
                .to_owned(),
            link: None,
        },
        first: after.map(|_| "/feeds".to_owned()),
        next,
        as_of: When {
            relative: None,
            ..frame.when(frame.now)
        },
    };
    show(StatusCode::OK, &page)
}

fn row(feed: &Feed, frame: &Frame) -> FeedRow {
    FeedRow {
        name: feed.name.clone(),
        state: state(feed, frame),
        last: frame.when(feed.last_at),
        expected: expected(feed),
        rows: feed.rows,
        rejects: feed.rejects,
        conflicts: feed.conflicts,
    }
}

fn state(feed: &Feed, frame: &Frame) -> Chip {
    if feed.is_silent(frame.now) {
        Chip::new(Shape::Warning, Tone::Grave, "Silent")
    } else if feed.silent_from.is_some() {
        Chip::new(Shape::Done, Tone::Good, "Heard in time")
    } else {
        Chip::new(Shape::Open, Tone::Plain, "No interval set")
    }
}

fn expected(feed: &Feed) -> String {
    match feed.expected_every_minutes {
        Some(minutes) => format!(
            "every {}",
            time::span(chrono::Duration::minutes(minutes.into()))
        ),
        None => "unknown: a heartbeat can say how often".to_owned(),
    }
}

/// The lines of the overview: silent feeds first.
pub async fn lines(tx: &mut ScopedTx<'_>, frame: &Frame) -> Result<Vec<FeedLine>, StoreError> {
    let mut feeds = store::list(tx, None, ROWS).await?;
    feeds.sort_by_key(|feed| !feed.is_silent(frame.now));
    feeds.truncate(LINES as usize);
    Ok(feeds
        .iter()
        .map(|feed| FeedLine {
            name: feed.name.clone(),
            state: state(feed, frame),
            text: format!(
                "last heard {}, {} rows, {} rejected, {} conflicts · expected {}",
                time::absolute(feed.last_at, frame.zone),
                feed.rows,
                feed.rejects,
                feed.conflicts,
                expected(feed)
            ),
        })
        .collect())
}
