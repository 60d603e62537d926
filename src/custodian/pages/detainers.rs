//! `/detainers` for the jail: the work list.

use askama::Template;

use crate::dashboard::pieces::{EmptyNote, FilterChip};
use crate::dashboard::{Chip, Layout, Person, SelectField, TextField, When};

#[derive(Template)]
#[template(path = "custodian/detainers.html")]
pub struct DetainersPage {
    pub layout: Layout,
    pub filters: DetainerFilters,
    /// The filters in force, each with the address of the list without it.
    pub active: Vec<FilterChip>,
    /// "50 shown, oldest release first".
    pub summary: String,
    pub rows: Vec<DetainerLine>,
    pub next: Option<String>,
    /// Back to the first page, when this is not it.
    pub first: Option<String>,
    /// Why the list is empty and what to do.
    pub empty: Option<EmptyNote>,
}

/// Names as in `GET /v1/detainers`.
pub struct DetainerFilters {
    pub status: SelectField,
    pub stage: SelectField,
    pub office: SelectField,
    pub form: SelectField,
    pub name: TextField,
    pub booking_number: TextField,
    pub a_number: TextField,
    pub issued_from: TextField,
    pub issued_to: TextField,
    pub sort: SelectField,
    /// Opens the lesser filters when one of them is in force.
    pub more_open: bool,
}

pub struct DetainerLine {
    pub href: String,
    pub person: Person,
    pub stage: Chip,
    /// "I-247A".
    pub form: String,
    /// "20 Nov 2026".
    pub issued: String,
    /// "5 days old".
    pub age: String,
    /// "notify, hold, transfer".
    pub asks: String,
    pub office: String,
    pub release: Option<When>,
    /// What the release field says when no release is known: "no release known".
    pub release_unknown: String,
    /// What is due next, in words: "Serve the person, target 24 h".
    pub next: Option<String>,
    /// "duplicate", "from a database hit only".
    pub flags: Vec<String>,
}
