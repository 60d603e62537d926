//! What may be done: a pure function of rules, facts and an instant. Where no rule speaks of an
//! agency's place, nobody has addressed the acts, and the default of the combination holds: no
//! authority to hold, the rest the agency's choice.

pub mod answer;
pub mod cases;
pub mod clock;
pub mod combine;
pub mod condition;
mod decide;
pub mod evaluate;
mod explain;
pub mod facts;
pub mod law;
pub mod load;
pub mod offense;
pub mod place;
pub mod preview;
#[cfg(test)]
mod properties;
pub mod rule;
pub mod tri;
pub mod wrong;

pub use self::law::{ActAssessment, Assessment, Deciding, Duty, Law, Question, unaddressed};
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
