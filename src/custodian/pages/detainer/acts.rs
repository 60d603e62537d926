//! What is due, and what may be done: each act as the law stands now.

use crate::custodian::detainers::CaseFile;
use crate::custodian::determinations::store::Determination;
use crate::dashboard::{Chip, Frame, Learns, Link, TextField, Tokens, When, time, words};
use crate::exchange::detainer::{Paper as Request, Status as DetainerStatus};
use crate::policy::rule::Status;
use crate::policy::{Act, Assessment};

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

/// One act as the law stands now, with the last decision on it.
pub fn act_panel(
    act: Act,
    assessment: &Assessment,
    paper: &Request,
    made: &[Determination],
    case: &CaseFile,
    frame: &Frame,
    may_decide: bool,
) -> ActPanel {
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
    ActPanel {
        name: words::act(act).to_owned(),
        disposition: words::disposition(assessed.disposition),
        asked: match act {
            Act::NotifyRelease => paper.asks.notify,
            Act::HoldPastRelease => paper.asks.hold,
            Act::TransferCustody => paper.asks.transfer,
            Act::AllowInterview => paper.asks.interview,
        },
        because: assessed.because,
        unknown: assessed
            .unknown
            .into_iter()
            .map(|fact| UnknownFact {
                fact,
                settle: "State it, and the answer is worked out again.".to_owned(),
            })
            .collect(),
        draft: assessed
            .decided_by
            .as_ref()
            .is_some_and(|by| by.status == Status::Draft),
        rule: assessed.decided_by.map_or_else(
            || "No rule addresses this act here; the default of the combination holds".to_owned(),
            |by| by.to_string(),
        ),
        citation: if assessed.citations.is_empty() {
            "no rule".to_owned()
        } else {
            assessed.citations.join(", ")
        },
        trace: Vec::new(),
        decided,
        decide_href: (may_decide && case.status == DetainerStatus::Pending)
            .then(|| format!("/detainers/{}/determinations/new?act={act}", case.id)),
    }
}
