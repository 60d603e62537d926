//! Errors as pages, and the page behind every problem type of the API.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use super::visitor::{bare, show};
use super::{Layout, Link};
use crate::http::Problem;
use crate::http::problem::Slug;

/// What a browser gets instead of `application/problem+json`.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct ProblemPage {
    /// `layout.title` is the problem's title.
    pub layout: Layout,
    pub status: u16,
    /// One sentence: what happened.
    pub detail: String,
    /// What to do now.
    pub mend: String,
    /// The field, the rule, the mend; empty unless values were wrong.
    pub errors: Vec<String>,
    /// `/problems/<slug>`.
    pub type_href: String,
    /// `urn:uuid:…`, to be told to whoever runs the service.
    pub instance: String,
    pub links: Vec<Link>,
}

/// `/problems`
#[derive(Template)]
#[template(path = "problems/index.html")]
pub struct ProblemIndexPage {
    pub layout: Layout,
    pub problems: Vec<ProblemDoc>,
}

/// `/problems/{slug}`
#[derive(Template)]
#[template(path = "problems/problem.html")]
pub struct ProblemDocPage {
    pub layout: Layout,
    pub problem: ProblemDoc,
}

pub struct ProblemDoc {
    pub slug: &'static str,
    pub status: u16,
    pub title: &'static str,
    /// What it means and what to do.
    pub help: &'static str,
    /// Whether the same request may succeed later.
    pub again: &'static str,
}

impl From<Slug> for ProblemDoc {
    fn from(slug: Slug) -> Self {
        Self {
            slug: slug.as_str(),
            status: slug.status().as_u16(),
            title: slug.title(),
            help: slug.help(),
            again: again(slug),
        }
    }
}

fn again(slug: Slug) -> &'static str {
    match slug {
        Slug::IdempotencyKeyReused => "Yes, with a fresh key.",
        Slug::IdempotencyInFlight => "Yes, in a moment, with the same key.",
        Slug::NoticeOnlyForm => "Not on this paper.",
        _ => match slug.status().as_u16() {
            401 => "Yes, with a valid key.",
            403 | 404 => "Not with this key.",
            409 => "Once its cause is gone, with the same key.",
            412 | 428 => "Yes, with the tag of the present record.",
            429 | 500.. => "Yes, later, with the same key.",
            _ => "Not as it is: change the request first.",
        },
    }
}

/// A problem as a page, for a browser.
pub fn render(problem: &Problem, request_id: Uuid) -> String {
    let slug = problem.slug;
    // The API's words speak of keys; a reader of pages has none.
    let (detail, mend) = match slug {
        Slug::NotFound => (
            "There is no such page or record in your scope.",
            "Check the address, or search. A record of somebody else answers in the same words as one that never was.",
        ),
        Slug::Internal => (
            "The service failed and nothing was stored.",
            "Send the form again: what was done is not done twice. If it fails again, tell the operator the number below.",
        ),
        _ => (problem.detail.as_str(), slug.help()),
    };
    let page = ProblemPage {
        layout: bare(slug.title()),
        status: slug.status().as_u16(),
        detail: detail.to_owned(),
        mend: mend.to_owned(),
        errors: problem
            .errors
            .iter()
            .map(|error| error.detail.clone())
            .filter(|text| text != detail)
            .collect(),
        type_href: format!("/problems/{}", slug.as_str()),
        instance: format!("urn:uuid:{request_id}"),
        links: vec![Link::new("Overview", "/")],
    };
    page.render().unwrap_or_else(|_| problem.detail.clone())
}

/// `GET /problems`
pub async fn index() -> Result<Response, Problem> {
    let page = ProblemIndexPage {
        layout: bare("Problem types"),
        problems: Slug::ALL.iter().copied().map(ProblemDoc::from).collect(),
    };
    show(StatusCode::OK, &page)
}

/// `GET /problems/{slug}`
pub async fn get(Path(slug): Path<String>) -> Result<Response, Problem> {
    let slug = Slug::ALL
        .iter()
        .copied()
        .find(|known| known.as_str() == slug)
        .ok_or_else(Problem::not_found)?;
    let page = ProblemDocPage {
        layout: bare(slug.title()),
        problem: slug.into(),
    };
    show(StatusCode::OK, &page)
}
