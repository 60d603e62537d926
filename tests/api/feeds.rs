//! Feeds: heartbeats, what is counted at them, and the one alarm of a silence.

use reqwest::Method;
use sallyport::custodian::feeds;
use sallyport::db::ScopedTx;
use sallyport::delivery::silence;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;

const SILENT: &str = "select count(*) from log.event where type = 'feed.silent'";

async fn beat(jail: &Client, name: &str, body: Value) -> Value {
    jail.put(&format!("/v1/feeds/{name}"), body)
        .await
        .expect(200)
        .json()
}

async fn feed(jail: &Client, name: &str) -> Value {
    let list = jail.get("/v1/feeds").await.expect(200).json();
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .find(|item| item["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {list}"))
        .clone()
}

/// A notice with an id of its source, of a feed.
fn message(id: &str, feed: Option<&str>, effective_at: &str) -> Value {
    let mut notice = notice("26-1", "scheduled", effective_at);
    notice["source_message_id"] = json!(id);
    notice["feed"] = json!(feed);
    notice
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_heartbeat_needs_no_precondition_and_says_how_often(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, other) = (app.submitter(ALDER).await, app.reviewer(BIRCH).await);
    let first = beat(&clerk, "JMS%20nightly", json!({})).await;
    assert_eq!(first["name"], "JMS nightly");
    assert_eq!(first["expected_every_minutes"], Value::Null);
    assert_eq!(first["silent"], false);
    let set = beat(
        &clerk,
        "JMS%20nightly",
        json!({"expected_every_minutes": 60}),
    )
    .await;
    assert_eq!(set["expected_every_minutes"], 60);
    // Absent: as before.
    assert_eq!(
        beat(&clerk, "JMS%20nightly", json!({})).await["expected_every_minutes"],
        60
    );
    let cleared = json!({ "expected_every_minutes": null });
    assert_eq!(
        beat(&clerk, "JMS%20nightly", cleared).await["expected_every_minutes"],
        Value::Null
    );
    for (body, status) in [
        (json!({"expected_every_minutes": 0}), 422),
        (json!({"expected_every_minutes": 525_601}), 422),
        (json!({"expected_every_minutes": "often"}), 422),
        (json!({"rows": 3}), 400),
    ] {
        clerk.put("/v1/feeds/jms", body).await.expect(status);
    }
    let long = "x".repeat(101);
    let refused = clerk
        .put(&format!("/v1/feeds/{long}"), json!({}))
        .await
        .expect(422);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/name");
    // Another agency has its own, or none.
    assert_eq!(
        other.get("/v1/feeds").await.expect(200).json(),
        json!({"items": [], "next": null})
    );
    beat(&other, "JMS%20nightly", json!({})).await;
    // Changed intervals are events, heartbeats are not.
    let set = app
        .count("select count(*) from log.event where type = 'feed.set' and agency_id = (select id from registry.agency where ori = 'CA0990100')")
        .await;
    assert_eq!(set, 3);
    let names = app
        .count("select count(*) from log.event where data::text like '%nightly%' or subjects::text like '%nightly%'")
        .await;
    assert_eq!(names, 0, "a feed's name is free text");
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn the_list_is_paged_by_name(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    for name in ["c", "a", "B", "%C3%A4", "d"] {
        beat(&clerk, name, json!({})).await;
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/feeds?limit=2".to_owned());
    loop {
        let page = clerk.get(&path).await.expect(200).json();
        for item in page["items"].as_array().unwrap() {
            seen.push(item["name"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/feeds?limit=2&cursor={next}"),
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, ["B", "a", "c", "d", "ä"]);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn notices_and_conflicts_count_at_their_feed(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let day = "2026-12-20T08:00:00-08:00";
    let path = "/v1/release-notices";
    clerk
        .post(path, message("m-1", Some("jms"), day))
        .await
        .expect(201);
    clerk
        .post(path, message("m-2", Some("jms"), day))
        .await
        .expect(201);
    clerk
        .post(path, message("m-3", None, day))
        .await
        .expect(201);
    // The same message again is no row, and no conflict.
    clerk
        .post(path, message("m-1", Some("jms"), day))
        .await
        .expect(200);
    app.settle().await;
    let seen = feed(&clerk, "jms").await;
    assert_eq!(
        (&seen["rows"], &seen["rejects"], &seen["conflicts"]),
        (&json!(2), &json!(0), &json!(0))
    );
    // The reader that comes by again counts nothing.
    sqlx::query("update delivery.reader set position = 0 where name = 'consequences'")
        .execute(&mut app.owner().await)
        .await
        .unwrap();
    app.settle().await;
    assert_eq!(feed(&clerk, "jms").await["rows"], 2);

    let later = "2026-12-21T08:00:00-08:00";
    let refused = clerk
        .post(path, message("m-1", Some("jms"), later))
        .await
        .expect(409);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/source_message_id");
    // In a batch each line counts for itself.
    let lines = format!(
        "{}\n{}\n",
        message("m-2", Some("jms"), later),
        message("m-4", Some("jms"), later)
    );
    let answer = clerk
        .send(
            Method::POST,
            "/v1/release-notices:batch",
            &[
                ("content-type", "application/x-ndjson"),
                ("idempotency-key", &fresh_key()),
            ],
            lines,
        )
        .await
        .expect(200)
        .json();
    assert_eq!(answer["items"][0]["status"], 409);
    assert_eq!(answer["items"][1]["status"], 201);
    app.settle().await;
    let seen = feed(&clerk, "jms").await;
    assert_eq!((&seen["rows"], &seen["conflicts"]), (&json!(3), &json!(2)));
    // Each is in the log, for the agency alone.
    let logged = app
        .count("select count(*) from log.event where type = 'refused' and data ->> 'problem' = 'conflict' and subjects ? 'release_notice' and office_id is null")
        .await;
    assert_eq!(logged, 2);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_silence_raises_one_alarm_whoever_looks_and_however_often(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, other) = (app.submitter(ALDER).await, app.submitter(BIRCH).await);
    beat(&clerk, "jms", json!({"expected_every_minutes": 60})).await;
    beat(&clerk, "fax", json!({})).await;
    beat(&other, "jms", json!({"expected_every_minutes": 100_000})).await;
    // Three times the interval, less a minute.
    app.app.clock.advance(179 * 60);
    silence::batch(&app.app).await.unwrap();
    assert_eq!(app.count(SILENT).await, 0);
    assert_eq!(feed(&clerk, "jms").await["silent"], false);
    app.app.clock.advance(2 * 60);
    assert_eq!(feed(&clerk, "jms").await["silent"], true);
    // Several processes at once, and again after a restart.
    let all = futures::future::join_all((0..4).map(|_| silence::batch(&app.app))).await;
    assert!(all.iter().all(Result::is_ok));
    silence::batch(&app.app).await.unwrap();
    assert_eq!(app.count(SILENT).await, 1);
    assert_eq!(
        app.count(
            "select count(*) from log.event where type = 'feed.silent' and office_id is not null"
        )
        .await,
        0
    );
    // A new heartbeat ends it; the next silence is another.
    assert_eq!(beat(&clerk, "jms", json!({})).await["silent"], false);
    silence::batch(&app.app).await.unwrap();
    assert_eq!(app.count(SILENT).await, 1);
    app.app.clock.advance(181 * 60);
    silence::batch(&app.app).await.unwrap();
    silence::batch(&app.app).await.unwrap();
    assert_eq!(app.count(SILENT).await, 2);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn what_a_file_brings_is_a_sign_of_life(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    beat(&clerk, "roster", json!({"expected_every_minutes": 60})).await;
    app.app.clock.advance(300 * 60);
    silence::batch(&app.app).await.unwrap();
    assert_eq!(app.count(SILENT).await, 1);
    for _ in 0..2 {
        let actor = app.actor_at(ALDER).await;
        let mut tx = ScopedTx::for_party(&app.app.pools.custodian, actor)
            .await
            .unwrap();
        feeds::seen(&mut tx, "roster", 100, 3, 1, app.app.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let seen = feed(&clerk, "roster").await;
    assert_eq!(
        (&seen["rows"], &seen["rejects"], &seen["conflicts"]),
        (&json!(200), &json!(6), &json!(2))
    );
    assert_eq!(
        (&seen["silent"], &seen["expected_every_minutes"]),
        (&json!(false), &json!(60))
    );
    silence::batch(&app.app).await.unwrap();
    assert_eq!(app.count(SILENT).await, 1);
    app.stop().await;
}
