//! What governing bodies adopted: a timeline, since a county's stance can turn, and never a flag.
//! Nothing here feeds a rule.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::api::limit;
use crate::app::App;
use crate::db::StoreError;
use crate::db::scope::Access;
use crate::http::{Caller, Problem, Query, Tagged, cursor, query};
use crate::identity::AnyCaller;

const POSITIONS: &str = include_str!("../../config/registry/positions.json");

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PositionQuery {
    /// With everything that lies in it.
    pub jurisdiction: Option<String>,
    /// First day of adoption.
    pub from: Option<String>,
    /// Last day of adoption.
    pub to: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

/// What a body adopted, and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PositionBody {
    pub id: String,
    pub body: String,
    pub jurisdiction: String,
    /// `ordinance`, `resolution`, `amicus`, `litigation`, `letter`, `sheriff_practice` or `policy`.
    pub kind: String,
    pub number: Option<String>,
    pub adopted_on: NaiveDate,
    pub effective_on: Option<NaiveDate>,
    pub vote: Option<String>,
    pub subject: String,
    /// `limiting` help with immigration enforcement, `cooperating` with it, or `unknown`.
    pub direction: String,
    /// `none`, `claims_exemption` or `operational`.
    pub legal_effect: String,
    pub later: Vec<LaterBody>,
    pub source: String,
}

/// What became of a position.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LaterBody {
    /// Null: the day is not known.
    pub on: Option<NaiveDate>,
    pub what: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct PositionList {
    pub items: Vec<PositionBody>,
    pub next: Option<String>,
}

/// `GET /v1/positions`: in the order of adoption.
pub async fn get_list(
    State(app): State<App>,
    caller: AnyCaller,
    Query(q): Query<PositionQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(q.limit.as_deref())?;
    let date = |name: &str, text: &Option<String>| -> Result<Option<NaiveDate>, Problem> {
        text.as_deref()
            .map(|text| {
                text.parse()
                    .map_err(|_| query::bad(name, "a date such as 2018-04-16 is expected"))
            })
            .transpose()
    };
    let (from, to) = (date("from", &q.from)?, date("to", &q.to)?);
    let scope = format!("positions {:?} {from:?} {to:?}", q.jurisdiction);
    let after = cursor::after(&app.vault, &scope, q.cursor.as_deref())?.map(|place| place.after);
    let mut tx = caller.open(&app, Access::Read).await?;
    let window = (q.jurisdiction.as_deref(), from, to);
    let mut items = list(tx.conn(), window, after.as_deref(), limit + 1).await?;
    tx.rollback().await?;
    let next = cursor::next(&app.vault, &scope, &mut items, limit, |last| {
        cursor::Place::by_name(format!("{} {}", last.adopted_on, last.id))
    });
    let path = query::path(
        "/v1/positions",
        &[
            ("jurisdiction", &q.jurisdiction),
            ("from", &q.from),
            ("to", &q.to),
            ("limit", &q.limit),
        ],
    );
    let body = PositionList {
        items,
        next: next.clone(),
    };
    Ok(Tagged::page(&path, &body, next).unless_known(&headers))
}

async fn list(
    conn: &mut PgConnection,
    (jurisdiction, from, to): (Option<&str>, Option<NaiveDate>, Option<NaiveDate>),
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<PositionBody>, StoreError> {
    let rows = sqlx::query!(
        r#"with recursive subtree (id) as (
               select id from registry.jurisdiction where id = $1
               union select j.id from registry.jurisdiction j join subtree s on j.parent = s.id
           )
           select id, body, jurisdiction, kind, number, adopted_on, effective_on, vote, subject, direction, legal_effect,
                  later as "later: Json<Vec<LaterBody>>", source
             from registry.position
            where ($1::text is null or jurisdiction in (select id from subtree))
              and ($2::date is null or adopted_on >= $2) and ($3::date is null or adopted_on <= $3)
              and ($4::text is null or to_char(adopted_on, 'YYYY-MM-DD') || ' ' || id > $4)
            order by adopted_on, id limit $5"#,
        jurisdiction,
        from,
        to,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| PositionBody {
            id: row.id,
            body: row.body,
            jurisdiction: row.jurisdiction,
            kind: row.kind,
            number: row.number,
            adopted_on: row.adopted_on,
            effective_on: row.effective_on,
            vote: row.vote,
            subject: row.subject,
            direction: row.direction,
            legal_effect: row.legal_effect,
            later: row.later.0,
            source: row.source,
        })
        .collect())
}

/// Brings the table to what the file in the binary says; run as the owner, after the jurisdictions.
pub async fn load(owner: &mut PgConnection) -> Result<(), StoreError> {
    let positions: Vec<PositionBody> = serde_json::from_str(POSITIONS)
        .map_err(|error| StoreError::Unreadable(format!("positions.json: {error}")))?;
    let ids: Vec<String> = positions.iter().map(|at| at.id.clone()).collect();
    sqlx::query!("delete from registry.position where not id = any($1)", &ids)
        .execute(&mut *owner)
        .await?;
    for at in positions {
        sqlx::query!(
            r#"insert into registry.position as held (id, body, jurisdiction, kind, number, adopted_on, effective_on, vote, subject,
                                                      legal_effect, later, source, direction)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
               on conflict (id) do update set body = $2, jurisdiction = $3, kind = $4, number = $5, adopted_on = $6,
                   effective_on = $7, vote = $8, subject = $9, legal_effect = $10, later = $11, source = $12,
                   direction = $13
                where (held.body, held.jurisdiction, held.kind, held.number, held.adopted_on, held.effective_on, held.vote,
                       held.subject, held.legal_effect, held.later, held.source, held.direction)
                   is distinct from ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"#,
            at.id,
            at.body,
            at.jurisdiction,
            at.kind,
            at.number,
            at.adopted_on,
            at.effective_on,
            at.vote,
            at.subject,
            at.legal_effect,
            serde_json::to_value(&at.later).unwrap_or_default(),
            at.source,
            at.direction
        )
        .execute(&mut *owner)
        .await?;
    }
    Ok(())
}

/// A position with the place that it stands for.
pub struct PlacedPosition {
    pub position: PositionBody,
    /// The jurisdiction's name and postal code.
    pub place: String,
    pub state: Option<String>,
}

/// Every position, in the order of adoption; of one state if that is asked.
pub async fn placed(
    conn: &mut PgConnection,
    state: Option<&str>,
) -> Result<Vec<PlacedPosition>, StoreError> {
    let subtree = state.map(|code| format!("us-{}", code.to_lowercase()));
    let positions = list(conn, (subtree.as_deref(), None, None), None, 1_000).await?;
    let ids: Vec<String> = positions.iter().map(|at| at.jurisdiction.clone()).collect();
    let places: HashMap<String, (String, Option<String>)> = sqlx::query!(
        "select id, name, state from registry.jurisdiction where id = any($1)",
        &ids
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| (row.id, (row.name, row.state)))
    .collect();
    Ok(positions
        .into_iter()
        .map(|position| {
            let place = places.get(&position.jurisdiction).cloned();
            let (place, state) = place.unwrap_or_default();
            PlacedPosition {
                position,
                place,
                state,
            }
        })
        .collect())
}

/// The states of which a position is known.
pub async fn states(conn: &mut PgConnection) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query!(
        r#"select s.state as "state!", s.name from registry.jurisdiction s
            where s.level = 'state' and s.state in (
                select j.state from registry.position p join registry.jurisdiction j on j.id = p.jurisdiction)
            order by s.name"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.state, row.name)).collect())
}
