//! Bookings, their charges and the persons of one agency. Persons are never merged by name.

pub mod api;
pub mod store;
pub mod upsert;
pub mod versions;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::types::Timestamp;
use crate::types::actor::words;

words! {
    CustodyBasis {
        LocalCharge = "local_charge", LocalSentence = "local_sentence", JudicialOrder = "judicial_order",
        OtherAgencyHold = "other_agency_hold", DhsHold = "dhs_hold", DhsContract = "dhs_contract",
    }
}

/// One continuous local custody.
#[derive(Debug, Clone)]
pub struct Booking {
    pub id: Uuid,
    pub booking_number: String,
    /// Unknown while only a notice has named the number.
    pub booked_at: Option<Timestamp>,
    pub booked_on: Option<NaiveDate>,
    pub otherwise_releasable_at: Option<Timestamp>,
    pub released_at: Option<Timestamp>,
    pub person_id: Uuid,
    pub custody_basis: Option<String>,
    pub content_hash: Option<Vec<u8>>,
    pub date_of_birth: Option<NaiveDate>,
    /// The folded parts of the person's name.
    pub name_parts: Vec<String>,
    /// Why it is hidden from everybody but the two sides.
    pub restriction: Option<String>,
}

/// The strong identifiers of a person, as blind indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    pub a_number: Option<Vec<u8>>,
    pub fbi_number: Option<Vec<u8>>,
    pub state_id: Option<Vec<u8>>,
}
