//! The answer of `POST /v1/policies/evaluate`, as it is written out.

use std::borrow::Cow;

use serde::Serialize;

use super::clock::Basis;
use super::evaluate::Reading;
use super::place::Level;
use super::rule::{DutyName, Mode, Starts, Status};
use super::tri::Tri;
use super::{Act, Disposition};

/// What the rules say, without the instant that they were asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyAnswer)]
pub struct Answer<'b> {
    pub acts: Acts<'b>,
    /// The union over every level.
    pub duties: Vec<DutyAnswer<'b>>,
    /// The clock that ends first; null where no hold may run.
    pub clock: Option<ClockAnswer>,
    /// The others, for information.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_clocks: Vec<ClockAnswer>,
    pub warnings: Vec<String>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyActs)]
pub struct Acts<'b> {
    pub notify_release: ActAnswer<'b>,
    pub hold_past_release: ActAnswer<'b>,
    pub transfer_custody: ActAnswer<'b>,
    pub allow_interview: ActAnswer<'b>,
}

impl<'b> Acts<'b> {
    pub fn from_fn(mut of: impl FnMut(Act) -> ActAnswer<'b>) -> Self {
        Self {
            notify_release: of(Act::NotifyRelease),
            hold_past_release: of(Act::HoldPastRelease),
            transfer_custody: of(Act::TransferCustody),
            allow_interview: of(Act::AllowInterview),
        }
    }

    pub fn of(&self, act: Act) -> &ActAnswer<'b> {
        match act {
            Act::NotifyRelease => &self.notify_release,
            Act::HoldPastRelease => &self.hold_past_release,
            Act::TransferCustody => &self.transfer_custody,
            Act::AllowInterview => &self.allow_interview,
        }
    }
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyActAnswer)]
pub struct ActAnswer<'b> {
    pub disposition: Disposition,
    /// The rule that decided; null when none addresses the act or it is not decided.
    pub decided_by: Option<DecidedBy<'b>>,
    pub because: Vec<String>,
    /// The facts that an indeterminate answer turns on.
    #[schema(value_type = Vec<String>)]
    pub unknown: Vec<Cow<'static, str>>,
    /// Where a rule is contested and the readings differ: each, with its citation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<ReadingAnswer<'b>>,
    pub trace: Vec<TraceRule<'b>>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyDecidedBy)]
pub struct DecidedBy<'b> {
    pub rule: &'b str,
    pub version: &'b str,
    /// `draft` until somebody has reviewed the rule.
    pub status: Status,
    #[schema(value_type = String)]
    pub cite: Cow<'b, str>,
    /// The agency's own reading of a contested rule, where that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adopted_position: Option<AdoptedAnswer<'b>>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyAdoptedPosition)]
pub struct AdoptedAnswer<'b> {
    pub rule: &'b str,
    pub reading: Reading,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyReading)]
pub struct ReadingAnswer<'b> {
    pub rule: &'b str,
    /// Read as binding this agency?
    pub binds: bool,
    pub disposition: Disposition,
    pub decided_by: Option<DecidedBy<'b>>,
}

/// One rule that was asked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyTraceRule)]
pub struct TraceRule<'b> {
    pub rule: &'b str,
    pub version: &'b str,
    pub status: Status,
    pub level: Level,
    pub mode: Mode,
    /// Contested whether it binds this agency.
    pub contested: bool,
    /// What this rule alone may come to.
    pub possible: Vec<Disposition>,
    pub clauses: Vec<TraceClause<'b>>,
}

/// One clause or exemption that was tried.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyTraceClause)]
pub struct TraceClause<'b> {
    /// Its place among the rule's clauses for the act, or among its exemptions, from 1.
    pub n: usize,
    /// `clause`, `otherwise` or `exemption`.
    pub kind: &'static str,
    pub cite: Option<&'b str>,
    /// `true`, `false` or `unknown`.
    #[schema(value_type = String)]
    pub value: Tri,
    pub then: Disposition,
    /// The facts that it looks at.
    #[schema(value_type = Vec<String>)]
    pub facts: &'b [&'static str],
    /// Those of them that are unknown and matter.
    #[schema(value_type = Vec<String>)]
    pub unknown: Vec<Cow<'static, str>>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyDuty)]
pub struct DutyAnswer<'b> {
    pub duty: DutyName,
    pub to: &'b [String],
    /// The event that it arises on.
    pub on: &'b str,
    pub within: Option<&'b str>,
    pub languages: &'b [String],
    pub cite: &'b str,
    pub rule: &'b str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyClock)]
pub struct ClockAnswer {
    pub basis: Basis,
    pub hours: u32,
    pub starts: Starts,
    /// Id and version: a later edit changes nothing that runs.
    pub rule: String,
}
