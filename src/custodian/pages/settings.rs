//! `/settings`: what this agency decided beforehand, and how it reads contested law. Reviewers
//! write the next version; every version stays readable.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::custodian::assessments;
use crate::custodian::detainers::api::DESK;
use crate::custodian::determinations::standing::{self, NotifyRelease, StandingBody};
use crate::dashboard::forms::Choice;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Body, Field, Frame, Layout, Learns, Link, Posted, StepPage, Typed, Visitor, step as steps,
    time, words,
};
use crate::db::ScopedTx;
use crate::http::{Problem, Tagged};
use crate::policy::Act;
use crate::policy::evaluate::Reading;
use crate::registry::adopted::{self, AdoptedPositionBody};
use crate::registry::agencies::{self, Agency};
use crate::types::Role;

const STANDING: &str = "standing";
const POSITION: &str = "position";

#[derive(Template)]
#[template(path = "custodian/settings.html")]
pub struct SettingsPage {
    pub layout: Layout,
    /// What is in force, in a sentence.
    pub standing: String,
    /// Where the next version is written; reviewers only.
    pub decide: Option<Link>,
    pub decided: Vec<VersionLine>,
    pub acts: Vec<ActPosition>,
}

pub struct VersionLine {
    pub version: String,
    pub what: String,
    pub signed_by: String,
    pub reason: String,
    pub recorded: String,
}

pub struct ActPosition {
    pub act: &'static str,
    /// What is in force, in a sentence.
    pub held: String,
    /// The rules whose force is contested for this agency on this act.
    pub contested: Vec<String>,
    pub adopt: Option<Link>,
    pub versions: Vec<VersionLine>,
}

/// The agency that one stands in.
async fn own(tx: &mut ScopedTx<'_>) -> Result<Agency, Problem> {
    let ori = tx.actor().agency.as_ref().map(|agency| agency.code.clone());
    let ori = ori.ok_or_else(Problem::not_found)?;
    agencies::by_ori(tx.conn(), &ori)
        .await?
        .ok_or_else(Problem::not_found)
}

pub async fn get(app: &App, visitor: &Visitor) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    tx.require(DESK)?;
    let agency = own(&mut tx).await?;
    let decided = standing::versions(&mut tx).await?;
    let adopted = adopted::versions(tx.conn(), agency.id).await?;
    let mut acts = Vec::new();
    for act in Act::ALL {
        let held: Vec<_> = adopted.iter().filter(|one| one.act == *act).collect();
        acts.push(ActPosition {
            act: words::act(*act),
            held: match held.first() {
                Some(held) => format!(
                    "Read as {}, by {} (version {}).",
                    held.reading, held.rule, held.version
                ),
                None => "No position is adopted.".to_owned(),
            },
            contested: contested(&mut tx, app, &agency, *act)
                .await?
                .into_iter()
                .map(|(_, label)| label)
                .collect(),
            adopt: frame.is(Role::Reviewer).then(|| {
                Link::new(
                    "Adopt a position",
                    format!("/settings/adopted-positions/{act}"),
                )
            }),
            versions: held
                .iter()
                .map(|held| VersionLine {
                    version: held.version.to_string(),
                    what: format!("{}: {}", held.rule, held.reading),
                    signed_by: held.signed_by.clone(),
                    reason: held.reason.clone(),
                    recorded: time::absolute(held.recorded_at, frame.zone),
                })
                .collect(),
        });
    }
    tx.rollback().await?;
    let page = SettingsPage {
        layout: frame.layout("Settings"),
        standing: match decided.first() {
            Some(standing) => format!("{}.", decision(standing.notify_release)),
            None => format!(
                "{}: nobody has decided anything beforehand.",
                decision(NotifyRelease::Never)
            ),
        },
        decide: frame
            .is(Role::Reviewer)
            .then(|| Link::new("Write the next version", "/settings/standing-decision")),
        decided: decided
            .iter()
            .map(|standing| VersionLine {
                version: standing.version.to_string(),
                what: decision(standing.notify_release).to_owned(),
                signed_by: standing.signed_by.clone(),
                reason: standing.reason.clone(),
                recorded: time::absolute(standing.recorded_at, frame.zone),
            })
            .collect(),
        acts,
    };
    show(StatusCode::OK, &page)
}

fn decision(word: NotifyRelease) -> &'static str {
    match word {
        NotifyRelease::Never => "A person decides each time",
        NotifyRelease::WhenRequired => "The office is told at once where the law requires it",
        NotifyRelease::WhenPermitted => {
            "The office is told at once where the law requires or permits it"
        }
    }
}

/// The rules that speak of this act and whose force is contested for this agency today: id and
/// what a person reads.
async fn contested(
    tx: &mut ScopedTx<'_>,
    app: &App,
    agency: &Agency,
    act: Act,
) -> Result<Vec<(String, String)>, Problem> {
    let (place, _) = adopted::standing(tx.conn(), agency.id).await?;
    let today = assessments::today(tx, app.clock.now());
    let book = app.law.book();
    Ok(book
        .in_force(&place, today)
        .into_iter()
        .filter(|rule| rule.is_contested(&place) && !rule.acts[act as usize].is_empty())
        .map(|rule| {
            (
                rule.text.id.clone(),
                format!("{}: {}", rule.text.id, rule.text.title),
            )
        })
        .collect())
}

/// A page of settings that is about no person.
fn page(frame: &Frame, typed: &Typed, title: &str, action: &str, button: &str) -> StepPage {
    StepPage {
        layout: frame.layout(title),
        back: Link::new("Back to the settings", "/settings"),
        errors: typed.summary(),
        tokens: frame.tokens(),
        person: None,
        about: Vec::new(),
        consequences: Vec::new(),
        grave: true,
        barred: None,
        action: action.to_owned(),
        fields: Vec::new(),
        learns: Learns {
            who: "An office".to_owned(),
            what: None,
            stays_in: "this agency".to_owned(),
        },
        button: button.to_owned(),
    }
}

pub async fn get_standing(app: &App, visitor: &Visitor) -> Result<Response, Problem> {
    standing_page(app, visitor, &Typed::default()).await
}

/// `POST /settings/standing-decision`
pub async fn post_standing(app: &App, posted: Posted) -> Result<Response, Problem> {
    let request = Body::new(&posted.fields)
        .texts(&["notify_release", "signed_by", "reason"])
        .read();
    let headers = steps::if_match(&posted.fields);
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            tx.require(&[Role::Reviewer])?;
            let agency = own(tx).await?;
            standing::decided(tx, app, &headers, &agency.ori, request?).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, "/settings", "standing-decided")),
        Err(problem) => {
            let typed = Typed::refused(STANDING, posted.fields.clone(), steps::reworded(problem));
            standing_page(app, &posted.visitor, &typed).await
        }
    }
}

async fn standing_page(app: &App, visitor: &Visitor, typed: &Typed) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    tx.require(&[Role::Reviewer])?;
    let agency = own(&mut tx).await?;
    let current = standing::in_force(&mut tx).await?;
    tx.rollback().await?;
    let word = current
        .as_ref()
        .map_or(NotifyRelease::Never, |standing| standing.notify_release);
    let etag = Tagged::ok(&StandingBody::new(&agency.ori, current)).etag();
    let fields = typed.form(STANDING);
    let choices = NotifyRelease::ALL
        .iter()
        .map(|word| Choice::new(word.as_str(), decision(*word)))
        .collect();
    let page = StepPage {
        consequences: vec![
            "It decides on releases from now on, without a person looking at each: scheduled, rescheduled, \
             immediate, called off, actual and corrected ones. Deaths, escapes and transfers always wait for a person."
                .to_owned(),
            "What the law does not require or does not settle always waits for a person, and so does everything \
             while a claim of citizenship is open."
                .to_owned(),
        ],
        fields: vec![
            Field::tag(etag),
            fields
                .radio("notify_release", "Telling of releases", choices, word.as_str())
                .required()
                .into(),
            fields
                .text("signed_by", "Signed by", "")
                .hint("Who decided it for the agency.")
                .required()
                .into(),
            fields.area("reason", "Reason").required().into(),
        ],
        ..page(
            &frame,
            typed,
            "Decide beforehand",
            "/settings/standing-decision",
            "Put it in force",
        )
    };
    show(typed.status(), &page)
}

pub async fn get_position(app: &App, visitor: &Visitor, act: Act) -> Result<Response, Problem> {
    position_page(app, visitor, act, &Typed::default()).await
}

/// `POST /settings/adopted-positions/{act}`
pub async fn post_position(app: &App, posted: Posted, act: Act) -> Result<Response, Problem> {
    let request = Body::new(&posted.fields)
        .texts(&["rule", "reading", "signed_by", "reason"])
        .read();
    let headers = steps::if_match(&posted.fields);
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            tx.require(&[Role::Reviewer])?;
            let agency = own(tx).await?;
            adopted::adopted(tx, app, &headers, &agency, act, request?).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, "/settings", "position-adopted")),
        Err(problem) => {
            let typed = Typed::refused(POSITION, posted.fields.clone(), steps::reworded(problem));
            position_page(app, &posted.visitor, act, &typed).await
        }
    }
}

async fn position_page(
    app: &App,
    visitor: &Visitor,
    act: Act,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    tx.require(&[Role::Reviewer])?;
    let agency = own(&mut tx).await?;
    let held = adopted::held(&mut tx, &agency, act).await?;
    let contested = contested(&mut tx, app, &agency, act).await?;
    tx.rollback().await?;
    let rule = held.as_ref().map(|held| held.rule.clone());
    let reading = held.as_ref().map_or("", |held| held.reading.as_str());
    let etag = Tagged::ok(&AdoptedPositionBody::new(&agency.ori, act, held.clone())).etag();
    let fields = typed.form(POSITION);
    let suggested = rule
        .clone()
        .or_else(|| contested.first().map(|(id, _)| id.clone()))
        .unwrap_or_default();
    let known = if contested.is_empty() {
        "No rule on this act is contested for this agency today.".to_owned()
    } else {
        let list: Vec<&str> = contested.iter().map(|(_, label)| label.as_str()).collect();
        format!("Contested for this agency today: {}.", list.join("; "))
    };
    let readings = Reading::ALL
        .iter()
        .map(|word| {
            let (label, hint) = match word {
                Reading::Permitted => (
                    "The act is permitted",
                    "A rule that requires it binds; one that limits it does not.",
                ),
                Reading::Prohibited => (
                    "The act is prohibited",
                    "A rule that limits it binds; one that requires it does not.",
                ),
            };
            Choice::new(word.as_str(), label).hint(hint)
        })
        .collect();
    let page = StepPage {
        about: vec![words::act(act).to_owned()],
        consequences: vec![
            "Where the law is contested, this settles how this agency reads it, from now on and for every request."
                .to_owned(),
            "It decides nothing where the readings come to the same.".to_owned(),
        ],
        fields: vec![
            Field::tag(etag),
            fields
                .text("rule", "Rule", &suggested)
                .hint(known)
                .required()
                .into(),
            fields
                .radio("reading", "This agency reads it so that", readings, reading)
                .required()
                .into(),
            fields
                .text("signed_by", "Signed by", "")
                .hint("Who adopted it for the agency.")
                .required()
                .into(),
            fields.area("reason", "Reason").required().into(),
        ],
        learns: Learns {
            who: "Everybody with an account here, the offices among them,".to_owned(),
            what: Some("the rule, the reading, who signed it and the reason".to_owned()),
            stays_in: "this agency".to_owned(),
        },
        ..page(
            &frame,
            typed,
            "Adopt a position",
            &format!("/settings/adopted-positions/{act}"),
            "Adopt the position",
        )
    };
    show(typed.status(), &page)
}
