//! The hand-over as each side states it: the same fields and the same panel on both sides.

use chrono_tz::Tz;

use super::{Body, Chip, Field, Fields, Shape, Tone, Typed, When, time};
use crate::exchange::handover::{self, Handover, HandoverRequest, HandoverSide, HandoverState};
use crate::http::Problem;
use crate::types::Timestamp;

/// `templates/pieces/handover.html`.
pub struct HandoverPanel {
    /// "Agreed", "Disputed", "Waits for the other side", "Unknown: …".
    pub state: Chip,
    /// What the two differ in.
    pub differ: Option<String>,
    pub sides: Vec<HandoverLine>,
}

pub struct HandoverLine {
    /// "This agency", "The office SND".
    pub who: String,
    pub taken: When,
    pub place: String,
    pub officer: String,
    pub i203: String,
    pub recorded: When,
}

/// Both statements, one's own first. `custodian` and `office` are how each is called here.
pub fn panel(
    statements: &[Handover],
    own: HandoverSide,
    custodian: &str,
    office: &str,
    zone: Tz,
    now: Timestamp,
) -> HandoverPanel {
    let mine = statements.iter().find(|one| one.side == own);
    let other = statements.iter().find(|one| one.side != own);
    let (state, differ) = match (mine, other) {
        (None, None) => (
            Chip::new(
                Shape::Unknown,
                Tone::Plain,
                "Unknown: nobody has stated one",
            ),
            None,
        ),
        (Some(mine), Some(other)) => match handover::state(mine, Some(other)) {
            HandoverState::Disputed => (
                Chip::new(Shape::Warning, Tone::Careful, "Disputed"),
                Some(format!(
                    "The two times lie {} apart; the places are “{}” and “{}”.",
                    time::span(mine.taken_at - other.taken_at),
                    mine.place,
                    other.place
                )),
            ),
            _ => (Chip::new(Shape::Done, Tone::Good, "Agreed"), None),
        },
        (Some(_), None) => (
            Chip::new(Shape::Open, Tone::Plain, "Waits for the other side"),
            None,
        ),
        (None, Some(_)) => (
            Chip::new(Shape::Open, Tone::Careful, "Stated by the other side alone"),
            None,
        ),
    };
    let line = |one: &Handover| HandoverLine {
        who: match one.side {
            HandoverSide::Custodian => custodian.to_owned(),
            HandoverSide::Office => office.to_owned(),
        },
        taken: time::when(one.taken_at, zone, now),
        place: one.place.clone(),
        officer: one.officer.clone(),
        i203: one
            .i203_reference
            .clone()
            .unwrap_or_else(|| "unknown: none was stated".to_owned()),
        recorded: time::when(one.recorded_at, zone, now),
    };
    HandoverPanel {
        state,
        differ,
        sides: mine.into_iter().chain(other).map(line).collect(),
    }
}

/// The fields of either side's form.
pub fn fields(
    typed: &Typed,
    form: &'static str,
    zone: Tz,
    now: Timestamp,
    officer: &str,
) -> Vec<Field> {
    let fields = typed.form(form);
    vec![
        fields
            .local("taken_at", "Taken over", &time::local(now, zone), zone)
            .required()
            .into(),
        fields
            .text("officer", "Officer who took the person", officer)
            .required()
            .into(),
        fields
            .text("i203_reference", "Reference of the I-203", "")
            .hint("The order to detain or release, where one was given.")
            .into(),
        fields
            .text("place", "Place", "")
            .hint("Such as the sally port of the jail.")
            .required()
            .into(),
    ]
}

/// What the form says, in the facility's zone.
///
/// # Errors
/// What the command's own body would complain about.
pub fn read(fields: &Fields, zone: Tz) -> Result<HandoverRequest, Problem> {
    Body::new(fields)
        .texts(&["officer", "i203_reference", "place"])
        .local("taken_at", zone)
        .read()
}
