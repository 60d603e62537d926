//! Asking the rules: what each says of a case, taken together, with the working.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::answer::{
    ActAnswer, Acts, AdoptedAnswer, Answer, ClockAnswer, DecidedBy, DutyAnswer, ReadingAnswer,
    TraceClause, TraceRule,
};
use super::clock::{Basis, Calendar};
use super::combine::{Cell, Cells, above, advises, beside};
use super::condition::Case;
use super::facts::{FactName, Facts};
use super::offense::OffenseList;
use super::place::Place;
use super::rule::{Clause, Mode, Rule, Starts};
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

/// At most so many contested rules are read both ways; a place has one, perhaps two.
const MOST_CONTESTED: usize = 6;

/// What a rule says of an act.
struct Finding<'b> {
    rule: &'b Rule,
    cells: Cells,
    contested: bool,
}

/// The disposition of one act with what it rests on.
struct Decision<'b> {
    disposition: Disposition,
    findings: Vec<Finding<'b>>,
    /// Which rules bind under the reading that decides; `None`: the readings differ.
    bound: Option<Bound>,
    adopted: Option<(&'b Rule, Reading)>,
}

/// A set of contested rules that bind, by their place among the contested ones.
type Bound = u32;

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
        Self {
            rules,
            lists,
            calendar,
        }
    }

    /// The rules that speak of an agency on a day, from the top down.
    pub fn in_force<'b>(
        &'b self,
        place: &'b Place,
        on: NaiveDate,
    ) -> impl Iterator<Item = &'b Rule> {
        self.rules
            .iter()
            .filter(move |rule| rule.is_in_force(on) && rule.is_about(place))
    }

    /// The dispositions alone, for running many cases.
    pub fn dispositions(&self, ask: Ask<'_>) -> [Disposition; Act::ALL.len()] {
        let rules: Vec<_> = self.in_force(ask.place, ask.on).collect();
        std::array::from_fn(|act| decide(&rules, Act::ALL[act], ask).disposition)
    }

    /// The whole answer.
    pub fn answer(&self, ask: Ask<'_>) -> Answer<'_> {
        let case = ask.case();
        let rules: Vec<_> = self
            .rules
            .iter()
            .filter(|rule| rule.is_in_force(ask.on) && rule.is_about(ask.place))
            .collect();
        let mut warnings = Vec::new();
        let acts = Acts::from_fn(|act| {
            let decision = decide(&rules, act, ask);
            warn(&decision, act, case, &mut warnings);
            explain(decision, act, ask)
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

impl<'a> Ask<'a> {
    fn case(&self) -> Case<'a> {
        Case {
            facts: self.facts,
            on: self.on,
        }
    }
}

/// The clauses of a rule up to the one that decides, with their values.
fn tried<'r>(
    clauses: &'r [Clause],
    case: Case<'_>,
) -> impl Iterator<Item = (usize, &'r Clause, Tri)> {
    let mut over = false;
    clauses.iter().enumerate().map_while(move |(at, clause)| {
        if over {
            return None;
        }
        let value = clause
            .when
            .as_ref()
            .map_or(Tri::True, |when| when.holds(case));
        over = value == Tri::True;
        Some((at, clause, value))
    })
}

/// Every cell that a rule may come to.
fn cells(rule: &Rule, act: Act, case: Case<'_>) -> Cells {
    let clauses = &rule.acts[act as usize];
    if clauses.is_empty() {
        return Cells::just(Cell::NotAddressed);
    }
    let mut found = Cells::default();
    for (_, clause, value) in tried(clauses, case) {
        if value != Tri::False {
            found = found.with(Cell::new(rule.text.mode, clause.then));
        }
    }
    if found.contains(Cell::Required) {
        let lifted = Tri::any(
            rule.exemptions
                .iter()
                .filter(|exemption| exemption.lifts(act))
                .map(|exemption| exemption.when.holds(case)),
        );
        if lifted != Tri::False {
            found = found.with(Cell::NotRequired);
        }
        if lifted == Tri::True {
            found = found.without(Cell::Required);
        }
    }
    found
}

impl super::rule::Exemption {
    fn lifts(&self, act: Act) -> bool {
        self.acts.is_empty() || self.acts.contains(&act)
    }
}

fn decide<'b>(rules: &[&'b Rule], act: Act, ask: Ask<'_>) -> Decision<'b> {
    let case = ask.case();
    let mut contested = Vec::new();
    let mut findings = Vec::with_capacity(rules.len());
    for rule in rules {
        let cells = cells(rule, act, case);
        // A rule that does not address the act is no matter of dispute.
        let is_contested = cells != Cells::just(Cell::NotAddressed)
            && contested.len() < MOST_CONTESTED
            && rule.is_contested(ask.place);
        if is_contested {
            contested.push(*rule);
        }
        findings.push(Finding {
            rule,
            cells,
            contested: is_contested,
        });
    }
    let readings = 1u32 << contested.len();
    let under = |allowed: &dyn Fn(Bound) -> bool| {
        (0..readings)
            .filter(|bound| allowed(*bound))
            .map(|bound| together(&findings, bound))
            .reduce(Cells::union)
            .unwrap_or_default()
    };
    let any = under(&|_| true);
    let (mut disposition, mut bound, mut adopted) = (any.disposition(act), Some(0), None);
    if disposition == Disposition::Indeterminate && !contested.is_empty() {
        // The readings differ, or a fact is missing: what the agency has adopted narrows them.
        let position = |rule: &Rule| {
            ask.positions
                .get(&(rule.text.id.clone(), act.as_str()))
                .copied()
        };
        let fits = |bound: Bound| {
            contested.iter().enumerate().all(|(at, rule)| {
                position(rule).is_none_or(|reading| binds(rule, reading) == (bound & 1 << at != 0))
            })
        };
        adopted = contested
            .iter()
            .find_map(|rule| Some((*rule, position(rule)?)));
        let narrowed = under(&fits);
        disposition = narrowed.disposition(act);
        let mut left = (0..readings).filter(|bound| fits(*bound));
        let first = left.next();
        let same = |other: Bound| {
            first.is_some_and(|first| together(&findings, first) == together(&findings, other))
        };
        bound = if disposition != Disposition::Indeterminate || left.all(same) {
            first
        } else {
            None
        };
    }
    Decision {
        disposition,
        findings,
        bound,
        adopted,
    }
}

/// Does a rule bind under that reading? The reading names what the agency takes the act to be:
/// a rule that requires binds where it is permitted, one that limits where it is prohibited.
fn binds(rule: &Rule, reading: Reading) -> bool {
    match rule.text.mode {
        Mode::FloorRequired => reading == Reading::Permitted,
        _ => reading == Reading::Prohibited,
    }
}

/// All rules, with these of the contested ones: within each level, then from the top down, then
/// those that only advise.
fn together(findings: &[Finding<'_>], bound: Bound) -> Cells {
    let nobody = Cells::just(Cell::NotAddressed);
    let (mut all, mut level, mut advice) = (nobody, nobody, nobody);
    let (mut at, mut contested) = (None, 0);
    for finding in findings {
        if finding.contested {
            contested += 1;
            if bound & 1 << (contested - 1) == 0 {
                continue;
            }
        }
        if finding.rule.text.mode == Mode::Advisory {
            advice = advice.each(finding.cells, beside);
            continue;
        }
        if at != Some(finding.rule.level) {
            all = all.each(level, above);
            level = nobody;
            at = Some(finding.rule.level);
        }
        level = level.each(finding.cells, beside);
    }
    all.each(level, above).each(advice, advises)
}

/// The findings that bind under a reading.
fn binding<'a, 'b>(
    findings: &'a [Finding<'b>],
    bound: Bound,
) -> impl Iterator<Item = &'a Finding<'b>> {
    let mut contested = 0;
    findings.iter().filter(move |finding| {
        if !finding.contested {
            return true;
        }
        contested += 1;
        bound & 1 << (contested - 1) != 0
    })
}

/// The finding that a disposition rests on: the highest that says it for certain, advice last.
fn ground<'a, 'b>(
    findings: &'a [Finding<'b>],
    bound: Bound,
    disposition: Disposition,
) -> Option<&'a Finding<'b>> {
    let says = |finding: &&Finding<'b>| finding.cells.dispositions() == [disposition];
    let is_advice = |finding: &&Finding<'b>| finding.rule.text.mode == Mode::Advisory;
    binding(findings, bound)
        .filter(|finding| !is_advice(finding))
        .find(says)
        .or_else(|| binding(findings, bound).filter(is_advice).find(says))
}

/// The clause, or the exemption, that a rule's disposition comes from.
fn cite<'b>(
    rule: &'b Rule,
    act: Act,
    disposition: Disposition,
    case: Case<'_>,
) -> (Cow<'b, str>, Vec<String>) {
    let mut because = Vec::new();
    let lifts = rule
        .exemptions
        .iter()
        .filter(|exemption| disposition == Disposition::NotRequired && exemption.lifts(act))
        .find(|exemption| exemption.when.holds(case) == Tri::True);
    if let Some(exemption) = lifts {
        exemption.when.reasons(case, &mut because);
        return (Cow::Borrowed(&exemption.cite), because);
    }
    let last = tried(&rule.acts[act as usize], case).last();
    let Some((at, clause, _)) = last else {
        return (rule.citation().into(), because);
    };
    match (&clause.because, &clause.when) {
        (Some(because_of_its_own), _) => because.push(because_of_its_own.clone()),
        (None, Some(when)) => when.reasons(case, &mut because),
        (None, None) if at == 0 => because.push(format!("{}, in every case", rule.text.title)),
        (None, None) => because.push(format!("no other clause is true: {}", rule.text.title)),
    }
    let cite = match &clause.cite {
        Some(cite) => Cow::Borrowed(cite.as_str()),
        None => rule.citation().into(),
    };
    (cite, because)
}

fn decided_by<'b>(rule: &'b Rule, cite: Cow<'b, str>) -> DecidedBy<'b> {
    DecidedBy {
        rule: &rule.text.id,
        version: &rule.text.version,
        status: rule.text.status,
        cite,
        adopted_position: None,
    }
}

fn explain<'b>(decision: Decision<'b>, act: Act, ask: Ask<'_>) -> ActAnswer<'b> {
    let case = ask.case();
    let mut answer = ActAnswer {
        disposition: decision.disposition,
        decided_by: None,
        because: Vec::new(),
        unknown: Vec::new(),
        readings: Vec::new(),
        trace: trace(&decision, act, case),
    };
    if decision.disposition != Disposition::Indeterminate {
        let bound = decision.bound.unwrap_or_default();
        if let Some(finding) = ground(&decision.findings, bound, decision.disposition) {
            let (cite, because) = cite(finding.rule, act, decision.disposition, case);
            answer.because = because;
            answer.decided_by = Some(decided_by(finding.rule, cite));
        } else if act == Act::HoldPastRelease && decision.disposition == Disposition::Prohibited {
            answer
                .because
                .push("no rule gives authority to hold a person past release".to_owned());
        } else {
            answer
                .because
                .push("no rule addresses it: the agency's choice".to_owned());
        }
        if let Some((rule, reading)) = decision.adopted {
            answer
                .because
                .push(format!("the agency reads {} as {reading}", rule.text.id));
            if let Some(by) = &mut answer.decided_by {
                by.adopted_position = Some(AdoptedAnswer {
                    rule: &rule.text.id,
                    reading,
                });
            }
        }
        return answer;
    }
    for finding in decision
        .findings
        .iter()
        .filter(|finding| !finding.cells.is_one())
    {
        unknowns(finding.rule, act, case, &mut answer.unknown);
    }
    if !answer.unknown.is_empty() {
        answer.because.push(format!(
            "it turns on what is not known: {}",
            answer.unknown.join(", ")
        ));
    }
    let bound = decision.bound.unwrap_or_default();
    if decision.bound.is_some() && together(&decision.findings, bound).contains(Cell::Conflict) {
        for disposition in [Disposition::Required, Disposition::Prohibited] {
            let says = |finding: &&Finding<'b>| finding.cells.dispositions() == [disposition];
            for finding in binding(&decision.findings, bound).filter(says) {
                let (cite, _) = cite(finding.rule, act, disposition, case);
                answer.because.push(format!(
                    "{disposition} by {} ({cite})",
                    finding.rule.text.id
                ));
            }
        }
    }
    if decision.bound.is_none() {
        for (at, finding) in decision
            .findings
            .iter()
            .filter(|finding| finding.contested)
            .enumerate()
        {
            for bound in [1 << at, 0] {
                let disposition = together(&decision.findings, bound).disposition(act);
                let by = ground(&decision.findings, bound, disposition).map(|ground| {
                    let (cite, _) = cite(ground.rule, act, disposition, case);
                    decided_by(ground.rule, cite)
                });
                let how = if bound == 0 { "does not bind" } else { "binds" };
                let source = by
                    .as_ref()
                    .map(|by| format!(" by {} ({})", by.rule, by.cite));
                answer.because.push(format!(
                    "if {} {how} this agency: {disposition}{}",
                    finding.rule.text.id,
                    source.unwrap_or_default()
                ));
                answer.readings.push(ReadingAnswer {
                    rule: &finding.rule.text.id,
                    binds: bound != 0,
                    disposition,
                    decided_by: by,
                });
            }
        }
        answer
            .because
            .push("it is contested: the agency must record the position that it adopts".to_owned());
    }
    answer
}

fn unknowns(rule: &Rule, act: Act, case: Case<'_>, into: &mut Vec<Cow<'static, str>>) {
    for (_, clause, _) in tried(&rule.acts[act as usize], case) {
        if let Some(when) = &clause.when {
            when.unknowns(case, into);
        }
    }
    let required = tried(&rule.acts[act as usize], case)
        .any(|(_, clause, value)| value != Tri::False && clause.then == Disposition::Required);
    for exemption in rule
        .exemptions
        .iter()
        .filter(|exemption| required && exemption.lifts(act))
    {
        exemption.when.unknowns(case, into);
    }
}

fn trace<'b>(decision: &Decision<'b>, act: Act, case: Case<'_>) -> Vec<TraceRule<'b>> {
    let clause_of = |n: usize,
                     kind,
                     cite,
                     value: Tri,
                     then,
                     facts,
                     when: Option<&super::condition::Condition>| {
        let mut unknown = Vec::new();
        if let Some(when) = when.filter(|_| value == Tri::Unknown) {
            when.unknowns(case, &mut unknown);
        }
        TraceClause {
            n,
            kind,
            cite,
            value,
            then,
            facts,
            unknown,
        }
    };
    decision
        .findings
        .iter()
        .map(|finding| {
            let rule = finding.rule;
            let mut clauses: Vec<_> = tried(&rule.acts[act as usize], case)
                .map(|(at, clause, value)| {
                    let kind = if clause.when.is_some() {
                        "clause"
                    } else {
                        "otherwise"
                    };
                    let cite = clause.cite.as_deref();
                    clause_of(
                        at + 1,
                        kind,
                        cite,
                        value,
                        clause.then,
                        &clause.facts[..],
                        clause.when.as_ref(),
                    )
                })
                .collect();
            let requires = |clause: &TraceClause<'_>| {
                clause.value != Tri::False && clause.then == Disposition::Required
            };
            if clauses.iter().any(requires) {
                for (at, exemption) in rule
                    .exemptions
                    .iter()
                    .enumerate()
                    .filter(|(_, e)| e.lifts(act))
                {
                    clauses.push(clause_of(
                        at + 1,
                        "exemption",
                        Some(exemption.cite.as_str()),
                        exemption.when.holds(case),
                        Disposition::NotRequired,
                        &exemption.facts[..],
                        Some(&exemption.when),
                    ));
                }
            }
            TraceRule {
                rule: &rule.text.id,
                version: &rule.text.version,
                status: rule.text.status,
                level: rule.level,
                mode: rule.text.mode,
                contested: finding.contested,
                possible: finding.cells.dispositions(),
                clauses,
            }
        })
        .collect()
}

/// What a person should know besides: a fact that only somebody can supply and nobody has, a
/// lower level's requirement that does not hold.
fn warn(decision: &Decision<'_>, act: Act, case: Case<'_>, into: &mut Vec<String>) {
    let mut add = |warning: String| {
        if !into.contains(&warning) {
            into.push(warning);
        }
    };
    for finding in &decision.findings {
        let rule = finding.rule;
        let asked_consent = tried(&rule.acts[act as usize], case).any(|(_, clause, _)| {
            clause
                .when
                .as_ref()
                .is_some_and(|when| when.looks_at(FactName::InterviewConsent))
        });
        if case.facts.interview_consent.is_none() && asked_consent {
            add("no consent on file".to_owned());
        }
        let needs_proof = rule
            .exemptions
            .iter()
            .any(|exemption| exemption.lifts(act) && exemption.when.looks_at(FactName::Proof));
        if case.facts.proof_of_citizenship_or_status.is_none()
            && needs_proof
            && finding.cells.contains(Cell::Required)
        {
            add("no proof on file".to_owned());
        }
        if finding.cells == Cells::just(Cell::Required)
            && decision.disposition == Disposition::Permitted
        {
            add(format!("local_requirement_invalid: {}", rule.text.id));
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
