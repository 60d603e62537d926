//! `/detainers/{id}/cancellation`: its own page, because it cannot be undone.

use askama::Template;
use axum::response::Response;

use crate::app::App;
use crate::dashboard::typed::FormFields;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Body, ErrorSummary, Layout, Learns, Person, Posted, SelectField, TextArea, TextField, Tokens,
    Typed, Visitor, time, words,
};
use crate::exchange::detainer::{LiftReason, store as papers};
use crate::http::Problem;
use crate::office::detainers::api;
use crate::types::ids::DetainerId;

/// `POST /detainers/{id}/cancellation`.
#[derive(Template)]
#[template(path = "office/cancellation.html")]
pub struct CancellationPage {
    pub layout: Layout,
    pub base: String,
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    pub person: Person,
    /// "I-247A of 20 Nov 2026 to San Diego Central Jail".
    pub paper: String,
    pub consequences: Vec<String>,
    pub lift_reason: SelectField,
    pub reason: TextArea,
    pub cancelled_on: TextField,
    pub learns: Learns,
}

const FORM: &str = "cancel";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

pub async fn post(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let request = Body::new(&posted.fields)
        .texts(&["lift_reason", "reason", "cancelled_on"])
        .read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            api::cancelled(tx, app, id, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}"), "cancelled")),
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, id, &typed).await
        }
    }
}

/// Why a request is lifted; unknown stays unknown.
pub fn lift_reason_field(fields: &FormFields<'_>) -> SelectField {
    let reasons: Vec<(&str, String)> = LiftReason::ALL
        .iter()
        .map(|reason| (reason.as_str(), words::lift_reason(*reason)))
        .collect();
    let reasons: Vec<(&str, &str)> = std::iter::once(("", "unknown"))
        .chain(reasons.iter().map(|(code, label)| (*code, label.as_str())))
        .collect();
    fields.select("lift_reason", "Why it is lifted", &reasons, "")
}

pub fn reason_field(fields: &FormFields<'_>) -> TextArea {
    fields
        .area("reason", "In your words")
        .hint("1 to 1000 characters.")
        .required()
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
    tx.rollback().await?;
    let fields = typed.form(FORM);
    let page = CancellationPage {
        layout: frame.layout("Cancel the request"),
        base: format!("/detainers/{id}"),
        tokens: frame.tokens(),
        errors: typed.summary(),
        person: words::person(&paper.subject),
        paper: format!(
            "{} of {} to {}",
            paper.form,
            time::day(paper.issued_on),
            paper.custodian_name
        ),
        consequences: vec![
            "The custodian sees the cancellation at once and may act on this request no more."
                .to_owned(),
            "Nothing more is told to this office under it.".to_owned(),
            "A new request can be lodged; this one stays in the record as cancelled.".to_owned(),
        ],
        lift_reason: lift_reason_field(&fields),
        reason: reason_field(&fields),
        cancelled_on: fields
            .text("cancelled_on", "Cancelled on", &frame.today())
            .kind("date")
            .required(),
        learns: Learns {
            who: paper.custodian_name.clone(),
            what: Some("cancelled, the date, the reason and your words".to_owned()),
            stays_in: "this office".to_owned(),
        },
    };
    show(typed.status(), &page)
}
