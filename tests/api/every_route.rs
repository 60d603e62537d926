//! Every route × every role, with the expected status. A POST or PUT sends `{}`: whoever may do
//! it hears which field is missing (422), the others that they may not (403).

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use sallyport::types::Role;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::more::{keys_of, without_instance};
use crate::support::*;

pub const ROLES: [Role; 6] = [
    Role::Submitter,
    Role::Reviewer,
    Role::Liaison,
    Role::JurisdictionAdmin,
    Role::SystemAdmin,
    Role::Auditor,
];

/// The roles' places in `ROLES`, by side.
const SIDES: [(&str, &[usize]); 4] = [
    ("custodian", &[0, 1]),
    ("office", &[2]),
    ("oversight", &[3, 5]),
    ("operator", &[4]),
];

/// Method, pattern as in `router.rs`, and the status for each of `ROLES`.
pub type Row = (&'static str, &'static str, [u16; 6]);

#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    // method, path                                     subm rev  liai jadm sysa audi
    ("GET",    "/v1/whoami",                            [200, 200, 200, 200, 200, 200]),
    ("GET",    "/v1/jurisdictions",                     [200, 200, 200, 200, 200, 200]),
    ("GET",    "/v1/jurisdictions/{id}",                [200, 200, 200, 200, 200, 200]),
    ("GET",    "/v1/agencies",                          [200, 200, 200, 200, 200, 200]),
    ("POST",   "/v1/agencies",                          [403, 403, 403, 403, 422, 403]),
    ("GET",    "/v1/agencies/{ori}",                    [200, 200, 200, 200, 200, 200]),
    // The admin's jurisdiction is the agency's.
    ("PATCH",  "/v1/agencies/{ori}",                    [403, 403, 403, 428, 428, 403]),
    ("GET",    "/v1/agencies/{ori}/adopted-positions/{act}", [200, 200, 200, 200, 200, 200]),
    ("PUT",    "/v1/agencies/{ori}/adopted-positions/{act}", [403, 422, 403, 403, 403, 403]),
    ("GET",    "/v1/positions",                         [200, 200, 200, 200, 200, 200]),
    ("GET",    "/v1/offices",                           [200, 200, 200, 200, 200, 200]),
    ("POST",   "/v1/offices",                           [403, 403, 403, 403, 422, 403]),
    ("GET",    "/v1/offices/{code}",                    [200, 200, 200, 200, 200, 200]),
    // Its own contacts by its liaison.
    ("PATCH",  "/v1/offices/{code}",                    [403, 403, 428, 403, 428, 403]),
    ("GET",    "/v1/keys",                              [403, 200, 403, 403, 200, 403]),
    ("POST",   "/v1/keys",                              [403, 422, 403, 403, 422, 403]),
    ("DELETE", "/v1/keys/{id}",                         [403, 204, 403, 403, 204, 403]),
    ("GET",    "/v1/detainers",                         [200, 200, 200, 200, 403, 200]),
    ("POST",   "/v1/detainers",                         [422, 422, 422, 403, 403, 403]),
    ("POST",   "/v1/detainers:cancel",                  [403, 403, 422, 403, 403, 403]),
    ("GET",    "/v1/detainers/{id}",                    [200, 200, 200, 403, 403, 403]),
    ("GET",    "/v1/detainers/{id}/timeline",           [200, 200, 200, 403, 403, 403]),
    ("PUT",    "/v1/detainers/{id}/restriction",        [403, 422, 403, 403, 403, 403]),
    ("POST",   "/v1/detainers/{id}/acknowledgement",    [422, 422, 403, 403, 403, 403]),
    ("POST",   "/v1/detainers/{id}/service",            [422, 422, 403, 403, 403, 403]),
    ("POST",   "/v1/detainers/{id}/relay",              [403, 422, 403, 403, 403, 403]),
    ("POST",   "/v1/detainers/{id}/cancellation",       [403, 403, 422, 403, 403, 403]),
    ("GET",    "/v1/detainers/{id}/determinations",     [200, 200, 403, 403, 403, 403]),
    ("POST",   "/v1/detainers/{id}/determinations",     [403, 422, 403, 403, 403, 403]),
    ("GET",    "/v1/detainers/{id}/assessment",         [200, 200, 403, 403, 403, 403]),
    ("GET",    "/v1/detainers/{id}/facts",              [200, 200, 403, 403, 403, 403]),
    ("PATCH",  "/v1/detainers/{id}/facts",              [428, 428, 403, 403, 403, 403]),
    ("GET",    "/v1/detainers/{id}/citizenship-claims", [200, 200, 403, 403, 403, 403]),
    ("POST",   "/v1/detainers/{id}/citizenship-claims", [422, 422, 403, 403, 403, 403]),
    ("PATCH",  "/v1/detainers/{id}/citizenship-claims/{claim}", [428, 428, 403, 403, 403, 403]),
    ("GET",    "/v1/detainers/{id}/hold",               [200, 200, 403, 403, 403, 403]),
    ("POST",   "/v1/detainers/{id}/hold",               [403, 422, 403, 403, 403, 403]),
    ("POST",   "/v1/detainers/{id}/hold/end",           [403, 422, 403, 403, 403, 403]),
    ("GET",    "/v1/detainers/{id}/handover",           [200, 200, 200, 403, 403, 403]),
    ("POST",   "/v1/detainers/{id}/handover",           [403, 422, 422, 403, 403, 403]),
    ("GET",    "/v1/detainers/{id}/duties",             [200, 200, 403, 403, 403, 403]),
    ("GET",    "/v1/detainers/{id}/duties/{duty}",      [200, 200, 403, 403, 403, 403]),
    ("PATCH",  "/v1/detainers/{id}/duties/{duty}",      [428, 428, 403, 403, 403, 403]),
    ("POST",   "/v1/detainers/{id}/outcome",            [403, 422, 422, 403, 403, 403]),
    ("GET",    "/v1/bookings",                          [200, 200, 403, 403, 403, 403]),
    ("GET",    "/v1/bookings/{booking_number}",         [200, 200, 403, 403, 403, 403]),
    ("PUT",    "/v1/bookings/{booking_number}",         [422, 422, 403, 403, 403, 403]),
    ("PUT",    "/v1/bookings/{booking_number}/restriction", [403, 422, 403, 403, 403, 403]),
    // Without the header Purpose.
    ("GET",    "/v1/persons",                           [422, 422, 403, 403, 403, 403]),
    ("GET",    "/v1/persons/{id}/history",              [422, 422, 403, 403, 403, 403]),
    ("GET",    "/v1/release-notices",                   [200, 200, 403, 403, 403, 403]),
    ("POST",   "/v1/release-notices",                   [422, 422, 403, 403, 403, 403]),
    ("GET",    "/v1/release-notices/{id}",              [200, 200, 403, 403, 403, 403]),
    ("GET",    "/v1/notifications",                     [200, 200, 200, 403, 403, 403]),
    ("GET",    "/v1/notifications/{id}",                [200, 200, 200, 403, 403, 403]),
    ("POST",   "/v1/notifications/{id}/acknowledgement",[403, 403, 422, 403, 403, 403]),
    ("POST",   "/v1/notifications/{id}/attempts",       [422, 422, 403, 403, 403, 403]),
    ("GET",    "/v1/agencies/{ori}/standing-decisions", [200, 200, 403, 403, 403, 403]),
    ("PUT",    "/v1/agencies/{ori}/standing-decisions", [403, 422, 403, 403, 403, 403]),
    ("GET",    "/v1/detainers/{id}/letters/{kind}",     [200, 200, 403, 403, 403, 403]),
    ("PUT",    "/v1/detainers/{id}/booking",            [403, 422, 403, 403, 403, 403]),
    ("GET",    "/v1/matches",                           [403, 200, 403, 403, 403, 403]),
    ("POST",   "/v1/matches/{id}/decision",             [403, 422, 403, 403, 403, 403]),
    ("POST",   "/v1/release-notices:batch",             [200, 200, 403, 403, 403, 403]),
    ("GET",    "/v1/imports",                           [200, 200, 403, 403, 200, 403]),
    // The body is JSON, and no file is.
    ("POST",   "/v1/imports",                           [415, 415, 403, 403, 415, 403]),
    ("GET",    "/v1/imports/mappings",                  [200, 200, 403, 403, 403, 403]),
    ("GET",    "/v1/imports/mappings/{name}",           [200, 200, 403, 403, 403, 403]),
    // The body is JSON, and no mapping is.
    ("PUT",    "/v1/imports/mappings/{name}",           [415, 415, 403, 403, 403, 403]),
    // It comes with the service.
    ("DELETE", "/v1/imports/mappings/{name}",           [409, 409, 403, 403, 403, 403]),
    // A jail's file is none of the operator's releases.
    ("GET",    "/v1/imports/{id}",                      [200, 200, 403, 403, 404, 403]),
    ("GET",    "/v1/imports/{id}/rejects.csv",          [200, 200, 403, 403, 404, 403]),
    ("POST",   "/v1/imports/{id}/confirmation",         [403, 409, 403, 403, 403, 403]),
    ("POST",   "/v1/imports/{id}/cancellation",         [409, 409, 403, 403, 404, 403]),
    ("GET",    "/v1/audit/events",                      [403, 403, 403, 200, 403, 200]),
    ("GET",    "/v1/feeds",                             [200, 200, 403, 403, 403, 403]),
    // Any body is a heartbeat.
    ("PUT",    "/v1/feeds/{name}",                      [200, 200, 403, 403, 403, 403]),
    ("GET",    "/v1/events",                            [200, 200, 200, 403, 403, 403]),
    ("GET",    "/v1/policies",                          [200, 200, 200, 200, 200, 200]),
    ("POST",   "/v1/policies/evaluate",                 [422, 422, 422, 422, 422, 422]),
    ("POST",   "/v1/policies/preview",                  [403, 422, 403, 422, 403, 403]),
    ("GET",    "/v1/policies/{*id}",                    [200, 200, 200, 200, 200, 200]),
    ("POST",   "/v1/clock",                             [422, 422, 422, 422, 422, 422]),
    ("GET",    "/v1/statistics/detainers",              [200, 200, 200, 200, 200, 200]),
];

/// The records of one custodian and its office.
pub struct World {
    pub detainer: String,
    pub booking_number: String,
    pub notice: String,
    pub notification: String,
    pub claim: String,
    pub duty: String,
    pub person: String,
    pub key: String,
    pub found: String,
    pub import: String,
}

impl World {
    /// Requested, booked, noticed, told.
    pub async fn make(
        app: &TestApp,
        office: &str,
        agency: &str,
        a_number: &str,
        number: &str,
    ) -> Self {
        let (liaison, reviewer) = (app.liaison(office).await, app.reviewer(agency).await);
        let id = |answer: Answer| answer.json()["id"].as_str().unwrap().to_owned();
        let detainer = id(liaison
            .post("/v1/detainers", detainer(office, agency, a_number))
            .await
            .expect(201));
        reviewer
            .put(&format!("/v1/bookings/{number}"), booking(a_number))
            .await
            .expect(201);
        let soon = "2026-11-29T08:00:00-08:00";
        let notice = id(reviewer
            .post("/v1/release-notices", notice(number, "scheduled", soon))
            .await
            .expect(201));
        let decision =
            json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"});
        let decided = reviewer
            .post(
                &format!("/v1/detainers/{detainer}/determinations"),
                decision,
            )
            .await
            .expect(201);
        let notification = decided.json()["notification"].as_str().unwrap().to_owned();
        custody::acknowledge(&reviewer, &detainer).await;
        custody::serve(&reviewer, &detainer).await;
        let path = format!("/v1/detainers/{detainer}");
        let duties = reviewer.get(&format!("{path}/duties")).await.json();
        let claim = json!({"kind": "us_citizen", "claimed_at": "2026-11-21T09:00:00-08:00"});
        let claim = id(reviewer
            .post(&format!("{path}/citizenship-claims"), claim)
            .await
            .expect(201));
        app.settle().await;
        let person = sqlx::query_scalar::<_, uuid::Uuid>(
            "select person_id from custodian.booking where booking_number = $1",
        )
        .bind(number)
        .fetch_one(&mut app.owner().await)
        .await
        .unwrap();
        let found = sqlx::query_scalar::<_, uuid::Uuid>(
            "select m.id from custodian.match m join custodian.booking b on b.id = m.booking_id where b.booking_number = $1",
        )
        .bind(number)
        .fetch_one(&mut app.owner().await)
        .await
        .unwrap();
        let file = crate::imports::HEADING;
        let import = crate::imports::import(&reviewer, "kind=bookings", file).await;
        Self {
            import: import["id"].as_str().unwrap().to_owned(),
            person: person.to_string(),
            found: found.to_string(),
            claim,
            duty: duties["items"][0]["id"].as_str().unwrap().to_owned(),
            detainer,
            booking_number: number.to_owned(),
            notice,
            notification,
            key: key_id(&app.key(Role::Submitter, agency).await),
        }
    }

    /// The address of a pattern; `{id}` is the record that the path is about.
    pub fn path(&self, pattern: &str) -> String {
        let id = match pattern.split('/').nth(2).unwrap() {
            "detainers" => &self.detainer,
            "release-notices" => &self.notice,
            "notifications" => &self.notification,
            "persons" => &self.person,
            "matches" => &self.found,
            "keys" => &self.key,
            "imports" => &self.import,
            "policies" => "us-ca/values-act",
            _ => "06073",
        };
        let pattern = pattern
            .replace("{claim}", &self.claim)
            .replace("{duty}", &self.duty);
        fill(&pattern, id, &self.booking_number)
    }
}

fn fill(pattern: &str, id: &str, booking_number: &str) -> String {
    pattern
        .replace("{id}", id)
        .replace("{claim}", id)
        .replace("{duty}", id)
        .replace("{*id}", id)
        .replace("{booking_number}", booking_number)
        .replace("mappings/{name}", "mappings/bookings-pierce")
        .replace("{name}", "JMS%20nightly")
        .replace("{act}", "notify_release")
        .replace("{kind}", "copy-and-intent")
        .replace("{ori}", ALDER)
        .replace("{code}", SND)
}

fn key_id(key: &str) -> String {
    key.split('_').nth(1).unwrap().to_owned()
}

/// A key of each of `ROLES`, on the side of Alder and SND.
pub async fn callers(app: &TestApp) -> Vec<Client> {
    let mut callers = Vec::new();
    for role in ROLES {
        let place = match role {
            Role::Submitter | Role::Reviewer => ALDER,
            Role::Liaison => SND,
            Role::JurisdictionAdmin | Role::Auditor => "06073",
            Role::SystemAdmin => "",
        };
        callers.push(app.client(app.key(role, place).await));
    }
    callers
}

/// The law is everybody's: no key is looked at.
fn is_public(pattern: &str) -> bool {
    let own = pattern == "/v1/policies/preview";
    !own && (pattern.starts_with("/v1/policies") || pattern == "/v1/clock")
}

/// Is the record of this route one that belongs to a tenant?
fn is_tenants(pattern: &str) -> bool {
    // What comes with the service is everybody's; an agency's own is tested with the pages of imports.
    let everybodys = pattern.starts_with("/v1/imports/mappings");
    !everybodys
        && [
            "/detainers/",
            "/bookings/",
            "/release-notices/",
            "/notifications/",
            "/persons/",
            "/keys/",
            "/imports/",
        ]
        .iter()
        .any(|start| pattern[3..].starts_with(start))
}

#[test]
fn the_table_has_every_route_of_the_router() {
    let source = include_str!("../../src/router.rs");
    let mut routed = BTreeSet::new();
    for route in source.split(".route(").skip(1) {
        let path = route.split('"').nth(1).unwrap();
        if ["/healthz", "/readyz", "/openapi.json"].contains(&path) {
            continue;
        }
        for (method, call) in [
            ("GET", "get("),
            ("POST", "post("),
            ("PUT", "put("),
            ("PATCH", "patch("),
            ("DELETE", "delete("),
        ] {
            let text = route.split(".layer(").next().unwrap();
            let found = text.match_indices(call).any(|(at, _)| {
                !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
            });
            if found {
                routed.insert(format!("{method} /v1{path}"));
            }
        }
    }
    let covered: BTreeSet<String> = TABLE
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(routed, covered);
    let documented: BTreeSet<String> = sallyport::openapi::CALLS
        .iter()
        .map(|call| format!("{} /v1{}", call.method.to_uppercase(), call.path))
        .collect();
    assert_eq!(documented, covered, "the OpenAPI document's calls");
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn each_role_gets_the_status_of_the_table(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let mut world = World::make(&app, SND, ALDER, "A012345678", "26-001234").await;
    let callers = callers(&app).await;
    let nobody = app.client(String::new());
    let mut revoked = Vec::new();
    for (role, place) in [(Role::Submitter, ALDER), (Role::Liaison, SND)] {
        let key = app.key(role, place).await;
        sqlx::query("update identity.api_key set revoked_at = now() where id = $1")
            .bind(key_id(&key))
            .execute(&mut app.owner().await)
            .await
            .unwrap();
        revoked.push(app.client(key));
    }
    let mut wrong = Vec::new();
    for (method, pattern, expected) in TABLE {
        for ((role, caller), expected) in ROLES.iter().zip(&callers).zip(expected) {
            if *method == "DELETE" {
                world.key = key_id(&app.key(Role::Submitter, ALDER).await);
            }
            let answer = caller.call(method, &world.path(pattern)).await;
            if answer.status.as_u16() != *expected {
                wrong.push(format!(
                    "{method} {pattern} as {role}: {} for {expected}: {}",
                    answer.status, answer.text
                ));
            }
            let is_problem = answer.header("content-type") == "application/problem+json";
            if is_problem != (answer.status.as_u16() >= 400) {
                wrong.push(format!(
                    "{method} {pattern} as {role}: {}",
                    answer.header("content-type")
                ));
            }
        }
        for caller in revoked.iter().chain([&nobody]) {
            let answer = caller.call(method, &world.path(pattern)).await;
            if is_public(pattern) {
                if answer.status.as_u16() != expected[0] {
                    wrong.push(format!("{method} {pattern} of anybody: {}", answer.status));
                }
                continue;
            }
            if answer.status != 401 || answer.slug() != "unauthenticated" {
                wrong.push(format!(
                    "{method} {pattern} without a live key: {}",
                    answer.status
                ));
            }
            if answer.header("www-authenticate").is_empty() {
                wrong.push(format!(
                    "{method} {pattern} without a live key: no WWW-Authenticate"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_foreign_record_is_answered_like_one_that_does_not_exist(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let foreign = World::make(&app, HOU, BIRCH, "A087654321", "26-900000").await;
    let callers = callers(&app).await;
    let before = app.rows().await;
    let mut tried = 0;
    for (method, pattern, expected) in TABLE {
        // A PUT of a booking number writes the caller's own booking of that number.
        if !is_tenants(pattern) || *method == "PUT" {
            continue;
        }
        for (side, roles) in SIDES {
            let has_call = roles.iter().any(|&role| expected[role] != 403);
            // The operator stands over every key.
            if !has_call || side == "operator" {
                continue;
            }
            for &role in roles {
                let random = sallyport::types::ids::new_v7(app.app.clock.now()).to_string();
                let unknown_key = format!("c{}", &fresh_key()[..15]);
                let id = if pattern.contains("/keys/") {
                    &unknown_key
                } else {
                    &random
                };
                let theirs = callers[role].call(method, &foreign.path(pattern)).await;
                let none = callers[role]
                    .call(method, &fill(pattern, id, "26-404404"))
                    .await;
                let malformed = callers[role]
                    .call(method, &fill(pattern, "no-id", "26-404405"))
                    .await;
                for answer in [&theirs, &none, &malformed] {
                    assert_eq!(
                        answer.status, 404,
                        "{method} {pattern} as {}: {}",
                        ROLES[role], answer.text
                    );
                }
                assert_eq!(
                    without_instance(&theirs),
                    without_instance(&none),
                    "{method} {pattern}"
                );
                assert_eq!(
                    without_instance(&malformed),
                    without_instance(&none),
                    "{method} {pattern}"
                );
                let names: Vec<BTreeSet<String>> = [&theirs, &none]
                    .map(|answer| answer.headers.keys().map(ToString::to_string).collect())
                    .into();
                assert_eq!(names[0], names[1], "the headers tell them apart");
                tried += 1;
            }
        }
    }
    assert!(tried > 20, "{tried}");
    assert_eq!(app.rows().await, before);

    // The same number at another agency is another booking.
    let number = format!("/v1/bookings/{}", foreign.booking_number);
    callers[0]
        .put(&number, booking("A055555555"))
        .await
        .expect(201);
    let theirs = app
        .reviewer(BIRCH)
        .await
        .get(&number)
        .await
        .expect(200)
        .json();
    assert_eq!(theirs["subject"]["a_number"], "A*****4321");
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_route_of_another_side_is_403_whatever_the_id(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let own = World::make(&app, SND, ALDER, "A012345678", "26-001234").await;
    let foreign = World::make(&app, HOU, BIRCH, "A087654321", "26-900000").await;
    let callers = callers(&app).await;
    let before = app.rows().await;
    let mut tried = 0;
    for (method, pattern, expected) in TABLE {
        if !is_tenants(pattern) {
            continue;
        }
        for (side, roles) in SIDES {
            if roles.iter().any(|&role| expected[role] != 403) {
                continue;
            }
            for &role in roles {
                let random = sallyport::types::ids::new_v7(app.app.clock.now()).to_string();
                let mut bodies = BTreeMap::new();
                for path in [
                    own.path(pattern),
                    foreign.path(pattern),
                    fill(pattern, &random, "26-404404"),
                    fill(pattern, "no-id", "x"),
                ] {
                    let answer = callers[role].call(method, &path).await;
                    assert_eq!(
                        answer.status, 403,
                        "{method} {path} for {side}: {}",
                        answer.text
                    );
                    bodies.insert(without_instance(&answer).to_string(), path);
                    tried += 1;
                }
                assert_eq!(bodies.len(), 1, "{bodies:#?}");
            }
        }
    }
    assert!(tried > 100, "{tried}");
    assert_eq!(app.rows().await, before);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_method_that_an_address_lacks_is_405_and_an_unknown_address_404(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let reviewer = app.reviewer(ALDER).await;
    let mut methods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (method, pattern, _) in TABLE {
        methods.entry(pattern).or_default().insert(method);
    }
    for (pattern, known) in methods {
        let path = fill(pattern, "018f0000-0000-7000-8000-000000000000", "1");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"] {
            if known.contains(method) {
                continue;
            }
            let answer = reviewer
                .send(method.parse().unwrap(), &path, &[], "")
                .await
                .expect(405);
            assert_eq!(answer.slug(), "method-not-allowed", "{method} {path}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
            let allow = answer.header("allow");
            for method in &known {
                assert!(allow.contains(method), "{method} {path}: Allow: {allow}");
            }
        }
    }
    for path in [
        "/v1",
        "/v1/",
        "/v1/detainer",
        "/v1/keys/a/b",
        "/v2/whoami",
        "/nothing",
    ] {
        let answer = reviewer.send(Method::GET, path, &[], "").await.expect(404);
        assert_eq!(answer.slug(), "not-found", "{path}");
        assert!(
            answer.json()["instance"]
                .as_str()
                .unwrap()
                .starts_with("urn:uuid:")
        );
    }
    app.stop().await;
}

/// What the jail alone knows or decides.
const JAILS_OWN: &[&str] = &[
    "booking",
    "booking_id",
    "assessment",
    "case",
    "case_file",
    "person",
    "person_id",
    "match",
    "matches",
    "review",
    "determination",
    "determinations",
    "duties",
    "facts",
    "restriction",
    "letters",
    "action",
    "due_at",
    "release_expected_at",
    "released_at",
    "departs_from_policy",
    "reason_code",
    "citations",
    "custody_basis",
    "charges",
];

/// What no answer ever shows.
const NOBODYS: &[&str] = &[
    "agency_id",
    "office_id",
    "secret_hash",
    "salt",
    "seq",
    "global_position",
    "content_hash_salt",
    "password_hash",
    "a_number_index",
    "name_parts",
    "sealed",
    "credential",
];

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn no_answer_holds_a_field_of_another_side(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    // Nothing of this has been told: booked, noticed, declined, and an outcome kept to itself.
    let (liaison, reviewer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A012345678"))
        .await
        .expect(201)
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    reviewer
        .put("/v1/bookings/26-SECRET", booking("A012345678"))
        .await
        .expect(201);
    let booking = reviewer.get("/v1/bookings/26-SECRET").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let notice = reviewer
        .post(
            "/v1/release-notices",
            notice("26-SECRET", "scheduled", "2026-11-29T08:00:00-08:00"),
        )
        .await
        .expect(201)
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    reviewer
        .post(
            &format!("/v1/detainers/{id}/determinations"),
            json!({"act": "notify_release", "decision": "decline", "reason_code": "agency_policy", "note": "kept-to-itself"}),
        )
        .await
        .expect(201);
    app.settle().await;

    let paths = |world: &str| -> Vec<String> {
        TABLE
            .iter()
            .filter(|(method, path, _)| *method == "GET" && *path != "/v1/events")
            // The text of the law is everybody's, and speaks of citations too.
            .filter(|(_, path, _)| !path.contains("notifications/{id}") && !is_public(path))
            .map(|(_, path, _)| {
                let record = match path.split('/').nth(2).unwrap() {
                    "detainers" => world,
                    "release-notices" => &notice,
                    _ => "06073",
                };
                fill(path, record, "26-SECRET")
            })
            .collect()
    };
    for (role, caller) in ROLES.iter().zip(callers(&app).await) {
        let (mut read, mut keys) = (0, BTreeSet::new());
        let is_oversight = matches!(role, Role::JurisdictionAdmin | Role::Auditor);
        for path in paths(&id) {
            let answer = caller.get(&path).await;
            if answer.status != 200 {
                continue;
            }
            read += 1;
            assert!(
                !answer.text.contains("A012345678"),
                "{role} {path} shows a whole A-number"
            );
            keys_of(&answer.json(), &mut keys);
            if !matches!(role, Role::Submitter | Role::Reviewer) {
                // The log of a jurisdiction holds ids and codes of what its agencies decide.
                let log = is_oversight && path == "/v1/audit/events";
                let ids = [booking.as_str(), notice.as_str(), "agency_policy"];
                for word in ["26-SECRET", "kept-to-itself"]
                    .into_iter()
                    .chain(ids.into_iter().filter(|_| !log))
                {
                    assert!(
                        !answer.text.contains(word),
                        "{role} {path} shows {word}: {}",
                        answer.text
                    );
                }
            }
            if matches!(
                role,
                Role::JurisdictionAdmin | Role::SystemAdmin | Role::Auditor
            ) {
                // A masked list names its requests by id; no single one can be opened.
                let masked =
                    is_oversight && ["/v1/audit/events", "/v1/detainers"].contains(&path.as_str());
                let ids = [id.as_str()];
                for word in ["Example", "Ana", "1990-02-03", "contacts"]
                    .into_iter()
                    .chain(ids.into_iter().filter(|_| !masked))
                {
                    assert!(
                        !answer.text.contains(word),
                        "{role} {path} shows {word}: {}",
                        answer.text
                    );
                }
            }
        }
        assert!(read >= 7, "{role} read {read} answers");
        let hidden: Vec<&&str> = NOBODYS.iter().filter(|key| keys.contains(**key)).collect();
        assert!(hidden.is_empty(), "{role} sees {hidden:?}");
        if *role == Role::Liaison {
            let jails: Vec<&&str> = JAILS_OWN
                .iter()
                .filter(|key| keys.contains(**key))
                .collect();
            assert!(jails.is_empty(), "the liaison sees {jails:?}");
        }
    }
    let jails: Value = reviewer.get(&format!("/v1/detainers/{id}")).await.json();
    assert_eq!(
        jails["booking"],
        json!(booking),
        "the jail sees its own link"
    );
    app.stop().await;
}
