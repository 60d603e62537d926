//! What must hold of every set of rules and of all that may be known of a case, over random ones:
//! the properties that docs/POLICY.md states.

mod made_up;

use proptest::prelude::*;

use super::combine::{Cell, Cells};
use super::decide::{decide, either_way, together};
use super::evaluate::{Ask, Book, Positions, Reading};
use super::facts::{Facts, Stated};
use super::load::Files;
use super::rule::{AuthorityKind, Mode, RuleText};
use super::tri::Tri;
use super::{Act, Disposition};
use made_up::{
    LISTS, as_a_rule, book, condition, detainer, facts, leaf, learn, learn_offense, offense, place,
    positions, request_test, rules, today,
};

/// How often each property is tried.
const CASES: u32 = 256;

fn ask<'a>(facts: &'a Facts, positions: &'a Positions) -> Ask<'a> {
    Ask {
        place: place(),
        on: today(),
        facts,
        positions,
    }
}

fn dispositions(book: &Book, facts: &Facts, positions: &Positions) -> [Disposition; 4] {
    book.dispositions(ask(facts, positions))
}

fn written(book: &Book, facts: &Facts, positions: &Positions) -> serde_json::Value {
    serde_json::to_value(book.answer(ask(facts, positions))).unwrap()
}

/// What the rules may come to for an act, whatever is adopted.
fn cells(book: &Book, act: Act, facts: &Facts) -> Cells {
    let nothing_adopted = Positions::new();
    let ask = ask(facts, &nothing_adopted);
    let rules = book.in_force(ask.place, ask.on);
    together(&decide(&rules, act, ask).findings, either_way)
}

/// Every decided act keeps its disposition.
fn stays_decided(before: [Disposition; 4], after: [Disposition; 4]) -> Result<(), TestCaseError> {
    for (act, (before, after)) in Act::ALL.iter().zip(before.into_iter().zip(after)) {
        prop_assert!(
            before == Disposition::Indeterminate || before == after,
            "{act}: {before}, then {after}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES * 16))]

    #[test]
    fn a_condition_that_is_known_stays_so(
        condition in prop_oneof![3 => leaf(), 1 => condition()], known in facts(4), more in facts(0),
    ) {
        let book = book(&[as_a_rule(condition)]);
        let adopted = Positions::new();
        let after = learn(&known, &more);
        stays_decided(
            dispositions(&book, &known, &adopted),
            dispositions(&book, &after, &adopted),
        )?;
    }

    #[test]
    fn a_request_that_is_completed_still_asks_what_it_asked(
        test in request_test(), known in detainer(0.6), more in detainer(1.0),
    ) {
        let book = book(&[as_a_rule(test)]);
        let adopted = Positions::new();
        let request = |detainer| Facts {
            detainer: Some(Stated::Is(detainer)),
            ..Facts::default()
        };
        let after = learn(&request(known.clone()), &request(more));
        stays_decided(
            dispositions(&book, &request(known), &adopted),
            dispositions(&book, &after, &adopted),
        )?;
    }

    #[test]
    fn a_record_that_is_completed_stays_on_its_list_or_off_it(
        known in offense(0.6), more in offense(1.0),
    ) {
        let after = learn_offense(&known, &more);
        for list in LISTS.values() {
            let (was, is) = (list.holds(&known).is, list.holds(&after).is);
            prop_assert!(was == Tri::Unknown || was == is, "{}: {was:?}, then {is:?}", list.id);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn a_fact_that_becomes_known_changes_no_decided_act(
        rules in rules(1..6), known in facts(4), more in facts(4), adopted in positions(),
    ) {
        let book = book(&rules);
        let learnt = learn(&known, &more);
        stays_decided(
            dispositions(&book, &known, &adopted),
            dispositions(&book, &learnt, &adopted),
        )?;
    }

    #[test]
    fn what_is_decided_holds_however_the_unknown_turns_out(
        rules in rules(1..6), known in facts(5),
        completions in proptest::collection::vec(facts(0), 4), adopted in positions(),
    ) {
        let book = book(&rules);
        let decided = dispositions(&book, &known, &adopted);
        for completion in completions {
            let all = learn(&known, &completion);
            stays_decided(decided, dispositions(&book, &all, &adopted))?;
        }
    }

    #[test]
    fn no_level_widens_what_a_higher_one_binds(
        rules in rules(1..8), known in facts(2), cut in 0..6u8, adopted in positions(),
    ) {
        let is_upper = |text: &RuleText| made_up::level(text) as u8 <= cut && text.mode != Mode::Advisory;
        let (upper, all) = (book(rules.iter().filter(|text| is_upper(text))), book(&rules));
        let after = dispositions(&all, &known, &adopted);
        for (act, after) in Act::ALL.iter().zip(after) {
            let above = cells(&upper, *act, &known);
            let both = cells(&all, *act, &known);
            for (cell, bound) in [
                (Cell::Required, Disposition::Required),
                (Cell::Prohibited, Disposition::Prohibited),
            ] {
                if above == Cells::just(cell) {
                    prop_assert_eq!(after, bound);
                    prop_assert_eq!(both, above);
                }
            }
            if above.is_within(Cells::just(Cell::Permitted).with(Cell::NotRequired)) {
                prop_assert!(both.is_within(above.with(Cell::Prohibited)), "{:?} {:?}", above, both);
                prop_assert_ne!(after, Disposition::Required);
            }
            // Whatever else it came to, a prohibition of one way is still there for that way.
            if above.contains(Cell::Prohibited) {
                prop_assert!(both.contains(Cell::Prohibited));
            }
        }
    }

    #[test]
    fn the_files_have_no_order(
        (rules, shuffled) in rules(1..7).prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())),
        known in facts(2), adopted in positions(),
    ) {
        prop_assert_eq!(
            written(&book(&rules), &known, &adopted),
            written(&book(&shuffled), &known, &adopted)
        );
    }

    #[test]
    fn a_duty_never_goes_because_of_another_rule(
        rules in rules(1..7), known in facts(2), adopted in positions(),
    ) {
        let duties = |book: &Book| match written(book, &known, &adopted)["duties"].take() {
            serde_json::Value::Array(duties) => duties,
            other => panic!("{other}"),
        };
        let together = duties(&book(&rules));
        let alone: Vec<_> = rules.iter().flat_map(|rule| duties(&book([rule]))).collect();
        prop_assert_eq!(together.len(), alone.len());
        for duty in alone {
            prop_assert!(together.contains(&duty), "{} is gone", duty);
        }
    }

    #[test]
    fn a_position_settles_what_is_contested_and_nothing_else(
        rules in rules(1..6), known in facts(2), adopted in positions(),
    ) {
        let as_written = book(&rules);
        let nothing_adopted = Positions::new();
        let before = dispositions(&as_written, &known, &nothing_adopted);
        let after = dispositions(&as_written, &known, &adopted);
        let answer = as_written.answer(ask(&known, &adopted));
        for (at, act) in Act::ALL.iter().enumerate() {
            // The same as if the law itself were settled in the way that the agency reads it.
            let settled: Vec<_> = rules.iter().map(|rule| settle(rule, *act, &adopted)).collect();
            let by_law = dispositions(&book(&settled), &known, &nothing_adopted);
            prop_assert_eq!(after[at], by_law[at]);
            let open_before = before[at] == Disposition::Indeterminate;
            let decided = open_before && after[at] != Disposition::Indeterminate;
            let answered = answer.acts.of(*act);
            let named: Vec<_> = rules
                .iter()
                .filter(|rule| {
                    let told = format!("the agency reads {} as ", rule.id);
                    answered.because.iter().any(|because| because.starts_with(&told))
                })
                .collect();
            prop_assert_eq!(named.len(), usize::from(decided), "{:?}", &answered.because);
            for rule in named {
                prop_assert_eq!(rule.authority_status.value, AuthorityKind::Contested);
                prop_assert!(adopted.contains_key(&(rule.id.clone(), act.as_str())));
            }
            if let Some(by) = &answered.decided_by {
                prop_assert_eq!(by.adopted_position.is_some(), decided);
            }
        }
        if before.iter().all(|disposition| *disposition != Disposition::Indeterminate) {
            prop_assert_eq!(
                written(&as_written, &known, &adopted),
                written(&as_written, &known, &nothing_adopted)
            );
        }
    }

    #[test]
    fn the_short_answer_is_the_long_one_s(
        rules in rules(0..7), known in facts(3), adopted in positions(),
    ) {
        let book = book(&rules);
        let short = dispositions(&book, &known, &adopted);
        let long = book.answer(ask(&known, &adopted));
        for (act, disposition) in Act::ALL.iter().zip(short) {
            let answered = long.acts.of(*act);
            prop_assert_eq!(answered.disposition, disposition);
            prop_assert_ne!(disposition, Disposition::NotAddressed);
            // Nothing is left unsaid: why it is so, and of what is open, what it turns on.
            prop_assert!(!answered.because.is_empty());
            if disposition != Disposition::Indeterminate {
                prop_assert!(answered.unknown.is_empty() && answered.readings.is_empty());
            }
            prop_assert_eq!(answered.trace.len(), rules.len());
        }
    }
}

/// The rule as it would be if its reach were settled as the agency reads it for this act.
fn settle(rule: &RuleText, act: Act, adopted: &Positions) -> RuleText {
    let mut rule = rule.clone();
    let position = adopted.get(&(rule.id.clone(), act.as_str()));
    if let (AuthorityKind::Contested, Some(reading)) = (rule.authority_status.value, position) {
        rule.authority_status = Default::default();
        let binding = match rule.mode {
            Mode::FloorRequired => Reading::Permitted,
            _ => Reading::Prohibited,
        };
        if *reading != binding {
            rule.acts.remove(act.as_str());
        }
    }
    rule
}

#[test]
fn the_files_in_the_binary_have_no_order() {
    let mut backwards = Files::built_in();
    for files in [&mut backwards.rules, &mut backwards.lists] {
        files.reverse();
    }
    let (one, other) = (Files::built_in().read().unwrap(), backwards.read().unwrap());
    let names = |book: &Book| {
        book.rules
            .iter()
            .map(|rule| rule.name())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&one), names(&other));
}

#[test]
fn two_calendars_are_refused_for_the_order_would_choose() {
    let mut files = Files::built_in();
    files.calendars.extend(files.calendars.clone());
    let refused = files.read().unwrap_err();
    assert!(
        refused.reason.starts_with("the calendar stands in"),
        "{refused}"
    );
}
