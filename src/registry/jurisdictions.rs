//! Legal areas: the nation, states, counties, and cities that matter here.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::PgConnection;

use crate::db::StoreError;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct JurisdictionBody {
    /// `us`, `us-ca`, a 5-digit county or a 7-digit place code.
    pub id: String,
    pub level: String,
    pub name: String,
    /// USPS code.
    pub state: Option<String>,
    pub parent: Option<String>,
    pub fips: Option<String>,
}

pub async fn exists(conn: &mut PgConnection, id: &str) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from registry.jurisdiction where id = $1) as "exists!""#,
        id
    )
    .fetch_one(conn)
    .await?)
}

pub async fn get(
    conn: &mut PgConnection,
    id: &str,
) -> Result<Option<JurisdictionBody>, StoreError> {
    Ok(sqlx::query_as!(
        JurisdictionBody,
        "select id, level, name, state, parent, fips from registry.jurisdiction where id = $1",
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// The names of some jurisdictions, by id.
pub async fn names(
    conn: &mut PgConnection,
    ids: &[String],
) -> Result<HashMap<String, String>, StoreError> {
    let rows = sqlx::query!(
        "select id, name from registry.jurisdiction where id = any($1)",
        ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// A page of jurisdictions by id; `q` is a part of the name.
pub async fn list(
    conn: &mut PgConnection,
    level: Option<&str>,
    state: Option<&str>,
    q: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<JurisdictionBody>, StoreError> {
    Ok(sqlx::query_as!(
        JurisdictionBody,
        r#"select id, level, name, state, parent, fips from registry.jurisdiction
            where ($1::text is null or level = $1) and ($2::text is null or state = upper($2))
              and ($3::text is null or position(lower($3) in lower(name)) > 0) and ($4::text is null or id > $4)
            order by id limit $5"#,
        level,
        state,
        q,
        after,
        limit
    )
    .fetch_all(conn)
    .await?)
}
