//! `/detainers/cancel`: many requests at once, chosen on the list. Its own page, because it
//! cannot be undone.

use axum::response::Response;
use serde_json::json;

use super::cancellation::{lift_reason_field, reason_field};
use crate::app::App;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Body, Field, Fields, Learns, Link, Posted, StepPage, Typed, Visitor, time, words,
};
use crate::exchange::detainer::{Status, store as papers};
use crate::http::Problem;
use crate::office::detainers::api;

const FORM: &str = "cancel-many";
const BACK: &str = "/detainers?status=pending";

/// `GET /detainers/cancel?detainer=…&detainer=…`
pub async fn get(app: &App, visitor: &Visitor, chosen: &Fields) -> Result<Response, Problem> {
    page(app, visitor, chosen, &Typed::default()).await
}

/// `POST /detainers/cancel`
pub async fn post(app: &App, posted: Posted) -> Result<Response, Problem> {
    let chosen = posted.fields.all("detainer");
    let request = Body::new(&posted.fields)
        .texts(&["lift_reason", "reason", "cancelled_on"])
        .value("detainers", json!(chosen))
        .read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            api::cancelled_many(tx, app, request?).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, BACK, "cancelled-many")),
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, &posted.fields, &typed).await
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    chosen: &Fields,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let ids: Vec<_> = chosen
        .all("detainer")
        .iter()
        .filter_map(|id| id.parse().ok())
        .take(200)
        .collect();
    let found = papers::by_ids(&mut tx, &app.vault, &ids).await?;
    tx.rollback().await?;
    let pending: Vec<_> = found
        .iter()
        .filter(|paper| paper.status() == Status::Pending)
        .collect();
    let mut consequences: Vec<String> = pending
        .iter()
        .map(|paper| {
            format!(
                "{}: {} of {} to {}",
                words::subject_name(&paper.subject),
                paper.form,
                time::day(paper.issued_on),
                paper.custodian_name
            )
        })
        .collect();
    consequences.push("Nothing more is told to this office under them.".to_owned());
    let fields = typed.form(FORM);
    let mut list: Vec<Field> = pending
        .iter()
        .map(|paper| Field::Hidden("detainer".to_owned(), paper.id.to_string()))
        .collect();
    list.push(lift_reason_field(&fields).into());
    list.push(reason_field(&fields).into());
    list.push(
        fields
            .text("cancelled_on", "Cancelled on", &frame.today())
            .kind("date")
            .required()
            .into(),
    );
    let title = match pending.len() {
        1 => "Cancel 1 request".to_owned(),
        count => format!("Cancel {count} requests"),
    };
    let page = StepPage {
        layout: frame.layout(title.clone()),
        back: Link::new("Back to the list", BACK),
        errors: typed.summary(),
        tokens: frame.tokens(),
        person: None,
        about: vec!["This cannot be undone.".to_owned()],
        consequences,
        grave: true,
        barred: pending
            .is_empty()
            .then(|| "Choose pending requests on the list first.".to_owned()),
        action: "/detainers/cancel".to_owned(),
        fields: list,
        learns: Learns {
            who: "Each custodian".to_owned(),
            what: Some("cancelled, the date, the reason and your words".to_owned()),
            stays_in: "this office".to_owned(),
        },
        button: title,
    };
    show(typed.status(), &page)
}
