//! The form of `POST /v1/detainers`, for either side: field names as in the API, nested ones with
//! dots, one warrant.

use askama::Template;
use axum::http::header;
use axum::response::Response;
use serde_json::{Value, json};

use super::forms::Choice;
use super::typed::FormFields;
use super::{
    Body, CheckField, ErrorSummary, Field, Fields, Layout, Learns, RadioField, SelectField,
    TextField, Tokens, words,
};
use crate::exchange::detainer::model::{Form, WarrantKind};

/// `/detainers/new`; field names as in `POST /v1/detainers`, nested ones with dots.
#[derive(Template)]
#[template(path = "new_detainer.html")]
pub struct PaperPage {
    pub layout: Layout,
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    pub lead: &'static str,
    pub paper: PaperFields,
    /// Custodian or office, by its code, with suggestions.
    pub party: TextField,
    pub parties_head: &'static str,
    pub parties: Vec<(String, String)>,
    /// How it came, where that is asked.
    pub received: Vec<Field>,
    pub learns: Learns,
    pub button: &'static str,
}

/// The page of the request that an answer of the API made; `None` when the form took back an
/// earlier one.
pub fn place(answer: &Response) -> Option<&str> {
    answer
        .headers()
        .get(header::LOCATION)?
        .to_str()
        .ok()?
        .strip_prefix("/v1")
}

/// What both sides fill in.
pub struct PaperFields {
    pub form: RadioField,
    pub issued_on: TextField,
    pub cancels_issued_on: TextField,
    pub subject: SubjectFields,
    /// `asks.notify`, `asks.hold`, …
    pub asks: Vec<CheckField>,
    /// `basis.final_order`, …
    pub basis: Vec<CheckField>,
    pub warrant: WarrantFields,
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

const ASKS: &[(&str, &str, bool)] = &[
    ("asks.notify", "Notify the office before the release", true),
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

/// Each form with what it asks for; the older ones for paper that is still live.
fn form_choices(forms: &[Form]) -> Vec<Choice> {
    forms
        .iter()
        .map(|form| {
            let hint = match form {
                Form::I247A => "Asks for notice, a hold and transfer. In use since April 2017.",
                Form::I247G => "Asks for notice only: no hold, no transfer.",
                Form::I247 => "Before 2015.",
                Form::I247D => "2015 to 2 April 2017; live when issued in that time.",
                Form::I247N => "2015 to 2 April 2017, notice only.",
                Form::I247X => "2015 to 2 April 2017, transfer for other priorities.",
                Form::NcicHit => "A record found by a query; it never reaches the office.",
                Form::Other => "A letter, or a form that is not listed.",
            };
            Choice::new(form.as_str(), form.as_str()).hint(hint)
        })
        .collect()
}

impl PaperFields {
    /// The fields with what was typed; `today` is the first suggestion for the date.
    pub fn new(fields: &FormFields<'_>, forms: &[Form], today: &str) -> Self {
        let kinds: Vec<(&str, &str)> = std::iter::once(("", "none with this paper"))
            .chain(
                WarrantKind::ALL
                    .iter()
                    .map(|kind| (kind.as_str(), words::warrant_kind(*kind))),
            )
            .collect();
        Self {
            form: fields
                .radio("form", "Form", form_choices(forms), "I-247A")
                .required(),
            issued_on: fields
                .text("issued_on", "Issued on", today)
                .kind("date")
                .required(),
            cancels_issued_on: fields
                .text("cancels_issued_on", "Cancels the request of", "")
                .kind("date")
                .hint(
                    "Only when the cancel box is checked: the date of the request it takes back.",
                ),
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
        }
    }
}

/// The body of the command, as far as both sides fill it in.
pub fn body(fields: &Fields) -> Body<'_> {
    let asks: Vec<&str> = ASKS.iter().map(|(name, _, _)| *name).collect();
    let basis: Vec<&str> = BASIS.iter().map(|(name, _)| *name).collect();
    let mut body = Body::new(fields)
        .texts(&["form", "issued_on", "cancels_issued_on"])
        .texts(SUBJECT)
        .flags(&asks)
        .flags(&basis);
    if fields.get("subject.family_name").is_empty() {
        body = body.value("subject.family_name", "".into());
    }
    if let Some(warrant) = warrant(fields) {
        body = body.value("warrants", json!([warrant]));
    }
    body
}

fn warrant(fields: &Fields) -> Option<Value> {
    let given = |name: &str| Some(fields.get(name)).filter(|text| !text.is_empty());
    Some(json!({
        "kind": given("warrant.kind")?,
        "signed_on": given("warrant.signed_on"),
        "signer": given("warrant.signer"),
    }))
}
