//! `/matches`: requests and bookings that may be about one person, for a reviewer to look at. Both
//! sides stand beside each other, as each was written; nothing is weighed.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::custodian::bookings::store as bookings;
use crate::custodian::detainers::papers;
use crate::custodian::matches::store::{self, Match};
use crate::dashboard::pieces::EmptyNote;
use crate::dashboard::visitor::show;
use crate::dashboard::{Frame, Layout, Link, Person, Visitor, When, time, words};
use crate::db::ScopedTx;
use crate::exchange::detainer::Paper;
use crate::http::{Problem, cursor};
use crate::types::Role;

const ROWS: i64 = 50;

#[derive(Template)]
#[template(path = "custodian/matches.html")]
pub struct MatchesPage {
    pub layout: Layout,
    pub lines: Vec<MatchLine>,
    /// An empty list says why.
    pub note: EmptyNote,
    pub first: Option<String>,
    pub next: Option<String>,
    pub as_of: When,
}

/// One candidate.
pub struct MatchLine {
    pub found: When,
    pub request: Person,
    pub request_href: String,
    /// "I-247A of 20 Nov 2026, from SND".
    pub paper: String,
    pub booked: Booked,
    pub decide: Link,
}

/// The booking's side of a candidate.
pub struct Booked {
    pub person: Person,
    pub number: String,
    /// Unknown while only a notice has named the number.
    pub at: Option<When>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchesQuery {
    pub cursor: Option<String>,
}

pub async fn get(app: &App, visitor: &Visitor, query: MatchesQuery) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    tx.require(&[Role::Reviewer])?;
    let scope = format!("{} matches page", tx.actor().party());
    let after = cursor::after(&app.vault, &scope, query.cursor.as_deref())?.map(|place| place.id);
    let mut found = store::list(&mut tx, Some("open"), None, after, ROWS + 1).await?;
    let next = cursor::next(&app.vault, &scope, &mut found, ROWS, |last| {
        cursor::Place::of(last.id)
    })
    .map(|cursor| format!("/matches?cursor={}", cursor));
    let ids: Vec<_> = found.iter().map(|pair| pair.detainer_id).collect();
    let known = papers::by_ids(&mut tx, &app.vault, &ids).await?;
    let mut lines = Vec::with_capacity(found.len());
    for pair in &found {
        let paper = known
            .iter()
            .find(|paper| paper.id.as_uuid() == pair.detainer_id);
        if let Some(paper) = paper {
            let booked = booked(&mut tx, app, pair, &frame).await?;
            lines.push(MatchLine {
                found: frame.when(pair.found_at),
                request: words::person(&paper.subject),
                request_href: format!("/detainers/{}", paper.id),
                paper: titled(paper),
                booked,
                decide: Link::new("Decide", href(pair)),
            });
        }
    }
    tx.rollback().await?;
    let page = MatchesPage {
        layout: frame.layout("Candidates"),
        lines,
        note: EmptyNote {
            why: "No candidate waits for a decision.".to_owned(),
            what: "A request and a booking of one name and birth date, without a common number, \
                   appear here."
                .to_owned(),
            link: Some(Link::new("All requests", "/detainers")),
        },
        first: after.map(|_| "/matches".to_owned()),
        next,
        as_of: When {
            relative: None,
            ..frame.when(frame.now)
        },
    };
    show(StatusCode::OK, &page)
}

/// Where a candidate is decided.
pub fn href(pair: &Match) -> String {
    format!("/matches/{}", pair.id)
}

/// "I-247A of 20 Nov 2026, from SND".
pub fn titled(paper: &Paper) -> String {
    format!(
        "{} of {}, from {}",
        paper.form,
        time::day(paper.issued_on),
        paper.office
    )
}

/// The booking of a candidate, as the jail's own system has it.
pub async fn booked(
    tx: &mut ScopedTx<'_>,
    app: &App,
    pair: &Match,
    frame: &Frame,
) -> Result<Booked, Problem> {
    let booking = bookings::by_id(tx, pair.booking_id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let who = bookings::person(tx, &app.vault, booking.person_id).await?;
    Ok(Booked {
        person: super::person(&who),
        number: booking.booking_number,
        at: booking.booked_at.map(|at| frame.when(at)),
    })
}
