//! `/notifications/{id}/attempts`: a notice given by telephone, fax, e-mail or in person, with
//! the office's call list beside the form.

use axum::response::Response;
use serde::Deserialize;

use super::step::{self, Opened};
use crate::app::App;
use crate::custodian::detainers::api::DESK;
use crate::custodian::notifications;
use crate::dashboard::visitor::show;
use crate::dashboard::{Body, Field, Frame, Posted, StepPage, Typed, Visitor, time, words};
use crate::exchange::notification::{self, AttemptBody, AttemptChannel, AttemptResult};
use crate::http::Problem;
use crate::registry::offices;
use crate::types::ids::{DetainerId, NotificationId};

const FORM: &str = "attempt";

/// One line of an office's escalation list, as the registry keeps it.
#[derive(Deserialize)]
struct Contact {
    label: String,
    phone: Option<String>,
    email: Option<String>,
    hours: Option<String>,
    #[serde(default)]
    order: i32,
}

pub async fn get(app: &App, visitor: &Visitor, id: NotificationId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

/// `POST /notifications/{id}/attempts`
pub async fn post(app: &App, posted: Posted, id: NotificationId) -> Result<Response, Problem> {
    let (mut tx, _) = posted.visitor.enter(app).await?;
    let told = notification::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.rollback().await?;
    let request = Body::new(&posted.fields)
        .texts(&["channel", "to", "by", "result"])
        .local("at", posted.frame.zone)
        .read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            notifications::attempted(tx, app, id, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(
            app,
            &format!("/detainers/{}", told.detainer_id),
            "attempted",
        )),
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, id, &typed).await
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: NotificationId,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, _) = visitor.enter(app).await?;
    let told = notification::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let office = offices::by_id(tx.conn(), told.office_id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.rollback().await?;
    let (tx, opened) = step::open(app, visitor, DetainerId::from(told.detainer_id), DESK).await?;
    tx.rollback().await?;
    let Opened { frame, .. } = &opened;
    let mut contacts: Vec<Contact> =
        serde_json::from_value(office.contacts.clone()).unwrap_or_default();
    contacts.sort_by_key(|contact| contact.order);
    let mut fields = vec![Field::Heading(format!("Call list of {}", office.name))];
    if contacts.is_empty() {
        fields.push(Field::Note(
            "unknown: the office has entered no contacts here.".to_owned(),
        ));
    }
    fields.extend(
        contacts
            .iter()
            .enumerate()
            .map(|(at, contact)| Field::Note(format!("{}. {}", at + 1, call(contact)))),
    );
    if !told.attempts.0.is_empty() {
        fields.push(Field::Heading("Attempts so far".to_owned()));
        fields.extend(
            told.attempts
                .0
                .iter()
                .map(|one| Field::Note(line(one, frame))),
        );
    }
    fields.push(Field::Heading("This attempt".to_owned()));
    let form = typed.form(FORM);
    let label = |code: &'static str| (code, words::plain(code));
    let channels: Vec<_> = AttemptChannel::ALL
        .iter()
        .map(|one| label(one.as_str()))
        .collect();
    let results: Vec<_> = AttemptResult::ALL
        .iter()
        .map(|one| label(one.as_str()))
        .collect();
    fields.extend([
        form.select("channel", "By", &pairs(&channels), "phone")
            .required()
            .into(),
        form.local(
            "at",
            "When",
            &time::local(frame.now, frame.zone),
            frame.zone,
        )
        .required()
        .into(),
        form.text("to", "To whom, or which number", "")
            .required()
            .into(),
        form.text("by", "By whom", &frame.actor.name)
            .required()
            .into(),
        form.select("result", "What came of it", &pairs(&results), "")
            .required()
            .into(),
    ]);
    let page = StepPage {
        about: vec![opened.about(), about(&told, frame)],
        consequences: vec![
            "Reaching somebody delivers the notice; only the office itself acknowledges it. The release is not \
             held for either."
                .to_owned(),
        ],
        action: format!("/notifications/{id}/attempts"),
        fields,
        learns: opened.learns(Some(
            "this attempt: how, when, to whom, by whom and what came of it".to_owned(),
        )),
        ..opened.page(typed, "Record a call or fax", "", "Record the attempt")
    };
    show(typed.status(), &page)
}

fn pairs<'a>(known: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    std::iter::once(("", "Choose"))
        .chain(known.iter().map(|(code, label)| (*code, label.as_str())))
        .collect()
}

/// "Scheduled release 25 Nov 2026 08:00 PST".
fn about(told: &notification::Notification, frame: &Frame) -> String {
    let what = words::release_kind(told.kind.as_deref().unwrap_or(&told.about));
    match told.effective_at {
        Some(at) => format!("{what} {}", time::absolute(at, frame.zone)),
        None => what,
    }
}

fn call(contact: &Contact) -> String {
    let parts: Vec<&str> = [
        contact.phone.as_deref(),
        contact.email.as_deref(),
        contact.hours.as_deref(),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        format!("{}: number unknown", contact.label)
    } else {
        format!("{}: {}", contact.label, parts.join(", "))
    }
}

/// "By phone, 25 Nov 2026 08:00 PST, to Duty officer, by B. Clerk: reached".
pub fn line(attempt: &AttemptBody, frame: &Frame) -> String {
    format!(
        "By {}, {}, to {}, by {}: {}",
        words::plain(attempt.channel.as_str()),
        time::absolute(attempt.at, frame.zone),
        attempt.to,
        attempt.by,
        words::plain(attempt.result.as_str())
    )
}
