//! A reviewer decides one act on one request.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::assess::{self, Told};
use super::store::{self, Determination};
use super::{Decision, ReasonCode};
use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::detainers::{CaseFile, papers};
use crate::custodian::facts;
use crate::custodian::release_notices::store as notices;
use crate::db::ScopedTx;
use crate::exchange::detainer::request::Complaints;
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::log::{self, Event, leaf};
use crate::policy::{Act, Disposition};
use crate::types::ids::{self, DeterminationId};

/// `POST …/determinations`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
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
    let notice = match request.notice {
        None => None,
        Some(id) => Some(
            notices::get(tx, id)
                .await?
                .filter(|notice| {
                    case.booking
                        .is_some_and(|booking| booking.as_uuid() == notice.booking_id)
                })
                .ok_or_else(|| {
                    Problem::field(
                        "/notice",
                        "unknown",
                        "notice names no release notice of this request's booking.",
                    )
                })?,
        ),
    };
    if notice.is_none() {
        case.must_be_pending("determination")
            .map_err(Problem::illegal_transition)?;
    }
    let paper = papers::get(tx, &app.vault, case.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let stated = facts::stated_with_determination(tx, &paper, request.facts.as_ref(), now).await?;
    let assessed = assessments::of_case(tx, app, &case, &paper, now)
        .await?
        .of(request.act)
        .clone();
    let complies = request.decision == Decision::Comply;
    match assessed.disposition {
        Disposition::Prohibited if complies => {
            return Err(Problem::new(
                Slug::PolicyProhibits,
                format!(
                    "{} is prohibited here. {}",
                    request.act,
                    assessed.because.join(" ")
                ),
            )
            .with_refusal(case.id, request.act.as_str()));
        }
        Disposition::Indeterminate if complies => {
            return Err(Problem::new(
                Slug::PolicyIndeterminate,
                format!(
                    "{} cannot be settled: {}",
                    request.act,
                    assessed.unknown.join("; ")
                ),
            )
            .with_refusal(case.id, request.act.as_str()));
        }
        _ => {}
    }
    let departs = assessed.disposition == Disposition::Required && !complies;
    if departs && request.note.is_none() {
        return Err(Problem::field(
            "/note",
            "missing",
            "Declining what the law requires needs a note.",
        ));
    }

    let mut events = stated;
    let mut notification = None;
    if request.act == Act::NotifyRelease {
        let open = notices::open_reviews(tx, case.id).await?;
        let wanted: Vec<_> = open
            .into_iter()
            .filter(|review| {
                notice
                    .as_ref()
                    .is_none_or(|notice| notice.id == review.release_notice_id)
            })
            .collect();
        // The newest notice is what the office is told; older ones are settled with it.
        for (at, review) in wanted.iter().enumerate() {
            let newest = at + 1 == wanted.len();
            let mut action = "withheld";
            if complies && newest {
                let told = notices::get(tx, review.release_notice_id)
                    .await?
                    .ok_or_else(Problem::not_found)?;
                match assess::tell(tx, app, &case, &told).await {
                    Ok((id, event)) => {
                        action = "notified";
                        notification = Some(id.as_uuid());
                        events.push(event);
                    }
                    Err(Told::Cancelled(error)) => return Err(Problem::illegal_transition(error)),
                    Err(Told::Failed(problem)) => return Err(*problem),
                }
            }
            notices::settle(tx, review.id, action, notification.filter(|_| newest), now).await?;
        }
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
        assessment: serde_json::to_value(&assessed).unwrap_or_default(),
        departs_from_policy: departs,
        notification_id: notification,
        decided_at: now,
        decided_by: tx.actor().name.clone(),
    };
    store::insert(tx, &determination, &salt).await?;
    let event = Event::new("determination.made", now, tx.actor())
        .detainer(case.id)
        .subject("determination", determination.id)
        .data("act", determination.act.as_str())
        .data("decision", determination.decision.as_str())
        .data("reason_code", determination.reason_code.as_str())
        .data("disposition", assessed.disposition.as_str())
        .data(
            "row_hash",
            leaf::row_hash(&salt, &(&determination.note, &determination.decided_by)),
        );
    events.insert(0, event);
    log::append(tx, events).await?;
    Ok(determination)
}
