//! RFC 9457 problem details. A handler returns a `Problem`; the outermost layer writes it out
//! with the request's id, as JSON or as a page.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use uuid::Uuid;

use crate::db::StoreError;
use crate::types::ids::DetainerId;

macro_rules! slugs {
    ($($variant:ident = $slug:literal, $status:literal, $title:literal, $help:literal;)*) => {
        /// The problem types of the contract. Each has a page at `/problems/<slug>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Slug { $($variant),* }
        impl Slug {
            pub const ALL: &'static [Slug] = &[$(Slug::$variant),*];
            pub fn as_str(self) -> &'static str { match self { $(Slug::$variant => $slug),* } }
            pub fn status(self) -> StatusCode {
                StatusCode::from_u16(match self { $(Slug::$variant => $status),* }).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            pub fn title(self) -> &'static str { match self { $(Slug::$variant => $title),* } }
            /// What it means and what to do, for the problem's page.
            pub fn help(self) -> &'static str { match self { $(Slug::$variant => $help),* } }
        }
    };
}

slugs! {
    InvalidBody = "invalid-body", 400, "The text is not acceptable JSON",
        "The body is not JSON that this service accepts: a syntax error, a field given twice, an unknown or read-only field, a NUL, a lone surrogate, or nesting deeper than 32. Nothing was stored. Mend the field that the answer points to and send it again.";
    InvalidRequest = "invalid-request", 400, "The request cannot be read",
        "A part of the request outside its body (a cursor, a query parameter, a header) cannot be used. Nothing was stored.";
    IdempotencyKeyMissing = "idempotency-key-missing", 400, "An Idempotency-Key header is needed",
        "Every POST needs the header Idempotency-Key with a value of your own, such as a UUID, so that a retry cannot record a fact twice.";
    Unauthenticated = "unauthenticated", 401, "A valid key is needed",
        "Send the header Authorization: Bearer sp_… with a key that has not expired or been revoked. Keys in URLs are refused.";
    Forbidden = "forbidden", 403, "This role may not do that",
        "The key is valid, but its role or its side does not have this call.";
    NotFound = "not-found", 404, "Not found in your scope",
        "No such record exists in the scope of this key. Records of other agencies and offices are answered in the same way as ids that do not exist.";
    MethodNotAllowed = "method-not-allowed", 405, "That method is not allowed here",
        "The header Allow of the answer lists the methods of this address.";
    Conflict = "conflict", 409, "This conflicts with what is recorded",
        "Another record stands in the way; the detail says which. Nothing was changed.";
    IllegalTransition = "illegal-transition", 409, "A step is missing before this act",
        "The act does not fit the present state of the record; the detail names the missing step. Nothing was changed.";
    PolicyProhibits = "policy-prohibits", 409, "The law in force prohibits this act",
        "The rules in force for this agency prohibit the act on the facts recorded. The refusal is in the log; the detail cites the rule.";
    PolicyIndeterminate = "policy-indeterminate", 409, "The law cannot be settled on the facts recorded",
        "A fact is missing, a claim is open, or readings of the law differ. The detail names what would settle it.";
    NotServed = "not-served", 409, "The person has not been served",
        "A detainer takes effect only once a copy has been served on the person (form I-247A). Record the service first.";
    NoticeOnlyForm = "notice-only-form", 409, "This form asks only for notice",
        "Forms I-247G and I-247N ask for notice and neither ask for nor authorise a hold.";
    IdempotencyInFlight = "idempotency-in-flight", 409, "The same request is still running",
        "Another copy of this request, with the same Idempotency-Key, has not finished. Try again in a moment: the stored answer will be returned.";
    PreconditionFailed = "precondition-failed", 412, "The record has changed",
        "The If-Match header does not fit the present record. Read it again and decide whether the change still stands.";
    TooLarge = "too-large", 413, "The body is too large",
        "The limit is 1 MiB (imports: 512 MiB).";
    UnsupportedMediaType = "unsupported-media-type", 415, "That content type is not accepted",
        "Send application/json in UTF-8, without Content-Encoding.";
    Validation = "validation", 422, "A value is not acceptable",
        "The JSON is well formed, but a value breaks a rule. Each entry of errors points to a field and says what is expected.";
    IdempotencyKeyReused = "idempotency-key-reused", 422, "That Idempotency-Key was used for another request",
        "The key has already been used with another body on this address. Use a new one.";
    PreconditionRequired = "precondition-required", 428, "An If-Match header is needed",
        "Read the record, then send its ETag in If-Match, so that nobody's change is overwritten unseen.";
    RateLimited = "rate-limited", 429, "Too many requests",
        "Wait for the seconds in Retry-After. Release notices have an allowance of their own.";
    Internal = "internal", 500, "Something failed here",
        "The service failed and nothing was stored. Retry with the same Idempotency-Key; if it fails again, give the request id to the operator.";
    Unavailable = "unavailable", 503, "The service cannot reach its database",
        "Nothing was stored unless an earlier answer said so. Retry after the seconds in Retry-After with the same Idempotency-Key.";
}

/// One complaint about one field.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

/// A refusal that goes into the log in a transaction of its own.
#[derive(Debug, Clone)]
pub enum Refusal {
    /// By the law.
    Act {
        detainer: DetainerId,
        act: &'static str,
    },
    /// A source's message id that stands for other content already. Whoever took the message in
    /// logs it, since it counts at a feed.
    Message { known: Uuid, feed: Option<String> },
}

/// An error as the caller will see it.
#[derive(Debug, Clone)]
pub struct Problem {
    pub slug: Slug,
    pub detail: String,
    pub errors: Vec<FieldError>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub refusal: Option<Refusal>,
}

/// The body of a problem.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// `urn:uuid:<request id>`.
    pub instance: String,
    pub errors: Vec<FieldError>,
}

/// A problem of one item of a batch: the batch's own answer carries the request's id.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ItemProblem {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    pub errors: Vec<FieldError>,
}

impl From<Problem> for ItemProblem {
    fn from(problem: Problem) -> Self {
        Self {
            kind: format!("/problems/{}", problem.slug.as_str()),
            title: problem.slug.title().to_owned(),
            status: problem.slug.status().as_u16(),
            detail: problem.detail,
            errors: problem.errors,
        }
    }
}

impl Problem {
    pub fn new(slug: Slug, detail: impl Into<String>) -> Self {
        Self {
            slug,
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            refusal: None,
        }
    }

    pub fn not_found() -> Self {
        Self::new(Slug::NotFound, "No such record in the scope of this key.")
    }

    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(Slug::Forbidden, detail)
    }

    pub fn unauthenticated() -> Self {
        let mut problem = Self::new(
            Slug::Unauthenticated,
            "Send a valid key: Authorization: Bearer sp_…",
        );
        problem.headers.push((
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"sallyport\""),
        ));
        problem
    }

    pub fn illegal_transition(error: impl std::fmt::Display) -> Self {
        Self::new(Slug::IllegalTransition, error.to_string())
    }

    /// One field that breaks a rule: 422.
    pub fn field(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let mut problem = Self::new(Slug::Validation, detail.clone());
        problem.errors.push(FieldError {
            pointer: pointer.into(),
            code: code.to_owned(),
            detail,
        });
        problem
    }

    /// Several fields at once: 422.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => one.detail.clone(),
            many => format!("{} values are not acceptable; see errors.", many.len()),
        };
        Self {
            errors,
            ..Self::new(Slug::Validation, detail)
        }
    }

    pub fn with_error(mut self, pointer: &str, code: &str) -> Self {
        let detail = self.detail.clone();
        self.errors.push(FieldError {
            pointer: pointer.to_owned(),
            code: code.to_owned(),
            detail,
        });
        self
    }

    pub fn with_refusal(mut self, detainer: DetainerId, act: &'static str) -> Self {
        self.refusal = Some(Refusal::Act { detainer, act });
        self
    }

    pub fn unavailable() -> Self {
        let mut problem = Self::new(
            Slug::Unavailable,
            "The database cannot be reached at the moment. Retry shortly.",
        );
        problem
            .headers
            .push((header::RETRY_AFTER, HeaderValue::from_static("2")));
        problem
    }

    /// A failure of ours: logged once, here, and told without its reasons.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(error = %error, "a request failed");
        Self::new(
            Slug::Internal,
            "The request failed and nothing was stored. Retry with the same Idempotency-Key.",
        )
    }

    /// The body with the request's id.
    pub fn body(&self, request_id: Uuid) -> ProblemBody {
        ProblemBody {
            kind: format!("/problems/{}", self.slug.as_str()),
            title: self.slug.title().to_owned(),
            status: self.slug.status().as_u16(),
            detail: self.detail.clone(),
            instance: format!("urn:uuid:{request_id}"),
            errors: self.errors.clone(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_outage() {
            tracing::warn!(error = %error, "the database refused or was out of reach");
            Self::unavailable()
        } else if error.is_out_of_range() {
            tracing::info!(error = %error, "a value was out of the database's range");
            Self::new(
                Slug::Validation,
                "A value is outside the range that can be kept: a date, an instant or a number.",
            )
        } else {
            Self::internal(error)
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.slug.status().into_response();
        for (name, value) in &self.headers {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}
