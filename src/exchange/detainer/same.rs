//! Which papers are the same request: same office, same custodian, same person, pending
//! (DESIGN section 4). Pure.

use chrono::NaiveDate;

use super::model::{Asks, Form};
use crate::types::ids::DetainerId;

/// What a paper says of who is meant, as far as it can be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    pub a_number: Option<Vec<u8>>,
    pub fbi_number: Option<Vec<u8>>,
    /// Folded and sorted.
    pub name_parts: Vec<String>,
    pub date_of_birth: Option<NaiveDate>,
}

impl Who {
    /// The same person, by the strongest identifier that both papers carry; by name and birth
    /// date only when neither carries any. One that carries an identifier and one that does not
    /// are never joined: that is a person's decision.
    pub fn is(&self, other: &Who) -> bool {
        if let (Some(a), Some(b)) = (&self.a_number, &other.a_number) {
            return a == b;
        }
        if let (Some(a), Some(b)) = (&self.fbi_number, &other.fbi_number) {
            return a == b;
        }
        let bare = |who: &Who| who.a_number.is_none() && who.fbi_number.is_none();
        bare(self)
            && bare(other)
            && self.date_of_birth.is_some()
            && self.date_of_birth == other.date_of_birth
            && !self.name_parts.is_empty()
            && self.name_parts == other.name_parts
    }
}

/// A pending paper of the same office at the same custodian.
#[derive(Debug, Clone)]
pub struct Pending {
    pub id: DetainerId,
    pub form: Form,
    pub issued_on: NaiveDate,
    pub asks: Asks,
    pub who: Who,
}

/// What a new paper is beside those that are pending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// No other request for this person.
    New,
    /// Equal in form, date and asks: flagged, and nothing else follows.
    DuplicateOf(DetainerId),
    /// Takes the place of these, the newest last.
    Supersedes(Vec<DetainerId>),
}

/// Compares a new paper with the pending ones, oldest first.
pub fn relation(
    who: &Who,
    form: Form,
    issued_on: NaiveDate,
    asks: Asks,
    pending: &[Pending],
) -> Relation {
    let same: Vec<&Pending> = pending.iter().filter(|other| other.who.is(who)).collect();
    if let Some(equal) = same
        .iter()
        .find(|other| other.form == form && other.issued_on == issued_on && other.asks == asks)
    {
        return Relation::DuplicateOf(equal.id);
    }
    if same.is_empty() {
        return Relation::New;
    }
    Relation::Supersedes(same.iter().map(|other| other.id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Who {
        Who {
            name_parts: vec![name.to_owned()],
            date_of_birth: NaiveDate::from_ymd_opt(1990, 2, 3),
            ..Who::default()
        }
    }

    #[test]
    fn the_strongest_identifier_that_both_carry_decides() {
        let with = |a: Option<u8>, fbi: Option<u8>| Who {
            a_number: a.map(|n| vec![n]),
            fbi_number: fbi.map(|n| vec![n]),
            ..named("example")
        };
        assert!(with(Some(1), Some(9)).is(&with(Some(1), Some(8))));
        assert!(!with(Some(1), Some(9)).is(&with(Some(2), Some(9))));
        assert!(with(Some(1), Some(9)).is(&with(None, Some(9))));
        assert!(!with(None, Some(9)).is(&with(None, Some(8))));
        // A name never outweighs an identifier that one of them has.
        assert!(!with(Some(1), None).is(&with(None, None)));
        assert!(!with(Some(1), None).is(&with(None, Some(9))));
        assert!(with(None, None).is(&with(None, None)));
    }

    #[test]
    fn a_name_needs_its_birth_date() {
        let mut unknown = named("example");
        unknown.date_of_birth = None;
        assert!(!unknown.is(&unknown));
        assert!(!named("example").is(&named("sample")));
    }
}
