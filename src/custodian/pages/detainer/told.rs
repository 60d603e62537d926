//! What the office was told, and what came of the request as each side states it.

use crate::custodian::pages::attempt;
use crate::dashboard::{Chip, Frame, Link, Shape, Tone, When, time, words};
use crate::exchange::detainer::Paper as Request;
use crate::exchange::notification::Notification;
use crate::exchange::outcome::{Statement, agreement};

pub struct NotificationLine {
    pub recipient: String,
    pub about: String,
    pub state: Chip,
    pub sent: Option<When>,
    /// "22 h before the release as told", or "unknown until it is sent".
    pub lead: String,
    pub escalation: Option<String>,
    /// By telephone or fax, each as it was recorded.
    pub attempts: Vec<String>,
    /// Where one is recorded.
    pub attempt: Option<Link>,
}

pub struct OutcomePanel {
    /// "agreed", "disputed", "one-sided", "unknown: nobody has stated one".
    pub state: Chip,
    pub ours: OutcomeSide,
    pub theirs: OutcomeSide,
}

#[derive(Default)]
pub struct OutcomeSide {
    pub notice: Option<String>,
    pub custody: Option<String>,
    /// "24 Nov 2026 09:12 PST by R. Reviewer".
    pub stated: Option<String>,
    pub note: Option<String>,
    /// What would settle it, when nothing is stated.
    pub unknown: String,
}

pub fn notification_line(
    told: &Notification,
    paper: &Request,
    desk: bool,
    frame: &Frame,
) -> NotificationLine {
    let state = match told.status.as_str() {
        "acknowledged" => Chip::new(Shape::Done, Tone::Good, "Acknowledged"),
        "withdrawn" => Chip::new(Shape::Done, Tone::Plain, "Withdrawn"),
        _ => Chip::new(Shape::Open, Tone::Careful, "Not acknowledged"),
    };
    let lead = match told.effective_at.zip(told.sent_at) {
        Some((effective, sent)) if effective >= sent => format!(
            "sent {} before the release as told",
            time::span(effective - sent)
        ),
        Some((effective, sent)) => format!(
            "sent {} after the release as told",
            time::span(sent - effective)
        ),
        None => "lead time unknown until it is sent".to_owned(),
    };
    let by = told.acknowledged_by.as_ref().zip(told.acknowledged_at);
    NotificationLine {
        recipient: paper.office.clone(),
        about: told.effective_at.map_or_else(
            || words::told(told, frame.zone).unwrap_or_else(|| words::plain(&told.about)),
            |at| {
                format!(
                    "{} {}",
                    words::release_kind(told.kind.as_deref().unwrap_or(&told.about)),
                    time::absolute(at, frame.zone)
                )
            },
        ),
        state,
        sent: told.sent_at.map(|at| frame.when(at)),
        lead,
        escalation: by.map(|(by, at)| format!("read by {by} {}", time::absolute(at, frame.zone))),
        attempts: told
            .attempts
            .0
            .iter()
            .map(|one| attempt::line(one, frame))
            .collect(),
        attempt: desk.then(|| {
            Link::new(
                "Call list; record a call or fax",
                format!("/notifications/{}/attempts", told.id),
            )
        }),
    }
}

pub fn outcome_panel(
    ours: Option<&Statement>,
    theirs: Option<&Statement>,
    frame: &Frame,
) -> OutcomePanel {
    let state = match (ours, theirs) {
        (Some(ours), theirs) => agreement((ours.notice, ours.custody), theirs),
        (None, Some(_)) => "one_sided",
        (None, None) => "unknown",
    };
    let side = |statement: Option<&Statement>, unknown: &str| {
        statement.map_or_else(
            || OutcomeSide {
                unknown: unknown.to_owned(),
                ..OutcomeSide::default()
            },
            |statement| OutcomeSide {
                notice: Some(words::notice_outcome(statement.notice).to_owned()),
                custody: Some(words::custody_outcome(statement.custody).to_owned()),
                stated: Some(format!(
                    "as of {}",
                    time::absolute(statement.stated_at, frame.zone)
                )),
                note: statement.note.clone(),
                unknown: String::new(),
            },
        )
    };
    OutcomePanel {
        state: words::agreement(state),
        ours: side(ours, "a reviewer of this agency states it."),
        theirs: side(theirs, "the office has stated nothing."),
    }
}
