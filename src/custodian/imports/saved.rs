//! SQL on the mappings that agencies have saved.

use crate::db::{ScopedTx, StoreError};
use crate::imports::fields::Kind;
use crate::types::Timestamp;

/// The names of the mappings that the agency has saved.
pub async fn mapping_names(tx: &mut ScopedTx<'_>) -> Result<Vec<String>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        "select name from custodian.import_mapping where agency_id = $1 order by name",
        agency
    )
    .fetch_all(tx.conn())
    .await?)
}

pub async fn mapping(tx: &mut ScopedTx<'_>, name: &str) -> Result<Option<String>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        "select text from custodian.import_mapping where agency_id = $1 and name = $2",
        agency,
        name
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A mapping that an agency has saved.
pub struct SavedMapping {
    pub name: String,
    pub kind: Kind,
    pub text: String,
    pub saved_at: Timestamp,
    pub saved_by: String,
}

/// The mappings that the agency has saved, by name.
pub async fn mappings(tx: &mut ScopedTx<'_>) -> Result<Vec<SavedMapping>, StoreError> {
    saved(tx, None).await
}

/// The agency's own mapping of this name.
pub async fn saved_mapping(
    tx: &mut ScopedTx<'_>,
    name: &str,
) -> Result<Option<SavedMapping>, StoreError> {
    Ok(saved(tx, Some(name)).await?.pop())
}

async fn saved(tx: &mut ScopedTx<'_>, name: Option<&str>) -> Result<Vec<SavedMapping>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select name, kind, text, saved_at as "saved_at: Timestamp", saved_by from custodian.import_mapping
            where agency_id = $1 and ($2::text is null or name = $2) order by name"#,
        agency,
        name
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SavedMapping {
            name: row.name,
            kind: Kind::parse(&row.kind).unwrap_or(Kind::Bookings),
            text: row.text,
            saved_at: row.saved_at,
            saved_by: row.saved_by,
        })
        .collect())
}

/// Forgets the agency's own mapping of this name. `false` when there is none.
pub async fn delete_mapping(tx: &mut ScopedTx<'_>, name: &str) -> Result<bool, StoreError> {
    let agency = tx.agency_id();
    let deleted = sqlx::query!(
        "delete from custodian.import_mapping where agency_id = $1 and name = $2",
        agency,
        name
    );
    Ok(deleted.execute(tx.conn()).await?.rows_affected() == 1)
}

pub async fn save_mapping(
    tx: &mut ScopedTx<'_>,
    name: &str,
    kind: Kind,
    text: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let by = tx.actor().name.clone();
    sqlx::query!(
        r#"insert into custodian.import_mapping (agency_id, name, kind, text, saved_at, saved_by) values ($1, $2, $3, $4, $5, $6)
           on conflict (agency_id, name) do update
               set kind = excluded.kind, text = excluded.text, saved_at = excluded.saved_at, saved_by = excluded.saved_by"#,
        agency,
        name,
        kind.as_str(),
        text,
        now,
        by
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
