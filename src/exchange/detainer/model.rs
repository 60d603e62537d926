//! The paper and its transitions: no SQL, no HTTP, no clock.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::types::Timestamp;
use crate::types::a_number::ANumber;
use crate::types::actor::words;
use crate::types::ids::DetainerId;

words! {
    /// The forms (domain notes, section a). D, N and X were not issued after 2 April 2017.
    Form {
        I247 = "I-247", I247A = "I-247A", I247D = "I-247D", I247G = "I-247G", I247N = "I-247N", I247X = "I-247X",
        NcicHit = "NCIC-hit", Other = "other",
    }
}

impl Form {
    /// Asks only for notice: neither asks for nor authorises a hold.
    pub fn is_notice_only(self) -> bool {
        matches!(self, Form::I247G | Form::I247N)
    }

    /// Could not be issued after 2 April 2017; one lodged before stays live.
    pub fn ended_in_2017(self) -> bool {
        matches!(self, Form::I247D | Form::I247N | Form::I247X)
    }
}

words! {
    Status { Pending = "pending", Closed = "closed", Cancelled = "cancelled", Superseded = "superseded" }
}
words! {
    /// Where a pending request stands, derived from facts, per side (DESIGN section 5).
    Stage {
        Received = "received", Acknowledged = "acknowledged", Served = "served", ReleaseExpected = "release_expected",
        HoldRunning = "hold_running", Released = "released", Notified = "notified", HandedOver = "handed_over",
    }
}
words! {
    Channel {
        Api = "api", Paper = "paper", Fax = "fax", Email = "email", Ncic = "ncic", Relay = "relay", Import = "import",
    }
}
words! {
    /// An administrative warrant is never a judicial one: there is no "has a warrant".
    WarrantKind {
        JudicialCriminal = "judicial_criminal", JudicialCivil = "judicial_civil",
        AdministrativeI200 = "administrative_i200", AdministrativeI203 = "administrative_i203",
        AdministrativeI205 = "administrative_i205", AdministrativeI286 = "administrative_i286",
    }
}
words! {
    SignedBy {
        FederalJudicialOfficer = "federal_judicial_officer", StateJudicialOfficer = "state_judicial_officer",
    }
}
words! {
    ServiceMethod { InPerson = "in_person", InmateMail = "inmate_mail", Other = "other" }
}
words! {
    /// Why an office lifted its request (domain notes, section b.1). Absent = unknown.
    LiftReason {
        BookedIntoDetention = "booked_into_detention", DeclinedByLea = "declined_by_lea", CaseClosed = "case_closed",
        Duplicate = "duplicate", EarlyRelease = "early_release", ResourceConstraint = "resource_constraint",
        InsufficientNotice = "insufficient_notice", NoLongerInCustody = "no_longer_in_custody",
        NotAmenableToRemoval = "not_amenable_to_removal", ProsecutorialDiscretion = "prosecutorial_discretion",
        Superseded = "superseded", UscOrPresumptiveClaim = "usc_or_presumptive_claim",
        JudicialReview = "judicial_review", Lifted = "lifted", Transferred = "transferred", Died = "died",
        EnteredInError = "entered_in_error", Other = "other",
    }
}

/// The subject as the paper names them.
#[derive(Debug, Clone)]
pub struct Subject {
    pub family_name: String,
    pub given_name: Option<String>,
    pub additional_names: Option<String>,
    pub date_of_birth: Option<NaiveDate>,
    pub sex: Option<String>,
    /// As alleged by the office; never a fact.
    pub citizenship: Option<String>,
    pub a_number: Option<ANumber>,
    pub fbi_number: Option<String>,
    pub state_id: Option<String>,
    pub booking_number: Option<String>,
}

/// What the office asks for. Only `hold` can ever start a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct Asks {
    pub notify: bool,
    pub hold: bool,
    pub transfer: bool,
    pub interview: bool,
    pub relay: bool,
    pub status_events: bool,
}

/// The probable-cause boxes of form I-247A, and its second box (resume custody).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct Basis {
    pub final_order: bool,
    pub pending_proceedings: bool,
    pub biometric_records: bool,
    pub statements_or_evidence: bool,
    pub resume_custody: bool,
}

impl Basis {
    /// A database match and nothing else: the box at issue in *Gonzalez v. ICE*.
    pub fn is_database_match_only(self) -> bool {
        self.biometric_records
            && !self.final_order
            && !self.pending_proceedings
            && !self.statements_or_evidence
    }

    pub fn states_probable_cause(self) -> bool {
        self.final_order
            || self.pending_proceedings
            || self.biometric_records
            || self.statements_or_evidence
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Warrant {
    pub kind: WarrantKind,
    pub signed_on: Option<NaiveDate>,
    pub signer: Option<String>,
    pub signed_by: Option<SignedBy>,
    pub copy_present: Option<bool>,
}

/// What the custodian told about serving the copy on the person.
#[derive(Debug, Clone)]
pub struct Service {
    pub served_at: Timestamp,
    pub method: ServiceMethod,
    pub method_other: Option<String>,
    pub language: Option<String>,
    pub officer: Option<String>,
}

/// A request that has crossed, as both sides may read it.
#[derive(Debug, Clone)]
pub struct Paper {
    pub id: DetainerId,
    pub agency_id: i32,
    pub office_id: i32,
    pub custodian: String,
    pub custodian_name: String,
    pub custodian_zone: String,
    pub custodian_connected: bool,
    pub office: String,
    pub office_name: String,
    pub issuing_office: String,
    pub form: Form,
    pub form_revision: Option<String>,
    pub issued_on: NaiveDate,
    pub subject: Subject,
    pub asks: Asks,
    pub basis: Basis,
    pub warrants: Vec<Warrant>,
    pub victim_or_witness: bool,
    pub received_at: Timestamp,
    pub channel: String,
    pub source_id: Option<String>,
    pub created_at: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    pub acknowledged_by: Option<String>,
    pub service: Option<Service>,
    pub notified_at: Option<Timestamp>,
    /// The custodian's hand-over, as it told it.
    pub handed_over_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub cancel_reason: Option<String>,
    pub lift_reason: Option<LiftReason>,
    pub closed_at: Option<Timestamp>,
    /// A newer paper of the same request has taken its place.
    pub superseded_at: Option<Timestamp>,
    pub supersedes: Option<DetainerId>,
    pub duplicate_of: Option<DetainerId>,
}

/// An act that does not fit the present state; the sentence names the missing step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{action} does not fit a request that is {state}: {mend}")]
pub struct IllegalTransition {
    pub action: &'static str,
    pub state: String,
    pub mend: &'static str,
}

impl Paper {
    /// The office's view.
    pub fn status(&self) -> Status {
        if self.cancelled_at.is_some() {
            Status::Cancelled
        } else if self.superseded_at.is_some() {
            Status::Superseded
        } else if self.closed_at.is_some() {
            Status::Closed
        } else {
            Status::Pending
        }
    }

    /// The office's stage: from what it was told.
    pub fn stage(&self) -> Stage {
        if self.handed_over_at.is_some() {
            Stage::HandedOver
        } else if self.notified_at.is_some() {
            Stage::Notified
        } else if self.service.is_some() {
            Stage::Served
        } else if self.acknowledged_at.is_some() {
            Stage::Acknowledged
        } else {
            Stage::Received
        }
    }

    /// The office withdraws its request: judged on what the office sees.
    pub fn cancel(self, at: Timestamp) -> Result<Self, IllegalTransition> {
        match self.status() {
            Status::Pending => Ok(Self {
                cancelled_at: Some(at),
                ..self
            }),
            status => Err(IllegalTransition {
                action: "cancellation",
                state: status.to_string(),
                mend: "only a pending request can be cancelled",
            }),
        }
    }

    /// Anything that tells the office needs a request that still stands.
    pub fn can_be_told(&self, action: &'static str) -> Result<(), IllegalTransition> {
        let (state, mend) = if self.cancelled_at.is_some() {
            (
                Status::Cancelled,
                "the office has withdrawn it, so nothing more is told under it",
            )
        } else if self.superseded_at.is_some() {
            (
                Status::Superseded,
                "a newer request has taken its place; act on that one",
            )
        } else {
            return Ok(());
        };
        Err(IllegalTransition {
            action,
            state: state.to_string(),
            mend,
        })
    }

    /// Is there an office that can be asked about this paper? Not of an NCIC hit.
    pub fn can_cross(&self) -> bool {
        self.form != Form::NcicHit
    }

    /// Words that a reader of the list must see.
    pub fn flags(&self) -> Vec<&'static str> {
        [
            (self.basis.is_database_match_only(), "database_match_only"),
            (self.duplicate_of.is_some(), "duplicate"),
            (self.victim_or_witness, "victim_or_witness"),
            (!self.custodian_connected, "custodian_not_connected"),
        ]
        .into_iter()
        .filter_map(|(holds, word)| holds.then_some(word))
        .collect()
    }
}
