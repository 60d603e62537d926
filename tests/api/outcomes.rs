//! A custodian's outcome is its own until it is told, by asking or by a hand-over that the
//! custodian has confirmed.

use sallyport::policy::Disposition;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::*;
use crate::support::*;

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn an_outcome_crosses_with_the_hand_over_in_either_order(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let taken = || handover("2026-11-24T08:00:00-08:00", "Sally port");
    let before = outcome("dhs_took_custody_before_release_time");
    let hold = outcome("dhs_took_custody_during_hold");

    // The outcome first: one-sided for the office until the hand-over, which carries the latest.
    let id = lodge(&liaison, detainer(SND, ALDER, NUMBER)).await;
    let path = format!("/v1/detainers/{id}");
    jailer
        .post(&format!("{path}/outcome"), outcome("unknown"))
        .await
        .expect(201);
    jailer
        .post(&format!("{path}/outcome"), before.clone())
        .await
        .expect(201);
    let theirs = liaison
        .post(&format!("{path}/outcome"), before.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(theirs["agreement"], "one_sided");
    assert_eq!(app.count_of(&id, "outcome.disclosed").await, 0);
    // The office's own hand-over opens nothing.
    liaison
        .post(&format!("{path}/handover"), taken())
        .await
        .expect(201);
    assert_eq!(app.count_of(&id, "outcome.disclosed").await, 0);
    jailer
        .post(&format!("{path}/handover"), taken())
        .await
        .expect(201);
    assert_eq!(app.count_of(&id, "outcome.disclosed").await, 1);
    let theirs = liaison
        .post(&format!("{path}/outcome"), before.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(theirs["agreement"], "agreed");
    assert_eq!(theirs["other_side"]["custody"], before["custody"]);
    // Stated again: a correction is a new fact, and it crosses too.
    let own = jailer
        .post(&format!("{path}/outcome"), hold.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(own["agreement"], "disputed");
    assert_eq!(app.count_of(&id, "outcome.disclosed").await, 2);

    // The hand-over first.
    let id = lodge(&liaison, detainer(SND, ALDER, "A087654321")).await;
    let path = format!("/v1/detainers/{id}");
    jailer
        .post(&format!("{path}/handover"), taken())
        .await
        .expect(201);
    assert_eq!(app.count_of(&id, "outcome.disclosed").await, 0);
    jailer
        .post(&format!("{path}/outcome"), hold.clone())
        .await
        .expect(201);
    assert_eq!(app.count_of(&id, "outcome.disclosed").await, 1);
    let theirs = liaison
        .post(&format!("{path}/outcome"), hold)
        .await
        .expect(201)
        .json();
    assert_eq!(theirs["agreement"], "agreed");
    let timeline = liaison.get(&format!("{path}/timeline")).await.json();
    let stated: Vec<&Value> = timeline["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "outcome.stated")
        .map(|event| &event["by"])
        .collect();
    assert!(stated.iter().all(|by| **by == json!("office:SND")));
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn disclosing_by_asking_needs_the_laws_leave(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let law = notifying(|question| match question.facts["tsdb_match"].as_bool() {
        None => Disposition::Indeterminate,
        Some(false) => Disposition::Prohibited,
        Some(true) => Disposition::Permitted,
    });
    let app = TestApp::start_under(options, owner, law).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison, detainer(SND, ALDER, NUMBER)).await;
    let path = format!("/v1/detainers/{id}");
    let mut told = outcome("released_no_hold_requested");
    told["disclose"] = json!(true);
    for (fact, slug) in [
        (Value::Null, "policy-indeterminate"),
        (json!(false), "policy-prohibits"),
    ] {
        let tag = jailer.get(&format!("{path}/facts")).await.header("etag");
        jailer
            .patch(&format!("{path}/facts"), &tag, json!({"tsdb_match": fact}))
            .await
            .expect(200);
        let refused = jailer
            .post(&format!("{path}/outcome"), told.clone())
            .await
            .expect(409);
        assert_eq!(refused.slug(), slug);
    }
    assert_eq!(app.count_of(&id, "refused").await, 2);
    assert_eq!(app.count("select count(*) from custodian.outcome").await, 0);
    // Kept to itself, or told after a hand-over: that needs no leave, it happened.
    jailer
        .post(
            &format!("{path}/outcome"),
            outcome("released_no_hold_requested"),
        )
        .await
        .expect(201);
    let tag = jailer.get(&format!("{path}/facts")).await.header("etag");
    jailer
        .patch(&format!("{path}/facts"), &tag, json!({"tsdb_match": true}))
        .await
        .expect(200);
    jailer
        .post(&format!("{path}/outcome"), told)
        .await
        .expect(201);
    assert_eq!(app.count_of(&id, "outcome.disclosed").await, 1);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn service_finishes_the_duty_of_the_copy(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    let path = format!("/v1/detainers/{id}/duties");
    let list = jailer.get(&path).await.expect(200).json();
    let duty = &list["items"][0];
    assert_eq!(
        (&duty["duty"], &duty["to"]),
        (&json!("service_copy"), &json!("person"))
    );
    assert_eq!(duty["done_at"], "2026-11-20T18:00:00Z");
    assert_eq!(duty["evidence"], "served: in_person (es)");
    let one = format!("{path}/{}", duty["id"].as_str().unwrap());
    let seen = jailer.get(&one).await.expect(200);
    jailer
        .patch(&one, "\"stale\"", json!({"evidence": "receipt 7"}))
        .await
        .expect(412);
    jailer
        .patch(&one, &seen.header("etag"), json!({"due_at": null}))
        .await
        .expect(400);
    let said = jailer
        .patch(&one, &seen.header("etag"), json!({"evidence": "receipt 7"}))
        .await
        .expect(200)
        .json();
    assert_eq!(said["evidence"], "receipt 7");
    assert_eq!(said["done_at"], duty["done_at"]);
    assert_eq!(app.count_of(&id, "duty.done").await, 2);
    // What was said before stays.
    assert_eq!(
        app.count("select count(*) from custodian.duty_statement")
            .await,
        2
    );
    liaison.get(&path).await.expect(403);
    app.stop().await;
}
