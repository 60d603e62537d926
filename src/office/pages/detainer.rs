//! `/detainers/{id}` for an office: the paper, what it was told, its own acts. Nothing else.

use askama::Template;
use axum::response::Response;
use chrono_tz::Tz;

use super::overview::{AcknowledgeNotice, acknowledge_form};
use crate::app::App;
use crate::dashboard::handover::{self, HandoverPanel};
use crate::dashboard::pieces::TimelineLine;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Body, Chip, ErrorSummary, Frame, Layout, Learns, Link, Person, Posted, SelectField, Shape,
    Steps, TextArea, TextField, Tokens, Tone, Typed, Visitor, When, time, words,
};
use crate::exchange::detainer::model::LiftReason;
use crate::exchange::detainer::{Paper, Status, store as papers};
use crate::exchange::handover::{self as statements, HandoverSide};
use crate::exchange::notification::{self, Notification};
use crate::exchange::outcome::{self, Statement, agreement};
use crate::http::Problem;
use crate::log::read::{self, EventBody};
use crate::office::{notifications, outcomes};
use crate::types::ids::{DetainerId, NotificationId};

#[derive(Template)]
#[template(path = "office/detainer.html")]
pub struct DetainerPage {
    pub layout: Layout,
    /// `/detainers/{id}`.
    pub base: String,
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    pub person: Person,
    pub revealed: Option<String>,
    pub reveal: Option<TextField>,
    /// "I-247A of 20 Nov 2026".
    pub title: String,
    /// "SND → San Diego Central Jail".
    pub route: String,
    pub status: Chip,
    pub flags: Vec<Chip>,
    /// Lifted for a U.S. citizen: said before anything else.
    pub lifted: Option<String>,
    /// The custodian has no account here.
    pub other_means: Option<String>,
    pub steps: Steps,
    /// Label and value, as the paper says.
    pub paper: Vec<(String, String)>,
    pub warrants: Vec<String>,
    pub told: Vec<ToldNotice>,
    /// "Nothing else has been told." or "Nothing has been told yet but …".
    pub told_note: String,
    pub timeline: Vec<TimelineLine>,
    /// What either side has stated of the hand-over.
    pub handover: HandoverPanel,
    /// None once this office has stated its own.
    pub state_handover: Option<Link>,
    pub outcome: OutcomePanel,
    pub state_outcome: Option<OutcomeForm>,
    /// None when there is nothing to cancel any more.
    pub cancel: Option<Link>,
}

pub struct ToldNotice {
    /// "Release", "Hold", "Status", "Decision".
    pub about: String,
    /// "scheduled for".
    pub what: String,
    pub effective: Option<When>,
    pub sent: When,
    pub lead: String,
    pub state: Chip,
    pub acknowledge: Option<AcknowledgeNotice>,
}

pub struct OutcomePanel {
    pub state: Chip,
    pub ours: OutcomeSide,
    pub theirs: OutcomeSide,
}

#[derive(Default)]
pub struct OutcomeSide {
    pub notice: Option<String>,
    pub custody: Option<String>,
    pub stated: Option<String>,
    pub note: Option<String>,
    pub unknown: String,
}

/// `POST {base}/outcome`.
pub struct OutcomeForm {
    pub tokens: Tokens,
    pub notice: SelectField,
    pub custody: SelectField,
    pub stated_at: TextField,
    pub note: TextArea,
    pub learns: Learns,
    pub open: bool,
}

const OUTCOME: &str = "outcome";
const READ: &str = "read";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

/// `POST /detainers/{id}/outcome`
pub async fn post_outcome(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let zone = zone_of(app, &posted.visitor, id).await?;
    let request = Body::new(&posted.fields)
        .texts(&["notice", "custody", "note"])
        .local("stated_at", zone)
        .read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            outcomes::stated(tx, app, id, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}"), "stated")),
        Err(problem) => {
            let typed = Typed::refused(OUTCOME, posted.fields.clone(), problem);
            page(app, &posted.visitor, id, &typed).await
        }
    }
}

/// The facility's zone: what its times are typed in.
pub async fn zone_of(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Tz, Problem> {
    let (mut tx, _) = visitor.enter(app).await?;
    let paper = papers::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.rollback().await?;
    Ok(time::zone(&paper.custodian_zone))
}

/// `POST /notifications/{id}/acknowledgement`
pub async fn post_read(app: &App, posted: Posted, id: NotificationId) -> Result<Response, Problem> {
    let (mut tx, _) = posted.visitor.enter(app).await?;
    let told = notification::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.rollback().await?;
    let request = Body::new(&posted.fields).texts(&["by"]).read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            notifications::acknowledged(tx, app, id, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{}", told.detainer_id), READ)),
        Err(problem) => {
            let typed = Typed::refused(READ, posted.fields.clone(), problem);
            page(app, &posted.visitor, told.detainer_id.into(), &typed).await
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let paper = papers::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let told = notification::list(&mut tx, None, Some(id), None, 50).await?;
    let ours = outcome::latest(&mut tx, id, "office").await?;
    let theirs = outcome::latest(&mut tx, id, "custodian").await?;
    let events = read::timeline(&mut tx, id).await?;
    let handovers = statements::of_detainer(&mut tx, id).await?;
    tx.rollback().await?;
    let zone = time::zone(&paper.custodian_zone);
    let pending = paper.status() == Status::Pending;
    let page = DetainerPage {
        layout: frame.layout(words::subject_name(&paper.subject)),
        base: format!("/detainers/{id}"),
        tokens: frame.tokens(),
        errors: typed.summary(),
        person: words::person(&paper.subject),
        revealed: None,
        reveal: None,
        title: format!("{} of {}", paper.form, time::day(paper.issued_on)),
        route: format!("{} → {}", paper.office, paper.custodian_name),
        status: words::standing(paper.status(), paper.stage()),
        flags: paper
            .flags()
            .into_iter()
            .filter(|word| *word != "custodian_not_connected")
            .map(words::flag_chip)
            .collect(),
        lifted: paper
            .cancelled_at
            .filter(|_| paper.lift_reason == Some(LiftReason::UscOrPresumptiveClaim))
            .map(|at| {
                format!(
                    "This office lifted the request on {} because the person is a U.S. citizen or claims to be one.",
                    time::absolute(at, zone)
                )
            }),
        other_means: (!paper.custodian_connected).then(|| {
            format!(
                "{} has no account here: it sees this request only when you send it by fax, mail or telephone.",
                paper.custodian_name
            )
        }),
        steps: words::steps(&[
            ("lodged", true),
            ("acknowledged", paper.acknowledged_at.is_some()),
            ("served", paper.service.is_some()),
            ("release told", paper.notified_at.is_some()),
        ]),
        paper: paper_lines(&paper, zone),
        warrants: paper.warrants.iter().map(words::warrant).collect(),
        told_note: if told.is_empty() {
            let mut known = vec!["that the request is lodged"];
            if paper.acknowledged_at.is_some() {
                known.push("that it is acknowledged");
            }
            if paper.service.is_some() {
                known.push("that the person was served");
            }
            format!("Known: {}. Nothing else has been told.", known.join(", "))
        } else {
            "Nothing else has been told.".to_owned()
        },
        told: told
            .iter()
            .map(|told| told_notice(told, &paper, zone, &frame))
            .collect(),
        timeline: events
            .iter()
            .rev()
            .map(|event| timeline_line(event, &paper, zone, &frame))
            .collect(),
        state_handover: (!handovers
            .iter()
            .any(|one| one.side == HandoverSide::Office))
        .then(|| Link::new("State the hand-over", format!("/detainers/{id}/handover"))),
        handover: handover::panel(
            &handovers,
            HandoverSide::Office,
            &paper.custodian_name,
            "This office",
            zone,
            frame.now,
        ),
        outcome: outcome_panel(ours.as_ref(), theirs.as_ref(), zone),
        state_outcome: (paper.status() != Status::Cancelled)
            .then(|| outcome_form(typed, &paper, zone, &frame)),
        cancel: pending.then(|| {
            Link::new(
                "Cancel this request",
                format!("/detainers/{id}/cancellation"),
            )
        }),
    };
    show(typed.status(), &page)
}

fn paper_lines(paper: &Paper, zone: Tz) -> Vec<(String, String)> {
    let unknown = || "unknown".to_owned();
    let subject = &paper.subject;
    let mut lines = vec![
        ("Asks".to_owned(), words::asks(&paper.asks)),
        ("Basis".to_owned(), words::basis(&paper.basis)),
        ("Lodged".to_owned(), time::absolute(paper.created_at, zone)),
        ("Issued by".to_owned(), paper.issuing_office.clone()),
        (
            "Citizenship, as alleged".to_owned(),
            subject.citizenship.clone().unwrap_or_else(unknown),
        ),
        (
            "Booking number".to_owned(),
            subject.booking_number.clone().unwrap_or_else(unknown),
        ),
    ];
    if let Some(service) = &paper.service {
        let mut text = format!(
            "{}, {}",
            time::absolute(service.served_at, zone),
            words::plain(service.method.as_str())
        );
        if let Some(language) = &service.language {
            text.push_str(&format!(", in {language}"));
        }
        lines.push(("Served, as told".to_owned(), text));
    }
    if let Some(at) = paper.cancelled_at {
        let reason = paper
            .cancel_reason
            .clone()
            .unwrap_or_else(|| "reason unknown".to_owned());
        let code = paper
            .lift_reason
            .map_or_else(|| "lift code unknown".to_owned(), words::lift_reason);
        lines.push((
            "Cancelled".to_owned(),
            format!("{}, {code}: {reason}", time::absolute(at, zone)),
        ));
    }
    lines
}

fn told_notice(told: &Notification, paper: &Paper, zone: Tz, frame: &Frame) -> ToldNotice {
    let state = match told.status.as_str() {
        "acknowledged" => Chip::new(Shape::Done, Tone::Good, "Acknowledged"),
        "withdrawn" => Chip::new(Shape::Done, Tone::Plain, "Withdrawn"),
        _ => Chip::new(Shape::Open, Tone::Careful, "To acknowledge"),
    };
    let sent = told.sent_at.unwrap_or(told.told_at);
    ToldNotice {
        about: words::release_kind(told.kind.as_deref().unwrap_or(&told.about)),
        what: words::told(told, zone).map_or_else(String::new, |what| format!(": {what}")),
        effective: told.effective_at.map(|at| time::when(at, zone, frame.now)),
        sent: time::when(sent, zone, frame.now),
        lead: match told.effective_at {
            Some(at) if at >= sent => {
                format!("{} before the time told", time::span(at - sent))
            }
            Some(_) => "after the time told".to_owned(),
            None => "no time told".to_owned(),
        },
        state,
        acknowledge: told
            .acknowledged_at
            .is_none()
            .then(|| acknowledge_form(told, paper, frame)),
    }
}

fn outcome_panel(ours: Option<&Statement>, theirs: Option<&Statement>, zone: Tz) -> OutcomePanel {
    let state = match (ours, theirs) {
        (Some(ours), theirs) => agreement((ours.notice, ours.custody), theirs),
        (None, Some(_)) => "one_sided",
        (None, None) => "unknown",
    };
    let side = |statement: Option<&Statement>, unknown: &str| {
        statement.map_or_else(
            || OutcomeSide {
                unknown: unknown.to_owned(),
                ..OutcomeSide::default()
            },
            |statement| OutcomeSide {
                notice: Some(words::notice_outcome(statement.notice).to_owned()),
                custody: Some(words::custody_outcome(statement.custody).to_owned()),
                stated: Some(format!(
                    "as of {}",
                    time::absolute(statement.stated_at, zone)
                )),
                note: statement.note.clone(),
                unknown: String::new(),
            },
        )
    };
    OutcomePanel {
        state: words::agreement(state),
        ours: side(ours, "this office has stated none."),
        theirs: side(theirs, "the custodian has told none."),
    }
}

fn outcome_form(typed: &Typed, paper: &Paper, zone: Tz, frame: &Frame) -> OutcomeForm {
    let fields = typed.form(OUTCOME);
    OutcomeForm {
        tokens: frame.tokens(),
        notice: fields
            .select("notice", "Notice", &words::notice_outcomes(), "unknown")
            .required(),
        custody: fields
            .select("custody", "Custody", &words::custody_outcomes(), "unknown")
            .required(),
        stated_at: fields
            .local("stated_at", "As of", &time::local(frame.now, zone), zone)
            .required(),
        note: fields.area("note", "Note"),
        learns: Learns {
            who: paper.custodian_name.clone(),
            what: Some("this statement with its note. The request closes on this side.".to_owned()),
            stays_in: "this office".to_owned(),
        },
        open: typed.is(OUTCOME),
    }
}

fn timeline_line(event: &EventBody, paper: &Paper, zone: Tz, frame: &Frame) -> TimelineLine {
    let data = |name: &str| event.data.get(name).and_then(|value| value.as_str());
    let at = |name: &str| {
        data(name).and_then(|text| text.parse().ok()).map_or_else(
            || "at an unknown time".to_owned(),
            |at| time::absolute(at, zone),
        )
    };
    let what = match event.kind.as_str() {
        "detainer.received" => "Request lodged".to_owned(),
        "detainer.acknowledged" => "Acknowledged".to_owned(),
        "detainer.served" => format!("Person served {}", at("served_at")),
        "detainer.cancelled" => "Cancelled".to_owned(),
        "release_notice.disclosed" => format!(
            "Told: {} {}",
            words::release_kind(data("kind").unwrap_or_default()).to_lowercase(),
            at("effective_at")
        ),
        "notification.acknowledged" => "Notice read and acknowledged".to_owned(),
        "outcome.stated" => "Outcome stated".to_owned(),
        "outcome.disclosed" => "Outcome told".to_owned(),
        "handover.stated" => "Hand-over stated".to_owned(),
        "handover.confirmed" => "Hand-over confirmed by both sides".to_owned(),
        "hold.disclosed" => format!("Told: a hold until {}", at("deadline_at")),
        "decision.disclosed" => format!(
            "Told: {} {}",
            words::plain(data("act").unwrap_or("an act")),
            match data("decision") {
                Some("comply") => "complied with",
                _ => "declined",
            }
        ),
        "notification.attempted" => format!(
            "Notice given by {}: {}",
            words::plain(data("channel").unwrap_or("unknown")),
            words::plain(data("result").unwrap_or("unknown"))
        ),
        other => words::plain(other).replace('.', " "),
    };
    TimelineLine {
        at: time::when(event.at, zone, frame.now),
        what,
        by: Some(if event.by.starts_with("office:") {
            "this office".to_owned()
        } else {
            paper.custodian_name.clone()
        }),
        seen_by: "both".to_owned(),
    }
}
