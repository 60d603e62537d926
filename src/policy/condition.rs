//! Conditions: trees of `all`, `any`, `not` over predicates, in Kleene logic.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::facts::{
    Agreement, Detainer, FactName, Facts, Form, JudicialKind, JudicialWarrant, KnownOffenses,
    Signer, Stated, WarrantKind,
};
use super::offense::{Offense, OffenseTest, OffenseText};
use super::tri::Tri;
use crate::types::actor::words;

words! {
    Ask { Notify = "notify", Hold = "hold", Transfer = "transfer", Interview = "interview" }
}

/// A condition as it is written.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConditionText {
    All(Vec<ConditionText>),
    Any(Vec<ConditionText>),
    Not(Box<ConditionText>),
    /// A condition of this rule, by its name under `conditions`.
    Use(String),
    Fact(FactName),
    Conviction(OffenseText),
    Charge(OffenseText),
    JudicialWarrant(JudicialText),
    /// An administrative warrant came with the request.
    AdministrativeWarrant(AdministrativeText),
    Detainer(DetainerText),
    /// A federal conviction within these paragraphs of INA 101(a)(43), such as `ABC`.
    FederalAggravatedFelony(String),
    Agreement(Vec<Agreement>),
    AgeUnder(u8),
}

impl ConditionText {
    /// The names of the conditions that it uses.
    pub fn uses<'a>(&'a self, into: &mut Vec<&'a str>) {
        match self {
            ConditionText::All(parts) | ConditionText::Any(parts) => {
                parts.iter().for_each(|part| part.uses(into));
            }
            ConditionText::Not(part) => part.uses(into),
            ConditionText::Use(name) => into.push(name),
            _ => {}
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct JudicialText {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<JudicialKind>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signed_by: Vec<Signer>,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdministrativeText {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<WarrantKind>,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetainerText {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<Form>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asks: Option<Ask>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issuing_offices: Vec<String>,
    /// First and last day of issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_from: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_until: Option<NaiveDate>,
}

/// A condition, ready to ask.
#[derive(Debug)]
pub enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Shared(Arc<Condition>),
    Fact(FactName),
    Conviction(OffenseTest),
    Charge(OffenseTest),
    JudicialWarrant(JudicialText),
    AdministrativeWarrant(AdministrativeText),
    Detainer(DetainerText),
    FederalAggravatedFelony(String),
    Agreement(Vec<Agreement>),
    AgeUnder(u8),
}

/// What a condition is asked about: the facts, and the day of the decision in the agency's zone.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub facts: &'a Facts,
    pub on: NaiveDate,
}

impl Condition {
    pub fn holds(&self, case: Case<'_>) -> Tri {
        let facts = case.facts;
        match self {
            Condition::All(parts) => Tri::all(parts.iter().map(|part| part.holds(case))),
            Condition::Any(parts) => Tri::any(parts.iter().map(|part| part.holds(case))),
            Condition::Not(part) => !part.holds(case),
            Condition::Shared(part) => part.holds(case),
            Condition::Fact(name) => facts.fact(*name),
            Condition::Conviction(test) => any_offense(facts.known_convictions(), test, case.on),
            Condition::Charge(test) => any_offense(facts.known_charges(), test, case.on),
            Condition::JudicialWarrant(wanted) => judicial_warrant(facts, wanted),
            Condition::AdministrativeWarrant(wanted) => administrative_warrant(facts, wanted),
            Condition::Detainer(wanted) => match &facts.detainer {
                None => Tri::Unknown,
                Some(Stated::None) => Tri::False,
                Some(Stated::Is(detainer)) => wanted.fits(detainer),
            },
            Condition::FederalAggravatedFelony(letters) => facts
                .federal_aggravated_felony
                .as_ref()
                .map_or(Tri::Unknown, |known| {
                    known
                        .iter()
                        .any(|paragraph| letters.contains(paragraph.0))
                        .into()
                }),
            Condition::Agreement(models) => match &facts.agreement_287g {
                None => Tri::Unknown,
                Some(Stated::None) => Tri::False,
                Some(Stated::Is(model)) => (models.is_empty() || models.contains(model)).into(),
            },
            Condition::AgeUnder(years) => {
                facts.age.map_or(Tri::Unknown, |age| (age < *years).into())
            }
        }
    }

    /// The facts that this condition looks at, by their names in the request.
    pub fn facts(&self, into: &mut Vec<&'static str>) {
        let name = match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| part.facts(into));
                return;
            }
            Condition::Not(part) => return part.facts(into),
            Condition::Shared(part) => return part.facts(into),
            Condition::Fact(name) => name.as_str(),
            Condition::Conviction(_) => "convictions",
            Condition::Charge(_) => "charges",
            Condition::JudicialWarrant(_) => "judicial_warrant",
            Condition::AdministrativeWarrant(_) => "detainer.warrants",
            Condition::Detainer(_) => "detainer",
            Condition::FederalAggravatedFelony(_) => "federal_aggravated_felony",
            Condition::Agreement(_) => "agreement_287g",
            Condition::AgeUnder(_) => "age",
        };
        if !into.contains(&name) {
            into.push(name);
        }
    }

    /// Does it look at this fact?
    pub fn looks_at(&self, fact: FactName) -> bool {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().any(|part| part.looks_at(fact))
            }
            Condition::Not(part) => part.looks_at(fact),
            Condition::Shared(part) => part.looks_at(fact),
            Condition::Fact(name) => *name == fact,
            _ => false,
        }
    }

    /// The unknown facts that an unknown condition turns on.
    pub fn unknowns(&self, case: Case<'_>, into: &mut Vec<Cow<'static, str>>) {
        if self.holds(case) != Tri::Unknown {
            return;
        }
        let mut add = |name: Cow<'static, str>| {
            if !into.contains(&name) {
                into.push(name);
            }
        };
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| part.unknowns(case, into));
            }
            Condition::Not(part) => part.unknowns(case, into),
            Condition::Shared(part) => part.unknowns(case, into),
            Condition::Conviction(test) => {
                unknown_offenses(
                    "convictions",
                    case.facts.known_convictions(),
                    test,
                    case,
                    &mut add,
                );
            }
            Condition::Charge(test) => {
                unknown_offenses("charges", case.facts.known_charges(), test, case, &mut add);
            }
            Condition::Detainer(wanted) => match case.facts.detainer() {
                None => add("detainer".into()),
                Some(detainer) => wanted.unknowns(detainer, &mut add),
            },
            other => {
                let mut names = Vec::new();
                other.facts(&mut names);
                names.into_iter().for_each(|name| add(name.into()));
            }
        }
    }

    /// Why it is true, in sentences.
    pub fn reasons(&self, case: Case<'_>, into: &mut Vec<String>) {
        match self {
            Condition::All(parts) => parts.iter().for_each(|part| part.reasons(case, into)),
            Condition::Any(parts) => {
                if let Some(part) = parts.iter().find(|part| part.holds(case) == Tri::True) {
                    part.reasons(case, into);
                }
            }
            Condition::Shared(part) => part.reasons(case, into),
            Condition::Not(part) => {
                let mut names = Vec::new();
                part.facts(&mut names);
                into.push(format!("not so: {}", names.join(", ")));
            }
            Condition::Fact(name) => into.push(in_words(*name).to_owned()),
            Condition::Conviction(test) => {
                offense_reason(
                    "conviction",
                    case.facts.convictions.as_deref(),
                    test,
                    case,
                    into,
                );
            }
            Condition::Charge(test) => {
                offense_reason("charge", case.facts.charges.as_deref(), test, case, into);
            }
            Condition::JudicialWarrant(_) => {
                into.push("there is a warrant signed by a judge".to_owned())
            }
            Condition::AdministrativeWarrant(_) => {
                into.push("an administrative warrant came with the request".to_owned());
            }
            Condition::Detainer(wanted) => into.push(wanted.in_words(case.facts)),
            Condition::FederalAggravatedFelony(_) => {
                into.push(
                    "a federal conviction is an aggravated felony of INA 101(a)(43)".to_owned(),
                );
            }
            Condition::Agreement(_) => {
                into.push("the agency has an agreement under 8 USC 1357(g)".to_owned())
            }
            Condition::AgeUnder(years) => into.push(format!("the person is younger than {years}")),
        }
    }
}

fn in_words(name: FactName) -> &'static str {
    match name {
        FactName::JudicialProbableCause => "a judge has found probable cause",
        FactName::MagistrateFinding => "a magistrate has found probable cause under PC 872",
        FactName::StateJudicialOrder => "a state judicial official has ordered it",
        FactName::ReleaseInformationPublic => "the release information is public",
        FactName::TsdbMatch => {
            "the person is a confirmed match in the terrorist screening database"
        }
        FactName::FederalFelonyWarrant => "there is an outstanding federal felony arrest warrant",
        FactName::ReentryAfterRemoval => "the person came back after a removal",
        FactName::CostReimbursement => "there is a written agreement to reimburse the costs",
        FactName::MouWithDhs => "the agency has a memorandum of understanding with DHS",
        FactName::InterviewConsent => "the person has consented to the interview in writing",
        FactName::Proof => "there is proof of citizenship or lawful status",
        FactName::VictimOrWitness => "the person is a victim or witness",
        FactName::CaSexArson => "the person is a current registrant of the Sex and Arson Registry",
    }
}

fn any_offense(known: KnownOffenses<'_>, test: &OffenseTest, on: NaiveDate) -> Tri {
    let Some(listed) = known.listed else {
        return Tri::Unknown;
    };
    // Any number of others may fit too.
    let beyond = if known.there_may_be_more {
        Tri::Unknown
    } else {
        Tri::False
    };
    let mut values = listed.iter().map(|offense| test.holds(offense, on));
    let Some(wanted) = test.text.at_least else {
        return Tri::any(values).or(beyond);
    };
    let (yes, perhaps) = values
        .by_ref()
        .fold((0, 0), |(yes, perhaps), value| match value {
            Tri::True => (yes + 1, perhaps + 1),
            Tri::Unknown => (yes, perhaps + 1),
            Tri::False => (yes, perhaps),
        });
    if yes >= wanted {
        Tri::True
    } else if perhaps >= wanted || known.there_may_be_more {
        Tri::Unknown
    } else {
        Tri::False
    }
}

fn unknown_offenses(
    name: &'static str,
    known: KnownOffenses<'_>,
    test: &OffenseTest,
    case: Case<'_>,
    add: &mut impl FnMut(Cow<'static, str>),
) {
    let Some(listed) = known.listed else {
        return add(name.into());
    };
    if known.there_may_be_more {
        add(name.into());
    }
    for (at, offense) in listed.iter().enumerate() {
        if test.holds(offense, case.on) == Tri::Unknown {
            add(format!("{name}[{at}]").into());
        }
    }
}

fn offense_reason(
    kind: &str,
    listed: Option<&[Offense]>,
    test: &OffenseTest,
    case: Case<'_>,
    into: &mut Vec<String>,
) {
    let found = listed
        .unwrap_or_default()
        .iter()
        .find(|offense| test.holds(offense, case.on) == Tri::True);
    if let Some(offense) = found {
        into.push(format!(
            "{kind} {} {}",
            offense.name(),
            test.describe(offense)
        ));
    }
}

/// A judge's warrant, stated or among those that came with the request. An administrative one
/// never counts.
fn judicial_warrant(facts: &Facts, wanted: &JudicialText) -> Tri {
    let came = || {
        facts
            .detainer()
            .into_iter()
            .flat_map(Detainer::judicial_warrants)
    };
    let found = Tri::any(came().map(|warrant| wanted.fits(&warrant)));
    let stated = match &facts.judicial_warrant {
        None => Tri::Unknown,
        // `false` says that there is none at all.
        Some(Stated::None) => return Tri::False,
        Some(Stated::Is(warrant)) => wanted.fits(warrant),
    };
    // A stated one that does not fit leaves open what else came with the request.
    let all_came = match &facts.detainer {
        None => Tri::Unknown,
        Some(Stated::None) => Tri::False,
        Some(Stated::Is(detainer)) if detainer.warrants.is_none() => Tri::Unknown,
        Some(Stated::Is(_)) => Tri::False,
    };
    found.or(stated).or(all_came)
}

fn administrative_warrant(facts: &Facts, wanted: &AdministrativeText) -> Tri {
    let detainer = match &facts.detainer {
        None => return Tri::Unknown,
        Some(Stated::None) => return Tri::False,
        Some(Stated::Is(detainer)) => detainer,
    };
    let is_wanted = |kind: WarrantKind| {
        let judicial = matches!(
            kind,
            WarrantKind::JudicialCriminal | WarrantKind::JudicialCivil
        );
        !judicial && (wanted.kinds.is_empty() || wanted.kinds.contains(&kind))
    };
    detainer.warrants.as_ref().map_or(Tri::Unknown, |warrants| {
        Tri::any(warrants.iter().map(|warrant| {
            // A copy that is said to be missing is no warrant that came.
            Tri::from(is_wanted(warrant.kind)).and(warrant.copy_present.unwrap_or(true).into())
        }))
    })
}

impl JudicialText {
    fn fits(&self, warrant: &JudicialWarrant) -> Tri {
        let kind = self.kinds.is_empty() || self.kinds.contains(&warrant.kind);
        let signer = if self.signed_by.is_empty() || self.signed_by.len() == Signer::ALL.len() {
            Tri::True
        } else {
            warrant.signed_by.map_or(Tri::Unknown, |signer| {
                self.signed_by.contains(&signer).into()
            })
        };
        Tri::from(kind).and(signer)
    }
}

impl DetainerText {
    fn fits(&self, detainer: &Detainer) -> Tri {
        Tri::all([
            self.form(detainer),
            self.asked(detainer),
            self.service(detainer),
            self.office(detainer),
            self.issued(detainer),
        ])
    }

    fn form(&self, detainer: &Detainer) -> Tri {
        if self.forms.is_empty() {
            return Tri::True;
        }
        detainer
            .form
            .map_or(Tri::Unknown, |form| self.forms.contains(&form).into())
    }

    fn asked(&self, detainer: &Detainer) -> Tri {
        let Some(ask) = self.asks else {
            return Tri::True;
        };
        let asks = detainer.asks.as_ref();
        let said = Tri::from(asks.and_then(|asks| match ask {
            Ask::Notify => asks.notify,
            Ask::Hold => asks.hold,
            Ask::Transfer => asks.transfer,
            Ask::Interview => asks.interview,
        }));
        match (ask, detainer.form) {
            (Ask::Notify | Ask::Interview, _) => said,
            (_, Some(form)) if form.is_notice_only() => Tri::False,
            (_, Some(_)) => said,
            // A form that turns out to ask for notice alone asks for no more.
            (_, None) => said.and(Tri::Unknown),
        }
    }

    fn service(&self, detainer: &Detainer) -> Tri {
        self.served.map_or(Tri::True, |wanted| {
            detainer.served.map(|served| served == wanted).into()
        })
    }

    fn office(&self, detainer: &Detainer) -> Tri {
        if self.issuing_offices.is_empty() {
            return Tri::True;
        }
        detainer
            .issuing_office
            .as_ref()
            .map_or(Tri::Unknown, |office| {
                self.issuing_offices.contains(office).into()
            })
    }

    fn issued(&self, detainer: &Detainer) -> Tri {
        if self.issued_from.is_none() && self.issued_until.is_none() {
            return Tri::True;
        }
        detainer.issued_on.map_or(Tri::Unknown, |on| {
            let early = self.issued_from.is_some_and(|from| on < from);
            let late = self.issued_until.is_some_and(|until| on > until);
            (!early && !late).into()
        })
    }

    fn unknowns(&self, detainer: &Detainer, add: &mut impl FnMut(Cow<'static, str>)) {
        let asks = match (detainer.form, &detainer.asks) {
            (None, Some(_)) => "detainer.form",
            _ => "detainer.asks",
        };
        for (name, value) in [
            ("detainer.form", self.form(detainer)),
            (asks, self.asked(detainer)),
            ("detainer.served", self.service(detainer)),
            ("detainer.issuing_office", self.office(detainer)),
            ("detainer.issued_on", self.issued(detainer)),
        ] {
            if value == Tri::Unknown {
                add(name.into());
            }
        }
    }

    fn in_words(&self, facts: &Facts) -> String {
        let form = facts
            .detainer()
            .and_then(|detainer| detainer.form)
            .map_or("the request".to_owned(), |form| format!("the {form}"));
        match self.asks {
            Some(Ask::Notify) => format!("{form} asks for notice"),
            Some(Ask::Hold) => format!("{form} asks for a hold"),
            Some(Ask::Transfer) => format!("{form} asks for the transfer"),
            Some(Ask::Interview) => format!("{form} asks for an interview"),
            None => format!("there is a request: {form}"),
        }
    }
}
