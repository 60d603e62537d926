//! English.

use super::Words;

pub const WORDS: Words = Words {
    unchecked: None,
    copy_and_intent: "Copy of a federal request, and what this agency intends to do",
    notice_of_notice: "What this agency told the federal office about your release",
    service_certificate: "Certificate that a copy of the request was served",
    heading: "{agency} ({ori})\nDate: {today}\n\nTo: {person}\n",
    booking: "Booking number: {number}\n",
    request: "The federal office {office} has sent this agency a request about you: form {form}, dated {issued_on}. A copy is attached. It is not an order of a judge.",
    asks: "What the request asks, and what this agency intends to do:",
    acts: [
        "To tell the office before you are released",
        "To hold you past the time when you would be released",
        "To hand you over to the office",
        "To allow an interview",
    ],
    act: "-  {act}: {intent}.",
    will: "the agency intends to do so",
    will_not: "the agency does not intend to do so",
    undecided: "not decided yet; you will be told in writing",
    lawyer: "You have the right to speak with a lawyer. This letter is not legal advice.",
    told: "On {at} this agency told the federal office {office} the date and time of your release: {effective_at}.",
    called_off: "On {at} this agency told the federal office {office} that the planned release has been called off.",
    same_notice: "The law requires that you, and your lawyer or the person you have named, are given the same notice in writing.",
    unknown: "not recorded",
    served: "{person} was served a copy of form {form} of the federal office {office}, dated {issued_on}.",
    how: "When: {at}\nHow: {method}\nLanguage: {language}\nBy: {officer}",
    signature: "Signature: ______________________________",
};
