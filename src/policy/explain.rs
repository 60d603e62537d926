//! The answer about one act, as a person reads it: who decided, why, what it turns on, and every
//! clause that was tried.

use std::borrow::Cow;

use super::answer::{ActAnswer, AdoptedAnswer, DecidedBy, ReadingAnswer, TraceClause, TraceRule};
use super::combine::{Cell, Cells};
use super::condition::{Case, Condition};
use super::decide::{Decision, Finding, as_shown, ground, if_it_binds, together};
use super::evaluate::Ask;
use super::facts::FactName;
use super::rule::{Mode, Rule};
use super::tri::Tri;
use super::{Act, Disposition};

pub fn explain<'b>(decision: &Decision<'b>, act: Act, ask: Ask<'_>) -> ActAnswer<'b> {
    let case = ask.case();
    let mut answer = ActAnswer {
        disposition: decision.disposition,
        decided_by: None,
        because: Vec::new(),
        unknown: Vec::new(),
        readings: Vec::new(),
        trace: trace(decision, act, case),
    };
    if decision.disposition == Disposition::Indeterminate {
        open(decision, act, case, &mut answer);
    } else {
        decided(decision, act, case, &mut answer);
    }
    answer
}

fn decided<'b>(decision: &Decision<'b>, act: Act, case: Case<'_>, answer: &mut ActAnswer<'b>) {
    let (findings, disposition) = (&decision.findings, decision.disposition);
    let speaks = |finding: &&Finding<'_>| finding.cells != Cells::just(Cell::NotAddressed);
    if let Some(finding) = ground(findings, |_, finding| finding.binds, disposition) {
        let (cite, because) = cite(finding, act, disposition, case);
        answer.because = because;
        answer.decided_by = Some(decided_by(finding.rule, cite));
    } else if findings.iter().any(|finding| speaks(&finding)) {
        // No single rule says it for certain, and yet nothing else can come of them.
        let open = turns_on(decision, act, case);
        let open = if open.is_empty() {
            "what is contested".to_owned()
        } else {
            open.join(", ")
        };
        answer
            .because
            .push(format!("{disposition} however this turns out: {open}"));
    } else if act == Act::HoldPastRelease {
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
}

fn open<'b>(decision: &Decision<'b>, act: Act, case: Case<'_>, answer: &mut ActAnswer<'b>) {
    let findings = &decision.findings;
    answer.unknown = turns_on(decision, act, case);
    if !answer.unknown.is_empty() {
        answer.because.push(format!(
            "it turns on what is not known: {}",
            answer.unknown.join(", ")
        ));
    }
    if !decision.readings_differ {
        if together(findings, as_shown).contains(Cell::Conflict) {
            answer.because.extend(both_sides(findings, act, case));
        }
        return;
    }
    let free = |finding: &Finding<'_>| finding.contested && finding.adopted.is_none();
    for (at, contested) in findings.iter().enumerate().filter(|(_, f)| free(f)) {
        for binds in [true, false] {
            let disposition = if_it_binds(findings, at, binds).disposition(act);
            let bound = |other, finding: &Finding<'b>| match other == at {
                true => binds,
                false => finding.binds,
            };
            let by = ground(findings, bound, disposition).map(|ground| {
                let (cite, _) = cite(ground, act, disposition, case);
                decided_by(ground.rule, cite)
            });
            let how = if binds { "binds" } else { "does not bind" };
            let source = by
                .as_ref()
                .map(|by| format!(" by {} ({})", by.rule, by.cite));
            answer.because.push(format!(
                "if {} {how} this agency: {disposition}{}",
                contested.rule.text.id,
                source.unwrap_or_default()
            ));
            answer.readings.push(ReadingAnswer {
                rule: &contested.rule.text.id,
                binds,
                disposition,
                decided_by: by,
            });
        }
    }
    answer
        .because
        .push("it is contested: the agency must record the position that it adopts".to_owned());
}

/// Those of one level that require it and those that prohibit it.
fn both_sides(findings: &[Finding<'_>], act: Act, case: Case<'_>) -> Vec<String> {
    let mut sides = Vec::new();
    for disposition in [Disposition::Required, Disposition::Prohibited] {
        let says = |f: &&Finding<'_>| f.binds && f.cells.says(disposition);
        for finding in findings.iter().filter(says) {
            let (cite, _) = cite(finding, act, disposition, case);
            sides.push(format!(
                "{disposition} by {} ({cite})",
                finding.rule.text.id
            ));
        }
    }
    sides
}

/// The clause, or the exemption, that a rule's disposition comes from.
fn cite<'b>(
    finding: &Finding<'b>,
    act: Act,
    disposition: Disposition,
    case: Case<'_>,
) -> (Cow<'b, str>, Vec<String>) {
    let rule = finding.rule;
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
    let last = finding.tried(act).last();
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

/// The unknown facts that leave a rule more than one way.
fn turns_on(decision: &Decision<'_>, act: Act, case: Case<'_>) -> Vec<Cow<'static, str>> {
    let mut found = Vec::new();
    for finding in decision.findings.iter().filter(|f| !f.cells.is_one()) {
        unknowns(finding, act, case, &mut found);
    }
    found
}

fn unknowns(finding: &Finding<'_>, act: Act, case: Case<'_>, into: &mut Vec<Cow<'static, str>>) {
    for (_, clause, value) in finding.tried(act) {
        if let (Tri::Unknown, Some(when)) = (value, &clause.when) {
            when.unknowns(case, into);
        }
    }
    let required = finding
        .tried(act)
        .any(|(_, clause, value)| value != Tri::False && clause.then == Disposition::Required);
    for exemption in finding
        .rule
        .exemptions
        .iter()
        .filter(|exemption| required && exemption.lifts(act))
    {
        exemption.when.unknowns(case, into);
    }
}

fn trace<'b>(decision: &Decision<'b>, act: Act, case: Case<'_>) -> Vec<TraceRule<'b>> {
    let clause_of = |n: usize, kind, cite, value: Tri, then, facts, when: Option<&Condition>| {
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
            let mut clauses: Vec<_> = finding
                .tried(act)
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
pub fn warn(decision: &Decision<'_>, act: Act, case: Case<'_>, into: &mut Vec<String>) {
    let mut add = |warning: &str, rule: &str| {
        let warning = match rule {
            "" => warning.to_owned(),
            rule => format!("{warning}: {rule}"),
        };
        if !into.contains(&warning) {
            into.push(warning);
        }
    };
    for finding in &decision.findings {
        let rule = finding.rule;
        let asks_consent = || {
            finding.tried(act).any(|(_, clause, _)| {
                clause
                    .when
                    .as_ref()
                    .is_some_and(|when| when.looks_at(FactName::InterviewConsent))
            })
        };
        if case.facts.interview_consent.is_none() && asks_consent() {
            add("no consent on file", "");
        }
        let needs_proof = || {
            rule.exemptions
                .iter()
                .any(|exemption| exemption.lifts(act) && exemption.when.looks_at(FactName::Proof))
        };
        if case.facts.proof_of_citizenship_or_status.is_none()
            && finding.cells.contains(Cell::Required)
            && needs_proof()
        {
            add("no proof on file", "");
        }
        if is_void(decision, finding) {
            add("local_requirement_invalid", &rule.text.id);
        }
    }
}

/// Does it require what the levels above it leave to the agency?
fn is_void(decision: &Decision<'_>, finding: &Finding<'_>) -> bool {
    if decision.disposition == Disposition::Indeterminate
        || finding.cells != Cells::just(Cell::Required)
        || finding.rule.text.mode == Mode::Advisory
        || !finding.binds
    {
        return false;
    }
    let of_higher = |at: usize, other: &Finding<'_>| match (other.rule.level as u8)
        < finding.rule.level as u8
    {
        true if other.rule.text.mode != Mode::Advisory => as_shown(at, other),
        _ => Cells::just(Cell::NotAddressed),
    };
    let window = Cells::just(Cell::Permitted).with(Cell::NotRequired);
    together(&decision.findings, of_higher).is_within(window)
}
