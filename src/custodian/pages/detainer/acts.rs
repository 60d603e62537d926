//! What is due, and what may be done: each act as the law stands now.

use crate::custodian::detainers::CaseFile;
use crate::custodian::determinations::store::Determination;
use crate::custodian::duties::store::Duty;
use crate::custodian::letters::words::is_draft;
use crate::custodian::letters::{Language, LetterKind};
use crate::custodian::pages::{duties, fact_names};
use crate::dashboard::working::{ReadingLine, TraceRule, Working};
use crate::dashboard::{Chip, Frame, Link, When, time, words};
use crate::exchange::detainer::{Paper as Request, Status as DetainerStatus};
use crate::policy::rule::Status;
use crate::policy::{Act, Assessment, Disposition};

pub struct DutyLine {
    pub state: Chip,
    pub what: String,
    pub due: Option<When>,
    /// "agency's target" or the citation.
    pub by: String,
    /// When and how it was done.
    pub done: Option<String>,
    /// The letters that do it or show it, one in each language; or where it is done.
    pub letters: Vec<Link>,
    /// Where to say that it is done, or not after all; none when another form does it.
    pub state_it: Option<Link>,
}

/// A duty of the record, as it stands.
pub fn duty_line(duty: &Duty, desk: bool, frame: &Frame) -> DutyLine {
    DutyLine {
        state: duties::state(duty, frame),
        what: duties::named(duty),
        due: duty.due_at.map(|at| frame.when(at)),
        by: duty
            .citation
            .clone()
            .unwrap_or_else(|| "agency's own".to_owned()),
        done: duty.done_at.map(|at| {
            format!(
                "done {}{}{}",
                time::absolute(at, frame.zone),
                duty.stated_by
                    .as_ref()
                    .map_or_else(String::new, |by| format!(", stated by {by}")),
                duty.evidence
                    .as_ref()
                    .map_or_else(String::new, |evidence| format!(": {evidence}"))
            )
        }),
        letters: letters(duty),
        state_it: desk.then(|| {
            Link::new(
                if duty.done_at.is_some() {
                    "Change what was said"
                } else {
                    "Record as done"
                },
                duties::href(duty),
            )
        }),
    }
}

/// The letters of a duty. That a copy was served is certified once it was.
fn letters(duty: &Duty) -> Vec<Link> {
    let (kind, name) = match duty.duty.as_str() {
        "copy_and_intent" => (LetterKind::CopyAndIntent, "Letter"),
        "notice_of_notice" => (LetterKind::NoticeOfNotice, "Letter"),
        "service_copy" if duty.done_at.is_some() => (LetterKind::ServiceCertificate, "Certificate"),
        _ => return Vec::new(),
    };
    Language::ALL
        .iter()
        .map(|lang| {
            let draft = if is_draft(*lang) { " (draft)" } else { "" };
            Link::new(
                format!("{name} in {}{draft}", lang.own_name()),
                format!("/detainers/{}/letters/{kind}?lang={lang}", duty.detainer_id),
            )
        })
        .collect()
}

/// One of the four acts, as the law stands now.
pub struct ActPanel {
    /// "Notify release".
    pub name: String,
    pub disposition: Chip,
    /// False when the paper does not ask for it.
    pub asked: bool,
    pub because: Vec<String>,
    /// Each unknown fact with what would settle it.
    pub unknown: Vec<UnknownFact>,
    /// "us-ca/values-act, version 2018.1".
    pub rule: String,
    pub citation: String,
    /// The rule was not reviewed yet.
    pub draft: bool,
    /// How this agency reads what is contested, where that decided.
    pub adopted: Option<String>,
    /// Where a rule is contested and the readings differ: each, with its citation.
    pub readings: Vec<ReadingLine>,
    /// The working, clause by clause.
    pub trace: Vec<TraceRule>,
    /// The rules in force that say nothing on this act.
    pub silent: String,
    /// "Declined 24 Nov 2026 09:30 PST by R. Reviewer: …".
    pub decided: Option<String>,
    /// The page where a person decides; reviewers only.
    pub decide_href: Option<String>,
}

pub struct UnknownFact {
    pub fact: String,
    pub settle: String,
    /// Where it is stated.
    pub link: Option<Link>,
}

/// One act as the law stands now, with the last decision on it.
pub fn act_panel(
    act: Act,
    law: (&Assessment, &Working),
    paper: &Request,
    made: &[Determination],
    case: &CaseFile,
    frame: &Frame,
    may_decide: bool,
) -> ActPanel {
    let (assessment, working) = law;
    let assessed = assessment.of(act).clone();
    let decided = made
        .iter()
        .rev()
        .find(|made| made.act == act.as_str())
        .map(|made| {
            let verb = if made.decision == "comply" {
                "Complied with"
            } else {
                "Declined"
            };
            format!(
                "{verb} {} by {}: {}{}",
                time::absolute(made.decided_at, frame.zone),
                made.decided_by,
                words::plain(&made.reason_code),
                made.note
                    .as_ref()
                    .map_or_else(String::new, |note| format!(". {note}"))
            )
        });
    let adopted = assessed
        .decided_by
        .as_ref()
        .and_then(|by| by.adopted_position.as_ref())
        .map(|reading| format!("Decided by this agency's adopted position: {reading}."));
    ActPanel {
        name: words::act(act).to_owned(),
        disposition: words::disposition(assessed.disposition),
        asked: match act {
            Act::NotifyRelease => paper.asks.notify,
            Act::HoldPastRelease => paper.asks.hold,
            Act::TransferCustody => paper.asks.transfer,
            Act::AllowInterview => paper.asks.interview,
        },
        // Where facts are unknown, each is named below with the place to state it.
        because: if assessed.unknown.is_empty() {
            assessed.because
        } else {
            Vec::new()
        },
        unknown: assessed
            .unknown
            .into_iter()
            .map(|fact| unknown(fact, case))
            .collect(),
        draft: assessed
            .decided_by
            .as_ref()
            .is_some_and(|by| by.status == Status::Draft),
        rule: match (assessed.decided_by, assessed.disposition) {
            (Some(by), _) => by.to_string(),
            (None, Disposition::Indeterminate) => {
                "No rule decides while that is unknown or contested".to_owned()
            }
            (None, _) => {
                "No rule addresses this act here; the default of the combination holds".to_owned()
            }
        },
        citation: match (assessed.citations.is_empty(), working.undecided(act)) {
            (false, _) => assessed.citations.join(", "),
            (true, undecided) if !undecided.is_empty() => undecided.join(", "),
            (true, _) => "no rule".to_owned(),
        },
        adopted,
        readings: working.readings(act),
        trace: working.trace(act),
        silent: working.silent(act),
        decided,
        decide_href: (may_decide && case.status == DetainerStatus::Pending)
            .then(|| format!("/detainers/{}/determinations/new?act={act}", case.id)),
    }
}

/// A fact that the answer turns on, with what would settle it.
fn unknown(fact: String, case: &CaseFile) -> UnknownFact {
    let place = fact_names::place(case.id, &fact);
    UnknownFact {
        settle: match &place {
            Some(_) => String::new(),
            None => "It is read from the record itself.".to_owned(),
        },
        link: place.map(|href| {
            Link::new(
                if fact == "detainer.served" {
                    "Record the service"
                } else {
                    "State it"
                },
                href,
            )
        }),
        fact: fact_names::label(&fact),
    }
}
