//! The group roles of each side, made before the first migration.

use sqlx::PgConnection;

use super::StoreError;

/// Makes the roles where they are missing and joins the owner to them. Several databases of one
/// cluster may do so at once; an existing role is never altered.
pub async fn ensure(owner: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::raw_sql(include_str!("roles.sql"))
        .execute(owner)
        .await?;
    Ok(())
}
