//! `Idempotency-Key`: the change, its log entry and the stored answer are one transaction.
//!
//! Only a 2xx is stored. A refusal rolls back, key and all, so that it can be tried again once
//! its cause is gone; a policy refusal is then logged in a second transaction.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::problem::{Problem, Refusal, Slug};
use super::{Tagged, json, replay};
use crate::app::App;
use crate::db::scope::Access;
use crate::db::{ScopedTx, StoreError};
use crate::log::{self, Event};
use crate::types::ids::DetainerId;

/// The limit of an ordinary body.
pub const BODY_LIMIT: usize = 1 << 20;
/// Copies of one request that may wait for the first.
const MAX_COPIES: usize = 4;

/// Whoever presents a credential: opens the one transaction in which it is checked and used.
pub trait Caller: Send + Sync {
    /// Key or session id.
    fn credential(&self) -> &str;
    /// A transaction in this caller's scope, or 401.
    fn open(
        &self,
        app: &App,
        access: Access,
    ) -> impl Future<Output = Result<ScopedTx<'static>, Problem>> + Send;
}

/// A `POST`: its key, its parsed body (or the complaint about it) and the body's hash.
pub struct Once<T> {
    key: Result<String, Problem>,
    body: Result<T, Problem>,
    body_hash: [u8; 32],
    route: String,
}

impl<T: DeserializeOwned> FromRequest<App> for Once<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let parse = |headers: &HeaderMap, bytes: &[u8]| {
            json_type(headers).and_then(|()| json::parse(bytes))
        };
        Ok(Self::read(request, parse).await)
    }
}

impl<T> Once<T> {
    /// Of a body that is read in a way of its own.
    pub async fn read(
        request: Request,
        parse: impl FnOnce(&HeaderMap, &[u8]) -> Result<T, Problem>,
    ) -> Self {
        let (parts, body) = request.into_parts();
        let key = key(&parts.headers);
        let route = format!("{} {}", parts.method, parts.uri.path());
        let (body, body_hash) = match read_body(&parts.headers, body, BODY_LIMIT).await {
            Ok(bytes) => (parse(&parts.headers, &bytes), Sha256::digest(&bytes).into()),
            Err(problem) => (Err(problem), [0; 32]),
        };
        Self {
            key,
            body,
            body_hash,
            route,
        }
    }

    /// Runs `work`, which commits piece by piece, for this key. What it did is done, whatever
    /// becomes of the answer: each piece has to be one that can be sent again. The answer is
    /// stored at the end, and a copy of the request gets it from then on.
    pub async fn run_in_pieces<C: Caller>(
        self,
        app: &App,
        caller: &C,
        work: impl AsyncFnOnce(Result<T, Problem>) -> Result<Tagged, Problem>,
    ) -> Result<Response, Problem> {
        let _place = match &self.key {
            Ok(key) => Some(app.in_flight.enter(caller.credential(), key, &self.route)?),
            Err(_) => None,
        };
        let mut tx = caller.open(app, Access::Write).await?;
        let key = self.key?;
        if let Some(stored) = claim(&mut tx, app, &key, &self.route, &self.body_hash).await? {
            return Ok(stored);
        }
        tx.rollback().await?;
        let answer = work(self.body).await?;
        let mut tx = caller.open(app, Access::Write).await?;
        if let Some(stored) = claim(&mut tx, app, &key, &self.route, &self.body_hash).await? {
            return Ok(stored);
        }
        store(&mut tx, app, &key, &self.route, &answer).await?;
        tx.commit().await?;
        Ok(answer.into_response())
    }

    /// Of a body that has been read already.
    pub fn of_parts(
        parts: &axum::http::request::Parts,
        body: Result<T, Problem>,
        body_hash: [u8; 32],
    ) -> Self {
        Self {
            key: key(&parts.headers),
            body,
            body_hash,
            route: format!("{} {}", parts.method, parts.uri.path()),
        }
    }

    /// For a form of the dashboard: the hidden field is the key.
    pub fn from_form(
        key: &str,
        route: String,
        body: Result<T, Problem>,
        body_hash: [u8; 32],
    ) -> Self {
        Self {
            key: checked_key(key),
            body,
            body_hash,
            route,
        }
    }

    /// Runs `work` once for this key. The closure gets the body, or the complaint about it, so
    /// that it can look for the record (404) before it complains (400, 422).
    pub async fn run<C: Caller>(
        self,
        app: &App,
        caller: &C,
        work: impl AsyncFnOnce(&mut ScopedTx<'_>, Result<T, Problem>) -> Result<Tagged, Problem>,
    ) -> Result<Response, Problem> {
        let _place = match &self.key {
            Ok(key) => Some(app.in_flight.enter(caller.credential(), key, &self.route)?),
            Err(_) => None,
        };
        let mut tx = caller.open(app, Access::Write).await?;
        let key = self.key?;
        if let Some(stored) = claim(&mut tx, app, &key, &self.route, &self.body_hash).await? {
            return Ok(stored);
        }
        match work(&mut tx, self.body).await {
            Ok(answer) => {
                store(&mut tx, app, &key, &self.route, &answer).await?;
                tx.commit().await?;
                app.hub.committed();
                Ok(answer.into_response())
            }
            Err(problem) => {
                tx.rollback().await?;
                if let Some(Refusal::Act { detainer, act }) = problem.refusal {
                    record_refusal(app, caller, detainer, act, &problem).await?;
                }
                Err(problem)
            }
        }
    }
}

/// Inserts the key or waits for the copy that holds it: one round trip for new and replay.
async fn claim(
    tx: &mut ScopedTx<'_>,
    app: &App,
    key: &str,
    route: &str,
    body_hash: &[u8; 32],
) -> Result<Option<Response>, Problem> {
    let credential = tx.actor().credential.clone();
    let now = app.clock.now();
    // Keyed: a bare hash at rest would let a short body be guessed.
    let body_hash = app.vault.tag("stored answer body", body_hash);
    let row = sqlx::query!(
        r#"insert into identity.stored_answer as stored (credential, key, route, body_hash, created_at)
           values ($1, $2, $3, $4, $5)
           on conflict (credential, key, route) do update set created_at = stored.created_at
           returning body_hash, status, headers, body"#,
        credential,
        key,
        route,
        &body_hash[..],
        now
    )
    .fetch_one(tx.conn())
    .await
    .map_err(StoreError::from);
    let row = match row {
        // The first copy held the row for longer than we wait.
        Err(error) if error.code().as_deref() == Some("55P03") => return Err(in_flight()),
        other => other?,
    };
    let Some(status) = row.status else {
        return Ok(None);
    };
    if row.body_hash != body_hash {
        return Err(Problem::new(
            Slug::IdempotencyKeyReused,
            "This Idempotency-Key was used for another body on this address. Use a new key.",
        ));
    }
    let location = row
        .headers
        .as_ref()
        .and_then(|headers| headers[header::LOCATION.as_str()].as_str());
    if let Some(record) = replay::record(route, location)
        && !replay::readable(tx, record).await?
    {
        return Err(Problem::not_found());
    }
    let body = app
        .vault
        .open("stored_answer", row.body.as_deref().unwrap_or_default())?;
    let status = StatusCode::from_u16(status as u16).unwrap_or(StatusCode::OK);
    let mut response = (status, body).into_response();
    for (name, value) in row
        .headers
        .as_ref()
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if let (Ok(name), Some(Ok(value))) = (
            name.parse::<HeaderName>(),
            value.as_str().map(HeaderValue::from_str),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(Some(response))
}

async fn store(
    tx: &mut ScopedTx<'_>,
    app: &App,
    key: &str,
    route: &str,
    answer: &Tagged,
) -> Result<(), StoreError> {
    let mut headers = Map::new();
    headers.insert(header::CONTENT_TYPE.to_string(), "application/json".into());
    headers.insert(header::ETAG.to_string(), answer.etag().into());
    if let Some(location) = &answer.location {
        headers.insert(header::LOCATION.to_string(), location.clone().into());
    }
    let sealed = app.vault.seal(
        "stored_answer",
        answer.stored.as_ref().unwrap_or(&answer.body),
    );
    let credential = tx.actor().credential.clone();
    let update = sqlx::query!(
        r#"update identity.stored_answer set status = $4, headers = $5, body = $6
            where credential = $1 and key = $2 and route = $3"#,
        credential,
        key,
        route,
        i32::from(answer.status.as_u16()),
        Value::Object(headers),
        sealed
    );
    crate::db::expect_one_row(update.execute(tx.conn()).await?)
}

async fn record_refusal<C: Caller>(
    app: &App,
    caller: &C,
    detainer: DetainerId,
    act: &'static str,
    problem: &Problem,
) -> Result<(), Problem> {
    let mut tx = caller.open(app, Access::Write).await?;
    let event = Event::new("refused", app.clock.now(), tx.actor())
        .detainer(detainer)
        .data("act", act)
        .data("problem", problem.slug.as_str());
    log::append(&mut tx, vec![event]).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(())
}

fn in_flight() -> Problem {
    let mut problem = Problem::new(
        Slug::IdempotencyInFlight,
        "Another copy of this request is still running. Retry in a moment for its answer.",
    );
    problem
        .headers
        .push((header::RETRY_AFTER, HeaderValue::from_static("1")));
    problem
}

/// `Idempotency-Key: "…"`, quoted as the draft says or bare.
fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let value = headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .trim();
    let value = value
        .strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(value);
    checked_key(value)
}

fn checked_key(value: &str) -> Result<String, Problem> {
    if value.is_empty() || value.len() > 255 || !value.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Err(Problem::new(
            Slug::IdempotencyKeyMissing,
            "Send the header Idempotency-Key with a value of your own, such as a UUID.",
        ));
    }
    Ok(value.to_owned())
}

/// Refuses a body of another media type than these, with what to send instead.
pub fn must_be_of(headers: &HeaderMap, allowed: &[&str], says: &str) -> Result<(), Problem> {
    let sent = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    match allowed.iter().any(|own| own.eq_ignore_ascii_case(sent)) {
        true => Ok(()),
        false => Err(Problem::new(Slug::UnsupportedMediaType, says)),
    }
}

/// JSON only, and not compressed: a small body must not become a large one.
pub fn json_type(headers: &HeaderMap) -> Result<(), Problem> {
    must_be_of(
        headers,
        &["application/json", "application/merge-patch+json"],
        "Send Content-Type: application/json.",
    )?;
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| value != "identity")
    {
        return Err(Problem::new(
            Slug::UnsupportedMediaType,
            "Send the body without Content-Encoding.",
        ));
    }
    Ok(())
}

/// The headers of a request and its JSON body, or the complaint about that: whoever asks looks for
/// the record (404) and at the role (403) first.
///
/// # Errors
/// A body that is too large or broken off.
pub async fn read_json<T: DeserializeOwned>(
    request: Request,
) -> Result<(HeaderMap, Result<T, Problem>), Problem> {
    let (parts, stream) = request.into_parts();
    let bytes = read_body(&parts.headers, stream, BODY_LIMIT).await?;
    let body = json_type(&parts.headers).and_then(|()| json::parse(&bytes));
    Ok((parts.headers, body))
}

/// Reads at most `limit` bytes.
pub async fn read_body(
    headers: &HeaderMap,
    body: axum::body::Body,
    limit: usize,
) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(
            Slug::TooLarge,
            format!("The body is larger than {limit} bytes."),
        )
    };
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    match http_body_util::BodyExt::collect(http_body_util::Limited::new(body, limit)).await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Problem::new(
            Slug::InvalidBody,
            "The body ended before it was complete.",
        )),
    }
}

/// How many copies of each request are inside: the limit is taken before a connection is.
#[derive(Clone, Default)]
pub struct InFlight(Arc<Mutex<HashMap<String, usize>>>);

struct Place {
    all: InFlight,
    name: String,
}

impl InFlight {
    fn enter(&self, credential: &str, key: &str, route: &str) -> Result<Place, Problem> {
        let name = format!("{credential} {route} {key}");
        let mut all = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let copies = all.entry(name.clone()).or_default();
        if *copies >= MAX_COPIES {
            return Err(in_flight());
        }
        *copies += 1;
        Ok(Place {
            all: self.clone(),
            name,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self
            .all
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(copies) = all.get_mut(&self.name) {
            *copies -= 1;
            if *copies == 0 {
                all.remove(&self.name);
            }
        }
    }
}
