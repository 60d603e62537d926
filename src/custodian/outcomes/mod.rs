//! The jail's statement of what came of a request: its own until it tells the office.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::detainers::{CaseFile, case_file, papers};
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::{self, Status};
use crate::exchange::outcome::{
    self, NewOutcome, OutcomeBody, OutcomeRequest, Statement, agreement,
};
use crate::http::problem::Slug;
use crate::http::{Id, Once, Problem, Tagged};
use crate::identity::Custodian;
use crate::log::{self, Event, leaf};
use crate::policy::Disposition;
use crate::types::Role;
use crate::types::ids::{self, DetainerId, OutcomeId};

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

/// Records this side's statement and closes its side of the case; tells the office only when
/// asked to, and only where the law lets it.
#[tracing::instrument(name = "outcomes.state", skip_all, fields(detainer.id = %case.id))]
pub async fn state(
    tx: &mut ScopedTx<'_>,
    app: &App,
    mut case: CaseFile,
    request: &OutcomeRequest,
) -> Result<OutcomeBody, Problem> {
    let now = app.clock.now();
    let disclose = request.disclose.unwrap_or(false);
    if matches!(case.status, Status::Cancelled | Status::Superseded) && disclose {
        return Err(Problem::illegal_transition(
            "The office has withdrawn this request; nothing more is told under it.",
        ));
    }
    if disclose {
        let paper = papers::get(tx, &app.vault, case.id)
            .await?
            .ok_or_else(Problem::not_found)?;
        let assessed = assessments::of_case(tx, app, &case, &paper, now)
            .await?
            .notify_release;
        let refused = match assessed.disposition {
            Disposition::Prohibited => Some(Slug::PolicyProhibits),
            Disposition::Indeterminate => Some(Slug::PolicyIndeterminate),
            _ => None,
        };
        if let Some(slug) = refused {
            return Err(Problem::new(
                slug,
                format!(
                    "The office cannot be told of this outcome. {}",
                    assessed.because.join(" ")
                ),
            )
            .with_refusal(case.id, "notify_release"));
        }
    }
    let id = OutcomeId::new(now);
    let salt = ids::salt();
    let by = tx.actor().name.clone();
    insert(tx, id, case.id, request, &by, disclose, &salt, now).await?;
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
    if disclose {
        if detainer::store::lock(tx, case.id)
            .await?
            .ok_or_else(Problem::not_found)?
            .is_some()
        {
            return Err(Problem::illegal_transition(
                "The office has withdrawn this request; nothing more is told under it.",
            ));
        }
        // What crosses gets its id at that moment.
        shared = OutcomeId::new(now);
        let agency_id = tx.agency_id();
        let new = NewOutcome {
            id: shared,
            agency_id,
            office_id: case.office_id,
            detainer: case.id,
            side: "custodian",
            request,
            by: &by,
            salt: ids::salt(),
            at: now,
        };
        outcome::insert(tx, &new).await?;
        events.push(
            Event::new("outcome.disclosed", now, tx.actor())
                .also_for_office(case.office_id)
                .detainer(case.id)
                .subject("outcome", shared.as_uuid())
                .data("notice", request.notice.as_str())
                .data("custody", request.custody.as_str()),
        );
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

#[allow(clippy::too_many_arguments)]
async fn insert(
    tx: &mut ScopedTx<'_>,
    id: OutcomeId,
    detainer: DetainerId,
    request: &OutcomeRequest,
    by: &str,
    disclosed: bool,
    salt: &[u8],
    at: crate::types::Timestamp,
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
