//! Putting the jail's own paper on the table between the sides. This is telling: from here on
//! the office knows that the request is here, and nothing else that the jail recorded before.

use super::store as typed;
use crate::app::App;
use crate::custodian::detainers::case_file::{self, CaseFile};
use crate::custodian::detainers::papers;
use crate::db::ScopedTx;
use crate::exchange::detainer::model::Subject;
use crate::exchange::detainer::same::{Pending, Relation, Who, relation};
use crate::exchange::detainer::{Paper, events, lodge, related};
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::log::Event;
use crate::types::Timestamp;
use crate::types::ids::{self, DetainerId};

impl CaseFile {
    /// Who is meant, for comparison with other papers.
    pub fn who(&self) -> Who {
        Who {
            a_number: self.a_number_index.clone(),
            fbi_number: self.fbi_number_index.clone(),
            name_parts: self.name_parts.clone(),
            date_of_birth: self.date_of_birth,
        }
    }
}

/// Moves the paper across under the same id. The case file is locked by the caller and already
/// says what crosses with it (an acknowledgement); `crossed_at` is set and saved here.
///
/// # Errors
/// 409 `conflict` when the same request has crossed already: that one is to be acknowledged.
pub async fn cross(
    tx: &mut ScopedTx<'_>,
    case: &mut CaseFile,
    paper: &Paper,
    now: Timestamp,
) -> Result<Vec<Event>, Problem> {
    let who = case.who();
    // Looked at before anything is locked: a refused crossing tells nothing, not even by a wait.
    let pending = related::pending_about(tx, case.office_id, paper.agency_id, &who).await?;
    superseded(&who, paper, &pending)?;
    related::lock_pair(tx, case.office_id, paper.agency_id).await?;
    let pending = related::pending_about(tx, case.office_id, paper.agency_id, &who).await?;
    let superseded = superseded(&who, paper, &pending)?;
    related::set_superseded(tx, &superseded, now).await?;
    let salt = ids::salt();
    case.supersedes = superseded.last().copied();
    typed::copy_across(tx, case.id, case.supersedes, &salt, now).await?;
    case.crossed_at = Some(now);
    case_file::save(tx, case).await?;
    let told = Subject {
        fbi_number: None,
        state_id: None,
        booking_number: None,
        ..paper.subject.clone()
    };
    let mut events = vec![
        Event::new("detainer.received", now, tx.actor())
            .detainer(case.id)
            .also_for_office(case.office_id)
            .data("form", paper.form.as_str())
            .data("issued_on", paper.issued_on.to_string())
            .data("custodian", paper.custodian.as_str())
            .data("office", paper.office.as_str())
            .data("row_hash", lodge::row_hash(&salt, &told)),
    ];
    events.extend(
        superseded
            .into_iter()
            .map(|id| events::superseded(tx, id, case.id, now).also_for_office(case.office_id)),
    );
    Ok(events)
}

/// The crossed requests that this paper takes the place of.
fn superseded(who: &Who, paper: &Paper, pending: &[Pending]) -> Result<Vec<DetainerId>, Problem> {
    match relation(who, paper.form, paper.issued_on, paper.asks, pending) {
        Relation::New => Ok(Vec::new()),
        Relation::Supersedes(ids) => Ok(ids),
        Relation::DuplicateOf(id) => Err(Problem::new(
            Slug::Conflict,
            format!("The office has this very request here already: acknowledge {id} instead."),
        )),
    }
}

/// A relayed copy crosses when the office is told of the move: by a told transfer of the agency
/// that passed it on, or by this agency's hand-over.
pub async fn cross_copy(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &mut CaseFile,
) -> Result<Vec<Event>, Problem> {
    let paper = papers::get(tx, &app.vault, case.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let now = app.clock.now();
    let mut events = cross(tx, case, &paper, now).await?;
    events.push(
        Event::new("detainer.relayed", now, tx.actor())
            .detainer(case.id)
            .also_for_office(case.office_id)
            .data("custodian", paper.custodian.as_str()),
    );
    Ok(events)
}
