//! Lodging a request with a custodian: a new one, one that takes the place of an earlier one, or
//! the form with which the office takes back what it sent on a date.

use super::cancel;
use crate::app::App;
use crate::db::ScopedTx;
use crate::exchange::detainer::lodge;
use crate::exchange::detainer::model::{Channel, Form};
use crate::exchange::detainer::request::DetainerRequest;
use crate::exchange::detainer::same::{Relation, relation};
use crate::exchange::detainer::store::{self, NewPaper};
use crate::exchange::detainer::{Paper, events, related};
use crate::http::Problem;
use crate::log;
use crate::types::ids::DetainerId;

/// What lodging did.
pub enum Issued {
    New(Paper),
    /// The form took back this one; no new request came of it.
    Cancelled(Paper),
}

impl Issued {
    /// The request that is there now.
    pub fn paper(self) -> Paper {
        match self {
            Issued::New(paper) | Issued::Cancelled(paper) => paper,
        }
    }
}

#[tracing::instrument(name = "detainers.issue", skip_all, fields(form = %request.form))]
pub async fn issue(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: DetainerRequest,
) -> Result<Issued, Problem> {
    let now = app.clock.now();
    request.check(now)?;
    if request.form == Form::NcicHit {
        return Err(Problem::field(
            "/form",
            "custodian_only",
            "An NCIC hit is recorded by the custodian that received it.",
        ));
    }
    let own = tx.actor().office.clone().ok_or_else(Problem::not_found)?;
    if request.office != own.code {
        return Err(Problem::field(
            "/office",
            "scope",
            format!("A liaison lodges requests of its own office, {}.", own.code),
        ));
    }
    let parties = lodge::parties(tx, &request).await?;
    let agency = &parties.agency;
    let cancels = request.cancels_issued_on;
    let mut paper = NewPaper::new(request, &parties, DetainerId::new(now), Channel::Api, now);
    let who = paper.who(&app.vault);
    related::lock_pair(tx, own.id, agency.id).await?;
    // In a later statement than the lock: a paper for the same person that came first is seen.
    let pending = related::pending_about(tx, own.id, agency.id, &who).await?;
    if let Some(issued_on) = cancels {
        let named = pending
            .iter()
            .rev()
            .find(|other| other.who.is(&who) && other.issued_on == issued_on)
            .ok_or_else(|| {
                Problem::field(
                    "/cancels_issued_on",
                    "unknown",
                    "No pending request of this office for this person at this custodian has that date.",
                )
            })?;
        let request = cancel::by_form(paper.form, paper.issued_on);
        return Ok(Issued::Cancelled(
            cancel::cancel(tx, app, named.id, request).await?,
        ));
    }
    let mut superseded = Vec::new();
    match relation(&who, paper.form, paper.issued_on, paper.asks, &pending) {
        Relation::New => {}
        Relation::DuplicateOf(id) => paper.duplicate_of = Some(id),
        Relation::Supersedes(ids) => {
            paper.supersedes = ids.last().copied();
            superseded = ids;
        }
    }
    related::set_superseded(tx, &superseded, now).await?;
    store::insert(tx, &app.vault, &paper).await?;
    let mut events = vec![
        paper
            .received(tx, &agency.ori, &own.code)
            .also_for_agency(agency.id),
    ];
    events.extend(superseded.into_iter().map(|id| {
        events::superseded(tx, id, paper.id, now)
            .also_for_agency(agency.id)
            .also_for_office(own.id)
    }));
    let read = store::get(tx, &app.vault, paper.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    log::append(tx, events).await?;
    Ok(Issued::New(read))
}
