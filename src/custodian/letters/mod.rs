//! Letters that the law asks for, to the person and to counsel: written from the record at the
//! moment they are asked for, and not kept. `words` says what they say, `sheet` sets it on paper.

pub mod api;
pub mod sheet;
pub mod words;

use crate::types::actor::words as choices;

choices! {
    /// What a letter is for: a copy of the request with what the agency intends, and the notice
    /// that was given to the office (Cal. Gov. Code 7283.1(b)); that a copy was served (form
    /// I-247A).
    LetterKind {
        CopyAndIntent = "copy-and-intent", NoticeOfNotice = "notice-of-notice",
        ServiceCertificate = "service-certificate",
    }
}

choices! {
    Language { English = "en", Spanish = "es", Tagalog = "tl" }
}
