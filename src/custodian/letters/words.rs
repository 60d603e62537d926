//! What a letter says, in English, Spanish and Tagalog. Pure: no database, no clock. The
//! translations are our own; Tagalog has not been checked by a translator, and the letter says so.

use super::Language::{self, English, Spanish, Tagalog};
use super::LetterKind;

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

/// Under a translation that no translator has checked.
const UNCHECKED: &str = "Ang saling ito ay hindi pa nasusuri ng isang tagasalin; humingi ng kopya sa Ingles kung may \
                         hindi malinaw. (Draft translation, not yet checked by a translator.)";

/// Writes a letter; `None` when what it is about has not happened.
pub fn write(kind: LetterKind, language: Language, case: &Case) -> Option<Letter> {
    let mut paragraphs = vec![heading(case, language)];
    let title = match kind {
        LetterKind::CopyAndIntent => {
            paragraphs.extend(copy_and_intent(case, language));
            match language {
                Spanish => "Copia de una solicitud federal y lo que esta agencia piensa hacer",
                English => "Copy of a federal request, and what this agency intends to do",
                Tagalog => {
                    "Kopya ng kahilingan ng pederal na tanggapan, at ang balak gawin ng ahensiyang ito"
                }
            }
        }
        LetterKind::NoticeOfNotice => {
            paragraphs.extend(notice_of_notice(case, case.told.as_ref()?, language));
            match language {
                Spanish => {
                    "Lo que esta agencia comunicó a la oficina federal sobre su puesta en libertad"
                }
                English => "What this agency told the federal office about your release",
                Tagalog => {
                    "Ang ipinaalam ng ahensiyang ito sa pederal na tanggapan tungkol sa paglaya ninyo"
                }
            }
        }
        LetterKind::ServiceCertificate => {
            paragraphs.extend(certificate(case, case.service.as_ref()?, language));
            match language {
                Spanish => "Constancia de entrega de una copia de la solicitud",
                English => "Certificate that a copy of the request was served",
                Tagalog => "Katibayan na naibigay ang kopya ng kahilingan",
            }
        }
    };
    if language == Tagalog {
        paragraphs.push(UNCHECKED.to_owned());
    }
    Some(Letter {
        title: title.to_owned(),
        paragraphs,
    })
}

fn heading(case: &Case, language: Language) -> String {
    let number = case.booking_number.as_deref();
    let booking = match (number, language) {
        (Some(number), Spanish) => format!("Número de registro: {number}\n"),
        (Some(number), English) => format!("Booking number: {number}\n"),
        (Some(number), Tagalog) => format!("Numero ng pagkakapiit (booking number): {number}\n"),
        (None, _) => String::new(),
    };
    let (to, date) = match language {
        Spanish => ("Para", "Fecha"),
        English => ("To", "Date"),
        Tagalog => ("Para kay", "Petsa"),
    };
    format!(
        "{} ({})\n{date}: {}\n\n{to}: {}\n{booking}",
        case.agency, case.ori, case.today, case.person
    )
}

fn copy_and_intent(case: &Case, language: Language) -> Vec<String> {
    let Case {
        form,
        issued_on,
        office,
        ..
    } = case;
    let mut found = vec![match language {
        Spanish => format!(
            "La oficina federal {office} ha enviado a esta agencia una solicitud sobre usted: el formulario {form}, con fecha {issued_on}. Se adjunta una copia. No es una orden de un juez."
        ),
        English => format!(
            "The federal office {office} has sent this agency a request about you: form {form}, dated {issued_on}. A copy is attached. It is not an order of a judge."
        ),
        Tagalog => format!(
            "Ang pederal na tanggapan na {office} ay nagpadala sa ahensiyang ito ng kahilingan tungkol sa inyo: ang pormularyong {form}, na may petsang {issued_on}. Kalakip ang isang kopya. Hindi ito utos ng isang hukom."
        ),
    }];
    let names = match language {
        Spanish => [
            "Avisar a la oficina antes de su puesta en libertad",
            "Retenerlo después del momento en que quedaría libre",
            "Entregarlo a la oficina",
            "Permitir una entrevista",
        ],
        English => [
            "To tell the office before you are released",
            "To hold you past the time when you would be released",
            "To hand you over to the office",
            "To allow an interview",
        ],
        Tagalog => [
            "Ipaalam sa tanggapan bago kayo palayain",
            "Pigilin kayo nang lampas sa oras na dapat kayong palayain",
            "Ibigay kayo sa tanggapan",
            "Pahintulutan ang isang panayam",
        ],
    };
    found.push(
        match language {
            Spanish => "Lo que la solicitud pide, y lo que esta agencia piensa hacer:",
            English => "What the request asks, and what this agency intends to do:",
            Tagalog => "Ang hinihiling, at ang balak gawin ng ahensiyang ito:",
        }
        .to_owned(),
    );
    let asked = case
        .acts
        .iter()
        .zip(names)
        .filter(|(act, _)| act.asked)
        .map(|(act, name)| {
            let intent = match (act.complies, language) {
                (Some(true), Spanish) => "la agencia piensa hacerlo",
                (Some(true), English) => "the agency intends to do so",
                (Some(true), Tagalog) => "balak itong gawin ng ahensiya",
                (Some(false), Spanish) => "la agencia no piensa hacerlo",
                (Some(false), English) => "the agency does not intend to do so",
                (Some(false), Tagalog) => "hindi ito balak gawin ng ahensiya",
                (None, Spanish) => "todavía no se ha decidido; se le avisará por escrito",
                (None, English) => "not decided yet; you will be told in writing",
                (None, Tagalog) => "hindi pa napagpapasyahan; ipaaalam ito sa inyo nang nakasulat",
            };
            format!("-  {name}: {intent}.")
        })
        .collect::<Vec<_>>();
    found.push(asked.join("\n"));
    found.push(
        match language {
            Spanish => {
                "Usted tiene derecho a hablar con un abogado. Esta carta no es un consejo legal."
            }
            English => "You have the right to speak with a lawyer. This letter is not legal advice.",
            Tagalog => {
                "May karapatan kayong makipag-usap sa isang abogado. Ang liham na ito ay hindi payong legal."
            }
        }
        .to_owned(),
    );
    found
}

fn notice_of_notice(case: &Case, told: &Told, language: Language) -> Vec<String> {
    let office = &case.office;
    let Told {
        at,
        effective_at,
        cancelled,
    } = told;
    let what = match (cancelled, language) {
        (false, Spanish) => format!(
            "El {at} esta agencia comunicó a la oficina federal {office} la fecha y hora de su puesta en libertad: {effective_at}."
        ),
        (false, English) => format!(
            "On {at} this agency told the federal office {office} the date and time of your release: {effective_at}."
        ),
        (false, Tagalog) => format!(
            "Noong {at}, ipinaalam ng ahensiyang ito sa pederal na tanggapan na {office} ang petsa at oras ng paglaya ninyo: {effective_at}."
        ),
        (true, Spanish) => format!(
            "El {at} esta agencia comunicó a la oficina federal {office} que la puesta en libertad prevista ha quedado sin efecto."
        ),
        (true, English) => format!(
            "On {at} this agency told the federal office {office} that the planned release has been called off."
        ),
        (true, Tagalog) => format!(
            "Noong {at}, ipinaalam ng ahensiyang ito sa pederal na tanggapan na {office} na hindi na matutuloy ang nakaplanong paglaya ninyo."
        ),
    };
    let copy = match language {
        Spanish => {
            "La ley exige darle por escrito, a usted y a su abogado o a la persona que usted haya nombrado, el mismo aviso."
        }
        English => {
            "The law requires that you, and your lawyer or the person you have named, are given the same notice in writing."
        }
        Tagalog => {
            "Iniuutos ng batas na kayo, at ang inyong abogado o ang taong inyong itinalaga, ay bigyan ng gayunding abiso nang nakasulat."
        }
    };
    vec![what, copy.to_owned()]
}

fn certificate(case: &Case, served: &Served, language: Language) -> Vec<String> {
    let Case {
        form,
        issued_on,
        office,
        person,
        ..
    } = case;
    let Served {
        at,
        method,
        language: spoken,
        officer,
    } = served;
    let unknown = match language {
        Spanish => "no consta",
        English => "not recorded",
        Tagalog => "hindi nakatala",
    };
    let spoken = spoken.as_deref().unwrap_or(unknown);
    let officer = officer.as_deref().unwrap_or(unknown);
    let what = match language {
        Spanish => format!(
            "Se entregó a {person} una copia del formulario {form} de la oficina federal {office}, con fecha {issued_on}."
        ),
        English => format!(
            "{person} was served a copy of form {form} of the federal office {office}, dated {issued_on}."
        ),
        Tagalog => format!(
            "Naibigay kay {person} ang isang kopya ng pormularyong {form} ng pederal na tanggapan na {office}, na may petsang {issued_on}."
        ),
    };
    let how = match language {
        Spanish => format!("Cuándo: {at}\nCómo: {method}\nIdioma: {spoken}\nPor: {officer}"),
        English => format!("When: {at}\nHow: {method}\nLanguage: {spoken}\nBy: {officer}"),
        Tagalog => format!("Kailan: {at}\nPaano: {method}\nWika: {spoken}\nNi: {officer}"),
    };
    let signature = match language {
        Spanish => "Firma: ______________________________",
        English => "Signature: ______________________________",
        Tagalog => "Lagda: ______________________________",
    };
    vec![what, how, signature.to_owned()]
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
            today: "24 Nov 2026".into(),
            ..Case::default()
        }
    }

    #[test]
    fn each_act_that_is_asked_is_answered_and_no_other() {
        for (language, no, open, interview) in [
            (
                Language::English,
                "does not intend",
                "not decided yet",
                "interview",
            ),
            (
                Language::Spanish,
                "no piensa hacerlo",
                "todavía no",
                "entrevista",
            ),
            (
                Language::Tagalog,
                "hindi ito balak gawin",
                "hindi pa napagpapasyahan",
                "panayam",
            ),
        ] {
            let letter = write(LetterKind::CopyAndIntent, language, &case()).unwrap();
            let text = letter.paragraphs.join("\n");
            assert!(text.contains(no) && text.contains(open), "{text}");
            assert!(!text.contains(interview), "{text}");
        }
    }

    #[test]
    fn what_has_not_happened_has_no_letter() {
        for kind in [LetterKind::NoticeOfNotice, LetterKind::ServiceCertificate] {
            assert_eq!(write(kind, Language::English, &case()), None);
        }
    }
}
