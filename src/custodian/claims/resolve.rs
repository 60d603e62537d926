//! Settling a claim: cooperation goes on, on the facts as they then are.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::ClaimResult;
use super::store::{self, Claim};
use crate::app::App;
use crate::custodian::detainers::{CaseFile, case_file};
use crate::custodian::duties;
use crate::custodian::facts::{self, Source};
use crate::db::ScopedTx;
use crate::exchange::detainer::request::Complaints;
use crate::http::Problem;
use crate::log::{self, Event, leaf};
use crate::types::Timestamp;

/// `PATCH …/citizenship-claims/{claim}`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolutionRequest {
    pub result: ClaimResult,
    pub resolved_at: Timestamp,
    /// Who or what settled it, such as a birth certificate or the LESC.
    pub source: String,
}

impl ResolutionRequest {
    pub fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        complaints.past("/resolved_at", self.resolved_at, now);
        complaints.text("/source", &self.source, 1000);
        complaints.finish()
    }
}

/// Settles one claim. The case stays paused while another one is open. A confirmed claim is proof
/// on file: the rules then say what follows, such as an exemption from every duty.
#[tracing::instrument(name = "claims.resolve", skip_all, fields(detainer.id = %case.id))]
pub async fn resolve(
    tx: &mut ScopedTx<'_>,
    app: &App,
    mut case: CaseFile,
    claim: Uuid,
    request: &ResolutionRequest,
) -> Result<Claim, Problem> {
    let now = app.clock.now();
    let claims = store::of_detainer(tx, case.id).await?;
    let found = claims
        .iter()
        .find(|found| found.id == claim)
        .ok_or_else(Problem::not_found)?;
    if let Some(result) = &found.result {
        return Err(Problem::illegal_transition(format!(
            "This claim has been resolved already: {result}. A new claim can be made."
        )));
    }
    let by = tx.actor().name.clone();
    store::resolve(
        tx,
        claim,
        request.result,
        request.resolved_at,
        &request.source,
        &by,
        now,
    )
    .await?;
    let open = |other: &Claim| other.id != claim && other.result.is_none();
    case.claim_open = claims.iter().any(open);
    case_file::save(tx, &case).await?;
    let mut events = vec![
        Event::new("claim.resolved", now, tx.actor())
            .detainer(case.id)
            .subject("claim", claim)
            .data("result", request.result.as_str())
            .instant("resolved_at", request.resolved_at)
            .data(
                "row_hash",
                leaf::row_hash(&found.salt, &(&request.source, &by)),
            ),
    ];
    if request.result == ClaimResult::Confirmed {
        let proof = [("proof_of_citizenship_or_status", Some(Value::Bool(true)))];
        events.extend(facts::state::record(tx, case.id, &proof, Source::Claim, now).await?);
    }
    if !case.claim_open {
        let resolved_at = Some(request.resolved_at);
        events.extend(duties::verification(tx, case.id, resolved_at, now).await?);
    }
    log::append(tx, events).await?;
    Ok(Claim {
        result: Some(request.result.to_string()),
        resolved_at: Some(request.resolved_at),
        source: Some(request.source.clone()),
        settled_at: Some(now),
        settled_by: Some(by),
        ..found.clone()
    })
}
