//! What a person claims about their citizenship or status. While a claim is open cooperation
//! pauses; nothing of it reaches an office.

pub mod api;
pub mod make;
pub mod resolve;
pub mod store;

use crate::types::actor::words;

words! {
    ClaimKind {
        UsCitizen = "us_citizen", DerivedCitizen = "derived_citizen",
        LawfulPermanentResident = "lawful_permanent_resident", OtherStatus = "other_status",
    }
}
words! {
    ClaimResult { Confirmed = "confirmed", NotConfirmed = "not_confirmed", Withdrawn = "withdrawn" }
}
