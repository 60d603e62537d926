//! The law in the binary: every file stands, every case beside it holds.

use super::*;
use crate::policy::cases;

#[test]
fn every_case_beside_the_rules_holds() {
    let files = Files::built_in();
    let book = files.read().unwrap_or_else(|error| panic!("{error}"));
    let read = files.read_cases().unwrap_or_else(|error| panic!("{error}"));
    let report = cases::run_all(&book, &read);
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    assert!(report.cases >= 250, "{}", report.cases);
}

#[test]
fn every_rule_has_its_cases_beside_it() {
    let files = Files::built_in();
    for (path, _) in &files.rules {
        let beside = path.replace(".yaml", ".cases.yaml");
        assert!(
            files.cases.iter().any(|(path, _)| *path == beside),
            "{beside} is missing"
        );
    }
}

#[test]
fn the_calendar_in_the_binary_is_the_built_in_one() {
    let book = Files::built_in().read().unwrap();
    assert_eq!(book.calendar, Calendar::default());
}

fn broken(rule: &str) -> String {
    let files = Files {
        rules: vec![("policies/us-xx/rule.yaml".to_owned(), rule.to_owned())],
        ..Files::default()
    };
    files.read().unwrap_err().to_string()
}

const RULE: &str = r#"id: us-xx/rule
version: "1"
jurisdiction: us-tx
title: T
citations: [c]
effective_from: 2020-01-01
status: draft
mode: floor_required
acts:
  notify_release:
    - {when: {fact: tsdb_match}, then: permitted}
    - {otherwise: prohibited}
"#;

#[test]
fn a_file_that_cannot_stand_is_named_with_line_and_field() {
    for (from, to, expected) in [
        (
            "fact: tsdb_match",
            "fact: no_such_fact",
            "us-xx/rule.yaml:11:",
        ),
        (
            "fact: tsdb_match",
            "use: nowhere",
            "us-xx/rule.yaml:11:14: acts.notify_release[0].when: ",
        ),
        (
            "mode: floor_required",
            "mode: floor",
            "us-xx/rule.yaml:8:7: mode: ",
        ),
        ("version:", "versions:", "us-xx/rule.yaml:2:1"),
        (
            "    - {otherwise: prohibited}\n",
            "",
            "us-xx/rule.yaml:11:7: acts.notify_release[0]: the last clause is otherwise",
        ),
        (
            "{otherwise: prohibited}",
            "{otherwise: indeterminate}",
            "us-xx/rule.yaml:12:7: ",
        ),
        (
            "notify_release",
            "notify_later",
            "us-xx/rule.yaml:11:5: acts.notify_later: no such act",
        ),
        (
            "us-xx/rule",
            "us-yy/rule",
            "us-xx/rule.yaml:1:5: id: begins with",
        ),
        (
            "us-tx",
            "texas",
            "us-xx/rule.yaml:3:15: jurisdiction: no such jurisdiction",
        ),
        (
            "fact: tsdb_match",
            "charge: {lists: [none]}",
            "acts.notify_release[0].when: no list of offenses is named none",
        ),
        ("acts:", "acts: [", "us-xx/rule.yaml:"),
        (
            "status: draft",
            "status: reviewed",
            "us-xx/rule.yaml:7:9: status: ",
        ),
        (
            "effective_from: 2020-01-01",
            "effective_from: 2020-02-30",
            "us-xx/rule.yaml:6:17: effective_from",
        ),
        (
            "mode:",
            "scope: {agency_kinds: [jails]}\nmode:",
            "scope.agency_kinds: jails is no kind of agency",
        ),
    ] {
        let text = RULE.replace(from, to);
        assert_ne!(text, RULE);
        let error = broken(&text);
        assert!(error.contains(expected), "{from} -> {to}: {error}");
    }
    let files = Files {
        rules: vec![("policies/us-xx/rule.yaml".to_owned(), RULE.to_owned())],
        ..Files::default()
    };
    assert!(files.read().is_ok());
}

#[test]
fn two_versions_of_a_rule_are_never_in_force_on_one_day() {
    let second = RULE.replace("version: \"1\"", "version: \"2\"");
    let files = |second: String| Files {
        rules: vec![
            ("policies/us-xx/a.yaml".to_owned(), RULE.to_owned()),
            ("policies/us-xx/b.yaml".to_owned(), second),
        ],
        ..Files::default()
    };
    let error = files(second.clone()).read().unwrap_err();
    assert!(
        error.to_string().contains("in force on the same days"),
        "{error}"
    );
    let after = second.replace(
        "effective_from: 2020-01-01",
        "effective_from: 2019-01-01\neffective_until: 2019-12-31",
    );
    assert!(files(after).read().is_ok());
    assert!(files(RULE.to_owned()).read().is_err());
}

#[test]
fn the_last_good_law_stays_in_force_when_a_file_breaks() {
    let folder = std::env::temp_dir().join(format!("sallyport-law-{}", std::process::id()));
    let rules = folder.join("policies/us-xx");
    std::fs::create_dir_all(&rules).unwrap();
    let file = rules.join("rule.yaml");
    std::fs::write(&file, RULE).unwrap();
    let loaded = Rules::of_folder(&folder).unwrap();
    let version = || loaded.book().rules[0].text.version.clone();
    assert_eq!(version(), "1");

    std::fs::write(&file, RULE.replace("mode: floor_required", "mode: no")).unwrap();
    let error = loaded.reload().unwrap_err();
    assert!(
        error.file.ends_with("rule.yaml") && error.line == 8,
        "{error}"
    );
    assert_eq!(version(), "1");

    std::fs::write(&file, RULE.replace("version: \"1\"", "version: \"2\"")).unwrap();
    loaded.reload().unwrap();
    assert_eq!(version(), "2");
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(loaded.reload().is_err());
    assert_eq!(version(), "2");
}
