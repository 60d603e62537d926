//! Representations and their entity tags. The tag is a hash of the bytes that this caller sees,
//! so a hidden fact cannot move it.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::problem::{Problem, Slug};

/// An answer with a body, its entity tag and perhaps a place.
pub struct Tagged {
    pub status: StatusCode,
    pub body: Vec<u8>,
    pub location: Option<String>,
    pub links: Option<String>,
    /// What a replay shows instead: an answer that holds a secret shows it once.
    pub stored: Option<Vec<u8>>,
}

impl Tagged {
    /// 200 with the representation.
    pub fn ok(body: &impl Serialize) -> Self {
        Self::with(StatusCode::OK, body)
    }

    /// 201 with the new record and where to find it.
    pub fn created(body: &impl Serialize, location: String) -> Self {
        Self {
            location: Some(location),
            ..Self::with(StatusCode::CREATED, body)
        }
    }

    pub fn with(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("our own bodies serialise");
        Self {
            status,
            body,
            location: None,
            links: None,
            stored: None,
        }
    }

    /// A page of a list, with the `Link` to the next one.
    pub fn page(path: &str, body: &impl Serialize, next: Option<String>) -> Self {
        let separator = if path.contains('?') { '&' } else { '?' };
        let links = next.map(|next| format!("<{path}{separator}cursor={next}>; rel=\"next\""));
        Self {
            links,
            ..Self::ok(body)
        }
    }

    /// Leaves a field out of the stored answer.
    pub fn shown_once(mut self, field: &str) -> Self {
        if let Ok(serde_json::Value::Object(mut object)) = serde_json::from_slice(&self.body) {
            object.remove(field);
            self.stored = Some(serde_json::Value::Object(object).to_string().into_bytes());
        }
        self
    }

    pub fn etag(&self) -> String {
        of(&self.body)
    }

    /// The answer to a GET: 304 when the caller has it already.
    pub fn unless_known(self, headers: &HeaderMap) -> Response {
        let known = headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || tag.trim_start_matches("W/") == self.etag());
        if known {
            let etag = self.etag();
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            insert(response.headers_mut(), header::ETAG, &etag);
            return response;
        }
        self.into_response()
    }
}

/// The entity tag of some bytes, quoted.
pub fn of(body: &[u8]) -> String {
    format!("\"{}\"", hex::encode(&Sha256::digest(body)[..16]))
}

/// Checks `If-Match` against the tag of the present representation.
///
/// # Errors
/// 428 when the header is absent, 412 when it names another state.
pub fn require_match(headers: &HeaderMap, current: &str) -> Result<(), Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Err(Problem::new(
            Slug::PreconditionRequired,
            "Send the record's ETag in If-Match.",
        ));
    };
    let fits = value.to_str().is_ok_and(|value| {
        value
            .split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || tag == current)
    });
    if fits {
        Ok(())
    } else {
        Err(Problem::new(
            Slug::PreconditionFailed,
            "The record has changed since that ETag.",
        ))
    }
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

impl IntoResponse for Tagged {
    fn into_response(self) -> Response {
        let etag = self.etag();
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        insert(headers, header::ETAG, &etag);
        if let Some(location) = &self.location {
            insert(headers, header::LOCATION, location);
        }
        if let Some(links) = &self.links {
            insert(headers, header::LINK, links);
        }
        response
    }
}
