//! `/detainers/{id}/handover` for the jail: that it handed the person over.

use axum::response::Response;

use super::step::{self, Opened};
use crate::app::App;
use crate::custodian::detainers::case_file::Origin;
use crate::custodian::{handovers, outcomes};
use crate::dashboard::visitor::show;
use crate::dashboard::{Posted, StepPage, Typed, Visitor, handover as parts, time};
use crate::exchange::handover::{self, HandoverSide};
use crate::http::Problem;
use crate::types::Role;
use crate::types::ids::DetainerId;

const FORM: &str = "handover";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

/// `POST /detainers/{id}/handover`
pub async fn post(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let answer = posted
        .once(parts::read(&posted.fields, posted.frame.zone))
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
    let (mut tx, opened) = step::open(app, visitor, id, &[Role::Reviewer]).await?;
    let theirs = handover::of_detainer(&mut tx, id)
        .await?
        .into_iter()
        .find(|one| one.side == HandoverSide::Office);
    let outcome = outcomes::latest(&mut tx, id).await?;
    tx.rollback().await?;
    let Opened { frame, case, paper } = &opened;
    let mut consequences = vec![
        "State what happened: each side states it once, and it cannot be changed. The two agree when the place \
         is the same and the times lie within 30 minutes."
            .to_owned(),
    ];
    if let Some(theirs) = &theirs {
        consequences.push(format!(
            "The office {} states: taken {} at {}, by {}.",
            paper.office,
            time::absolute(theirs.taken_at, frame.zone),
            theirs.place,
            theirs.officer
        ));
    }
    if case.hold_deadline_at.is_some() {
        consequences.push("The hold that runs ends with it.".to_owned());
    }
    consequences.push(
        "From here on the office also sees each outcome that this agency states on this request."
            .to_owned(),
    );
    let mut sees = vec!["when, who took the person, the I-203 reference and the place"];
    if case.crossed_at.is_none() && case.origin == Origin::Relay {
        sees.push("that the request was passed on to this agency");
    }
    if outcome.is_some() {
        sees.push("the outcome that this agency has stated last, with its note");
    }
    let page = StepPage {
        consequences,
        grave: true,
        barred: handovers::may_state(case)
            .err()
            .map(|problem| problem.detail),
        fields: parts::fields(typed, FORM, frame.zone, frame.now, ""),
        learns: opened.learns(Some(sees.join("; "))),
        ..opened.page(
            typed,
            "State the hand-over",
            "handover",
            "State the hand-over",
        )
    };
    show(typed.status(), &page)
}
