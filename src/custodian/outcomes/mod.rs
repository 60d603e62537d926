//! The jail's statement of what came of a request: its own until it tells the office.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::detainers::{CaseFile, case_file, papers};
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::exchange::detainer::{self, Status};
use crate::exchange::outcome::{
    self, NewOutcome, OutcomeBody, OutcomeRequest, Statement, agreement,
};
use crate::http::{Id, Once, Problem, Tagged};
use crate::identity::Custodian;
use crate::log::{self, Event, leaf};
use crate::policy::Act;
use crate::types::ids::{self, DetainerId, OutcomeId};
use crate::types::{Role, Timestamp};

/// `POST …/outcome` on the custodian's side.
pub async fn post(
    State(app): State<App>,
    caller: Custodian,
    Id(id): Id<DetainerId>,
    once: Once<OutcomeRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        stated(tx, &app, id, request).await
    })
    .await
}

/// Records the jail's statement, for API and page alike.
pub async fn stated(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<OutcomeRequest, Problem>,
) -> Result<Tagged, Problem> {
    let case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let request = request?;
    request.check(app.clock.now())?;
    let body = state(tx, app, case, &request).await?;
    Ok(Tagged::created(&body, format!("/v1/detainers/{id}")))
}

/// Records this side's statement and closes its side of the case. The office learns of it when the
/// jail asks for that, where the law lets it, and always once the jail has confirmed a hand-over.
/// It can be stated again: a correction is a new fact.
#[tracing::instrument(name = "outcomes.state", skip_all, fields(detainer.id = %case.id))]
pub async fn state(
    tx: &mut ScopedTx<'_>,
    app: &App,
    mut case: CaseFile,
    request: &OutcomeRequest,
) -> Result<OutcomeBody, Problem> {
    let now = app.clock.now();
    let handed_over = case.handed_over_at.is_some();
    let asked = request.disclose.unwrap_or(false) && !handed_over;
    if asked {
        may_disclose(tx, app, &case).await?;
    }
    let crosses = asked || handed_over;
    let id = OutcomeId::new(now);
    let salt = ids::salt();
    let by = tx.actor().name.clone();
    insert(tx, id, case.id, request, &by, crosses, &salt, now).await?;
    if case.status == Status::Pending {
        case.status = Status::Closed;
        case_file::save(tx, &case).await?;
    }
    let row_hash = leaf::row_hash(&salt, &(&request.note, &by));
    let stated = Event::new("outcome.stated", now, tx.actor())
        .detainer(case.id)
        .subject("outcome", id.as_uuid())
        .data("notice", request.notice.as_str())
        .data("custody", request.custody.as_str())
        .data("row_hash", row_hash.as_str());
    let mut events = vec![stated];
    let mut shared = id;
    if crosses {
        let cancelled = detainer::store::lock(tx, case.id)
            .await?
            .ok_or_else(Problem::not_found)?;
        // After a hand-over the office has the person, whatever became of its request.
        if asked && cancelled.is_some() {
            return Err(withdrawn());
        }
        let (crossed, event) = cross(tx, &case, request, &by, now).await?;
        shared = crossed;
        events.push(event);
    }
    let other = outcome::latest(tx, case.id, "office").await?;
    log::append(tx, events).await?;
    Ok(OutcomeBody {
        id: shared,
        detainer: case.id,
        notice: request.notice,
        custody: request.custody,
        stated_at: request.stated_at,
        note: request.note.clone(),
        recorded_at: now,
        agreement: agreement((request.notice, request.custody), other.as_ref()),
        other_side: other,
    })
}

/// `disclose: true`: on paper that the office can see and has not withdrawn, where the law lets
/// the office be told of a release.
async fn may_disclose(tx: &mut ScopedTx<'_>, app: &App, case: &CaseFile) -> Result<(), Problem> {
    if matches!(case.status, Status::Cancelled | Status::Superseded) {
        return Err(withdrawn());
    }
    case.must_have_crossed("disclosure of the outcome")
        .map_err(Problem::illegal_transition)?;
    let paper = papers::get(tx, &app.vault, case.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let assessment = assessments::of_case(tx, app, case, &paper, app.clock.now()).await?;
    assessments::must_allow(case, Act::NotifyRelease, &assessment)
}

fn withdrawn() -> Problem {
    Problem::illegal_transition(
        "The office has withdrawn this request; nothing more is told under it.",
    )
}

/// Puts the statement on the table between the sides. The paper's lock is held by the caller; what
/// crosses gets its id at that moment.
async fn cross(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    request: &OutcomeRequest,
    by: &str,
    now: Timestamp,
) -> Result<(OutcomeId, Event), StoreError> {
    let shared = OutcomeId::new(now);
    let agency_id = tx.agency_id();
    let new = NewOutcome {
        id: shared,
        agency_id,
        office_id: case.office_id,
        detainer: case.id,
        side: "custodian",
        request,
        by,
        salt: ids::salt(),
        at: now,
    };
    outcome::insert(tx, &new).await?;
    let event = Event::new("outcome.disclosed", now, tx.actor())
        .also_for_office(case.office_id)
        .detainer(case.id)
        .subject("outcome", shared.as_uuid())
        .data("notice", request.notice.as_str())
        .data("custody", request.custody.as_str());
    Ok((shared, event))
}

/// The jail has confirmed a hand-over: its latest statement crosses, if it was kept back until
/// now. The paper's lock is held by the caller, who appends the event.
pub async fn cross_kept_back(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    now: Timestamp,
) -> Result<Option<Event>, StoreError> {
    let agency = tx.agency_id();
    let latest = sqlx::query!(
        r#"select id, notice, custody, stated_at, note, stated_by, disclosed from custodian.outcome
            where agency_id = $1 and detainer_id = $2 order by recorded_at desc, id desc limit 1"#,
        agency,
        case.id.as_uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(latest) = latest.filter(|latest| !latest.disclosed) else {
        return Ok(None);
    };
    let request = OutcomeRequest {
        notice: latest.notice.parse().map_err(StoreError::Unreadable)?,
        custody: latest.custody.parse().map_err(StoreError::Unreadable)?,
        stated_at: latest.stated_at,
        note: latest.note,
        disclose: None,
    };
    let (_, event) = cross(tx, case, &request, &latest.stated_by, now).await?;
    let update = sqlx::query!(
        "update custodian.outcome set disclosed = true where agency_id = $1 and id = $2",
        agency,
        latest.id
    );
    expect_one_row(update.execute(tx.conn()).await?)?;
    Ok(Some(event))
}

#[allow(clippy::too_many_arguments)]
async fn insert(
    tx: &mut ScopedTx<'_>,
    id: OutcomeId,
    detainer: DetainerId,
    request: &OutcomeRequest,
    by: &str,
    disclosed: bool,
    salt: &[u8],
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.outcome (agency_id, id, detainer_id, notice, custody, stated_at, note, stated_by, disclosed, salt, recorded_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"#,
        agency,
        id.as_uuid(),
        detainer.as_uuid(),
        request.notice.as_str(),
        request.custody.as_str(),
        request.stated_at,
        request.note,
        by,
        disclosed,
        salt,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The jail's own latest statement, shared or not.
pub async fn latest(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Option<Statement>, StoreError> {
    let agency = tx.agency_id();
    let row = sqlx::query!(
        r#"select notice, custody, stated_at, note, recorded_at from custodian.outcome
            where agency_id = $1 and detainer_id = $2 order by recorded_at desc, id desc limit 1"#,
        agency,
        detainer.as_uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Statement {
            notice: row.notice.parse().map_err(StoreError::Unreadable)?,
            custody: row.custody.parse().map_err(StoreError::Unreadable)?,
            stated_at: row.stated_at,
            note: row.note,
            recorded_at: row.recorded_at,
        })
    })
    .transpose()
}
