//! The OpenAPI 3.1 document: the schemas come from the types, the calls from the table below,
//! which a test holds against the router. `make bless` writes docs/openapi.json.

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::path::Parameter;
use utoipa::{IntoParams, OpenApi};

use crate::custodian::bookings::{api as bookings, upsert};
use crate::custodian::claims::{api as claims, make, resolve};
use crate::custodian::detainers::api as case_files;
use crate::custodian::determinations::{api as determinations, decide};
use crate::custodian::duties::api as duties;
use crate::custodian::facts::{api as facts, model as fact};
use crate::custodian::holds::{api as holds, end, start};
use crate::custodian::release_notices::{api as notices, record};
use crate::exchange::detainer::{body, filter, request};
use crate::exchange::{handover, notification, outcome};
use crate::http::problem::Slug;
use crate::identity::keys_api;
use crate::office::detainers::cancel;
use crate::custodian::persons;
use crate::registry::{agencies, api as registry, jurisdictions, offices, positions};
use crate::{http, log, office, oversight, policy};

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
    fact::Offense,
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
    log::read::EventBody,
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
)))]
struct Schemas;

/// One call. What follows from method, path, query and roles (the usual refusals, the headers of
/// idempotency and of preconditions) is not repeated here; see `operation`.
pub struct Call {
    pub method: &'static str,
    /// Below `/v1`, as the router writes it.
    pub path: &'static str,
    pub group: &'static str,
    pub id: &'static str,
    pub summary: &'static str,
    /// Who may; `PUBLIC` for a call that needs no key.
    pub roles: &'static str,
    /// A schema, or the media type of a body that is not JSON.
    request: Option<&'static str>,
    /// Each status of success with its schema, its media type, or "" for no body.
    answers: &'static [(u16, &'static str)],
    /// Refusals beyond the usual ones.
    refusals: &'static [u16],
    query: Option<fn() -> Vec<Parameter>>,
    /// Headers beyond the usual ones.
    headers: &'static [Header],
    /// A `POST` that only computes: no `Idempotency-Key`.
    pure: bool,
}

/// The roles of a call that needs no key.
pub const PUBLIC: &str = "public";

/// A request header that a call reads.
pub struct Header {
    name: &'static str,
    required: bool,
    description: &'static str,
    schema: fn() -> Value,
}

/// Any text that a header can carry.
fn line() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"})
}

/// An entity tag, or several: any other text is one that never fits.
fn tag() -> Value {
    json!({"type": "string"})
}

const IDEMPOTENCY_KEY: Header = Header {
    name: "Idempotency-Key",
    required: true,
    description: "A value of your own; a retry with the same one gets the stored answer.",
    schema: line,
};

/// Of a call that changes what was read.
pub const IF_MATCH: Header = Header {
    name: "If-Match",
    required: true,
    description: "The ETag of the record as it was read.",
    schema: tag,
};

const IF_NONE_MATCH: Header = Header {
    name: "If-None-Match",
    required: false,
    description: "The ETag of what the caller has already.",
    schema: tag,
};

/// Of a call that may make the first version: one of these two.
pub const IF_MATCH_OR_NONE: Header = Header {
    required: false,
    ..IF_MATCH
};

pub const IF_NONE_MATCH_FIRST: Header = Header {
    name: "If-None-Match",
    required: false,
    description: "`*` for the first version.",
    schema: tag,
};

/// Of a call that opens a person's record.
const PURPOSE: Header = Header {
    name: "Purpose",
    required: true,
    description: "What the person is looked up for, in 1 to 500 characters; kept, and its hash logged.",
    schema: line,
};

const LAST_EVENT_ID: Header = Header {
    name: "Last-Event-ID",
    required: false,
    description: "The last event that arrived: the stream goes on after it.",
    schema: || json!({"type": "integer", "format": "int64", "minimum": 0}),
};

fn query<T: IntoParams>() -> Vec<Parameter> {
    T::into_params(|| None)
}

const NONE: Call = Call {
    method: "get",
    path: "",
    group: "",
    id: "",
    summary: "",
    roles: "any key",
    request: None,
    answers: &[],
    refusals: &[],
    query: None,
    headers: &[],
    pure: false,
};

const REGISTRY: &str = "Registry";

/// Every call of the API.
pub const CALLS: &[Call] = &[
    Call {
        path: "/whoami",
        group: REGISTRY,
        id: "whoami",
        summary: "Whose key this is",
        answers: &[(200, "WhoAmI")],
        ..NONE
    },
    Call {
        path: "/jurisdictions",
        group: REGISTRY,
        id: "list_jurisdictions",
        summary: "Nation, states, counties, cities",
        answers: &[(200, "JurisdictionList")],
        query: Some(query::<registry::JurisdictionQuery>),
        ..NONE
    },
    Call {
        path: "/jurisdictions/{id}",
        group: REGISTRY,
        id: "get_jurisdiction",
        summary: "One jurisdiction",
        answers: &[(200, "JurisdictionBody")],
        ..NONE
    },
    Call {
        path: "/agencies",
        group: REGISTRY,
        id: "list_agencies",
        summary: "Registered agencies",
        answers: &[(200, "AgencyList")],
        query: Some(query::<registry::AgencyQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/agencies",
        group: REGISTRY,
        id: "create_agency",
        summary: "Register an agency",
        roles: "system_admin",
        request: Some("AgencyRequest"),
        answers: &[(201, "AgencyBody")],
        ..NONE
    },
    Call {
        path: "/agencies/{ori}",
        group: REGISTRY,
        id: "get_agency",
        summary: "One agency",
        answers: &[(200, "AgencyBody")],
        ..NONE
    },
    Call {
        method: "patch",
        path: "/agencies/{ori}",
        group: REGISTRY,
        id: "patch_agency",
        summary: "Change an agency (merge patch); an admin its name and place",
        roles: "system_admin; jurisdiction_admin in its subtree",
        request: Some("AgencyPatch"),
        answers: &[(200, "AgencyBody")],
        ..NONE
    },
    Call {
        path: "/offices",
        group: REGISTRY,
        id: "list_offices",
        summary: "Registered offices",
        answers: &[(200, "OfficeList")],
        query: Some(query::<registry::PageQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/offices",
        group: REGISTRY,
        id: "create_office",
        summary: "Register an office",
        roles: "system_admin",
        request: Some("OfficeRequest"),
        answers: &[(201, "OfficeBody")],
        ..NONE
    },
    Call {
        path: "/offices/{code}",
        group: REGISTRY,
        id: "get_office",
        summary: "One office",
        answers: &[(200, "OfficeBody")],
        ..NONE
    },
    Call {
        method: "patch",
        path: "/offices/{code}",
        group: REGISTRY,
        id: "patch_office",
        summary: "Change an office (merge patch)",
        roles: "system_admin",
        request: Some("OfficePatch"),
        answers: &[(200, "OfficeBody")],
        ..NONE
    },
    Call {
        path: "/keys",
        group: REGISTRY,
        id: "list_keys",
        summary: "Keys that this caller manages",
        roles: "reviewer, system_admin",
        answers: &[(200, "KeyList")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/keys",
        group: REGISTRY,
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
        group: REGISTRY,
        id: "delete_key",
        summary: "Revoke a key, at once",
        roles: "reviewer, system_admin",
        answers: &[(204, "")],
        ..NONE
    },
    Call {
        method: "put",
        path: "/detainers/{id}/restriction",
        group: "Detainers",
        id: "restrict_detainer",
        summary: "Hide a request from third parties, oversight and counts, or lift that; answers who had learned of it",
        roles: "reviewer",
        request: Some("RestrictionRequest"),
        answers: &[(200, "RestrictionBody")],
        headers: &[IF_MATCH],
        ..NONE
    },
    Call {
        method: "put",
        path: "/bookings/{booking_number}/restriction",
        group: "Bookings and release notices",
        id: "restrict_booking",
        summary: "Hide the latest booking of a number with the requests that hang on it, or lift that",
        roles: "reviewer",
        request: Some("RestrictionRequest"),
        answers: &[(200, "RestrictionBody")],
        headers: &[IF_MATCH],
        ..NONE
    },
    Call {
        path: "/persons",
        group: "People",
        id: "list_persons",
        summary: "Persons of this agency by a strong identifier, or by name and birth date together",
        roles: "submitter, reviewer",
        answers: &[(200, "PersonList")],
        query: Some(query::<persons::api::PersonQuery>),
        headers: &[PURPOSE],
        ..NONE
    },
    Call {
        path: "/persons/{id}/history",
        group: "People",
        id: "get_person_history",
        summary: "Bookings, requests and decisions, with the rule in force and the denominators",
        roles: "submitter, reviewer",
        answers: &[(200, "HistoryBody")],
        query: Some(query::<persons::api::HistoryQuery>),
        headers: &[PURPOSE],
        ..NONE
    },
    Call {
        path: "/audit/events",
        group: "Log",
        id: "list_audit_events",
        summary: "The log of a jurisdiction's agencies, or an office's stream for its auditor; newest first",
        roles: "jurisdiction_admin, auditor",
        answers: &[(200, "AuditList")],
        query: Some(query::<oversight::audit::AuditQuery>),
        ..NONE
    },
    Call {
        path: "/positions",
        group: REGISTRY,
        id: "list_positions",
        summary: "What governing bodies adopted, and what became of it",
        answers: &[(200, "PositionList")],
        query: Some(query::<positions::PositionQuery>),
        ..NONE
    },
    Call {
        path: "/agencies/{ori}/adopted-positions/{act}",
        group: REGISTRY,
        id: "get_adopted_position",
        summary: "How an agency reads a contested rule",
        answers: &[(200, "AdoptedPositionBody")],
        ..NONE
    },
    Call {
        method: "put",
        path: "/agencies/{ori}/adopted-positions/{act}",
        group: REGISTRY,
        id: "put_adopted_position",
        summary: "Adopt a reading: the next version; If-None-Match: * for the first",
        roles: "reviewer of the agency",
        request: Some("AdoptedPositionRequest"),
        answers: &[(200, "AdoptedPositionBody")],
        refusals: &[412, 428],
        headers: &[IF_MATCH_OR_NONE, IF_NONE_MATCH_FIRST],
        ..NONE
    },
    Call {
        path: "/detainers",
        group: "Detainers",
        id: "list_detainers",
        summary: "The work list; for admins and auditors with persons masked, and not to be filtered by them (422)",
        roles: "submitter, reviewer, liaison; jurisdiction_admin and auditor of a jurisdiction",
        answers: &[(200, "AnyDetainerList")],
        query: Some(query::<filter::DetainerQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers",
        group: "Detainers",
        id: "lodge_detainer",
        summary: "Lodge a request with a custodian; or record paper that this custodian received",
        roles: "liaison, submitter, reviewer",
        request: Some("DetainerRequest"),
        answers: &[(201, "DetainerBody"), (200, "DetainerBody")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers:cancel",
        group: "Detainers",
        id: "cancel_detainers",
        summary: "Withdraw up to 200 requests at once, each judged by itself",
        roles: "liaison",
        request: Some("BulkCancellationRequest"),
        answers: &[(200, "BulkCancellation")],
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
        path: "/detainers/{id}/relay",
        group: "Detainers",
        id: "relay_detainer",
        summary: "Pass a request on to the next agency",
        roles: "reviewer",
        request: Some("RelayRequest"),
        answers: &[(201, "RelayBody")],
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
        path: "/detainers/{id}/facts",
        group: "Detainers",
        id: "get_facts",
        summary: "What is known of a case, and who stated it",
        roles: "submitter, reviewer",
        answers: &[(200, "FactsBody")],
        ..NONE
    },
    Call {
        method: "patch",
        path: "/detainers/{id}/facts",
        group: "Detainers",
        id: "patch_facts",
        summary: "State facts (merge patch; null takes one back)",
        roles: "submitter, reviewer",
        request: Some("FactsPatch"),
        answers: &[(200, "FactsBody")],
        ..NONE
    },
    Call {
        path: "/detainers/{id}/citizenship-claims",
        group: "Detainers",
        id: "list_claims",
        summary: "Claims of citizenship or status",
        roles: "submitter, reviewer",
        answers: &[(200, "ClaimList")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers/{id}/citizenship-claims",
        group: "Detainers",
        id: "make_claim",
        summary: "Record a claim: cooperation pauses",
        roles: "submitter, reviewer",
        request: Some("ClaimRequest"),
        answers: &[(201, "ClaimBody")],
        ..NONE
    },
    Call {
        method: "patch",
        path: "/detainers/{id}/citizenship-claims/{claim}",
        group: "Detainers",
        id: "resolve_claim",
        summary: "Resolve a claim, under the ETag of the detainer",
        roles: "submitter, reviewer",
        request: Some("ResolutionRequest"),
        answers: &[(200, "ClaimBody")],
        ..NONE
    },
    Call {
        path: "/detainers/{id}/hold",
        group: "Detainers",
        id: "list_holds",
        summary: "Holds with their clocks",
        roles: "submitter, reviewer",
        answers: &[(200, "HoldList")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers/{id}/hold",
        group: "Detainers",
        id: "start_hold",
        summary: "Start a hold, where paper, service and law allow it",
        roles: "reviewer",
        request: Some("HoldRequest"),
        answers: &[(201, "HoldBody")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers/{id}/hold/end",
        group: "Detainers",
        id: "end_hold",
        summary: "End the hold that runs; at its deadline it ends by itself",
        roles: "reviewer",
        request: Some("EndRequest"),
        answers: &[(200, "DetainerBody")],
        ..NONE
    },
    Call {
        path: "/detainers/{id}/handover",
        group: "Detainers",
        id: "list_handovers",
        summary: "Both sides' statements of the hand-over",
        roles: "submitter, reviewer, liaison",
        answers: &[(200, "HandoverList")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/detainers/{id}/handover",
        group: "Detainers",
        id: "state_handover",
        summary: "State the hand-over, each side once",
        roles: "reviewer, liaison",
        request: Some("HandoverRequest"),
        answers: &[(201, "HandoverBody")],
        ..NONE
    },
    Call {
        path: "/detainers/{id}/duties",
        group: "Detainers",
        id: "list_duties",
        summary: "What is owed to the person and to counsel",
        roles: "submitter, reviewer",
        answers: &[(200, "DutyList")],
        ..NONE
    },
    Call {
        path: "/detainers/{id}/duties/{duty}",
        group: "Detainers",
        id: "get_duty",
        summary: "One duty",
        roles: "submitter, reviewer",
        answers: &[(200, "DutyBody")],
        ..NONE
    },
    Call {
        method: "patch",
        path: "/detainers/{id}/duties/{duty}",
        group: "Detainers",
        id: "patch_duty",
        summary: "Say that a duty is done (merge patch)",
        roles: "submitter, reviewer",
        request: Some("DutyPatch"),
        answers: &[(200, "DutyBody")],
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
        method: "post",
        path: "/notifications/{id}/attempts",
        group: "Notifications",
        id: "record_attempt",
        summary: "A notice given by telephone, fax, e-mail or in person",
        roles: "submitter, reviewer",
        request: Some("AttemptRequest"),
        answers: &[(201, "AttemptBody")],
        ..NONE
    },
    Call {
        path: "/agencies/{ori}/standing-decisions",
        group: "Registry",
        id: "get_standing_decisions",
        summary: "What this agency decides beforehand",
        roles: "submitter, reviewer",
        answers: &[(200, "StandingBody")],
        ..NONE
    },
    Call {
        method: "put",
        path: "/agencies/{ori}/standing-decisions",
        group: "Registry",
        id: "put_standing_decisions",
        summary: "Decide beforehand; If-None-Match: * for the first",
        roles: "reviewer",
        request: Some("StandingRequest"),
        answers: &[(200, "StandingBody")],
        refusals: &[412, 428],
        headers: &[IF_MATCH_OR_NONE, IF_NONE_MATCH_FIRST],
        ..NONE
    },
    Call {
        path: "/events",
        group: "Notifications",
        id: "follow_events",
        summary: "This party's own stream (server-sent events)",
        roles: "submitter, reviewer, liaison",
        answers: &[(200, EVENT_STREAM)],
        headers: &[LAST_EVENT_ID],
        ..NONE
    },
    Call {
        path: "/statistics/detainers",
        group: "Statistics",
        id: "count_detainers",
        summary: "Counts of historical records, or of live requests within the caller's scope",
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
            .entry(format!("/v1{}", call.path))
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

/// A stream has no state that a tag could name.
fn has_tag(call: &Call) -> bool {
    !call.answers.iter().any(|(_, name)| *name == EVENT_STREAM)
}

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
    if status == 201 {
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
        "id" if call.group != REGISTRY => json!({"type": "string", "format": "uuid"}),
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
