//! `/detainers/new`: an office lodges a request.

use askama::Template;
use axum::http::header;
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::App;
use crate::dashboard::forms::Choice;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Body, CheckField, ErrorSummary, Fields, Layout, Learns, Posted, RadioField, SelectField,
    TextField, Tokens, Typed, Visitor, words,
};
use crate::exchange::detainer::model::WarrantKind;
use crate::exchange::detainer::request::DetainerRequest;
use crate::http::Problem;
use crate::office::detainers::api;
use crate::registry::agencies;

/// `POST /detainers`; field names as in `POST /v1/detainers`, nested ones with dots.
#[derive(Template)]
#[template(path = "office/new_detainer.html")]
pub struct NewDetainerPage {
    pub layout: Layout,
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    /// `form`: I-247A, or I-247G which asks for notice only.
    pub form: RadioField,
    pub issued_on: TextField,
    /// `custodian`: an ORI, with suggestions.
    pub custodian: TextField,
    pub custodians: Vec<(String, String)>,
    pub subject: SubjectFields,
    /// `asks.notify`, `asks.hold`, …
    pub asks: Vec<CheckField>,
    /// `basis.final_order`, …
    pub basis: Vec<CheckField>,
    pub warrant: WarrantFields,
    pub learns: Learns,
}

pub struct SubjectFields {
    pub family_name: TextField,
    pub given_name: TextField,
    pub additional_names: TextField,
    pub date_of_birth: TextField,
    pub sex: SelectField,
    pub citizenship: TextField,
    pub a_number: TextField,
    pub fbi_number: TextField,
    pub booking_number: TextField,
}

/// `warrant.kind`, `warrant.signed_on`, `warrant.signer`: one on the form, more by the API.
pub struct WarrantFields {
    pub kind: SelectField,
    pub signed_on: TextField,
    pub signer: TextField,
}

const FORM: &str = "lodge";

const ASKS: &[(&str, &str, bool)] = &[
    ("asks.notify", "Notify this office before the release", true),
    (
        "asks.hold",
        "Hold the person up to 48 hours past the release",
        false,
    ),
    ("asks.transfer", "Transfer custody", false),
    ("asks.interview", "Allow an interview", false),
    (
        "asks.relay",
        "Relay the request when the person is transferred",
        false,
    ),
    (
        "asks.status_events",
        "Tell of death, hospital, escape, return",
        false,
    ),
];
const BASIS: &[(&str, &str)] = &[
    ("basis.final_order", "A final order of removal"),
    ("basis.pending_proceedings", "Pending removal proceedings"),
    (
        "basis.biometric_records",
        "Biometric match with federal records",
    ),
    (
        "basis.statements_or_evidence",
        "Statements to an officer, or other evidence",
    ),
    (
        "basis.resume_custody",
        "Resume custody after local proceedings",
    ),
];
const SUBJECT: &[&str] = &[
    "subject.family_name",
    "subject.given_name",
    "subject.additional_names",
    "subject.date_of_birth",
    "subject.sex",
    "subject.citizenship",
    "subject.a_number",
    "subject.fbi_number",
    "subject.booking_number",
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
        Ok(response) => {
            let place = response
                .headers()
                .get(header::LOCATION)
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.strip_prefix("/v1"))
                .unwrap_or("/detainers");
            Ok(posted.done(app, place, "lodged"))
        }
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), problem);
            page(app, &posted.visitor, &typed).await
        }
    }
}

fn request(posted: &Posted) -> Result<DetainerRequest, Problem> {
    let fields = &posted.fields;
    let office = posted
        .frame
        .actor
        .office
        .as_ref()
        .map(|office| office.code.clone())
        .unwrap_or_default();
    let asks: Vec<&str> = ASKS.iter().map(|(name, _, _)| *name).collect();
    let basis: Vec<&str> = BASIS.iter().map(|(name, _)| *name).collect();
    let mut body = Body::new(fields)
        .texts(&["form", "issued_on", "custodian"])
        .texts(SUBJECT)
        .flags(&asks)
        .flags(&basis)
        .value("office", office.into());
    if fields.get("subject.family_name").is_empty() {
        body = body.value("subject.family_name", "".into());
    }
    if let Some(warrant) = warrant(fields) {
        body = body.value("warrants", json!([warrant]));
    }
    body.read()
}

fn warrant(fields: &Fields) -> Option<Value> {
    let given = |name: &str| Some(fields.get(name)).filter(|text| !text.is_empty());
    Some(json!({
        "kind": given("warrant.kind")?,
        "signed_on": given("warrant.signed_on"),
        "signer": given("warrant.signer"),
    }))
}

async fn page(app: &App, visitor: &Visitor, typed: &Typed) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let custodians = agencies::list(tx.conn(), None, None, 50).await?;
    tx.rollback().await?;
    let fields = typed.form(FORM);
    let kinds: Vec<(&str, &str)> = std::iter::once(("", "none with this paper"))
        .chain(
            WarrantKind::ALL
                .iter()
                .map(|kind| (kind.as_str(), words::warrant_kind(*kind))),
        )
        .collect();
    let today = frame
        .now
        .with_timezone(&frame.zone)
        .date_naive()
        .to_string();
    let page = NewDetainerPage {
        layout: frame.layout("Lodge a request"),
        tokens: frame.tokens(),
        errors: typed.summary(),
        form: fields
            .radio(
                "form",
                "Form",
                vec![
                    Choice::new("I-247A", "I-247A").hint("Asks for notice, a hold and transfer."),
                    Choice::new("I-247G", "I-247G")
                        .hint("Asks for notice only: no hold, no transfer."),
                ],
                "I-247A",
            )
            .required(),
        issued_on: fields
            .text("issued_on", "Issued on", &today)
            .kind("date")
            .required(),
        custodian: fields
            .text("custodian", "Custodian", "")
            .hint("Its ORI, nine letters and digits, such as CA0370000.")
            .required(),
        custodians: custodians
            .into_iter()
            .map(|agency| (agency.ori, agency.name))
            .collect(),
        subject: SubjectFields {
            family_name: fields
                .text("subject.family_name", "Family name", "")
                .required(),
            given_name: fields.text("subject.given_name", "Given name", ""),
            additional_names: fields.text("subject.additional_names", "Other names", ""),
            date_of_birth: fields
                .text("subject.date_of_birth", "Birth date", "")
                .kind("date"),
            sex: fields.select(
                "subject.sex",
                "Sex on the paper",
                &[("", "unknown"), ("F", "F"), ("M", "M"), ("X", "X")],
                "",
            ),
            citizenship: fields
                .text("subject.citizenship", "Citizenship, as alleged", "")
                .hint("A statement of the office, not a fact."),
            a_number: fields
                .text("subject.a_number", "A-number", "")
                .hint("The letter A and seven to nine digits."),
            fbi_number: fields.text("subject.fbi_number", "FBI number (UCN)", ""),
            booking_number: fields.text("subject.booking_number", "Booking number", ""),
        },
        asks: ASKS
            .iter()
            .map(|(name, label, default)| fields.check(name, label, *default))
            .collect(),
        basis: BASIS
            .iter()
            .map(|(name, label)| fields.check(name, label, false))
            .collect(),
        warrant: WarrantFields {
            kind: fields.select("warrant.kind", "Kind", &kinds, ""),
            signed_on: fields
                .text("warrant.signed_on", "Signed on", "")
                .kind("date"),
            signer: fields.text("warrant.signer", "Signed by", ""),
        },
        learns: Learns {
            who: "The custodian".to_owned(),
            what: Some("the whole paper, as it stands here".to_owned()),
            stays_in: "this office".to_owned(),
        },
    };
    show(typed.status(), &page)
}
