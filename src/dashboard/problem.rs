//! Errors as pages, and the page behind every problem type of the API.

use askama::Template;

use super::{Layout, Link};

/// What a browser gets instead of `application/problem+json`.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct ProblemPage {
    /// `layout.title` is the problem's title.
    pub layout: Layout,
    pub status: u16,
    /// One sentence: what happened.
    pub detail: String,
    /// What to do now.
    pub mend: String,
    /// The field, the rule, the mend; empty unless values were wrong.
    pub errors: Vec<String>,
    /// `/problems/<slug>`.
    pub type_href: String,
    /// `urn:uuid:…`, to be told to whoever runs the service.
    pub instance: String,
    pub links: Vec<Link>,
}

/// `/problems`
#[derive(Template)]
#[template(path = "problems/index.html")]
pub struct ProblemIndexPage {
    pub layout: Layout,
    pub problems: &'static [ProblemDoc],
}

/// `/problems/{slug}`
#[derive(Template)]
#[template(path = "problems/problem.html")]
pub struct ProblemDocPage {
    pub layout: Layout,
    pub problem: &'static ProblemDoc,
}

#[derive(Debug)]
pub struct ProblemDoc {
    pub slug: &'static str,
    pub status: u16,
    pub title: &'static str,
    pub means: &'static str,
    pub mend: &'static str,
    /// Whether the same request may succeed later.
    pub again: &'static str,
}

pub fn find(slug: &str) -> Option<&'static ProblemDoc> {
    PROBLEMS.iter().find(|problem| problem.slug == slug)
}

const NOT_AS_IT_IS: &str = "Not as it is: change the request first.";

pub const PROBLEMS: &[ProblemDoc] = &[
    ProblemDoc {
        slug: "invalid-body",
        status: 400,
        title: "The body cannot be read",
        means: "The text is not JSON that this service accepts: a syntax error, a key given twice, a NUL character, nesting that is too deep, or a field that is unknown or only read.",
        mend: "Compare the body with the schema of the call. `errors` names the place.",
        again: NOT_AS_IT_IS,
    },
    ProblemDoc {
        slug: "idempotency-key-missing",
        status: 400,
        title: "The Idempotency-Key header is missing",
        means: "Every POST that changes something needs a key, so that a repeated request does the thing once.",
        mend: "Send a fresh UUID as `Idempotency-Key`, and the same one again when repeating the same request.",
        again: "Yes, with the header.",
    },
    ProblemDoc {
        slug: "unauthenticated",
        status: 401,
        title: "Not signed in",
        means: "No valid key or session came with the request.",
        mend: "Send `Authorization: Bearer sp_…`, or sign in again. A deleted or expired key stays dead.",
        again: "Yes, with a valid key.",
    },
    ProblemDoc {
        slug: "forbidden",
        status: 403,
        title: "Not for this role",
        means: "The caller may see this but not do it, or the call does not exist on the caller's side at all.",
        mend: "Ask somebody with the role that the documentation names for this call.",
        again: "Not with this key.",
    },
    ProblemDoc {
        slug: "not-found",
        status: 404,
        title: "Nothing here by that name",
        means: "There is no such record in the caller's scope. A record of somebody else answers in exactly the same words as one that never was.",
        mend: "Check the id, and that the key belongs to the right agency or office.",
        again: "Only if the record comes into being.",
    },
    ProblemDoc {
        slug: "method-not-allowed",
        status: 405,
        title: "This address has no such method",
        means: "The path exists, the method does not.",
        mend: "See the `Allow` header.",
        again: NOT_AS_IT_IS,
    },
    ProblemDoc {
        slug: "conflict",
        status: 409,
        title: "Another record stands in the way",
        means: "A record with the same identity and other content exists, as when one source message id comes twice with different facts.",
        mend: "Read the record that is there. If the new facts are right, send them as a correction.",
        again: "Once the conflict is gone, with the same key.",
    },
    ProblemDoc {
        slug: "illegal-transition",
        status: 409,
        title: "The record is not in a state for this",
        means: "The act does not follow from where the record stands: acknowledged twice, cancelled and then served, told before the paper has crossed.",
        mend: "Read the record and its timeline; another act may be due first.",
        again: "Once the record stands differently, with the same key.",
    },
    ProblemDoc {
        slug: "policy-prohibits",
        status: 409,
        title: "The law in force prohibits this",
        means: "The rules that apply to this agency at this instant prohibit the act on the facts that are known. `detail` carries the citation.",
        mend: "Nothing was done. If a fact is wrong or missing, state it; the assessment shows which facts would matter.",
        again: "Once a fact or the law has changed, with the same key.",
    },
    ProblemDoc {
        slug: "policy-indeterminate",
        status: 409,
        title: "The law gives no answer yet",
        means: "A fact is unknown, a claim is open, or the law is contested and the agency has adopted no position. The service does not guess.",
        mend: "State the facts that `errors` names, resolve the claim, or record the adopted position.",
        again: "Once that is settled, with the same key.",
    },
    ProblemDoc {
        slug: "not-served",
        status: 409,
        title: "The person has not been served",
        means: "No hold may begin before the person has been given a copy of the request.",
        mend: "Record the service first.",
        again: "After the service is recorded, with the same key.",
    },
    ProblemDoc {
        slug: "notice-only-form",
        status: 409,
        title: "This form asks for notice only",
        means: "The form gives no ground for a hold, so no hold clock can start from it.",
        mend: "Nothing to mend: the paper does not ask for this.",
        again: "Not on this paper.",
    },
    ProblemDoc {
        slug: "idempotency-in-flight",
        status: 409,
        title: "The same request is still being worked on",
        means: "A copy of this request with the same key has not finished yet.",
        mend: "Wait a moment and send it again with the same key.",
        again: "Yes, with the same key.",
    },
    ProblemDoc {
        slug: "precondition-failed",
        status: 412,
        title: "The record has changed since it was read",
        means: "The `If-Match` tag is no longer the record's.",
        mend: "Read the record again, look at what changed, and decide anew.",
        again: "Yes, with the new tag.",
    },
    ProblemDoc {
        slug: "too-large",
        status: 413,
        title: "The body is too large",
        means: "Bodies may have 1 MiB, imports 512 MiB.",
        mend: "Send it in parts, or as an import.",
        again: NOT_AS_IT_IS,
    },
    ProblemDoc {
        slug: "unsupported-media-type",
        status: 415,
        title: "This content type is not read here",
        means: "The call reads JSON, or for imports CSV, XLSX or NDJSON.",
        mend: "Set `Content-Type` to what is really sent.",
        again: NOT_AS_IT_IS,
    },
    ProblemDoc {
        slug: "validation",
        status: 422,
        title: "A value breaks a rule",
        means: "The JSON is fine, a value in it is not: a required field is missing, a date is malformed, or a rule between fields is broken.",
        mend: "`errors` names each field by its pointer, the rule, and what would be right.",
        again: NOT_AS_IT_IS,
    },
    ProblemDoc {
        slug: "idempotency-key-reused",
        status: 422,
        title: "The key was used for another request",
        means: "An accepted request with the same key had a different body.",
        mend: "Use a fresh key for a new request.",
        again: "Yes, with a fresh key.",
    },
    ProblemDoc {
        slug: "precondition-required",
        status: 428,
        title: "The If-Match header is missing",
        means: "A change to this record must say which version it is based on.",
        mend: "Read the record and send its `ETag` as `If-Match`.",
        again: "Yes, with the header.",
    },
    ProblemDoc {
        slug: "rate-limited",
        status: 429,
        title: "Too many requests",
        means: "This key has used its share for the moment. Intake has its own share, which reads never use up.",
        mend: "Wait as long as `RateLimit` says.",
        again: "Yes, later, with the same key.",
    },
    ProblemDoc {
        slug: "internal",
        status: 500,
        title: "Something failed inside the service",
        means: "The request was not carried out, or its answer was lost after it was.",
        mend: "Send it again with the same `Idempotency-Key`: what was done is not done twice. Tell the operator the `instance`.",
        again: "Yes, with the same key.",
    },
    ProblemDoc {
        slug: "unavailable",
        status: 503,
        title: "The service cannot answer now",
        means: "The database cannot be reached or is too busy. Nothing was accepted.",
        mend: "Wait as long as `Retry-After` says.",
        again: "Yes, later, with the same key.",
    },
];

/// A problem as a page, for a browser.
pub fn render(problem: &crate::http::Problem, request_id: uuid::Uuid) -> String {
    format!("{} (request {request_id})", problem.detail)
}
