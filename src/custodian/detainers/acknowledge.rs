//! Acknowledging a request: told to the office whenever there is one that can be told. Paper
//! that the jail typed in crosses by it; an NCIC hit and a relayed copy do not.

use super::case_file::{self, CaseFile, Origin};
use super::papers;
use super::typed::{crossing, store as typed};
use crate::app::App;
use crate::db::ScopedTx;
use crate::exchange::detainer::store;
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
) -> Result<CaseFile, Problem> {
    let now = app.clock.now();
    let mut case = case.acknowledge(now).map_err(Problem::illegal_transition)?;
    case_file::save(tx, &case).await?;
    typed::set_acknowledged_by(tx, id, &by).await?;
    let paper = papers::get(tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let mut events = Vec::new();
    let told = if case.crossed_at.is_some() {
        // This act tells: the paper's lock comes last, and is looked at under it.
        store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
        let paper = papers::get(tx, &app.vault, id)
            .await?
            .ok_or_else(Problem::not_found)?;
        paper
            .can_be_told("acknowledgement")
            .map_err(Problem::illegal_transition)?;
        store::set_acknowledged(tx, id, now, &by).await?;
        true
    } else if case.origin == Origin::Typed && paper.can_cross() {
        events = crossing::cross(tx, &mut case, &paper, now).await?;
        true
    } else {
        false
    };
    let event = Event::new("detainer.acknowledged", now, tx.actor()).detainer(id);
    events.push(if told {
        event.also_for_office(case.office_id)
    } else {
        event
    });
    log::append(tx, events).await?;
    Ok(case)
}
