//! Rows of convictions or charges on a form. What stands before a row's number is the list's own
//! prefix, where a form has more than one list.

use serde_json::{Map, Value};

use super::fact_fields::{some, yes_no};
use super::typed::FormFields;
use super::{Field, Fields};

/// The longest list that is read from a form.
pub const MOST: usize = 100;

const TEXTS: &[&str] = &[
    "statute",
    "state",
    "level",
    "degree",
    "class",
    "disposition_on",
    "california_equivalent",
];
const PERHAPS: &[&str] = &["wobbler", "state_prison"];
const MARKS: &[&str] = &["firearm_used", "prop47_reduced"];

/// The offenses of a form, and which of its rows each was: empty ones are left out.
pub fn read(fields: &Fields, prefix: &str) -> (Vec<Value>, Vec<usize>) {
    let rows = fields.get(&format!("{prefix}rows"));
    let rows = rows.parse().unwrap_or(0).min(MOST);
    let mut list = Vec::new();
    let mut of_row = Vec::new();
    for row in 0..rows {
        let field = |name: &str| fields.get(&format!("{prefix}{row}.{name}")).to_owned();
        if field("remove") == "true" {
            continue;
        }
        let mut offense = Map::new();
        for name in TEXTS {
            let value = match *name {
                "state" => field(name).to_uppercase(),
                _ => field(name),
            };
            if !value.is_empty() {
                offense.insert((*name).to_owned(), some(&value));
            }
        }
        for name in PERHAPS {
            let value = yes_no(&field(name));
            if !value.is_null() {
                offense.insert((*name).to_owned(), value);
            }
        }
        for name in MARKS {
            if field(name) == "true" {
                offense.insert((*name).to_owned(), true.into());
            }
        }
        if !offense.is_empty() {
            list.push(Value::Object(offense));
            of_row.push(row);
        }
    }
    (list, of_row)
}

/// "PC 459, felony, CA, 2012-11-24".
pub fn in_words(offense: &Value) -> String {
    let parts: Vec<&str> = ["statute", "level", "state", "disposition_on"]
        .iter()
        .filter_map(|name| offense[*name].as_str())
        .collect();
    if parts.is_empty() {
        "an offense of which nothing is known".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The fields of one row; an offense that is there already can be taken off.
pub fn fields(
    form: &FormFields<'_>,
    prefix: &str,
    row: usize,
    offense: &Value,
    into: &mut Vec<Field>,
) {
    let at = |name: &str| format!("{prefix}{row}.{name}");
    let said = |name: &str| match &offense[name] {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        _ => String::new(),
    };
    let text = |name: &str, label: &str| form.text(&at(name), label, &said(name));
    let select = |name: &str, label: &str, pairs: &[(&str, &str)]| {
        form.select(&at(name), label, pairs, &said(name))
    };
    let mark = |name: &str, label: &str| form.check(&at(name), label, offense[name] == true);
    let perhaps = &[("", "Unknown"), ("true", "Yes"), ("false", "No")];
    into.push(
        text("statute", "Statute")
            .hint("Code, blank, section: PC 459.")
            .into(),
    );
    into.push(text("state", "State").hint("Two letters, or US.").into());
    into.push(
        select(
            "level",
            "Level",
            &[
                ("", "Unknown"),
                ("felony", "Felony"),
                ("misdemeanor", "Misdemeanor"),
            ],
        )
        .into(),
    );
    into.push(
        text("disposition_on", "Date of the court's decision")
            .kind("date")
            .into(),
    );
    into.push(
        select(
            "degree",
            "Degree",
            &[
                ("", "Unknown"),
                ("first", "First"),
                ("second", "Second"),
                ("third", "Third"),
                ("fourth", "Fourth"),
            ],
        )
        .into(),
    );
    into.push(
        select(
            "wobbler",
            "Could be charged as felony or misdemeanor",
            perhaps,
        )
        .into(),
    );
    into.push(select("state_prison", "Punishable in state prison", perhaps).into());
    into.push(
        text("class", "Class by the state's own law")
            .hint("Such as Connecticut's B.")
            .into(),
    );
    into.push(
        text("california_equivalent", "California's statute for it")
            .hint("Where another state's offense answers to one.")
            .into(),
    );
    into.push(mark("firearm_used", "A firearm was used").into());
    into.push(
        mark(
            "prop47_reduced",
            "Reduced to a misdemeanor under Proposition 47",
        )
        .into(),
    );
    if offense.is_object() {
        into.push(
            form.check(&at("remove"), "Take this one off the list", false)
                .into(),
        );
    }
}
