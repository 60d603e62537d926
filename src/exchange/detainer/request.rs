//! `POST /v1/detainers`: the body and its rules.

use chrono::NaiveDate;
use serde::Deserialize;

use super::model::{Asks, Basis, Channel, Form, Subject, Warrant};
use crate::http::problem::{FieldError, Problem};
use crate::types::Timestamp;
use crate::types::a_number::ANumber;
use crate::types::ori::Ori;

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "form": "I-247A", "form_revision": "03/17", "issued_on": "2025-11-20", "office": "SND", "custodian": "CA0370000",
    "subject": {"family_name": "Example", "given_name": "Ana", "date_of_birth": "1990-02-03", "a_number": "A012345678"},
    "asks": {"notify": true, "hold": true}, "basis": {"biometric_records": true},
    "warrants": [{"kind": "administrative_i200", "signed_on": "2025-11-20"}]
}))]
pub struct DetainerRequest {
    pub form: Form,
    pub form_revision: Option<String>,
    pub issued_on: NaiveDate,
    /// Who is told. A liaison's own office.
    pub office: String,
    /// Who issued, when that was another office. Gives no rights.
    pub issuing_office: Option<String>,
    #[schema(value_type = String, example = "CA0370000")]
    pub custodian: Ori,
    pub subject: SubjectRequest,
    pub asks: Asks,
    #[serde(default)]
    pub basis: Basis,
    #[serde(default)]
    pub warrants: Vec<Warrant>,
    pub cancels_issued_on: Option<NaiveDate>,
    #[serde(default)]
    pub victim_or_witness: bool,
    pub received_at: Option<Timestamp>,
    pub channel: Option<Channel>,
    pub source_id: Option<String>,
}

#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectRequest {
    pub family_name: String,
    pub given_name: Option<String>,
    pub additional_names: Option<String>,
    pub date_of_birth: Option<NaiveDate>,
    pub sex: Option<String>,
    pub citizenship: Option<String>,
    pub a_number: Option<String>,
    pub fbi_number: Option<String>,
    pub state_id: Option<String>,
    pub booking_number: Option<String>,
}

/// The last day on which forms I-247D, I-247N and I-247X could be issued.
const LAST_DAY_OF_2015_FORMS: NaiveDate = NaiveDate::from_ymd_opt(2017, 4, 2).unwrap();

/// Collects complaints, so that a writer sees them all at once.
#[derive(Default)]
pub struct Complaints(Vec<FieldError>);

impl Complaints {
    pub fn add(&mut self, pointer: &str, code: &str, detail: impl Into<String>) {
        self.0.push(FieldError {
            pointer: pointer.to_owned(),
            code: code.to_owned(),
            detail: detail.into(),
        });
    }

    /// A text of 1 to `max` characters.
    pub fn text(&mut self, pointer: &str, value: &str, max: usize) {
        if value.trim().is_empty() || value.chars().count() > max {
            self.add(
                pointer,
                "length",
                format!(
                    "{} must have 1 to {max} characters.",
                    pointer.trim_start_matches('/')
                ),
            );
        }
    }

    pub fn optional_text(&mut self, pointer: &str, value: Option<&str>, max: usize) {
        if let Some(value) = value {
            self.text(pointer, value, max);
        }
    }

    /// An instant that has come: between 1990 and now, with five minutes for other clocks.
    pub fn past(&mut self, pointer: &str, at: Timestamp, now: Timestamp) {
        if at > now + chrono::Duration::minutes(5) || at.timestamp() < 631_152_000 {
            self.add(
                pointer,
                "range",
                format!(
                    "{} must lie between 1990 and now.",
                    pointer.trim_start_matches('/')
                ),
            );
        }
    }

    pub fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Problem::fields(self.0))
        }
    }
}

impl SubjectRequest {
    pub fn check(&self, complaints: &mut Complaints, today: NaiveDate) {
        complaints.text("/subject/family_name", &self.family_name, 300);
        for (pointer, value, max) in [
            ("/subject/given_name", &self.given_name, 300),
            ("/subject/additional_names", &self.additional_names, 300),
            ("/subject/sex", &self.sex, 20),
            ("/subject/citizenship", &self.citizenship, 60),
            ("/subject/fbi_number", &self.fbi_number, 9),
            ("/subject/state_id", &self.state_id, 20),
            ("/subject/booking_number", &self.booking_number, 60),
        ] {
            complaints.optional_text(pointer, value.as_deref(), max);
        }
        if let Some(text) = &self.a_number
            && let Err(error) = text.parse::<ANumber>()
        {
            complaints.add("/subject/a_number", "format", error.to_string());
        }
        check_birth(complaints, self.date_of_birth, today);
    }

    /// The subject, once checked.
    pub fn subject(&self) -> Subject {
        let given = |text: &Option<String>| {
            text.as_deref()
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        Subject {
            family_name: self.family_name.trim().to_owned(),
            given_name: given(&self.given_name),
            additional_names: given(&self.additional_names),
            date_of_birth: self.date_of_birth,
            sex: given(&self.sex),
            citizenship: given(&self.citizenship),
            a_number: self.a_number.as_ref().and_then(|text| text.parse().ok()),
            fbi_number: given(&self.fbi_number).map(|text| text.to_ascii_uppercase()),
            state_id: given(&self.state_id).map(|text| text.to_ascii_uppercase()),
            booking_number: given(&self.booking_number),
        }
    }
}

pub fn check_birth(complaints: &mut Complaints, date: Option<NaiveDate>, today: NaiveDate) {
    if date.is_some_and(|date| {
        date > today || date < NaiveDate::from_ymd_opt(1880, 1, 1).unwrap_or_default()
    }) {
        complaints.add(
            "/subject/date_of_birth",
            "range",
            "date_of_birth must lie between 1880 and today.",
        );
    }
}

impl DetainerRequest {
    /// The rules of the forms (domain notes, section a). `now` bounds what can have happened.
    pub fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        let today = now.date_naive();
        self.subject.check(&mut complaints, today);
        complaints.optional_text("/form_revision", self.form_revision.as_deref(), 20);
        complaints.optional_text("/source_id", self.source_id.as_deref(), 200);
        let earliest = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap_or_default();
        // A day's grace: the date is of the office's zone.
        if self.issued_on < earliest || self.issued_on > today.succ_opt().unwrap_or(today) {
            complaints.add(
                "/issued_on",
                "range",
                "issued_on must lie between 1990 and today.",
            );
        }
        if self.form.ended_in_2017() && self.issued_on > LAST_DAY_OF_2015_FORMS {
            complaints.add(
                "/form",
                "not_in_force",
                format!(
                    "{} was not issued after 2017-04-02; see issued_on.",
                    self.form
                ),
            );
        }
        if self.form.is_notice_only() && (self.asks.hold || self.asks.transfer) {
            let field = if self.asks.hold {
                "/asks/hold"
            } else {
                "/asks/transfer"
            };
            complaints.add(
                field,
                "notice_only_form",
                format!("{} asks only for notice.", self.form),
            );
        }
        if self.form == Form::I247A
            && self.basis.resume_custody
            && self.basis.states_probable_cause()
        {
            complaints.add(
                "/basis/resume_custody",
                "both_boxes",
                "I-247A has a probable-cause box or resume_custody, not both.",
            );
        }
        if self.warrants.len() > 20 {
            complaints.add("/warrants", "length", "At most 20 warrants.");
        }
        for (at, warrant) in self.warrants.iter().enumerate() {
            complaints.optional_text(
                &format!("/warrants/{at}/signer"),
                warrant.signer.as_deref(),
                200,
            );
        }
        if self
            .received_at
            .is_some_and(|at| at > now + chrono::Duration::minutes(5))
        {
            complaints.add("/received_at", "range", "received_at lies ahead.");
        }
        if self
            .received_at
            .is_some_and(|at| at.date_naive() < earliest)
        {
            complaints.add("/received_at", "range", "received_at must lie after 1990.");
        }
        if self.cancels_issued_on.is_some_and(|on| on > self.issued_on) {
            complaints.add(
                "/cancels_issued_on",
                "range",
                "cancels_issued_on is the date of an earlier request, not after issued_on.",
            );
        }
        complaints.finish()
    }
}
