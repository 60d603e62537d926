//! Recording paper, fax, e-mail or an NCIC hit that the jail received outside this service.

use uuid::Uuid;

use super::store as typed;
use crate::app::App;
use crate::custodian::detainers::case_file::{self, CaseFile, Origin};
use crate::custodian::detainers::papers;
use crate::db::ScopedTx;
use crate::exchange::detainer::lodge;
use crate::exchange::detainer::model::{Channel, Form};
use crate::exchange::detainer::request::DetainerRequest;
use crate::exchange::detainer::same::{Pending, Relation, Who, relation};
use crate::exchange::detainer::store::NewPaper;
use crate::exchange::detainer::{Paper, Status};
use crate::http::Problem;
use crate::log::{self, Event};
use crate::types::ids::{self, DetainerId};

/// What recording did.
pub enum Recorded {
    New(DetainerId),
    /// The paper takes back this request; no new one came of it.
    Cancelled(DetainerId),
}

/// The requests at this agency that a paper may belong to, as they can be compared.
async fn pending(
    tx: &mut ScopedTx<'_>,
    app: &App,
    office: i32,
    who: &Who,
) -> Result<Vec<Pending>, Problem> {
    let ids: Vec<Uuid> = typed::pending_about(tx, office, who).await?;
    let cases = case_file::by_ids(tx, &ids).await?;
    let papers = papers::by_ids(tx, &app.vault, &ids).await?;
    Ok(papers
        .into_iter()
        .filter_map(|paper: Paper| {
            let case: &CaseFile = cases.iter().find(|case| case.id == paper.id)?;
            Some(Pending {
                id: paper.id,
                form: paper.form,
                issued_on: paper.issued_on,
                asks: paper.asks,
                who: case.who(),
            })
        })
        .collect())
}

#[tracing::instrument(name = "detainers.record", skip_all, fields(form = %request.form))]
pub async fn record(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: DetainerRequest,
) -> Result<Recorded, Problem> {
    let now = app.clock.now();
    request.check(now)?;
    let own = tx.actor().agency.clone().ok_or_else(Problem::not_found)?;
    if request.custodian.as_str() != own.code {
        return Err(Problem::field(
            "/custodian",
            "scope",
            format!("This key records paper that {} received.", own.code),
        ));
    }
    if request.channel == Some(Channel::Relay) {
        return Err(Problem::field(
            "/channel",
            "read_only",
            "A relayed copy is made by the agency that passes it on, with its relay call.",
        ));
    }
    let parties = lodge::parties(tx, &request).await?;
    let cancels = request.cancels_issued_on;
    let channel = match request.form {
        Form::NcicHit => Channel::Ncic,
        _ => Channel::Paper,
    };
    // Random, not ordered by time: the id of paper that crosses says nothing of when it was typed.
    let id = DetainerId::from(ids::random());
    let mut paper = NewPaper::new(request, &parties, id, channel, now);
    let who = paper.who(&app.vault);
    let pending = pending(tx, app, parties.office.id, &who).await?;
    if let Some(issued_on) = cancels {
        let named = pending
            .iter()
            .rev()
            .find(|other| other.who.is(&who) && other.issued_on == issued_on)
            .ok_or_else(|| {
                Problem::field(
                    "/cancels_issued_on",
                    "unknown",
                    "No pending request of that office for this person has that date here.",
                )
            })?;
        return cancel(tx, app, named.id, &paper).await;
    }
    if let Relation::DuplicateOf(other) =
        relation(&who, paper.form, paper.issued_on, paper.asks, &pending)
    {
        paper.duplicate_of = Some(other);
    }
    let by = tx.actor().name.clone();
    typed::insert(tx, &app.vault, &paper, Origin::Typed, &by).await?;
    let event = paper.received(tx, &parties.agency.ori, &parties.office.code);
    log::append(tx, vec![event]).await?;
    Ok(Recorded::New(id))
}

/// The office took its request back on paper. This closes the jail's side and stops what runs;
/// the office's own view moves when its liaison cancels.
async fn cancel(
    tx: &mut ScopedTx<'_>,
    app: &App,
    id: DetainerId,
    paper: &NewPaper,
) -> Result<Recorded, Problem> {
    let now = app.clock.now();
    let mut case = case_file::lock(tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    case.must_be_pending("cancellation")
        .map_err(Problem::illegal_transition)?;
    case.status = Status::Cancelled;
    case_file::save(tx, &case).await?;
    // Reviews and clocks follow by the reader of this event.
    let event = Event::new("detainer.cancelled", now, tx.actor())
        .detainer(id)
        .data("by_form", paper.form.as_str())
        .data("cancelled_on", paper.issued_on.to_string())
        .data("channel", paper.channel);
    log::append(tx, vec![event]).await?;
    Ok(Recorded::Cancelled(id))
}
