//! What a notice means for a request: assessed now, told if an earlier decision covers it, else
//! put before a person.

use super::store as determinations;
use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::detainers::{CaseFile, papers};
use crate::custodian::release_notices::matching::Basis;
use crate::custodian::release_notices::store::{self, NoticeRow, Review};
use crate::db::ScopedTx;
use crate::exchange::detainer::{self, IllegalTransition};
use crate::exchange::notification;
use crate::http::Problem;
use crate::log::Event;
use crate::policy::Disposition;
use crate::types::Timestamp;
use crate::types::ids::{NotificationId, new_v7};

/// The agency's own target for a decision, in hours, where the law names none.
const DECISION_TARGET_HOURS: i64 = 24;

/// Opens the review of a notice for a request: `withheld`, `queued` or, covered by an earlier
/// `comply`, `notified`. The case file is locked by the caller.
pub async fn open(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &CaseFile,
    notice: &NoticeRow,
    basis: Basis,
) -> Result<Vec<Event>, Problem> {
    let now = app.clock.now();
    let paper = papers::get(tx, &app.vault, case.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let assessed = assessments::of_case(tx, app, case, &paper, now)
        .await?
        .notify_release;
    let allowed = matches!(
        assessed.disposition,
        Disposition::Permitted | Disposition::Required
    );
    let covered = allowed
        && notice.kind().is_about_release()
        && determinations::latest_notify_decision(tx, case.id)
            .await?
            .as_deref()
            == Some("comply");
    let mut review = Review {
        id: new_v7(now),
        detainer_id: case.id.as_uuid(),
        release_notice_id: notice.id,
        basis: basis.to_string(),
        action: "queued".to_owned(),
        disposition: assessed.disposition.to_string(),
        assessment: serde_json::to_value(&assessed).unwrap_or_default(),
        notification_id: None,
        due_at: Some(due(now, notice.effective_at)),
        settled_at: None,
    };
    let mut events = Vec::new();
    if assessed.disposition == Disposition::Prohibited {
        review.action = "withheld".to_owned();
        review.due_at = None;
        review.settled_at = Some(now);
    } else if covered {
        match tell(tx, app, case, notice).await {
            Ok((id, event)) => {
                review.action = "notified".to_owned();
                review.notification_id = Some(id.as_uuid());
                review.due_at = None;
                review.settled_at = Some(now);
                events.push(event);
            }
            // Withdrawn in this very moment: the notice is recorded all the same.
            Err(Told::Cancelled(_)) => {
                review.action = "withheld".to_owned();
                review.due_at = None;
                review.settled_at = Some(now);
            }
            Err(Told::Failed(problem)) => return Err(*problem),
        }
    }
    store::insert_review(tx, &review, now).await?;
    Ok(events)
}

/// Within the agency's target, and before the release.
fn due(now: Timestamp, effective_at: Timestamp) -> Timestamp {
    let target = now + chrono::Duration::hours(DECISION_TARGET_HOURS);
    target.min(effective_at.max(now))
}

/// Why the office could not be told.
pub enum Told {
    Cancelled(IllegalTransition),
    Failed(Box<Problem>),
}

impl<E: Into<Problem>> From<E> for Told {
    fn from(error: E) -> Self {
        Told::Failed(Box::new(error.into()))
    }
}

/// Tells the office of a release. The paper is locked last, after assessment, and looked at
/// under its lock: a cancelled request is told nothing more.
pub async fn tell(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &CaseFile,
    notice: &NoticeRow,
) -> Result<(NotificationId, Event), Told> {
    let now = app.clock.now();
    if let Err(error) = case.must_have_crossed("telling the office") {
        return Err(Told::Cancelled(error));
    }
    match detainer::store::lock(tx, case.id).await? {
        None => return Err(Problem::not_found().into()),
        Some(Some(_)) => {
            return Err(Told::Cancelled(IllegalTransition {
                action: "telling the office",
                state: "cancelled or superseded".to_owned(),
                mend: "the office has withdrawn or replaced it, so nothing more is told under it",
            }));
        }
        Some(None) => {}
    }
    let id = NotificationId::new(now);
    notification::insert_release(
        tx,
        id,
        case.office_id,
        case.id,
        &notice.kind,
        notice.effective_at,
        now,
    )
    .await?;
    detainer::store::set_notified(tx, case.id, now).await?;
    let event = Event::new("release_notice.disclosed", now, tx.actor())
        .also_for_office(case.office_id)
        .detainer(case.id)
        .subject("notification", id.as_uuid())
        .data("about", "release")
        .data("kind", notice.kind.as_str())
        .instant("effective_at", notice.effective_at);
    Ok((id, event))
}
