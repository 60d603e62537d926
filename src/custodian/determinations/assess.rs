//! What a notice means for a request: assessed now; told if an earlier decision covers it or the
//! agency's standing decision decides; else put before a person.

use super::standing::{self, Standing};
use super::store::{self as determinations, Determination};
use super::tell::{self, Told};
use super::{Decision, ReasonCode};
use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::detainers::{CaseFile, papers};
use crate::custodian::release_notices::matching::Basis;
use crate::custodian::release_notices::store::{self, NoticeRow, Review};
use crate::db::ScopedTx;
use crate::http::Problem;
use crate::log::Event;
use crate::policy::{Act, ActAssessment, Disposition};
use crate::types::Timestamp;
use crate::types::ids::{DeterminationId, new_v7, salt};

/// The agency's own target for a decision, in hours, where the law names none.
const DECISION_TARGET_HOURS: i64 = 24;

/// What is to become of a notice.
enum Course {
    /// An earlier decision covers it.
    Covered,
    /// The agency has decided beforehand.
    Standing(Standing),
    /// A person decides.
    Queue,
    /// The law bars it. With an alert when an earlier decision would have told it.
    Withhold(Option<&'static str>),
}

/// Opens the review of a notice for a request: `withheld`, `queued` or `notified`. The case file
/// is locked by the caller.
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
        alert: None,
    };
    let course = course(tx, case, notice, &assessed).await?;
    let events = take(tx, case, notice, &assessed, course, &mut review, now).await?;
    store::insert_review(tx, &review, now).await?;
    Ok(events)
}

/// Asks the law again about what waits for a decision, and about what the law alone withheld: a
/// fact has arrived, or the law has changed. Where the answer is another one the log says so, and
/// the notice waits for a person, unless the law bars it or the agency has decided beforehand. The case file is locked by the caller.
pub async fn again(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: &CaseFile,
) -> Result<Vec<Event>, Problem> {
    let by_law = |review: &Review| {
        review.action == "withheld" && review.disposition == Disposition::Prohibited.as_str()
    };
    let mut reviews = store::reviews_of_detainer(tx, case.id).await?;
    reviews.retain(|review| review.settled_at.is_none() || by_law(review));
    let mut events = Vec::new();
    if reviews.is_empty() {
        return Ok(events);
    }
    let now = app.clock.now();
    let paper = papers::get(tx, &app.vault, case.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let assessed = assessments::of_case(tx, app, case, &paper, now)
        .await?
        .notify_release;
    let newest = reviews.last().map(|review| review.release_notice_id);
    for mut review in reviews {
        let before = review.disposition.clone();
        if before == assessed.disposition.as_str() {
            continue;
        }
        let Some(notice) = store::get(tx, review.release_notice_id).await? else {
            continue;
        };
        // What was replaced, or is no longer this request's, asks for nothing any more.
        let stands = notice.current
            && case
                .booking
                .is_some_and(|booking| booking.as_uuid() == notice.booking_id);
        if !stands {
            continue;
        }
        review.disposition = assessed.disposition.to_string();
        review.assessment = serde_json::to_value(&assessed).unwrap_or_default();
        review.action = "queued".to_owned();
        review.due_at = Some(due(now, notice.effective_at));
        review.settled_at = None;
        review.alert = None;
        // What the law had stopped a person lets go on: the decision that once covered it was made
        // before that. And of several notices only the newest can still be told.
        let course = match course(tx, case, &notice, &assessed).await? {
            Course::Covered => Course::Queue,
            Course::Standing(_) if newest != Some(notice.id) => Course::Queue,
            other => other,
        };
        let mut followed = take(tx, case, &notice, &assessed, course, &mut review, now).await?;
        store::reassess(tx, &review).await?;
        events.push(
            Event::new("assessment.changed", now, tx.actor())
                .detainer(case.id)
                .subject("release_notice", notice.id)
                .data("act", Act::NotifyRelease.as_str())
                .data("from", before)
                .data("to", assessed.disposition.as_str())
                .data("action", review.action.as_str()),
        );
        events.append(&mut followed);
    }
    Ok(events)
}

/// Lets a notice take its course: what becomes of the review, and the events of it.
async fn take(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    notice: &NoticeRow,
    assessed: &ActAssessment,
    course: Course,
    review: &mut Review,
    now: Timestamp,
) -> Result<Vec<Event>, Problem> {
    let settle = |review: &mut Review, action: &str| {
        review.action = action.to_owned();
        review.due_at = None;
        review.settled_at = Some(now);
    };
    let mut events = Vec::new();
    match course {
        Course::Queue => {}
        Course::Withhold(None) => settle(review, "withheld"),
        Course::Withhold(alert) => {
            review.action = "withheld".to_owned();
            review.alert = alert.map(str::to_owned);
        }
        Course::Covered => match tell::of_notice(tx, case, notice, now).await {
            Ok((id, event)) => {
                settle(review, "notified");
                review.notification_id = Some(id.as_uuid());
                events.push(event);
            }
            // Withdrawn in this very moment: the notice is recorded all the same.
            Err(Told::Barred(_)) => settle(review, "withheld"),
            Err(failed) => return Err(failed.into()),
        },
        Course::Standing(standing) => match tell::of_notice(tx, case, notice, now).await {
            Ok((id, event)) => {
                settle(review, "notified");
                review.notification_id = Some(id.as_uuid());
                events.push(decided(tx, case, notice, assessed, &standing, review, now).await?);
                events.push(event);
            }
            Err(Told::Barred(_)) => settle(review, "withheld"),
            Err(failed) => return Err(failed.into()),
        },
    }
    Ok(events)
}

/// Decides nothing that a person has to: what the law bars is withheld, what was decided goes on,
/// the rest waits.
async fn course(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    notice: &NoticeRow,
    assessed: &ActAssessment,
) -> Result<Course, Problem> {
    let about_release = notice.kind().is_about_release();
    let earlier = if about_release {
        determinations::latest_notify_decision(tx, case.id).await?
    } else {
        None
    };
    let covered = earlier.as_deref() == Some(Decision::Comply.as_str());
    Ok(match assessed.disposition {
        Disposition::Prohibited if covered => Course::Withhold(Some(
            "An earlier decision told the office of this release. The law bars it now: nothing new was told, not even this.",
        )),
        Disposition::Prohibited => Course::Withhold(None),
        Disposition::Permitted | Disposition::Required
            if about_release && case.crossed_at.is_some() && !case.claim_open =>
        {
            if covered {
                Course::Covered
            } else if earlier.is_some() {
                // A person has declined: what is agreed beforehand does not overrule that.
                Course::Queue
            } else {
                match standing::in_force(tx).await? {
                    Some(standing) if standing.decides(assessed.disposition) => {
                        Course::Standing(standing)
                    }
                    _ => Course::Queue,
                }
            }
        }
        _ => Course::Queue,
    })
}

/// The determination that a standing decision makes.
async fn decided(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    notice: &NoticeRow,
    assessed: &ActAssessment,
    standing: &Standing,
    review: &Review,
    now: Timestamp,
) -> Result<Event, Problem> {
    let reason = match assessed.disposition {
        Disposition::Required => ReasonCode::LawRequires,
        _ => ReasonCode::AgencyPolicy,
    };
    let determination = Determination {
        id: DeterminationId::new(now).as_uuid(),
        detainer_id: case.id.as_uuid(),
        act: Act::NotifyRelease.to_string(),
        decision: Decision::Comply.to_string(),
        reason_code: reason.to_string(),
        note: None,
        release_notice_id: Some(notice.id),
        assessment: review.assessment.clone(),
        departs_from_policy: false,
        notification_id: review.notification_id,
        decided_at: now,
        decided_by: format!(
            "standing decision {} signed by {}",
            standing.version, standing.signed_by
        ),
    };
    let salt = salt();
    determinations::insert(tx, &determination, &salt).await?;
    Ok(
        super::decide::made(tx, &determination, assessed.disposition, &salt)
            .data("standing_decision", standing.version),
    )
}

/// Within the agency's target, and before the release.
fn due(now: Timestamp, effective_at: Timestamp) -> Timestamp {
    let target = now + chrono::Duration::hours(DECISION_TARGET_HOURS);
    target.min(effective_at.max(now))
}
