//! Every call of the API, a line each: a new route is described here.

use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa::openapi::path::Parameter;

use super::EVENT_STREAM;
use crate::custodian::bookings::api as bookings;
use crate::custodian::persons;
use crate::custodian::release_notices::api as notices;
use crate::exchange::detainer::filter;
use crate::exchange::notification;
use crate::imports::answer as imports;
use crate::law::api as law;
use crate::oversight;
use crate::registry::{api as registry, positions};

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
    pub(super) request: Option<&'static str>,
    /// Each status of success with its schema, its media type, or "" for no body.
    pub(super) answers: &'static [(u16, &'static str)],
    /// Refusals beyond the usual ones.
    pub(super) refusals: &'static [u16],
    pub(super) query: Option<fn() -> Vec<Parameter>>,
    /// Headers beyond the usual ones.
    pub(super) headers: &'static [Header],
    /// A `POST` that only computes: no `Idempotency-Key`.
    pub(super) pure: bool,
}

/// The roles of a call that needs no key.
pub const PUBLIC: &str = "public";

/// A request header that a call reads.
pub struct Header {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) description: &'static str,
    pub(super) schema: fn() -> Value,
}

/// Any text that a header can carry.
fn line() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"})
}

/// An entity tag, or several: any other text is one that never fits.
fn tag() -> Value {
    json!({"type": "string"})
}

pub(super) const IDEMPOTENCY_KEY: Header = Header {
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

pub(super) const IF_NONE_MATCH: Header = Header {
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

pub(super) const REGISTRY: &str = "Registry";

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
        path: "/detainers/{id}/letters/{kind}",
        group: "Detainers",
        id: "get_letter",
        summary: "A letter to the person or counsel: copy-and-intent, notice-of-notice, service-certificate",
        roles: "submitter, reviewer",
        answers: &[(200, "application/pdf")],
        query: Some(query::<crate::custodian::letters::api::LetterQuery>),
        refusals: &[409],
        ..NONE
    },
    Call {
        method: "put",
        path: "/detainers/{id}/booking",
        group: "Detainers",
        id: "link_detainer",
        summary: "Link a request to the latest booking of a number by hand, or with null to none",
        roles: "reviewer",
        request: Some("LinkRequest"),
        answers: &[(200, "DetainerBody")],
        headers: &[IF_MATCH],
        ..NONE
    },
    Call {
        path: "/matches",
        group: "Bookings and release notices",
        id: "list_matches",
        summary: "Which request is about which booking; candidates wait for a person",
        roles: "reviewer",
        answers: &[(200, "FoundMatchList")],
        query: Some(query::<crate::custodian::matches::api::MatchQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/matches/{id}/decision",
        group: "Bookings and release notices",
        id: "decide_match",
        summary: "Say whether a candidate is the same person",
        roles: "reviewer",
        request: Some("MatchDecisionRequest"),
        answers: &[(200, "FoundMatch")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/release-notices:batch",
        group: "Bookings and release notices",
        id: "record_release_notices",
        summary: "Record up to 1,000 notices, one JSON object a line, each by itself",
        roles: "submitter, reviewer",
        request: Some("application/x-ndjson"),
        answers: &[(200, "BatchResult")],
        ..NONE
    },
    Call {
        path: "/imports",
        group: "Bookings and release notices",
        id: "list_imports",
        summary: "Files of this agency, newest first; of the operator: releases",
        roles: "submitter, reviewer; historical_detainers: system_admin",
        answers: &[(200, "ImportList")],
        query: Some(query::<imports::ImportListQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/imports",
        group: "Bookings and release notices",
        id: "import_file",
        summary: "Hand in a file (CSV, XLSX, NDJSON, each also as gzip); it is taken in behind the answer",
        roles: "submitter, reviewer; historical_detainers: system_admin",
        request: Some("text/csv"),
        answers: &[(202, "ImportBody")],
        query: Some(query::<imports::ImportQuery>),
        ..NONE
    },
    Call {
        path: "/imports/mappings",
        group: "Bookings and release notices",
        id: "list_import_mappings",
        summary: "Which column is which field: the agency's own mappings, and those that come with the service",
        roles: "submitter, reviewer",
        answers: &[(200, "MappingList")],
        ..NONE
    },
    Call {
        path: "/imports/mappings/{name}",
        group: "Bookings and release notices",
        id: "get_import_mapping",
        summary: "One mapping with its text",
        roles: "submitter, reviewer",
        answers: &[(200, "MappingBody")],
        ..NONE
    },
    Call {
        method: "put",
        path: "/imports/mappings/{name}",
        group: "Bookings and release notices",
        id: "save_import_mapping",
        summary: "Save a mapping: the TOML file is the body",
        roles: "submitter, reviewer",
        request: Some("application/toml"),
        answers: &[(200, "MappingBody")],
        ..NONE
    },
    Call {
        method: "delete",
        path: "/imports/mappings/{name}",
        group: "Bookings and release notices",
        id: "delete_import_mapping",
        summary: "Forget a mapping of the agency's own; imports keep the text that they began with",
        roles: "submitter, reviewer",
        answers: &[(204, "")],
        refusals: &[409],
        ..NONE
    },
    Call {
        path: "/imports/{id}",
        group: "Bookings and release notices",
        id: "get_import",
        summary: "Progress and counts of a file",
        roles: "submitter, reviewer; historical_detainers: system_admin",
        answers: &[(200, "ImportBody")],
        ..NONE
    },
    Call {
        path: "/imports/{id}/rejects.csv",
        group: "Bookings and release notices",
        id: "get_import_rejects",
        summary: "The rows that were not taken, with line, column, value and reason",
        roles: "submitter, reviewer; historical_detainers: system_admin",
        answers: &[(200, "text/csv")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/imports/{id}/confirmation",
        group: "Bookings and release notices",
        id: "confirm_import",
        summary: "Let a file go on that waits for a person",
        roles: "reviewer",
        request: Some("ImportStep"),
        answers: &[(200, "ImportBody")],
        ..NONE
    },
    Call {
        method: "post",
        path: "/imports/{id}/cancellation",
        group: "Bookings and release notices",
        id: "cancel_import",
        summary: "Leave out the rest of a file",
        roles: "submitter, reviewer; historical_detainers: system_admin",
        request: Some("ImportStep"),
        answers: &[(200, "ImportBody")],
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
        path: "/feeds",
        group: "Notifications",
        id: "list_feeds",
        summary: "The systems that send to this agency, and their health",
        roles: "submitter, reviewer",
        answers: &[(200, "FeedList")],
        query: Some(query::<registry::PageQuery>),
        ..NONE
    },
    Call {
        method: "put",
        path: "/feeds/{name}",
        group: "Notifications",
        id: "send_heartbeat",
        summary: "A heartbeat; may say how often one is expected",
        roles: "submitter, reviewer",
        request: Some("HeartbeatRequest"),
        answers: &[(200, "FeedBody")],
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
        path: "/policies",
        group: "Law",
        id: "list_policies",
        summary: "Rules of law that are loaded",
        roles: PUBLIC,
        answers: &[(200, "PolicyList")],
        query: Some(query::<law::PolicyQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/policies/evaluate",
        group: "Law",
        id: "evaluate_policies",
        summary: "What the rules say of a case",
        roles: PUBLIC,
        request: Some("EvaluateRequest"),
        answers: &[(200, "Evaluation")],
        pure: true,
        ..NONE
    },
    Call {
        method: "post",
        path: "/policies/preview",
        group: "Law",
        id: "preview_policy",
        summary: "Which of the agency's past decisions a draft of a rule would judge otherwise; for an admin counts of \
                  its jurisdiction, rounded down to tens, 20 times a day, each with a trace in the agencies' logs",
        roles: "reviewer, jurisdiction_admin",
        request: Some("PreviewRequest"),
        answers: &[(200, "AnyPreview")],
        pure: true,
        ..NONE
    },
    Call {
        path: "/policies/{*id}",
        group: "Law",
        id: "get_policy",
        summary: "One rule in full; its id holds a slash",
        roles: PUBLIC,
        answers: &[(200, "PolicyText")],
        query: Some(query::<law::VersionQuery>),
        ..NONE
    },
    Call {
        method: "post",
        path: "/clock",
        group: "Law",
        id: "count_deadline",
        summary: "A hold's deadline with its working",
        roles: PUBLIC,
        request: Some("ClockRequest"),
        answers: &[(200, "Deadline")],
        pure: true,
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
