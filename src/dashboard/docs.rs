//! `/docs`: the contract as a plain page; the machine's copy is `/openapi.json`.

use askama::Template;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::Layout;
use super::visitor::{bare, show};
use crate::http::Problem;

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

/// The calls of an OpenAPI document, by tag.
pub fn groups(document: &str) -> Vec<CallGroup> {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let mut groups: Vec<CallGroup> = Vec::new();
    let paths = document["paths"].as_object().into_iter().flatten();
    for (path, methods) in paths {
        for (method, call) in methods.as_object().into_iter().flatten() {
            let Some(call) = call.as_object() else {
                continue;
            };
            let text = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or_default();
            let tag = call
                .get("tags")
                .and_then(|tags| tags[0].as_str())
                .unwrap_or("calls");
            let line = Call {
                method: method.to_uppercase(),
                path: path.clone(),
                summary: text("summary").to_owned(),
            };
            match groups.iter_mut().find(|group| group.name == tag) {
                Some(group) => group.calls.push(line),
                None => groups.push(CallGroup {
                    id: format!("calls-{}", tag.replace(' ', "-")),
                    name: tag.to_owned(),
                    calls: vec![line],
                }),
            }
        }
    }
    groups
}

/// `GET /docs`
pub async fn get() -> Result<Response, Problem> {
    let page = DocsPage {
        layout: bare("API"),
        groups: groups(&crate::openapi::document()),
    };
    show(StatusCode::OK, &page)
}
