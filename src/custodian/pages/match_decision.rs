//! `/matches/{id}`: is the person of the request the person of the booking?

use axum::response::Response;

use super::matches;
use crate::app::App;
use crate::custodian::detainers::papers;
use crate::custodian::matches::decide::decide;
use crate::custodian::matches::{api::MatchBody, store};
use crate::dashboard::forms::Choice;
use crate::dashboard::visitor::show;
use crate::dashboard::{Body, Learns, Link, Posted, StepPage, Typed, Visitor, time, words};
use crate::http::{Problem, Tagged};
use crate::types::Role;
use crate::types::ids::MatchId;

const FORM: &str = "match";

/// What an office learns of a request that hangs on a booking from now on.
pub const TOLD: &str =
    "the booking's release, where a decision or a standing decision to tell it is there already";

pub async fn get(app: &App, visitor: &Visitor, id: MatchId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

/// `POST /matches/{id}`
pub async fn post(app: &App, posted: Posted, id: MatchId) -> Result<Response, Problem> {
    let said = posted.fields.get("same_person").to_owned();
    let body = Body::new(&posted.fields).texts(&["note"]);
    let request = match said.as_str() {
        "true" => body.value("same_person", true.into()),
        "false" => body.value("same_person", false.into()),
        // Nothing was chosen; anything else is refused for what it is.
        "" => body,
        other => body.value("same_person", other.into()),
    }
    .read();
    let mut of = None;
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            let made = decide(tx, app, id.as_uuid(), request).await?;
            of = Some(made.detainer_id);
            Ok(Tagged::ok(&MatchBody::from(made)))
        })
        .await;
    match answer {
        Ok(_) => {
            // Sent twice, the second finds the answer kept and learns of no request.
            let place = of.map_or_else(|| "/matches".to_owned(), |id| format!("/detainers/{id}"));
            let flash = match said.as_str() {
                "true" => "match-same",
                _ => "match-other",
            };
            Ok(posted.done(app, &place, flash))
        }
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, id, &typed).await
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: MatchId,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let pair = store::get(&mut tx, id.as_uuid())
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let paper = papers::get(&mut tx, &app.vault, pair.detainer_id.into())
        .await?
        .ok_or_else(Problem::not_found)?;
    let booked = matches::booked(&mut tx, app, &pair, &frame).await?;
    tx.rollback().await?;

    let barred = (pair.status != "open").then(|| {
        format!(
            "It was decided already: {}{}{}. To change it, link the request to a booking or take it off by hand.",
            match pair.same_person {
                Some(true) => "the same person",
                _ => "another person",
            },
            pair.decided_at
                .map_or_else(String::new, |at| format!(", {}", time::absolute(at, frame.zone))),
            pair.decided_by
                .as_ref()
                .map_or_else(String::new, |by| format!(", by {by}")),
        )
    });
    let fields = typed.form(FORM);
    let page = StepPage {
        layout: frame.layout("Is it the same person?"),
        back: Link::new("Back to the candidates", "/matches"),
        errors: typed.summary(),
        tokens: frame.tokens(),
        person: Some(words::person(&paper.subject)),
        about: vec![
            format!("The request: {}", matches::titled(&paper)),
            format!(
                "The booking: {}, {}, number {}, {}",
                booked.person.name,
                booked.person.born,
                booked.number,
                booked.at.map_or_else(
                    || "booked at an unknown time".to_owned(),
                    |at| format!("booked {}", at.absolute)
                )
            ),
        ],
        consequences: vec![
            "The same person: the request hangs on the booking from now on, and what is recorded of its release is looked at under the request."
                .to_owned(),
            "Another person: both stay as they are, and the two are not found again.".to_owned(),
            "A common name and birth date prove nothing by themselves.".to_owned(),
        ],
        grave: true,
        barred,
        action: format!("/matches/{id}"),
        fields: vec![
            fields
                .radio(
                    "same_person",
                    "The request and the booking are about",
                    vec![
                        Choice::new("true", "The same person"),
                        Choice::new("false", "Another person"),
                    ],
                    "",
                )
                .required()
                .into(),
            fields
                .area("note", "Note")
                .hint("Such as what was compared. Stays in this agency.")
                .into(),
        ],
        learns: Learns {
            who: format!("The office {}", paper.office),
            what: Some(format!("{TOLD}; if it is another person, nothing")),
            stays_in: "this agency".to_owned(),
        },
        button: "Record the decision".to_owned(),
    };
    show(typed.status(), &page)
}
