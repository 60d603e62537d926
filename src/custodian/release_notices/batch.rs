//! `POST /v1/release-notices:batch`: many notices in one body, each recorded by itself.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use super::api::{NoticeBody, recorded};
use super::record::NoticeRequest;
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::feeds::refused;
use crate::db::scope::Access;
use crate::http::problem::{ItemProblem, Slug};
use crate::http::{Caller, Once, Problem, Tagged, json};
use crate::identity::Custodian;

const MOST_LINES: usize = 1_000;

/// What became of a line.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BatchItem {
    /// From 1, as in the body.
    pub line: usize,
    /// The HTTP status that the line would have had by itself.
    pub status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_message_id: Option<String>,
    /// As `GET /v1/release-notices/{id}` answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<NoticeBody>)]
    pub notice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ItemProblem>,
}

/// In the order of the lines. Blank lines are passed over.
#[derive(Serialize, utoipa::ToSchema)]
pub struct BatchResult {
    pub items: Vec<BatchItem>,
}

/// A line with its number, read or complained of.
type Line = (usize, Result<NoticeRequest, Problem>);

/// Splits the body. A line that cannot be read is one bad line; too many are no batch.
fn lines(headers: &HeaderMap, bytes: &[u8]) -> Result<Vec<Line>, Problem> {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let known = [
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/json",
    ];
    if !known.contains(&essence.as_str()) || headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::new(
            Slug::UnsupportedMediaType,
            "Send Content-Type: application/x-ndjson, one JSON object a line, without Content-Encoding.",
        ));
    }
    let lines: Vec<_> = bytes
        .split(|byte| *byte == b'\n')
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    if lines.is_empty() || lines.len() > MOST_LINES {
        return Err(Problem::field(
            "",
            "length",
            format!("One call takes 1 to {MOST_LINES} lines; split a longer file or import it."),
        ));
    }
    let values: Vec<_> = lines
        .into_iter()
        .map(|(at, line)| (at, json::strict(line)))
        .collect();
    // A table or a document that was sent here by mistake is not a thousand bad lines.
    if !values
        .iter()
        .any(|(_, value)| value.as_ref().is_ok_and(Value::is_object))
    {
        return Err(Problem::new(
            Slug::InvalidBody,
            "No line is a JSON object. Send one notice a line, without a list around them.",
        ));
    }
    Ok(values
        .into_iter()
        .map(|(at, value)| (at, value.and_then(request)))
        .collect())
}

/// A retry of the whole has to find each line again.
fn request(value: Value) -> Result<NoticeRequest, Problem> {
    if !value.is_object() {
        return Err(Problem::field("", "object", "A JSON object is expected."));
    }
    let request: NoticeRequest = json::read(value)?;
    if request.source_message_id.is_none() {
        return Err(Problem::field(
            "/source_message_id",
            "missing",
            "source_message_id is required in a batch: it keeps a retry from recording a line twice.",
        ));
    }
    Ok(request)
}

pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    request: Request,
) -> Result<Response, Problem> {
    let once = Once::read(request, lines).await;
    once.run_in_pieces(&app, &caller, async |lines| {
        let tx = caller.open(&app, Access::Read).await?;
        tx.require(DESK)?;
        tx.rollback().await?;
        let mut items = Vec::new();
        for (line, request) in lines? {
            items.push(one(&app, &caller, line, request).await?);
        }
        Ok(Tagged::ok(&BatchResult { items }))
    })
    .await
}

/// Records one line in a transaction of its own.
///
/// # Errors
/// Only what concerns the whole: the service is failing, and the batch has to be sent again.
async fn one(
    app: &App,
    caller: &Custodian,
    line: usize,
    request: Result<NoticeRequest, Problem>,
) -> Result<BatchItem, Problem> {
    let source_message_id = request
        .as_ref()
        .ok()
        .and_then(|request| request.source_message_id.clone());
    let answer = match request {
        Err(problem) => Err(problem),
        Ok(request) => {
            let mut tx = caller.open(app, Access::Write).await?;
            match recorded(&mut tx, app, Ok(request)).await {
                Ok(answer) => {
                    tx.commit().await?;
                    app.hub.committed();
                    Ok(answer)
                }
                Err(problem) => {
                    tx.rollback().await?;
                    refused::keep(app, caller, &problem).await?;
                    Err(problem)
                }
            }
        }
    };
    match answer {
        Ok(answer) => Ok(BatchItem {
            line,
            status: answer.status.as_u16(),
            source_message_id,
            notice: serde_json::from_slice(&answer.body).ok(),
            problem: None,
        }),
        Err(problem) if problem.slug.status().is_server_error() => Err(problem),
        Err(problem) => Ok(BatchItem {
            line,
            status: problem.slug.status().as_u16(),
            source_message_id,
            notice: None,
            problem: Some(ItemProblem::from(problem)),
        }),
    }
}
