//! Asking the rules: which of them speak of an agency, and the whole answer about a case.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;

use super::answer::{Acts, Answer, ClockAnswer, DutyAnswer};
use super::clock::{Basis, Calendar};
use super::condition::Case;
use super::decide::decide;
use super::explain::{explain, warn};
use super::facts::Facts;
use super::offense::OffenseList;
use super::place::Place;
use super::rule::{Rule, Starts};
use super::tri::Tri;
use super::{Act, Disposition};
use crate::types::actor::words;

words! {
    /// How an agency reads a contested rule.
    Reading { Permitted = "permitted", Prohibited = "prohibited" }
}

/// The positions that an agency has adopted, by rule id and act.
pub type Positions = BTreeMap<(String, &'static str), Reading>;

/// Every rule, list and calendar that is loaded.
#[derive(Debug, Default)]
pub struct Book {
    /// From the court's level to the agency's; then by id and by day of effect.
    pub rules: Vec<Rule>,
    /// The rules of each jurisdiction, and those that cover it, by their places in `rules`.
    by_place: HashMap<String, Vec<usize>>,
    pub lists: BTreeMap<String, Arc<OffenseList>>,
    pub calendar: Calendar,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub place: &'a Place,
    /// The day of the decision in the agency's zone.
    pub on: NaiveDate,
    pub facts: &'a Facts,
    pub positions: &'a Positions,
}

impl<'a> Ask<'a> {
    pub fn case(&self) -> Case<'a> {
        Case {
            facts: self.facts,
            on: self.on,
        }
    }
}

impl Book {
    /// Puts the rules into the order in which they are combined.
    pub fn new(
        mut rules: Vec<Rule>,
        lists: BTreeMap<String, Arc<OffenseList>>,
        calendar: Calendar,
    ) -> Self {
        let order = |rule: &Rule| {
            (
                rule.level as u8,
                rule.text.id.clone(),
                rule.text.effective_from,
                rule.text.version.clone(),
            )
        };
        rules.sort_by_cached_key(order);
        let mut by_place: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, rule) in rules.iter().enumerate() {
            for place in std::iter::once(&rule.text.jurisdiction).chain(&rule.text.covers) {
                by_place.entry(place.clone()).or_default().push(at);
            }
        }
        Self {
            rules,
            by_place,
            lists,
            calendar,
        }
    }

    /// The rules that speak of an agency on a day, from the top down.
    pub fn in_force(&self, place: &Place, on: NaiveDate) -> Vec<&Rule> {
        let here = place.chain.iter().filter_map(|id| self.by_place.get(id));
        let mut found: Vec<_> = here.flatten().copied().collect();
        found.sort_unstable();
        // One that covers a place besides its own may be met twice.
        found.dedup();
        found
            .into_iter()
            .map(|at| &self.rules[at])
            .filter(|rule| rule.is_in_force(on) && rule.is_about(place))
            .collect()
    }

    /// The dispositions alone, for running many cases.
    pub fn dispositions(&self, ask: Ask<'_>) -> [Disposition; Act::ALL.len()] {
        let rules = self.in_force(ask.place, ask.on);
        std::array::from_fn(|act| decide(&rules, Act::ALL[act], ask).disposition)
    }

    /// The disposition of one act alone.
    pub fn disposition(&self, act: Act, ask: Ask<'_>) -> Disposition {
        decide(&self.in_force(ask.place, ask.on), act, ask).disposition
    }

    /// The whole answer.
    pub fn answer(&self, ask: Ask<'_>) -> Answer<'_> {
        let case = ask.case();
        let rules = self.in_force(ask.place, ask.on);
        let mut warnings = Vec::new();
        let acts = Acts::from_fn(|act| {
            let decision = decide(&rules, act, ask);
            warn(&decision, act, case, &mut warnings);
            explain(&decision, act, ask)
        });
        for rule in &rules {
            for (warning, when) in rule.text.warnings.iter().zip(&rule.warnings) {
                if when.holds(case) == Tri::True && !warnings.contains(&warning.name) {
                    warnings.push(warning.name.clone());
                }
            }
        }
        let mut clocks = match acts.hold_past_release.disposition {
            // Nothing may run.
            Disposition::Prohibited | Disposition::NotRequired => Vec::new(),
            _ => clocks(&rules, case),
        };
        let clock = (!clocks.is_empty()).then(|| clocks.remove(0));
        Answer {
            acts,
            duties: duties(&rules, case),
            clock,
            other_clocks: clocks,
            warnings,
        }
    }
}

/// The union over every level, whatever the dispositions: left out only where the rule itself
/// says that it does not arise.
fn duties<'b>(rules: &[&'b Rule], case: Case<'_>) -> Vec<DutyAnswer<'b>> {
    let mut found = Vec::new();
    for rule in rules {
        for (duty, when) in rule.text.duties.iter().zip(&rule.duties) {
            if when
                .as_ref()
                .is_none_or(|when| when.holds(case) != Tri::False)
            {
                found.push(DutyAnswer {
                    duty: duty.duty,
                    to: &duty.to,
                    on: &duty.on,
                    within: duty.within.as_deref(),
                    languages: &duty.languages,
                    cite: &duty.cite,
                    rule: &rule.text.id,
                });
            }
        }
    }
    found
}

/// The clocks that apply, the one that ends first in front. Of equal ones the nearer level's.
fn clocks(rules: &[&Rule], case: Case<'_>) -> Vec<ClockAnswer> {
    let mut found = Vec::new();
    for rule in rules.iter().rev() {
        for (clock, when) in rule.text.clocks.iter().zip(&rule.clocks) {
            if when
                .as_ref()
                .is_none_or(|when| when.holds(case) != Tri::False)
            {
                found.push(ClockAnswer {
                    basis: clock.basis,
                    hours: clock.hours,
                    starts: clock.starts,
                    rule: rule.name(),
                });
            }
        }
    }
    let length = |clock: &ClockAnswer| {
        let basis = match clock.basis {
            Basis::Nothing => 0,
            Basis::EndOfReleaseDay => 1,
            Basis::Form48 => 2,
            Basis::Reg2877 => 3,
        };
        // Papers come before the release that they ask about; a hold starts at it or later.
        let starts = match clock.starts {
            Starts::PapersReceived => 0,
            Starts::OtherwiseReleasable => 1,
            Starts::HoldStarted => 2,
        };
        (basis, clock.hours, starts)
    };
    found.sort_by_key(length);
    found.dedup_by_key(|clock| length(clock));
    found
}
