//! Showing one unmasked number: who, when and what for is on record before it is shown.

use serde_json::json;

use super::{Look, purpose_field, record};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::detainers::{case_file, papers};
use crate::db::ScopedTx;
use crate::http::Problem;
use crate::types::ids::DetainerId;

/// The A-number on a request's paper. The caller commits before it shows it.
pub async fn a_number(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    purpose: &str,
) -> Result<String, Problem> {
    case_file::get(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(DESK)?;
    let purpose = purpose_field(purpose)?;
    let paper = papers::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let number = paper
        .subject
        .a_number
        .as_ref()
        .map(|number| number.reveal().to_owned())
        .ok_or_else(Problem::not_found)?;
    let look = Look {
        kind: "reveal",
        purpose: &purpose,
        filters: json!({"identifier": "a_number", "detainer": id}),
        persons: Vec::new(),
        detainer: Some(id),
        at: app.clock.now(),
    };
    record(tx, look).await?;
    Ok(number)
}
