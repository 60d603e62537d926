//! What happened, a line an event.

use crate::dashboard::pieces::TimelineLine;
use crate::dashboard::{Frame, time, words};
use crate::exchange::detainer::Paper as Request;
use crate::log::read::EventBody;

pub fn timeline_line(event: &EventBody, paper: &Request, frame: &Frame) -> TimelineLine {
    let office_acts = event.by.starts_with("office:");
    let data = |name: &str| event.data.get(name).and_then(|value| value.as_str());
    let at = |name: &str| {
        data(name).and_then(|text| text.parse().ok()).map_or_else(
            || "at an unknown time".to_owned(),
            |at| time::absolute(at, frame.zone),
        )
    };
    let (what, both) = match event.kind.as_str() {
        "detainer.received" => ("Request lodged".to_owned(), true),
        "detainer.acknowledged" => ("Acknowledged".to_owned(), true),
        "detainer.served" => (
            format!("Person served {}", at("served_at")),
            paper.service.is_some(),
        ),
        "detainer.cancelled" => ("Cancelled".to_owned(), true),
        "match.found" => (
            format!(
                "Matched with a booking ({})",
                words::plain(data("match").unwrap_or("unknown"))
            ),
            false,
        ),
        "determination.made" => (
            format!(
                "Decided: {} {}",
                words::plain(data("act").unwrap_or_default()),
                match data("decision") {
                    Some("comply") => "yes",
                    _ => "no",
                }
            ),
            false,
        ),
        "refused" => (
            format!(
                "Refused by the rules: {}",
                words::plain(data("act").unwrap_or_default())
            ),
            false,
        ),
        "release_notice.disclosed" => (
            format!(
                "Office told: {} {}",
                words::release_kind(data("kind").unwrap_or_default()).to_lowercase(),
                at("effective_at")
            ),
            true,
        ),
        "notification.acknowledged" => ("Notice read and acknowledged".to_owned(), true),
        "outcome.stated" => ("Outcome stated".to_owned(), office_acts),
        "outcome.disclosed" => ("Outcome told to the office".to_owned(), true),
        "hold.started" => (format!("Hold until {}", at("deadline_at")), false),
        "hold.alert" => (
            format!("Hold called to mind; it ends {}", at("deadline_at")),
            false,
        ),
        "hold.ended" => (format!("Hold ended {}", at("ended_at")), false),
        "decision.disclosed" => (
            format!(
                "Office told: {} {}",
                words::plain(data("act").unwrap_or("an act")),
                match data("decision") {
                    Some("comply") => "complied with",
                    _ => "declined",
                }
            ),
            true,
        ),
        "facts.stated" => ("Facts stated".to_owned(), false),
        "claim.made" => (
            format!(
                "Claim made: {}",
                words::plain(data("kind").unwrap_or("unknown"))
            ),
            false,
        ),
        "claim.resolved" => (
            format!(
                "Claim resolved: {}",
                words::plain(data("result").unwrap_or("unknown"))
            ),
            false,
        ),
        "duty.created" => (
            format!("Owed: {}", words::duty(data("duty").unwrap_or("a duty"))),
            false,
        ),
        "duty.done" => ("A duty stated as done".to_owned(), false),
        "notification.attempted" => (
            format!(
                "Notice given by {}: {}",
                words::plain(data("channel").unwrap_or("unknown")),
                words::plain(data("result").unwrap_or("unknown"))
            ),
            true,
        ),
        "hold.disclosed" => ("Office told of the hold".to_owned(), true),
        "restriction.set" => (
            data("kind").map_or_else(
                || "Restriction lifted".to_owned(),
                |kind| format!("Restricted: {}", words::plain(kind)),
            ),
            false,
        ),
        "identifier.revealed" => ("A-number shown, with its purpose".to_owned(), false),
        "handover.stated" => ("Hand-over stated".to_owned(), true),
        "handover.confirmed" => ("Hand-over confirmed by both sides".to_owned(), true),
        other => (words::plain(other).replace('.', " "), office_acts),
    };
    TimelineLine {
        at: frame.when(event.at),
        what,
        by: Some(if office_acts {
            paper.office.clone()
        } else {
            "this agency".to_owned()
        }),
        seen_by: if both { "both" } else { "this agency" }.to_owned(),
    }
}
