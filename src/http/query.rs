//! Query parameters: unknown names are refused, an empty value is an absent one (forms send them).

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::{FieldError, Problem, Slug};
use crate::types::Timestamp;

/// The query string as `T`, whose fields are all texts or optional texts.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let axum::extract::Query(pairs) =
            axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(
                |error| {
                    Problem::new(
                        Slug::InvalidRequest,
                        format!("The query string cannot be read: {error}"),
                    )
                },
            )?;
        let mut object = Map::new();
        for (name, value) in pairs {
            if value.contains('\0') || name.contains('\0') {
                return Err(Problem::new(
                    Slug::InvalidRequest,
                    "A query parameter holds the character NUL.",
                ));
            }
            if value.is_empty() {
                continue;
            }
            if object.insert(name.clone(), Value::String(value)).is_some() {
                return Err(bad(&name, "given twice"));
            }
        }
        serde_path_to_error::deserialize(Value::Object(object))
            .map(Query)
            .map_err(|error| {
                let text = error.inner().to_string();
                let name = text
                    .strip_prefix("unknown field `")
                    .or_else(|| text.strip_prefix("missing field `"))
                    .and_then(|rest| rest.split('`').next())
                    .map_or_else(|| error.path().to_string(), str::to_owned);
                bad(&name, &text)
            })
    }
}

/// A complaint about one parameter: 422 with a pointer.
pub fn bad(name: &str, detail: &str) -> Problem {
    let detail = format!("The query parameter {name}: {detail}.");
    Problem {
        errors: vec![FieldError {
            pointer: format!("?{name}"),
            code: "invalid".into(),
            detail: detail.clone(),
        }],
        ..Problem::new(Slug::Validation, detail)
    }
}

/// The instant that a parameter names.
///
/// # Errors
/// 422 for anything but an instant with an offset.
pub fn instant(name: &str, text: &str) -> Result<Timestamp, Problem> {
    chrono::DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| bad(name, "an instant with offset is expected"))
}

/// Percent-encodes everything but unreserved characters.
pub fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// The path of a list with its filters, without the page: what the link to the next page goes
/// on with, since a cursor serves the list of its own filters only.
pub fn path(list: &str, fields: &[(&str, &Option<String>)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .filter_map(|(name, value)| {
            value
                .as_ref()
                .map(|value| format!("{name}={}", percent(value)))
        })
        .collect();
    if pairs.is_empty() {
        list.to_owned()
    } else {
        format!("{list}?{}", pairs.join("&"))
    }
}
