//! What the paper says, and what is to be read before anything else.

use crate::custodian::detainers::CaseFile;
use crate::custodian::detainers::case_file::Origin;
use crate::custodian::matches::store::Match;
use crate::custodian::pages::matches;
use crate::dashboard::{Chip, Frame, Link, time, words};
use crate::exchange::detainer::Paper as Request;
use crate::exchange::detainer::model::LiftReason;
use crate::types::Role;

pub struct Paper {
    /// "I-247A of 20 Nov 2026".
    pub title: String,
    /// "SND → San Diego Central Jail".
    pub route: String,
    /// "notify, hold, transfer".
    pub asks: String,
    /// Label and value: basis, warrants, issued by, received how, age.
    pub facts: Vec<(String, String)>,
}

pub struct Alert {
    pub title: String,
    pub text: String,
    pub link: Option<Link>,
}

pub fn paper_panel(paper: &Request, frame: &Frame) -> Paper {
    let mut facts = vec![
        ("Basis".to_owned(), words::basis(&paper.basis)),
        (
            "Warrants".to_owned(),
            if paper.warrants.is_empty() {
                "none with this paper".to_owned()
            } else {
                let list: Vec<String> = paper.warrants.iter().map(words::warrant).collect();
                list.join("; ")
            },
        ),
        ("Issued by".to_owned(), paper.issuing_office.clone()),
        (
            "Received".to_owned(),
            format!(
                "{}, {}",
                time::absolute(paper.received_at, frame.zone),
                match paper.channel.as_str() {
                    "api" => "lodged here by the office".to_owned(),
                    other => format!("by {}", words::plain(other)),
                }
            ),
        ),
        (
            "Revision of the form".to_owned(),
            paper
                .form_revision
                .clone()
                .unwrap_or_else(|| "unknown".to_owned()),
        ),
        (
            "Booking number on the paper".to_owned(),
            paper
                .subject
                .booking_number
                .clone()
                .unwrap_or_else(|| "none".to_owned()),
        ),
    ];
    if let Some(service) = &paper.service {
        facts.push((
            "Served".to_owned(),
            format!(
                "{}, {}",
                time::absolute(service.served_at, frame.zone),
                words::plain(service.method.as_str())
            ),
        ));
    }
    Paper {
        title: format!("{} of {}", paper.form, time::day(paper.issued_on)),
        route: format!("{} → {}", paper.office, paper.custodian_name),
        asks: words::asks(&paper.asks),
        facts,
    }
}

pub fn flags(paper: &Request) -> Vec<Chip> {
    paper
        .flags()
        .into_iter()
        .filter(|word| *word != "custodian_not_connected")
        .map(words::flag_chip)
        .collect()
}

pub fn alerts(case: &CaseFile, paper: &Request, frame: &Frame) -> Vec<Alert> {
    let mut alerts = Vec::new();
    if case.crossed_at.is_none() {
        let text = match (case.origin, paper.can_cross()) {
            (Origin::Relay, _) => {
                "Another agency passed it on. The office sees it here once that agency tells of the transfer, or this one of a hand-over."
            }
            (_, false) => "An NCIC hit has no office that could be told.",
            _ => {
                "It stays in this agency until it is acknowledged; acknowledging tells the office that it is here."
            }
        };
        alerts.push(Alert {
            title: "The office does not know of this paper.".to_owned(),
            text: text.to_owned(),
            link: None,
        });
    }
    if let Some(other) = paper.duplicate_of {
        alerts.push(Alert {
            title: "The same request is here already.".to_owned(),
            text: "Equal form, date and asks: one of them is enough.".to_owned(),
            link: Some(Link::new("The other one", format!("/detainers/{other}"))),
        });
    }
    if let Some(earlier) = paper.supersedes {
        alerts.push(Alert {
            title: "Takes the place of an earlier request.".to_owned(),
            text: "What was decided on that one does not carry over.".to_owned(),
            link: Some(Link::new(
                "The earlier one",
                format!("/detainers/{earlier}"),
            )),
        });
    }
    if let Some(at) = paper.cancelled_at {
        let reason = paper
            .lift_reason
            .map_or_else(|| "reason unknown".to_owned(), words::lift_reason);
        alerts.push(Alert {
            title: match paper.lift_reason {
                // Said as loudly as anything else that can come of a request.
                Some(LiftReason::UscOrPresumptiveClaim) => format!(
                    "Lifted for a U.S. citizen, or a claim of it, on {}.",
                    time::absolute(at, frame.zone)
                ),
                _ => format!(
                    "Cancelled by the office on {}.",
                    time::absolute(at, frame.zone)
                ),
            },
            text: format!("Reason given: {reason}. Nothing more is told under it."),
            link: None,
        });
    }
    if let Some(kind) = &case.restriction {
        alerts.push(Alert {
            title: format!("Restricted: {}.", words::plain(kind)),
            text: "Hidden from oversight, exports and public counts. The office still sees its own paper."
                .to_owned(),
            link: None,
        });
    }
    if paper.victim_or_witness {
        alerts.push(Alert {
            title: "A victim or witness.".to_owned(),
            text: "8 U.S.C. 1367 restricts what may be said of this person.".to_owned(),
            link: None,
        });
    }
    alerts
}

/// A booking that may be of this person waits for a reviewer's word.
pub fn candidate(pair: &Match, frame: &Frame) -> Alert {
    Alert {
        title: "A booking here may be this person's.".to_owned(),
        text: "One name and birth date, and no common number. Until a reviewer has looked at both, nothing of that booking counts for this request."
            .to_owned(),
        link: frame
            .is(Role::Reviewer)
            .then(|| Link::new("Compare the two", matches::href(pair))),
    }
}
