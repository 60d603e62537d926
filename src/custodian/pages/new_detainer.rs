//! `/detainers/new` for the jail: paper, fax, e-mail or an NCIC hit that it received.

use axum::response::Response;

use crate::app::App;
use crate::custodian::detainers::api::{self, DESK};
use crate::dashboard::paper_form::{self, PaperFields, PaperPage, place};
use crate::dashboard::visitor::show;
use crate::dashboard::{Learns, Posted, Typed, Visitor, time};
use crate::exchange::detainer::Form;
use crate::exchange::detainer::request::DetainerRequest;
use crate::http::Problem;
use crate::registry::offices;

const FORM: &str = "record";

pub async fn get(app: &App, visitor: &Visitor) -> Result<Response, Problem> {
    page(app, visitor, &Typed::default()).await
}

/// `POST /detainers`
pub async fn post(app: &App, posted: Posted) -> Result<Response, Problem> {
    let answer = posted
        .once(request(&posted))
        .run(app, &posted.visitor, async |tx, request| {
            api::recorded(tx, app, request).await
        })
        .await;
    match answer {
        Ok(answer) => Ok(match place(&answer) {
            Some(place) => posted.done(app, place, "recorded"),
            None => posted.done(app, "/detainers?status=cancelled", "recorded-cancelled"),
        }),
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, &typed).await
        }
    }
}

fn request(posted: &Posted) -> Result<DetainerRequest, Problem> {
    let custodian = posted
        .frame
        .actor
        .agency
        .as_ref()
        .map(|agency| agency.code.clone())
        .unwrap_or_default();
    paper_form::body(&posted.fields)
        .texts(&["office", "channel", "source_id"])
        .flags(&["victim_or_witness"])
        .local("received_at", posted.frame.zone)
        .value("custodian", custodian.into())
        .read()
}

async fn page(app: &App, visitor: &Visitor, typed: &Typed) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    tx.require(DESK)?;
    let known = offices::list(tx.conn(), None, 50).await?;
    tx.rollback().await?;
    let fields = typed.form(FORM);
    let page = PaperPage {
        layout: frame.layout("Record paper that came in"),
        tokens: frame.tokens(),
        errors: typed.summary(),
        lead: "Type in what stands on the paper. It stays in this agency until it is acknowledged; \
               what only this agency knows of it stays for good.",
        paper: PaperFields::new(&fields, Form::ALL, &frame.today()),
        party: fields
            .text("office", "From the office", "")
            .hint("Its DHS code, such as SND.")
            .required(),
        parties_head: "Registered offices",
        parties: known
            .into_iter()
            .map(|office| (office.code, office.name))
            .collect(),
        received: vec![
            fields
                .select(
                    "channel",
                    "How it came",
                    &[
                        ("paper", "on paper"),
                        ("fax", "by fax"),
                        ("email", "by e-mail"),
                        ("ncic", "as an NCIC hit"),
                    ],
                    "paper",
                )
                .required()
                .into(),
            fields
                .local(
                    "received_at",
                    "Received",
                    &time::local(frame.now, frame.zone),
                    frame.zone,
                )
                .into(),
            fields
                .text("source_id", "Your own number for it", "")
                .hint("Stays in this agency.")
                .into(),
            fields
                .check("victim_or_witness", "A victim or witness", false)
                .hint("8 U.S.C. 1367. Stays in this agency.")
                .into(),
        ],
        learns: Learns {
            who: "The office".to_owned(),
            what: None,
            stays_in: "this agency".to_owned(),
        },
        button: "Record the paper",
    };
    show(typed.status(), &page)
}
