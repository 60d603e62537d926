//! Local agencies, by ORI.

use serde::Serialize;
use sqlx::PgConnection;

use crate::db::StoreError;
use crate::types::Timestamp;
use crate::types::actor::{Tenant, words};

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

/// Which agencies of the registry; everything by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct AgencyFilter<'a> {
    /// This one, not what lies in it.
    pub jurisdiction: Option<&'a str>,
    /// USPS code: the state and all that lies in it.
    pub state: Option<&'a str>,
    /// A part of the name, or the beginning of the ORI.
    pub q: Option<&'a str>,
    pub connected: Option<bool>,
}

/// A page of agencies by ORI.
pub async fn list(
    conn: &mut PgConnection,
    filter: AgencyFilter<'_>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Agency>, StoreError> {
    Ok(sqlx::query_as!(
        Agency,
        r#"select id, ori, name, kind, jurisdiction, time_zone, place, connected from registry.agency
            where ($1::text is null or jurisdiction = $1) and ($2::text is null or ori > $2)
              and ($4::text is null or position(lower($4) in lower(name)) > 0 or starts_with(ori, upper($4)))
              and ($5::boolean is null or connected = $5)
              and ($6::text is null or jurisdiction in (select id from registry.jurisdiction where state = upper($6)))
            order by ori limit $3"#,
        filter.jurisdiction,
        after,
        limit,
        filter.q,
        filter.connected,
        filter.state
    )
    .fetch_all(conn)
    .await?)
}

/// Locks an agency's row until the transaction ends.
pub async fn lock(conn: &mut PgConnection, ori: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "select id from registry.agency where ori = $1 for no key update",
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

/// The agencies of a jurisdiction and of all that lie in it.
pub async fn of_subtree(
    conn: &mut PgConnection,
    jurisdiction: &str,
) -> Result<Vec<i32>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"with recursive subtree (id) as (
               select id from registry.jurisdiction where id = $1
               union select j.id from registry.jurisdiction j join subtree s on j.parent = s.id
           )
           select a.id from registry.agency a join subtree s on s.id = a.jurisdiction order by a.id"#,
        jurisdiction
    )
    .fetch_all(conn)
    .await?)
}

/// The same as parties: code, name and zone.
pub async fn tenants_of_subtree(
    conn: &mut PgConnection,
    jurisdiction: &str,
) -> Result<Vec<Tenant>, StoreError> {
    let ids = of_subtree(conn, jurisdiction).await?;
    Ok(sqlx::query_as!(
        Tenant,
        "select id, ori as code, name, time_zone from registry.agency where id = any($1) order by id",
        &ids
    )
    .fetch_all(conn)
    .await?)
}

/// Puts the transaction of an admin or auditor into the scope of its subtree: row security reads
/// the setting, and the queries name the agencies once more.
pub async fn enter_subtree(conn: &mut PgConnection, jurisdiction: &str) -> Result<(), StoreError> {
    let agencies: Vec<String> = of_subtree(conn, jurisdiction)
        .await?
        .iter()
        .map(ToString::to_string)
        .collect();
    sqlx::query!(
        "select set_config('app.agencies', $1, true)",
        agencies.join(",")
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Writes what an admin of its jurisdiction may change.
pub async fn rename(conn: &mut PgConnection, agency: &AgencyBody) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "update registry.agency set name = $2, place = $3 where ori = $1",
        agency.ori,
        agency.name,
        agency.place
    );
    crate::db::expect_one_row(update.execute(conn).await?)
}

/// Inserts those whose ORI is not there yet, and leaves the others as they are: what an operator
/// or an admin wrote goes before a list. Answers how many were new.
pub async fn insert_unknown(
    conn: &mut PgConnection,
    agencies: &[AgencyBody],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let column =
        |of: fn(&AgencyBody) -> &String| agencies.iter().map(of).cloned().collect::<Vec<_>>();
    let connected: Vec<bool> = agencies.iter().map(|agency| agency.connected).collect();
    let result = sqlx::query!(
        r#"insert into registry.agency (ori, name, kind, jurisdiction, time_zone, connected, created_at)
           select *, $7 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[])
           on conflict (ori) do nothing"#,
        &column(|agency| &agency.ori),
        &column(|agency| &agency.name),
        &column(|agency| &agency.kind),
        &column(|agency| &agency.jurisdiction),
        &column(|agency| &agency.time_zone),
        &connected,
        now
    )
    .execute(conn)
    .await?;
    Ok(result.rows_affected())
}

/// How many are registered, and how many of them have an account here.
pub async fn counts(
    conn: &mut PgConnection,
    jurisdiction: Option<&str>,
) -> Result<(i64, i64), StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "registered!", count(*) filter (where connected) as "connected!"
             from registry.agency where $1::text is null or jurisdiction = $1"#,
        jurisdiction
    )
    .fetch_one(conn)
    .await?;
    Ok((row.registered, row.connected))
}
