//! The names of facts as people say them, and what is wrong with one.

use super::words;
use crate::http::Problem;

/// The facts that are yes, no or unknown, by the headings that they stand under.
pub const GROUPS: &[(&str, &[(&str, &str)])] = &[
    (
        "Judges' papers",
        &[
            (
                "judicial_probable_cause",
                "A judge has found probable cause",
            ),
            (
                "magistrate_finding_pc_872",
                "A magistrate has found probable cause under PC 872",
            ),
            (
                "state_judicial_order",
                "A state judicial official has ordered it",
            ),
            (
                "federal_felony_warrant",
                "An outstanding federal felony arrest warrant",
            ),
        ],
    ),
    (
        "The person",
        &[
            (
                "proof_of_citizenship_or_status",
                "Proof of citizenship or lawful status is on file",
            ),
            ("interview_consent", "Consented in writing to the interview"),
            ("victim_or_witness", "A victim or witness"),
            (
                "registrant.ca_sex_arson",
                "On California's Sex and Arson Registry now",
            ),
            (
                "tsdb_match",
                "A confirmed match in the terrorist screening database",
            ),
            ("reentry_after_removal", "Came back after a removal"),
        ],
    ),
    (
        "This release, this agency",
        &[
            (
                "release_information_public",
                "The release information is public",
            ),
            (
                "cost_reimbursement_agreement",
                "A written agreement to reimburse the costs",
            ),
            ("mou_with_dhs", "A memorandum of understanding with DHS"),
        ],
    ),
];

/// The rules' complaints speak of types; a reader of pages is told the field and the mend.
pub fn mended(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        let field = error.pointer.rsplit('/').next().unwrap_or_default();
        let text = match field {
            "age" => "Age: a whole number of years up to 150 is expected.",
            "federal_aggravated_felony" => {
                "Aggravated felony: the letters A to U are expected, or the word none."
            }
            "statute" | "california_equivalent" => {
                "Statute: a code, a blank and a section are expected, such as PC 459."
            }
            "state" => "State: its two letters are expected, or US.",
            "disposition_on" => "Date of the court's decision: a date is expected.",
            _ if error.code == "contradiction" => continue,
            // The federal letters are a list; its members have numbers.
            _ if error.pointer.starts_with("/federal_aggravated_felony/") => {
                error.pointer = "/federal_aggravated_felony".to_owned();
                "Aggravated felony: the letters A to U are expected, or the word none."
            }
            _ => "One of the answers of the list is expected.",
        };
        error.detail = text.to_owned();
    }
    problem
}

/// A fact's name as a person reads it: "A victim or witness (unknown)".
pub fn label(unknown: &str) -> String {
    let (name, rest) = unknown
        .find('[')
        .map_or((unknown, ""), |at| unknown.split_at(at));
    let known = GROUPS
        .iter()
        .flat_map(|(_, facts)| *facts)
        .find(|(known, _)| *known == name);
    match (name, known) {
        ("convictions" | "charges", _) if !rest.is_empty() => {
            let number = rest
                .trim_matches(|c| c == '[' || c == ']')
                .parse::<usize>()
                .map_or_else(|_| rest.to_owned(), |at| (at + 1).to_string());
            format!(
                "{} {number}: more must be known of it",
                name.trim_end_matches('s')
            )
        }
        ("judicial_warrant", _) => "a warrant signed by a judge".to_owned(),
        (_, Some((_, label))) => {
            let mut text = (*label).to_owned();
            if let Some(first) = text.get_mut(0..1) {
                first.make_ascii_lowercase();
            }
            text
        }
        _ => words::plain(unknown).replace('.', ": "),
    }
}
