//! A legal instrument in one version: as it is written (`RuleText`), and ready to ask (`Rule`).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::clock::Basis;
use super::condition::{Condition, ConditionText};
use super::offense::{OffenseList, OffenseTest, OffenseText};
use super::place::{Level, Place};
use super::wrong::{Wrong, wrong};
use super::{Act, Disposition};
use crate::types::actor::words;

words! {
    /// How a rule binds the levels below it.
    #[schema(as = PolicyMode)]
    Mode {
        FloorRequired = "floor_required", CeilingProhibited = "ceiling_prohibited",
        PermitWindow = "permit_window", Advisory = "advisory",
    }
}
words! {
    #[schema(as = PolicyStatus)]
    Status { Draft = "draft", Reviewed = "reviewed" }
}
words! {
    /// Is it settled whom the rule binds?
    AuthorityKind { Settled = "settled", Contested = "contested" }
}
words! {
    /// From when a hold's clock runs.
    Starts {
        OtherwiseReleasable = "otherwise_releasable", PapersReceived = "papers_received", HoldStarted = "hold_started",
    }
}
words! {
    DutyName {
        CopyAndIntent = "copy_and_intent", NoticeOfNotice = "notice_of_notice", ConsentForm = "consent_form",
        ServiceCopy = "service_copy", TellHeldUnderDetainer = "tell_held_under_detainer",
        ReportToDirector = "report_to_director", BringBeforeJudicialOfficial = "bring_before_judicial_official",
        NotifyDhsBy = "notify_dhs_by", VerifyStatus = "verify_status", WrittenReason = "written_reason",
        RecordInFile = "record_in_file",
    }
}

/// The kinds of agency that the registry knows.
pub const KINDS: [&str; 8] = [
    "jail",
    "sheriff",
    "police",
    "state_prison",
    "campus",
    "court",
    "probation",
    "county_department",
];

/// `config/policies/<jurisdiction>/<rule>.yaml`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    pub id: String,
    pub version: String,
    pub jurisdiction: String,
    /// Counties that a city lies over, or the like: the rule holds there too.
    #[serde(default)]
    pub covers: Vec<String>,
    /// Where it is not the level of the jurisdiction: `court_order` or `agency`.
    #[serde(default)]
    pub level: Option<Level>,
    pub title: String,
    pub citations: Vec<String>,
    #[serde(default)]
    pub source: Option<String>,
    /// What is not verified, and what counsel must settle.
    #[serde(default)]
    pub note: Option<String>,
    pub effective_from: NaiveDate,
    /// The last day in force.
    #[serde(default)]
    pub effective_until: Option<NaiveDate>,
    pub status: Status,
    #[serde(default)]
    pub reviewed_by: Option<String>,
    #[serde(default)]
    pub reviewed_on: Option<NaiveDate>,
    #[serde(default)]
    pub scope: Scope,
    pub mode: Mode,
    #[serde(default)]
    pub authority_status: Authority,
    /// Conditions that several clauses use.
    #[serde(default)]
    pub conditions: BTreeMap<String, ConditionText>,
    #[serde(default)]
    pub acts: BTreeMap<String, Vec<ClauseText>>,
    #[serde(default)]
    pub overrides: Vec<Override>,
    #[serde(default)]
    pub exemptions: Vec<ExemptionText>,
    #[serde(default)]
    pub duties: Vec<DutyText>,
    #[serde(default)]
    pub clocks: Vec<ClockText>,
    #[serde(default)]
    pub warnings: Vec<WarningText>,
    #[serde(default)]
    pub reports: Vec<Report>,
}

/// Whom a rule speaks of; empty: every agency of the place.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scope {
    pub agency_kinds: Vec<String>,
    pub exclude: Vec<String>,
    /// These agencies alone, by ORI.
    pub agencies: Vec<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    pub value: AuthorityKind,
    /// The kinds of agency for which it is contested.
    #[serde(default, rename = "for")]
    pub contested_for: Vec<String>,
    #[serde(default)]
    pub note: Option<String>,
}

impl Default for Authority {
    fn default() -> Self {
        Self {
            value: AuthorityKind::Settled,
            contested_for: Vec::new(),
            note: None,
        }
    }
}

/// `{when, then, cite}`, or the last one, `{otherwise, cite}`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClauseText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<ConditionText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Disposition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Disposition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cite: Option<String>,
    /// A sentence of its own in place of the one that is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// Takes offenses out of every look at convictions or charges in the rule.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    pub id: String,
    pub drops: OffenseText,
    pub cite: String,
}

/// Lifts a duty: `required` becomes `not_required`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExemptionText {
    pub id: String,
    pub when: ConditionText,
    /// The acts that it lifts; empty: every one.
    #[serde(default)]
    pub acts: Vec<Act>,
    pub cite: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DutyText {
    pub duty: DutyName,
    pub to: Vec<String>,
    pub on: String,
    #[serde(default)]
    pub within: Option<String>,
    #[serde(default)]
    pub languages: Vec<String>,
    pub cite: String,
    /// Left out only where this is known to be false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<ConditionText>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClockText {
    pub basis: Basis,
    #[serde(default = "hours")]
    pub hours: u32,
    pub starts: Starts,
    pub cite: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<ConditionText>,
}

fn hours() -> u32 {
    super::clock::HOURS
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WarningText {
    pub name: String,
    pub when: ConditionText,
}

/// A report that the rule asks for; the reports' own catalogue has the layouts.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub id: String,
    pub to: String,
    pub frequency: String,
    pub cite: String,
    #[serde(default)]
    pub content: Vec<String>,
}

/// A rule, ready to ask.
#[derive(Debug)]
pub struct Rule {
    pub text: RuleText,
    /// The file as it is, for whoever reads the law.
    pub source: String,
    pub level: Level,
    /// By act, in the order of `Act::ALL`; an act that is not named is not addressed.
    pub acts: [Vec<Clause>; Act::ALL.len()],
    pub exemptions: Vec<Exemption>,
    /// A condition for each duty, clock and warning, in their order.
    pub duties: Vec<Option<Condition>>,
    pub clocks: Vec<Option<Condition>>,
    pub warnings: Vec<Condition>,
}

#[derive(Debug)]
pub struct Clause {
    /// `None`: otherwise.
    pub when: Option<Condition>,
    pub then: Disposition,
    pub cite: Option<String>,
    pub because: Option<String>,
    /// The facts that the condition looks at.
    pub facts: Vec<&'static str>,
}

#[derive(Debug)]
pub struct Exemption {
    pub id: String,
    pub when: Condition,
    pub acts: Vec<Act>,
    pub cite: String,
    pub facts: Vec<&'static str>,
}

impl Rule {
    /// Finds what the text names and checks what its types cannot say.
    ///
    /// # Errors
    /// The first field that cannot stand.
    pub fn compile(
        text: RuleText,
        source: String,
        lists: &BTreeMap<String, Arc<OffenseList>>,
    ) -> Result<Self, Wrong> {
        let level = text
            .level
            .or_else(|| Level::of(&text.jurisdiction))
            .ok_or_else(|| wrong("jurisdiction", "no such jurisdiction"))?;
        if text
            .effective_until
            .is_some_and(|until| until < text.effective_from)
        {
            return Err(wrong("effective_until", "lies before effective_from"));
        }
        let reviewed = text.reviewed_by.is_some() && text.reviewed_on.is_some();
        if (text.status == Status::Reviewed) != reviewed {
            return Err(wrong(
                "status",
                "reviewed goes with reviewed_by and reviewed_on, draft without them",
            ));
        }
        let contested = text.authority_status.value == AuthorityKind::Contested;
        if contested == text.authority_status.contested_for.is_empty() {
            return Err(wrong(
                "authority_status.for",
                "names the kinds for which it is contested",
            ));
        }
        let kinds = [
            ("scope.agency_kinds", &text.scope.agency_kinds),
            ("scope.exclude", &text.scope.exclude),
            ("authority_status.for", &text.authority_status.contested_for),
        ];
        for (field, kinds) in kinds {
            if let Some(unknown) = kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
                return Err(wrong(field, &format!("{unknown} is no kind of agency")));
            }
        }
        for (at, rule) in text.overrides.iter().enumerate() {
            if !rule.drops.lists.is_empty() || rule.drops.at_least.is_some() {
                return Err(wrong(
                    &format!("overrides[{at}].drops"),
                    "is a matter of each offense alone: without lists and at_least",
                ));
            }
        }
        let mut compiler = Compiler {
            lists,
            dropped: text
                .overrides
                .iter()
                .map(|rule| rule.drops.clone())
                .collect(),
            shared: BTreeMap::new(),
        };
        // One that uses others comes after them, wherever it stands.
        let mut left: Vec<_> = text.conditions.iter().collect();
        while !left.is_empty() {
            let is_ready = |condition: &ConditionText| {
                let mut names = Vec::new();
                condition.uses(&mut names);
                names
                    .iter()
                    .all(|name| !left.iter().any(|(other, _)| other.as_str() == *name))
            };
            // None is ready: they go round in a circle.
            let next = left
                .iter()
                .position(|(_, condition)| is_ready(condition))
                .ok_or_else(|| wrong(&format!("conditions.{}", left[0].0), "uses itself"))?;
            let (name, condition) = left.remove(next);
            let compiled = compiler.condition(condition, &format!("conditions.{name}"))?;
            compiler.shared.insert(name.clone(), Arc::new(compiled));
        }
        let mut acts: [Vec<Clause>; Act::ALL.len()] = Default::default();
        for (name, clauses) in &text.acts {
            let act =
                Act::parse(name).ok_or_else(|| wrong(&format!("acts.{name}"), "no such act"))?;
            acts[act as usize] = compiler.clauses(clauses, &format!("acts.{name}"))?;
        }
        let exemptions = compiler.exemptions(&text.exemptions)?;
        let optional = |when: &Option<ConditionText>, field: String| {
            when.as_ref()
                .map(|when| compiler.condition(when, &field))
                .transpose()
        };
        let duties = text
            .duties
            .iter()
            .enumerate()
            .map(|(at, duty)| optional(&duty.when, format!("duties[{at}].when")))
            .collect::<Result<_, _>>()?;
        let clocks = text
            .clocks
            .iter()
            .enumerate()
            .map(|(at, clock)| {
                if !(1..=super::clock::MOST_HOURS).contains(&clock.hours) {
                    return Err(wrong(&format!("clocks[{at}].hours"), "from 1 to 720"));
                }
                optional(&clock.when, format!("clocks[{at}].when"))
            })
            .collect::<Result<_, _>>()?;
        let warnings = text
            .warnings
            .iter()
            .enumerate()
            .map(|(at, warning)| compiler.condition(&warning.when, &format!("warnings[{at}].when")))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            source,
            level,
            acts,
            exemptions,
            duties,
            clocks,
            warnings,
            text,
        })
    }

    /// `id@version`.
    pub fn name(&self) -> String {
        format!("{}@{}", self.text.id, self.text.version)
    }

    pub fn is_in_force(&self, on: NaiveDate) -> bool {
        self.text.effective_from <= on && self.text.effective_until.is_none_or(|until| on <= until)
    }

    /// Does the rule speak of this agency, be it contested?
    pub fn is_about(&self, place: &Place) -> bool {
        let scope = &self.text.scope;
        let here = |id: &String| place.chain.contains(id);
        let kind = |kinds: &[String]| kinds.contains(&place.agency_kind);
        (here(&self.text.jurisdiction) || self.text.covers.iter().any(here))
            && !kind(&scope.exclude)
            && (scope.agencies.is_empty()
                || place
                    .agency
                    .as_ref()
                    .is_some_and(|ori| scope.agencies.contains(ori)))
            && (scope.agency_kinds.is_empty()
                || kind(&scope.agency_kinds)
                || self.is_contested(place))
    }

    /// Is it contested whether the rule binds this agency?
    pub fn is_contested(&self, place: &Place) -> bool {
        let kinds = &self.text.authority_status.contested_for;
        kinds.contains(&place.agency_kind)
    }

    /// Every citation on one line.
    pub fn citation(&self) -> String {
        self.text.citations.join("; ")
    }
}

struct Compiler<'a> {
    lists: &'a BTreeMap<String, Arc<OffenseList>>,
    dropped: Vec<OffenseText>,
    shared: BTreeMap<String, Arc<Condition>>,
}

impl Compiler<'_> {
    fn clauses(&self, texts: &[ClauseText], field: &str) -> Result<Vec<Clause>, Wrong> {
        let mut clauses = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            let place = format!("{field}[{at}]");
            let last = at + 1 == texts.len();
            let (when, then) = match (&text.when, text.then, text.otherwise, last) {
                (Some(when), Some(then), None, false) => {
                    (Some(self.condition(when, &format!("{place}.when"))?), then)
                }
                (None, None, Some(then), true) => (None, then),
                (_, _, _, false) => return Err(wrong(&place, "a clause is when and then")),
                (_, _, _, true) => return Err(wrong(&place, "the last clause is otherwise")),
            };
            if then == Disposition::Indeterminate {
                return Err(wrong(
                    &place,
                    "indeterminate is an answer, not a rule's disposition",
                ));
            }
            clauses.push(Clause {
                facts: facts_of(when.as_ref()),
                when,
                then,
                cite: text.cite.clone(),
                because: text.because.clone(),
            });
        }
        if clauses.is_empty() {
            return Err(wrong(field, "otherwise is missing"));
        }
        Ok(clauses)
    }

    fn exemptions(&self, texts: &[ExemptionText]) -> Result<Vec<Exemption>, Wrong> {
        let compile = |(at, text): (usize, &ExemptionText)| {
            let when = self.condition(&text.when, &format!("exemptions[{at}].when"))?;
            Ok(Exemption {
                id: text.id.clone(),
                facts: facts_of(Some(&when)),
                when,
                acts: text.acts.clone(),
                cite: text.cite.clone(),
            })
        };
        texts.iter().enumerate().map(compile).collect()
    }

    fn condition(&self, text: &ConditionText, field: &str) -> Result<Condition, Wrong> {
        let many = |parts: &[ConditionText], name: &str| {
            if parts.is_empty() {
                return Err(wrong(field, "is empty"));
            }
            parts
                .iter()
                .enumerate()
                .map(|(at, part)| self.condition(part, &format!("{field}.{name}[{at}]")))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(match text {
            ConditionText::All(parts) => Condition::All(many(parts, "all")?),
            ConditionText::Any(parts) => Condition::Any(many(parts, "any")?),
            ConditionText::Not(part) => {
                Condition::Not(Box::new(self.condition(part, &format!("{field}.not"))?))
            }
            ConditionText::Use(name) => Condition::Shared(
                self.shared
                    .get(name)
                    .cloned()
                    .ok_or_else(|| wrong(field, &format!("no condition is named {name}")))?,
            ),
            ConditionText::Fact(name) => Condition::Fact(*name),
            ConditionText::Conviction(text) => Condition::Conviction(self.offense(text, field)?),
            ConditionText::Charge(text) => Condition::Charge(self.offense(text, field)?),
            ConditionText::JudicialWarrant(text) => Condition::JudicialWarrant(text.clone()),
            ConditionText::AdministrativeWarrant(text) => {
                Condition::AdministrativeWarrant(text.clone())
            }
            ConditionText::Detainer(text) => Condition::Detainer(text.clone()),
            ConditionText::FederalAggravatedFelony(letters) => {
                if letters.is_empty() || !letters.bytes().all(|b| (b'A'..=b'U').contains(&b)) {
                    return Err(wrong(field, "paragraph letters from A to U"));
                }
                Condition::FederalAggravatedFelony(letters.clone())
            }
            ConditionText::Agreement(models) => Condition::Agreement(models.clone()),
            ConditionText::AgeUnder(years) => Condition::AgeUnder(*years),
        })
    }

    fn offense(&self, text: &OffenseText, field: &str) -> Result<OffenseTest, Wrong> {
        let find = |id: &String| {
            self.lists
                .get(id)
                .cloned()
                .ok_or_else(|| wrong(field, &format!("no list of offenses is named {id}")))
        };
        if text.at_least == Some(0) {
            return Err(wrong(field, "at_least begins with 1"));
        }
        Ok(OffenseTest {
            lists: text.lists.iter().map(find).collect::<Result<_, _>>()?,
            text: text.clone(),
            dropped: self.dropped.clone(),
        })
    }
}

fn facts_of(condition: Option<&Condition>) -> Vec<&'static str> {
    let mut names = Vec::new();
    if let Some(condition) = condition {
        condition.facts(&mut names);
    }
    names
}
