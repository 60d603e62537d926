//! Letters that the law asks for, to the person and to counsel: written from the record at the
//! moment they are asked for, and not kept. `words` says what they say, `sheet` sets it on paper.

pub mod api;
mod fonts;
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
    /// The languages of the TRUTH Act, in its order.
    Language {
        English = "en", Spanish = "es", Chinese = "zh", Tagalog = "tl", Vietnamese = "vi",
        Korean = "ko",
    }
}

impl Language {
    /// What its speakers call it.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Español",
            Self::Chinese => "中文（简体）",
            Self::Tagalog => "Tagalog",
            Self::Vietnamese => "Tiếng Việt",
            Self::Korean => "한국어",
        }
    }

    /// The tag that a document of it carries (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            // The characters matter to whatever shows the text or reads it aloud.
            Self::Chinese => "zh-Hans",
            other => other.as_str(),
        }
    }
}
