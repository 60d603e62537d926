//! The holds of a request: until when, by which limits and how each was counted.

use crate::custodian::detainers::CaseFile;
use crate::custodian::holds::model::Counted;
use crate::custodian::holds::store::{self, Alert, Hold};
use crate::custodian::holds::{AuthorityKind, EndReason, Mark};
use crate::custodian::pages::hold::authority;
use crate::dashboard::{Chip, Frame, Shape, Tone, When, time, words};
use crate::db::{ScopedTx, StoreError};
use crate::policy::clock::Segment;

pub struct HoldPanel {
    pub state: Chip,
    pub running: bool,
    pub began: When,
    /// The governing deadline, which nobody can extend.
    pub deadline: When,
    /// "the form I-247A (03/17)".
    pub governs: String,
    /// When and why it ended.
    pub ended: Option<(When, String)>,
    /// "a judge's warrant: 26-W-118, recorded by R. Reviewer".
    pub authority: String,
    pub told: &'static str,
    /// The governing one first.
    pub deadlines: Vec<DeadlineLine>,
    pub marks: Vec<MarkLine>,
}

pub struct DeadlineLine {
    pub rule: String,
    pub governs: bool,
    pub at: When,
    /// "48 of 96 hours count, by us-federal@2026.1".
    pub counted: String,
    pub segments: Vec<SegmentLine>,
}

pub struct SegmentLine {
    pub from: String,
    pub to: String,
    pub hours: String,
    /// "counts" or why not.
    pub counts: String,
}

pub struct MarkLine {
    pub state: Chip,
    pub when: &'static str,
    pub due: When,
}

/// The holds of a request, the latest first.
pub async fn holds(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    frame: &Frame,
) -> Result<Vec<HoldPanel>, StoreError> {
    let holds = store::of_detainer(tx, case.id).await?;
    if holds.is_empty() {
        return Ok(Vec::new());
    }
    let alerts = store::alerts_of(tx, case.id).await?;
    holds
        .iter()
        .rev()
        .map(|hold| {
            let deadlines: Vec<Counted> = serde_json::from_value(hold.deadlines.clone())
                .map_err(|error| StoreError::Unreadable(format!("a hold's deadlines: {error}")))?;
            let own = alerts.iter().filter(|alert| alert.hold_id == hold.id);
            Ok(panel(hold, &deadlines, own, frame))
        })
        .collect()
}

fn panel<'a>(
    hold: &Hold,
    deadlines: &[Counted],
    alerts: impl Iterator<Item = &'a Alert>,
    frame: &Frame,
) -> HoldPanel {
    let running = hold.ended_at.is_none();
    let state = match hold.ended_at {
        None if hold.started_at > frame.now => {
            Chip::new(Shape::Clock, Tone::Careful, "Hold recorded ahead")
        }
        None => Chip::new(Shape::Clock, Tone::Grave, "Hold running"),
        Some(_) => Chip::new(Shape::Done, Tone::Plain, "Hold ended"),
    };
    let on = hold.authority_kind.parse::<AuthorityKind>().map_or_else(
        |_| words::plain(&hold.authority_kind),
        |kind| authority(kind).to_owned(),
    );
    HoldPanel {
        state,
        running,
        began: frame.when(hold.started_at),
        deadline: frame.when(hold.deadline_at),
        governs: deadlines.first().map_or_else(|| hold.rule.clone(), limit),
        ended: hold.ended_at.map(|at| {
            let reason = hold.end_reason.as_deref().unwrap_or("unknown");
            (frame.when(at), ended(reason, hold.ended_by.as_deref()))
        }),
        authority: format!(
            "{on}: {}, recorded by {}",
            hold.authority_reference, hold.started_by
        ),
        told: if hold.notification_id.is_some() {
            "The office was told of it."
        } else {
            "The office was not told of it."
        },
        deadlines: deadlines
            .iter()
            .enumerate()
            .map(|(at, counted)| deadline(counted, at == 0, frame))
            .collect(),
        marks: alerts.map(|alert| mark(alert, frame)).collect(),
    }
}

/// Which limit it is: "the form I-247A (03/17)", "the regulation 8 CFR 287.7(d)", "the law …".
fn limit(counted: &Counted) -> String {
    format!("the {} {}", counted.by, counted.rule)
}

fn ended(reason: &str, by: Option<&str>) -> String {
    match EndReason::parse(reason) {
        Some(EndReason::Expired) => "its deadline had come".to_owned(),
        Some(EndReason::Cancelled) => "the office cancelled the request".to_owned(),
        Some(EndReason::Released) => "the person was released".to_owned(),
        Some(EndReason::HandedOver) => "the person was handed over".to_owned(),
        Some(EndReason::Superseded) => "a new request took its place".to_owned(),
        None => match by {
            Some(by) => format!("{reason} ({by})"),
            None => reason.to_owned(),
        },
    }
}

fn deadline(counted: &Counted, governs: bool, frame: &Frame) -> DeadlineLine {
    let hours = &counted.deadline;
    DeadlineLine {
        rule: limit(counted),
        governs,
        at: frame.when(hours.deadline_at),
        counted: format!(
            "{} h pass, of which {} h count; holidays by {}",
            trimmed(hours.elapsed_hours),
            trimmed(hours.counted_hours),
            hours.holiday_calendar
        ),
        segments: hours
            .working
            .iter()
            .map(|segment| line(segment, frame))
            .collect(),
    }
}

fn line(segment: &Segment, frame: &Frame) -> SegmentLine {
    SegmentLine {
        from: time::absolute(segment.from, frame.zone),
        to: time::absolute(segment.to, frame.zone),
        hours: trimmed((segment.to - segment.from).num_minutes() as f64 / 60.0),
        counts: match (segment.counted, &segment.why) {
            (true, _) => "counts".to_owned(),
            (false, Some(why)) => format!("does not count: {why}"),
            (false, None) => "does not count".to_owned(),
        },
    }
}

/// "48", "6.5": at most two places, no zeros behind.
fn trimmed(hours: f64) -> String {
    let text = format!("{hours:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn mark(alert: &Alert, frame: &Frame) -> MarkLine {
    MarkLine {
        state: match (alert.recorded_at, alert.dropped_at) {
            (Some(_), _) => Chip::new(Shape::Done, Tone::Calm, "Called to mind"),
            (None, Some(_)) => Chip::new(Shape::Open, Tone::Plain, "Not needed: ended before"),
            (None, None) => Chip::new(Shape::Open, Tone::Plain, "Ahead"),
        },
        when: match Mark::parse(&alert.mark) {
            Some(Mark::Day) => "24 hours before the deadline",
            Some(Mark::SixHours) => "6 hours before",
            Some(Mark::Hour) => "1 hour before",
            Some(Mark::Quarter) => "15 minutes before",
            Some(Mark::End) | None => "at the deadline",
        },
        due: frame.when(alert.due_at),
    }
}
