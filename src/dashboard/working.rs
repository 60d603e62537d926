//! The working of an assessment, as pages show it: rule by rule, clause by clause.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Chip, fact_words, words};
use crate::db::StoreError;
use crate::policy::{Act, Disposition};

/// The whole answer of the rules, read back from the form in which `…/assessment` writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Working {
    acts: BTreeMap<String, ActWorking>,
    pub duties: Vec<LawDuty>,
    pub clock: Option<LawClock>,
    pub other_clocks: Vec<LawClock>,
    pub warnings: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ActWorking {
    disposition: Option<Disposition>,
    decided_by: Option<By>,
    because: Vec<String>,
    unknown: Vec<String>,
    readings: Vec<Reading>,
    trace: Vec<TracedRule>,
}

#[derive(Debug, Deserialize)]
struct Reading {
    rule: String,
    binds: bool,
    disposition: Disposition,
    decided_by: Option<By>,
}

#[derive(Debug, Deserialize)]
struct By {
    rule: String,
    version: String,
    cite: String,
    status: String,
}

#[derive(Debug, Deserialize)]
struct TracedRule {
    rule: String,
    version: String,
    status: String,
    level: String,
    mode: String,
    contested: bool,
    clauses: Vec<TracedClause>,
}

#[derive(Debug, Deserialize)]
struct TracedClause {
    n: usize,
    kind: String,
    cite: Option<String>,
    value: String,
    then: Disposition,
    facts: Vec<String>,
    unknown: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct LawDuty {
    pub duty: String,
    pub to: Vec<String>,
    pub on: String,
    pub within: Option<String>,
    pub cite: String,
}

#[derive(Debug, Deserialize)]
pub struct LawClock {
    pub basis: String,
    pub hours: u32,
    pub starts: String,
    pub rule: String,
}

/// One act as an answer shows it, apart from any record.
pub struct ActAnswered {
    pub name: &'static str,
    pub disposition: Chip,
    /// As it stands now, where that is another one.
    pub instead_of: Option<Chip>,
    pub because: Vec<String>,
    pub unknown: Vec<String>,
    /// Citation, rule, version.
    pub by: String,
    pub draft: bool,
    pub readings: Vec<ReadingLine>,
    pub trace: Vec<TraceRule>,
    pub silent: String,
}

/// One way to read a contested rule, with what it comes to.
pub struct ReadingLine {
    /// "us-tx/sb-4 binds this agency".
    pub reading: String,
    pub disposition: Chip,
    /// The citation and rule that decide then.
    pub by: String,
}

/// One rule that was asked, with its clauses in the order in which they were tried.
pub struct TraceRule {
    /// "us-ca/values-act, version 2018.1".
    pub rule: String,
    pub draft: bool,
    /// "state, limits; contested".
    pub level: String,
    pub clauses: Vec<TraceLine>,
}

pub struct TraceLine {
    /// "Clause 1, Gov. Code 7282.5(a)".
    pub clause: String,
    /// "true", "false", "unknown".
    pub result: String,
    /// "then: permitted; looks at: convictions; unknown: convictions".
    pub detail: String,
}

impl Working {
    pub fn read(explained: Value) -> Result<Self, StoreError> {
        serde_json::from_value(explained)
            .map_err(|error| StoreError::Unreadable(format!("an assessment's working: {error}")))
    }

    /// Every act, beside how it stands now.
    pub fn answered(&self, now: Option<&Working>) -> Vec<ActAnswered> {
        Act::ALL
            .iter()
            .map(|act| {
                let disposition = self.disposition(*act);
                let before = now.map(|now| now.disposition(*act));
                let of = self.acts.get(act.as_str());
                let decided_by = of.and_then(|act| act.decided_by.as_ref());
                ActAnswered {
                    name: words::act(*act),
                    disposition: words::disposition(disposition),
                    instead_of: before
                        .filter(|before| *before != disposition)
                        .map(words::disposition),
                    // Where facts are unknown, each is named below in words.
                    because: of
                        .filter(|act| act.unknown.is_empty())
                        .map(|act| act.because.clone())
                        .unwrap_or_default(),
                    unknown: of
                        .into_iter()
                        .flat_map(|act| &act.unknown)
                        .map(|fact| fact_words::label(fact))
                        .collect(),
                    by: match decided_by {
                        Some(by) => format!("{} ({}, version {})", by.cite, by.rule, by.version),
                        None => match self.undecided(*act) {
                            open if !open.is_empty() => open.join(", "),
                            _ => "no rule decides it alone".to_owned(),
                        },
                    },
                    draft: decided_by.is_some_and(|by| by.status == "draft"),
                    readings: self.readings(*act),
                    trace: self.trace(*act),
                    silent: self.silent(*act),
                }
            })
            .collect()
    }

    fn disposition(&self, act: Act) -> Disposition {
        self.acts
            .get(act.as_str())
            .and_then(|act| act.disposition)
            .unwrap_or(Disposition::Indeterminate)
    }

    pub fn readings(&self, act: Act) -> Vec<ReadingLine> {
        let of = self.acts.get(act.as_str());
        of.into_iter()
            .flat_map(|act| &act.readings)
            .map(|reading| ReadingLine {
                reading: format!(
                    "Where {} {}",
                    reading.rule,
                    if reading.binds {
                        "binds this agency"
                    } else {
                        "does not bind it"
                    }
                ),
                disposition: words::disposition(reading.disposition),
                by: match &reading.decided_by {
                    Some(by) => format!(
                        "{} ({}, version {}{})",
                        by.cite,
                        by.rule,
                        by.version,
                        if by.status == "draft" { ", draft" } else { "" }
                    ),
                    None => "no rule decides alone".to_owned(),
                },
            })
            .collect()
    }

    pub fn trace(&self, act: Act) -> Vec<TraceRule> {
        let of = self.acts.get(act.as_str());
        of.into_iter()
            .flat_map(|act| &act.trace)
            .filter(|rule| !rule.clauses.is_empty())
            .map(|rule| TraceRule {
                rule: format!("{}, version {}", rule.rule, rule.version),
                draft: rule.status == "draft",
                level: format!(
                    "{}, {}{}",
                    words::plain(&rule.level),
                    words::plain(&rule.mode),
                    if rule.contested {
                        "; contested whether it binds this agency"
                    } else {
                        ""
                    }
                ),
                clauses: rule.clauses.iter().map(line).collect(),
            })
            .collect()
    }
}

impl Working {
    /// The rules that were asked and say nothing on an act.
    pub fn silent(&self, act: Act) -> String {
        let of = self.acts.get(act.as_str());
        let rules: Vec<&str> = of
            .into_iter()
            .flat_map(|act| &act.trace)
            .filter(|rule| rule.clauses.is_empty())
            .map(|rule| rule.rule.as_str())
            .collect();
        rules.join(", ")
    }

    /// The citations of the clauses that nobody can say to be true or false yet.
    pub fn undecided(&self, act: Act) -> Vec<String> {
        let of = self.acts.get(act.as_str());
        let mut cites: Vec<String> = of
            .into_iter()
            .flat_map(|act| &act.trace)
            .flat_map(|rule| &rule.clauses)
            .filter(|clause| clause.value == "unknown")
            .filter_map(|clause| clause.cite.clone())
            .collect();
        cites.dedup();
        cites
    }
}

fn line(clause: &TracedClause) -> TraceLine {
    let name = match clause.kind.as_str() {
        "otherwise" => "Otherwise".to_owned(),
        "exemption" => format!("Exemption {}", clause.n),
        _ => format!("Clause {}", clause.n),
    };
    let mut detail = format!("then {}", words::plain(clause.then.as_str()));
    if !clause.facts.is_empty() {
        detail.push_str(&format!("; looks at: {}", named(&clause.facts)));
    }
    if !clause.unknown.is_empty() {
        detail.push_str(&format!("; unknown: {}", named(&clause.unknown)));
    }
    TraceLine {
        clause: match &clause.cite {
            Some(cite) => format!("{name}, {cite}"),
            None => name,
        },
        result: clause.value.clone(),
        detail,
    }
}

fn named(facts: &[String]) -> String {
    let names: Vec<String> = facts.iter().map(|fact| fact_words::label(fact)).collect();
    names.join(", ")
}

/// What the law attaches to the case beside the acts.
pub struct AttachedLaw {
    /// "Copy and intent to the person and counsel, 24 hours from …, Gov. Code 7283.1(b)".
    pub duties: Vec<String>,
    /// "48 hours by the regulation, from when otherwise releasable (rule)".
    pub clocks: Vec<String>,
    pub warnings: Vec<String>,
}

impl Working {
    pub fn attached(&self) -> AttachedLaw {
        AttachedLaw {
            duties: self
                .duties
                .iter()
                .map(|duty| {
                    format!(
                        "{} to {}, on {}{}: {}",
                        words::duty(&duty.duty),
                        words::plain(&duty.to.join(" and ")),
                        words::plain(&duty.on),
                        duty.within
                            .as_ref()
                            .map_or_else(String::new, |within| format!(", {within}")),
                        duty.cite
                    )
                })
                .collect(),
            clocks: self
                .clock
                .iter()
                .chain(&self.other_clocks)
                .enumerate()
                .map(|(at, clock)| {
                    format!(
                        "{} h, counted by {}, from {}: {}{}",
                        clock.hours,
                        words::plain(&clock.basis),
                        words::plain(&clock.starts),
                        clock.rule,
                        if at == 0 { ", ends first" } else { "" }
                    )
                })
                .collect(),
            warnings: self
                .warnings
                .iter()
                .map(|warning| words::plain(warning))
                .collect(),
        }
    }
}
