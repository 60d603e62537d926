//! `/release-notices/new`: a booking number first, then what will follow, then the record.
//! It never blocks: a release can always be recorded.

use askama::Template;

use crate::dashboard::{
    Chip, ErrorSummary, Layout, Learns, Person, SelectField, TextArea, TextField, Tokens,
};

#[derive(Template)]
#[template(path = "custodian/release_notice.html")]
pub struct ReleaseNoticePage {
    pub layout: Layout,
    /// Step one: `GET /release-notices/new?booking_number=`.
    pub booking_number: TextField,
    /// Step two, once a number was given.
    pub form: Option<ReleaseNoticeForm>,
}

/// `POST /release-notices`.
pub struct ReleaseNoticeForm {
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    /// Hidden field `booking_number`.
    pub booking_number: String,
    /// None: no booking has this number; the notice opens one, and the fields of `stranger` are asked.
    pub person: Option<Person>,
    pub stranger: Option<StrangerFields>,
    /// "booked 18 Nov 2026 21:40 PST · local charge".
    pub booking: String,
    /// The current notice that this one will replace.
    pub replaces: Option<String>,
    pub kind: SelectField,
    pub effective_at: TextField,
    pub release_basis: SelectField,
    pub public_url: TextField,
    pub note: TextArea,
    /// One line for each pending request of this person here.
    pub preview: Vec<PreviewLine>,
    /// Candidates by name and birth date that a person must look at.
    pub candidates: Vec<String>,
}

pub struct StrangerFields {
    pub family_name: TextField,
    pub given_name: TextField,
    pub date_of_birth: TextField,
    pub a_number: TextField,
}

/// "Before you send": one request, what the law says and what will happen.
pub struct PreviewLine {
    /// "I-247A of 20 Nov 2026, SND".
    pub request: String,
    pub href: String,
    /// "same booking", "same A-number".
    pub matched: String,
    pub disposition: Chip,
    pub citation: String,
    pub draft: bool,
    pub learns: Learns,
    /// "Waits for a reviewer of this agency until 24 Nov 2026 20:00 PST" or
    /// "Sent at once by the standing decision of 1 Nov 2026, signed by …".
    pub then: String,
}
