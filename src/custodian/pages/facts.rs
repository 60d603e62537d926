//! `/detainers/{id}/facts`: what this agency states about a case, each fact with who and when.
//! Convictions and charges are lists, on pages of their own (`offenses`).

use axum::response::Response;
use serde_json::Value;

use super::fact_names::{GROUPS, mended};
use super::step;
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::facts::store::{self, Stated};
use crate::custodian::facts::{Source, api};
use crate::dashboard::fact_fields::{self, AGREEMENTS, JUDICIAL, SIGNERS, YES_NO, text_of};
use crate::dashboard::typed::FormFields;
use crate::dashboard::visitor::show;
use crate::dashboard::{Field, Frame, Posted, StepPage, Typed, Visitor, step as steps, time};
use crate::http::{Problem, Tagged};
use crate::types::ids::DetainerId;

pub const FORM: &str = "facts";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

/// `POST /detainers/{id}/facts`: every fact of the form as one merge patch; what is as it was
/// writes nothing.
pub async fn post(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let headers = steps::if_match(&posted.fields);
    let patch = fact_fields::read(&posted.fields);
    let answer = posted
        .once(Ok(patch))
        .run(app, &posted.visitor, async |tx, patch| {
            api::patched(tx, app, id, &headers, patch).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}#may"), "facts-stated")),
        Err(problem) => {
            let problem = mended(steps::reworded(problem));
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, id, &typed).await
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, opened) = step::open(app, visitor, id, DESK).await?;
    let body = api::body(&mut tx, app, &opened.case, &opened.paper).await?;
    let stated = store::latest(&mut tx, &[id.as_uuid()])
        .await?
        .remove(&id.as_uuid())
        .unwrap_or_default();
    tx.rollback().await?;
    let frame = &opened.frame;
    let known = KnownFacts {
        stated: &stated,
        body: &body,
        frame,
    };
    let page = StepPage {
        consequences: vec![
            "Unknown is a good answer: the rules then name what they need, and guess nothing. What is stated \
             here is kept with your name and the time; what was stated before stays in the record."
                .to_owned(),
        ],
        fields: fields(&typed.form(FORM), &known, id, Tagged::ok(&body).etag()),
        ..opened.page(typed, "State facts", "facts", "State these facts")
    };
    show(typed.status(), &page)
}

/// What was stated, and what the record says by itself.
pub struct KnownFacts<'a> {
    pub stated: &'a [Stated],
    pub body: &'a Value,
    pub frame: &'a Frame,
}

impl KnownFacts<'_> {
    fn of(&self, name: &str) -> Option<&Stated> {
        let outer = name.split('.').next().unwrap_or(name);
        self.stated
            .iter()
            .find(|fact| fact.name == outer && fact.value.is_some())
    }

    /// The value that was stated; null where none was.
    pub fn value(&self, name: &str) -> Value {
        let value = self.of(name).and_then(|fact| fact.value.clone());
        let value = value.unwrap_or_default();
        match name.split_once('.') {
            Some((_, inner)) => value.get(inner).cloned().unwrap_or_default(),
            None => value,
        }
    }

    /// "Stated by B. Clerk, 25 Nov 2026 08:00 PST." and what the record says otherwise.
    pub fn hint(&self, name: &str) -> Option<String> {
        let mut parts = Vec::new();
        if let Some(fact) = self.of(name) {
            let with = match fact.source.parse::<Source>() {
                Ok(Source::Determination) => " with a decision",
                Ok(Source::Claim) => " by a confirmed claim",
                _ => "",
            };
            parts.push(format!(
                "Stated{with} by {}, {}.",
                fact.stated_by,
                time::absolute(fact.stated_at, self.frame.zone)
            ));
        }
        let outer = name.split('.').next().unwrap_or(name);
        let said = &self.body[outer];
        let own = self
            .of(name)
            .and_then(|fact| fact.value.clone())
            .unwrap_or_default();
        // Lists join what was stated and what the booking says; their own pages show both.
        if !said.is_null() && !said.is_array() && *said != own {
            let said = match said {
                Value::Bool(true) => "yes".to_owned(),
                Value::Bool(false) => "no".to_owned(),
                other => other.to_string(),
            };
            parts.push(format!("The record says: {said}."));
        }
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

fn fields(
    form: &FormFields<'_>,
    known: &KnownFacts<'_>,
    id: DetainerId,
    etag: String,
) -> Vec<Field> {
    let select = |name: &str, label: &str, pairs: &[(&str, &str)], value: &str| {
        let field = form.select(name, label, pairs, value);
        Field::from(match known.hint(name) {
            Some(hint) => field.hint(hint),
            None => field,
        })
    };
    let mut list = vec![
        Field::tag(etag),
        Field::Heading("Convictions and charges".to_owned()),
        Field::Link(
            format!("/detainers/{id}/facts/convictions"),
            format!("Convictions: {}", counted(known, "convictions")),
        ),
        Field::Link(
            format!("/detainers/{id}/facts/charges"),
            format!("Charges: {}", counted(known, "charges")),
        ),
    ];
    for (heading, facts) in GROUPS {
        list.push(Field::Heading((*heading).to_owned()));
        if *heading == "Judges' papers" {
            let warrant = known.value("judicial_warrant");
            let kind = match &warrant {
                Value::Bool(false) => "false".to_owned(),
                other => text_of(&other["kind"]),
            };
            list.push(select(
                "judicial_warrant.kind",
                "A warrant signed by a judge",
                JUDICIAL,
                &kind,
            ));
            list.push(
                form.select(
                    "judicial_warrant.signed_by",
                    "Signed by",
                    SIGNERS,
                    &text_of(&warrant["signed_by"]),
                )
                .hint("Only with a warrant signed by a judge.")
                .into(),
            );
        }
        for (name, label) in *facts {
            list.push(select(name, label, YES_NO, &text_of(&known.value(name))));
        }
    }
    list.push(select(
        "agreement_287g",
        "An agreement under 8 U.S.C. 1357(g)",
        AGREEMENTS,
        &text_of(&known.value("agreement_287g")),
    ));
    list.push(Field::Heading("Age and federal law".to_owned()));
    let with_hint = |name: &str, label: &str, value: &str, hint: &str| {
        let mut text = hint.to_owned();
        if let Some(known) = known.hint(name) {
            text.push(' ');
            text.push_str(&known);
        }
        Field::from(form.text(name, label, value).hint(text))
    };
    list.push(with_hint(
        "age",
        "Age",
        &text_of(&known.value("age")),
        "In years; counted from the birth date where that is known.",
    ));
    let paragraphs = fact_fields::paragraphs(&known.value("federal_aggravated_felony"));
    list.push(with_hint(
        "federal_aggravated_felony",
        "Aggravated felony by federal law",
        &paragraphs,
        "Paragraph letters of INA 101(a)(43), such as A, M; the word none when it was checked and there is none.",
    ));
    list
}

/// "unknown", "checked, none", "2 known".
fn counted(known: &KnownFacts<'_>, name: &str) -> String {
    match &known.body[name] {
        Value::Array(items) if items.is_empty() => "checked, none".to_owned(),
        Value::Array(items) => format!("{} known", items.len()),
        _ => "unknown".to_owned(),
    }
}
