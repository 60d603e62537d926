//! How an agency reads a contested rule: versioned, signed, and public within the service.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::agencies::{self, Agency};
use crate::app::App;
use crate::db::scope::Access;
use crate::db::{ScopedTx, StoreError};
use crate::http::once::read_json;
use crate::http::path::Ids;
use crate::http::problem::Slug;
use crate::http::{Caller, FieldError, Problem, Tagged, etag};
use crate::identity::AnyCaller;
use crate::log::{self, Event, leaf};
use crate::policy::Act;
use crate::policy::evaluate::{Positions, Reading};
use crate::policy::place::Place;
use crate::types::{Role, Timestamp, ids};

/// The position in force of an agency on one act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptedPosition {
    pub act: Act,
    pub version: i32,
    pub rule: String,
    pub reading: Reading,
    pub signed_by: String,
    pub reason: String,
    pub recorded_at: Timestamp,
}

/// `GET/PUT /v1/agencies/{ori}/adopted-positions/{act}`
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AdoptedPositionBody {
    pub agency: String,
    pub act: Act,
    /// Null while nothing is adopted.
    pub rule: Option<String>,
    pub reading: Option<Reading>,
    pub signed_by: Option<String>,
    pub reason: Option<String>,
    /// 0 while nothing is adopted.
    pub version: i32,
    pub recorded_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"rule": "us-tx/sb-4-752.053", "reading": "permitted", "signed_by": "Sheriff Example", "reason": "As county counsel advised"}))]
pub struct AdoptedPositionRequest {
    pub rule: String,
    pub reading: Reading,
    pub signed_by: String,
    pub reason: String,
}

impl AdoptedPositionBody {
    pub fn new(agency: &str, act: Act, held: Option<AdoptedPosition>) -> Self {
        let version = held.as_ref().map_or(0, |held| held.version);
        let recorded_at = held.as_ref().map(|held| held.recorded_at);
        let reading = held.as_ref().map(|held| held.reading);
        let (rule, signed_by, reason) = held
            .map(|held| (held.rule, held.signed_by, held.reason))
            .map_or((None, None, None), |(rule, by, reason)| {
                (Some(rule), Some(by), Some(reason))
            });
        Self {
            agency: agency.to_owned(),
            act,
            rule,
            reading,
            signed_by,
            reason,
            version,
            recorded_at,
        }
    }
}

impl AdoptedPositionRequest {
    fn check(&self) -> Result<(), Problem> {
        let wrong: Vec<FieldError> = [
            ("rule", &self.rule, 200),
            ("signed_by", &self.signed_by, 200),
            ("reason", &self.reason, 4000),
        ]
        .into_iter()
        .filter(|(_, text, max)| text.trim().is_empty() || text.chars().count() > *max)
        .map(|(name, _, max)| FieldError {
            pointer: format!("/{name}"),
            code: "length".into(),
            detail: format!("{name} must have 1 to {max} characters."),
        })
        .collect();
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(Problem::fields(wrong))
        }
    }
}

/// The positions in force of one agency, for the law.
pub async fn adopted_positions(
    conn: &mut PgConnection,
    agency: i32,
) -> Result<Vec<AdoptedPosition>, StoreError> {
    let rows = sqlx::query!(
        r#"select distinct on (act) act, version, rule, reading, signed_by, reason, recorded_at
             from registry.adopted_position where agency_id = $1 order by act, version desc"#,
        agency
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(AdoptedPosition {
                act: row.act.parse().map_err(StoreError::Unreadable)?,
                version: row.version,
                rule: row.rule,
                reading: row.reading.parse().map_err(StoreError::Unreadable)?,
                signed_by: row.signed_by,
                reason: row.reason,
                recorded_at: row.recorded_at,
            })
        })
        .collect()
}

/// What the law has to know of an agency: where it stands, and how it reads what is contested.
pub async fn standing(
    conn: &mut PgConnection,
    agency: i32,
) -> Result<(Place, Positions), StoreError> {
    let row = sqlx::query!(
        r#"select a.ori, a.jurisdiction, a.kind,
                  coalesce((select jsonb_agg(jsonb_build_array(p.rule, p.act, p.reading))
                              from (select distinct on (act) act, rule, reading from registry.adopted_position
                                     where agency_id = $1 order by act, version desc) p), '[]') as "positions!"
             from registry.agency a where a.id = $1"#,
        agency
    )
    .fetch_one(conn)
    .await?;
    let place = Place::new(&row.jurisdiction, &row.kind, Some(&row.ori)).ok_or_else(|| {
        StoreError::Unreadable(format!("{} is in no reference file", row.jurisdiction))
    })?;
    let adopted: Vec<(String, Act, Reading)> = serde_json::from_value(row.positions)
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let positions = adopted
        .into_iter()
        .map(|(rule, act, reading)| ((rule, act.as_str()), reading))
        .collect();
    Ok((place, positions))
}

/// The position in force on one act.
pub async fn held(
    tx: &mut ScopedTx<'_>,
    agency: &Agency,
    act: Act,
) -> Result<Option<AdoptedPosition>, StoreError> {
    let all = adopted_positions(tx.conn(), agency.id).await?;
    Ok(all.into_iter().find(|position| position.act == act))
}

pub async fn get(
    State(app): State<App>,
    caller: AnyCaller,
    Ids(ori, act): Ids<String, Act>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let agency = agencies::by_ori(tx.conn(), &ori)
        .await?
        .ok_or_else(Problem::not_found)?;
    let held = held(&mut tx, &agency, act).await?;
    tx.rollback().await?;
    Ok(Tagged::ok(&AdoptedPositionBody::new(&ori, act, held)).unless_known(&headers))
}

pub async fn put(
    State(app): State<App>,
    caller: AnyCaller,
    Ids(ori, act): Ids<String, Act>,
    request: Request,
) -> Result<Response, Problem> {
    let (headers, sent) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    let agency = agencies::by_ori(tx.conn(), &ori)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    if tx.actor().agency_id() != Some(agency.id) {
        return Err(Problem::forbidden(
            "How an agency reads a rule is its own to say.",
        ));
    }
    let request = sent?;
    let answer = adopted(&mut tx, &app, &headers, &agency, act, request).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(answer.into_response())
}

/// Writes the next version under its precondition, for API and page alike. The caller has seen to
/// it that the agency is its own.
pub async fn adopted(
    tx: &mut ScopedTx<'_>,
    app: &App,
    headers: &HeaderMap,
    agency: &Agency,
    act: Act,
    request: AdoptedPositionRequest,
) -> Result<Tagged, Problem> {
    lock(tx).await?;
    let current = held(tx, agency, act).await?;
    let version = current.as_ref().map_or(0, |held| held.version);
    if headers.contains_key(header::IF_NONE_MATCH) {
        if version > 0 {
            return Err(Problem::new(
                Slug::PreconditionFailed,
                "A position on this act is there already; send its ETag in If-Match.",
            ));
        }
    } else {
        let current = AdoptedPositionBody::new(&agency.ori, act, current);
        etag::require_match(headers, &Tagged::ok(&current).etag())?;
    }
    request.check()?;
    let next = AdoptedPosition {
        act,
        version: version + 1,
        rule: request.rule,
        reading: request.reading,
        signed_by: request.signed_by,
        reason: request.reason,
        recorded_at: app.clock.now(),
    };
    adopt(tx, &next).await?;
    Ok(Tagged::ok(&AdoptedPositionBody::new(
        &agency.ori,
        act,
        Some(next),
    )))
}

/// Every version that an agency has adopted, the latest first.
pub async fn versions(
    conn: &mut PgConnection,
    agency: i32,
) -> Result<Vec<AdoptedPosition>, StoreError> {
    let rows = sqlx::query!(
        r#"select act, version, rule, reading, signed_by, reason, recorded_at
             from registry.adopted_position where agency_id = $1 order by act, version desc limit 200"#,
        agency
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(AdoptedPosition {
                act: row.act.parse().map_err(StoreError::Unreadable)?,
                version: row.version,
                rule: row.rule,
                reading: row.reading.parse().map_err(StoreError::Unreadable)?,
                signed_by: row.signed_by,
                reason: row.reason,
                recorded_at: row.recorded_at,
            })
        })
        .collect()
}

/// Two writers of one agency see each other.
async fn lock(tx: &mut ScopedTx<'_>) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('adopted position ' || $1::text, 0))",
        agency.to_string()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps the next version of a position of the caller's agency.
pub async fn adopt(tx: &mut ScopedTx<'_>, next: &AdoptedPosition) -> Result<(), StoreError> {
    let (agency, by, salt) = (tx.agency_id(), tx.actor().name.clone(), ids::salt());
    sqlx::query!(
        r#"insert into registry.adopted_position (agency_id, act, version, rule, reading, signed_by, reason, recorded_at,
                                                  recorded_by, salt)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
        agency,
        next.act.as_str(),
        next.version,
        next.rule,
        next.reading.as_str(),
        next.signed_by,
        next.reason,
        next.recorded_at,
        by,
        salt
    )
    .execute(tx.conn())
    .await?;
    let row = (&next.signed_by, &next.reason, &by);
    let event = Event::new("adopted_position.made", next.recorded_at, tx.actor())
        .data("act", next.act.as_str())
        .data("version", next.version)
        .data("rule", next.rule.as_str())
        .data("reading", next.reading.as_str())
        .data("row_hash", leaf::row_hash(&salt, &row));
    log::append(tx, vec![event]).await?;
    Ok(())
}
