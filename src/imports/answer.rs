//! What is said of a file that is handed in, and what its import is answered with, whoever hands it in.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fields::Kind;
use crate::http::{Problem, once};
use crate::types::Timestamp;
use crate::types::actor::words;

words! {
    /// Where an import stands.
    ImportStatus {
        Running = "running",
        // A person has to look at what it would change.
        Waiting = "waiting",
        Done = "done", Failed = "failed", Cancelled = "cancelled",
    }
}

/// What became of records of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Changes {
    pub new: u64,
    pub changed: u64,
    pub unchanged: u64,
}

/// An import and how far it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportBody {
    pub id: Uuid,
    /// Absent for a release: it is no agency's.
    pub agency: Option<String>,
    /// Of a release: the data set that it is.
    pub dataset: Option<String>,
    pub kind: Kind,
    pub mapping: Option<String>,
    pub feed: Option<String>,
    /// The file names everybody in custody.
    pub roster: bool,
    pub file_name: Option<String>,
    pub status: ImportStatus,
    /// Rows so far; `read = accepted + unchanged + rejected`.
    pub read: u64,
    /// Rows of which something was new or changed.
    pub accepted: u64,
    pub unchanged: u64,
    pub rejected: u64,
    /// What the rows made, by kind of record.
    pub records: BTreeMap<String, Changes>,
    /// What was kept but not understood, and how often.
    pub warnings: BTreeMap<String, u64>,
    /// Why it waits for a person, or failed.
    pub problem: Option<String>,
    /// The file of rows that were not taken.
    pub rejects: Option<String>,
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub started_by: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ImportList {
    pub items: Vec<ImportBody>,
    pub next: Option<String>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// `bookings`, `release_notices`, `detainers`; the operator's: `historical_detainers`.
    pub kind: Option<String>,
    /// The caller's own.
    pub agency: Option<String>,
    /// The name of a mapping. Without one the headings are the names of the fields, nested ones with dots.
    pub mapping: Option<String>,
    /// The feed that sent the file.
    pub feed: Option<String>,
    /// `true`: the file names everybody in custody, and who is missing is reported.
    pub roster: Option<String>,
    pub file_name: Option<String>,
    /// Of historical detainers: the name of the data set.
    pub dataset: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportListQuery {
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

/// The media types that a file may be sent as; what it is, its first bytes say.
pub const MEDIA_TYPES: &[&str] = &[
    "text/csv",
    "text/tab-separated-values",
    "text/plain",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/gzip",
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
];

/// Complains of a media type that no file has.
pub fn media_type(headers: &HeaderMap) -> Result<(), Problem> {
    once::must_be_of(
        headers,
        MEDIA_TYPES,
        "Send the file itself as the body, with Content-Type: text/csv (CSV, TSV), application/x-ndjson, \
         application/vnd.openxmlformats-officedocument.spreadsheetml.sheet (XLSX) or application/octet-stream.",
    )
}

/// `POST /v1/imports/{id}/confirmation` and `/cancellation`: no fields.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportStep {}
