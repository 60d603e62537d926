//! Which request is about which booking: pure. Only a booking link or a strong identifier
//! matches; a name with a birth date is a candidate for a person to look at, never a match.

use crate::custodian::bookings::{Booking, Keys};
use crate::custodian::detainers::CaseFile;
use crate::types::actor::words;
use crate::types::ids::BookingId;

words! {
    Basis { Booking = "booking", Identifier = "identifier", Candidate = "candidate" }
}

/// How a request and a booking belong together, if they do.
pub fn basis(case: &CaseFile, booking: &Booking, person: &Keys) -> Option<Basis> {
    match case.booking {
        Some(linked) if linked == BookingId::from(booking.id) => return Some(Basis::Booking),
        // Linked to another booking: a person or an earlier match has said so.
        Some(_) => return None,
        None => {}
    }
    let paper = Keys {
        a_number: case.a_number_index.clone(),
        fbi_number: case.fbi_number_index.clone(),
        state_id: case.state_id_index.clone(),
    };
    match paper.compare(person) {
        Some(true) => Some(Basis::Identifier),
        Some(false) => None,
        // No identifier in common: the number that the office wrote on the paper, unless the
        // birth dates speak against it.
        None => {
            let number = case.booking_number.as_deref() == Some(&booking.booking_number);
            let births = case
                .date_of_birth
                .zip(booking.date_of_birth)
                .is_none_or(|(paper, person)| paper == person);
            (number && births).then_some(Basis::Booking)
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::custodian::detainers::case_file::Origin;
    use crate::exchange::detainer::{Form, Status};

    fn case() -> CaseFile {
        CaseFile {
            id: Uuid::from_u128(1).into(),
            office_id: 1,
            form: Form::I247A,
            origin: Origin::Office,
            crossed_at: None,
            opened_at: crate::types::Timestamp::UNIX_EPOCH,
            issued_on: chrono::NaiveDate::MIN,
            name_parts: Vec::new(),
            supersedes: None,
            duplicate_of: None,
            hold_deadline_at: None,
            handed_over_at: None,
            claim_open: false,
            restriction: None,
            link_by: None,
            status: Status::Pending,
            acknowledged_at: None,
            served_at: None,
            release_expected_at: None,
            released_at: None,
            booking: None,
            booking_number: Some("26-1".into()),
            date_of_birth: chrono::NaiveDate::from_ymd_opt(1990, 2, 3),
            a_number_index: Some(vec![1]),
            fbi_number_index: None,
            state_id_index: None,
        }
    }

    fn booking() -> Booking {
        Booking {
            id: Uuid::from_u128(9),
            booking_number: "26-1".into(),
            booked_at: None,
            booked_on: None,
            otherwise_releasable_at: None,
            released_at: None,
            person_id: Uuid::from_u128(5),
            custody_basis: None,
            content_hash: None,
            restriction: None,
            date_of_birth: chrono::NaiveDate::from_ymd_opt(1990, 2, 3),
        }
    }

    #[test]
    fn an_identifier_outranks_the_number_in_both_directions() {
        let same = Keys {
            a_number: Some(vec![1]),
            ..Keys::default()
        };
        let other = Keys {
            a_number: Some(vec![2]),
            ..Keys::default()
        };
        assert_eq!(basis(&case(), &booking(), &same), Some(Basis::Identifier));
        assert_eq!(basis(&case(), &booking(), &other), None);
    }

    #[test]
    fn a_number_alone_matches_unless_the_birth_dates_differ() {
        assert_eq!(
            basis(&case(), &booking(), &Keys::default()),
            Some(Basis::Booking)
        );
        let stranger = Booking {
            date_of_birth: chrono::NaiveDate::from_ymd_opt(1971, 1, 1),
            ..booking()
        };
        assert_eq!(basis(&case(), &stranger, &Keys::default()), None);
    }

    #[test]
    fn a_request_linked_elsewhere_is_left_alone() {
        let linked = CaseFile {
            booking: Some(Uuid::from_u128(8).into()),
            ..case()
        };
        assert_eq!(
            basis(
                &linked,
                &booking(),
                &Keys {
                    a_number: Some(vec![1]),
                    ..Keys::default()
                }
            ),
            None
        );
    }
}
