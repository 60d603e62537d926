//! The test cases beside each rule: facts, and what must come of them.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::clock::Basis;
use super::evaluate::{Ask, Book, Positions, Reading};
use super::facts::{Facts, Form};
use super::place::Place;
use super::rule::{DutyName, Starts};
use super::{Act, Disposition};

/// `<rule>.cases.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// Where and when, unless a case says otherwise.
    pub place: PlaceText,
    pub on: NaiveDate,
    pub cases: Vec<CaseText>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceText {
    pub jurisdiction: String,
    pub agency_kind: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseText {
    pub name: String,
    #[serde(default)]
    pub place: Option<PlaceText>,
    /// The day of the decision.
    #[serde(default)]
    pub on: Option<NaiveDate>,
    /// Facts that are unknown; `all` of them, or those named. The others that are not stated are
    /// known to be none.
    #[serde(default)]
    pub unknown: Vec<String>,
    /// A request, in short.
    #[serde(default)]
    pub request: Option<RequestText>,
    #[serde(default)]
    pub facts: Map<String, Value>,
    #[serde(default)]
    pub positions: Vec<PositionText>,
    pub expect: Expected,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestText {
    pub form: Form,
    /// Four days before the decision, unless it is stated.
    #[serde(default)]
    pub issued_on: Option<NaiveDate>,
    #[serde(default)]
    pub issuing_office: Option<String>,
    /// Kinds of the warrants that came with it.
    #[serde(default)]
    pub warrants: Vec<String>,
    /// What it asks; notice, hold and transfer by themselves, notice alone for I-247G and I-247N.
    #[serde(default)]
    pub asks: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionText {
    pub rule: String,
    pub act: Act,
    pub reading: Reading,
}

/// What is checked; what is not named is not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct Expected {
    pub notify: Option<Disposition>,
    pub hold: Option<Disposition>,
    pub transfer: Option<Disposition>,
    pub interview: Option<Disposition>,
    /// `rule cite`, by act.
    pub by: BTreeMap<String, String>,
    /// Among the unknown facts, by act.
    pub unknown: BTreeMap<String, Vec<String>>,
    pub clock: Option<ClockText>,
    pub no_clock: bool,
    /// Among the duties.
    pub duties: Vec<DutyName>,
    pub not_duties: Vec<DutyName>,
    pub warnings: Vec<String>,
    pub not_warnings: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockText {
    pub basis: Basis,
    pub hours: u32,
    pub starts: Starts,
}

impl CaseText {
    /// What differs from what must be; empty when the case holds.
    ///
    /// # Errors
    /// A case that cannot be asked.
    pub fn run(&self, file: &CaseFile, book: &Book) -> Result<Vec<String>, String> {
        let on = self.on.unwrap_or(file.on);
        let place = self.place.as_ref().unwrap_or(&file.place);
        let place = Place::new(&place.jurisdiction, &place.agency_kind, None)
            .ok_or_else(|| format!("no jurisdiction {}", place.jurisdiction))?;
        let facts = self.facts(on)?;
        let positions: Positions = self
            .positions
            .iter()
            .map(|position| {
                (
                    (position.rule.clone(), position.act.as_str()),
                    position.reading,
                )
            })
            .collect();
        let answer = book.answer(Ask {
            place: &place,
            on,
            facts: &facts,
            positions: &positions,
        });
        Ok(self.expect.differences(&answer))
    }

    /// The facts of the case.
    ///
    /// # Errors
    /// Facts that are not well formed or contradict one another.
    pub fn facts(&self, on: NaiveDate) -> Result<Facts, String> {
        let mut facts = if self.unknown.iter().any(|name| name == "all") {
            Map::new()
        } else {
            nothing_known_against()
        };
        for name in self.unknown.iter().filter(|name| *name != "all") {
            if facts.remove(name).is_none() {
                return Err(format!("no fact {name}"));
            }
        }
        if let Some(request) = &self.request {
            facts.insert("detainer".to_owned(), request.detainer(on));
        }
        for (name, value) in &self.facts {
            facts.insert(name.clone(), value.clone());
        }
        let facts: Facts =
            serde_json::from_value(Value::Object(facts)).map_err(|error| error.to_string())?;
        match facts.contradictions().first() {
            Some(wrong) => Err(format!("{}: {}", wrong.pointer, wrong.detail)),
            None => Ok(facts),
        }
    }
}

impl RequestText {
    fn detainer(&self, on: NaiveDate) -> Value {
        let asks = |what: &str| match &self.asks {
            Some(asks) => asks.iter().any(|ask| ask == what),
            None => what == "notify" || (what != "interview" && !self.form.is_notice_only()),
        };
        let warrants: Vec<_> = self
            .warrants
            .iter()
            .map(|kind| json!({"kind": kind}))
            .collect();
        json!({
            "form": self.form,
            "issued_on": self.issued_on.or_else(|| on.checked_sub_days(Days::new(4))),
            "issuing_office": self.issuing_office,
            "asks": {"notify": asks("notify"), "hold": asks("hold"),
                     "transfer": asks("transfer"), "interview": asks("interview")},
            "served": true,
            "warrants": warrants,
        })
    }
}

/// Every fact, known to be none.
pub fn nothing_known_against() -> Map<String, Value> {
    let mut facts = Map::new();
    for name in [
        "detainer",
        "judicial_warrant",
        "judicial_probable_cause",
        "magistrate_finding_pc_872",
        "state_judicial_order",
        "release_information_public",
        "tsdb_match",
        "federal_felony_warrant",
        "reentry_after_removal",
        "cost_reimbursement_agreement",
        "mou_with_dhs",
        "interview_consent",
        "proof_of_citizenship_or_status",
        "agreement_287g",
        "victim_or_witness",
    ] {
        facts.insert(name.to_owned(), json!(false));
    }
    for name in ["convictions", "charges", "federal_aggravated_felony"] {
        facts.insert(name.to_owned(), json!([]));
    }
    facts.insert("registrant".to_owned(), json!({"ca_sex_arson": false}));
    facts.insert("age".to_owned(), json!(34));
    facts
}

impl Expected {
    fn differences(&self, answer: &Answer<'_>) -> Vec<String> {
        let mut found = Vec::new();
        let acts = [
            (Act::NotifyRelease, self.notify),
            (Act::HoldPastRelease, self.hold),
            (Act::TransferCustody, self.transfer),
            (Act::AllowInterview, self.interview),
        ];
        for (act, expected) in acts {
            let answered = answer.acts.of(act);
            if let Some(expected) = expected
                && expected != answered.disposition
            {
                found.push(format!(
                    "{act} must be {expected} and is {} ({})",
                    answered.disposition,
                    answered.because.join("; ")
                ));
            }
            if let Some(expected) = self.by.get(act.as_str()) {
                let by = answered.decided_by.as_ref();
                let by = by
                    .map(|by| format!("{} {}", by.rule, by.cite))
                    .unwrap_or_default();
                if by != *expected {
                    found.push(format!(
                        "{act} must be decided by {expected:?} and is by {by:?}"
                    ));
                }
            }
            for expected in self.unknown.get(act.as_str()).into_iter().flatten() {
                if !answered.unknown.iter().any(|name| name == expected) {
                    found.push(format!(
                        "{act} must turn on {expected} and does on {:?}",
                        answered.unknown
                    ));
                }
            }
        }
        let clock = answer.clock.as_ref();
        if let Some(expected) = &self.clock {
            let same = clock.is_some_and(|clock| {
                (clock.basis, clock.hours, clock.starts)
                    == (expected.basis, expected.hours, expected.starts)
            });
            if !same {
                found.push(format!("the clock must be {expected:?} and is {clock:?}"));
            }
        }
        if self.no_clock && clock.is_some() {
            found.push(format!("there must be no clock and there is {clock:?}"));
        }
        let has = |name: &DutyName| answer.duties.iter().any(|duty| duty.duty == *name);
        for name in self.duties.iter().filter(|name| !has(name)) {
            found.push(format!("the duty {name} must be there and is not"));
        }
        for name in self.not_duties.iter().filter(|name| has(name)) {
            found.push(format!("the duty {name} must not be there and is"));
        }
        for name in self
            .warnings
            .iter()
            .filter(|name| !answer.warnings.contains(name))
        {
            found.push(format!(
                "the warning {name:?} must be there: {:?}",
                answer.warnings
            ));
        }
        for name in self
            .not_warnings
            .iter()
            .filter(|name| answer.warnings.contains(name))
        {
            found.push(format!("the warning {name:?} must not be there"));
        }
        found
    }
}

/// How a run of the cases ended.
#[derive(Debug, Default)]
pub struct Report {
    pub cases: usize,
    /// `file: case: what differs`.
    pub failures: Vec<String>,
    /// Rules, as `id@version`, whose file has no case file beside it.
    pub without_cases: Vec<String>,
}

/// Runs every case against the rules.
pub fn run_all(book: &Book, files: &[(String, CaseFile)]) -> Report {
    let mut report = Report::default();
    for (file, cases) in files {
        for case in &cases.cases {
            report.cases += 1;
            let mut fail = |text: String| {
                report
                    .failures
                    .push(format!("{file}: {}: {text}", case.name))
            };
            match case.run(cases, book) {
                Ok(differences) => differences.into_iter().for_each(&mut fail),
                Err(error) => fail(error),
            }
        }
    }
    report
}
