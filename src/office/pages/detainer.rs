//! `/detainers/{id}` for an office: the paper, what it was told, its own acts. Nothing else.

use askama::Template;

use super::overview::AcknowledgeNotice;
use crate::dashboard::pieces::TimelineLine;
use crate::dashboard::{
    Chip, ErrorSummary, Layout, Learns, Link, Person, SelectField, Steps, TextArea, TextField,
    Tokens, When,
};

#[derive(Template)]
#[template(path = "office/detainer.html")]
pub struct DetainerPage {
    pub layout: Layout,
    /// `/detainers/{id}`.
    pub base: String,
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    pub person: Person,
    pub revealed: Option<String>,
    pub reveal: Option<TextField>,
    /// "I-247A of 20 Nov 2026".
    pub title: String,
    /// "SND → San Diego Central Jail".
    pub route: String,
    pub status: Chip,
    pub flags: Vec<Chip>,
    /// The custodian has no account here.
    pub other_means: Option<String>,
    pub steps: Steps,
    /// Label and value, as the paper says.
    pub paper: Vec<(String, String)>,
    pub warrants: Vec<String>,
    pub told: Vec<ToldNotice>,
    /// "Nothing else has been told." or "Nothing has been told yet but …".
    pub told_note: String,
    pub timeline: Vec<TimelineLine>,
    pub handover: Option<HandoverForm>,
    /// What either side has stated of the hand-over.
    pub handovers: Vec<String>,
    pub outcome: OutcomePanel,
    pub state_outcome: Option<OutcomeForm>,
    /// None when there is nothing to cancel any more.
    pub cancel: Option<Link>,
}

pub struct ToldNotice {
    /// "Release", "Hold", "Status", "Decision".
    pub about: String,
    /// "scheduled for".
    pub what: String,
    pub effective: Option<When>,
    pub sent: When,
    pub lead: String,
    pub state: Chip,
    pub acknowledge: Option<AcknowledgeNotice>,
}

/// `POST {base}/handover`.
pub struct HandoverForm {
    pub tokens: Tokens,
    pub taken_at: TextField,
    pub officer: TextField,
    pub i203_reference: TextField,
    pub place: TextField,
    pub learns: Learns,
    pub open: bool,
}

pub struct OutcomePanel {
    pub state: Chip,
    pub ours: OutcomeSide,
    pub theirs: OutcomeSide,
}

#[derive(Default)]
pub struct OutcomeSide {
    pub notice: Option<String>,
    pub custody: Option<String>,
    pub stated: Option<String>,
    pub note: Option<String>,
    pub unknown: String,
}

/// `POST {base}/outcome`.
pub struct OutcomeForm {
    pub tokens: Tokens,
    pub notice: SelectField,
    pub custody: SelectField,
    pub stated_at: TextField,
    pub note: TextArea,
    pub learns: Learns,
    pub open: bool,
}
