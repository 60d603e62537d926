//! Persons of one agency, and the history of one: bookings, requests, decisions, with their
//! denominators. Two records are one person here by a strong identifier, never by name.

pub mod api;
pub mod gather;
pub mod history;
pub mod reveal;
pub mod store;

use axum::http::HeaderMap;
use serde_json::Value;
use uuid::Uuid;

use crate::db::{ScopedTx, StoreError};
use crate::http::Problem;
use crate::log::{self, Event, leaf};
use crate::types::Timestamp;
use crate::types::ids::{DetainerId, salt};

/// The header that says what a person is looked up for.
pub const PURPOSE: &str = "purpose";

/// The stated purpose: 1 to 500 characters.
pub fn purpose(headers: &HeaderMap) -> Result<String, Problem> {
    let text = headers
        .get(PURPOSE)
        .and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
        .unwrap_or_default();
    stated(text).ok_or_else(|| {
        Problem::field(
            "Purpose",
            "missing",
            "Say in the header Purpose, in 1 to 500 characters, what the person is looked up for.",
        )
    })
}

/// The same from the field of a form.
pub fn purpose_field(text: &str) -> Result<String, Problem> {
    stated(text).ok_or_else(|| {
        Problem::field(
            "/purpose",
            "missing",
            "Say in 1 to 500 characters what the person is looked up for.",
        )
    })
}

fn stated(text: &str) -> Option<String> {
    let text = text.trim();
    (1..=500)
        .contains(&text.chars().count())
        .then(|| text.to_owned())
}

/// One look at persons, about to be recorded.
pub struct Look<'a> {
    pub kind: &'static str,
    pub purpose: &'a str,
    /// What was looked for: values as blind indexes.
    pub filters: Value,
    /// Which were found or opened.
    pub persons: Vec<Uuid>,
    /// The request whose person it was.
    pub detainer: Option<DetainerId>,
    pub at: Timestamp,
}

/// Records it: the caller commits before the answer goes out.
pub async fn record(tx: &mut ScopedTx<'_>, look: Look<'_>) -> Result<(), StoreError> {
    let (salt, by) = (salt(), tx.actor().name.clone());
    let kind = match look.kind {
        "search" => "persons.searched",
        "reveal" => "identifier.revealed",
        _ => "history.read",
    };
    let persons: Vec<String> = look.persons.iter().map(ToString::to_string).collect();
    let event = Event::new(kind, look.at, tx.actor())
        .data("persons", persons)
        .data(
            "purpose_hash",
            leaf::row_hash(&salt, &(look.purpose, &look.filters, &by)),
        );
    let event = match look.detainer {
        Some(id) => event.detainer(id),
        None => event,
    };
    store::keep_look(tx, event.id.as_uuid(), &look, &salt, &by).await?;
    log::append(tx, vec![event]).await?;
    Ok(())
}
