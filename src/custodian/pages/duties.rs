//! `/duties`: what this agency owes to persons and counsel, the most pressing first; and
//! `/detainers/{id}/duties/{duty}`, where one is stated as done.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::step::{self, Opened};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::detainers::papers;
use crate::custodian::duties::api::{self, DutyBody};
use crate::custodian::duties::store::{self, Duty};
use crate::dashboard::pieces::EmptyNote;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Body, Chip, Field, Frame, Layout, Link, Posted, Shape, StepPage, Tone, Typed, Visitor, When,
    step as steps, time, words,
};
use crate::http::{Problem, Tagged};
use crate::types::ids::{DetainerId, DutyId};

const FORM: &str = "duty";
const ROWS: i64 = 50;

#[derive(Template)]
#[template(path = "custodian/duties.html")]
pub struct DutiesPage {
    pub layout: Layout,
    pub lines: Vec<DutyRow>,
    /// An empty list says why.
    pub note: EmptyNote,
    pub next: Option<String>,
    pub as_of: When,
}

pub struct DutyRow {
    pub state: Chip,
    /// "Copy of the request … to the person".
    pub what: String,
    /// The citation.
    pub cite: Option<String>,
    pub person: String,
    pub href: String,
    pub due: Option<When>,
    pub done: Link,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutiesQuery {
    /// How many of the most pressing are left out: the page before this one had them.
    pub skip: Option<u16>,
}

pub async fn get(app: &App, visitor: &Visitor, query: DutiesQuery) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    tx.require(DESK)?;
    let skip = i64::from(query.skip.unwrap_or(0));
    let mut duties = store::open(&mut tx, None, skip, ROWS + 1).await?;
    let more = duties.len() as i64 > ROWS;
    duties.truncate(ROWS as usize);
    let ids: Vec<_> = duties.iter().map(|duty| duty.detainer_id).collect();
    let known = papers::by_ids(&mut tx, &app.vault, &ids).await?;
    tx.rollback().await?;
    let lines = duties
        .iter()
        .map(|duty| {
            let paper = known
                .iter()
                .find(|paper| paper.id.as_uuid() == duty.detainer_id);
            DutyRow {
                state: state(duty, &frame),
                what: named(duty),
                cite: duty.citation.clone(),
                person: paper.map_or_else(
                    || "unknown".to_owned(),
                    |paper| words::subject_name(&paper.subject),
                ),
                href: format!("/detainers/{}", duty.detainer_id),
                due: duty.due_at.map(|at| frame.when(at)),
                done: Link::new("Record as done", href(duty)),
            }
        })
        .collect();
    let page = DutiesPage {
        layout: frame.layout("Duties"),
        lines,
        note: EmptyNote {
            why: "Nothing is owed to anybody now.".to_owned(),
            what: "Duties arise with a request, a notice or a decision, as the law of this place says."
                .to_owned(),
            link: Some(Link::new("All requests", "/detainers")),
        },
        next: more.then(|| format!("/duties?skip={}", skip + ROWS)),
        as_of: When {
            relative: None,
            ..frame.when(frame.now)
        },
    };
    show(StatusCode::OK, &page)
}

/// Where one duty is stated as done.
pub fn href(duty: &Duty) -> String {
    format!("/detainers/{}/duties/{}", duty.detainer_id, duty.id)
}

/// "Copy served on the person, to the person".
pub fn named(duty: &Duty) -> String {
    format!(
        "{}, to {}",
        words::duty(&duty.duty),
        recipient(&duty.recipient)
    )
}

fn recipient(code: &str) -> String {
    match code {
        "person" => "the person".to_owned(),
        other => words::plain(other),
    }
}

/// Done, open or late.
pub fn state(duty: &Duty, frame: &Frame) -> Chip {
    match (duty.done_at, duty.due_at) {
        (Some(_), _) => Chip::new(Shape::Done, Tone::Good, "Done"),
        (None, Some(due)) if due < frame.now => Chip::new(Shape::Warning, Tone::Grave, "Overdue"),
        (None, Some(_)) => Chip::new(Shape::Clock, Tone::Careful, "Open"),
        (None, None) => Chip::new(Shape::Open, Tone::Plain, "Open, no time named"),
    }
}

pub async fn get_one(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    duty: DutyId,
) -> Result<Response, Problem> {
    one(app, visitor, id, duty, &Typed::default()).await
}

/// `POST /detainers/{id}/duties/{duty}`: an empty time says that it is not done after all.
pub async fn post_one(
    app: &App,
    posted: Posted,
    id: DetainerId,
    duty: DutyId,
) -> Result<Response, Problem> {
    let mut body = Body::new(&posted.fields).local("done_at", posted.frame.zone);
    if posted.fields.get("done_at").is_empty() {
        body = body.value("done_at", Value::Null);
    }
    let body = match posted.fields.get("evidence") {
        "" => body.value("evidence", Value::Null),
        text => body.value("evidence", text.into()),
    };
    let headers = steps::if_match(&posted.fields);
    let answer = posted
        .once(body.read())
        .run(app, &posted.visitor, async |tx, patch| {
            api::patched(tx, app, id, duty, &headers, patch).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}"), "duty-stated")),
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), steps::reworded(problem));
            one(app, &posted.visitor, id, duty, &typed).await
        }
    }
}

async fn one(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    duty: DutyId,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, opened) = step::open(app, visitor, id, DESK).await?;
    let found = api::one(&mut tx, id, duty).await?;
    tx.rollback().await?;
    let Opened { frame, .. } = &opened;
    let etag = Tagged::ok(&DutyBody::from(found.clone())).etag();
    let mut consequences = vec![format!("{}.", named(&found))];
    if let Some(due) = found.due_at {
        consequences.push(format!("Due {}.", time::absolute(due, frame.zone)));
    }
    if let Some(cite) = &found.citation {
        consequences.push(format!("Called for by {cite}."));
    }
    if let Some(by) = &found.stated_by {
        consequences.push(format!(
            "Stated last by {by}. What was stated before stays in the record."
        ));
    }
    let at = found.done_at.unwrap_or(frame.now);
    let fields = typed.form(FORM);
    let page = StepPage {
        consequences,
        fields: vec![
            Field::tag(etag),
            fields
                .local("done_at", "Done", &time::local(at, frame.zone), frame.zone)
                .hint(format!(
                    "In the facility's time, {}. Empty says that it is not done.",
                    frame.zone
                ))
                .into(),
            fields
                .text(
                    "evidence",
                    "How it can be shown",
                    found.evidence.as_deref().unwrap_or_default(),
                )
                .hint("Such as who handed it over, or the number of the fax. Stays in this agency.")
                .into(),
        ],
        ..opened.page(
            typed,
            "Record a duty as done",
            &format!("duties/{duty}"),
            "Record",
        )
    };
    show(typed.status(), &page)
}
