//! All SQL on claims.

use uuid::Uuid;

use super::ClaimResult;
use super::make::ClaimRequest;
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::types::Timestamp;
use crate::types::ids::{ClaimId, DetainerId};

#[derive(Debug, Clone)]
pub struct Claim {
    pub id: Uuid,
    pub detainer_id: Uuid,
    pub kind: String,
    pub claimed_at: Timestamp,
    pub proof: Option<String>,
    pub recorded_at: Timestamp,
    pub recorded_by: String,
    pub salt: Vec<u8>,
    pub result: Option<String>,
    pub resolved_at: Option<Timestamp>,
    pub source: Option<String>,
    pub settled_at: Option<Timestamp>,
    pub settled_by: Option<String>,
}

pub async fn insert(
    tx: &mut ScopedTx<'_>,
    id: ClaimId,
    detainer: DetainerId,
    request: &ClaimRequest,
    by: &str,
    salt: &[u8],
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.citizenship_claim (agency_id, id, detainer_id, kind, claimed_at, proof, recorded_at,
                                                    recorded_by, salt)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        agency,
        id.as_uuid(),
        detainer.as_uuid(),
        request.kind.as_str(),
        request.claimed_at,
        request.proof,
        at,
        by,
        salt
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The claims on one request, oldest first.
pub async fn of_detainer(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Vec<Claim>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Claim,
        r#"select id, detainer_id, kind, claimed_at, proof, recorded_at, recorded_by, salt, result, resolved_at, source,
                  settled_at, settled_by
             from custodian.citizenship_claim where agency_id = $1 and detainer_id = $2 order by recorded_at, id"#,
        agency,
        detainer.as_uuid()
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Settles an open claim.
pub async fn resolve(
    tx: &mut ScopedTx<'_>,
    id: Uuid,
    result: ClaimResult,
    resolved_at: Timestamp,
    source: &str,
    by: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.citizenship_claim
              set result = $3, resolved_at = $4, source = $5, settled_by = $6, settled_at = $7
            where agency_id = $1 and id = $2 and result is null"#,
        agency,
        id,
        result.as_str(),
        resolved_at,
        source,
        by,
        at
    );
    expect_one_row(update.execute(tx.conn()).await?)
}
