//! The facts of POLICY.md as the custodian may state them: names and the merge patch. Their types
//! are the rules' own. No SQL, no clock.

use serde_json::{Map, Value, json};

use crate::http::problem::{FieldError, Slug};
use crate::http::{self, Problem};
use crate::policy::facts::Facts;
use crate::policy::offense::{OffenseLevel, Statute};

/// The longest list of convictions or charges.
const MOST_OFFENSES: usize = 500;

/// Every fact that can be stated, in the order in which they are shown. `detainer` is the paper's
/// and is not among them.
const NAMES: &[&str] = &[
    "judicial_warrant",
    "judicial_probable_cause",
    "convictions",
    "charges",
    "magistrate_finding_pc_872",
    "state_judicial_order",
    "registrant",
    "federal_aggravated_felony",
    "federal_felony_warrant",
    "tsdb_match",
    "reentry_after_removal",
    "release_information_public",
    "cost_reimbursement_agreement",
    "mou_with_dhs",
    "proof_of_citizenship_or_status",
    "interview_consent",
    "agreement_287g",
    "age",
    "victim_or_witness",
];

/// The names of the facts that can be stated.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied()
}

/// A fact with its value after a merge patch; `None` takes it back to unknown.
pub type Change = (&'static str, Option<Value>);

/// What a merge patch (RFC 7396) changes. `before` answers the value that was stated last;
/// `judicial_paper` says that the request itself carries a judicial warrant.
///
/// # Errors
/// 400 for a name that is no fact to be stated, 422 for a value of another type.
pub fn changes(
    patch: &Map<String, Value>,
    before: impl Fn(&str) -> Option<Value>,
    judicial_paper: bool,
) -> Result<Vec<Change>, Problem> {
    let mut changes = Vec::new();
    for (name, value) in patch {
        let Some(known) = NAMES.iter().find(|known| *known == name) else {
            return Err(unknown(name));
        };
        let old = before(known);
        let new = merge(old.clone(), value.clone());
        if let Some(new) = &new {
            check(known, new, judicial_paper)?;
        }
        if new != old {
            changes.push((*known, new));
        }
    }
    Ok(changes)
}

fn unknown(name: &str) -> Problem {
    let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    let detail = if name == "detainer" || name == "stated" {
        format!("{name} is read from the record and cannot be stated.")
    } else {
        format!("The field {pointer} is not one that can be sent here.")
    };
    let mut problem = Problem::new(Slug::InvalidBody, detail.clone());
    problem.errors.push(FieldError {
        pointer,
        code: "unknown-field".to_owned(),
        detail,
    });
    problem
}

/// RFC 7396: objects merge member by member, null removes, anything else takes the place.
fn merge(target: Option<Value>, patch: Value) -> Option<Value> {
    match patch {
        Value::Null => None,
        Value::Object(patch) => {
            let mut merged = match target {
                Some(Value::Object(target)) => target,
                _ => Map::new(),
            };
            for (name, value) in patch {
                match merge(merged.remove(&name), value) {
                    Some(value) => {
                        merged.insert(name, value);
                    }
                    None => {
                        merged.remove(&name);
                    }
                }
            }
            Some(Value::Object(merged))
        }
        other => Some(other),
    }
}

/// The rules read it, with whatever the request itself carries: what they could not read is not
/// kept.
fn check(name: &str, value: &Value, judicial_paper: bool) -> Result<(), Problem> {
    let refuse = |pointer: String, detail: &str| Err(Problem::field(pointer, "type", detail));
    // Read as a struct, an array would give its fields in their order.
    match (name, value) {
        ("convictions" | "charges", Value::Array(items)) => {
            if items.len() > MOST_OFFENSES {
                return refuse(format!("/{name}"), "A list of at most 500 is expected.");
            }
            if let Some(at) = items.iter().position(|item| !item.is_object()) {
                return refuse(format!("/{name}/{at}"), "An offense is an object.");
            }
        }
        ("registrant", value) if !value.is_object() => {
            return refuse("/registrant".to_owned(), "An object is expected, or null.");
        }
        _ => {}
    }
    let mut facts = json!({});
    facts[name] = value.clone();
    if judicial_paper {
        facts["detainer"] = json!({"warrants": [{"kind": "judicial_criminal"}]});
    }
    let facts: Facts = http::json::read(facts)?;
    match facts.contradictions().into_iter().next() {
        None => Ok(()),
        Some(found) => Err(Problem::field(found.pointer, "contradiction", found.detail)),
    }
}

/// `PC 243(e)(1)`, as the rules' lists are looked up.
pub fn is_statute(text: &str) -> bool {
    Statute::try_from(text.to_owned()).is_ok()
}

/// The same problem, with its pointers below another one.
pub fn below(mut problem: Problem, place: &str) -> Problem {
    for error in &mut problem.errors {
        error.pointer = format!("{place}{}", error.pointer);
    }
    problem
}

/// How a charge of the booking ended, by the words of its disposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It still stands, or nobody said: a charge is not a conviction.
    Charge,
    Conviction,
    /// Dismissed or acquitted: neither.
    Ended,
}

/// Reads the free text of a disposition. What it does not know stays a charge.
pub fn ending(disposition: Option<&str>) -> Ending {
    let text = disposition.unwrap_or_default().to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["not guilty", "not convicted"]) {
        // A plea of not guilty leaves the charge standing; a verdict ends it.
        return if has(&["plea", "plead", "pled"]) {
            Ending::Charge
        } else {
            Ending::Ended
        };
    }
    if has(&[
        "dismiss",
        "acquit",
        "nolle",
        "vacated",
        "set aside",
        "withdrawn",
        "no bill",
    ]) {
        return Ending::Ended;
    }
    if has(&["convict", "guilty", "nolo", "no contest", "plea", "pled"]) {
        return Ending::Conviction;
    }
    Ending::Charge
}

/// Felony or misdemeanor, where a feed says it in one of the usual ways.
pub fn level(text: Option<&str>) -> Option<OffenseLevel> {
    match text?.trim().to_lowercase().as_str() {
        "felony" | "f" | "fel" => Some(OffenseLevel::Felony),
        "misdemeanor" | "misdemeanour" | "m" | "misd" => Some(OffenseLevel::Misdemeanor),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(patch: Value, before: Value) -> Result<Vec<Change>, u16> {
        changes(
            patch.as_object().unwrap(),
            |name| before.get(name).cloned(),
            false,
        )
        .map_err(|problem| problem.slug.status().as_u16())
    }

    #[test]
    fn a_value_of_each_type_is_taken_and_another_type_is_refused() {
        for (name, good, bad) in [
            ("tsdb_match", vec![json!(true), json!(false)], json!("yes")),
            (
                "judicial_warrant",
                vec![
                    json!(false),
                    json!({"kind": "judicial_criminal", "signed_by": "federal_judicial_officer"}),
                ],
                json!(true),
            ),
            (
                "judicial_warrant",
                vec![],
                json!({"kind": "administrative_i200"}),
            ),
            (
                "convictions",
                vec![
                    json!([]),
                    json!([{"statute": "PC 459", "level": "felony", "disposition_on": "2012-11-24"}]),
                ],
                json!([{"statute": "burglary"}]),
            ),
            ("charges", vec![], json!(false)),
            (
                "registrant",
                vec![json!({"ca_sex_arson": true}), json!({})],
                json!({"ca_sex_arson": 1}),
            ),
            (
                "federal_aggravated_felony",
                vec![json!(["A", "M"]), json!([])],
                json!(["Z"]),
            ),
            (
                "agreement_287g",
                vec![json!("task_force"), json!(false)],
                json!(true),
            ),
            ("age", vec![json!(34)], json!(34.5)),
        ] {
            for value in good {
                assert_eq!(
                    patched(json!({name: value}), json!({})),
                    Ok(vec![(names().find(|n| *n == name).unwrap(), Some(value))])
                );
            }
            assert_eq!(patched(json!({name: bad}), json!({})), Err(422), "{name}");
        }
        for unknown in ["detainer", "stated", "gang", "acts"] {
            assert_eq!(patched(json!({unknown: null}), json!({})), Err(400));
        }
        assert_eq!(
            patched(
                json!({"convictions": [{"statute": "PC 459", "source": "booking"}]}),
                json!({})
            ),
            Err(400)
        );
    }

    #[test]
    fn a_patch_merges_objects_and_null_takes_back() {
        let before = json!({"judicial_warrant": {"kind": "judicial_criminal"}, "tsdb_match": true});
        assert_eq!(
            patched(
                json!({"judicial_warrant": {"signed_by": "state_judicial_officer"}, "tsdb_match": null}),
                before.clone()
            ),
            Ok(vec![
                (
                    "judicial_warrant",
                    Some(
                        json!({"kind": "judicial_criminal", "signed_by": "state_judicial_officer"})
                    )
                ),
                ("tsdb_match", None),
            ])
        );
        assert_eq!(
            patched(json!({"tsdb_match": true, "age": null}), before),
            Ok(vec![])
        );
    }

    #[test]
    fn an_offense_is_named_as_the_rules_look_it_up() {
        for good in ["PC 459", "PC 243(e)(1)", "HS 11378", "Penal Code 187(a)"] {
            assert!(is_statute(good), "{good}");
        }
        for bad in ["459", "burglary", "PC", "PC 243(e", "PC (a)", "PC 1()", ""] {
            assert!(!is_statute(bad), "{bad}");
        }
    }

    #[test]
    fn a_disposition_is_read_by_its_words() {
        for (text, expected) in [
            (None, Ending::Charge),
            (Some("pending trial"), Ending::Charge),
            (Some("Plea of not guilty"), Ending::Charge),
            (Some("Not guilty"), Ending::Ended),
            (Some("Dismissed in the interest of justice"), Ending::Ended),
            (Some("Convicted - jail"), Ending::Conviction),
            (Some("pled guilty"), Ending::Conviction),
            (Some("Nolo contendere"), Ending::Conviction),
        ] {
            assert_eq!(ending(text), expected, "{text:?}");
        }
    }
}
