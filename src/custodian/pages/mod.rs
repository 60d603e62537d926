//! The jail's pages. Everything here may know what only the jail knows.

pub mod attempt;
pub mod booking_link;
pub mod bookings;
pub mod claim;
pub mod detainer;
pub mod detainers;
pub mod determination;
pub mod duties;
pub mod fact_names;
pub mod facts;
pub mod feeds;
pub mod handover;
pub mod hold;
pub mod imports;
pub mod match_decision;
pub mod matches;
pub mod new_detainer;
pub mod offenses;
pub mod overview;
pub mod person;
pub mod persons;
pub mod relay;
pub mod release_notice;
pub mod restriction;
pub mod search;
pub mod settings;
mod step;
pub mod what_if;

use crate::custodian::bookings::upsert::PersonRequest;
use crate::dashboard::{Person, time, words};
use crate::types::a_number::ANumber;

/// The line of a person of this agency, the number masked.
fn person(person: &PersonRequest) -> Person {
    Person {
        name: words::name(
            &person.family_name,
            person.given_name.as_deref(),
            person.additional_names.as_deref(),
        ),
        born: person.date_of_birth.map_or_else(
            || "birth date unknown".to_owned(),
            |date| format!("born {}", time::day(date)),
        ),
        a_number: person
            .a_number
            .as_ref()
            .and_then(|text| text.parse::<ANumber>().ok())
            .map_or_else(|| "A-number unknown".to_owned(), |number| number.masked()),
    }
}
