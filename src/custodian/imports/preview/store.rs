//! SQL on files that are looked at before they are taken in.

use uuid::Uuid;

use crate::custodian::imports::Job;
use crate::db::vault::Vault;
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::types::Timestamp;
use sqlx::types::Json;

const PEEK: &str = "import peek";

/// Makes a waiting job one that a person looks at first.
pub async fn keep(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: Uuid,
    peek: &[u8],
    says: &str,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.import_job set preview = true, peek = $3, problem = $4
            where agency_id = $1 and id = $2 and status = 'waiting'"#,
        agency,
        id,
        vault.seal(PEEK, peek),
        says
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// The beginning of the file; none when nobody looks at it any more.
pub async fn peek(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: Uuid,
) -> Result<Option<Vec<u8>>, StoreError> {
    let agency = tx.agency_id();
    let sealed = sqlx::query_scalar!(
        r#"select peek as "peek!" from custodian.import_job where agency_id = $1 and id = $2 and preview"#,
        agency,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    sealed.map(|sealed| vault.open(PEEK, &sealed)).transpose()
}

/// Changes how the file will be read. `false` when it was started, or is gone.
pub async fn redraft(
    tx: &mut ScopedTx<'_>,
    id: Uuid,
    mapping: Option<&str>,
    text: Option<&str>,
) -> Result<bool, StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.import_job set mapping = $3, mapping_text = $4 where agency_id = $1 and id = $2 and preview"#,
        agency,
        id,
        mapping,
        text
    );
    Ok(update.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Lets it run, for whoever pressed the button.
pub async fn start(tx: &mut ScopedTx<'_>, job: &Job) -> Result<bool, StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.import_job
              set status = 'running', preview = false, peek = null, problem = null, warnings = $3, headings = $4, started_at = $5,
                  started_by = $6, credential = $7, role = $8
            where agency_id = $1 and id = $2 and preview"#,
        agency,
        job.id,
        Json(&job.warnings) as _,
        Json(&job.headings) as _,
        job.started_at,
        job.started_by,
        job.credential,
        job.role
    );
    Ok(update.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Those that nobody has started since.
pub async fn left_lying(tx: &mut ScopedTx<'_>, since: Timestamp) -> Result<Vec<Uuid>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        "select id from custodian.import_job where agency_id = $1 and preview and started_at < $2 order by id",
        agency,
        since
    )
    .fetch_all(tx.conn())
    .await?)
}
