//! `/detainers/new`: an office lodges a request.

use axum::response::Response;

use crate::app::App;
use crate::dashboard::paper_form::{self, PaperFields, PaperPage, place};
use crate::dashboard::visitor::show;
use crate::dashboard::{Learns, Posted, Typed, Visitor};
use crate::exchange::detainer::Form;
use crate::exchange::detainer::request::DetainerRequest;
use crate::http::Problem;
use crate::office::detainers::api;
use crate::registry::agencies::{self, AgencyFilter};

const FORM: &str = "lodge";

/// What an office lodges today, and older paper that is still live.
const FORMS: &[Form] = &[
    Form::I247A,
    Form::I247G,
    Form::I247,
    Form::I247D,
    Form::I247N,
    Form::I247X,
    Form::Other,
];

pub async fn get(app: &App, visitor: &Visitor) -> Result<Response, Problem> {
    page(app, visitor, &Typed::default()).await
}

/// `POST /detainers`
pub async fn post(app: &App, posted: Posted) -> Result<Response, Problem> {
    let answer = posted
        .once(request(&posted))
        .run(app, &posted.visitor, async |tx, request| {
            api::issued(tx, app, request).await
        })
        .await;
    match answer {
        Ok(answer) => Ok(match place(&answer) {
            Some(place) => posted.done(app, place, "lodged"),
            None => posted.done(app, "/detainers?status=cancelled", "cancelled"),
        }),
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, &typed).await
        }
    }
}

fn request(posted: &Posted) -> Result<DetainerRequest, Problem> {
    let office = posted
        .frame
        .actor
        .office
        .as_ref()
        .map(|office| office.code.clone())
        .unwrap_or_default();
    paper_form::body(&posted.fields)
        .texts(&["custodian"])
        .value("office", office.into())
        .read()
}

async fn page(app: &App, visitor: &Visitor, typed: &Typed) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let connected = AgencyFilter {
        connected: Some(true),
        ..AgencyFilter::default()
    };
    let custodians = agencies::list(tx.conn(), connected, None, 50).await?;
    tx.rollback().await?;
    let fields = typed.form(FORM);
    let page = PaperPage {
        layout: frame.layout("Lodge a request"),
        tokens: frame.tokens(),
        errors: typed.summary(),
        lead: "The custodian's law decides what follows. A request is kept whatever the answer, and \
               silence is never taken for one.",
        paper: PaperFields::new(&fields, FORMS, &frame.today()),
        party: fields
            .text("custodian", "Custodian", "")
            .hint("Its ORI, nine letters and digits, such as CA0370000.")
            .required(),
        parties_head: "Registered custodians",
        parties: custodians
            .into_iter()
            .map(|agency| (agency.ori, agency.name))
            .collect(),
        received: Vec::new(),
        learns: Learns {
            who: "The custodian".to_owned(),
            what: Some("the whole paper, as it stands here".to_owned()),
            stays_in: "this office".to_owned(),
        },
        button: "Lodge the request",
    };
    show(typed.status(), &page)
}
