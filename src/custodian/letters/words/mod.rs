//! What a letter says, in the languages of the TRUTH Act (Cal. Gov. Code 7283.1): the sentences of
//! each in a file, what is put into them here. Pure: no database, no clock. The translations are
//! our own; one that no translator has checked says so.

mod en;
mod es;
mod ko;
mod tl;
mod vi;
mod zh;

use super::{Language, LetterKind};

/// One request, as its letters speak of it. Texts are final: instants are in the agency's zone.
#[derive(Debug, Clone, Default)]
pub struct Case {
    pub agency: String,
    pub ori: String,
    pub office: String,
    pub person: String,
    pub booking_number: Option<String>,
    pub form: String,
    pub issued_on: String,
    /// Notify, hold, transfer, interview: asked for, and what the agency has decided.
    pub acts: [Asked; 4],
    /// The latest word to the office about the release.
    pub told: Option<Told>,
    pub service: Option<Served>,
    pub today: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    pub asked: bool,
    /// The latest decision: to do what is asked, or not.
    pub complies: Option<bool>,
}

#[derive(Debug, Clone)]
pub struct Told {
    pub at: String,
    pub effective_at: String,
    /// The plan was called off.
    pub cancelled: bool,
}

#[derive(Debug, Clone)]
pub struct Served {
    pub at: String,
    pub method: String,
    pub language: Option<String>,
    pub officer: Option<String>,
}

/// A letter: its title, and its paragraphs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub title: String,
    pub paragraphs: Vec<String>,
}

/// The sentences of one language. A name in braces stands for what the record says.
pub struct Words {
    /// Under a translation that no translator has checked.
    unchecked: Option<&'static str>,
    copy_and_intent: &'static str,
    notice_of_notice: &'static str,
    service_certificate: &'static str,
    heading: &'static str,
    booking: &'static str,
    request: &'static str,
    asks: &'static str,
    /// Notify, hold, transfer, interview.
    acts: [&'static str; 4],
    act: &'static str,
    will: &'static str,
    will_not: &'static str,
    undecided: &'static str,
    lawyer: &'static str,
    told: &'static str,
    called_off: &'static str,
    same_notice: &'static str,
    unknown: &'static str,
    served: &'static str,
    how: &'static str,
    signature: &'static str,
}

/// The same again for whoever keeps the English copy beside it.
const DRAFT: &str = "(Draft translation, not yet checked by a translator.)";

impl Words {
    fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &en::WORDS,
            Language::Spanish => &es::WORDS,
            Language::Chinese => &zh::WORDS,
            Language::Tagalog => &tl::WORDS,
            Language::Vietnamese => &vi::WORDS,
            Language::Korean => &ko::WORDS,
        }
    }
}

/// Whether no translator has checked this language's letters.
pub fn is_draft(language: Language) -> bool {
    Words::of(language).unchecked.is_some()
}

/// Puts the record's words into a sentence. Once through, so that a name with braces stays one.
fn fill(sentence: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = sentence;
    while let Some((before, (name, after))) = rest
        .split_once('{')
        .and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        filled.push_str(before);
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    filled + rest
}

/// Writes a letter; `None` when what it is about has not happened.
pub fn write(kind: LetterKind, language: Language, case: &Case) -> Option<Letter> {
    let words = Words::of(language);
    let mut paragraphs = vec![heading(case, words)];
    let title = match kind {
        LetterKind::CopyAndIntent => {
            paragraphs.extend(copy_and_intent(case, words));
            words.copy_and_intent
        }
        LetterKind::NoticeOfNotice => {
            paragraphs.extend(notice_of_notice(case, case.told.as_ref()?, words));
            words.notice_of_notice
        }
        LetterKind::ServiceCertificate => {
            paragraphs.extend(certificate(case, case.service.as_ref()?, words));
            words.service_certificate
        }
    };
    if let Some(unchecked) = words.unchecked {
        paragraphs.push(format!("{unchecked} {DRAFT}"));
    }
    Some(Letter {
        title: title.to_owned(),
        paragraphs,
    })
}

fn heading(case: &Case, words: &Words) -> String {
    let heading = fill(
        words.heading,
        &[
            ("agency", &case.agency),
            ("ori", &case.ori),
            ("today", &case.today),
            ("person", &case.person),
        ],
    );
    match &case.booking_number {
        Some(number) => heading + &fill(words.booking, &[("number", number)]),
        None => heading,
    }
}

fn copy_and_intent(case: &Case, words: &Words) -> Vec<String> {
    let asked = case
        .acts
        .iter()
        .zip(words.acts)
        .filter(|(act, _)| act.asked)
        .map(|(act, name)| {
            let intent = match act.complies {
                Some(true) => words.will,
                Some(false) => words.will_not,
                None => words.undecided,
            };
            fill(words.act, &[("act", name), ("intent", intent)])
        })
        .collect::<Vec<_>>();
    vec![
        fill(
            words.request,
            &[
                ("office", &case.office),
                ("form", &case.form),
                ("issued_on", &case.issued_on),
            ],
        ),
        words.asks.to_owned(),
        asked.join("\n"),
        words.lawyer.to_owned(),
    ]
}

fn notice_of_notice(case: &Case, told: &Told, words: &Words) -> Vec<String> {
    let sentence = match told.cancelled {
        true => words.called_off,
        false => words.told,
    };
    let what = fill(
        sentence,
        &[
            ("at", &told.at),
            ("office", &case.office),
            ("effective_at", &told.effective_at),
        ],
    );
    vec![what, words.same_notice.to_owned()]
}

fn certificate(case: &Case, served: &Served, words: &Words) -> Vec<String> {
    let what = fill(
        words.served,
        &[
            ("person", &case.person),
            ("form", &case.form),
            ("office", &case.office),
            ("issued_on", &case.issued_on),
        ],
    );
    let how = fill(
        words.how,
        &[
            ("at", &served.at),
            ("method", &served.method),
            (
                "language",
                served.language.as_deref().unwrap_or(words.unknown),
            ),
            (
                "officer",
                served.officer.as_deref().unwrap_or(words.unknown),
            ),
        ],
    );
    vec![what, how, words.signature.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case() -> Case {
        Case {
            agency: "Alder County Jail".into(),
            ori: "CA0990100".into(),
            office: "SND".into(),
            person: "Ana Example".into(),
            form: "I-247A".into(),
            issued_on: "20 Nov 2026".into(),
            acts: [
                Asked {
                    asked: true,
                    complies: Some(true),
                },
                Asked {
                    asked: true,
                    complies: Some(false),
                },
                Asked {
                    asked: true,
                    complies: None,
                },
                Asked::default(),
            ],
            booking_number: Some("26-1".into()),
            told: Some(Told {
                at: "24 Nov 2026 09:00".into(),
                effective_at: "20 Dec 2026 08:00".into(),
                cancelled: false,
            }),
            service: Some(Served {
                at: "24 Nov 2026 10:00".into(),
                method: "in person".into(),
                language: None,
                officer: Some("B. Sample".into()),
            }),
            today: "24 Nov 2026".into(),
        }
    }

    #[test]
    fn each_letter_reads_as_written_in_each_language() {
        let mut called_off = case();
        called_off.told.as_mut().unwrap().cancelled = true;
        for language in Language::ALL {
            let mut text = String::new();
            for (kind, case) in [
                (LetterKind::CopyAndIntent, &case()),
                (LetterKind::NoticeOfNotice, &case()),
                (LetterKind::NoticeOfNotice, &called_off),
                (LetterKind::ServiceCertificate, &case()),
            ] {
                let letter = write(kind, *language, case).unwrap();
                assert!(
                    letter
                        .paragraphs
                        .iter()
                        .all(|part| !part.contains(['{', '}']))
                );
                text += &format!(
                    "# {}\n\n{}\n\n",
                    letter.title,
                    letter.paragraphs.join("\n\n")
                );
            }
            insta::assert_snapshot!(format!("letters_{language}"), text);
        }
    }

    #[test]
    fn each_act_that_is_asked_is_answered_and_no_other() {
        for language in Language::ALL {
            let words = Words::of(*language);
            let letter = write(LetterKind::CopyAndIntent, *language, &case()).unwrap();
            let text = letter.paragraphs.join("\n");
            for said in [words.will, words.will_not, words.undecided, words.acts[2]] {
                assert!(text.contains(said), "{text}");
            }
            assert!(!text.contains(words.acts[3]), "{text}");
        }
    }

    /// No sentence of a translation drops what the English one says of the record.
    #[test]
    fn every_language_says_the_same_of_the_record() {
        fn names(sentence: &str) -> Vec<&str> {
            let mut found: Vec<_> = sentence
                .split('{')
                .skip(1)
                .map(|part| part.split('}').next().unwrap())
                .collect();
            found.sort_unstable();
            found
        }
        let all = |words: &'static Words| {
            let Words {
                heading,
                booking,
                request,
                act,
                told,
                called_off,
                served,
                how,
                ..
            } = words;
            [
                heading, booking, request, act, told, called_off, served, how,
            ]
            .map(|s| names(s))
        };
        for language in Language::ALL {
            assert_eq!(all(Words::of(*language)), all(&en::WORDS), "{language}");
        }
    }

    #[test]
    fn a_name_with_braces_stays_as_it_is() {
        let values = [("person", "{office}"), ("office", "SND")];
        assert_eq!(fill("{person} of {office}", &values), "{office} of SND");
    }

    #[test]
    fn what_has_not_happened_has_no_letter() {
        let case = Case::default();
        for kind in [LetterKind::NoticeOfNotice, LetterKind::ServiceCertificate] {
            assert_eq!(write(kind, Language::English, &case), None);
        }
    }
}
