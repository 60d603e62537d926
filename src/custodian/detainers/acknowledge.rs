//! Acknowledging a request: always told to the office.

use super::case_file::{self, CaseFile};
use crate::app::App;
use crate::db::ScopedTx;
use crate::exchange::detainer::{Paper, store};
use crate::http::Problem;
use crate::log::{self, Event};
use crate::types::ids::DetainerId;

/// The command, for API, dashboard and demo.
pub struct Acknowledge {
    pub id: DetainerId,
    pub by: String,
}

#[tracing::instrument(name = "detainers.acknowledge", skip_all, fields(detainer.id = %id))]
pub async fn acknowledge(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: CaseFile,
    Acknowledge { id, by }: Acknowledge,
) -> Result<(Paper, CaseFile), Problem> {
    let now = app.clock.now();
    let case = case.acknowledge(now).map_err(Problem::illegal_transition)?;
    case_file::save(tx, &case).await?;
    // This act crosses: the paper's lock comes last.
    let cancelled = store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    let paper = store::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    debug_assert_eq!(cancelled, paper.cancelled_at);
    paper
        .can_be_told("acknowledgement")
        .map_err(Problem::illegal_transition)?;
    store::set_acknowledged(tx, id, now, &by).await?;
    let event = Event::new("detainer.acknowledged", now, tx.actor())
        .detainer(id)
        .also_for_office(paper.office_id);
    log::append(tx, vec![event]).await?;
    Ok((
        Paper {
            acknowledged_at: Some(now),
            acknowledged_by: Some(by),
            ..paper
        },
        case,
    ))
}
