//! `/detainers/new`: an office lodges a request.

use askama::Template;

use crate::dashboard::{
    CheckField, ErrorSummary, Layout, Learns, RadioField, SelectField, TextField, Tokens,
};

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
