//! The rules as the live service asks them: San Diego, where a county's policy is contested, and
//! Texas, where the law requires.

use sallyport::policy::Law;
use sallyport::policy::load::Rules;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::{acknowledge, lodge, serve};
use crate::support::*;

const NUMBER: &str = "A012345678";
const RULE: &str = "us-ca-san-diego/policy-l-2";
/// Second-degree burglary, a felony of less than 15 years ago: Gov. Code 7282.5(a).
const BURGLARY: &str = r#"[{"state": "CA", "statute": "PC 459", "degree": "second", "level": "felony",
    "state_prison": false, "disposition_on": "2015-11-24"}]"#;

fn rules() -> Law {
    Law::of(Rules::built_in().unwrap())
}

async fn state(jail: &Client, id: &str, facts: Value) {
    let path = format!("/v1/detainers/{id}/facts");
    let tag = jail.get(&path).await.header("etag");
    jail.patch(&path, &tag, facts).await.expect(200);
}

/// Everything that a rule of California could turn on is known to be none.
fn nothing() -> Value {
    json!({"judicial_warrant": false, "convictions": [], "charges": [], "magistrate_finding_pc_872": false,
           "registrant": {"ca_sex_arson": false}, "federal_aggravated_felony": [], "federal_felony_warrant": false,
           "tsdb_match": false, "release_information_public": false, "agreement_287g": false,
           "judicial_probable_cause": false, "state_judicial_order": false, "reentry_after_removal": false})
}

async fn notify(jail: &Client, id: &str) -> Value {
    let path = format!("/v1/detainers/{id}/assessment");
    jail.get(&path).await.expect(200).json()["acts"]["notify_release"].clone()
}

async fn waiting(jail: &Client) -> (Value, Value) {
    let listed = jail.get("/v1/release-notices").await.expect(200).json();
    let found = &listed["items"][0]["matches"][0];
    (
        found["action"].clone(),
        found["notify_release"]["disposition"].clone(),
    )
}

async fn changes(jail: &Client, id: &str) -> Vec<(String, String)> {
    let timeline = jail.get(&format!("/v1/detainers/{id}/timeline")).await;
    let word = |event: &Value, name: &str| event["data"][name].as_str().unwrap().to_owned();
    timeline.expect(200).json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "assessment.changed")
        .map(|event| (word(event, "from"), word(event, "to")))
        .collect()
}

fn comply() -> Value {
    json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"})
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn what_the_law_withheld_is_asked_again_when_a_fact_or_a_position_arrives(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, rules()).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison, detainer(SND, ALDER, NUMBER)).await;
    let mut booked = booking(NUMBER);
    booked["charges"] = json!([]);
    jail.put("/v1/bookings/26-1", booked).await.expect(201);
    app.settle().await;
    let open = notify(&jail, &id).await;
    assert_eq!(open["disposition"], "indeterminate");
    let unknown = open["unknown"].as_array().unwrap();
    assert!(unknown.contains(&json!("convictions")), "{open}");
    assert!(!open["trace"].as_array().unwrap().is_empty());
    let early = jail
        .post(&format!("/v1/detainers/{id}/determinations"), comply())
        .await
        .expect(409);
    assert_eq!(early.slug(), "policy-indeterminate");

    // Known to be none: the law bars it, and the notice is withheld without a person.
    state(&jail, &id, nothing()).await;
    let scheduled = notice("26-1", "scheduled", "2026-12-20T08:00:00-08:00");
    let recorded = jail
        .post("/v1/release-notices", scheduled)
        .await
        .expect(201);
    assert_eq!(recorded.json()["matches"][0]["action"], "withheld");
    let barred = notify(&jail, &id).await;
    assert_eq!(
        (&barred["disposition"], &barred["decided_by"]["status"]),
        (&json!("prohibited"), &json!("draft"))
    );
    let refused = jail
        .post(&format!("/v1/detainers/{id}/determinations"), comply())
        .await
        .expect(409);
    assert_eq!(refused.slug(), "policy-prohibits");

    // A conviction opens the state's gate; the county's policy is contested, so a person waits
    // for the agency's position, and both readings are shown.
    let convictions: Value = serde_json::from_str(BURGLARY).unwrap();
    state(&jail, &id, json!({ "convictions": convictions })).await;
    app.settle().await;
    assert_eq!(
        waiting(&jail).await,
        (json!("queued"), json!("indeterminate"))
    );
    assert_eq!(
        notify(&jail, &id).await["readings"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let path = format!("/v1/agencies/{ALDER}/adopted-positions/notify_release");
    let position = json!({"rule": RULE, "reading": "permitted", "signed_by": "Sheriff Example", "reason": "As counsel advised"});
    let headers = [("if-none-match", "*"), ("content-type", "application/json")];
    jail.send(reqwest::Method::PUT, &path, &headers, position.to_string())
        .await
        .expect(200);
    app.settle().await;
    assert_eq!(waiting(&jail).await, (json!("queued"), json!("permitted")));
    assert_eq!(
        changes(&jail, &id).await,
        [
            ("prohibited", "indeterminate"),
            ("indeterminate", "permitted")
        ]
        .map(|(from, to)| (from.to_owned(), to.to_owned()))
    );
    assert!(
        liaison.get("/v1/notifications").await.json()["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let made = jail
        .post(&format!("/v1/detainers/{id}/determinations"), comply())
        .await
        .expect(201)
        .json();
    assert!(made["notification"].is_string(), "{made}");
    assert_eq!(made["assessment"]["decided_by"]["cite"], "7282.5(a)");
    assert_eq!(
        made["assessment"]["decided_by"]["adopted_position"],
        "permitted"
    );

    // Everybody may ask the same of the public call, and the position applies there too.
    let asked = json!({"agency": ALDER, "at": "2026-11-24T10:00:00-08:00",
                       "facts": {"convictions": convictions, "judicial_warrant": false, "detainer": {"form": "I-247A", "issued_on": "2026-11-20"}}});
    let answer = jail
        .post("/v1/policies/evaluate", asked)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["acts"]["notify_release"]["disposition"], "permitted");

    // The person and counsel are owed word of the telling (the TRUTH Act).
    app.settle().await;
    let duties = jail
        .get(&format!("/v1/detainers/{id}/duties"))
        .await
        .expect(200)
        .json();
    let mut owed: Vec<_> = duties["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|duty| {
            (
                duty["duty"].as_str().unwrap(),
                duty["to"].as_str().unwrap(),
                duty["due_at"].is_string(),
            )
        })
        .collect();
    owed.sort_unstable();
    assert_eq!(
        owed,
        [
            ("copy_and_intent", "person", true),
            ("notice_of_notice", "attorney_or_designee", true),
            ("notice_of_notice", "person", true),
            // Before any hold: the form itself (the federal rule).
            ("service_copy", "person", false),
        ]
    );
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_decision_beforehand_goes_on_when_the_law_opens(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, rules()).await;
    let (liaison, jail) = (app.liaison(HOU).await, app.reviewer(BIRCH).await);
    let path = format!("/v1/agencies/{BIRCH}/standing-decisions");
    let headers = [("if-none-match", "*"), ("content-type", "application/json")];
    let standing = json!({"notify_release": "when_required", "signed_by": "Sheriff Example", "reason": "Standing order 7"});
    jail.send(reqwest::Method::PUT, &path, &headers, standing.to_string())
        .await
        .expect(200);
    let id = lodge(&liaison, detainer(HOU, BIRCH, NUMBER)).await;
    jail.put("/v1/bookings/26-1", booking(NUMBER))
        .await
        .expect(201);
    app.settle().await;
    assert_eq!(notify(&jail, &id).await["disposition"], "required");

    // A person has shown proof of citizenship: the duty is lifted, and a person decides.
    state(&jail, &id, json!({"proof_of_citizenship_or_status": true})).await;
    assert_eq!(notify(&jail, &id).await["disposition"], "not_required");
    let scheduled = notice("26-1", "scheduled", "2026-12-20T08:00:00-06:00");
    jail.post("/v1/release-notices", scheduled)
        .await
        .expect(201);
    assert_eq!(waiting(&jail).await.0, "queued");
    // The proof was another person's paper: what the agency decided beforehand goes on.
    state(&jail, &id, json!({"proof_of_citizenship_or_status": null})).await;
    app.settle().await;
    assert_eq!(waiting(&jail).await, (json!("notified"), json!("required")));
    let told = liaison.get("/v1/notifications").await.expect(200).json();
    assert_eq!(told["items"].as_array().unwrap().len(), 1);
    let made = jail
        .get(&format!("/v1/detainers/{id}/determinations"))
        .await
        .json();
    assert!(
        made["items"][0]["decided_by"]
            .as_str()
            .unwrap()
            .starts_with("standing decision")
    );
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_hold_runs_by_the_rules_clock_and_the_person_is_told(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, rules()).await;
    let (liaison, jail) = (app.liaison(HOU).await, app.reviewer(BIRCH).await);
    let id = lodge(&liaison, detainer(HOU, BIRCH, NUMBER)).await;
    jail.put("/v1/bookings/26-1", booking(NUMBER))
        .await
        .expect(201);
    acknowledge(&jail, &id).await;
    serve(&jail, &id).await;
    app.settle().await;
    let now = app.app.clock.now();
    let hold = json!({"otherwise_releasable_at": now, "authority": {"kind": "state_statute", "reference": "Art. 2A.060"}});
    let started = jail
        .post(&format!("/v1/detainers/{id}/hold"), hold)
        .await
        .expect(201)
        .json();
    assert!(started["deadline_at"].is_string(), "{started}");
    app.settle().await;
    let duties = jail.get(&format!("/v1/detainers/{id}/duties")).await.json();
    assert!(
        duties["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|duty| duty["duty"] == "tell_held_under_detainer"
                && duty["citation"] == "2A.060(a)(2)"),
        "{duties}"
    );
    app.stop().await;
}
