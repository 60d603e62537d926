//! All SQL of oversight on the log.

use serde_json::{Map, Value};
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;

/// Which events are read.
#[derive(Debug)]
pub struct Filter {
    pub kind: Option<String>,
    pub from: Option<Timestamp>,
    /// The first instant that counts no more.
    pub before: Option<Timestamp>,
    pub detainer: Option<Uuid>,
}

/// An event, and the agency whose log it stands in.
pub struct Row {
    pub id: Uuid,
    pub kind: String,
    pub at: Timestamp,
    pub acting: String,
    pub agency_id: Option<i32>,
    pub ori: Option<String>,
    pub detainer_id: Option<Uuid>,
    pub subjects: Json<Map<String, Value>>,
    pub data: Json<Map<String, Value>>,
    pub leaf_hash: Vec<u8>,
}

/// The newest events of these agencies before an id. Ids are in the order of time, and what comes
/// late has a place of its own: no row that stays is seen twice or passed over.
pub async fn of_agencies(
    tx: &mut ScopedTx<'_>,
    agencies: &[i32],
    filter: &Filter,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Row>, StoreError> {
    Ok(sqlx::query_as!(
        Row,
        r#"select e.id, e.type as kind, e.at, e.acting, e.agency_id, a.ori as "ori?", e.detainer_id,
                  e.subjects as "subjects: _", e.data as "data: _", e.leaf_hash
             from log.event e left join registry.agency a on a.id = e.agency_id
            where e.agency_id = any($1) and ($2::text is null or e.type = $2)
              and ($3::timestamptz is null or e.at >= $3) and ($4::timestamptz is null or e.at < $4)
              and ($5::uuid is null or e.detainer_id = $5) and ($6::uuid is null or e.id < $6)
            order by e.id desc limit $7"#,
        agencies,
        filter.kind,
        filter.from,
        filter.before,
        filter.detainer,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The newest events of an office's stream before an id.
pub async fn of_office(
    tx: &mut ScopedTx<'_>,
    office: i32,
    filter: &Filter,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Row>, StoreError> {
    Ok(sqlx::query_as!(
        Row,
        r#"select e.event_id as id, e.type as kind, e.at, e.acting, null::int as agency_id, null::text as ori, e.detainer_id,
                  e.subjects as "subjects: _", e.data as "data: _", e.leaf_hash
             from log.office_entry e
            where e.office_id = $1 and ($2::text is null or e.type = $2)
              and ($3::timestamptz is null or e.at >= $3) and ($4::timestamptz is null or e.at < $4)
              and ($5::uuid is null or e.detainer_id = $5) and ($6::uuid is null or e.event_id < $6)
            order by e.event_id desc limit $7"#,
        office,
        filter.kind,
        filter.from,
        filter.before,
        filter.detainer,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}
