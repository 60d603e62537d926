//! A session after it has been opened: its form token, its last use, its end.

use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;

pub struct Session {
    /// What every form of the session carries.
    pub csrf: String,
    pub seen_at: Timestamp,
}

/// The caller's own session.
pub async fn own(tx: &mut ScopedTx<'_>) -> Result<Option<Session>, StoreError> {
    let id = tx.actor().credential.clone();
    Ok(sqlx::query_as!(
        Session,
        "select csrf, seen_at from identity.session where id = $1",
        id
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// It was used: the half hour without use begins anew.
pub async fn touch(tx: &mut ScopedTx<'_>, at: Timestamp) -> Result<(), StoreError> {
    let id = tx.actor().credential.clone();
    sqlx::query!(
        "update identity.session set seen_at = $2 where id = $1 and ended_at is null",
        id,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends it in the database: the cookie is worth nothing from here on.
pub async fn end(tx: &mut ScopedTx<'_>, at: Timestamp) -> Result<(), StoreError> {
    let id = tx.actor().credential.clone();
    sqlx::query!(
        "update identity.session set ended_at = $2 where id = $1 and ended_at is null",
        id,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
