//! The facts of a case on a form: every one has unknown among its answers.

use serde_json::{Map, Value, json};

use super::Fields;
use super::fact_words::GROUPS;

pub const YES_NO: &[(&str, &str)] = &[("", "Unknown"), ("true", "Yes"), ("false", "No")];
pub const JUDICIAL: &[(&str, &str)] = &[
    ("", "Unknown"),
    ("false", "None"),
    ("judicial_criminal", "Criminal"),
    ("judicial_civil", "Civil"),
];
pub const SIGNERS: &[(&str, &str)] = &[
    ("", "Unknown"),
    ("federal_judicial_officer", "A federal judicial officer"),
    ("state_judicial_officer", "A state judicial officer"),
];
pub const AGREEMENTS: &[(&str, &str)] = &[
    ("", "Unknown"),
    ("false", "None"),
    ("jail_enforcement", "Jail enforcement"),
    ("warrant_service_officer", "Warrant service officer"),
    ("task_force", "Task force"),
];

/// What the federal paragraphs' field sends for "checked, none".
const NONE: &str = "none";

/// The facts of a form, but its lists and its request. Unknown is null.
pub fn read(fields: &Fields) -> Map<String, Value> {
    let mut facts = Map::new();
    for (name, _) in GROUPS.iter().flat_map(|(_, names)| *names) {
        let value = yes_no(fields.get(name));
        match name.split_once('.') {
            None => facts.insert((*name).to_owned(), value),
            Some((outer, _)) if value.is_null() => facts.insert(outer.to_owned(), Value::Null),
            Some((outer, inner)) => facts.insert(outer.to_owned(), json!({inner: value})),
        };
    }
    let warrant = match fields.get("judicial_warrant.kind") {
        "" => Value::Null,
        "false" => Value::Bool(false),
        kind => json!({"kind": kind, "signed_by": some(fields.get("judicial_warrant.signed_by"))}),
    };
    facts.insert("judicial_warrant".to_owned(), warrant);
    let agreement = match fields.get("agreement_287g") {
        "false" => Value::Bool(false),
        word => some(word),
    };
    facts.insert("agreement_287g".to_owned(), agreement);
    let paragraphs = match fields.get("federal_aggravated_felony") {
        "" => Value::Null,
        text if text.eq_ignore_ascii_case(NONE) => json!([]),
        text => text
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|letter| !letter.is_empty())
            .map(|letter| Value::from(letter.to_uppercase()))
            .collect(),
    };
    facts.insert("federal_aggravated_felony".to_owned(), paragraphs);
    // A number where it is one; the rules' own complaint where it is not.
    let age = fields.get("age");
    let age = age.parse::<u32>().map_or_else(|_| some(age), Value::from);
    facts.insert("age".to_owned(), age);
    facts
}

pub fn yes_no(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        other => some(other),
    }
}

pub fn some(text: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        text.into()
    }
}

/// The federal paragraphs as their field shows them.
pub fn paragraphs(value: &Value) -> String {
    match value {
        Value::Array(items) if items.is_empty() => NONE.to_owned(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(", "),
        _ => String::new(),
    }
}

/// A value as its field shows it.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
