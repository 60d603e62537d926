//! `/detainers/{id}` for the jail: what is due, what may be done, what happened.

pub mod acts;
pub mod custody;
pub mod forms;
pub mod hold;
pub mod paper;
pub mod said;
pub mod steps;
pub mod timeline;
pub mod told;

use askama::Template;
use axum::response::Response;

use self::acts::{ActPanel, DutyLine, act_panel, duty_line};
use self::custody::{BookingPanel, NoticeLine, booking};
use self::forms::{AcknowledgeForm, OutcomeForm, ServeForm, outcome_form, serve_form};
use self::hold::{HoldPanel, holds};
use self::paper::{Alert, Paper, alerts, candidate, flags, paper_panel};
use self::said::{ClaimLine, FactLine, claim_alerts, claim_line, fact_line};
use self::steps::next_steps;
use self::timeline::timeline_line;
use self::told::{NotificationLine, OutcomePanel, notification_line, outcome_panel};
use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::claims::store as claims;
use crate::custodian::detainers::api::{self, DESK};
use crate::custodian::detainers::{case_file, papers};
use crate::custodian::determinations::store as determinations;
use crate::custodian::duties::store as duties;
use crate::custodian::facts::store as facts;
use crate::custodian::matches::store as matches;
use crate::custodian::outcomes;
use crate::custodian::persons::reveal;
use crate::custodian::release_notices::store as notices;
use crate::dashboard::handover::{self, HandoverPanel};
use crate::dashboard::pieces::TimelineLine;
use crate::dashboard::visitor::show;
use crate::dashboard::working::{AttachedLaw, Working};
use crate::dashboard::{
    Body, Chip, ErrorSummary, Layout, Learns, Link, NextStep, Person, Posted, Shape, Steps,
    TextField, Tokens, Tone, Typed, Visitor, words,
};
use crate::db::scope::Access;
use crate::exchange::detainer::Status;
use crate::exchange::handover::{self as statements, HandoverSide};
use crate::exchange::{notification, outcome};
use crate::http::problem::Slug;
use crate::http::{Caller, Problem};
use crate::log::read;
use crate::policy::Act;
use crate::types::Role;
use crate::types::ids::DetainerId;

#[derive(Template)]
#[template(path = "custodian/detainer.html")]
pub struct DetainerPage {
    pub layout: Layout,
    /// `/detainers/{id}`: all forms post below it.
    pub base: String,
    pub tokens: Tokens,
    /// Of the form that was refused, if one was.
    pub errors: ErrorSummary,
    pub person: Person,
    /// The unmasked number, after a purpose was given and logged.
    pub revealed: Option<String>,
    /// None where the number is unknown or already shown.
    pub reveal: Option<TextField>,
    pub paper: Paper,
    pub status: Chip,
    pub flags: Vec<Chip>,
    /// Open claims, contested law, "cancelled on …": read before anything else.
    pub alerts: Vec<Alert>,
    pub steps: Steps,
    pub due: Vec<DutyLine>,
    /// Further steps, each on a page of its own.
    pub next: Vec<NextStep>,
    pub acts: Vec<ActPanel>,
    /// What the law attaches beside the acts.
    pub law: AttachedLaw,
    pub claims: Vec<ClaimLine>,
    /// What this agency has stated, each with who and when.
    pub facts: Vec<FactLine>,
    pub timeline: Vec<TimelineLine>,
    /// Duties that are done.
    pub done: Vec<DutyLine>,
    pub booking: Option<BookingPanel>,
    pub notices: Vec<NoticeLine>,
    pub notifications: Vec<NotificationLine>,
    /// The latest first.
    pub holds: Vec<HoldPanel>,
    pub handover: HandoverPanel,
    pub outcome: OutcomePanel,
    pub acknowledge: Option<AcknowledgeForm>,
    pub serve: Option<ServeForm>,
    pub state_outcome: Option<OutcomeForm>,
}

const ACKNOWLEDGE: &str = "acknowledge";

const SERVE: &str = "serve";

const OUTCOME: &str = "outcome";

const REVEAL: &str = "reveal";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default(), None).await
}

/// `POST /detainers/{id}/reveal`: the number is in this one answer and in nothing that is stored,
/// and the log knows of it before it goes out. Sent twice, it is two looks.
pub async fn post_reveal(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let mut tx = posted.visitor.open(app, Access::Write).await?;
    match reveal::a_number(&mut tx, app, id, posted.fields.get("purpose")).await {
        Ok(number) => {
            tx.commit().await?;
            app.hub.committed();
            page(app, &posted.visitor, id, &Typed::default(), Some(number)).await
        }
        Err(problem) if problem.slug == Slug::Validation => {
            tx.rollback().await?;
            let typed = Typed::refused(REVEAL, posted.fields.clone(), problem);
            page(app, &posted.visitor, id, &typed, None).await
        }
        Err(problem) => Err(problem),
    }
}

/// `POST /detainers/{id}/acknowledgement`
pub async fn post_acknowledgement(
    app: &App,
    posted: Posted,
    id: DetainerId,
) -> Result<Response, Problem> {
    let request = Body::new(&posted.fields).texts(&["by"]).read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            api::acknowledged(tx, app, id, request).await
        })
        .await;
    after(app, posted, id, ACKNOWLEDGE, "acknowledged", answer).await
}

/// `POST /detainers/{id}/service`
pub async fn post_service(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let request = Body::new(&posted.fields)
        .texts(&["method", "method_other", "language", "officer"])
        .flags(&["tell_office"])
        .local("served_at", posted.frame.zone)
        .read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            api::served(tx, app, id, request).await
        })
        .await;
    after(app, posted, id, SERVE, "served", answer).await
}

/// `POST /detainers/{id}/outcome`
pub async fn post_outcome(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let request = Body::new(&posted.fields)
        .texts(&["notice", "custody", "note"])
        .flags(&["disclose"])
        .local("stated_at", posted.frame.zone)
        .read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            outcomes::stated(tx, app, id, request).await
        })
        .await;
    after(app, posted, id, OUTCOME, "stated", answer).await
}

/// To the record, or the page again with what was typed.
async fn after(
    app: &App,
    posted: Posted,
    id: DetainerId,
    form: &'static str,
    flash: &str,
    answer: Result<Response, Problem>,
) -> Result<Response, Problem> {
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}"), flash)),
        Err(problem) => {
            let typed = Typed::refused(form, posted.fields.clone(), problem);
            page(app, &posted.visitor, id, &typed, None).await
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    typed: &Typed,
    revealed: Option<String>,
) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let case = case_file::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let paper = papers::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let made = determinations::of_detainer(&mut tx, id).await?;
    let reviews = notices::reviews_of_detainer(&mut tx, id).await?;
    let told = notification::list(&mut tx, None, Some(id), None, 50).await?;
    let ours = outcomes::latest(&mut tx, id).await?;
    let theirs = outcome::latest(&mut tx, id, "office").await?;
    let events = read::timeline(&mut tx, id).await?;
    let (booking, lines) = booking(&mut tx, &case, &reviews, &frame).await?;
    let now = app.clock.now();
    let assessment = assessments::of_case(&mut tx, app, &case, &paper, now).await?;
    let explained = assessments::explained(&mut tx, app, &case, &paper, now).await?;
    let working = Working::read(explained)?;
    let owed = duties::of_detainer(&mut tx, id).await?;
    let claims = claims::of_detainer(&mut tx, id).await?;
    let stated = facts::latest(&mut tx, &[id.as_uuid()])
        .await?
        .remove(&id.as_uuid())
        .unwrap_or_default();
    let holds = holds(&mut tx, &case, &frame).await?;
    let waiting = matches::list(&mut tx, Some("open"), Some(id.as_uuid()), None, 20).await?;
    let handovers = statements::of_detainer(&mut tx, id).await?;
    tx.rollback().await?;

    let pending = case.status == Status::Pending;
    let desk = DESK.contains(&frame.actor.role);
    let office = format!("The office {}", paper.office);
    let sees = |what: Option<String>| Learns {
        who: office.clone(),
        what,
        stays_in: "this agency".to_owned(),
    };
    let acknowledges = pending && desk && case.acknowledged_at.is_none();
    let serves = pending && desk && case.acknowledged_at.is_some() && case.served_at.is_none();
    let open = reviews.iter().rfind(|review| review.settled_at.is_none());
    let due = open
        .map(|review| DutyLine {
            state: Chip::new(Shape::Warning, Tone::Careful, "Decide"),
            what: review
                .alert
                .clone()
                .unwrap_or_else(|| "Notify the office of the release: yes or no".to_owned()),
            due: review.due_at.map(|at| frame.when(at)),
            by: "agency's target, and before the release".to_owned(),
            done: None,
            letters: frame
                .is(Role::Reviewer)
                .then(|| {
                    Link::new(
                        "Decide",
                        format!("/detainers/{id}/determinations/new?act=notify_release"),
                    )
                })
                .into_iter()
                .collect(),
            state_it: None,
        })
        .into_iter()
        .chain(
            owed.iter()
                .filter(|duty| duty.done_at.is_none())
                .map(|duty| duty_line(duty, desk, &frame)),
        )
        .collect();
    let reviewer = frame.is(Role::Reviewer);
    let page = DetainerPage {
        layout: frame.layout(words::subject_name(&paper.subject)),
        base: format!("/detainers/{id}"),
        tokens: frame.tokens(),
        errors: typed.summary(),
        person: words::person(&paper.subject),
        reveal: (desk && revealed.is_none() && paper.subject.a_number.is_some()).then(|| {
            typed
                .form(REVEAL)
                .text("purpose", "What for", "")
                .required()
        }),
        revealed,
        paper: paper_panel(&paper, &frame),
        status: words::standing(case.status, case.stage()),
        flags: flags(&paper),
        steps: words::steps(&[
            ("received", true),
            ("acknowledged", case.acknowledged_at.is_some()),
            ("served", case.served_at.is_some()),
            (
                "release expected",
                case.release_expected_at.is_some() || case.released_at.is_some(),
            ),
            ("released", case.released_at.is_some()),
        ]),
        due,
        next: next_steps(&case, &paper, &assessment, booking.as_ref(), &frame),
        acts: Act::ALL
            .iter()
            .map(|act| {
                act_panel(
                    *act,
                    (&assessment, &working),
                    &paper,
                    &made,
                    &case,
                    &frame,
                    reviewer,
                )
            })
            .collect(),
        law: working.attached(),
        alerts: claim_alerts(&claims, &case, &frame)
            .into_iter()
            .chain(waiting.iter().map(|pair| candidate(pair, &frame)))
            .chain(alerts(&case, &paper, &frame))
            .collect(),
        claims: claims
            .iter()
            .map(|claim| claim_line(claim, &case, desk, &frame))
            .collect(),
        facts: stated
            .iter()
            .filter_map(|fact| fact_line(fact, &frame))
            .collect(),
        timeline: events
            .iter()
            .rev()
            .map(|event| timeline_line(event, &paper, &frame))
            .collect(),
        done: owed
            .iter()
            .filter(|duty| duty.done_at.is_some())
            .map(|duty| duty_line(duty, desk, &frame))
            .collect(),
        booking,
        notices: lines,
        notifications: told
            .iter()
            .map(|told| notification_line(told, &paper, desk, &frame))
            .collect(),
        holds,
        handover: handover::panel(
            &handovers,
            HandoverSide::Custodian,
            "This agency",
            &office,
            frame.zone,
            frame.now,
        ),
        outcome: outcome_panel(ours.as_ref(), theirs.as_ref(), &frame),
        acknowledge: acknowledges.then(|| AcknowledgeForm {
            by: typed
                .form(ACKNOWLEDGE)
                .text("by", "Your name, for the record", &frame.actor.name)
                .required(),
            learns: sees(Some("acknowledged now, and the name above".to_owned())),
            primary: true,
        }),
        serve: serves.then(|| serve_form(typed, &frame, &sees)),
        state_outcome: reviewer
            .then(|| outcome_form(typed, &frame, &sees, case.handed_over_at.is_some())),
    };
    show(typed.status(), &page)
}
