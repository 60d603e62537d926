//! `/detainers/{id}/determinations/new?act=`: a person decides, with the law beside the form.

use askama::Template;

use super::detainer::ActPanel;
use crate::dashboard::{
    CheckField, ErrorSummary, Layout, Learns, Person, RadioField, SelectField, TextArea, Tokens,
    When,
};

#[derive(Template)]
#[template(path = "custodian/determination.html")]
pub struct DeterminationPage {
    pub layout: Layout,
    /// `/detainers/{id}`.
    pub base: String,
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    pub person: Person,
    /// "I-247A of 20 Nov 2026, from SND".
    pub paper: String,
    /// "Notify the office of the release?"
    pub question: String,
    /// Hidden field `act`.
    pub act: String,
    /// Hidden field `notice`: the release notice that is decided on.
    pub notice: Option<String>,
    /// "Release expected" with its time, or why there is none.
    pub about: String,
    pub about_at: Option<When>,
    pub due: Option<When>,
    pub panel: ActPanel,
    /// Comply is not offered: why, with citation. The law prohibits it, or a fact or claim is open.
    pub barred: Option<String>,
    /// Declining departs from a duty: what that means, and that a note is needed.
    pub departs: Option<String>,
    /// `decision`; absent choices are barred ones.
    pub decision: RadioField,
    pub reason_code: SelectField,
    pub note: TextArea,
    /// `tell_office`.
    pub tell_office: CheckField,
    pub if_comply: Learns,
    pub if_decline: Learns,
    pub if_told: Learns,
    /// The duties that follow from complying.
    pub duties: Vec<String>,
}
