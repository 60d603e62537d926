//! What a letter says, in English and Spanish. Pure: no database, no clock.

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

/// Writes a letter; `None` when what it is about has not happened.
pub fn write(kind: LetterKind, language: Language, case: &Case) -> Option<Letter> {
    let spanish = language == Language::Spanish;
    let mut paragraphs = vec![heading(case, spanish)];
    let title = match kind {
        LetterKind::CopyAndIntent => {
            paragraphs.extend(copy_and_intent(case, spanish));
            match spanish {
                true => "Copia de una solicitud federal y lo que esta agencia piensa hacer",
                false => "Copy of a federal request, and what this agency intends to do",
            }
        }
        LetterKind::NoticeOfNotice => {
            paragraphs.extend(notice_of_notice(case, case.told.as_ref()?, spanish));
            match spanish {
                true => {
                    "Lo que esta agencia comunicó a la oficina federal sobre su puesta en libertad"
                }
                false => "What this agency told the federal office about your release",
            }
        }
        LetterKind::ServiceCertificate => {
            paragraphs.extend(certificate(case, case.service.as_ref()?, spanish));
            match spanish {
                true => "Constancia de entrega de una copia de la solicitud",
                false => "Certificate that a copy of the request was served",
            }
        }
    };
    Some(Letter {
        title: title.to_owned(),
        paragraphs,
    })
}

fn heading(case: &Case, spanish: bool) -> String {
    let number = case.booking_number.as_deref();
    let booking = match (number, spanish) {
        (Some(number), true) => format!("Número de registro: {number}\n"),
        (Some(number), false) => format!("Booking number: {number}\n"),
        (None, _) => String::new(),
    };
    let (to, date) = match spanish {
        true => ("Para", "Fecha"),
        false => ("To", "Date"),
    };
    format!(
        "{} ({})\n{date}: {}\n\n{to}: {}\n{booking}",
        case.agency, case.ori, case.today, case.person
    )
}

fn copy_and_intent(case: &Case, spanish: bool) -> Vec<String> {
    let Case {
        form,
        issued_on,
        office,
        ..
    } = case;
    let mut found = vec![match spanish {
        true => format!(
            "La oficina federal {office} ha enviado a esta agencia una solicitud sobre usted: el formulario {form}, con fecha {issued_on}. Se adjunta una copia. No es una orden de un juez."
        ),
        false => format!(
            "The federal office {office} has sent this agency a request about you: form {form}, dated {issued_on}. A copy is attached. It is not an order of a judge."
        ),
    }];
    let names = match spanish {
        true => [
            "Avisar a la oficina antes de su puesta en libertad",
            "Retenerlo después del momento en que quedaría libre",
            "Entregarlo a la oficina",
            "Permitir una entrevista",
        ],
        false => [
            "To tell the office before you are released",
            "To hold you past the time when you would be released",
            "To hand you over to the office",
            "To allow an interview",
        ],
    };
    found.push(
        match spanish {
            true => "Lo que la solicitud pide, y lo que esta agencia piensa hacer:",
            false => "What the request asks, and what this agency intends to do:",
        }
        .to_owned(),
    );
    let asked = case
        .acts
        .iter()
        .zip(names)
        .filter(|(act, _)| act.asked)
        .map(|(act, name)| {
            let intent = match (act.complies, spanish) {
                (Some(true), true) => "la agencia piensa hacerlo",
                (Some(true), false) => "the agency intends to do so",
                (Some(false), true) => "la agencia no piensa hacerlo",
                (Some(false), false) => "the agency does not intend to do so",
                (None, true) => "todavía no se ha decidido; se le avisará por escrito",
                (None, false) => "not decided yet; you will be told in writing",
            };
            format!("-  {name}: {intent}.")
        })
        .collect::<Vec<_>>();
    found.push(asked.join("\n"));
    found.push(
        match spanish {
            true => {
                "Usted tiene derecho a hablar con un abogado. Esta carta no es un consejo legal."
            }
            false => "You have the right to speak with a lawyer. This letter is not legal advice.",
        }
        .to_owned(),
    );
    found
}

fn notice_of_notice(case: &Case, told: &Told, spanish: bool) -> Vec<String> {
    let office = &case.office;
    let Told {
        at,
        effective_at,
        cancelled,
    } = told;
    let what = match (cancelled, spanish) {
        (false, true) => format!(
            "El {at} esta agencia comunicó a la oficina federal {office} la fecha y hora de su puesta en libertad: {effective_at}."
        ),
        (false, false) => format!(
            "On {at} this agency told the federal office {office} the date and time of your release: {effective_at}."
        ),
        (true, true) => format!(
            "El {at} esta agencia comunicó a la oficina federal {office} que la puesta en libertad prevista ha quedado sin efecto."
        ),
        (true, false) => format!(
            "On {at} this agency told the federal office {office} that the planned release has been called off."
        ),
    };
    let copy = match spanish {
        true => {
            "La ley exige darle por escrito, a usted y a su abogado o a la persona que usted haya nombrado, el mismo aviso."
        }
        false => {
            "The law requires that you, and your lawyer or the person you have named, are given the same notice in writing."
        }
    };
    vec![what, copy.to_owned()]
}

fn certificate(case: &Case, served: &Served, spanish: bool) -> Vec<String> {
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
        language,
        officer,
    } = served;
    let unknown = match spanish {
        true => "no consta",
        false => "not recorded",
    };
    let language = language.as_deref().unwrap_or(unknown);
    let officer = officer.as_deref().unwrap_or(unknown);
    let what = match spanish {
        true => format!(
            "Se entregó a {person} una copia del formulario {form} de la oficina federal {office}, con fecha {issued_on}."
        ),
        false => format!(
            "{person} was served a copy of form {form} of the federal office {office}, dated {issued_on}."
        ),
    };
    let how = match spanish {
        true => format!("Cuándo: {at}\nCómo: {method}\nIdioma: {language}\nPor: {officer}"),
        false => format!("When: {at}\nHow: {method}\nLanguage: {language}\nBy: {officer}"),
    };
    let signature = match spanish {
        true => "Firma: ______________________________",
        false => "Signature: ______________________________",
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
