//! What was decided, by persons and by the law alone, and what was known then.

use std::collections::HashMap;

use uuid::Uuid;

use crate::custodian::facts::store::Stated;
use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;

/// A decision of the past.
#[derive(Debug, Clone)]
pub struct Past {
    pub id: Uuid,
    pub detainer_id: Uuid,
    pub act: String,
    pub at: Timestamp,
    /// `comply`, `decline`; `withheld` of a notice that the law alone kept back.
    pub decision: String,
    /// The disposition that was stored with it.
    pub was: Option<String>,
}

/// Whose decisions are asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// All of the agency's, for the agency.
    Own,
    /// Those on records that nobody has restricted, as oversight reads them.
    Unrestricted,
}

/// A batch of what was decided in a window, oldest first, after a place in it. Each kind is cut
/// off by itself, so that its index by time is walked and not the whole window sorted.
pub async fn decided(
    tx: &mut ScopedTx<'_>,
    (from, before): (Timestamp, Timestamp),
    whose: Whose,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Past>, StoreError> {
    let agency = tx.agency_id();
    let (at, id) = after.unzip();
    Ok(sqlx::query_as!(
        Past,
        r#"select id as "id!", detainer_id as "detainer_id!", act as "act!", at as "at!", decision as "decision!", was
             from ((select id, detainer_id, act, decided_at as at, decision, assessment ->> 'disposition' as was
                      from custodian.determination d
                     where agency_id = $1 and decided_at >= $2 and decided_at < $3
                       and (decided_at, id) > (coalesce($4, '-infinity'::timestamptz), coalesce($5, $8::uuid))
                       and ($7 or exists (select from custodian.case_file c
                                                 left join custodian.booking b on b.agency_id = c.agency_id and b.id = c.booking_id
                                           where c.agency_id = $1 and c.id = d.detainer_id
                                             and c.restriction is null and b.restriction is null))
                     order by decided_at, id limit $6)
                   union all
                   (select id, detainer_id, act, opened_at, action, disposition
                      from custodian.review r
                     where agency_id = $1 and opened_at >= $2 and opened_at < $3
                       and action = 'withheld' and disposition = 'prohibited'
                       and (opened_at, id) > (coalesce($4, '-infinity'::timestamptz), coalesce($5, $8::uuid))
                       and ($7 or exists (select from custodian.case_file c
                                                 left join custodian.booking b on b.agency_id = c.agency_id and b.id = c.booking_id
                                           where c.agency_id = $1 and c.id = r.detainer_id
                                             and c.restriction is null and b.restriction is null))
                     order by opened_at, id limit $6)) past
            order by at, id limit $6"#,
        agency,
        from,
        before,
        at,
        id,
        limit,
        whose == Whose::Own,
        Uuid::nil()
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Every statement of facts on these requests, in the order in which they were made.
pub async fn statements(
    tx: &mut ScopedTx<'_>,
    detainers: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Stated>>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select detainer_id, name, value, source, stated_at, stated_by
             from custodian.fact where agency_id = $1 and detainer_id = any($2) order by n"#,
        agency,
        detainers
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: HashMap<Uuid, Vec<Stated>> = HashMap::new();
    for row in rows {
        found.entry(row.detainer_id).or_default().push(Stated {
            name: row.name,
            value: row.value,
            source: row.source,
            stated_at: row.stated_at,
            stated_by: row.stated_by,
        });
    }
    Ok(found)
}

/// One preview of a jurisdiction at a time, until the transaction ends.
pub async fn lock_previews(tx: &mut ScopedTx<'_>, jurisdiction: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('preview ' || $1::text, 0))",
        jurisdiction
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}

/// How often a jurisdiction has asked about these agencies since an instant: each time is one
/// event with each agency, all at one instant.
pub async fn previews_since(
    tx: &mut ScopedTx<'_>,
    agencies: &[i32],
    jurisdiction: &str,
    since: Timestamp,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(distinct at) as "count!" from log.event
            where agency_id = any($1) and type = 'oversight.previewed' and at > $2 and data ->> 'jurisdiction' = $3"#,
        agencies,
        since,
        jurisdiction
    )
    .fetch_one(tx.conn())
    .await?)
}
