//! `/persons`: looking for a person of this agency. The form is sent, never put into an address:
//! a number or a name in a URL would lie in histories and logs, and every look has its purpose.

use askama::Template;
use axum::response::Response;

use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::persons::api::{self, MOST_PERSONS, PersonBody, PersonQuery};
use crate::custodian::persons::purpose_field;
use crate::dashboard::pieces::EmptyNote;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    ErrorSummary, Fields, Layout, Person, Posted, TextField, Tokens, Typed, Visitor, time, words,
};
use crate::db::scope::Access;
use crate::http::problem::Slug;
use crate::http::{Caller, Problem};

#[derive(Template)]
#[template(path = "custodian/persons.html")]
pub struct PersonsPage {
    pub layout: Layout,
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    pub purpose: TextField,
    /// One of these, or the two below together.
    pub numbers: Vec<TextField>,
    pub described: Vec<TextField>,
    pub results: Option<Results>,
}

/// What a search found.
pub struct Results {
    pub summary: String,
    /// Goes with each history that is opened from here.
    pub purpose: String,
    pub lines: Vec<PersonLine>,
    pub empty: Option<EmptyNote>,
}

pub struct PersonLine {
    /// `POST` with the purpose opens the history.
    pub action: String,
    pub tokens: Tokens,
    pub person: Person,
    /// "3 bookings".
    pub bookings: String,
}

const FORM: &str = "search";

pub async fn get(app: &App, visitor: &Visitor) -> Result<Response, Problem> {
    page(app, visitor, &Typed::default(), &Fields::default(), None).await
}

/// `POST /persons`
pub async fn post(app: &App, posted: Posted) -> Result<Response, Problem> {
    let fields = &posted.fields;
    let given = |name: &str| Some(fields.get(name).to_owned()).filter(|text| !text.is_empty());
    let query = PersonQuery {
        a_number: given("a_number"),
        fbi_number: given("fbi_number"),
        state_id: given("state_id"),
        name: given("name"),
        date_of_birth: given("date_of_birth"),
    };
    let purpose = fields.get("purpose");
    let mut tx = posted.visitor.open(app, Access::Write).await?;
    match api::searched(&mut tx, app, &query, || purpose_field(purpose)).await {
        Ok(list) => {
            tx.commit().await?;
            app.hub.committed();
            let found = Some(list.items);
            page(app, &posted.visitor, &Typed::default(), fields, found).await
        }
        Err(problem) => {
            tx.rollback().await?;
            let typed = refused(FORM, fields, problem)?;
            page(app, &posted.visitor, &typed, fields, None).await
        }
    }
}

/// The form again, when it was its values that were refused. The API speaks of parameters of an
/// address, the form of its fields.
pub fn refused(form: &'static str, fields: &Fields, problem: Problem) -> Result<Typed, Problem> {
    if problem.slug != Slug::Validation {
        return Err(problem);
    }
    let mut problem = problem;
    for error in &mut problem.errors {
        let Some(name) = error.pointer.strip_prefix('?').map(str::to_owned) else {
            continue;
        };
        if let Some(rest) = error
            .detail
            .strip_prefix(&format!("The query parameter {name}: "))
        {
            error.detail = format!("{}: {rest}", label(&name));
        }
        error.pointer = format!("/{name}");
    }
    Ok(Typed::refused(form, fields.clone(), problem))
}

fn label(name: &str) -> &'static str {
    match name {
        "a_number" => "A-number",
        "fbi_number" => "FBI number",
        "state_id" => "State ID",
        "date_of_birth" => "Birth date",
        "from" => "Booked from",
        "to" => "Booked to",
        _ => "Name",
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    typed: &Typed,
    sent: &Fields,
    found: Option<Vec<PersonBody>>,
) -> Result<Response, Problem> {
    let (tx, frame) = visitor.enter(app).await?;
    tx.require(DESK)?;
    tx.rollback().await?;
    let form = typed.form(FORM);
    let field = |name: &str| form.text(name, label(name), sent.get(name));
    let results = found.map(|items| Results {
        summary: match items.len() {
            1 => "1 record found".to_owned(),
            many if many as i64 >= MOST_PERSONS => {
                format!("The first {many} records; say more about the person to see fewer")
            }
            many => format!("{many} records found"),
        },
        purpose: sent.get("purpose").to_owned(),
        empty: items.is_empty().then(|| EmptyNote {
            why: "No record of this agency fits.".to_owned(),
            what: "Persons are known here by their bookings. A number is looked up as a whole; a name needs the birth date."
                .to_owned(),
            link: None,
        }),
        lines: items
            .into_iter()
            .map(|item| PersonLine {
                action: format!("/persons/{}", item.id),
                tokens: frame.tokens(),
                person: line(&item),
                bookings: match item.bookings {
                    1 => "1 booking".to_owned(),
                    many => format!("{many} bookings"),
                },
            })
            .collect(),
    });
    let page = PersonsPage {
        layout: frame.layout("Persons"),
        tokens: frame.tokens(),
        errors: typed.summary(),
        purpose: form
            .text("purpose", "What for", sent.get("purpose"))
            .hint("For example a case number or the report it is for.")
            .required(),
        numbers: vec![field("a_number"), field("fbi_number"), field("state_id")],
        described: vec![field("name"), field("date_of_birth").kind("date")],
        results,
    };
    show(typed.status(), &page)
}

fn line(item: &PersonBody) -> Person {
    let subject = &item.subject;
    Person {
        name: words::name(
            &subject.family_name,
            subject.given_name.as_deref(),
            subject.additional_names.as_deref(),
        ),
        born: subject.date_of_birth.map_or_else(
            || "birth date unknown".to_owned(),
            |date| format!("born {}", time::day(date)),
        ),
        a_number: subject
            .a_number
            .clone()
            .unwrap_or_else(|| "A-number unknown".to_owned()),
    }
}
