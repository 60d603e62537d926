//! What is decided of an act: what each rule says of it, taken together, and where a contested
//! rule leaves it open, by the position that the agency has adopted.

use super::combine::{Cell, Cells, above, advises, beside};
use super::condition::Case;
use super::evaluate::{Ask, Reading};
use super::rule::{Clause, Exemption, Mode, Rule};
use super::tri::Tri;
use super::{Act, Disposition};

/// What a rule says of an act.
pub struct Finding<'b> {
    pub rule: &'b Rule,
    values: Vec<Tri>,
    /// Every cell that it may come to.
    pub cells: Cells,
    /// Contested whether it binds this agency. A rule that does not address the act is no matter
    /// of dispute.
    pub contested: bool,
    /// The agency's position, where the act turned on one.
    pub adopted: Option<Reading>,
    /// Does it bind under the reading that is shown? A contested one without a position does not.
    pub binds: bool,
}

/// The disposition of one act with what it rests on.
pub struct Decision<'b> {
    pub disposition: Disposition,
    pub findings: Vec<Finding<'b>>,
    /// The readings that are left do not say the same.
    pub readings_differ: bool,
    /// The contested rule whose position decided.
    pub adopted: Option<(&'b Rule, Reading)>,
}

impl<'b> Finding<'b> {
    fn new(rule: &'b Rule, act: Act, ask: Ask<'_>) -> Self {
        let case = ask.case();
        let values = values(&rule.acts[act as usize], case);
        let cells = cells(rule, act, &values, case);
        let contested = cells != Cells::just(Cell::NotAddressed) && rule.is_contested(ask.place);
        Self {
            rule,
            values,
            cells,
            contested,
            adopted: None,
            binds: !contested,
        }
    }

    /// The clauses that were tried, with their values; the last is the one that decides.
    pub fn tried(&self, act: Act) -> impl Iterator<Item = (usize, &'b Clause, Tri)> {
        let clauses = self.rule.acts[act as usize].iter().enumerate();
        clauses
            .zip(&self.values)
            .map(|((at, clause), value)| (at, clause, *value))
    }
}

/// The values of a rule's clauses up to the one that decides. A condition may look at every
/// offense on several lists: it is asked once, for the disposition and for the working.
fn values(clauses: &[Clause], case: Case<'_>) -> Vec<Tri> {
    let mut found = Vec::with_capacity(clauses.len());
    for clause in clauses {
        let value = clause
            .when
            .as_ref()
            .map_or(Tri::True, |when| when.holds(case));
        found.push(value);
        if value == Tri::True {
            break;
        }
    }
    found
}

/// Every cell that a rule may come to.
fn cells(rule: &Rule, act: Act, values: &[Tri], case: Case<'_>) -> Cells {
    if values.is_empty() {
        return Cells::just(Cell::NotAddressed);
    }
    let mut found = Cells::default();
    for (clause, value) in rule.acts[act as usize].iter().zip(values) {
        if *value != Tri::False {
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

impl Exemption {
    pub fn lifts(&self, act: Act) -> bool {
        self.acts.is_empty() || self.acts.contains(&act)
    }
}

pub fn decide<'b>(rules: &[&'b Rule], act: Act, ask: Ask<'_>) -> Decision<'b> {
    let mut findings: Vec<_> = rules
        .iter()
        .map(|rule| Finding::new(rule, act, ask))
        .collect();
    let disposition = together(&findings, either_way).disposition(act);
    if disposition != Disposition::Indeterminate || !findings.iter().any(|f| f.contested) {
        return Decision {
            disposition,
            findings,
            readings_differ: false,
            adopted: None,
        };
    }
    // The readings differ, or a fact is missing: what the agency has adopted narrows them.
    for finding in findings.iter_mut().filter(|finding| finding.contested) {
        let about = (finding.rule.text.id.clone(), act.as_str());
        finding.adopted = ask.positions.get(&about).copied();
        finding.binds = finding
            .adopted
            .is_some_and(|reading| binds(finding.rule, reading));
    }
    let disposition = together(&findings, either_way).disposition(act);
    let is_open = disposition == Disposition::Indeterminate;
    Decision {
        disposition,
        readings_differ: is_open && readings_differ(&findings),
        adopted: (!is_open)
            .then(|| position_that_decides(&findings, act))
            .flatten(),
        findings,
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

/// What a finding says under every reading that is left. One that does not bind is as one that
/// does not address the act; and as each finding enters the combination once, the union over all
/// readings is the combination of these unions.
pub fn either_way(_: usize, finding: &Finding<'_>) -> Cells {
    if finding.contested && finding.adopted.is_none() {
        finding.cells.with(Cell::NotAddressed)
    } else {
        as_shown(0, finding)
    }
}

/// What a finding says under the reading that is shown.
pub fn as_shown(_: usize, finding: &Finding<'_>) -> Cells {
    if finding.binds {
        finding.cells
    } else {
        Cells::just(Cell::NotAddressed)
    }
}

/// What all say together when this contested one binds, or does not, and the others are as shown.
pub fn if_it_binds(findings: &[Finding<'_>], at: usize, binds: bool) -> Cells {
    together(findings, |other, finding| {
        if other != at {
            as_shown(other, finding)
        } else if binds {
            finding.cells
        } else {
            Cells::just(Cell::NotAddressed)
        }
    })
}

/// Is there a contested rule, without a position, that changes something by binding?
fn readings_differ(findings: &[Finding<'_>]) -> bool {
    findings.iter().enumerate().any(|(at, finding)| {
        finding.contested
            && finding.adopted.is_none()
            && if_it_binds(findings, at, true) != if_it_binds(findings, at, false)
    })
}

/// The first position without which the act would be open; of several that each suffice the first.
fn position_that_decides<'b>(findings: &[Finding<'b>], act: Act) -> Option<(&'b Rule, Reading)> {
    let adopted = || {
        let with_position = |(at, f): (usize, &Finding<'b>)| Some((at, f.rule, f.adopted?));
        findings.iter().enumerate().filter_map(with_position)
    };
    let open_without = |at: usize| {
        let without = together(findings, |other, finding| match other == at {
            true => finding.cells.with(Cell::NotAddressed),
            false => either_way(other, finding),
        });
        without.disposition(act) == Disposition::Indeterminate
    };
    adopted()
        .find(|(at, _, _)| open_without(*at))
        .or_else(|| adopted().next())
        .map(|(_, rule, reading)| (rule, reading))
}

/// All findings, each as it speaks: within each level, then from the top down, then those that
/// only advise.
pub fn together<'b>(
    findings: &[Finding<'b>],
    speaks: impl Fn(usize, &Finding<'b>) -> Cells,
) -> Cells {
    let nobody = Cells::just(Cell::NotAddressed);
    let (mut all, mut level, mut advice) = (nobody, nobody, nobody);
    let mut of = None;
    for (at, finding) in findings.iter().enumerate() {
        let cells = speaks(at, finding);
        if finding.rule.text.mode == Mode::Advisory {
            advice = advice.each(cells, beside);
            continue;
        }
        if of != Some(finding.rule.level) {
            all = all.each(level, above);
            level = nobody;
            of = Some(finding.rule.level);
        }
        level = level.each(cells, beside);
    }
    all.each(level, above).each(advice, advises)
}

/// The finding that a disposition rests on: the highest that says it for certain, advice last.
pub fn ground<'a, 'b>(
    findings: &'a [Finding<'b>],
    binds: impl Fn(usize, &Finding<'b>) -> bool,
    disposition: Disposition,
) -> Option<&'a Finding<'b>> {
    let says = |advice: bool| {
        findings.iter().enumerate().find(|(at, finding)| {
            binds(*at, finding)
                && (finding.rule.text.mode == Mode::Advisory) == advice
                && finding.cells.says(disposition)
        })
    };
    let (_, found) = says(false).or_else(|| says(true))?;
    Some(found)
}
