//! Feeds that have fallen silent, for whoever sees to it that they are heard again. A name and two
//! instants; nothing of what was sent.

use sqlx::PgConnection;

use crate::db::StoreError;
use crate::types::Timestamp;

/// A feed that was not heard from for three times its interval.
pub struct SilentFeed {
    pub agency: String,
    pub ori: String,
    pub name: String,
    pub last_at: Timestamp,
    pub silent_since: Timestamp,
}

/// The silent feeds of the caller's subtree (row security), of the operator all; the longest silence first.
pub async fn silent(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<SilentFeed>, StoreError> {
    Ok(sqlx::query_as!(
        SilentFeed,
        r#"select a.name as agency, a.ori, f.name, f.last_at, f.silent_from as "silent_since!"
             from custodian.feed f join registry.agency a on a.id = f.agency_id
            where f.silent_from < $1 order by f.silent_from, a.ori, f.name limit $2"#,
        now,
        limit
    )
    .fetch_all(conn)
    .await?)
}
