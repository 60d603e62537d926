//! `/detainers/{id}` for the jail: what is due, what may be done, what happened.

use askama::Template;

use crate::dashboard::pieces::TimelineLine;
use crate::dashboard::{
    CheckField, Chip, ErrorSummary, Layout, Learns, Link, Person, RadioField, SelectField, Steps,
    TextArea, TextField, Tokens, When,
};

#[derive(Template)]
#[template(path = "custodian/detainer.html")]
pub struct DetainerPage {
    pub layout: Layout,
    /// `/detainers/{id}`: all forms post below it.
    pub base: String,
    pub tokens: Tokens,
    /// Of the form that was refused, if one was.
    pub errors: ErrorSummary,
    pub person: Person,
    /// The unmasked number, after a purpose was given and logged.
    pub revealed: Option<String>,
    /// None where the number is unknown or already shown.
    pub reveal: Option<TextField>,
    pub paper: Paper,
    pub status: Chip,
    pub flags: Vec<Chip>,
    /// Open claims, contested law, "cancelled on …": read before anything else.
    pub alerts: Vec<Alert>,
    pub steps: Steps,
    pub due: Vec<DutyLine>,
    pub acts: Vec<ActPanel>,
    pub timeline: Vec<TimelineLine>,
    /// Duties that are done.
    pub done: Vec<DutyLine>,
    pub booking: Option<BookingPanel>,
    pub notices: Vec<NoticeLine>,
    pub notifications: Vec<NotificationLine>,
    pub outcome: OutcomePanel,
    pub acknowledge: Option<AcknowledgeForm>,
    pub serve: Option<ServeForm>,
    pub facts: Option<FactsForm>,
    pub state_outcome: Option<OutcomeForm>,
}

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

pub struct DutyLine {
    pub state: Chip,
    pub what: String,
    pub due: Option<When>,
    /// "agency's target" or the citation.
    pub by: String,
    /// When and how it was done.
    pub done: Option<String>,
    pub letter: Option<Link>,
    /// Where to say that it is done; none when another form does it.
    pub done_form: Option<DutyForm>,
}

/// `POST {base}/duties/{duty}`.
pub struct DutyForm {
    pub action: String,
    pub tokens: Tokens,
    pub done_at: TextField,
    pub evidence: TextField,
    pub learns: Learns,
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
    /// The working, clause by clause.
    pub trace: Vec<TraceLine>,
    /// "Declined 24 Nov 2026 09:30 PST by R. Reviewer: …".
    pub decided: Option<String>,
    /// The page where a person decides; reviewers only.
    pub decide_href: Option<String>,
}

pub struct UnknownFact {
    pub fact: String,
    pub settle: String,
}

pub struct TraceLine {
    pub clause: String,
    /// "true", "false", "unknown".
    pub result: String,
}

pub struct BookingPanel {
    pub number: String,
    pub booked: Option<When>,
    pub releasable: Option<When>,
    /// "local charge".
    pub basis: String,
    pub held_past_release: String,
    pub charges: Vec<ChargeLine>,
}

pub struct ChargeLine {
    /// "PC 459, second degree, felony (CA)".
    pub offense: String,
    /// "charge, not a conviction" or "convicted 24 Nov 2012".
    pub standing: String,
    pub conviction: bool,
    pub charged_on: String,
}

pub struct NoticeLine {
    pub kind: String,
    pub effective: When,
    pub basis: String,
    pub recorded: When,
    /// "current", "replaced".
    pub state: String,
    /// "withheld: prohibited", "told to SND", "waits for a reviewer".
    pub action: Chip,
}

pub struct NotificationLine {
    pub recipient: String,
    pub about: String,
    pub state: Chip,
    pub sent: Option<When>,
    /// "22 h before the release as told", or "unknown until it is sent".
    pub lead: String,
    pub escalation: Option<String>,
    /// `POST /notifications/{id}/attempts`.
    pub attempt: Option<AttemptForm>,
}

/// A notice given by telephone or fax.
pub struct AttemptForm {
    pub action: String,
    pub tokens: Tokens,
    pub channel: SelectField,
    pub at: TextField,
    pub to: TextField,
    pub by: TextField,
    pub result: SelectField,
    pub learns: Learns,
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

/// `POST {base}/acknowledgement`.
pub struct AcknowledgeForm {
    pub by: TextField,
    pub learns: Learns,
    pub primary: bool,
}

/// `POST {base}/service`.
pub struct ServeForm {
    pub served_at: TextField,
    pub method: SelectField,
    pub method_other: TextField,
    pub language: TextField,
    pub officer: TextField,
    pub tell_office: CheckField,
    pub learns: Learns,
    pub primary: bool,
    pub open: bool,
}

/// `POST {base}/facts`: each field yes, no or unknown.
pub struct FactsForm {
    pub facts: Vec<RadioField>,
    pub learns: Learns,
    pub open: bool,
}

/// `POST {base}/outcome`.
pub struct OutcomeForm {
    pub notice: SelectField,
    pub custody: SelectField,
    pub stated_at: TextField,
    pub note: TextArea,
    pub disclose: CheckField,
    pub learns: Learns,
    pub open: bool,
}
