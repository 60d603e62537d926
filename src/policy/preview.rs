//! A draft beside the rules: which dispositions would be other ones. Pure.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

use super::evaluate::{Ask, Book};
use super::rule::Rule;
use super::{Act, Disposition};

/// An answer that a draft would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub now: Disposition,
    pub would_be: Disposition,
}

/// What a draft would change of the answer on one act; None where both sets of rules agree.
pub fn change(now: &Book, draft: &Book, act: Act, ask: Ask<'_>) -> Option<Change> {
    let (now, would_be) = (now.disposition(act, ask), draft.disposition(act, ask));
    (now != would_be).then_some(Change { now, would_be })
}

/// The words of a rule that fit single requests: with them, whoever writes the draft could ask
/// about one person that it has in mind, and read the answer off a count.
const NARROW: [&str; 4] = ["issued_from", "issued_until", "issuing_offices", "agencies"];

/// What in a draft could pick out single requests and stands in no version of the rule that is
/// loaded: a narrow condition, or a period that does not begin and end with a month.
pub fn singles_out(now: &Book, draft: &Book) -> Option<String> {
    let drafted = draft
        .rules
        .iter()
        .filter(|rule| !now.rules.iter().any(|known| known.source == rule.source));
    for rule in drafted {
        let loaded: Vec<&Rule> = now
            .rules
            .iter()
            .filter(|known| known.text.id == rule.text.id)
            .collect();
        let known: BTreeSet<String> = loaded.iter().flat_map(|rule| narrow(rule)).collect();
        if let Some(new) = narrow(rule)
            .into_iter()
            .find(|words| !known.contains(words))
        {
            return Some(new);
        }
        let (from, until) = (rule.text.effective_from, rule.text.effective_until);
        if from.day() != 1 && !loaded.iter().any(|rule| rule.text.effective_from == from) {
            return Some(format!("effective_from: {from}"));
        }
        if let Some(until) = until
            && !ends_a_month(until)
            && !loaded
                .iter()
                .any(|rule| rule.text.effective_until == Some(until))
        {
            return Some(format!("effective_until: {until}"));
        }
    }
    None
}

/// Is it the last day of its month?
pub fn ends_a_month(day: NaiveDate) -> bool {
    day.succ_opt().is_none_or(|next| next.day() == 1)
}

/// The narrow words of a rule with what they are set to.
fn narrow(rule: &Rule) -> Vec<String> {
    let mut found = Vec::new();
    let text = serde_json::to_value(&rule.text).unwrap_or_default();
    walk(&text, &mut found);
    found
}

fn walk(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                if NARROW.contains(&name.as_str()) && !empty {
                    into.push(format!("{name}: {value}"));
                }
                walk(value, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::load::Rules;

    const RULE: &str = "us-tx/ccp-2a.060";

    fn asked(change: impl Fn(&str) -> String) -> Option<String> {
        let rules = Rules::built_in().unwrap();
        let now = rules.book();
        let rule = now.rules.iter().find(|rule| rule.text.id == RULE).unwrap();
        let draft = rules.with_draft(&change(&rule.source)).unwrap();
        singles_out(&now, &draft)
    }

    #[test]
    fn a_draft_may_change_what_is_judged_and_not_whom() {
        assert_eq!(
            asked(|text| text.replace("then: required", "then: permitted")),
            None
        );
        let narrowed = asked(|text| {
            text.replacen(
                "exemptions:",
                "exemptions:\n  - {id: one, when: {detainer: {issued_from: 2026-11-20}}, cite: none}",
                1,
            )
        });
        assert_eq!(narrowed.as_deref(), Some("issued_from: \"2026-11-20\""));
        let short = asked(|text| {
            text.lines()
                .map(|line| match line.split_once(':') {
                    Some(("effective_until", _)) => "effective_until: 2026-11-20".to_owned(),
                    _ => line.to_owned(),
                })
                .collect::<Vec<_>>()
                .join("\n")
        });
        assert_eq!(short.as_deref(), Some("effective_until: 2026-11-20"));
    }
}
