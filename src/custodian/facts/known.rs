//! What is known of a case now: the paper, what was stated, and what the booking says, in the
//! form that the rules are asked with. Pure.

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value, json};

use super::model::{self, Ending};
use super::store::{BookingFacts, Stated};
use crate::custodian::detainers::CaseFile;
use crate::exchange::detainer::model::{Asks, SignedBy, WarrantKind};
use crate::exchange::detainer::{Form, Paper};
use crate::policy::facts::is_state;

/// What of a request the rules are asked about.
pub struct RequestFacts<'a> {
    pub form: Form,
    pub issued_on: NaiveDate,
    pub issuing_office: &'a str,
    pub asks: Asks,
    pub warrants: Vec<(WarrantKind, Option<SignedBy>)>,
    pub victim_or_witness: bool,
    pub date_of_birth: Option<NaiveDate>,
    pub served: bool,
    pub restriction: Option<&'a str>,
}

impl<'a> RequestFacts<'a> {
    pub fn of(paper: &'a Paper, case: &'a CaseFile) -> Self {
        Self {
            form: paper.form,
            issued_on: paper.issued_on,
            issuing_office: &paper.issuing_office,
            asks: paper.asks,
            warrants: paper
                .warrants
                .iter()
                .map(|warrant| (warrant.kind, warrant.signed_by))
                .collect(),
            victim_or_witness: paper.victim_or_witness,
            date_of_birth: paper.subject.date_of_birth,
            served: case.served_at.is_some(),
            restriction: case.restriction.as_deref(),
        }
    }
}

/// The facts of one case.
pub struct Known {
    /// The `facts` object of POLICY.md. What is absent is unknown.
    pub facts: Map<String, Value>,
    /// Somebody checked the criminal history: without that, the booking's own convictions are
    /// some of the person's, not all.
    pub convictions_checked: bool,
    /// The booking's charges and convictions among them.
    pub booking_charges: Vec<Value>,
    pub booking_convictions: Vec<Value>,
}

/// `today` is the date in the agency's zone, for the person's age.
pub fn known(
    request: &RequestFacts<'_>,
    stated: &[Stated],
    booking: Option<&BookingFacts>,
    today: NaiveDate,
) -> Known {
    let mut facts = Map::new();
    facts.insert("detainer".to_owned(), detainer(request));
    if request.victim_or_witness {
        facts.insert("victim_or_witness".to_owned(), true.into());
    }
    for fact in stated {
        if let Some(value) = &fact.value {
            facts.insert(fact.name.clone(), value.clone());
        }
    }
    // A restriction as a victim or witness is a person's word too, and evidence of publication is
    // evidence, whatever was stated before it.
    if request.restriction == Some("victim_or_witness") {
        facts.insert("victim_or_witness".to_owned(), true.into());
    }
    if booking.is_some_and(|booking| booking.release_information_public) {
        facts.insert("release_information_public".to_owned(), true.into());
    }
    let born = booking
        .and_then(|booking| booking.date_of_birth)
        .or(request.date_of_birth);
    if let Some(born) = born {
        facts.insert("age".to_owned(), age(born, today).into());
    }

    let convictions_checked = facts.get("convictions").is_some_and(Value::is_array);
    let of_booking = |ending| -> Vec<Value> {
        booking
            .into_iter()
            .flat_map(|booking| &booking.charges)
            .filter(|charge| model::ending(charge.disposition.as_deref()) == ending)
            .map(|charge| {
                // A feed writes freely: what the rules could not look up is unknown to them.
                let state = charge.state.as_deref().map(|text| text.trim().to_uppercase());
                json!({
                    "state": state.filter(|text| is_state(text)),
                    "statute": charge.statute.as_deref().filter(|text| model::is_statute(text)),
                    "level": model::level(charge.level.as_deref()), "disposition_on": charge.disposition_on,
                })
            })
            .collect()
    };
    let (booking_charges, booking_convictions) =
        (of_booking(Ending::Charge), of_booking(Ending::Conviction));
    // A feed that named no charge said nothing about charges.
    if booking.is_some_and(|booking| !booking.charges.is_empty()) {
        join(&mut facts, "charges", &booking_charges);
    }
    if !booking_convictions.is_empty() {
        join(&mut facts, "convictions", &booking_convictions);
    }
    Known {
        facts,
        convictions_checked,
        booking_charges,
        booking_convictions,
    }
}

fn join(facts: &mut Map<String, Value>, name: &str, more: &[Value]) {
    let list = facts.entry(name).or_insert_with(|| json!([]));
    if let Value::Array(list) = list {
        list.extend(more.iter().cloned());
    }
}

/// The request itself, as rules see it.
fn detainer(request: &RequestFacts<'_>) -> Value {
    let asks = &request.asks;
    json!({
        "form": request.form,
        "issued_on": request.issued_on,
        "issuing_office": request.issuing_office,
        "asks": {
            "notify": asks.notify, "hold": asks.hold, "transfer": asks.transfer, "interview": asks.interview,
        },
        "served": request.served,
        "warrants": request.warrants.iter().map(|(kind, signed_by)| json!({
            "kind": kind, "signed_by": signed_by,
        })).collect::<Vec<_>>(),
    })
}

/// Whole years. A birthday on 29 February comes on 1 March where there is none.
fn age(born: NaiveDate, today: NaiveDate) -> i32 {
    let before_birthday = (today.month(), today.day()) < (born.month(), born.day());
    (today.year() - born.year() - i32::from(before_birthday)).max(0)
}
