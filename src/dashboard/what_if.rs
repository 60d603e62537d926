//! "What if …": the facts of a case on a form, edited and asked of the rules. Nothing is stored,
//! and the facts travel in the form's body, never in an address.

use askama::Template;
use serde_json::{Map, Value, json};

use super::fact_fields::{self, AGREEMENTS, JUDICIAL, SIGNERS, YES_NO, paragraphs, text_of};
use super::fact_words::GROUPS;
use super::forms::Choice;
use super::offense_rows;
use super::typed::{FormFields, Typed};
use super::working::{ActAnswered, AttachedLaw, Working};
use super::{ErrorSummary, Field, Fields, Layout, Link, Tokens};
use crate::http::Problem;

pub const FORM: &str = "if";

/// Empty rows below the offenses that are there.
const MORE: usize = 2;

/// Fields that belong together, folded away where nothing is said in them.
pub struct Group {
    pub heading: &'static str,
    pub open: bool,
    pub fields: Vec<Field>,
}

/// What the rules say of the facts on the form.
pub struct Answered {
    pub acts: Vec<ActAnswered>,
    pub law: AttachedLaw,
}

impl Answered {
    /// Beside how the case stands now, where it is one.
    pub fn new(working: &Working, now: Option<&Working>) -> Self {
        Self {
            acts: working.answered(now),
            law: working.attached(),
        }
    }
}

/// `templates/law/what_if.html`.
#[derive(Template)]
#[template(path = "law/what_if.html")]
pub struct WhatIfPage {
    pub layout: Layout,
    pub back: Link,
    /// What the answers are about, and that they bind nobody.
    pub about: Vec<String>,
    pub errors: ErrorSummary,
    pub answered: Option<Answered>,
    pub action: String,
    /// Of a page for which one signs in.
    pub tokens: Option<Tokens>,
    /// Where and when.
    pub place: Vec<Field>,
    pub groups: Vec<Group>,
}

/// The facts of a form.
pub struct Asked {
    /// As `POST /v1/policies/evaluate` takes them.
    pub facts: Map<String, Value>,
    /// Nobody has checked whether there are other convictions.
    pub more_convictions: bool,
    rows: [Vec<usize>; 2],
}

const LISTS: [&str; 2] = ["convictions", "charges"];

/// Reads a form.
pub fn read(fields: &Fields) -> Asked {
    let mut facts = fact_fields::read(fields);
    facts.insert("detainer".to_owned(), request(fields));
    let mut rows = [Vec::new(), Vec::new()];
    for (at, name) in LISTS.iter().enumerate() {
        let list = match fields.get(&format!("{name}.known")) {
            "" => Value::Null,
            "none" => json!([]),
            _ => {
                let (list, of_row) = offense_rows::read(fields, &format!("{name}."));
                rows[at] = of_row;
                Value::Array(list)
            }
        };
        facts.insert((*name).to_owned(), list);
    }
    Asked {
        facts,
        more_convictions: fields.get("convictions.known") == "some",
        rows,
    }
}

impl Asked {
    /// A complaint about the facts, said of the form's own fields.
    pub fn complaint(&self, problem: Problem) -> Problem {
        let mut problem = super::fact_words::mended(problem);
        for error in &mut problem.errors {
            let pointer = error.pointer.trim_start_matches("/facts").to_owned();
            error.pointer = pointer.clone();
            let mut parts = pointer.trim_start_matches('/').splitn(3, '/');
            let list = parts.next().unwrap_or_default();
            let at = parts.next().and_then(|at| at.parse::<usize>().ok());
            // The list left empty rows out; the complaints are about the form's rows.
            if let Some(of) = LISTS.iter().position(|name| *name == list)
                && let Some(row) = at.and_then(|at| self.rows[of].get(at))
            {
                let field = parts.next().unwrap_or("statute");
                error.pointer = format!("/{list}/{row}/{field}");
            }
        }
        problem
    }
}

fn request(fields: &Fields) -> Value {
    let form = fields.get("detainer.form");
    match form {
        "" => return Value::Null,
        "false" => return false.into(),
        _ => {}
    }
    let text = |name: &str| fact_fields::some(fields.get(&format!("detainer.{name}")));
    let answer = |name: &str| fact_fields::yes_no(fields.get(&format!("detainer.{name}")));
    let warrants = match fields.get("detainer.warrants") {
        "" => Value::Null,
        "none" => json!([]),
        _ => WARRANTS
            .iter()
            .filter(|(kind, _)| fields.flag(&format!("warrant.{kind}")))
            .map(|(kind, _)| json!({"kind": kind}))
            .collect(),
    };
    let asks: Map<String, Value> = ASKS
        .iter()
        .map(|(name, _)| ((*name).to_owned(), answer(name)))
        .collect();
    json!({
        "form": form, "issued_on": text("issued_on"), "issuing_office": text("issuing_office"),
        "asks": asks, "served": answer("served"), "warrants": warrants,
    })
}

const FORMS: &[(&str, &str)] = &[
    ("", "Unknown"),
    ("false", "There is no request"),
    ("I-247A", "I-247A"),
    ("I-247G", "I-247G (asks for notice alone)"),
    ("I-247", "I-247, before 2015"),
    ("I-247D", "I-247D, until 2 April 2017"),
    ("I-247N", "I-247N, until 2 April 2017"),
    ("I-247X", "I-247X, until 2 April 2017"),
    ("NCIC-hit", "A hit in NCIC"),
    ("other", "Another"),
];
const ASKS: [(&str, &str); 4] = [
    ("notify", "It asks for notice of the release"),
    ("hold", "It asks for a hold"),
    ("transfer", "It asks for the person to be handed over"),
    ("interview", "It asks for an interview"),
];
const WARRANTS: [(&str, &str); 6] = [
    ("administrative_i200", "I-200, administrative"),
    ("administrative_i203", "I-203, administrative"),
    ("administrative_i205", "I-205, administrative"),
    ("administrative_i286", "I-286, administrative"),
    ("judicial_criminal", "A judge's, criminal"),
    ("judicial_civil", "A judge's, civil"),
];

/// The form, filled in with these facts or with what was typed.
pub fn groups(typed: &Typed, facts: &Value, more_convictions: bool) -> Vec<Group> {
    let form = typed.form(FORM);
    let mut groups = vec![Group {
        heading: "The request",
        open: true,
        fields: request_fields(&form, &facts["detainer"]),
    }];
    for name in LISTS {
        let some = more_convictions && name == "convictions";
        groups.push(offenses(typed, &form, name, &facts[name], some));
    }
    for (heading, names) in GROUPS {
        let mut fields = Vec::new();
        if *heading == "Judges' papers" {
            let warrant = &facts["judicial_warrant"];
            let kind = match warrant {
                Value::Bool(false) => "false".to_owned(),
                other => text_of(&other["kind"]),
            };
            fields.push(
                form.select(
                    "judicial_warrant.kind",
                    "A warrant signed by a judge",
                    JUDICIAL,
                    &kind,
                )
                .into(),
            );
            fields.push(
                form.select(
                    "judicial_warrant.signed_by",
                    "Signed by",
                    SIGNERS,
                    &text_of(&warrant["signed_by"]),
                )
                .into(),
            );
        }
        for (name, label) in *names {
            let value = match name.split_once('.') {
                None => &facts[*name],
                Some((outer, inner)) => &facts[outer][inner],
            };
            fields.push(form.select(name, label, YES_NO, &text_of(value)).into());
        }
        groups.push(folded(heading, fields));
    }
    let fields = vec![
        form.select(
            "agreement_287g",
            "The agency has an agreement under 8 U.S.C. 1357(g)",
            AGREEMENTS,
            &text_of(&facts["agreement_287g"]),
        )
        .into(),
        form.text("age", "Age", &text_of(&facts["age"]))
            .hint("In years.")
            .into(),
        form.text(
            "federal_aggravated_felony",
            "Aggravated felony by federal law",
            &paragraphs(&facts["federal_aggravated_felony"]),
        )
        .hint(
            "Paragraph letters of INA 101(a)(43), such as A, M; the word none when there is none.",
        )
        .into(),
    ];
    groups.push(folded("Agreement, age, federal law", fields));
    groups
}

/// Open where something is said in it.
fn folded(heading: &'static str, fields: Vec<Field>) -> Group {
    let said = fields.iter().any(|field| match field {
        Field::Select(field) => field
            .choices
            .iter()
            .any(|choice| choice.chosen && !choice.value.is_empty()),
        Field::Text(field) => !field.value.is_empty() || field.error.is_some(),
        _ => false,
    });
    Group {
        heading,
        open: said,
        fields,
    }
}

fn request_fields(form: &FormFields<'_>, request: &Value) -> Vec<Field> {
    let paper = match request {
        Value::Bool(false) => "false".to_owned(),
        other => text_of(&other["form"]),
    };
    let mut fields: Vec<Field> = vec![
        form.select("detainer.form", "The form", FORMS, &paper)
            .into(),
        form.text(
            "detainer.issued_on",
            "Issued on",
            &text_of(&request["issued_on"]),
        )
        .kind("date")
        .into(),
        form.text(
            "detainer.issuing_office",
            "Issued by the office",
            &text_of(&request["issuing_office"]),
        )
        .hint("Its code, where a rule looks at it.")
        .into(),
    ];
    for (name, label) in ASKS {
        let value = text_of(&request["asks"][name]);
        fields.push(
            form.select(&format!("detainer.{name}"), label, YES_NO, &value)
                .into(),
        );
    }
    fields.push(
        form.select(
            "detainer.served",
            "A copy was served on the person",
            YES_NO,
            &text_of(&request["served"]),
        )
        .into(),
    );
    let came = request["warrants"].as_array();
    let known = match came.map(Vec::len) {
        None => "",
        Some(0) => "none",
        Some(_) => "these",
    };
    fields.push(
        form.select(
            "detainer.warrants",
            "Warrants that came with it",
            &[("", "Unknown"), ("none", "None came"), ("these", "These")],
            known,
        )
        .into(),
    );
    for (kind, label) in WARRANTS {
        let came = came.is_some_and(|came| came.iter().any(|warrant| warrant["kind"] == kind));
        fields.push(form.check(&format!("warrant.{kind}"), label, came).into());
    }
    fields
}

fn offenses(
    typed: &Typed,
    form: &FormFields<'_>,
    name: &'static str,
    list: &Value,
    some: bool,
) -> Group {
    let known = match list {
        Value::Array(items) if items.is_empty() => "none",
        Value::Array(_) if some => "some",
        Value::Array(_) => "these",
        _ => "",
    };
    let mut answers = vec![
        Choice::new("", "Unknown"),
        Choice::new("none", "Checked, none"),
        Choice::new("these", "These and no others"),
    ];
    let (heading, one) = match name {
        "convictions" => {
            answers.push(Choice::new(
                "some",
                "These, and nobody has checked for others",
            ));
            ("Convictions", "Conviction")
        }
        _ => ("Charges: a charge is not a conviction", "Charge"),
    };
    let field = |part: &str| format!("{name}.{part}");
    let mut fields: Vec<Field> = vec![
        form.radio(&field("known"), "What is known", answers, known)
            .into(),
    ];
    let items = list.as_array().map_or(&[][..], Vec::as_slice);
    let rows = match typed.fields(FORM) {
        Some(fields) => fields.get(&field("rows")).parse().unwrap_or(0),
        None => items.len() + MORE,
    };
    let rows = rows.min(offense_rows::MOST);
    fields.push(Field::Hidden(field("rows"), rows.to_string()));
    let none = Value::Null;
    for row in 0..rows {
        fields.push(Field::Heading(format!("{one} {}", row + 1)));
        let offense = items.get(row).unwrap_or(&none);
        offense_rows::fields(form, &field(""), row, offense, &mut fields);
    }
    let said = typed
        .fields(FORM)
        .map_or(known, |fields| fields.get(&field("known")));
    Group {
        heading,
        open: !said.is_empty(),
        fields,
    }
}
