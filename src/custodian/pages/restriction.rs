//! `/detainers/{id}/restriction`: hiding a record from everybody but the two sides.

use axum::response::Response;
use serde_json::Value;

use crate::app::App;
use crate::custodian::detainers::{api as detainers, case_file, papers};
use crate::custodian::restrictions::api::set_on_detainer;
use crate::custodian::restrictions::{Disclosure, RestrictionKind, store};
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Body, Field, Frame, Learns, Link, Posted, StepPage, Typed, Visitor, step, time, words,
};
use crate::http::{Problem, Tagged};
use crate::types::Role;
use crate::types::ids::DetainerId;

const FORM: &str = "restriction";

/// What the list of kinds sends for none.
const NONE: &str = "none";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

/// `POST /detainers/{id}/restriction`
pub async fn post(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let kind = posted.fields.get("kind").to_owned();
    let body = Body::new(&posted.fields).texts(&["reason"]);
    let request = match kind.as_str() {
        "" => body,
        NONE => body.value("kind", Value::Null),
        kind => body.value("kind", kind.into()),
    }
    .read();
    let headers = step::if_match(&posted.fields);
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            set_on_detainer(tx, app, id, &headers, request).await
        })
        .await;
    match answer {
        Ok(_) => {
            let flash = match kind.as_str() {
                NONE => "restriction-lifted",
                _ => "restricted",
            };
            Ok(posted.done(app, &format!("/detainers/{id}"), flash))
        }
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), step::reworded(problem));
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
    tx.require(&[Role::Reviewer])?;
    let paper = papers::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let etag = Tagged::ok(&detainers::body(&mut tx, app, id).await?).etag();
    let known = store::disclosures(&mut tx, &[id.as_uuid()]).await?;
    tx.rollback().await?;

    let current = case.restriction.as_deref();
    let mut choices = vec![("", "Choose")];
    choices.extend(
        RestrictionKind::ALL
            .iter()
            .map(|kind| (kind.as_str(), label(*kind))),
    );
    if current.is_some() {
        choices.push((NONE, "No restriction: show the record again"));
    }
    let mut consequences = vec![
        "Third parties, oversight, new exports and public counts no longer show this record, at once."
            .to_owned(),
        "What was disclosed before is not called back.".to_owned(),
    ];
    if known.is_empty() {
        consequences.push("Nobody had been told anything under this request.".to_owned());
    }
    consequences.extend(known.iter().map(|one| disclosed(one, &frame)));
    let fields = typed.form(FORM);
    let page = StepPage {
        layout: frame.layout(match current {
            Some(_) => "Change or lift the restriction",
            None => "Restrict this record",
        }),
        back: Link::new("Back to the request", format!("/detainers/{id}")),
        errors: typed.summary(),
        tokens: frame.tokens(),
        person: Some(words::person(&paper.subject)),
        about: vec![
            format!(
                "{} of {}, from {}",
                paper.form,
                time::day(paper.issued_on),
                paper.office
            ),
            format!(
                "Now: {}",
                current.map_or_else(|| "not restricted".to_owned(), words::plain)
            ),
        ],
        consequences,
        grave: true,
        barred: None,
        action: format!("/detainers/{id}/restriction"),
        fields: vec![
            Field::tag(etag),
            fields
                .select("kind", "Restriction", &choices, current.unwrap_or_default())
                .required()
                .into(),
            fields
                .area("reason", "Reason")
                .hint("Stays in this agency.")
                .required()
                .into(),
        ],
        learns: Learns {
            who: format!("The office {}", paper.office),
            what: None,
            stays_in: "this agency".to_owned(),
        },
        button: "Record the restriction".to_owned(),
    };
    show(typed.status(), &page)
}

fn label(kind: RestrictionKind) -> &'static str {
    match kind {
        RestrictionKind::VictimOrWitness => "A victim or witness (8 U.S.C. 1367)",
        RestrictionKind::Juvenile => "A juvenile",
        RestrictionKind::Sealed => "A sealed case",
    }
}

/// "The office SND had a notification on 25 Nov 2026 08:00 PST."
fn disclosed(one: &Disclosure, frame: &Frame) -> String {
    let who = match one.to.split_once(':') {
        Some(("office", code)) => format!("The office {code}"),
        Some(("agency", ori)) => format!("The agency {ori}"),
        _ => "Oversight".to_owned(),
    };
    let what = match one.what.as_str() {
        "paper" => "this paper",
        "notification" => "a notification",
        "handover" => "this agency's statement of the hand-over",
        "outcome" => "this agency's outcome",
        "relay" => "a copy that was passed on",
        "oversight_list" => "a list with this record",
        _ => "something",
    };
    format!(
        "{who} had {what} on {}.",
        time::absolute(one.at, frame.zone)
    )
}
