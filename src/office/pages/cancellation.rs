//! `/detainers/{id}/cancellation`: its own page, because it cannot be undone.

use askama::Template;

use crate::dashboard::{
    ErrorSummary, Layout, Learns, Person, SelectField, TextArea, TextField, Tokens,
};

/// `POST /detainers/{id}/cancellation`.
#[derive(Template)]
#[template(path = "office/cancellation.html")]
pub struct CancellationPage {
    pub layout: Layout,
    pub base: String,
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    pub person: Person,
    /// "I-247A of 20 Nov 2026 to San Diego Central Jail".
    pub paper: String,
    pub consequences: Vec<String>,
    pub lift_reason: SelectField,
    pub reason: TextArea,
    pub cancelled_on: TextField,
    pub learns: Learns,
}
