//! Federal offices, by DHS code.

use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

use crate::db::StoreError;
use crate::types::Timestamp;
use crate::types::actor::words;

words! {
    OfficeKind { IceFieldOffice = "ice_field_office", IceSubOffice = "ice_sub_office", Cbp = "cbp" }
}

#[derive(Debug, Clone)]
pub struct Office {
    pub id: i32,
    pub code: String,
    pub name: String,
    pub kind: String,
    pub time_zone: String,
    pub contacts: Value,
    pub connected: bool,
}

/// An office; `contacts` (the escalation list) for agencies and the office itself.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OfficeBody {
    pub code: String,
    pub name: String,
    pub kind: String,
    pub time_zone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub contacts: Option<Value>,
    pub connected: bool,
}

impl Office {
    pub fn body(self, with_contacts: bool) -> OfficeBody {
        let Office {
            code,
            name,
            kind,
            time_zone,
            contacts,
            connected,
            ..
        } = self;
        OfficeBody {
            code,
            name,
            kind,
            time_zone,
            contacts: with_contacts.then_some(contacts),
            connected,
        }
    }
}

pub async fn by_code(conn: &mut PgConnection, code: &str) -> Result<Option<Office>, StoreError> {
    Ok(sqlx::query_as!(
        Office,
        "select id, code, name, kind, time_zone, contacts, connected from registry.office where code = $1",
        code
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn by_id(conn: &mut PgConnection, id: i32) -> Result<Option<Office>, StoreError> {
    Ok(sqlx::query_as!(
        Office,
        "select id, code, name, kind, time_zone, contacts, connected from registry.office where id = $1",
        id
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn list(
    conn: &mut PgConnection,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Office>, StoreError> {
    Ok(sqlx::query_as!(
        Office,
        r#"select id, code, name, kind, time_zone, contacts, connected from registry.office
            where ($1::text is null or code > $1) order by code limit $2"#,
        after,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Locks an office's row until the transaction ends.
pub async fn lock(conn: &mut PgConnection, code: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "select id from registry.office where code = $1 for no key update",
        code
    )
    .fetch_optional(conn)
    .await?;
    Ok(())
}

/// Writes what may change of an office; its code never does.
pub async fn update(conn: &mut PgConnection, office: &OfficeBody) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "update registry.office set name = $2, kind = $3, time_zone = $4, contacts = $5, connected = $6, listed = false where code = $1",
        office.code,
        office.name,
        office.kind,
        office.time_zone,
        office
            .contacts
            .clone()
            .unwrap_or_else(|| Value::Array(Vec::new())),
        office.connected
    );
    crate::db::expect_one_row(update.execute(conn).await?)
}

/// Writes an office's escalation list, and nothing else of it.
pub async fn keep_contacts(conn: &mut PgConnection, office: &OfficeBody) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "update registry.office set contacts = $2, listed = false where code = $1",
        office.code,
        office
            .contacts
            .clone()
            .unwrap_or_else(|| Value::Array(Vec::new()))
    );
    crate::db::expect_one_row(update.execute(conn).await?)
}

/// Registers an office; `false` when the code is registered already. One that is only listed from
/// the reference data is taken over.
pub async fn insert(
    conn: &mut PgConnection,
    office: &OfficeBody,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let result = sqlx::query!(
        r#"insert into registry.office as held (code, name, kind, time_zone, contacts, connected, created_at)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (code) do update set name = $2, kind = $3, time_zone = $4, contacts = $5, connected = $6,
               created_at = $7, listed = false where held.listed"#,
        office.code,
        office.name,
        office.kind,
        office.time_zone,
        office.contacts.clone().unwrap_or_else(|| Value::Array(Vec::new())),
        office.connected,
        now
    )
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}
