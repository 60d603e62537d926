//! What was said of the person: facts that this agency stated, and claims that the person made.

use serde_json::Value;

use super::paper::Alert;
use crate::custodian::claims::store::Claim;
use crate::custodian::detainers::CaseFile;
use crate::custodian::facts::store::Stated;
use crate::custodian::pages::{claim, fact_names};
use crate::dashboard::{Chip, Frame, Link, Shape, Tone, time, words};

pub struct ClaimLine {
    pub state: Chip,
    pub text: String,
    /// Where an open one is resolved.
    pub link: Option<Link>,
}

pub struct FactLine {
    pub text: String,
    /// "Stated by B. Clerk, 25 Nov 2026 08:00 PST".
    pub by: String,
}

fn place(claim: &Claim, case: &CaseFile) -> Link {
    Link::new(
        "Resolve it",
        format!("/detainers/{}/citizenship-claims/{}", case.id, claim.id),
    )
}

pub fn claim_line(claim: &Claim, case: &CaseFile, desk: bool, frame: &Frame) -> ClaimLine {
    let open = claim.result.is_none();
    ClaimLine {
        state: match claim.result.as_deref() {
            None => Chip::new(Shape::Warning, Tone::Grave, "Open"),
            Some("confirmed") => Chip::new(Shape::Done, Tone::Grave, "Confirmed"),
            Some(other) => Chip::new(Shape::Done, Tone::Plain, words::plain(other)),
        },
        text: claim::line(claim, frame),
        link: (open && desk).then(|| place(claim, case)),
    }
}

/// Before anything else on the page: cooperation is paused.
pub fn claim_alerts(claims: &[Claim], case: &CaseFile, frame: &Frame) -> Vec<Alert> {
    claims
        .iter()
        .filter(|claim| claim.result.is_none())
        .map(|open| Alert {
            title: "Cooperation is paused: a claim of citizenship or status is open.".to_owned(),
            text: format!(
                "{} Until it is resolved nobody complies and no standing decision decides.",
                claim::line(open, frame)
            ),
            link: Some(place(open, case)),
        })
        .collect()
}

/// One fact as it was stated last; what was taken back is unknown and not shown as stated.
pub fn fact_line(fact: &Stated, frame: &Frame) -> Option<FactLine> {
    let value = fact.value.as_ref()?;
    let mut name = fact_names::label(&fact.name);
    if let Some(first) = name.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    Some(FactLine {
        text: format!("{name}: {}", in_words(value)),
        by: format!(
            "Stated by {}, {}{}",
            fact.stated_by,
            time::absolute(fact.stated_at, frame.zone),
            match fact.source.as_str() {
                "determination" => ", with a decision",
                "claim" => ", by a confirmed claim",
                _ => "",
            }
        ),
    })
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "unknown".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => words::plain(text),
        Value::Array(items) if items.is_empty() => "checked, none".to_owned(),
        Value::Array(items) => items.iter().map(in_words).collect::<Vec<_>>().join("; "),
        Value::Object(object) => object
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) => text.clone(),
                other => format!("{} {}", words::plain(name), in_words(other)),
            })
            .collect::<Vec<_>>()
            .join(", "),
    }
}
