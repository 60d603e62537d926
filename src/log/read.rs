//! Reading a party's own entries: its stream, and the timeline of one request.

use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::{ScopedTx, StoreError};
use crate::types::ids::DetainerId;
use crate::types::{Side, Timestamp};

/// An event as a party sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EventBody {
    pub id: Uuid,
    #[serde(rename = "type")]
    pub kind: String,
    pub at: Timestamp,
    /// The acting party: `agency:<ORI>`, `office:<code>` or `operator`.
    pub by: String,
    pub detainer: Option<Uuid>,
    /// Ids of the records it is about, by kind.
    #[schema(value_type = Object)]
    pub subjects: Map<String, Value>,
    /// Codes and instants.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
    pub leaf_hash: String,
}

/// An event with its place in the party's dense stream.
#[derive(Debug, Clone)]
pub struct StreamEntry {
    pub position: i64,
    pub event: EventBody,
}

struct Row {
    position: i64,
    id: Uuid,
    kind: String,
    at: Timestamp,
    acting: String,
    detainer_id: Option<Uuid>,
    subjects: Json<Map<String, Value>>,
    data: Json<Map<String, Value>>,
    leaf_hash: Vec<u8>,
}

impl From<Row> for StreamEntry {
    fn from(row: Row) -> Self {
        Self {
            position: row.position,
            event: EventBody {
                id: row.id,
                kind: row.kind,
                at: row.at,
                by: row.acting,
                detainer: row.detainer_id,
                subjects: row.subjects.0,
                data: row.data.0,
                leaf_hash: hex::encode(row.leaf_hash),
            },
        }
    }
}

/// The party's entries after a position, oldest first.
pub async fn stream(
    tx: &mut ScopedTx<'_>,
    after: i64,
    limit: i64,
) -> Result<Vec<StreamEntry>, StoreError> {
    let rows = match tx.actor().side {
        Side::Custodian => {
            let agency = tx.agency_id();
            sqlx::query_as!(
                Row,
                r#"select n.agency_position as "position!", e.id, e.type as kind, e.at, e.acting, e.detainer_id,
                          e.subjects as "subjects: _", e.data as "data: _", e.leaf_hash
                     from log.entry n join log.event e on e.id = n.event_id
                    where n.agency_id = $1 and n.agency_position > $2 order by n.agency_position limit $3"#,
                agency,
                after,
                limit
            )
            .fetch_all(tx.conn())
            .await?
        }
        _ => {
            let office = tx.office_id();
            sqlx::query_as!(
                Row,
                r#"select position, event_id as id, type as kind, at, acting, detainer_id,
                          subjects as "subjects: _", data as "data: _", leaf_hash
                     from log.office_entry
                    where office_id = $1 and position > $2 order by position limit $3"#,
                office,
                after,
                limit
            )
            .fetch_all(tx.conn())
            .await?
        }
    };
    Ok(rows.into_iter().map(StreamEntry::from).collect())
}

/// What happened to one request, as far as this party may see: the custodian reads its own
/// events at once, the office its stream.
pub async fn timeline(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Vec<EventBody>, StoreError> {
    let rows = match tx.actor().side {
        Side::Custodian => {
            let agency = tx.agency_id();
            sqlx::query_as!(
                Row,
                r#"select 0::bigint as "position!", id, type as kind, at, acting, detainer_id,
                          subjects as "subjects: _", data as "data: _", leaf_hash
                     from log.event where agency_id = $1 and detainer_id = $2 order by at, id limit 1000"#,
                agency,
                detainer.as_uuid()
            )
            .fetch_all(tx.conn())
            .await?
        }
        _ => {
            let office = tx.office_id();
            sqlx::query_as!(
                Row,
                r#"select position, event_id as id, type as kind, at, acting, detainer_id,
                          subjects as "subjects: _", data as "data: _", leaf_hash
                     from log.office_entry where office_id = $1 and detainer_id = $2 order by position limit 1000"#,
                office,
                detainer.as_uuid()
            )
            .fetch_all(tx.conn())
            .await?
        }
    };
    Ok(rows
        .into_iter()
        .map(|row| StreamEntry::from(row).event)
        .collect())
}
