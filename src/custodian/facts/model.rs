//! The facts of POLICY.md as the custodian may state them: names, types, and the merge patch.
//! No SQL, no clock.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::exchange::detainer::request::Complaints;
use crate::http::problem::{FieldError, Slug};
use crate::http::{Problem, json};

/// What type of value a fact takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Truth,
    JudicialWarrant,
    Offenses,
    Registrant,
    Paragraphs,
    Agreement,
    Age,
}

/// Every fact that can be stated. `detainer` is the paper's and is not among them.
const FACTS: &[(&str, Kind)] = &[
    ("judicial_warrant", Kind::JudicialWarrant),
    ("judicial_probable_cause", Kind::Truth),
    ("convictions", Kind::Offenses),
    ("charges", Kind::Offenses),
    ("magistrate_finding_pc_872", Kind::Truth),
    ("state_judicial_order", Kind::Truth),
    ("registrant", Kind::Registrant),
    ("federal_aggravated_felony", Kind::Paragraphs),
    ("federal_felony_warrant", Kind::Truth),
    ("tsdb_match", Kind::Truth),
    ("reentry_after_removal", Kind::Truth),
    ("release_information_public", Kind::Truth),
    ("cost_reimbursement_agreement", Kind::Truth),
    ("mou_with_dhs", Kind::Truth),
    ("proof_of_citizenship_or_status", Kind::Truth),
    ("interview_consent", Kind::Truth),
    ("agreement_287g", Kind::Agreement),
    ("age", Kind::Age),
    ("victim_or_witness", Kind::Truth),
];

/// The names of the facts that can be stated, in the order in which they are shown.
pub fn names() -> impl Iterator<Item = &'static str> {
    FACTS.iter().map(|(name, _)| *name)
}

/// A charge or a conviction, as far as the rules look at it. Absent or null = unknown.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offense {
    /// Postal code of the state, or `US`.
    pub state: Option<String>,
    /// Code abbreviation, blank, section: `PC 243(e)(1)`.
    pub statute: Option<String>,
    pub degree: Option<Degree>,
    pub level: Option<Level>,
    pub wobbler: Option<bool>,
    /// Such as Connecticut's `B`.
    pub class: Option<String>,
    pub state_prison: Option<bool>,
    pub firearm_used: Option<bool>,
    pub prop47_reduced: Option<bool>,
    /// The statute of California that another state's offense corresponds to.
    pub california_equivalent: Option<String>,
    pub disposition_on: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Felony,
    Misdemeanor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Degree {
    First,
    Second,
    Third,
    Fourth,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // read for its types
struct JudicialWarrant {
    kind: Option<String>,
    signed_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // read for its types
struct Registrant {
    ca_sex_arson: Option<bool>,
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
        let Some((known, kind)) = FACTS.iter().find(|(known, _)| known == name) else {
            return Err(unknown(name));
        };
        let old = before(known);
        let new = merge(old.clone(), value.clone());
        if let Some(new) = &new {
            check(known, *kind, new, judicial_paper)?;
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

fn check(name: &str, kind: Kind, value: &Value, judicial_paper: bool) -> Result<(), Problem> {
    let refuse = |expected: &str| {
        Err(Problem::field(
            format!("/{name}"),
            "type",
            format!("{name} must be {expected}."),
        ))
    };
    match (kind, value) {
        (Kind::Truth, Value::Bool(_)) => Ok(()),
        (Kind::Truth, _) => refuse("true, false or null"),
        (Kind::JudicialWarrant, Value::Bool(false)) if judicial_paper => Err(Problem::field(
            "/judicial_warrant",
            "contradiction",
            "The request itself carries a judicial warrant: judicial_warrant cannot be false.",
        )),
        (Kind::JudicialWarrant, Value::Bool(false)) => Ok(()),
        (Kind::JudicialWarrant, Value::Object(_)) => judicial_warrant(value),
        (Kind::JudicialWarrant, _) => {
            refuse("an object with kind and signed_by, false (known to be none) or null")
        }
        (Kind::Offenses, Value::Array(items)) if items.len() <= 500 => {
            for (at, item) in items.iter().enumerate() {
                offense(item).map_err(|problem| below(problem, &format!("/{name}/{at}")))?;
            }
            Ok(())
        }
        (Kind::Offenses, _) => refuse("a list of at most 500 offenses, [] (checked, none) or null"),
        (Kind::Registrant, Value::Object(_)) => json::read::<Registrant>(value.clone())
            .map(|_| ())
            .map_err(|problem| below(problem, "/registrant")),
        (Kind::Registrant, _) => refuse("an object with ca_sex_arson, or null"),
        (Kind::Paragraphs, Value::Array(items)) if items.iter().all(is_paragraph) => Ok(()),
        (Kind::Paragraphs, _) => refuse("a list of paragraph letters of INA 101(a)(43), or null"),
        (Kind::Agreement, Value::Bool(false)) => Ok(()),
        (Kind::Agreement, Value::String(word))
            if matches!(
                word.as_str(),
                "jail_enforcement" | "warrant_service_officer" | "task_force"
            ) =>
        {
            Ok(())
        }
        (Kind::Agreement, _) => {
            refuse("jail_enforcement, warrant_service_officer, task_force, false or null")
        }
        (Kind::Age, Value::Number(age)) if age.as_u64().is_some_and(|age| age <= 130) => Ok(()),
        (Kind::Age, _) => refuse("a whole number of years from 0 to 130, or null"),
    }
}

/// There is no "has a warrant": an administrative one never stands in a judicial one's place.
fn judicial_warrant(value: &Value) -> Result<(), Problem> {
    json::read::<JudicialWarrant>(value.clone())
        .map_err(|problem| below(problem, "/judicial_warrant"))?;
    match value["kind"].as_str() {
        Some("judicial_criminal" | "judicial_civil") => {}
        Some(kind) if kind.starts_with("administrative") => {
            return Err(Problem::field(
                "/judicial_warrant/kind",
                "administrative",
                "An administrative warrant is not a judicial one.",
            ));
        }
        _ => {
            return Err(Problem::field(
                "/judicial_warrant/kind",
                "invalid",
                "kind must be judicial_criminal or judicial_civil.",
            ));
        }
    }
    match value.get("signed_by").and_then(Value::as_str) {
        None | Some("federal_judicial_officer" | "state_judicial_officer") => Ok(()),
        Some(_) => Err(Problem::field(
            "/judicial_warrant/signed_by",
            "invalid",
            "signed_by must be federal_judicial_officer or state_judicial_officer.",
        )),
    }
}

fn offense(value: &Value) -> Result<(), Problem> {
    if !value.is_object() {
        return Err(Problem::field("", "type", "An offense is an object."));
    }
    let offense: Offense = json::read(value.clone())?;
    let mut complaints = Complaints::default();
    for (pointer, text) in [
        ("/statute", &offense.statute),
        ("/california_equivalent", &offense.california_equivalent),
    ] {
        if text.as_deref().is_some_and(|text| !is_statute(text)) {
            complaints.add(
                pointer,
                "format",
                "A code, a blank and a section are expected, such as PC 243(e)(1).",
            );
        }
    }
    if offense.state.as_deref().is_some_and(|text| !is_state(text)) {
        complaints.add(
            "/state",
            "format",
            "A two-letter postal code is expected, or US.",
        );
    }
    complaints.optional_text("/class", offense.class.as_deref(), 20);
    complaints.finish()
}

/// `PC 243(e)(1)`: a code, a blank, a section with a digit in it, and its subdivisions.
pub fn is_statute(text: &str) -> bool {
    let Some((code, place)) = text.trim().rsplit_once(char::is_whitespace) else {
        return false;
    };
    let (section, rest) = place.split_at(place.find('(').unwrap_or(place.len()));
    let subdivisions = rest
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .map_or(rest.is_empty(), |rest| {
            rest.split(")(")
                .all(|part| !part.is_empty() && !part.contains(['(', ')']))
        });
    text.len() <= 60
        && !code.trim().is_empty()
        && section.contains(|c: char| c.is_ascii_digit())
        && subdivisions
}

/// The postal code of a state, or `US`.
pub fn is_state(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// A letter of INA 101(a)(43), from A to U.
fn is_paragraph(value: &Value) -> bool {
    matches!(value.as_str().map(str::as_bytes), Some([b'A'..=b'U']))
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
pub fn level(text: Option<&str>) -> Option<Level> {
    match text?.trim().to_lowercase().as_str() {
        "felony" | "f" | "fel" => Some(Level::Felony),
        "misdemeanor" | "misdemeanour" | "m" | "misd" => Some(Level::Misdemeanor),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
