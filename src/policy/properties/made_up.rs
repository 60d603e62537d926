//! Random rules and random knowledge. The rules all speak of one jail in the city of San Diego;
//! the facts are few enough that rules and cases meet.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use crate::policy::clock::Basis;
use crate::policy::condition::{
    AdministrativeText, Ask as Asks, ConditionText, DetainerText, JudicialText,
};
use crate::policy::evaluate::{Book, Positions, Reading};
use crate::policy::facts::{
    Agreement, Asked, Detainer, FactName, Facts, Form, JudicialKind, JudicialWarrant, Paragraph,
    Registrant, Signer, Stated, Warrant, WarrantKind,
};
use crate::policy::offense::{
    Degree, ListText, Offense, OffenseLevel, OffenseList, OffenseText, Statute,
};
use crate::policy::place::{Level, Place};
use crate::policy::rule::{
    Authority, AuthorityKind, ClauseText, ClockText, DutyName, DutyText, ExemptionText, Mode,
    Override, Rule, RuleText, Starts,
};
use crate::policy::{Act, Disposition};

const PLACES: [&str; 4] = ["us", "us-ca", "06073", "0666000"];
const MOST_RULES: usize = 8;

pub fn place() -> &'static Place {
    static PLACE: LazyLock<Place> = LazyLock::new(|| Place {
        chain: PLACES.iter().rev().map(|id| (*id).to_owned()).collect(),
        agency_kind: "jail".to_owned(),
        agency: Some("CA0370000".to_owned()),
    });
    &PLACE
}

pub fn today() -> NaiveDate {
    day("2026-11-24")
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn days(of: &'static [&'static str]) -> impl Strategy<Value = NaiveDate> {
    select(of).prop_map(day)
}

/// The level at which a rule is combined.
pub fn level(text: &RuleText) -> Level {
    text.level
        .or_else(|| Level::of(&text.jurisdiction))
        .unwrap()
}

/// Lists that between them have every kind of entry.
pub static LISTS: LazyLock<BTreeMap<String, Arc<OffenseList>>> = LazyLock::new(|| {
    let list = |text| {
        let text: ListText = serde_json::from_value(text).unwrap();
        (
            text.id.clone(),
            Arc::new(OffenseList::compile(text).unwrap()),
        )
    };
    BTreeMap::from([
        list(json!({
            "id": "open", "version": "1", "title": "O", "state": "CA", "citations": [], "open": true,
            "aliases": [{"now": "PC 287", "was": "PC 261"}],
            "entries": [
                {"class": "A", "sections": {"PC": "245"}},
                {"class": "B", "sections": {"PC": "459"}, "degree": "first"},
                {"class": "C", "sections": {"PC": "261(a)(2)"}, "level": "felony"},
                {"class": "D", "sections": {"PC": "664"}, "certain": false},
                {"class": "R", "firearm_used": true, "level": "felony"}
            ]
        })),
        list(json!({
            "id": "closed", "version": "1", "title": "C", "state": "CA", "citations": [],
            "entries": [
                {"class": "1", "sections": {"PC": "240-250"}},
                {"class": "2", "sections": {"PC": "261"}, "level": "felony"},
                {"class": "3", "sections": {"PC": "261(a)(1) 459(b)"}}
            ]
        })),
        list(json!({
            "id": "nevada", "version": "1", "title": "N", "state": "NV", "citations": [], "own_state_only": true,
            "entries": [{"class": "N", "sections": {"PC": "245 459"}}]
        })),
    ])
});

pub fn book<'a>(texts: impl IntoIterator<Item = &'a RuleText>) -> Book {
    let compile = |text: &RuleText| Rule::compile(text.clone(), String::new(), &LISTS).unwrap();
    Book::new(
        texts.into_iter().map(compile).collect(),
        LISTS.clone(),
        Default::default(),
    )
}

fn rule_id(at: usize) -> String {
    format!("us/rule-{at}")
}

pub fn rules(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<RuleText>> {
    assert!(count.end <= MOST_RULES);
    proptest::collection::vec(rule(), count).prop_map(|mut rules| {
        for (at, rule) in rules.iter_mut().enumerate() {
            rule.id = rule_id(at);
        }
        rules
    })
}

pub fn positions() -> impl Strategy<Value = Positions> {
    let of_one = (0..MOST_RULES, select(Act::ALL), select(Reading::ALL))
        .prop_map(|(at, act, reading)| ((rule_id(at), act.as_str()), reading));
    proptest::collection::btree_map(
        of_one.clone().prop_map(|(about, _)| about),
        select(Reading::ALL),
        0..16,
    )
}

/// A condition, as the one clause of a rule: the act is required where it holds and prohibited
/// where it does not.
pub fn as_a_rule(condition: ConditionText) -> RuleText {
    let clause = |when: Option<ConditionText>, then, otherwise| ClauseText {
        when,
        then,
        otherwise,
        cite: None,
        because: None,
    };
    let clauses = vec![
        clause(Some(condition), Some(Disposition::Required), None),
        clause(None, None, Some(Disposition::Prohibited)),
    ];
    let named = Act::ALL.iter().map(|act| act.as_str().to_owned());
    RuleText {
        id: rule_id(0),
        acts: named.map(|act| (act, clauses.clone())).collect(),
        ..bare()
    }
}

fn bare() -> RuleText {
    serde_json::from_value(json!({
        "id": "", "version": "1", "jurisdiction": "us", "title": "T", "citations": ["c"],
        "effective_from": "2020-01-01", "status": "draft", "mode": "floor_required"
    }))
    .unwrap()
}

fn rule() -> impl Strategy<Value = RuleText> {
    let head = (
        select(&PLACES[..]),
        select(
            &[
                None,
                None,
                None,
                Some(Level::CourtOrder),
                Some(Level::Agency),
            ][..],
        ),
        select(Mode::ALL),
        prop::bool::weighted(0.4),
    );
    let acts = prop::array::uniform4(weighted(0.8, clauses()));
    let exemption = (
        condition(),
        proptest::collection::vec(select(Act::ALL), 0..2),
    )
        .prop_map(|(when, acts)| ExemptionText {
            id: "exemption".to_owned(),
            when,
            acts,
            cite: "e".to_owned(),
        });
    let dropped = weighted(0.3, offense_test()).prop_map(|drops| Override {
        id: "override".to_owned(),
        drops: OffenseText {
            lists: Vec::new(),
            at_least: None,
            ..drops.unwrap_or_default()
        },
        cite: "o".to_owned(),
    });
    let duty =
        (select(DutyName::ALL), weighted(0.5, condition())).prop_map(|(duty, when)| DutyText {
            duty,
            to: vec!["person".to_owned()],
            on: "request_received".to_owned(),
            within: None,
            languages: Vec::new(),
            cite: "d".to_owned(),
            when,
        });
    let clock = (
        select(Basis::ALL),
        1..=96u32,
        select(Starts::ALL),
        weighted(0.5, condition()),
    )
        .prop_map(|(basis, hours, starts, when)| ClockText {
            basis,
            hours,
            starts,
            cite: "k".to_owned(),
            when,
        });
    let rest = (
        proptest::collection::vec(exemption, 0..2),
        proptest::collection::vec(dropped, 0..2),
        proptest::collection::vec(duty, 0..3),
        proptest::collection::vec(clock, 0..2),
    );
    (head, acts, rest).prop_map(
        |(
            (jurisdiction, level, mode, contested),
            acts,
            (exemptions, overrides, duties, clocks),
        )| {
            let authority_status = match contested {
                false => Authority::default(),
                true => Authority {
                    value: AuthorityKind::Contested,
                    contested_for: vec!["jail".to_owned()],
                    note: None,
                },
            };
            let named = Act::ALL.iter().map(|act| act.as_str().to_owned()).zip(acts);
            RuleText {
                jurisdiction: jurisdiction.to_owned(),
                level,
                mode,
                authority_status,
                acts: named
                    .filter_map(|(act, clauses)| Some((act, clauses?)))
                    .collect(),
                overrides,
                exemptions,
                duties,
                clocks,
                ..bare()
            }
        },
    )
}

fn clauses() -> impl Strategy<Value = Vec<ClauseText>> {
    let says = || {
        select(
            &[
                Disposition::Prohibited,
                Disposition::Permitted,
                Disposition::Permitted,
                Disposition::Required,
                Disposition::Required,
                Disposition::NotRequired,
                Disposition::NotAddressed,
            ][..],
        )
    };
    let clause = |when, then, otherwise| ClauseText {
        when,
        then,
        otherwise,
        cite: None,
        because: None,
    };
    (
        proptest::collection::vec((condition(), says()), 0..3),
        says(),
    )
        .prop_map(move |(clauses, last)| {
            let tried = clauses
                .into_iter()
                .map(|(when, then)| clause(Some(when), Some(then), None));
            tried.chain([clause(None, None, Some(last))]).collect()
        })
}

/// A condition without parts.
pub fn leaf() -> impl Strategy<Value = ConditionText> {
    let judicial = (
        proptest::collection::vec(select(JudicialKind::ALL), 0..2),
        proptest::collection::vec(select(Signer::ALL), 0..2),
    )
        .prop_map(|(kinds, signed_by)| {
            ConditionText::JudicialWarrant(JudicialText { kinds, signed_by })
        });
    prop_oneof![
        4 => select(FactName::ALL).prop_map(ConditionText::Fact),
        3 => offense_test().prop_map(ConditionText::Conviction),
        2 => offense_test().prop_map(ConditionText::Charge),
        2 => judicial,
        1 => proptest::collection::vec(select(WarrantKind::ALL), 0..2)
            .prop_map(|kinds| ConditionText::AdministrativeWarrant(AdministrativeText { kinds })),
        3 => request_test(),
        1 => Just(ConditionText::FederalAggravatedFelony("AB".to_owned())),
        1 => proptest::collection::vec(select(Agreement::ALL), 0..2).prop_map(ConditionText::Agreement),
        1 => Just(ConditionText::AgeUnder(18)),
    ]
}

pub fn condition() -> impl Strategy<Value = ConditionText> {
    leaf().prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(ConditionText::All),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(ConditionText::Any),
            inner.prop_map(|part| ConditionText::Not(Box::new(part))),
        ]
    })
}

/// What a condition may ask of the request.
pub fn request_test() -> impl Strategy<Value = ConditionText> {
    (
        proptest::collection::vec(select(forms()), 0..2),
        weighted(0.7, select(Asks::ALL)),
        weighted(0.2, any::<bool>()),
        weighted(0.2, Just("SND".to_owned())),
        weighted(0.2, Just(day("2026-11-01"))),
    )
        .prop_map(|(forms, asks, served, office, issued_from)| {
            ConditionText::Detainer(DetainerText {
                forms,
                asks,
                served,
                issuing_offices: office.into_iter().collect(),
                issued_from,
                issued_until: None,
            })
        })
}

fn offense_test() -> impl Strategy<Value = OffenseText> {
    (
        proptest::collection::vec(select(&["open", "closed", "nevada"][..]), 0..3),
        weighted(0.4, select(OffenseLevel::ALL)),
        weighted(0.2, any::<bool>()),
        weighted(0.2, any::<bool>()),
        weighted(0.2, any::<bool>()),
        weighted(0.2, select(STATES)),
        weighted(0.2, Just("B".to_owned())),
        weighted(0.3, select(&[5u32, 15][..])),
        weighted(0.2, 1..3usize),
    )
        .prop_map(
            |(
                lists,
                level,
                wobbler,
                state_prison,
                prop47_reduced,
                state,
                class,
                within_years,
                at_least,
            )| {
                OffenseText {
                    lists: lists.into_iter().map(str::to_owned).collect(),
                    level,
                    wobbler,
                    state_prison,
                    prop47_reduced,
                    state: state.map(str::to_owned),
                    class: class.into_iter().collect(),
                    within_years,
                    at_least,
                }
            },
        )
}

const STATES: &[&str] = &["CA", "NV"];

fn forms() -> &'static [Form] {
    &[Form::I247A, Form::I247G, Form::NcicHit, Form::Other]
}

/// Knowledge in which about so many facts of ten are unknown; with 0 all is known.
pub fn facts(unknown: u32) -> impl Strategy<Value = Facts> {
    let known = 1.0 - f64::from(unknown) / 10.0;
    let flags = prop::collection::vec(perhaps(known, any::<bool>()), 14);
    let people = (
        perhaps(known, proptest::collection::vec(offense(known), 0..3)),
        perhaps(known, proptest::collection::vec(offense(known), 0..3)),
        prop::bool::weighted(if unknown == 0 { 0.0 } else { 0.5 }),
        perhaps(known, select(&[17u8, 18, 34][..])),
        perhaps(
            known,
            proptest::collection::vec(select(&['A', 'B', 'C'][..]).prop_map(Paragraph), 0..2),
        ),
    );
    let papers = (
        perhaps(known, stated(detainer(known))),
        perhaps(
            known,
            stated(
                (
                    select(JudicialKind::ALL),
                    perhaps(known, select(Signer::ALL)),
                )
                    .prop_map(|(kind, signed_by)| JudicialWarrant { kind, signed_by }),
            ),
        ),
        perhaps(known, stated(select(Agreement::ALL))),
    );
    (flags, people, papers).prop_map(|(flags, people, papers)| {
        let (convictions, charges, more_convictions, age, federal_aggravated_felony) = people;
        let (detainer, judicial_warrant, agreement_287g) = papers;
        let mut flags = flags.into_iter();
        let mut flag = || flags.next().flatten();
        let mut facts = Facts {
            detainer,
            judicial_warrant,
            judicial_probable_cause: flag(),
            magistrate_finding_pc_872: flag(),
            state_judicial_order: flag(),
            release_information_public: flag(),
            tsdb_match: flag(),
            federal_felony_warrant: flag(),
            reentry_after_removal: flag(),
            cost_reimbursement_agreement: flag(),
            mou_with_dhs: flag(),
            interview_consent: flag(),
            proof_of_citizenship_or_status: flag(),
            convictions,
            charges,
            registrant: Some(Registrant {
                ca_sex_arson: flag(),
            }),
            federal_aggravated_felony,
            agreement_287g,
            age,
            victim_or_witness: flag(),
            more_convictions,
        };
        if facts.judicial_warrant == Some(Stated::None)
            && let Some(came) = first_judicial(&facts)
        {
            facts.judicial_warrant = Some(Stated::Is(came));
        }
        assert!(facts.contradictions().is_empty(), "{facts:?}");
        facts
    })
}

fn first_judicial(facts: &Facts) -> Option<JudicialWarrant> {
    facts.detainer()?.judicial_warrants().next()
}

/// Known with this likelihood, up to certainty.
fn perhaps<T: std::fmt::Debug>(
    known: f64,
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    (prop::bool::weighted(known), value).prop_map(|(is_known, value)| is_known.then_some(value))
}

fn stated<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Stated<T>> {
    weighted(0.7, value).prop_map(|value| value.map_or(Stated::None, Stated::Is))
}

pub fn detainer(known: f64) -> impl Strategy<Value = Detainer> {
    let warrant = (
        select(WarrantKind::ALL),
        perhaps(known, select(Signer::ALL)),
        weighted(0.3, any::<bool>()),
    )
        .prop_map(|(kind, signed_by, copy_present)| Warrant {
            kind,
            signed_by,
            copy_present,
        });
    let said = move || perhaps(known, any::<bool>());
    (
        perhaps(known, select(forms())),
        perhaps(known, days(&["2026-10-01", "2026-11-20"])),
        perhaps(known, select(&["SND", "LOS"][..])),
        perhaps(known, [said(), said(), said(), said()]),
        said(),
        perhaps(known, proptest::collection::vec(warrant, 0..2)),
    )
        .prop_map(
            |(form, issued_on, office, asks, served, warrants)| Detainer {
                form,
                issued_on,
                issuing_office: office.map(str::to_owned),
                asks: asks.map(|[notify, hold, transfer, interview]| Asked {
                    notify,
                    hold,
                    transfer,
                    interview,
                }),
                served,
                warrants,
            },
        )
}

pub fn offense(known: f64) -> impl Strategy<Value = Offense> {
    let statutes = &[
        "PC 245",
        "PC 245(a)(1)",
        "PC 459",
        "PC 459(b)",
        "PC 261",
        "PC 261(a)",
        "PC 261(a)(2)",
        "PC 287",
        "PC 664",
        "PC 999",
    ][..];
    (
        (
            perhaps(known, select(STATES)),
            perhaps(known, select(statutes)),
            perhaps(known, select(&[Degree::First, Degree::Second][..])),
            perhaps(known, select(OffenseLevel::ALL)),
            perhaps(known, any::<bool>()),
            perhaps(known, select(&["A", "B"][..])),
        ),
        (
            perhaps(known, any::<bool>()),
            weighted(0.3, any::<bool>()),
            weighted(0.3, any::<bool>()),
            weighted(0.3, select(statutes)),
            perhaps(known, days(&["2008-02-29", "2015-06-01", "2023-11-24"])),
        ),
    )
        .prop_map(
            |(
                (state, statute, degree, level, wobbler, class),
                (state_prison, firearm_used, prop47_reduced, equivalent, disposition_on),
            )| Offense {
                state: state.map(str::to_owned),
                statute: statute.map(self::statute),
                degree,
                level,
                wobbler,
                class: class.map(str::to_owned),
                state_prison,
                firearm_used,
                prop47_reduced,
                california_equivalent: equivalent.map(self::statute),
                disposition_on,
            },
        )
}

fn statute(text: &str) -> Statute {
    Statute::try_from(text.to_owned()).unwrap()
}

/// What is known, and besides it what another knows of the facts that are unknown here. What
/// exists only when it is supplied (proof, consent, marks) is no unknown fact and stays.
pub fn learn(known: &Facts, more: &Facts) -> Facts {
    let spare = |offenses: &Option<Vec<Offense>>| offenses.clone().unwrap_or_default();
    let mut facts = Facts {
        detainer: match (&known.detainer, &more.detainer) {
            (Some(Stated::Is(known)), Some(Stated::Is(more))) => {
                Some(Stated::Is(learn_detainer(known, more)))
            }
            (known, more) => known.clone().or(more.clone()),
        },
        judicial_warrant: match (&known.judicial_warrant, &more.judicial_warrant) {
            (Some(Stated::Is(known)), Some(Stated::Is(more))) => {
                Some(Stated::Is(JudicialWarrant {
                    kind: known.kind,
                    signed_by: known.signed_by.or(more.signed_by),
                }))
            }
            (known, more) => known.clone().or(more.clone()),
        },
        judicial_probable_cause: known
            .judicial_probable_cause
            .or(more.judicial_probable_cause),
        magistrate_finding_pc_872: known
            .magistrate_finding_pc_872
            .or(more.magistrate_finding_pc_872),
        state_judicial_order: known.state_judicial_order.or(more.state_judicial_order),
        release_information_public: known
            .release_information_public
            .or(more.release_information_public),
        tsdb_match: known.tsdb_match.or(more.tsdb_match),
        federal_felony_warrant: known.federal_felony_warrant.or(more.federal_felony_warrant),
        reentry_after_removal: known.reentry_after_removal.or(more.reentry_after_removal),
        cost_reimbursement_agreement: known
            .cost_reimbursement_agreement
            .or(more.cost_reimbursement_agreement),
        mou_with_dhs: known.mou_with_dhs.or(more.mou_with_dhs),
        interview_consent: known.interview_consent,
        proof_of_citizenship_or_status: known.proof_of_citizenship_or_status,
        convictions: learn_offenses(&known.convictions, &more.convictions),
        charges: learn_offenses(&known.charges, &more.charges),
        registrant: Some(Registrant {
            ca_sex_arson: known
                .registrant
                .as_ref()
                .and_then(|registrant| registrant.ca_sex_arson)
                .or(more
                    .registrant
                    .as_ref()
                    .and_then(|registrant| registrant.ca_sex_arson)),
        }),
        federal_aggravated_felony: known
            .federal_aggravated_felony
            .clone()
            .or_else(|| more.federal_aggravated_felony.clone()),
        agreement_287g: known
            .agreement_287g
            .clone()
            .or_else(|| more.agreement_287g.clone()),
        age: known.age.or(more.age),
        victim_or_witness: known.victim_or_witness.or(more.victim_or_witness),
        more_convictions: known.more_convictions && more.more_convictions,
    };
    if let (true, Some(convictions), Some(_)) = (
        known.more_convictions,
        &mut facts.convictions,
        &known.convictions,
    ) {
        convictions.extend(spare(&more.convictions));
    }
    // The warrant that came was not known when it was said that there is none, or the other way round.
    if !facts.contradictions().is_empty() {
        match known.judicial_warrant {
            Some(Stated::None) => {
                if let Some(Stated::Is(detainer)) = &mut facts.detainer {
                    detainer.warrants = detainer.warrants.take().map(|mut warrants| {
                        warrants.retain(|warrant| {
                            !matches!(
                                warrant.kind,
                                WarrantKind::JudicialCriminal | WarrantKind::JudicialCivil
                            )
                        });
                        warrants
                    });
                }
            }
            _ => {
                facts.judicial_warrant = first_judicial(&facts).map(Stated::Is);
            }
        }
    }
    assert!(facts.contradictions().is_empty(), "{facts:?}");
    facts
}

fn learn_detainer(known: &Detainer, more: &Detainer) -> Detainer {
    let asks = match (&known.asks, &more.asks) {
        (Some(known), Some(more)) => Some(Asked {
            notify: known.notify.or(more.notify),
            hold: known.hold.or(more.hold),
            transfer: known.transfer.or(more.transfer),
            interview: known.interview.or(more.interview),
        }),
        (known, more) => known.clone().or(more.clone()),
    };
    let warrants = match (&known.warrants, &more.warrants) {
        (Some(known), more) => {
            let signers = more.iter().flatten().map(|warrant| warrant.signed_by);
            let signers = signers.chain(std::iter::repeat(Some(Signer::State)));
            let told = |(known, signed_by): (&Warrant, Option<Signer>)| Warrant {
                signed_by: known.signed_by.or(signed_by),
                ..known.clone()
            };
            Some(known.iter().zip(signers).map(told).collect())
        }
        (None, more) => more.clone(),
    };
    Detainer {
        form: known.form.or(more.form),
        issued_on: known.issued_on.or(more.issued_on),
        issuing_office: known.issuing_office.clone().or(more.issuing_office.clone()),
        asks,
        served: known.served.or(more.served),
        warrants,
    }
}

fn learn_offenses(
    known: &Option<Vec<Offense>>,
    more: &Option<Vec<Offense>>,
) -> Option<Vec<Offense>> {
    let Some(known) = known else {
        return more.clone();
    };
    let others = more.iter().flatten().cloned();
    let told = |(known, more): (&Offense, Offense)| learn_offense(known, &more);
    let others = others.chain(std::iter::repeat_with(Offense::default));
    Some(known.iter().zip(others).map(told).collect())
}

pub fn learn_offense(known: &Offense, more: &Offense) -> Offense {
    // One that has an equivalent of California is another state's.
    let elsewhere = known.california_equivalent.is_some();
    let state = more
        .state
        .clone()
        .map(|state| if elsewhere { "NV".to_owned() } else { state });
    Offense {
        state: known.state.clone().or(state),
        statute: match (&known.statute, &more.statute) {
            // A subdivision may come to be known.
            (Some(known), Some(more)) => Some(refine(known, more)),
            (known, more) => known.clone().or(more.clone()),
        },
        degree: known.degree.or(more.degree),
        level: known.level.or(more.level),
        wobbler: known.wobbler.or(more.wobbler),
        class: known.class.clone().or(more.class.clone()),
        state_prison: known.state_prison.or(more.state_prison),
        firearm_used: known.firearm_used,
        prop47_reduced: known.prop47_reduced,
        california_equivalent: known.california_equivalent.clone(),
        disposition_on: known.disposition_on.or(more.disposition_on),
    }
}

/// The section with a further subdivision, taken from another's text.
fn refine(known: &Statute, more: &Statute) -> Statute {
    let known = known.to_string();
    match more.to_string().split_once('(') {
        Some((_, rest)) => statute(&format!("{known}({rest}")),
        None => statute(&known),
    }
}
