//! `/detainers/{id}` for the jail: what is due, what may be done, what happened.

use askama::Template;
use axum::response::Response;

use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::bookings::store as bookings;
use crate::custodian::detainers::api::{self, DESK};
use crate::custodian::detainers::{CaseFile, case_file, papers};
use crate::custodian::determinations::store::{self as determinations, Determination};
use crate::custodian::outcomes;
use crate::custodian::release_notices::store as notices;
use crate::dashboard::pieces::TimelineLine;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Body, CheckField, Chip, ErrorSummary, Frame, Layout, Learns, Link, Person, Posted, RadioField,
    SelectField, Shape, Steps, TextArea, TextField, Tokens, Tone, Typed, Visitor, When, time,
    words,
};
use crate::db::ScopedTx;
use crate::exchange::detainer::{Paper as Request, Status};
use crate::exchange::notification::{self, Notification};
use crate::exchange::outcome::{self, Statement, agreement};
use crate::http::Problem;
use crate::log::read::{self, EventBody};
use crate::policy::{Act, Assessment, Disposition};
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
    pub acts: Vec<ActPanel>,
    pub timeline: Vec<TimelineLine>,
    /// Duties that are done.
    pub done: Vec<DutyLine>,
    pub booking: Option<BookingPanel>,
    pub notices: Vec<NoticeLine>,
    pub notifications: Vec<NotificationLine>,
    pub outcome: OutcomePanel,
    pub acknowledge: Option<AcknowledgeForm>,
    pub serve: Option<ServeForm>,
    pub facts: Option<FactsForm>,
    pub state_outcome: Option<OutcomeForm>,
}

pub struct Paper {
    /// "I-247A of 20 Nov 2026".
    pub title: String,
    /// "SND → San Diego Central Jail".
    pub route: String,
    /// "notify, hold, transfer".
    pub asks: String,
    /// Label and value: basis, warrants, issued by, received how, age.
    pub facts: Vec<(String, String)>,
}

pub struct Alert {
    pub title: String,
    pub text: String,
    pub link: Option<Link>,
}

pub struct DutyLine {
    pub state: Chip,
    pub what: String,
    pub due: Option<When>,
    /// "agency's target" or the citation.
    pub by: String,
    /// When and how it was done.
    pub done: Option<String>,
    pub letter: Option<Link>,
    /// Where to say that it is done; none when another form does it.
    pub done_form: Option<DutyForm>,
}

/// `POST {base}/duties/{duty}`.
pub struct DutyForm {
    pub action: String,
    pub tokens: Tokens,
    pub done_at: TextField,
    pub evidence: TextField,
    pub learns: Learns,
}

/// One of the four acts, as the law stands now.
pub struct ActPanel {
    /// "Notify release".
    pub name: String,
    pub disposition: Chip,
    /// False when the paper does not ask for it.
    pub asked: bool,
    pub because: Vec<String>,
    /// Each unknown fact with what would settle it.
    pub unknown: Vec<UnknownFact>,
    /// "us-ca/values-act, version 2018.1".
    pub rule: String,
    pub citation: String,
    /// The rule was not reviewed yet.
    pub draft: bool,
    /// The working, clause by clause.
    pub trace: Vec<TraceLine>,
    /// "Declined 24 Nov 2026 09:30 PST by R. Reviewer: …".
    pub decided: Option<String>,
    /// The page where a person decides; reviewers only.
    pub decide_href: Option<String>,
}

pub struct UnknownFact {
    pub fact: String,
    pub settle: String,
}

pub struct TraceLine {
    pub clause: String,
    /// "true", "false", "unknown".
    pub result: String,
}

pub struct BookingPanel {
    pub number: String,
    pub booked: Option<When>,
    pub releasable: Option<When>,
    /// "local charge".
    pub basis: String,
    pub held_past_release: String,
    pub charges: Vec<ChargeLine>,
}

pub struct ChargeLine {
    /// "PC 459, second degree, felony (CA)".
    pub offense: String,
    /// "charge, not a conviction" or "convicted 24 Nov 2012".
    pub standing: String,
    pub conviction: bool,
    pub charged_on: String,
}

pub struct NoticeLine {
    pub kind: String,
    pub effective: When,
    pub basis: String,
    pub recorded: When,
    /// "current", "replaced".
    pub state: String,
    /// "withheld: prohibited", "told to SND", "waits for a reviewer".
    pub action: Chip,
}

pub struct NotificationLine {
    pub recipient: String,
    pub about: String,
    pub state: Chip,
    pub sent: Option<When>,
    /// "22 h before the release as told", or "unknown until it is sent".
    pub lead: String,
    pub escalation: Option<String>,
    /// `POST /notifications/{id}/attempts`.
    pub attempt: Option<AttemptForm>,
}

/// A notice given by telephone or fax.
pub struct AttemptForm {
    pub action: String,
    pub tokens: Tokens,
    pub channel: SelectField,
    pub at: TextField,
    pub to: TextField,
    pub by: TextField,
    pub result: SelectField,
    pub learns: Learns,
}

pub struct OutcomePanel {
    /// "agreed", "disputed", "one-sided", "unknown: nobody has stated one".
    pub state: Chip,
    pub ours: OutcomeSide,
    pub theirs: OutcomeSide,
}

#[derive(Default)]
pub struct OutcomeSide {
    pub notice: Option<String>,
    pub custody: Option<String>,
    /// "24 Nov 2026 09:12 PST by R. Reviewer".
    pub stated: Option<String>,
    pub note: Option<String>,
    /// What would settle it, when nothing is stated.
    pub unknown: String,
}

/// `POST {base}/acknowledgement`.
pub struct AcknowledgeForm {
    pub by: TextField,
    pub learns: Learns,
    pub primary: bool,
}

/// `POST {base}/service`.
pub struct ServeForm {
    pub served_at: TextField,
    pub method: SelectField,
    pub method_other: TextField,
    pub language: TextField,
    pub officer: TextField,
    pub tell_office: CheckField,
    pub learns: Learns,
    pub primary: bool,
    pub open: bool,
}

/// `POST {base}/facts`: each field yes, no or unknown.
pub struct FactsForm {
    pub facts: Vec<RadioField>,
    pub learns: Learns,
    pub open: bool,
}

/// `POST {base}/outcome`.
pub struct OutcomeForm {
    pub notice: SelectField,
    pub custody: SelectField,
    pub stated_at: TextField,
    pub note: TextArea,
    pub disclose: CheckField,
    pub learns: Learns,
    pub open: bool,
}

const ACKNOWLEDGE: &str = "acknowledge";
const SERVE: &str = "serve";
const OUTCOME: &str = "outcome";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
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
            page(app, &posted.visitor, id, &typed).await
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
    let assessment = assessments::of_case(&mut tx, app, &case, &paper, app.clock.now()).await?;
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
            what: "Notify the office of the release: yes or no".to_owned(),
            due: review.due_at.map(|at| frame.when(at)),
            by: "agency's target, and before the release".to_owned(),
            done: None,
            letter: frame.is(Role::Reviewer).then(|| {
                Link::new(
                    "Decide",
                    format!("/detainers/{id}/determinations/new?act=notify_release"),
                )
            }),
            done_form: None,
        })
        .into_iter()
        .collect();
    let reviewer = frame.is(Role::Reviewer);
    let page = DetainerPage {
        layout: frame.layout(words::subject_name(&paper.subject)),
        base: format!("/detainers/{id}"),
        tokens: frame.tokens(),
        errors: typed.summary(),
        person: words::person(&paper.subject),
        revealed: None,
        reveal: None,
        paper: paper_panel(&paper, &frame),
        status: words::standing(case.status, case.stage()),
        flags: flags(&paper),
        alerts: alerts(&paper, &frame),
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
        acts: Act::ALL
            .iter()
            .map(|act| act_panel(*act, &assessment, &paper, &made, &case, &frame, reviewer))
            .collect(),
        timeline: events
            .iter()
            .rev()
            .map(|event| timeline_line(event, &paper, &frame))
            .collect(),
        done: Vec::new(),
        booking,
        notices: lines,
        notifications: told
            .iter()
            .map(|told| notification_line(told, &paper, &frame))
            .collect(),
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
        facts: None,
        state_outcome: reviewer.then(|| outcome_form(typed, &frame, &sees)),
    };
    show(typed.status(), &page)
}

fn serve_form(typed: &Typed, frame: &Frame, sees: &impl Fn(Option<String>) -> Learns) -> ServeForm {
    let fields = typed.form(SERVE);
    ServeForm {
        served_at: fields
            .local(
                "served_at",
                "Served",
                &time::local(frame.now, frame.zone),
                frame.zone,
            )
            .required(),
        method: fields
            .select(
                "method",
                "How",
                &[
                    ("in_person", "In person"),
                    ("inmate_mail", "Inmate mail"),
                    ("other", "Another way"),
                ],
                "in_person",
            )
            .required(),
        method_other: fields
            .text("method_other", "Which other way", "")
            .hint("Only for another way."),
        language: fields
            .text("language", "Language", "")
            .hint("A code such as es or vi."),
        officer: fields
            .text("officer", "Officer who served", &frame.actor.name)
            .required(),
        tell_office: fields.check("tell_office", "Tell the office", true),
        learns: sees(Some(
            "served, when, how and by whom, if you tell it; without the check mark nothing leaves this agency"
                .to_owned(),
        )),
        primary: true,
        open: true,
    }
}

fn outcome_form(
    typed: &Typed,
    frame: &Frame,
    sees: &impl Fn(Option<String>) -> Learns,
) -> OutcomeForm {
    let fields = typed.form(OUTCOME);
    OutcomeForm {
        notice: fields
            .select("notice", "Notice", &words::notice_outcomes(), "unknown")
            .required(),
        custody: fields
            .select("custody", "Custody", &words::custody_outcomes(), "unknown")
            .required(),
        stated_at: fields
            .local(
                "stated_at",
                "As of",
                &time::local(frame.now, frame.zone),
                frame.zone,
            )
            .required(),
        note: fields.area("note", "Note"),
        disclose: fields.check("disclose", "Tell the office", false),
        learns: sees(Some(
            "this statement with its note, if you tell it; without the check mark nothing leaves this agency"
                .to_owned(),
        )),
        open: typed.is(OUTCOME),
    }
}

fn paper_panel(paper: &Request, frame: &Frame) -> Paper {
    let mut facts = vec![
        ("Basis".to_owned(), words::basis(&paper.basis)),
        (
            "Warrants".to_owned(),
            if paper.warrants.is_empty() {
                "none with this paper".to_owned()
            } else {
                let list: Vec<String> = paper.warrants.iter().map(words::warrant).collect();
                list.join("; ")
            },
        ),
        ("Issued by".to_owned(), paper.issuing_office.clone()),
        (
            "Received".to_owned(),
            format!(
                "{}, {}",
                time::absolute(paper.received_at, frame.zone),
                match paper.channel.as_str() {
                    "api" => "lodged here by the office".to_owned(),
                    other => format!("by {}", words::plain(other)),
                }
            ),
        ),
        (
            "Revision of the form".to_owned(),
            paper
                .form_revision
                .clone()
                .unwrap_or_else(|| "unknown".to_owned()),
        ),
        (
            "Booking number on the paper".to_owned(),
            paper
                .subject
                .booking_number
                .clone()
                .unwrap_or_else(|| "none".to_owned()),
        ),
    ];
    if let Some(service) = &paper.service {
        facts.push((
            "Served".to_owned(),
            format!(
                "{}, {}",
                time::absolute(service.served_at, frame.zone),
                words::plain(service.method.as_str())
            ),
        ));
    }
    Paper {
        title: format!("{} of {}", paper.form, time::day(paper.issued_on)),
        route: format!("{} → {}", paper.office, paper.custodian_name),
        asks: words::asks(&paper.asks),
        facts,
    }
}

fn flags(paper: &Request) -> Vec<Chip> {
    paper
        .flags()
        .into_iter()
        .filter(|word| *word != "custodian_not_connected")
        .map(words::flag_chip)
        .collect()
}

fn alerts(paper: &Request, frame: &Frame) -> Vec<Alert> {
    let mut alerts = Vec::new();
    if let Some(at) = paper.cancelled_at {
        let reason = paper
            .lift_reason
            .map_or_else(|| "reason unknown".to_owned(), words::lift_reason);
        alerts.push(Alert {
            title: format!(
                "Cancelled by the office on {}.",
                time::absolute(at, frame.zone)
            ),
            text: format!("Reason given: {reason}. Nothing more is told under it."),
            link: None,
        });
    }
    if paper.victim_or_witness {
        alerts.push(Alert {
            title: "A victim or witness.".to_owned(),
            text: "8 U.S.C. 1367 restricts what may be said of this person.".to_owned(),
            link: None,
        });
    }
    alerts
}

/// One act as the law stands now, with the last decision on it.
pub fn act_panel(
    act: Act,
    assessment: &Assessment,
    paper: &Request,
    made: &[Determination],
    case: &CaseFile,
    frame: &Frame,
    may_decide: bool,
) -> ActPanel {
    let assessed = assessment.of(act).clone();
    let decided = made
        .iter()
        .rev()
        .find(|made| made.act == act.as_str())
        .map(|made| {
            let verb = if made.decision == "comply" {
                "Complied with"
            } else {
                "Declined"
            };
            format!(
                "{verb} {} by {}: {}{}",
                time::absolute(made.decided_at, frame.zone),
                made.decided_by,
                words::plain(&made.reason_code),
                made.note
                    .as_ref()
                    .map_or_else(String::new, |note| format!(". {note}"))
            )
        });
    ActPanel {
        name: words::act(act).to_owned(),
        disposition: words::disposition(assessed.disposition),
        asked: match act {
            Act::NotifyRelease => paper.asks.notify,
            Act::HoldPastRelease => paper.asks.hold,
            Act::TransferCustody => paper.asks.transfer,
            Act::AllowInterview => paper.asks.interview,
        },
        because: assessed.because,
        unknown: assessed
            .unknown
            .into_iter()
            .map(|fact| UnknownFact {
                fact,
                settle: "State it, and the answer is worked out again.".to_owned(),
            })
            .collect(),
        rule: assessed.decided_by.unwrap_or_else(|| {
            "No rule addresses this act here; the default of the combination holds".to_owned()
        }),
        citation: if assessed.citations.is_empty() {
            "no rule".to_owned()
        } else {
            assessed.citations.join(", ")
        },
        draft: false,
        trace: Vec::new(),
        decided,
        decide_href: (may_decide && case.status == Status::Pending)
            .then(|| format!("/detainers/{}/determinations/new?act={act}", case.id)),
    }
}

async fn booking(
    tx: &mut ScopedTx<'_>,
    case: &CaseFile,
    reviews: &[notices::Review],
    frame: &Frame,
) -> Result<(Option<BookingPanel>, Vec<NoticeLine>), Problem> {
    let Some(linked) = case.booking else {
        return Ok((None, Vec::new()));
    };
    let Some(booking) = bookings::by_id(tx, linked.as_uuid()).await? else {
        return Ok((None, Vec::new()));
    };
    let charges = bookings::charges(tx, booking.id).await?;
    let known = notices::of_booking(tx, booking.id).await?;
    let held = match (booking.otherwise_releasable_at, booking.released_at) {
        (Some(releasable), Some(released)) => {
            format!("{} min", (released - releasable).num_minutes().max(0))
        }
        (None, _) => "unknown until the local basis ends".to_owned(),
        (_, None) => "unknown until the release".to_owned(),
    };
    let panel = BookingPanel {
        number: booking.booking_number.clone(),
        booked: booking.booked_at.map(|at| frame.when(at)),
        releasable: booking.otherwise_releasable_at.map(|at| frame.when(at)),
        basis: booking
            .custody_basis
            .as_deref()
            .map_or_else(|| "unknown".to_owned(), words::plain),
        held_past_release: held,
        charges: charges
            .iter()
            .map(|charge| {
                let parts: Vec<&str> = [&charge.statute, &charge.description, &charge.level]
                    .into_iter()
                    .flatten()
                    .map(String::as_str)
                    .collect();
                let mut offense = parts.join(", ");
                if offense.is_empty() {
                    offense = "unknown offense".to_owned();
                }
                if let Some(state) = &charge.state {
                    offense.push_str(&format!(" ({state})"));
                }
                // What the feed calls a disposition is no proof of a conviction.
                let standing = match &charge.disposition {
                    Some(disposition) => {
                        format!("charge, not a conviction; reported as: {disposition}")
                    }
                    None => "charge, not a conviction".to_owned(),
                };
                ChargeLine {
                    offense,
                    standing,
                    conviction: false,
                    charged_on: charge
                        .charged_on
                        .map_or_else(|| "unknown".to_owned(), time::day),
                }
            })
            .collect(),
    };
    let lines = known
        .iter()
        .rev()
        .map(|notice| NoticeLine {
            kind: words::release_kind(&notice.kind),
            effective: frame.when(notice.effective_at),
            basis: notice
                .release_basis
                .as_deref()
                .map_or_else(|| "reason unknown".to_owned(), words::plain),
            recorded: frame.when(notice.recorded_at),
            state: if notice.current {
                "current"
            } else {
                "replaced"
            }
            .to_owned(),
            action: followed(
                reviews
                    .iter()
                    .find(|review| review.release_notice_id == notice.id),
            ),
        })
        .collect();
    Ok((Some(panel), lines))
}

/// What followed a notice for this request.
fn followed(review: Option<&notices::Review>) -> Chip {
    match review {
        None => Chip::new(Shape::Open, Tone::Plain, "No decision on it"),
        Some(review) => match review.action.as_str() {
            "notified" => Chip::new(Shape::Done, Tone::Good, "Told to the office"),
            "withheld" if review.disposition == Disposition::Prohibited.as_str() => {
                Chip::new(Shape::Barred, Tone::Grave, "Withheld: prohibited")
            }
            "withheld" => Chip::new(Shape::Done, Tone::Plain, "Withheld"),
            _ => Chip::new(Shape::Clock, Tone::Careful, "Waits for a reviewer"),
        },
    }
}

fn notification_line(told: &Notification, paper: &Request, frame: &Frame) -> NotificationLine {
    let state = match told.status.as_str() {
        "acknowledged" => Chip::new(Shape::Done, Tone::Good, "Acknowledged"),
        "withdrawn" => Chip::new(Shape::Done, Tone::Plain, "Withdrawn"),
        _ => Chip::new(Shape::Open, Tone::Careful, "Not acknowledged"),
    };
    let lead = match told.effective_at.zip(told.sent_at) {
        Some((effective, sent)) if effective >= sent => format!(
            "sent {} before the release as told",
            time::span(effective - sent)
        ),
        Some((effective, sent)) => format!(
            "sent {} after the release as told",
            time::span(sent - effective)
        ),
        None => "lead time unknown until it is sent".to_owned(),
    };
    let by = told.acknowledged_by.as_ref().zip(told.acknowledged_at);
    NotificationLine {
        recipient: paper.office.clone(),
        about: told.effective_at.map_or_else(
            || words::plain(&told.about),
            |at| {
                format!(
                    "{} {}",
                    words::release_kind(told.kind.as_deref().unwrap_or(&told.about)),
                    time::absolute(at, frame.zone)
                )
            },
        ),
        state,
        sent: told.sent_at.map(|at| frame.when(at)),
        lead,
        escalation: by.map(|(by, at)| format!("read by {by} {}", time::absolute(at, frame.zone))),
        attempt: None,
    }
}

fn outcome_panel(
    ours: Option<&Statement>,
    theirs: Option<&Statement>,
    frame: &Frame,
) -> OutcomePanel {
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
                    time::absolute(statement.stated_at, frame.zone)
                )),
                note: statement.note.clone(),
                unknown: String::new(),
            },
        )
    };
    OutcomePanel {
        state: words::agreement(state),
        ours: side(ours, "a reviewer of this agency states it."),
        theirs: side(theirs, "the office has stated nothing."),
    }
}

fn timeline_line(event: &EventBody, paper: &Request, frame: &Frame) -> TimelineLine {
    let office_acts = event.by.starts_with("office:");
    let data = |name: &str| event.data.get(name).and_then(|value| value.as_str());
    let at = |name: &str| {
        data(name).and_then(|text| text.parse().ok()).map_or_else(
            || "at an unknown time".to_owned(),
            |at| time::absolute(at, frame.zone),
        )
    };
    let (what, both) = match event.kind.as_str() {
        "detainer.received" => ("Request lodged".to_owned(), true),
        "detainer.acknowledged" => ("Acknowledged".to_owned(), true),
        "detainer.served" => (
            format!("Person served {}", at("served_at")),
            paper.service.is_some(),
        ),
        "detainer.cancelled" => ("Cancelled".to_owned(), true),
        "match.found" => (
            format!(
                "Matched with a booking ({})",
                words::plain(data("match").unwrap_or("unknown"))
            ),
            false,
        ),
        "determination.made" => (
            format!(
                "Decided: {} {}",
                words::plain(data("act").unwrap_or_default()),
                match data("decision") {
                    Some("comply") => "yes",
                    _ => "no",
                }
            ),
            false,
        ),
        "refused" => (
            format!(
                "Refused by the rules: {}",
                words::plain(data("act").unwrap_or_default())
            ),
            false,
        ),
        "release_notice.disclosed" => (
            format!(
                "Office told: {} {}",
                words::release_kind(data("kind").unwrap_or_default()).to_lowercase(),
                at("effective_at")
            ),
            true,
        ),
        "notification.acknowledged" => ("Notice read and acknowledged".to_owned(), true),
        "outcome.stated" => ("Outcome stated".to_owned(), office_acts),
        "outcome.disclosed" => ("Outcome told to the office".to_owned(), true),
        "hold.disclosed" => ("Office told of the hold".to_owned(), true),
        "handover.stated" => ("Hand-over stated".to_owned(), true),
        "handover.confirmed" => ("Hand-over confirmed by both sides".to_owned(), true),
        other => (words::plain(other).replace('.', " "), office_acts),
    };
    TimelineLine {
        at: frame.when(event.at),
        what,
        by: Some(if office_acts {
            paper.office.clone()
        } else {
            "this agency".to_owned()
        }),
        seen_by: if both { "both" } else { "this agency" }.to_owned(),
    }
}
