//! `/docs`: the contract as a plain page; the machine's copy is `/openapi.json`.

use askama::Template;

use super::Layout;

#[derive(Template)]
#[template(path = "docs.html")]
pub struct DocsPage {
    pub layout: Layout,
    pub groups: Vec<CallGroup>,
}

/// One tag of the contract, `id` its anchor.
pub struct CallGroup {
    pub id: String,
    pub name: String,
    pub calls: Vec<Call>,
}

pub struct Call {
    pub method: String,
    pub path: String,
    pub summary: String,
}
