//! The office's statement of what came of its request: always visible to the custodian.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::db::ScopedTx;
use crate::exchange::detainer::{Paper, store};
use crate::exchange::outcome::{self, NewOutcome, OutcomeBody, OutcomeRequest, agreement};
use crate::http::{Id, Once, Problem, Tagged};
use crate::identity::Liaison;
use crate::log::{self, Event, leaf};
use crate::types::ids::{self, DetainerId, OutcomeId};

/// `POST …/outcome` on the office's side.
pub async fn post(
    State(app): State<App>,
    caller: Liaison,
    Id(id): Id<DetainerId>,
    once: Once<OutcomeRequest>,
) -> Result<Response, Problem> {
    once.run(&app, &caller, async |tx, request| {
        stated(tx, &app, id, request).await
    })
    .await
}

/// Records the office's statement, for API and page alike.
pub async fn stated(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    request: Result<OutcomeRequest, Problem>,
) -> Result<Tagged, Problem> {
    store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    let paper = store::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let request = request?;
    request.check(app.clock.now())?;
    if request.disclose.is_some() {
        return Err(Problem::field(
            "/disclose",
            "custodian_only",
            "disclose is the custodian's: an office's statement is always shared.",
        ));
    }
    let body = state(tx, app, &paper, &request).await?;
    Ok(Tagged::created(&body, format!("/v1/detainers/{id}")))
}

/// Records the office's statement; a pending request closes on its side.
#[tracing::instrument(name = "outcomes.state", skip_all, fields(detainer.id = %paper.id))]
pub async fn state(
    tx: &mut ScopedTx<'_>,
    app: &App,
    paper: &Paper,
    request: &OutcomeRequest,
) -> Result<OutcomeBody, Problem> {
    let now = app.clock.now();
    let id = OutcomeId::new(now);
    let salt = ids::salt();
    let by = tx.actor().name.clone();
    let row_hash = leaf::row_hash(&salt, &(&request.note, &by));
    let new = NewOutcome {
        id,
        agency_id: paper.agency_id,
        office_id: paper.office_id,
        detainer: paper.id,
        side: "office",
        request,
        by: &by,
        salt,
        at: now,
    };
    outcome::insert(tx, &new).await?;
    store::set_closed(tx, paper.id, now).await?;
    let other = outcome::latest(tx, paper.id, "custodian").await?;
    let event = Event::new("outcome.stated", now, tx.actor())
        .also_for_agency(paper.agency_id)
        .detainer(paper.id)
        .subject("outcome", id.as_uuid())
        .data("notice", request.notice.as_str())
        .data("custody", request.custody.as_str())
        .data("row_hash", row_hash);
    log::append(tx, vec![event]).await?;
    Ok(OutcomeBody {
        id,
        detainer: paper.id,
        notice: request.notice,
        custody: request.custody,
        stated_at: request.stated_at,
        note: request.note.clone(),
        recorded_at: now,
        agreement: agreement((request.notice, request.custody), other.as_ref()),
        other_side: other,
    })
}
