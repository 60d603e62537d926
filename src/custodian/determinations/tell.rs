//! Telling the office. The paper is locked last, after assessment, and looked at under its lock:
//! a request that was withdrawn or replaced is told nothing more under.

use crate::custodian::detainers::CaseFile;
use crate::custodian::holds::store::Hold;
use crate::custodian::release_notices::store::NoticeRow;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::{self, IllegalTransition};
use crate::exchange::notification::{self, About, NewNotification};
use crate::http::Problem;
use crate::log::Event;
use crate::types::Timestamp;
use crate::types::ids::NotificationId;

/// Why the office could not be told.
pub enum Told {
    /// The request no longer stands, or the office does not know of it.
    Barred(IllegalTransition),
    Failed(Box<Problem>),
}

impl From<Problem> for Told {
    fn from(problem: Problem) -> Self {
        Told::Failed(Box::new(problem))
    }
}

impl From<StoreError> for Told {
    fn from(error: StoreError) -> Self {
        Problem::from(error).into()
    }
}

impl From<Told> for Problem {
    fn from(told: Told) -> Self {
        match told {
            Told::Barred(error) => Problem::illegal_transition(error),
            Told::Failed(problem) => *problem,
        }
    }
}

/// Tells of a release, or of a change of status.
pub async fn of_notice(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    notice: &NoticeRow,
    now: Timestamp,
) -> Result<(NotificationId, Event), Told> {
    let (kind, effective_at) = (notice.kind.clone(), notice.effective_at);
    let about = if notice.kind().is_about_release() {
        About::Release { kind, effective_at }
    } else {
        About::Status { kind, effective_at }
    };
    let id = NotificationId::new(now);
    Ok((id, tell(tx, case, about, id, now).await?))
}

/// Tells of a hold. Its row already names the notification.
pub async fn of_hold(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    hold: &Hold,
    id: NotificationId,
    now: Timestamp,
) -> Result<Event, Told> {
    let about = About::Hold {
        started_at: hold.started_at,
        deadline_at: hold.deadline_at,
        basis: hold.basis.clone(),
    };
    tell(tx, case, about, id, now).await
}

/// Tells of a decision.
pub async fn of_decision(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    act: &str,
    decision: &str,
    now: Timestamp,
) -> Result<(NotificationId, Event), Told> {
    let about = About::Decision {
        act: act.to_owned(),
        decision: decision.to_owned(),
        at: now,
    };
    let id = NotificationId::new(now);
    Ok((id, tell(tx, case, about, id, now).await?))
}

async fn tell(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    about: About,
    id: NotificationId,
    now: Timestamp,
) -> Result<Event, Told> {
    case.must_have_crossed("telling the office")
        .map_err(Told::Barred)?;
    match detainer::store::lock(tx, case.id).await? {
        None => return Err(Problem::not_found().into()),
        Some(Some(_)) => {
            return Err(Told::Barred(IllegalTransition {
                action: "telling the office",
                state: "cancelled or superseded".to_owned(),
                mend: "the office has withdrawn or replaced it, so nothing more is told under it",
            }));
        }
        Some(None) => {}
    }
    let event = match &about {
        About::Release { kind, effective_at } => event(tx, "release_notice.disclosed", now)
            .data("kind", kind.as_str())
            .instant("effective_at", *effective_at),
        About::Status { kind, effective_at } => event(tx, "status.disclosed", now)
            .data("kind", kind.as_str())
            .instant("effective_at", *effective_at),
        About::Decision { act, decision, at } => event(tx, "decision.disclosed", now)
            .data("act", act.as_str())
            .data("decision", decision.as_str())
            .instant("at", *at),
        About::Hold {
            started_at,
            deadline_at,
            basis,
        } => event(tx, "hold.disclosed", now)
            .instant("started_at", *started_at)
            .instant("deadline_at", *deadline_at)
            .data("basis", basis.as_str()),
    };
    let event = event
        .also_for_office(case.office_id)
        .detainer(case.id)
        .subject("notification", id.as_uuid())
        .data("about", about.word());
    let new = NewNotification {
        id,
        office_id: case.office_id,
        detainer: case.id,
        about,
        at: now,
    };
    notification::insert(tx, &new).await?;
    detainer::store::set_notified(tx, case.id, now).await?;
    Ok(event)
}

fn event(tx: &ScopedTx<'_>, kind: &'static str, now: Timestamp) -> Event {
    Event::new(kind, now, tx.actor())
}
