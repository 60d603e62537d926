//! `/detainers/{id}/handover` for an office: that it took the person.

use axum::response::Response;

use crate::app::App;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Learns, Link, Posted, StepPage, Typed, Visitor, handover as parts, time, words,
};
use crate::exchange::detainer::store as papers;
use crate::exchange::handover::{self, HandoverSide};
use crate::http::Problem;
use crate::office::handovers;
use crate::types::ids::DetainerId;

const FORM: &str = "handover";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

/// `POST /detainers/{id}/handover`
pub async fn post(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let zone = super::detainer::zone_of(app, &posted.visitor, id).await?;
    let answer = posted
        .once(parts::read(&posted.fields, zone))
        .run(app, &posted.visitor, async |tx, request| {
            handovers::stated(tx, app, id, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}#handover"), "handed-over")),
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
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
    let paper = papers::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let statements = handover::of_detainer(&mut tx, id).await?;
    tx.rollback().await?;
    let zone = time::zone(&paper.custodian_zone);
    let of = |side| statements.iter().find(|one| one.side == side);
    let mut consequences = vec![
        "State what happened: each side states it once, and it cannot be changed. The two agree when the place \
         is the same and the times lie within 30 minutes."
            .to_owned(),
        "It waits for the custodian's own statement and closes nothing by itself.".to_owned(),
    ];
    if let Some(theirs) = of(HandoverSide::Custodian) {
        consequences.push(format!(
            "{} states: handed over {} at {}, to {}.",
            paper.custodian_name,
            time::absolute(theirs.taken_at, zone),
            theirs.place,
            theirs.officer
        ));
    }
    let page = StepPage {
        layout: frame.layout("State the hand-over"),
        back: Link::new("Back to the request", format!("/detainers/{id}")),
        errors: typed.summary(),
        tokens: frame.tokens(),
        person: Some(words::person(&paper.subject)),
        about: vec![format!(
            "{} of {}, to {}",
            paper.form,
            time::day(paper.issued_on),
            paper.custodian_name
        )],
        consequences,
        grave: true,
        barred: of(HandoverSide::Office)
            .map(|_| "This office has stated its hand-over already: once each.".to_owned()),
        action: format!("/detainers/{id}/handover"),
        fields: parts::fields(typed, FORM, zone, frame.now, &frame.actor.name),
        learns: Learns {
            who: paper.custodian_name.clone(),
            what: Some(
                "this office's statement: when, who took the person, the I-203 reference and the place"
                    .to_owned(),
            ),
            stays_in: "this office".to_owned(),
        },
        button: "State the hand-over".to_owned(),
    };
    show(typed.status(), &page)
}
