//! `/detainers` for an office: its own requests, as far as it was told.

use askama::Template;

use crate::dashboard::pieces::{EmptyNote, FilterChip};
use crate::dashboard::{Chip, Layout, Person, SelectField, TextField, When};

#[derive(Template)]
#[template(path = "office/detainers.html")]
pub struct DetainersPage {
    pub layout: Layout,
    pub filters: DetainerFilters,
    pub active: Vec<FilterChip>,
    pub summary: String,
    pub rows: Vec<DetainerLine>,
    pub next: Option<String>,
    pub first: Option<String>,
    pub empty: Option<EmptyNote>,
}

/// Names as in `GET /v1/detainers`.
pub struct DetainerFilters {
    pub status: SelectField,
    pub stage: SelectField,
    pub custodian: TextField,
    pub form: SelectField,
    pub name: TextField,
    pub a_number: TextField,
    pub issued_from: TextField,
    pub issued_to: TextField,
    pub sort: SelectField,
    pub more_open: bool,
}

pub struct DetainerLine {
    pub href: String,
    pub person: Person,
    pub stage: Chip,
    pub form: String,
    pub issued: String,
    pub age: String,
    pub asks: String,
    pub custodian: String,
    /// The release as it was told.
    pub told: Option<When>,
    /// "send it by other means", "duplicate".
    pub flags: Vec<String>,
}
