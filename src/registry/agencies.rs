//! Local agencies, by ORI.

use serde::Serialize;
use sqlx::PgConnection;

use crate::db::StoreError;
use crate::types::Timestamp;
use crate::types::actor::words;

words! {
    /// What an agency is; rules of law look at it.
    AgencyKind {
        Jail = "jail", Sheriff = "sheriff", Police = "police", StatePrison = "state_prison", Campus = "campus",
        Court = "court", Probation = "probation", CountyDepartment = "county_department",
    }
}

#[derive(Debug, Clone)]
pub struct Agency {
    pub id: i32,
    pub ori: String,
    pub name: String,
    pub kind: String,
    pub jurisdiction: String,
    pub time_zone: String,
    pub place: Option<String>,
    pub connected: bool,
}

/// An agency as everyone reads it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AgencyBody {
    pub ori: String,
    pub name: String,
    pub kind: String,
    pub jurisdiction: String,
    pub time_zone: String,
    pub place: Option<String>,
    pub connected: bool,
}

impl From<Agency> for AgencyBody {
    fn from(agency: Agency) -> Self {
        let Agency {
            ori,
            name,
            kind,
            jurisdiction,
            time_zone,
            place,
            connected,
            ..
        } = agency;
        Self {
            ori,
            name,
            kind,
            jurisdiction,
            time_zone,
            place,
            connected,
        }
    }
}

pub async fn by_ori(conn: &mut PgConnection, ori: &str) -> Result<Option<Agency>, StoreError> {
    Ok(sqlx::query_as!(
        Agency,
        "select id, ori, name, kind, jurisdiction, time_zone, place, connected from registry.agency where ori = $1",
        ori
    )
    .fetch_optional(conn)
    .await?)
}

pub async fn by_id(conn: &mut PgConnection, id: i32) -> Result<Option<Agency>, StoreError> {
    Ok(sqlx::query_as!(
        Agency,
        "select id, ori, name, kind, jurisdiction, time_zone, place, connected from registry.agency where id = $1",
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// A page of agencies by ORI.
pub async fn list(
    conn: &mut PgConnection,
    jurisdiction: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Agency>, StoreError> {
    Ok(sqlx::query_as!(
        Agency,
        r#"select id, ori, name, kind, jurisdiction, time_zone, place, connected from registry.agency
            where ($1::text is null or jurisdiction = $1) and ($2::text is null or ori > $2) order by ori limit $3"#,
        jurisdiction,
        after,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Locks an agency's row until the transaction ends.
pub async fn lock(conn: &mut PgConnection, ori: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "select id from registry.agency where ori = $1 for update",
        ori
    )
    .fetch_optional(conn)
    .await?;
    Ok(())
}

/// Writes what may change of an agency; its ORI never does.
pub async fn update(conn: &mut PgConnection, agency: &AgencyBody) -> Result<(), StoreError> {
    let update = sqlx::query!(
        r#"update registry.agency set name = $2, kind = $3, jurisdiction = $4, time_zone = $5, place = $6, connected = $7
            where ori = $1"#,
        agency.ori,
        agency.name,
        agency.kind,
        agency.jurisdiction,
        agency.time_zone,
        agency.place,
        agency.connected
    );
    crate::db::expect_one_row(update.execute(conn).await?)
}

/// Inserts an agency; `false` when the ORI is there already.
pub async fn insert(
    conn: &mut PgConnection,
    agency: &AgencyBody,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let result = sqlx::query!(
        r#"insert into registry.agency (ori, name, kind, jurisdiction, time_zone, place, connected, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (ori) do nothing"#,
        agency.ori,
        agency.name,
        agency.kind,
        agency.jurisdiction,
        agency.time_zone,
        agency.place,
        agency.connected,
        now
    )
    .execute(conn)
    .await?;
    Ok(result.rows_affected() == 1)
}
