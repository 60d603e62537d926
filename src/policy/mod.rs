//! What may be done: a pure function of rules, facts and an instant. Until rules are loaded for
//! an agency's place, nobody has addressed the acts, and the default of the combination holds:
//! no authority to hold, the rest the agency's choice.

pub mod answer;
pub mod cases;
pub mod clock;
pub mod combine;
pub mod condition;
pub mod evaluate;
pub mod facts;
pub mod load;
pub mod offense;
pub mod place;
pub mod rule;
pub mod tri;
pub mod wrong;

use serde::{Deserialize, Serialize};

use crate::types::actor::words;

words! {
    Act {
        NotifyRelease = "notify_release", HoldPastRelease = "hold_past_release",
        TransferCustody = "transfer_custody", AllowInterview = "allow_interview",
    }
}
words! {
    Disposition {
        Prohibited = "prohibited", Permitted = "permitted", Required = "required", NotRequired = "not_required",
        NotAddressed = "not_addressed", Indeterminate = "indeterminate",
    }
}

/// The disposition of one act, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ActAssessment {
    pub disposition: Disposition,
    /// The rule that decided, or null when no rule addresses the act.
    pub decided_by: Option<String>,
    pub citations: Vec<String>,
    pub because: Vec<String>,
    pub unknown: Vec<String>,
}

/// The dispositions of every act at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Assessment {
    pub notify_release: ActAssessment,
    pub hold_past_release: ActAssessment,
    pub transfer_custody: ActAssessment,
    pub allow_interview: ActAssessment,
}

impl Assessment {
    pub fn of(&self, act: Act) -> &ActAssessment {
        match act {
            Act::NotifyRelease => &self.notify_release,
            Act::HoldPastRelease => &self.hold_past_release,
            Act::TransferCustody => &self.transfer_custody,
            Act::AllowInterview => &self.allow_interview,
        }
    }
}

/// The answer where no rule is loaded.
pub fn assess() -> Assessment {
    let unaddressed = |disposition, because: &str| ActAssessment {
        disposition,
        decided_by: None,
        citations: Vec::new(),
        because: vec![because.to_owned()],
        unknown: Vec::new(),
    };
    let choice = || {
        unaddressed(
            Disposition::Permitted,
            "No rule is loaded for this place: the agency's choice.",
        )
    };
    Assessment {
        notify_release: choice(),
        hold_past_release: unaddressed(
            Disposition::Prohibited,
            "No rule is loaded for this place: nothing gives authority to hold a person past release.",
        ),
        transfer_custody: choice(),
        allow_interview: choice(),
    }
}
