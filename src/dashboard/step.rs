//! A next step of a record, on a page of its own: what it means, what the other side will learn,
//! the fields, one button. Every act that is more than a line is such a page.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::http::{HeaderMap, HeaderValue, header};

use super::{
    CheckField, ErrorSummary, Fields, Layout, Learns, Link, Person, RadioField, SelectField,
    TextArea, TextField, Tokens,
};
use crate::http::Problem;
use crate::http::problem::Slug;

/// A field of any kind, in the order of the form.
#[derive(Clone, Debug)]
pub enum Field {
    Text(TextField),
    Area(TextArea),
    Select(SelectField),
    Radio(RadioField),
    Check(CheckField),
    /// Sent unseen: name and value.
    Hidden(String, String),
    /// Above the fields that belong together.
    Heading(String),
    /// A line between the fields: what is known without being asked.
    Note(String),
    /// A further page that belongs to the form: address and words.
    Link(String, String),
}

/// The hidden field that says which state of the record the page showed.
const TAG: &str = "etag";

impl Field {
    /// Sends the record's tag along, as the API's `If-Match`.
    pub fn tag(etag: String) -> Self {
        Self::Hidden(TAG.to_owned(), etag)
    }
}

/// The precondition that a form carries: the record as it was when the page was opened.
pub fn if_match(fields: &Fields) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(tag) = HeaderValue::from_str(fields.get(TAG)) {
        headers.insert(header::IF_MATCH, tag);
    }
    headers
}

/// The API's words on a precondition speak of tags; a reader of pages has none.
pub fn reworded(mut problem: Problem) -> Problem {
    if problem.slug == Slug::PreconditionFailed {
        problem.detail =
            "The record has changed since this page was opened. Below it is as it stands now: \
                          look again, then send the form."
                .to_owned();
    }
    problem
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::Text(field) => field.fmt(f),
            Field::Area(field) => field.fmt(f),
            Field::Select(field) => field.fmt(f),
            Field::Radio(field) => field.fmt(f),
            Field::Check(field) => field.fmt(f),
            Field::Hidden(name, value) => Hidden { name, value }.fmt(f),
            Field::Heading(text) => Between {
                text,
                heading: true,
            }
            .fmt(f),
            Field::Link(href, text) => Further { href, text }.fmt(f),
            Field::Note(text) => Between {
                text,
                heading: false,
            }
            .fmt(f),
        }
    }
}
impl HtmlSafe for Field {}

#[derive(Template)]
#[template(
    source = r#"<input type="hidden" name="{{ name }}" value="{{ value }}">"#,
    ext = "html"
)]
struct Hidden<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Template)]
#[template(
    source = r#"{% if heading %}<h2>{{ text }}</h2>{% else %}<p class="sub">{{ text }}</p>{% endif %}"#,
    ext = "html"
)]
struct Between<'a> {
    text: &'a str,
    heading: bool,
}

#[derive(Template)]
#[template(source = r#"<p><a href="{{ href }}">{{ text }}</a></p>"#, ext = "html")]
struct Further<'a> {
    href: &'a str,
    text: &'a str,
}

macro_rules! from {
    ($($field:ident => $kind:ident),*) => {$(
        impl From<$kind> for Field {
            fn from(field: $kind) -> Self {
                Field::$field(field)
            }
        }
    )*};
}
from!(Text => TextField, Area => TextArea, Select => SelectField, Radio => RadioField, Check => CheckField);

/// `templates/step.html`.
#[derive(Template)]
#[template(path = "step.html")]
pub struct StepPage {
    pub layout: Layout,
    /// Where the way back leads.
    pub back: Link,
    pub errors: ErrorSummary,
    pub tokens: Tokens,
    pub person: Option<Person>,
    /// "I-247A of 20 Nov 2026, from SND".
    pub about: Vec<String>,
    /// What it means, before anything is typed.
    pub consequences: Vec<String>,
    /// Cannot be undone, or bears on somebody's liberty: said in a box.
    pub grave: bool,
    /// Why it is not offered now; then there is no form.
    pub barred: Option<String>,
    /// Where the form posts to.
    pub action: String,
    pub fields: Vec<Field>,
    pub learns: Learns,
    pub button: String,
}

/// A link to a step, on the record's page.
#[derive(Clone, Debug)]
pub struct NextStep {
    pub link: Link,
    /// One line: what it is for.
    pub hint: String,
}

impl NextStep {
    pub fn new(label: &str, href: String, hint: &str) -> Self {
        Self {
            link: Link::new(label, href),
            hint: hint.to_owned(),
        }
    }
}
