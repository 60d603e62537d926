//! `/positions`: what governing bodies adopted, as a timeline in both directions. It decides
//! nothing here: no rule reads it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::forms::SelectField;
use super::pieces::EmptyNote;
use super::visitor::{Visitor, show};
use super::{Chip, Layout, Link, Shape, Tone, forms, time, words};
use crate::app::App;
use crate::http::Problem;
use crate::registry::positions::{self, PlacedPosition};

#[derive(Template)]
#[template(path = "positions.html")]
pub struct PositionsPage {
    pub layout: Layout,
    pub state: SelectField,
    /// "26 positions: 9 limit help, 16 cooperate, 1 unknown".
    pub summary: String,
    pub lines: Vec<PositionLine>,
    pub note: EmptyNote,
}

pub struct PositionLine {
    pub day: String,
    /// The day as machines read it.
    pub on: String,
    /// Which column; neither where the way is unknown.
    pub limiting: bool,
    pub cooperating: bool,
    pub position: PositionCell,
}

pub struct PositionCell {
    pub body: String,
    /// "Escondido, CA".
    pub place: String,
    /// "Resolution 18-30, 3-2".
    pub what: String,
    pub subject: String,
    pub effect: Chip,
    /// What became of it, each with its day or that it is unknown.
    pub later: Vec<String>,
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionsQuery {
    pub state: Option<String>,
}

pub async fn get(app: &App, visitor: &Visitor, query: PositionsQuery) -> Result<Response, Problem> {
    let state = query.state.as_deref().filter(|state| !state.is_empty());
    let (mut tx, frame) = visitor.enter(app).await?;
    let found = positions::placed(tx.conn(), state).await?;
    let states = positions::states(tx.conn()).await?;
    tx.rollback().await?;
    let count = |direction: &str| {
        found
            .iter()
            .filter(|placed| placed.position.direction == direction)
            .count()
    };
    let choices: Vec<(&str, &str)> = std::iter::once(("", "All states"))
        .chain(
            states
                .iter()
                .map(|(code, name)| (code.as_str(), name.as_str())),
        )
        .collect();
    let page = PositionsPage {
        layout: frame.layout("Positions"),
        state: SelectField::new(
            "positions-state",
            "state",
            "State",
            forms::choices(&choices, state.unwrap_or_default()),
        ),
        summary: format!(
            "{} positions: {} limit help, {} cooperate, of {} the way is unknown",
            found.len(),
            count("limiting"),
            count("cooperating"),
            count("unknown")
        ),
        lines: found.into_iter().map(line).collect(),
        note: EmptyNote {
            why: "No position is known here.".to_owned(),
            what: "That nothing is listed does not mean that nothing was adopted.".to_owned(),
            link: state.map(|_| Link::new("All states", "/positions")),
        },
    };
    show(StatusCode::OK, &page)
}

fn line(placed: PlacedPosition) -> PositionLine {
    let at = placed.position;
    let mut what = words::plain(&at.kind);
    if let Some(number) = &at.number {
        what = format!("{what} {number}");
    }
    let vote = at.vote.as_deref().unwrap_or("unknown: not found");
    what = format!("{what} · vote {vote}");
    if let Some(on) = at.effective_on {
        what = format!("{what} · in effect from {}", time::day(on));
    }
    PositionLine {
        day: time::day(at.adopted_on),
        on: at.adopted_on.to_string(),
        limiting: at.direction == "limiting",
        cooperating: at.direction == "cooperating",
        position: PositionCell {
            body: at.body,
            place: match placed.state {
                Some(state) => format!("{}, {state}", placed.place),
                None => placed.place,
            },
            what,
            subject: at.subject,
            effect: match at.legal_effect.as_str() {
                "operational" => Chip::new(Shape::Done, Tone::Calm, "Changed what is done"),
                "claims_exemption" => Chip::new(Shape::Unknown, Tone::Careful, "Claims exemption"),
                _ => Chip::new(Shape::Open, Tone::Plain, "No effect in law"),
            },
            later: at
                .later
                .into_iter()
                .map(|later| match later.on {
                    Some(on) => format!("{}: {}", time::day(on), later.what),
                    None => format!("Day unknown: {}", later.what),
                })
                .collect(),
            source: at.source,
        },
    }
}
