//! Which clocks apply to a hold, and which of them governs. No SQL, no HTTP, no clock.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Mark;
use crate::exchange::detainer::Paper;
use crate::policy::answer::ClockAnswer;
use crate::policy::clock::{self, Basis, ClockError, Deadline};
use crate::policy::rule::Starts as ClockStart;
use crate::types::Timestamp;

/// A deadline and what it is counted by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Counted {
    /// `form`, `regulation` or `law`.
    pub by: String,
    /// Such as `I-247A (03/17)`, `8 CFR 287.7(d)`, or a rule with its version.
    pub rule: String,
    #[serde(flatten)]
    pub deadline: Deadline,
}

/// From which instants the clocks may be counted.
pub struct Starts {
    pub otherwise_releasable_at: Timestamp,
    pub papers_received_at: Timestamp,
    pub recorded_at: Timestamp,
}

/// Every deadline that applies, the governing one first: the earliest, whatever set it. The form
/// asks for 48 hours and no more, the regulation allows 48 counted ones, and the law of the place
/// may allow less; nothing of it adds up, and nothing can be extended.
///
/// # Errors
/// When a date lies outside the calendar of holidays.
pub fn count(
    starts: &Starts,
    zone: Tz,
    form: String,
    law: Option<&ClockAnswer>,
) -> Result<Vec<Counted>, ClockError> {
    let start = starts.otherwise_releasable_at;
    let deadline =
        |basis, start, hours| clock::deadline(basis, start, zone, hours, &BTreeSet::new());
    let mut all = vec![
        Counted {
            by: "form".to_owned(),
            rule: form,
            deadline: deadline(Basis::Form48, start, clock::HOURS)?,
        },
        Counted {
            by: "regulation".to_owned(),
            rule: "8 CFR 287.7(d)".to_owned(),
            deadline: deadline(Basis::Reg2877, start, clock::HOURS)?,
        },
    ];
    if let Some(law) = law {
        let start = match law.starts {
            ClockStart::PapersReceived => starts.papers_received_at,
            ClockStart::HoldStarted => starts.recorded_at,
            ClockStart::OtherwiseReleasable => start,
        };
        // No hours are the same as no hold.
        let (basis, hours) = match law.hours {
            0 => (Basis::Nothing, clock::HOURS),
            hours => (law.basis, hours),
        };
        all.push(Counted {
            by: "law".to_owned(),
            rule: law.rule.clone(),
            deadline: deadline(basis, start, hours)?,
        });
    }
    all.sort_by_key(|counted| counted.deadline.deadline_at);
    Ok(all)
}

/// The name of a paper as a basis: form and revision.
pub fn form(paper: &Paper) -> String {
    match &paper.form_revision {
        Some(revision) => format!("{} ({revision})", paper.form),
        None => paper.form.to_string(),
    }
}

impl Mark {
    fn before(self) -> TimeDelta {
        match self {
            Mark::Day => TimeDelta::hours(24),
            Mark::SixHours => TimeDelta::hours(6),
            Mark::Hour => TimeDelta::hours(1),
            Mark::Quarter => TimeDelta::minutes(15),
            Mark::End => TimeDelta::zero(),
        }
    }
}

/// The marks that still lie ahead.
pub fn marks(deadline_at: Timestamp, now: Timestamp) -> Vec<(Mark, Timestamp)> {
    Mark::ALL
        .iter()
        .map(|mark| (*mark, deadline_at - mark.before()))
        .filter(|(_, at)| *at > now)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn starts(start: &str) -> Starts {
        Starts {
            otherwise_releasable_at: at(start),
            papers_received_at: at("2026-11-20T17:00:00Z"),
            recorded_at: at(start) + TimeDelta::hours(2),
        }
    }

    fn counted(law: Option<ClockAnswer>) -> Vec<Counted> {
        // The evening before Thanksgiving.
        let zone = chrono_tz::America::Los_Angeles;
        count(
            &starts("2026-11-25T17:00:00-08:00"),
            zone,
            "I-247A (03/17)".to_owned(),
            law.as_ref(),
        )
        .unwrap()
    }

    fn law(basis: Basis, hours: u32, starts: &str) -> Option<ClockAnswer> {
        Some(ClockAnswer {
            basis,
            hours,
            starts: starts.parse().unwrap(),
            rule: "us-xx/act@1".to_owned(),
        })
    }

    #[test]
    fn the_earliest_deadline_governs_and_the_others_are_information() {
        let all = counted(None);
        assert_eq!(all[0].by, "form");
        assert_eq!(all[0].deadline.deadline_at, at("2026-11-27T17:00:00-08:00"));
        // Thursday is a holiday, Saturday and Sunday do not count.
        assert_eq!(all[1].deadline.deadline_at, at("2026-11-30T17:00:00-08:00"));
        for (clock, deadline) in [
            (
                law(Basis::EndOfReleaseDay, 48, "otherwise_releasable"),
                "2026-11-25T23:59:00-08:00",
            ),
            (
                law(Basis::Nothing, 48, "otherwise_releasable"),
                "2026-11-25T17:00:00-08:00",
            ),
            (
                law(Basis::Form48, 0, "otherwise_releasable"),
                "2026-11-25T17:00:00-08:00",
            ),
            (
                law(Basis::Form48, 8, "hold_started"),
                "2026-11-26T03:00:00-08:00",
            ),
            (
                law(Basis::Form48, 48, "papers_received"),
                "2026-11-22T09:00:00-08:00",
            ),
        ] {
            let all = counted(clock);
            assert_eq!(all.len(), 3);
            assert_eq!(
                (all[0].by.as_str(), all[0].rule.as_str()),
                ("law", "us-xx/act@1")
            );
            assert_eq!(all[0].deadline.deadline_at, at(deadline));
        }
        // A law that allows more takes nothing from the form.
        let all = counted(law(Basis::Form48, 72, "otherwise_releasable"));
        assert_eq!(all[0].by, "form");
    }

    #[test]
    fn a_mark_that_has_passed_is_not_called_to_mind() {
        let deadline = at("2026-11-27T12:00:00Z");
        let words = |now: &str| -> Vec<&str> {
            marks(deadline, at(now))
                .iter()
                .map(|(mark, _)| mark.as_str())
                .collect()
        };
        assert_eq!(
            words("2026-11-25T12:00:00Z"),
            ["T-24h", "T-6h", "T-1h", "T-15min", "T"]
        );
        assert_eq!(words("2026-11-27T06:00:00Z"), ["T-1h", "T-15min", "T"]);
        assert_eq!(words("2026-11-27T11:59:59Z"), ["T"]);
        assert!(words("2026-11-27T12:00:00Z").is_empty());
    }
}
