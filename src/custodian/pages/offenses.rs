//! `/detainers/{id}/facts/convictions` and `…/charges`: the two facts that are lists. "Nobody has
//! checked", "checked, none" and "these" are three answers, never one.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::fact_names::mended;
use super::facts::KnownFacts;
use super::step;
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::facts::{api, store};
use crate::dashboard::forms::Choice;
use crate::dashboard::offense_rows::{self, MOST};
use crate::dashboard::visitor::show;
use crate::dashboard::{Field, Fields, Link, Posted, StepPage, Typed, Visitor, step as steps};
use crate::http::{Problem, Tagged};
use crate::types::ids::DetainerId;

const FORM: &str = "offenses";

/// Which of the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    Convictions,
    Charges,
}

impl Listed {
    fn name(self) -> &'static str {
        match self {
            Listed::Convictions => "convictions",
            Listed::Charges => "charges",
        }
    }

    fn one(self) -> &'static str {
        match self {
            Listed::Convictions => "Conviction",
            Listed::Charges => "Charge",
        }
    }
}

/// Empty rows below those that are stated.
const MORE: usize = 2;

pub async fn get(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    listed: Listed,
) -> Result<Response, Problem> {
    page(app, visitor, id, listed, &Typed::default()).await
}

/// `POST /detainers/{id}/facts/convictions`, `…/charges`
pub async fn post(
    app: &App,
    posted: Posted,
    id: DetainerId,
    listed: Listed,
) -> Result<Response, Problem> {
    let headers = steps::if_match(&posted.fields);
    let (list, rows) = read(&posted.fields);
    let mut patch = Map::new();
    patch.insert(listed.name().to_owned(), list);
    let answer = posted
        .once(Ok(patch))
        .run(app, &posted.visitor, async |tx, patch| {
            api::patched(tx, app, id, &headers, patch).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}#may"), "facts-stated")),
        Err(problem) => {
            let mut problem = mended(steps::reworded(problem));
            // The list left empty rows out; the complaints are about the form's rows.
            for error in &mut problem.errors {
                let mut parts = error.pointer.splitn(4, '/').skip(2);
                let at = parts.next().and_then(|at| at.parse::<usize>().ok());
                if let Some(row) = at.and_then(|at| rows.get(at)) {
                    let field = parts.next().unwrap_or("statute");
                    error.pointer = format!("/{row}/{field}");
                }
            }
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, id, listed, &typed).await
        }
    }
}

/// The list that the form says, and which row of the form each member was.
fn read(fields: &Fields) -> (Value, Vec<usize>) {
    match fields.get("known") {
        "" => (Value::Null, Vec::new()),
        "none" => (json!([]), Vec::new()),
        _ => {
            let (list, rows) = offense_rows::read(fields, "");
            (Value::Array(list), rows)
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    listed: Listed,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, opened) = step::open(app, visitor, id, DESK).await?;
    let body = api::body(&mut tx, app, &opened.case, &opened.paper).await?;
    let stated = store::latest(&mut tx, &[id.as_uuid()])
        .await?
        .remove(&id.as_uuid())
        .unwrap_or_default();
    tx.rollback().await?;
    let name = listed.name();
    let known = KnownFacts {
        stated: &stated,
        body: &body,
        frame: &opened.frame,
    };
    let own = known.value(name);
    let chosen = match &own {
        Value::Array(items) if items.is_empty() => "none",
        Value::Array(_) => "these",
        _ => "",
    };
    let of_booking: Vec<String> = body[name]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|offense| offense["source"] == "booking")
        .map(offense_rows::in_words)
        .collect();
    let mut consequences = match listed {
        Listed::Convictions => vec![
            "What a court has decided, with the date of its decision. A charge is not a conviction. Say “checked, \
             none” only after the criminal history was looked at."
                .to_owned(),
        ],
        Listed::Charges => {
            vec!["What the person is charged with now. A charge is not a conviction.".to_owned()]
        }
    };
    if !of_booking.is_empty() {
        consequences.push(format!(
            "From the booking, counted beside what is stated here: {}.",
            of_booking.join("; ")
        ));
    }
    let form = typed.form(FORM);
    let mut fields = vec![Field::tag(Tagged::ok(&body).etag())];
    let choices = vec![
        Choice::new("", "Unknown").hint("Nobody here has checked."),
        Choice::new("none", "Checked, none"),
        Choice::new("these", "These"),
    ];
    let answer = form.radio("known", "What is known", choices, chosen);
    fields.push(match known.hint(name) {
        Some(hint) => answer.hint(hint).into(),
        None => answer.into(),
    });
    let items = own.as_array().cloned().unwrap_or_default();
    let rows = match typed.fields(FORM) {
        Some(fields) => fields.get("rows").parse().unwrap_or(0).min(MOST),
        None => (items.len() + MORE).min(MOST),
    };
    fields.push(Field::Hidden("rows".to_owned(), rows.to_string()));
    let none = Value::Null;
    for row in 0..rows {
        fields.push(Field::Heading(format!("{} {}", listed.one(), row + 1)));
        let offense = items.get(row).unwrap_or(&none);
        offense_rows::fields(&form, "", row, offense, &mut fields);
    }
    fields.push(Field::Note(
        "More than these? State them first; then this page has empty rows again.".to_owned(),
    ));
    let page = StepPage {
        back: Link::new("Back to the facts", format!("/detainers/{id}/facts")),
        consequences,
        fields,
        ..opened.page(
            typed,
            match listed {
                Listed::Convictions => "State convictions",
                Listed::Charges => "State charges",
            },
            &format!("facts/{name}"),
            "State this list",
        )
    };
    show(typed.status(), &page)
}
