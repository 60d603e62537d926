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

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::types::Timestamp;
use crate::types::actor::{Tenant, words};

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

/// What is asked of the law: who, when, and the facts of `POST /v1/policies/evaluate` as JSON.
pub struct Question<'a> {
    pub agency: &'a Tenant,
    pub at: Timestamp,
    /// The `facts` object of POLICY.md; what is absent or null is unknown.
    pub facts: Value,
}

type Answering = dyn Fn(&Question<'_>) -> Assessment + Send + Sync;

/// The law in force for the live service. Cheap to clone.
#[derive(Clone)]
pub struct Law(Arc<Answering>);

impl Law {
    /// No rule is loaded anywhere.
    pub fn unaddressed() -> Self {
        Self(Arc::new(|_| unaddressed()))
    }

    /// A law that answers as it is told: for tests of what follows from a disposition.
    pub fn answering(answer: impl Fn(&Question<'_>) -> Assessment + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }

    pub fn assess(&self, question: &Question<'_>) -> Assessment {
        (self.0)(question)
    }
}

/// The answer where no rule is loaded.
pub fn unaddressed() -> Assessment {
    let silent = |disposition, because: &str| ActAssessment {
        disposition,
        decided_by: None,
        citations: Vec::new(),
        because: vec![because.to_owned()],
        unknown: Vec::new(),
    };
    let choice = || {
        silent(
            Disposition::Permitted,
            "No rule is loaded for this place: the agency's choice.",
        )
    };
    Assessment {
        notify_release: choice(),
        hold_past_release: silent(
            Disposition::Prohibited,
            "No rule is loaded for this place: nothing gives authority to hold a person past release.",
        ),
        transfer_custody: choice(),
        allow_interview: choice(),
    }
}
