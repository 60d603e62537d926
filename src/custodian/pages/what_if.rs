//! `/detainers/{id}/what-if`: the case's own facts on a form, edited and asked of today's rules.
//! Nothing is stored, so a look is no event; the facts travel in the body alone.

use axum::response::Response;
use serde_json::Value;

use super::step;
use crate::app::App;
use crate::custodian::assessments::{self, Standing};
use crate::custodian::detainers::api::DESK;
use crate::dashboard::visitor::show;
use crate::dashboard::what_if::{self, Answered, FORM, WhatIfPage};
use crate::dashboard::working::Working;
use crate::dashboard::{Link, Posted, Typed, Visitor, time, words};
use crate::db::StoreError;
use crate::http::{Problem, json};
use crate::policy::Question;
use crate::policy::facts::Facts;
use crate::types::ids::DetainerId;

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, Typed::default()).await
}

pub async fn post(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let typed = Typed::kept(FORM, posted.fields.clone());
    page(app, &posted.visitor, id, typed).await
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    typed: Typed,
) -> Result<Response, Problem> {
    let (mut tx, opened) = step::open(app, visitor, id, DESK).await?;
    let now = app.clock.now();
    let (case, paper) = (&opened.case, &opened.paper);
    let (facts, more) = assessments::asked_with(&mut tx, case, paper, now).await?;
    let explained = assessments::explained(&mut tx, app, case, paper, now).await?;
    let standing = Standing::of(&mut tx, now).await?;
    tx.rollback().await?;
    let before = Working::read(explained)?;
    let (typed, answered) = match typed.fields(FORM).cloned() {
        None => (typed, None),
        Some(fields) => match answer(app, &standing, now, &fields, &before) {
            Ok(answered) => (typed, Some(answered)),
            Err(problem) => (Typed::refused(FORM, fields, problem), None),
        },
    };
    let page = WhatIfPage {
        layout: opened.frame.layout("What if …"),
        back: Link::new("Back to the request", format!("/detainers/{id}")),
        about: vec![
            format!(
                "{}, {}.",
                words::subject_name(&paper.subject),
                opened.about()
            ),
            format!(
                "The form begins with what is known of this case now. Change a fact to see what today's rules ({}) \
                 would say: a what-if, not an assessment. Nothing is stored and nothing leaves this agency. What is \
                 really so is stated on the facts' own page.",
                time::absolute(now, opened.frame.zone)
            ),
        ],
        errors: typed.summary(),
        answered,
        action: format!("/detainers/{id}/what-if"),
        tokens: Some(opened.frame.tokens()),
        place: Vec::new(),
        groups: what_if::groups(&typed, &facts, more),
    };
    show(typed.status(), &page)
}

fn answer(
    app: &App,
    standing: &Standing,
    now: crate::types::Timestamp,
    fields: &crate::dashboard::Fields,
    before: &Working,
) -> Result<Answered, Problem> {
    let asked = what_if::read(fields);
    let value = Value::Object(asked.facts.clone());
    let read = json::read::<Facts>(value.clone()).and_then(|facts| {
        let wrong = facts.contradictions();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Problem::fields(
            wrong
                .into_iter()
                .map(|wrong| crate::http::FieldError {
                    pointer: wrong.pointer,
                    code: "contradiction".to_owned(),
                    detail: wrong.detail,
                })
                .collect(),
        ))
    });
    read.map_err(|problem| asked.complaint(problem))?;
    let question = Question {
        more_convictions: asked.more_convictions,
        ..standing.asking(now, value)
    };
    let explained = app
        .law
        .explain(&question)
        .map_err(|error| StoreError::Unreadable(format!("the facts of a form: {error}")))?;
    Ok(Answered::new(&Working::read(explained)?, Some(before)))
}
