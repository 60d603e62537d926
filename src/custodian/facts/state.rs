//! Stating facts, by themselves or with a decision.

use serde_json::{Map, Value};

use super::model::{self, Change};
use super::store;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::Paper;
use crate::exchange::detainer::model::WarrantKind;
use crate::http::Problem;
use crate::log::{Event, leaf};
use crate::types::Timestamp;
use crate::types::actor::words;
use crate::types::ids::{DetainerId, salt};

words! {
    /// How a fact came to be stated.
    Source { Stated = "stated", Determination = "determination", Claim = "claim" }
}

/// States what a merge patch says about a request. The case file is locked by the caller, who
/// appends the events. A patch that changes nothing writes nothing.
///
/// # Errors
/// 400 for a name that is no fact, 422 for a value of another type.
pub async fn state(
    tx: &mut ScopedTx<'_>,
    paper: &Paper,
    patch: &Map<String, Value>,
    source: Source,
    at: Timestamp,
) -> Result<Vec<Event>, Problem> {
    let known = store::latest(tx, &[paper.id.as_uuid()])
        .await?
        .remove(&paper.id.as_uuid())
        .unwrap_or_default();
    let before = |name: &str| {
        known
            .iter()
            .find(|fact| fact.name == name)
            .and_then(|fact| fact.value.clone())
    };
    let judicial_paper = paper.warrants.iter().any(|warrant| {
        matches!(
            warrant.kind,
            WarrantKind::JudicialCriminal | WarrantKind::JudicialCivil
        )
    });
    let changes = model::changes(patch, before, judicial_paper)?;
    Ok(record(tx, paper.id, &changes, source, at).await?)
}

/// Writes facts that have been checked.
pub async fn record(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
    changes: &[Change],
    source: Source,
    at: Timestamp,
) -> Result<Vec<Event>, StoreError> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let (by, salt) = (tx.actor().name.clone(), salt());
    store::insert(tx, detainer, changes, source, &by, &salt, at).await?;
    let names: Vec<&str> = changes.iter().map(|(name, _)| *name).collect();
    // The names are codes; what was said of them is personal, so the event holds its hash.
    let event = Event::new("facts.stated", at, tx.actor())
        .detainer(detainer)
        .data("facts", names)
        .data("source", source.as_str())
        .data("row_hash", leaf::row_hash(&salt, &(changes, &by)));
    Ok(vec![event])
}

/// The `facts` of a determination, stated before it is assessed.
pub async fn stated_with_determination(
    tx: &mut ScopedTx<'_>,
    paper: &Paper,
    facts: Option<&Value>,
    at: Timestamp,
) -> Result<Vec<Event>, Problem> {
    match facts {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(patch)) => state(tx, paper, patch, Source::Determination, at)
            .await
            .map_err(|problem| model::below(problem, "/facts")),
        Some(_) => Err(Problem::field(
            "/facts",
            "object",
            "facts must be an object.",
        )),
    }
}
