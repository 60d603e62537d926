//! Recording that a person claims citizenship or a status.

use serde::Deserialize;

use super::ClaimKind;
use super::store::{self, Claim};
use crate::app::App;
use crate::custodian::detainers::{CaseFile, case_file};
use crate::custodian::duties;
use crate::db::ScopedTx;
use crate::exchange::detainer::request::Complaints;
use crate::http::Problem;
use crate::log::{self, Event, leaf};
use crate::types::Timestamp;
use crate::types::ids::{ClaimId, salt};

/// `POST …/citizenship-claims`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimRequest {
    pub kind: ClaimKind,
    pub claimed_at: Timestamp,
    /// What the person showed, in words.
    pub proof: Option<String>,
}

impl ClaimRequest {
    pub fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        complaints.past("/claimed_at", self.claimed_at, now);
        complaints.optional_text("/proof", self.proof.as_deref(), 4000);
        complaints.finish()
    }
}

/// A claim can always be made, whatever became of the request.
#[tracing::instrument(name = "claims.make", skip_all, fields(detainer.id = %case.id))]
pub async fn make(
    tx: &mut ScopedTx<'_>,
    app: &App,
    mut case: CaseFile,
    request: &ClaimRequest,
) -> Result<Claim, Problem> {
    let now = app.clock.now();
    let (id, salt, by) = (ClaimId::new(now), salt(), tx.actor().name.clone());
    store::insert(tx, id, case.id, request, &by, &salt, now).await?;
    if !case.claim_open {
        case.claim_open = true;
        case_file::save(tx, &case).await?;
    }
    let event = Event::new("claim.made", now, tx.actor())
        .detainer(case.id)
        .subject("claim", id.as_uuid())
        .data("kind", request.kind.as_str())
        .instant("claimed_at", request.claimed_at)
        .data("row_hash", leaf::row_hash(&salt, &(&request.proof, &by)));
    let mut events = vec![event];
    events.extend(duties::verification(tx, case.id, None, now).await?);
    log::append(tx, events).await?;
    Ok(Claim {
        id: id.as_uuid(),
        detainer_id: case.id.as_uuid(),
        kind: request.kind.to_string(),
        claimed_at: request.claimed_at,
        proof: request.proof.clone(),
        recorded_at: now,
        recorded_by: by,
        salt,
        result: None,
        resolved_at: None,
        source: None,
        settled_at: None,
        settled_by: None,
    })
}
