//! The OpenAPI 3.1 document: the schemas come from the types, the calls from the table below,
//! which a test holds against the router. `make bless` writes docs/openapi.json.

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::path::Parameter;
use utoipa::{IntoParams, OpenApi};

use crate::custodian::bookings::{api as bookings, upsert};
use crate::custodian::detainers::api as case_files;
use crate::custodian::determinations::{api as determinations, decide};
use crate::custodian::release_notices::{api as notices, record};
use crate::exchange::detainer::{body, filter, request};
use crate::exchange::{notification, outcome};
use crate::identity::keys_api;
use crate::office::detainers::cancel;
use crate::registry::{agencies, api as registry, jurisdictions, offices};
use crate::{http, law, log, office, policy};

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
    decide::DeterminationRequest,
    determinations::DeterminationBody,
    determinations::DeterminationList,
    determinations::AssessmentBody,
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
    office::notifications::ReceiptRequest,
    log::read::EventBody,
    policy::Assessment,
    crate::reports::api::StatisticsBody,
    law::evaluate::EvaluateRequest,
    law::evaluate::Evaluation,
    law::library::PolicyList,
    law::library::PolicyText,
    law::api::ClockRequest,
    policy::clock::Deadline,
)))]
struct Schemas;

/// One call.
pub struct Call {
    pub method: &'static str,
    /// Below `/v1`, as the router writes it.
    pub path: &'static str,
    pub group: &'static str,
    pub id: &'static str,
    pub summary: &'static str,
    /// Who may.
    pub roles: &'static str,
    request: Option<&'static str>,
    answers: &'static [(u16, &'static str)],
    query: Option<fn() -> Vec<Parameter>>,
}

fn query<T: IntoParams>() -> Vec<Parameter> {
    T::into_params(|| None)
}

/// No key is asked for.
const ANYONE: &str = "anyone, without a key";

const NONE: Call = Call {
    method: "get",
    path: "",
    group: "",
    id: "",
    summary: "",
    roles: "any key",
    request: None,
    answers: &[],
    query: None,
};

/// Every call of the API.
pub const CALLS: &[Call] = &[
    Call {
        path: "/whoami",
        group: "Registry",
        id: "whoami",
        summary: "Whose key this is",
        answers: &[(200, "WhoAmI")],
        ..NONE
    },
    Call {
        path: "/jurisdictions",
        group: "Registry",
        id: "list_jurisdictions",
        summary: "Nation, states, counties, cities",
        answers: &[(200, "JurisdictionList")],
        query: Some(query::<registry::JurisdictionQuery>),
        ..NONE
    },
    Call {
        path: "/jurisdictions/{id}",
        group: "Registry",
        id: "get_jurisdiction",
        summary: "One jurisdiction",
        answers: &[(200, "JurisdictionBody")],
        ..NONE
    },
    Call {
        path: "/agencies",
        group: "Registry",
        id: "list_agencies",
        summary: "Registered agencies",
        answers: &[(200, "AgencyList")],
        query: Some(query::<registry::AgencyQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/agencies",
        group: "Registry",
        id: "create_agency",
        summary: "Register an agency",
        roles: "system_admin",
        request: Some("AgencyRequest"),
        answers: &[(201, "AgencyBody")],
        ..NONE
    },
    Call {
        path: "/agencies/{ori}",
        group: "Registry",
        id: "get_agency",
        summary: "One agency",
        answers: &[(200, "AgencyBody")],
        ..NONE
    },
    Call {
        method: "patch",
        path: "/agencies/{ori}",
        group: "Registry",
        id: "patch_agency",
        summary: "Change an agency (merge patch)",
        roles: "system_admin",
        request: Some("AgencyPatch"),
        answers: &[(200, "AgencyBody")],
        ..NONE
    },
    Call {
        path: "/offices",
        group: "Registry",
        id: "list_offices",
        summary: "Registered offices",
        answers: &[(200, "OfficeList")],
        query: Some(query::<registry::PageQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/offices",
        group: "Registry",
        id: "create_office",
        summary: "Register an office",
        roles: "system_admin",
        request: Some("OfficeRequest"),
        answers: &[(201, "OfficeBody")],
        ..NONE
    },
    Call {
        path: "/offices/{code}",
        group: "Registry",
        id: "get_office",
        summary: "One office",
        answers: &[(200, "OfficeBody")],
        ..NONE
    },
    Call {
        method: "patch",
        path: "/offices/{code}",
        group: "Registry",
        id: "patch_office",
        summary: "Change an office (merge patch)",
        roles: "system_admin",
        request: Some("OfficePatch"),
        answers: &[(200, "OfficeBody")],
        ..NONE
    },
    Call {
        path: "/keys",
        group: "Registry",
        id: "list_keys",
        summary: "Keys that this caller manages",
        roles: "reviewer, system_admin",
        answers: &[(200, "KeyList")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/keys",
        group: "Registry",
        id: "create_key",
        summary: "Make a key, shown once",
        roles: "reviewer, system_admin",
        request: Some("KeyRequest"),
        answers: &[(201, "KeyBody")],
        ..NONE
    },
    Call {
        method: "delete",
        path: "/keys/{id}",
        group: "Registry",
        id: "delete_key",
        summary: "Revoke a key, at once",
        roles: "reviewer, system_admin",
        answers: &[(204, "")],
        ..NONE
    },
    Call {
        path: "/detainers",
        group: "Detainers",
        id: "list_detainers",
        summary: "The work list",
        roles: "submitter, reviewer, liaison",
        answers: &[(200, "DetainerList")],
        query: Some(query::<filter::DetainerQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers",
        group: "Detainers",
        id: "lodge_detainer",
        summary: "Lodge a request with a custodian",
        roles: "liaison",
        request: Some("DetainerRequest"),
        answers: &[(201, "DetainerBody")],
        ..NONE
    },
    Call {
        path: "/detainers/{id}",
        group: "Detainers",
        id: "get_detainer",
        summary: "One request",
        roles: "submitter, reviewer, liaison",
        answers: &[(200, "DetainerBody")],
        ..NONE
    },
    Call {
        path: "/detainers/{id}/timeline",
        group: "Detainers",
        id: "get_timeline",
        summary: "What happened, as far as this caller may see",
        roles: "submitter, reviewer, liaison",
        answers: &[(200, "Timeline")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers/{id}/acknowledgement",
        group: "Detainers",
        id: "acknowledge_detainer",
        summary: "Confirm receipt; told to the office",
        roles: "submitter, reviewer",
        request: Some("AcknowledgementRequest"),
        answers: &[(200, "DetainerBody")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers/{id}/service",
        group: "Detainers",
        id: "serve_detainer",
        summary: "Record service on the person",
        roles: "submitter, reviewer",
        request: Some("ServiceRequest"),
        answers: &[(200, "DetainerBody")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers/{id}/cancellation",
        group: "Detainers",
        id: "cancel_detainer",
        summary: "Withdraw a request",
        roles: "liaison",
        request: Some("CancellationRequest"),
        answers: &[(200, "DetainerBody")],
        ..NONE
    },
    Call {
        path: "/detainers/{id}/determinations",
        group: "Detainers",
        id: "list_determinations",
        summary: "Decisions on a request",
        roles: "submitter, reviewer",
        answers: &[(200, "DeterminationList")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers/{id}/determinations",
        group: "Detainers",
        id: "decide",
        summary: "Decide one act; a comply on notify_release tells the office",
        roles: "reviewer",
        request: Some("DeterminationRequest"),
        answers: &[(201, "DeterminationBody")],
        ..NONE
    },
    Call {
        path: "/detainers/{id}/assessment",
        group: "Detainers",
        id: "get_assessment",
        summary: "What may be done now",
        roles: "submitter, reviewer",
        answers: &[(200, "AssessmentBody")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers/{id}/outcome",
        group: "Detainers",
        id: "state_outcome",
        summary: "State what came of a request, on two axes",
        roles: "reviewer, liaison",
        request: Some("OutcomeRequest"),
        answers: &[(201, "OutcomeBody")],
        ..NONE
    },
    Call {
        path: "/bookings",
        group: "Bookings and release notices",
        id: "list_bookings",
        summary: "Bookings of this agency",
        roles: "submitter, reviewer",
        answers: &[(200, "BookingList")],
        query: Some(query::<bookings::BookingQuery>),
        ..NONE
    },
    Call {
        path: "/bookings/{booking_number}",
        group: "Bookings and release notices",
        id: "get_booking",
        summary: "The latest booking of a number",
        roles: "submitter, reviewer",
        answers: &[(200, "BookingBody")],
        ..NONE
    },
    Call {
        method: "put",
        path: "/bookings/{booking_number}",
        group: "Bookings and release notices",
        id: "put_booking",
        summary: "Record a booking as a feed states it",
        roles: "submitter, reviewer",
        request: Some("BookingRequest"),
        answers: &[(200, "BookingBody"), (201, "BookingBody")],
        ..NONE
    },
    Call {
        path: "/release-notices",
        group: "Bookings and release notices",
        id: "list_release_notices",
        summary: "Notices of this agency",
        roles: "submitter, reviewer",
        answers: &[(200, "NoticeList")],
        query: Some(query::<notices::NoticeQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/release-notices",
        group: "Bookings and release notices",
        id: "record_release_notice",
        summary: "Record a release; never blocked",
        roles: "submitter, reviewer",
        request: Some("NoticeRequest"),
        answers: &[(200, "NoticeBody"), (201, "NoticeBody")],
        ..NONE
    },
    Call {
        path: "/release-notices/{id}",
        group: "Bookings and release notices",
        id: "get_release_notice",
        summary: "One notice with what followed",
        roles: "submitter, reviewer",
        answers: &[(200, "NoticeBody")],
        ..NONE
    },
    Call {
        path: "/notifications",
        group: "Notifications",
        id: "list_notifications",
        summary: "What was told",
        roles: "submitter, reviewer, liaison",
        answers: &[(200, "NotificationList")],
        query: Some(query::<notification::page::NotificationQuery>),
        ..NONE
    },
    Call {
        path: "/notifications/{id}",
        group: "Notifications",
        id: "get_notification",
        summary: "One notification",
        roles: "submitter, reviewer, liaison",
        answers: &[(200, "NotificationBody")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/notifications/{id}/acknowledgement",
        group: "Notifications",
        id: "acknowledge_notification",
        summary: "Confirm that it was read",
        roles: "liaison",
        request: Some("ReceiptRequest"),
        answers: &[(200, "NotificationBody")],
        ..NONE
    },
    Call {
        path: "/events",
        group: "Notifications",
        id: "follow_events",
        summary: "This party's own stream (server-sent events)",
        roles: "submitter, reviewer, liaison",
        answers: &[(200, "text/event-stream")],
        ..NONE
    },
    Call {
        path: "/policies",
        group: "Law",
        id: "list_policies",
        summary: "Rules of law that are loaded",
        roles: ANYONE,
        answers: &[(200, "PolicyList")],
        query: Some(query::<law::api::PolicyQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/policies/evaluate",
        group: "Law",
        id: "evaluate_policies",
        summary: "What the rules say of a case",
        roles: ANYONE,
        request: Some("EvaluateRequest"),
        answers: &[(200, "Evaluation")],
        ..NONE
    },
    Call {
        path: "/policies/{*id}",
        group: "Law",
        id: "get_policy",
        summary: "One rule in full; its id holds a slash",
        roles: ANYONE,
        answers: &[(200, "PolicyText")],
        query: Some(query::<law::api::VersionQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/clock",
        group: "Law",
        id: "count_deadline",
        summary: "A hold's deadline with its working",
        roles: ANYONE,
        request: Some("ClockRequest"),
        answers: &[(200, "Deadline")],
        ..NONE
    },
    Call {
        path: "/statistics/detainers",
        group: "Statistics",
        id: "count_detainers",
        summary: "Counts of historical records",
        answers: &[(200, "StatisticsBody")],
        query: Some(query::<crate::reports::api::StatisticsQuery>),
        ..NONE
    },
];

/// `GET /openapi.json`
pub async fn get() -> Response {
    ([("content-type", "application/json")], document()).into_response()
}

/// The document as JSON text.
pub fn document() -> String {
    let schemas =
        serde_json::to_value(Schemas::openapi()).unwrap_or_default()["components"]["schemas"]
            .take();
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
            "responses": {"Problem": {
                "description": "Problem details (RFC 9457)",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
            }},
        },
    });
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn operation(call: &Call) -> Value {
    let mut parameters: Vec<Value> = call
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| name.trim_start_matches('*'))
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    if let Some(query) = call.query {
        parameters.extend(
            query()
                .into_iter()
                .filter_map(|parameter| serde_json::to_value(parameter).ok()),
        );
    }
    let is_public = call.roles == ANYONE;
    if call.method == "post" && !is_public {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true, "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "description": "A value of your own; a retry with the same one gets the stored answer.",
        }));
    }
    if call.method == "patch" {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": true, "schema": {"type": "string"},
            "description": "The ETag of the record as it was read.",
        }));
    }
    let mut responses = Map::new();
    for (status, schema) in call.answers {
        let description = if *status == 201 { "Created" } else { "Done" };
        let answer = match *schema {
            "" => json!({"description": description}),
            "text/event-stream" => {
                json!({"description": description, "content": {"text/event-stream": {"schema": {"type": "string"}}}})
            }
            name => json!({
                "description": description,
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}},
            }),
        };
        responses.insert(status.to_string(), answer);
    }
    if call.method == "get" {
        responses.insert(
            "304".to_owned(),
            json!({"description": "Unchanged since the ETag in If-None-Match"}),
        );
    }
    let mut problems = vec![400, 429, 500, 503];
    if !is_public {
        problems.extend([401, 403]);
    }
    if call.path.contains('{') {
        problems.push(404);
    }
    match call.method {
        "post" if is_public => problems.extend([413, 415, 422]),
        "post" | "put" => problems.extend([409, 413, 415, 422]),
        "patch" => problems.extend([412, 413, 415, 422, 428]),
        "get" if call.query.is_some() => problems.push(422),
        _ => {}
    }
    for status in problems {
        responses.insert(
            status.to_string(),
            json!({"$ref": "#/components/responses/Problem"}),
        );
    }
    let mut operation = json!({
        "operationId": call.id, "summary": call.summary, "tags": [call.group],
        "description": format!("Roles: {}.", call.roles), "parameters": parameters, "responses": responses,
    });
    if is_public {
        operation["security"] = json!([]);
    }
    if let Some(name) = call.request {
        operation["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}},
        });
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
