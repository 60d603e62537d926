//! No field reaches a role that may not see it: every field of every answer stands in the list of
//! its role, `tests/fields/<role>.txt`. `BLESS=1` writes the lists anew; read the difference. Some
//! rules hold whatever the lists say.

mod thread;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use reqwest::Method;
use sallyport::types::Role;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::every_route::{ROLES, TABLE, World, callers};
use crate::support::custody;
use crate::support::more::{keys_of, steady};
use crate::support::*;
use crate::two_worlds::events;

const A_NUMBER: &str = "A012345678";
const FBI_NUMBER: &str = "123456AB7";
const STATE_ID: &str = "CA00000077";
/// Free text that the jail wrote for itself.
const OWN_WORDS: &str = "for the jail alone";

/// What each role was answered: the call as in the contract, and the body.
#[derive(Default)]
struct Answers(BTreeMap<&'static str, Vec<(String, Value)>>);

impl Answers {
    fn keep(&mut self, role: &'static str, call: &str, answer: &Answer) {
        assert!(
            answer.status.is_success(),
            "{call} as {role}: {} {}",
            answer.status,
            answer.text
        );
        let of_role = self.0.entry(role).or_default();
        of_role.push((call.to_owned(), answer.json()));
    }

    fn of(&self, role: &str) -> &[(String, Value)] {
        self.0.get(role).map_or(&[], Vec::as_slice)
    }

    fn text(&self, role: &str) -> String {
        let bodies = self.of(role).iter();
        bodies
            .map(|(call, body)| format!("{call} {body}\n"))
            .collect()
    }
}

/// The place of each value in a body: `items[].subject.a_number`.
fn paths(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let dot = if at.is_empty() { "" } else { "." };
                paths(value, &format!("{at}{dot}{key}"), into);
            }
        }
        Value::Array(items) => {
            for item in items {
                paths(item, &format!("{at}[]"), into);
            }
        }
        _ => {
            into.insert(at.to_owned());
        }
    }
}

/// Every string of a body.
fn strings<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => object.values().for_each(|value| strings(value, into)),
        Value::Array(items) => items.iter().for_each(|item| strings(item, into)),
        Value::String(text) => into.push(text),
        _ => {}
    }
}

/// The law is everybody's and holds nothing of a case.
fn is_law(pattern: &str) -> bool {
    pattern.starts_with("/v1/policies") || pattern.starts_with("/v1/jurisdictions")
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn each_field_reaches_the_roles_of_its_list(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start_under(options, owner, custody::permitting()).await;
    let world = World::make(&app, SND, ALDER, A_NUMBER, "26-001234").await;
    let callers = callers(&app).await;
    let mut answers = Answers::default();
    thread::act(&app, &world, &callers, &mut answers).await;
    app.settle().await;
    look(&app, &world, &callers, &mut answers).await;

    let mut wrong = Vec::new();
    for role in ROLES {
        wrong.extend(difference(role.as_str(), &answers));
    }
    assert!(
        wrong.is_empty(),
        "a field was added or taken; if that is meant, run with BLESS=1:\n{}",
        wrong.join("\n")
    );
    hold_whatever_the_lists_say(&app, &answers).await;
    app.stop().await;
}

/// Every GET of every role that has it.
async fn look(app: &TestApp, world: &World, callers: &[Client], answers: &mut Answers) {
    for (method, pattern, expected) in TABLE {
        if *method != "GET" || is_law(pattern) || *pattern == "/v1/events" {
            continue;
        }
        for ((role, caller), status) in ROLES.iter().zip(callers).zip(expected) {
            let persons = pattern.starts_with("/v1/persons") && *status == 422;
            if *status != 200 && !persons {
                continue;
            }
            let mut path = world.path(pattern);
            if *pattern == "/v1/persons" {
                path = format!("{path}?a_number={A_NUMBER}");
            }
            if *pattern == "/v1/audit/events" {
                path += "?limit=200";
            }
            let purpose = [("purpose", "a look at the fields")];
            let answer = steady(async || caller.send(Method::GET, &path, &purpose, "").await).await;
            answers.keep(role.as_str(), &format!("{method} {pattern}"), &answer);
            // What is live is counted for those who have requests.
            let by = "/v1/statistics/detainers";
            if *pattern == by && *role != Role::SystemAdmin {
                let path = format!("{by}?source=operational&by=county,form");
                let answer = caller.look(&path).await;
                answers.keep(role.as_str(), &format!("GET {pattern}"), &answer);
            }
        }
    }
    let mut owner = app.owner().await;
    for (n, party) in [(0, "a:"), (1, "a:"), (2, "o:")] {
        let last: i64 = sqlx::query_scalar(
            "select max(position) from log.counter where party like $1 || '%' and party <> 'all'",
        )
        .bind(party)
        .fetch_one(&mut owner)
        .await
        .unwrap();
        let text = events(&callers[n], 0, last).await;
        for line in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
            let body = serde_json::from_str(line).unwrap();
            let of_role = answers.0.entry(ROLES[n].as_str()).or_default();
            of_role.push(("GET /v1/events".to_owned(), body));
        }
    }
}

/// What a role was answered against its list.
fn difference(role: &str, answers: &Answers) -> Vec<String> {
    let mut seen = BTreeSet::new();
    for (call, body) in answers.of(role) {
        let mut places = BTreeSet::new();
        paths(body, "", &mut places);
        seen.extend(places.into_iter().map(|place| format!("{call} {place}")));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fields/{role}.txt"));
    if std::env::var_os("BLESS").is_some() {
        let lines: Vec<&str> = seen.iter().map(String::as_str).collect();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let written: BTreeSet<String> = written.lines().map(str::to_owned).collect();
    let added = seen
        .difference(&written)
        .map(|line| format!("+ {role}: {line}"));
    let gone = written
        .difference(&seen)
        .map(|line| format!("- {role}: {line}"));
    added.chain(gone).collect()
}

/// Nobody may bless these away.
async fn hold_whatever_the_lists_say(app: &TestApp, answers: &Answers) {
    let mut owner = app.owner().await;
    let mut wrong = Vec::new();
    for role in ROLES {
        let role = role.as_str();
        let text = answers.text(role);
        // Identifiers are masked in every answer.
        for number in [
            &A_NUMBER[1..],
            "087654321",
            "055555555",
            FBI_NUMBER,
            STATE_ID,
            "765432AB1",
        ] {
            if text.contains(number) {
                wrong.push(format!("{role} reads {number} in plain"));
            }
        }
        // A secret is shown once, to who makes the key, and stands nowhere else.
        for (call, body) in answers.of(role) {
            let mut names = BTreeSet::new();
            keys_of(body, &mut names);
            for secret in ["secret", "password", "salt", "hash", "token", "key_hash"] {
                if names.contains(secret) {
                    wrong.push(format!("{role}: {call} has a field {secret}"));
                }
            }
            if call != "POST /v1/keys" && body.to_string().contains("\"sp_") {
                wrong.push(format!("{role}: {call} shows a key"));
            }
        }
    }
    // Of the jail's own: nothing to the office, and no ids nor words to oversight or the operator.
    let own_ids: Vec<String> = sqlx::query_scalar(
        "select id::text from custodian.booking union select id::text from custodian.person
         union select id::text from custodian.release_notice union select id::text from custodian.determination
         union select id::text from custodian.hold union select id::text from custodian.citizenship_claim
         union select id::text from custodian.match union select id::text from custodian.review
         union select id::text from custodian.outcome union select id::text from custodian.restriction
         union select id::text from log.event where office_id is null",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let office = answers.text("liaison");
    for id in own_ids {
        if office.contains(&id) {
            wrong.push(format!("the liaison reads the jail's own id {id}"));
        }
    }
    for (call, body) in answers.of("liaison") {
        let mut texts = Vec::new();
        strings(body, &mut texts);
        let flag =
            |text: &&&str| text.starts_with("restricted_") || **text == "citizenship_claim_open";
        if let Some(flag) = texts.iter().find(flag) {
            wrong.push(format!("the liaison: {call} is flagged {flag}"));
        }
        let mut names = BTreeSet::new();
        keys_of(body, &mut names);
        for own in [
            "booking",
            "assessment",
            "facts",
            "duties",
            "duty",
            "determination",
            "determinations",
            "restriction",
            "link_by",
            "release_notice_id",
            "case_file",
            "person",
            "claim",
            "match",
            "matches",
            "departs_from_policy",
            "reason_code",
            "disposition",
        ] {
            if names.contains(own) {
                wrong.push(format!("the liaison: {call} has a field {own}"));
            }
        }
    }
    for role in ["liaison", "jurisdiction_admin", "system_admin", "auditor"] {
        if answers.text(role).contains(OWN_WORDS) {
            wrong.push(format!("{role} reads the jail's own words"));
        }
    }
    for role in ["jurisdiction_admin", "system_admin", "auditor"] {
        for (call, body) in answers.of(role) {
            let mut texts = Vec::new();
            strings(body, &mut texts);
            for personal in [
                "Example",
                "Ana",
                "1990-02-03",
                "26-001234",
                "26-000777",
                "26-000999",
                "C. Officer",
                "B. Clerk",
            ] {
                if texts.iter().any(|text| text.contains(personal)) {
                    wrong.push(format!("{role}: {call} says {personal}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
