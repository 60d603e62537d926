//! What an agency decides beforehand about telling of releases: versioned, signed, its own. A
//! person decides each time unless it says otherwise.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::db::scope::Access;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::request::Complaints;
use crate::http::once::read_json;
use crate::http::problem::Slug;
use crate::http::{Caller, Id, Problem, Tagged, etag};
use crate::identity::Custodian;
use crate::log::{self, Event, leaf};
use crate::policy::Disposition;
use crate::registry::agencies;
use crate::types::actor::words;
use crate::types::ids::salt;
use crate::types::{Role, Timestamp};

words! {
    /// `when_permitted` = required or permitted. What is `not_required` always waits for a person.
    NotifyRelease { Never = "never", WhenRequired = "when_required", WhenPermitted = "when_permitted" }
}

/// The version in force.
#[derive(Debug, Clone)]
pub struct Standing {
    pub version: i32,
    pub notify_release: NotifyRelease,
    pub signed_by: String,
    pub reason: String,
    pub recorded_at: Timestamp,
}

impl Standing {
    /// Does it decide at once?
    pub fn decides(&self, disposition: Disposition) -> bool {
        match self.notify_release {
            NotifyRelease::Never => false,
            NotifyRelease::WhenRequired => disposition == Disposition::Required,
            NotifyRelease::WhenPermitted => {
                matches!(disposition, Disposition::Required | Disposition::Permitted)
            }
        }
    }
}

/// `GET/PUT /v1/agencies/{ori}/standing-decisions`
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StandingBody {
    pub agency: String,
    pub notify_release: NotifyRelease,
    pub signed_by: Option<String>,
    pub reason: Option<String>,
    /// 0 while nobody has decided anything beforehand.
    pub version: i32,
    pub recorded_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"notify_release": "when_required", "signed_by": "Sheriff Example", "reason": "The law requires it"}))]
pub struct StandingRequest {
    pub notify_release: NotifyRelease,
    pub signed_by: String,
    pub reason: String,
}

impl StandingBody {
    pub fn new(agency: &str, standing: Option<Standing>) -> Self {
        match standing {
            None => Self {
                agency: agency.to_owned(),
                notify_release: NotifyRelease::Never,
                signed_by: None,
                reason: None,
                version: 0,
                recorded_at: None,
            },
            Some(standing) => Self {
                agency: agency.to_owned(),
                notify_release: standing.notify_release,
                signed_by: Some(standing.signed_by),
                reason: Some(standing.reason),
                version: standing.version,
                recorded_at: Some(standing.recorded_at),
            },
        }
    }
}

/// The caller's own agency, or the refusal that fits.
async fn own(tx: &mut ScopedTx<'_>, ori: &str) -> Result<(), Problem> {
    let own = tx.actor().agency.as_ref().map(|agency| agency.code.clone());
    if own.as_deref() == Some(ori) {
        return Ok(());
    }
    agencies::by_ori(tx.conn(), ori)
        .await?
        .ok_or_else(Problem::not_found)?;
    Err(Problem::forbidden(
        "What an agency decides beforehand is its own.",
    ))
}

pub async fn get(
    State(app): State<App>,
    caller: Custodian,
    Id(ori): Id<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    own(&mut tx, &ori).await?;
    tx.require(DESK)?;
    let body = StandingBody::new(&ori, in_force(&mut tx).await?);
    tx.rollback().await?;
    Ok(Tagged::ok(&body).unless_known(&headers))
}

pub async fn put(
    State(app): State<App>,
    caller: Custodian,
    Id(ori): Id<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (headers, sent) = read_json(request).await?;
    let mut tx = caller.open(&app, Access::Write).await?;
    own(&mut tx, &ori).await?;
    tx.require(&[Role::Reviewer])?;
    let request = sent?;
    let answer = decided(&mut tx, &app, &headers, &ori, request).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(answer.into_response())
}

/// Writes the next version, under its precondition.
pub async fn decided(
    tx: &mut ScopedTx<'_>,
    app: &App,
    headers: &HeaderMap,
    ori: &str,
    request: StandingRequest,
) -> Result<Tagged, Problem> {
    let now = app.clock.now();
    lock(tx).await?;
    let current = in_force(tx).await?;
    let version = current.as_ref().map_or(0, |standing| standing.version);
    if version == 0 && headers.contains_key(header::IF_NONE_MATCH) {
        // The first one.
    } else if headers.contains_key(header::IF_NONE_MATCH) {
        return Err(Problem::new(
            Slug::PreconditionFailed,
            "A standing decision is there already; send its ETag in If-Match.",
        ));
    } else {
        let current = StandingBody::new(ori, current);
        etag::require_match(headers, &Tagged::ok(&current).etag())?;
    }
    let mut complaints = Complaints::default();
    complaints.text("/signed_by", &request.signed_by, 200);
    complaints.text("/reason", &request.reason, 4000);
    complaints.finish()?;
    let standing = Standing {
        version: version + 1,
        notify_release: request.notify_release,
        signed_by: request.signed_by,
        reason: request.reason,
        recorded_at: now,
    };
    let (salt, by) = (salt(), tx.actor().name.clone());
    insert(tx, &standing, &by, &salt).await?;
    let row = (&standing.signed_by, &standing.reason, &by);
    let event = Event::new("standing_decision.made", now, tx.actor())
        .data("version", standing.version)
        .data("notify_release", standing.notify_release.as_str())
        .data("row_hash", leaf::row_hash(&salt, &row));
    log::append(tx, vec![event]).await?;
    Ok(Tagged::ok(&StandingBody::new(ori, Some(standing))))
}

/// The version in force of the caller's agency.
pub async fn in_force(tx: &mut ScopedTx<'_>) -> Result<Option<Standing>, StoreError> {
    let agency = tx.agency_id();
    let row = sqlx::query!(
        r#"select version, notify_release, signed_by, reason, recorded_at from custodian.standing_decision
            where agency_id = $1 order by version desc limit 1"#,
        agency
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Standing {
            version: row.version,
            notify_release: row.notify_release.parse().map_err(StoreError::Unreadable)?,
            signed_by: row.signed_by,
            reason: row.reason,
            recorded_at: row.recorded_at,
        })
    })
    .transpose()
}

/// Every version of the caller's agency, the latest first.
pub async fn versions(tx: &mut ScopedTx<'_>) -> Result<Vec<Standing>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select version, notify_release, signed_by, reason, recorded_at from custodian.standing_decision
            where agency_id = $1 order by version desc limit 100"#,
        agency
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Standing {
                version: row.version,
                notify_release: row.notify_release.parse().map_err(StoreError::Unreadable)?,
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
        "select pg_advisory_xact_lock(hashtextextended('standing decision ' || $1::text, 0))",
        agency.to_string()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn insert(
    tx: &mut ScopedTx<'_>,
    standing: &Standing,
    by: &str,
    salt: &[u8],
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.standing_decision (agency_id, version, notify_release, signed_by, reason, recorded_at, recorded_by, salt)
           values ($1, $2, $3, $4, $5, $6, $7, $8)"#,
        agency,
        standing.version,
        standing.notify_release.as_str(),
        standing.signed_by,
        standing.reason,
        standing.recorded_at,
        by,
        salt
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
