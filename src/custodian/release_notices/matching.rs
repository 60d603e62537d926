//! Which request is about which booking: pure. Only a booking link or a strong identifier
//! matches; a name with a birth date is a candidate for a person to look at, never a match.

use crate::custodian::bookings::{Booking, Keys};
use crate::custodian::detainers::CaseFile;
use crate::exchange::detainer::Status;
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

/// A pending request and a booking whose person has the same name and birth date, with no strong
/// identifier in common: perhaps the same person, which only a person can say. One of the names
/// may have parts that the other lacks, but two have to agree.
pub fn is_candidate(case: &CaseFile, booking: &Booking, person: &Keys) -> bool {
    let paper = Keys {
        a_number: case.a_number_index.clone(),
        fbi_number: case.fbi_number_index.clone(),
        state_id: case.state_id_index.clone(),
    };
    let (fewer, more) = if case.name_parts.len() <= booking.name_parts.len() {
        (&case.name_parts, &booking.name_parts)
    } else {
        (&booking.name_parts, &case.name_parts)
    };
    case.booking.is_none()
        && case.status == Status::Pending
        && case.date_of_birth.is_some()
        && case.date_of_birth == booking.date_of_birth
        && fewer.len() >= 2
        && fewer.iter().all(|part| more.contains(part))
        && paper.compare(person) != Some(false)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::custodian::detainers::case_file::Origin;
    use crate::exchange::detainer::Form;

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
            name_parts: parts("Ana Example"),
        }
    }

    fn parts(name: &str) -> Vec<String> {
        crate::types::name::parts([Some(name)])
    }

    #[test]
    fn a_name_with_a_birth_date_is_a_candidate_unless_an_identifier_speaks_against_it() {
        let is = |name: &str, born: Option<chrono::NaiveDate>, keys: &Keys| {
            let case = CaseFile {
                name_parts: parts(name),
                date_of_birth: born,
                booking_number: None,
                ..case()
            };
            is_candidate(&case, &booking(), keys)
        };
        let born = booking().date_of_birth;
        let nobody = Keys::default();
        assert!(is("EXAMPLE Ana María", born, &nobody));
        assert!(!is("Example", born, &nobody));
        assert!(!is("Ana Sample", born, &nobody));
        assert!(!is("Ana Example", None, &nobody));
        assert!(!is(
            "Ana Example",
            chrono::NaiveDate::from_ymd_opt(1990, 3, 2),
            &nobody
        ));
        let other = Keys {
            a_number: Some(vec![2]),
            ..Keys::default()
        };
        assert!(!is("Ana Example", born, &other));
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
