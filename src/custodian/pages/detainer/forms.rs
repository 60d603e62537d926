//! The forms for the next steps of a request.

use super::{OUTCOME, SERVE};
use crate::dashboard::{
    CheckField, Frame, Learns, SelectField, TextArea, TextField, Typed, time, words,
};

/// `POST {base}/acknowledgement`.
pub struct AcknowledgeForm {
    pub by: TextField,
    pub learns: Learns,
    pub primary: bool,
}

/// `POST {base}/service`.
pub struct ServeForm {
    pub served_at: TextField,
    pub method: SelectField,
    pub method_other: TextField,
    pub language: TextField,
    pub officer: TextField,
    pub tell_office: CheckField,
    pub learns: Learns,
    pub primary: bool,
    pub open: bool,
}

/// `POST {base}/outcome`.
pub struct OutcomeForm {
    pub notice: SelectField,
    pub custody: SelectField,
    pub stated_at: TextField,
    pub note: TextArea,
    /// Nothing to choose once a hand-over is confirmed: then every statement crosses.
    pub disclose: Option<CheckField>,
    pub learns: Learns,
    pub open: bool,
}

pub fn serve_form(
    typed: &Typed,
    frame: &Frame,
    sees: &impl Fn(Option<String>) -> Learns,
) -> ServeForm {
    let fields = typed.form(SERVE);
    ServeForm {
        served_at: fields
            .local(
                "served_at",
                "Served",
                &time::local(frame.now, frame.zone),
                frame.zone,
            )
            .required(),
        method: fields
            .select(
                "method",
                "How",
                &[
                    ("in_person", "In person"),
                    ("inmate_mail", "Inmate mail"),
                    ("other", "Another way"),
                ],
                "in_person",
            )
            .required(),
        method_other: fields
            .text("method_other", "Which other way", "")
            .hint("Only for another way."),
        language: fields
            .text("language", "Language", "")
            .hint("A code such as es or vi."),
        officer: fields
            .text("officer", "Officer who served", &frame.actor.name)
            .required(),
        tell_office: fields.check("tell_office", "Tell the office", true),
        learns: sees(Some(
            "served, when, how and by whom, if you tell it; without the check mark nothing leaves this agency"
                .to_owned(),
        )),
        primary: true,
        open: true,
    }
}

pub fn outcome_form(
    typed: &Typed,
    frame: &Frame,
    sees: &impl Fn(Option<String>) -> Learns,
    handed_over: bool,
) -> OutcomeForm {
    let fields = typed.form(OUTCOME);
    OutcomeForm {
        notice: fields
            .select("notice", "Notice", &words::notice_outcomes(), "unknown")
            .required(),
        custody: fields
            .select("custody", "Custody", &words::custody_outcomes(), "unknown")
            .required(),
        stated_at: fields
            .local(
                "stated_at",
                "As of",
                &time::local(frame.now, frame.zone),
                frame.zone,
            )
            .required(),
        note: fields.area("note", "Note"),
        disclose: (!handed_over).then(|| fields.check("disclose", "Tell the office", false)),
        learns: sees(Some(
            if handed_over {
                "this statement with its note: this agency has stated the hand-over, so its outcome is known to both"
            } else {
                "this statement with its note, if you tell it or once this agency states a hand-over; until then \
                 nothing leaves this agency"
            }
            .to_owned(),
        )),
        open: typed.is(OUTCOME),
    }
}
