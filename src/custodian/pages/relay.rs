//! `/detainers/{id}/relay`: passing a request on to the agency that takes the person over.

use axum::response::Response;

use crate::app::App;
use crate::custodian::detainers::typed::relay;
use crate::custodian::detainers::{case_file, papers};
use crate::dashboard::visitor::show;
use crate::dashboard::{Body, Learns, Link, Posted, StepPage, Typed, Visitor, time, words};
use crate::http::Problem;
use crate::registry::agencies::{self, AgencyFilter};
use crate::types::Role;
use crate::types::ids::DetainerId;

const FORM: &str = "relay";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

/// `POST /detainers/{id}/relay`
pub async fn post(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let request = Body::new(&posted.fields).texts(&["to_custodian"]).read();
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            relay::relayed(tx, app, id, request).await
        })
        .await;
    match answer {
        Ok(_) => Ok(posted.done(app, &format!("/detainers/{id}"), "relayed")),
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
    case_file::get(&mut tx, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    tx.require(&[Role::Reviewer])?;
    let paper = papers::get(&mut tx, &app.vault, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    // The copy is put into the other agency's list: one without an account would not see it.
    let connected = AgencyFilter {
        connected: Some(true),
        ..AgencyFilter::default()
    };
    let others = agencies::list(tx.conn(), connected, None, 200).await?;
    tx.rollback().await?;
    let own = paper.custodian.as_str();
    let choices: Vec<(String, String)> = others
        .into_iter()
        .filter(|agency| agency.ori != own)
        .map(|agency| {
            let label = format!("{} · {}", agency.name, agency.ori);
            (agency.ori, label)
        })
        .collect();
    let choices: Vec<(&str, &str)> = std::iter::once(("", "Choose an agency"))
        .chain(
            choices
                .iter()
                .map(|(ori, label)| (ori.as_str(), label.as_str())),
        )
        .collect();
    let page = StepPage {
        layout: frame.layout("Pass the request on"),
        back: Link::new("Back to the request", format!("/detainers/{id}")),
        errors: typed.summary(),
        tokens: frame.tokens(),
        person: Some(words::person(&paper.subject)),
        about: vec![format!(
            "{} of {}, from {}",
            paper.form,
            time::day(paper.issued_on),
            paper.office
        )],
        consequences: vec![
            "The form asks an agency that transfers the person to pass the request on. The receiving \
             agency gets what the office wrote, nothing that this agency recorded."
                .to_owned(),
            "When the office cancels the request, the copy ends with it.".to_owned(),
        ],
        grave: false,
        barred: None,
        action: format!("/detainers/{id}/relay"),
        fields: vec![
            typed
                .form(FORM)
                .select("to_custodian", "To", &choices, "")
                .required()
                .into(),
        ],
        learns: Learns {
            who: format!("The office {}", paper.office),
            what: None,
            stays_in: "these two agencies".to_owned(),
        },
        button: "Pass it on".to_owned(),
    };
    show(typed.status(), &page)
}
