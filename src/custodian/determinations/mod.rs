//! What a person decides about one act, and what is assessed for that person before.

pub mod api;
pub mod assess;
pub mod decide;
pub mod standing;
pub mod store;
pub mod tell;

use crate::types::actor::words;

words! {
    Decision { Comply = "comply", Decline = "decline" }
}
words! {
    ReasonCode {
        LawProhibits = "law_prohibits", LawRequires = "law_requires", LawPermits = "law_permits",
        NoJudicialWarrant = "no_judicial_warrant", NoQualifyingConviction = "no_qualifying_conviction",
        PublicInformation = "public_information", AgencyPolicy = "agency_policy",
        CitizenshipClaim = "citizenship_claim", ProofOfStatus = "proof_of_status", Other = "other",
    }
}
