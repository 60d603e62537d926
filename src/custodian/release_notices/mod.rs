//! Release notices: what the jail states about a release. Recorded always; told to an office
//! only by a determination.

pub mod api;
pub mod batch;
pub mod link;
pub mod matching;
pub mod record;
pub mod state;
pub mod store;

use crate::types::actor::words;

words! {
    NoticeKind {
        Scheduled = "scheduled", Rescheduled = "rescheduled", Immediate = "immediate", Cancelled = "cancelled",
        Actual = "actual", Correction = "correction", Transfer = "transfer", Escape = "escape", Death = "death",
        Hospitalised = "hospitalised", Returned = "returned",
    }
}

impl NoticeKind {
    /// The kinds that one earlier `comply` may cover (POLICY, "What a decision covers").
    pub fn is_about_release(self) -> bool {
        !matches!(
            self,
            Self::Transfer | Self::Escape | Self::Death | Self::Hospitalised | Self::Returned
        )
    }

    /// The person has left: the custodian's side of the case closes.
    pub fn ends_custody(self) -> bool {
        matches!(
            self,
            Self::Actual | Self::Transfer | Self::Escape | Self::Death
        )
    }
}

words! {
    /// Why a person leaves (domain notes, section c.1).
    ReleaseBasis {
        ChargesDropped = "charges_dropped", Acquitted = "acquitted", SentenceComplete = "sentence_complete",
        BailCash = "bail_cash", BailBond = "bail_bond", OwnRecognizance = "own_recognizance",
        CourtOrder = "court_order", NoProbableCause = "no_probable_cause",
        TransferOtherAgency = "transfer_other_agency", TransferStatePrison = "transfer_state_prison",
        TransferDhs = "transfer_dhs", Extradition = "extradition", Medical = "medical", Psychiatric = "psychiatric",
        Diversion = "diversion", Supervision = "supervision", Death = "death", Escape = "escape",
        AdministrativeError = "administrative_error", Other = "other",
    }
}
