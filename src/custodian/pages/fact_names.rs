//! Where each fact of a case is stated, and why the law cannot be settled without it.

use super::facts::FORM;
pub use crate::dashboard::fact_words::{GROUPS, label, mended};
use crate::policy::ActAssessment;
use crate::types::ids::DetainerId;

/// The page and field where an unknown fact of an assessment is stated; `None` where it is read
/// from the record itself.
pub fn place(id: DetainerId, unknown: &str) -> Option<String> {
    let base = format!("/detainers/{id}");
    let name = unknown.split('[').next().unwrap_or(unknown);
    match name {
        "convictions" | "charges" => Some(format!("{base}/facts/{name}")),
        "judicial_warrant" => Some(format!("{base}/facts#{FORM}-judicial_warrant-kind")),
        _ if name.starts_with("judicial_warrant.") => {
            Some(format!("{base}/facts#{FORM}-judicial_warrant-signed_by"))
        }
        "detainer.served" => Some(format!("{base}#serve")),
        "agreement_287g" | "age" | "federal_aggravated_felony" => {
            Some(format!("{base}/facts#{FORM}-{name}"))
        }
        _ if GROUPS
            .iter()
            .any(|(_, facts)| facts.iter().any(|(known, _)| *known == name)) =>
        {
            Some(format!("{base}/facts#{FORM}-{}", name.replace('.', "-")))
        }
        _ => None,
    }
}

/// Why the law cannot be settled: the facts that it turns on, or readings that differ.
pub fn unsettled(assessed: &ActAssessment) -> String {
    if assessed.unknown.is_empty() {
        return "The law is contested here, and its readings differ. The agency can adopt a position."
            .to_owned();
    }
    let names: Vec<String> = assessed.unknown.iter().map(|fact| label(fact)).collect();
    format!(
        "The law cannot be settled while this is unknown: {}.",
        names.join("; ")
    )
}
