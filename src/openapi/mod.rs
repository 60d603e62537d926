//! The OpenAPI 3.1 document: the schemas come from the types, the calls from the table below,
//! which a test holds against the router. `make bless` writes docs/openapi.json.

mod calls;

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

pub use self::calls::{CALLS, Call, IF_MATCH, PUBLIC};
use self::calls::{Header, IDEMPOTENCY_KEY, IF_NONE_MATCH, REGISTRY};
use crate::custodian::bookings::{api as bookings, upsert};
use crate::custodian::claims::{api as claims, make, resolve};
use crate::custodian::detainers::api as case_files;
use crate::custodian::determinations::{api as determinations, decide};
use crate::custodian::duties::api as duties;
use crate::custodian::facts::api as facts;
use crate::custodian::holds::{api as holds, end, start};
use crate::custodian::persons;
use crate::custodian::preview;
use crate::custodian::release_notices::{api as notices, record};
use crate::exchange::detainer::{body, request};
use crate::exchange::{handover, notification, outcome};
use crate::http::problem::Slug;
use crate::identity::keys_api;
use crate::office::detainers::cancel;
use crate::registry::{agencies, api as registry, jurisdictions, offices, positions};
use crate::{http, law, log, office, oversight, policy};

/// `GET /v1/whoami`.
#[derive(Serialize, utoipa::ToSchema)]
pub struct WhoAmI {
    pub role: String,
    /// ORI.
    pub agency: Option<String>,
    /// DHS code.
    pub office: Option<String>,
    pub jurisdiction: Option<String>,
    pub key_id: String,
}

/// The work list of a party, or the masked one of oversight.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum AnyDetainerList {
    Party(body::DetainerList),
    Masked(oversight::detainers::MaskedDetainerList),
}

/// What a draft would change: a reviewer's own decisions, or an admin's counts.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum AnyPreview {
    Own(preview::api::Preview),
    Overseen(preview::overseen::OverseenPreview),
}

#[derive(OpenApi)]
#[openapi(components(schemas(
    WhoAmI,
    http::problem::ProblemBody,
    http::problem::FieldError,
    jurisdictions::JurisdictionBody,
    registry::JurisdictionList,
    agencies::AgencyBody,
    registry::AgencyRequest,
    registry::AgencyPatch,
    registry::AgencyList,
    registry::OfficePatch,
    offices::OfficeBody,
    registry::OfficeRequest,
    registry::Contact,
    registry::OfficeList,
    keys_api::KeyRequest,
    keys_api::KeyBody,
    keys_api::KeyList,
    request::DetainerRequest,
    request::SubjectRequest,
    body::DetainerBody,
    body::DetainerList,
    case_files::Timeline,
    case_files::AcknowledgementRequest,
    case_files::ServiceRequest,
    cancel::CancellationRequest,
    office::detainers::api::BulkCancellationRequest,
    office::detainers::api::BulkCancellation,
    crate::custodian::detainers::typed::relay::RelayRequest,
    crate::custodian::detainers::typed::relay::RelayBody,
    decide::DeterminationRequest,
    determinations::DeterminationBody,
    determinations::DeterminationList,
    determinations::AssessmentBody,
    facts::FactsBody,
    facts::FactsPatch,
    crate::policy::offense::Offense,
    make::ClaimRequest,
    resolve::ResolutionRequest,
    claims::ClaimBody,
    claims::ClaimList,
    start::HoldRequest,
    end::EndRequest,
    holds::HoldBody,
    holds::HoldList,
    handover::HandoverRequest,
    handover::HandoverBody,
    handover::HandoverList,
    duties::DutyBody,
    duties::DutyPatch,
    duties::DutyList,
    outcome::OutcomeRequest,
    outcome::OutcomeBody,
    upsert::BookingRequest,
    bookings::BookingBody,
    bookings::BookingList,
    record::NoticeRequest,
    notices::NoticeBody,
    notices::NoticeList,
    notification::NotificationBody,
    notification::NotificationList,
    notification::AttemptBody,
    crate::custodian::notifications::AttemptRequest,
    crate::custodian::determinations::standing::StandingRequest,
    crate::custodian::determinations::standing::StandingBody,
    office::notifications::ReceiptRequest,
    crate::custodian::feeds::api::FeedBody,
    crate::custodian::feeds::api::FeedList,
    crate::custodian::feeds::api::HeartbeatRequest,
    log::read::EventBody,
    crate::imports::answer::ImportBody,
    crate::imports::answer::ImportList,
    crate::custodian::imports::mappings::MappingBody,
    crate::custodian::imports::mappings::MappingList,
    crate::imports::answer::ImportStep,
    crate::custodian::matches::api::MatchBody,
    crate::custodian::matches::api::MatchList,
    crate::custodian::matches::by_hand::LinkRequest,
    crate::custodian::matches::decide::DecisionRequest,
    crate::custodian::release_notices::batch::BatchResult,
    crate::custodian::restrictions::Disclosure,
    crate::custodian::restrictions::set::RestrictionRequest,
    crate::custodian::restrictions::api::RestrictionBody,
    persons::api::PersonBody,
    persons::api::PersonList,
    persons::history::HistoryBody,
    oversight::detainers::MaskedDetainer,
    oversight::detainers::MaskedDetainerList,
    AnyDetainerList,
    oversight::audit::AuditEvent,
    oversight::audit::AuditList,
    positions::PositionBody,
    positions::PositionList,
    crate::registry::adopted::AdoptedPositionBody,
    crate::registry::adopted::AdoptedPositionRequest,
    policy::Assessment,
    crate::reports::api::StatisticsBody,
    preview::api::PreviewRequest,
    preview::api::PreviewItem,
    preview::api::Preview,
    preview::overseen::OverseenChange,
    preview::overseen::OverseenPreview,
    AnyPreview,
    law::evaluate::EvaluateRequest,
    law::evaluate::Evaluation,
    law::library::PolicyList,
    law::library::PolicyText,
    law::api::ClockRequest,
    policy::clock::Deadline,
)))]
struct Schemas;

/// `GET /openapi.json`
pub async fn get() -> Response {
    ([("content-type", "application/json")], document()).into_response()
}

/// The document as JSON text.
pub fn document() -> String {
    let mut schemas =
        serde_json::to_value(Schemas::openapi()).unwrap_or_default()["components"]["schemas"]
            .take();
    // An empty list is one of either kind.
    for (name, description) in [
        (
            "AnyDetainerList",
            "The work list of a party, or the masked one of oversight.",
        ),
        (
            "AnyPreview",
            "A reviewer's own decisions, or an admin's counts.",
        ),
    ] {
        let either = schemas[name]["oneOf"].take();
        schemas[name] = json!({"anyOf": either, "description": description});
    }
    let mut paths: Map<String, Value> = Map::new();
    for call in CALLS {
        let item = paths
            // A path that takes the rest is a parameter like another.
            .entry(format!("/v1{}", call.path.replace("{*", "{")))
            .or_insert_with(|| json!({}));
        item[call.method] = operation(call);
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sallyport",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Records immigration detainers, custody releases and what came of each request. \
                Every answer is in the scope of the key; another tenant's id is answered like a random one.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "sp_<key id>_<secret>"}},
            "responses": REFUSALS.iter().map(|status| (status.to_string(), refusal(*status))).collect::<Map<_, _>>(),
        },
    });
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// What a status says, for a reader; the refusals as their problems are titled.
fn description(status: u16) -> String {
    let said = match status {
        200 => "Done",
        201 => "Created",
        202 => "Accepted",
        204 => "Done; nothing to show",
        304 => "Unchanged since the ETag in If-None-Match",
        _ => "",
    };
    if !said.is_empty() {
        return said.to_owned();
    }
    let titles: Vec<_> = Slug::ALL
        .iter()
        .filter(|slug| slug.status().as_u16() == status)
        .map(|slug| format!("`{}`: {}", slug.as_str(), slug.title()))
        .collect();
    titles.join("; ")
}

/// A refusal: problem details, and the headers that belong to its status.
fn refusal(status: u16) -> Value {
    let text = json!({"schema": {"type": "string"}, "required": true});
    let seconds = json!({"schema": {"type": "integer", "minimum": 1}, "required": true});
    let headers = match status {
        401 => json!({"WWW-Authenticate": text}),
        405 => json!({"Allow": text}),
        429 | 503 => json!({"Retry-After": seconds}),
        _ => json!({}),
    };
    json!({
        "description": description(status),
        "headers": headers,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
    })
}

/// Every status that any call is refused with.
const REFUSALS: &[u16] = &[
    400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429, 500, 503,
];

/// The refusals that follow from what kind of call it is.
fn usual_refusals(call: &Call) -> Vec<u16> {
    let mut statuses = vec![400, 405, 429, 500, 503];
    if call.roles != PUBLIC {
        statuses.extend([401, 403]);
    }
    if call.path.contains('{') {
        statuses.push(404);
    }
    if call.query.is_some() {
        statuses.push(422);
    }
    if call.request.is_some() {
        statuses.extend([413, 415, 422]);
    }
    if matches!(call.method, "post" | "put") && !call.pure {
        statuses.push(409);
    }
    if headers(call).iter().any(|header| header.name == "If-Match") {
        statuses.extend([412, 428]);
    }
    statuses
}

/// The headers that a call reads, the usual ones first.
fn headers(call: &Call) -> Vec<&'static Header> {
    let usual = match call.method {
        "post" if !call.pure => Some(&IDEMPOTENCY_KEY),
        "patch" => Some(&IF_MATCH),
        "get" if has_tag(call) => Some(&IF_NONE_MATCH),
        _ => None,
    };
    usual.into_iter().chain(call.headers).collect()
}

const EVENT_STREAM: &str = "text/event-stream";

/// Streams have no state that a tag could name.
fn has_tag(call: &Call) -> bool {
    !call
        .answers
        .iter()
        .any(|(_, name)| [EVENT_STREAM, "text/csv"].contains(name))
}

const JSON_LINES: &str = "application/x-ndjson";

fn is_media_type(name: &str) -> bool {
    name.contains('/')
}

/// The content of a request or an answer: a schema's name means JSON.
fn content(name: &str, json_types: &[&str]) -> Value {
    if name == EVENT_STREAM {
        let event = json!({"$ref": "#/components/schemas/EventBody"});
        // The schema is that of one event of the stream.
        json!({name: {"schema": {
            "type": "object",
            "properties": {
                "id": {"type": "string", "pattern": "^[0-9]+$", "description": "The event's place in this stream."},
                "event": {"type": "string", "description": "The event's type."},
                "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": event},
                "retry": {"type": "integer"},
            },
        }}})
    } else if name == JSON_LINES {
        let line = json!({
            "booking_number": "26-001234", "kind": "scheduled", "effective_at": "2027-01-10T08:00:00-08:00",
            "subject": {"family_name": "Example"}, "source_message_id": "jms-778812",
        });
        json!({name: {"schema": {"type": "string", "description": "A NoticeRequest a line."}, "example": format!("{line}\n")}})
    } else if name.starts_with("text/") {
        json!({name: {"schema": {"type": "string"}}})
    } else if is_media_type(name) {
        json!({name: {"schema": {"type": "string", "format": "binary"}}})
    } else {
        json_types
            .iter()
            .map(|media_type| {
                let schema = json!({"$ref": format!("#/components/schemas/{name}")});
                ((*media_type).to_owned(), json!({"schema": schema}))
            })
            .collect::<Map<_, _>>()
            .into()
    }
}

fn answer(call: &Call, status: u16, name: &str) -> Value {
    let text = json!({"schema": {"type": "string"}});
    let needed = json!({"schema": {"type": "string"}, "required": true});
    let mut headers =
        json!({"RateLimit-Policy": needed, "RateLimit": needed, "X-Request-Id": needed});
    if !name.is_empty() && !is_media_type(name) {
        headers["ETag"] = needed.clone();
    }
    if matches!(status, 201 | 202) {
        headers["Location"] = text.clone();
    }
    if call.method == "post" && !call.pure {
        headers["Idempotent-Replayed"] =
            json!({"schema": {"const": "true"}, "description": "There on a stored answer."});
    }
    if name.ends_with("List") {
        headers["Link"] = text;
    }
    let mut answer = json!({"description": description(status), "headers": headers});
    if !name.is_empty() {
        answer["content"] = content(name, &["application/json"]);
    }
    answer
}

/// What a parameter holds, where its name says it in every call. Rust reads all of them as text.
fn kind(call: &Call, name: &str) -> Option<Value> {
    let kind = match name {
        // Instants serve there too.
        "from" | "to" if call.path == "/audit/events" => return None,
        "limit" => json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
        "date_of_birth" | "from" | "in_force_on" | "issued_from" | "issued_to" | "to" => {
            json!({"type": "string", "format": "date"})
        }
        "detainer" => json!({"type": "string", "format": "uuid"}),
        "connected" => json!({"type": "boolean"}),
        "name" if call.path == "/imports/mappings/{name}" => {
            json!({"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"})
        }
        // A blank one is refused too, which a schema says badly.
        "name" if call.path == "/feeds/{name}" => {
            json!({"type": "string", "minLength": 1, "maxLength": 100})
        }
        "id" if !matches!(call.group, REGISTRY | "Law") => {
            json!({"type": "string", "format": "uuid"})
        }
        _ => return None,
    };
    Some(kind)
}

fn operation(call: &Call) -> Value {
    let mut parameters: Vec<Value> = call
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let name = name.trim_start_matches('*');
            let kind = kind(call, name).unwrap_or_else(|| json!({"type": "string"}));
            json!({"name": name, "in": "path", "required": true, "schema": kind})
        })
        .collect();
    for parameter in call.query.map(|query| query()).into_iter().flatten() {
        let mut parameter = serde_json::to_value(parameter).unwrap_or_default();
        if let Some(kind) = kind(call, parameter["name"].as_str().unwrap_or_default()) {
            parameter["schema"] = kind;
        }
        parameter["allowEmptyValue"] = json!(true); // as forms send it: absent
        parameters.push(parameter);
    }
    for header in headers(call) {
        parameters.push(json!({
            "name": header.name, "in": "header", "required": header.required,
            "description": header.description, "schema": (header.schema)(),
        }));
    }
    let mut responses = Map::new();
    for (status, name) in call.answers {
        responses.insert(status.to_string(), answer(call, *status, name));
    }
    if call.method == "get" && has_tag(call) {
        let needed = json!({"schema": {"type": "string"}, "required": true});
        let headers = json!({"ETag": needed});
        responses.insert(
            "304".to_owned(),
            json!({"description": description(304), "headers": headers}),
        );
    }
    for status in usual_refusals(call).iter().chain(call.refusals) {
        responses.insert(
            status.to_string(),
            json!({"$ref": format!("#/components/responses/{status}")}),
        );
    }
    let roles = if call.roles == PUBLIC {
        "No key is needed.".to_owned()
    } else {
        format!("Roles: {}.", call.roles)
    };
    let mut operation = json!({
        "operationId": call.id, "summary": call.summary, "tags": [call.group],
        "description": roles, "parameters": parameters, "responses": responses,
    });
    if call.roles == PUBLIC {
        operation["security"] = json!([]);
    }
    if let Some(name) = call.request {
        let json_types: &[&str] = match call.method {
            "patch" => &["application/merge-patch+json", "application/json"],
            _ => &["application/json"],
        };
        operation["requestBody"] = json!({"required": true, "content": content(name, json_types)});
    }
    operation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let text = document();
        let document: Value = serde_json::from_str(&text).unwrap();
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(
                document["components"]["schemas"][name].is_object(),
                "{name}"
            );
        }
    }
}
