//! A reviewer decides one act on one request.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::store::{self, Determination};
use super::tell;
use super::{Decision, ReasonCode};
use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::detainers::{CaseFile, papers};
use crate::custodian::facts;
use crate::custodian::release_notices::store::{self as notices, NoticeRow, Review};
use crate::db::ScopedTx;
use crate::exchange::detainer::request::Complaints;
use crate::http::Problem;
use crate::log::{self, Event, leaf};
use crate::policy::{Act, Disposition};
use crate::types::ids::{self, DeterminationId};

/// `POST …/determinations`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"}))]
pub struct DeterminationRequest {
    pub act: Act,
    pub decision: Decision,
    pub reason_code: ReasonCode,
    pub note: Option<String>,
    /// Facts to be stated before the act is assessed, as in a patch of the facts.
    #[schema(value_type = Option<Object>)]
    pub facts: Option<Value>,
    /// The release notice decided on; needed for transfer, escape, death, hospitalised, returned.
    pub notice: Option<Uuid>,
    /// Tell the office of the decision itself; not told by default.
    pub tell_office: Option<bool>,
}

impl DeterminationRequest {
    pub fn check(&self) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        complaints.optional_text("/note", self.note.as_deref(), 4000);
        complaints.finish()
    }
}

#[tracing::instrument(name = "determinations.decide", skip_all, fields(detainer.id = %case.id, act = %request.act))]
pub async fn decide(
    tx: &mut ScopedTx<'_>,
    app: &App,
    case: CaseFile,
    request: DeterminationRequest,
) -> Result<Determination, Problem> {
    let now = app.clock.now();
    let notice = decided_on(tx, &case, &request).await?;
    if notice.is_none() {
        case.must_be_pending("determination")
            .map_err(Problem::illegal_transition)?;
    }
    let complies = request.decision == Decision::Comply;
    if complies {
        assessments::must_have_no_claim(&case, request.act)?;
    }
    let paper = papers::get(tx, &app.vault, case.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let mut events =
        facts::stated_with_determination(tx, &paper, request.facts.as_ref(), now).await?;
    let assessment = assessments::of_case(tx, app, &case, &paper, now).await?;
    let assessed = assessment.of(request.act);
    if complies {
        assessments::must_allow(&case, request.act, &assessment)?;
    }
    let departs = assessed.disposition == Disposition::Required && !complies;
    if departs && request.note.is_none() {
        return Err(Problem::field(
            "/note",
            "missing",
            "Declining what the law requires needs a note.",
        ));
    }
    let tells_decision = request.tell_office.unwrap_or(false);
    if tells_decision {
        case.must_have_crossed("telling of the decision")
            .map_err(Problem::illegal_transition)?;
        assessments::must_allow(&case, Act::NotifyRelease, &assessment)?;
    }

    let mut notification = None;
    if request.act == Act::NotifyRelease {
        let settled = Settled::of(tx, &case, notice.as_ref()).await?;
        if complies && let Some(told) = &settled.told {
            let (id, event) = tell::of_notice(tx, &case, told, now).await?;
            notification = Some(id.as_uuid());
            events.push(event);
        }
        for review in &settled.reviews {
            let newest = settled
                .told
                .as_ref()
                .is_some_and(|told| told.id == review.release_notice_id);
            let action = if complies && newest {
                "notified"
            } else {
                "withheld"
            };
            notices::settle(tx, review.id, action, notification.filter(|_| newest), now).await?;
        }
    }
    if tells_decision {
        let (act, decision) = (request.act.as_str(), request.decision.as_str());
        let (id, event) = tell::of_decision(tx, &case, act, decision, now).await?;
        notification = notification.or(Some(id.as_uuid()));
        events.push(event);
    }
    let salt = ids::salt();
    let determination = Determination {
        id: DeterminationId::new(now).as_uuid(),
        detainer_id: case.id.as_uuid(),
        act: request.act.to_string(),
        decision: request.decision.to_string(),
        reason_code: request.reason_code.to_string(),
        note: request.note,
        release_notice_id: request.notice,
        assessment: serde_json::to_value(assessed).unwrap_or_default(),
        departs_from_policy: departs,
        notification_id: notification,
        decided_at: now,
        decided_by: tx.actor().name.clone(),
    };
    store::insert(tx, &determination, &salt).await?;
    events.insert(0, made(tx, &determination, assessed.disposition, &salt));
    log::append(tx, events).await?;
    Ok(determination)
}

/// `determination.made`, the agency's own.
pub fn made(
    tx: &ScopedTx<'_>,
    determination: &Determination,
    disposition: Disposition,
    salt: &[u8],
) -> Event {
    let event = Event::new("determination.made", determination.decided_at, tx.actor())
        .detainer(determination.detainer_id.into())
        .subject("determination", determination.id)
        .data("act", determination.act.as_str())
        .data("decision", determination.decision.as_str())
        .data("reason_code", determination.reason_code.as_str())
        .data("disposition", disposition.as_str())
        .data(
            "row_hash",
            leaf::row_hash(salt, &(&determination.note, &determination.decided_by)),
        );
    match determination.departs_from_policy {
        true => event.data("departs_from_policy", true),
        false => event,
    }
}

/// The release notice that the decision names.
async fn decided_on(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    request: &DeterminationRequest,
) -> Result<Option<NoticeRow>, Problem> {
    let Some(id) = request.notice else {
        return Ok(None);
    };
    let unknown = |detail: &str| Problem::field("/notice", "unknown", detail);
    let notice = notices::get(tx, id)
        .await?
        .filter(|notice| {
            case.booking
                .is_some_and(|booking| booking.as_uuid() == notice.booking_id)
        })
        .ok_or_else(|| unknown("notice names no release notice of this request's booking."))?;
    if request.act != Act::NotifyRelease {
        return Err(Problem::field(
            "/notice",
            "act",
            "A release notice is decided on with the act notify_release.",
        ));
    }
    if !notice.current {
        return Err(unknown(
            "A later notice has replaced this one; decide on that.",
        ));
    }
    Ok(Some(notice))
}

/// What a decision on telling of a release settles.
struct Settled {
    /// The notice that a `comply` tells.
    told: Option<NoticeRow>,
    reviews: Vec<Review>,
}

impl Settled {
    /// With a notice, that one. Without, all that wait about the release, and the newest of them
    /// is what the office is told; when none waits, the newest that it has not been told. Other
    /// kinds (transfer to return) each need a decision that names them.
    async fn of(
        tx: &mut ScopedTx<'_>,
        case: &CaseFile,
        notice: Option<&NoticeRow>,
    ) -> Result<Self, Problem> {
        let all = notices::reviews_of_detainer(tx, case.id).await?;
        if let Some(notice) = notice {
            let reviews: Vec<_> = all
                .into_iter()
                .filter(|review| review.release_notice_id == notice.id)
                .collect();
            if reviews.iter().any(|review| review.action == "notified") {
                return Err(Problem::illegal_transition(
                    "The office has been told of this notice already; what was told cannot be taken back. Record a correction.",
                ));
            }
            return Ok(Self {
                told: Some(notice.clone()),
                reviews,
            });
        }
        let Some(booking) = case.booking else {
            return Ok(Self {
                told: None,
                reviews: Vec::new(),
            });
        };
        let current: Vec<_> = notices::of_booking(tx, booking.as_uuid())
            .await?
            .into_iter()
            .filter(|notice| notice.current && notice.kind().is_about_release())
            .collect();
        let review = |notice: &NoticeRow| {
            all.iter()
                .find(|review| review.release_notice_id == notice.id)
        };
        let open: Vec<Review> = current
            .iter()
            .filter_map(review)
            .filter(|review| review.settled_at.is_none())
            .cloned()
            .collect();
        let newest = current
            .last()
            .filter(|newest| review(newest).is_none_or(|review| review.action != "notified"));
        let told = newest.cloned();
        let mut reviews = open;
        if let Some(last) = told.as_ref().and_then(review)
            && !reviews.iter().any(|open| open.id == last.id)
        {
            reviews.push(last.clone());
        }
        Ok(Self { told, reviews })
    }
}
