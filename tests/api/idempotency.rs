//! One key, one fact, one answer.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;

const SOON: &str = "2026-11-29T08:00:00-08:00";

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_hundred_parallel_copies_record_one_fact(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let key = fresh_key();
    let copies = (0..100).map(|_| {
        let (clerk, key) = (clerk.clone(), key.clone());
        tokio::spawn(async move {
            clerk
                .post_with_key(
                    "/v1/release-notices",
                    &key,
                    notice("26-1", "scheduled", SOON),
                )
                .await
        })
    });
    let (mut bodies, mut fresh, mut replayed, mut in_flight) = (BTreeSet::new(), 0, 0, 0);
    for answer in futures::future::join_all(copies).await {
        let answer = answer.unwrap();
        match answer.status.as_u16() {
            201 if answer.header("idempotent-replayed") == "true" => replayed += 1,
            201 => fresh += 1,
            409 => {
                assert_eq!(answer.slug(), "idempotency-in-flight");
                assert!(!answer.header("retry-after").is_empty());
                in_flight += 1;
                continue;
            }
            other => panic!("{other}: {}", answer.text),
        }
        bodies.insert((
            answer.text.clone(),
            answer.header("etag"),
            answer.header("location"),
            answer.header("content-type"),
        ));
    }
    println!("100 copies: {fresh} fresh, {replayed} replayed, {in_flight} in flight");
    assert_eq!((fresh, fresh + replayed + in_flight), (1, 100));
    assert_eq!(bodies.len(), 1, "equal bytes");
    assert_eq!(
        app.count("select count(*) from custodian.release_notice")
            .await,
        1
    );
    assert_eq!(
        app.count("select count(*) from log.event where type = 'release_notice.recorded'")
            .await,
        1
    );
    assert_eq!(app.count("select count(*) from custodian.booking").await, 1);
    let late = clerk
        .post_with_key(
            "/v1/release-notices",
            &key,
            notice("26-1", "scheduled", SOON),
        )
        .await
        .expect(201);
    assert_eq!(late.header("idempotent-replayed"), "true");
    assert!(bodies.iter().all(|(body, ..)| *body == late.text));
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_replay_has_the_same_status_body_etag_and_place(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, liaison) = (app.submitter(ALDER).await, app.liaison(SND).await);
    let key = fresh_key();
    let first = liaison
        .post_with_key("/v1/detainers", &key, detainer(SND, ALDER, "A012345678"))
        .await
        .expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    // Quoted, as the draft has it, and bare are the same key.
    let again = liaison
        .post_with_key(
            "/v1/detainers",
            &format!("\"{key}\""),
            detainer(SND, ALDER, "A012345678"),
        )
        .await
        .expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.text, first.text);
    for name in ["etag", "location", "content-type"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
        assert!(!first.header(name).is_empty(), "{name}");
    }
    assert!(first.header("location").starts_with("/v1/detainers/"));
    let other = liaison
        .post_with_key("/v1/detainers", &key, detainer(SND, ALDER, "A087654321"))
        .await
        .expect(422);
    assert_eq!(other.slug(), "idempotency-key-reused");
    assert_eq!(app.count("select count(*) from exchange.detainer").await, 1);

    // An act that answers 200 is replayed as 200, although it could not be done twice.
    let path = format!("{}/acknowledgement", first.header("location"));
    let key = fresh_key();
    let first = clerk
        .post_with_key(&path, &key, json!({"by": "B. Clerk"}))
        .await
        .expect(200);
    let again = clerk
        .post_with_key(&path, &key, json!({"by": "B. Clerk"}))
        .await
        .expect(200);
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("idempotent-replayed"), "true");
    clerk
        .post(&path, json!({"by": "B. Clerk"}))
        .await
        .expect(409);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_refusal_leaves_the_key_free_for_any_body(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, liaison) = (app.submitter(ALDER).await, app.liaison(SND).await);
    let key = fresh_key();
    let broken = notice("26-1", "scheduled", "9999-01-01T00:00:00Z");
    clerk
        .post_with_key("/v1/release-notices", &key, broken)
        .await
        .expect(422);
    clerk
        .post_with_key("/v1/release-notices", &key, json!({"nothing": 1}))
        .await
        .expect(400);
    assert_eq!(
        app.count("select count(*) from identity.stored_answer")
            .await,
        0
    );
    clerk
        .post_with_key(
            "/v1/release-notices",
            &key,
            notice("26-1", "scheduled", SOON),
        )
        .await
        .expect(201);

    let id = liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A012345678"))
        .await
        .expect(201)
        .header("location");
    let service = json!({"served_at": "2026-11-20T10:00:00-08:00", "method": "in_person", "officer": "B. Clerk"});
    let key = fresh_key();
    let path = format!("{id}/service");
    let refused = clerk
        .post_with_key(&path, &key, service.clone())
        .await
        .expect(409);
    assert_eq!(refused.slug(), "illegal-transition");
    clerk
        .post(&format!("{id}/acknowledgement"), json!({"by": "B. Clerk"}))
        .await
        .expect(200);
    // The cause is gone: the same key, the same body.
    let done = clerk.post_with_key(&path, &key, service).await.expect(200);
    assert_eq!(done.header("idempotent-replayed"), "");
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_key_counts_for_one_credential_and_one_address(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let key = fresh_key();
    let body = notice("26-1", "scheduled", SOON);
    let mut ids = BTreeSet::new();
    for client in [
        app.submitter(ALDER).await,
        app.submitter(ALDER).await,
        app.submitter(BIRCH).await,
    ] {
        let answer = client
            .post_with_key("/v1/release-notices", &key, body.clone())
            .await
            .expect(201);
        assert_eq!(answer.header("idempotent-replayed"), "");
        ids.insert(answer.json()["id"].to_string());
    }
    assert_eq!(ids.len(), 3);

    let (liaison, clerk) = (app.liaison(SND).await, app.submitter(ALDER).await);
    for a_number in ["A012345678", "A087654321"] {
        let place = liaison
            .post("/v1/detainers", detainer(SND, ALDER, a_number))
            .await
            .expect(201)
            .header("location");
        let path = format!("{place}/acknowledgement");
        let answer = clerk
            .post_with_key(&path, &key, json!({"by": "B. Clerk"}))
            .await
            .expect(200);
        assert_eq!(answer.header("idempotent-replayed"), "");
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_source_message_is_one_notice_whatever_the_key(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let mut body = notice("26-1", "scheduled", SOON);
    body["source_message_id"] = json!("jms-778812");
    let first = clerk
        .post("/v1/release-notices", body.clone())
        .await
        .expect(201);
    // The same instant in another zone and an absent field as null are the same content.
    let mut same = body.clone();
    same["effective_at"] = json!("2026-11-29T16:00:00Z");
    same["note"] = json!(null);
    same["subject"]["a_number"] = json!(null);
    let known = clerk.post("/v1/release-notices", same).await.expect(200);
    assert_eq!(known.json()["id"], first.json()["id"]);
    let mut other = body.clone();
    other["kind"] = json!("cancelled");
    let refused = clerk.post("/v1/release-notices", other).await.expect(409);
    assert_eq!(refused.slug(), "conflict");
    assert_eq!(refused.json()["errors"][0]["pointer"], "/source_message_id");
    app.submitter(BIRCH)
        .await
        .post("/v1/release-notices", body.clone())
        .await
        .expect(201);

    // Parallel copies under keys of their own.
    body["source_message_id"] = json!("jms-778813");
    let copies = (0..20).map(|_| {
        let (clerk, body) = (clerk.clone(), body.clone());
        tokio::spawn(async move { clerk.post("/v1/release-notices", body).await })
    });
    let (mut ids, mut created) = (BTreeSet::new(), 0);
    for answer in futures::future::join_all(copies).await {
        let answer = answer.unwrap();
        assert!(
            [200, 201].contains(&answer.status.as_u16()),
            "{}",
            answer.text
        );
        created += usize::from(answer.status == 201);
        ids.insert(answer.json()["id"].to_string());
    }
    assert_eq!((created, ids.len()), (1, 1));
    assert_eq!(
        app.count(
            "select count(*) from custodian.release_notice where source_message_id = 'jms-778813'"
        )
        .await,
        1
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn stored_answers_are_sealed_and_a_secret_is_shown_once(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, reviewer) = (app.submitter(ALDER).await, app.reviewer(ALDER).await);
    let mut body = notice("26-SECRET", "scheduled", SOON);
    body["note"] = json!("a note that nobody else reads");
    clerk.post("/v1/release-notices", body).await.expect(201);
    let request = json!({"role": "submitter", "agency": ALDER, "name": "JMS"});
    let key = fresh_key();
    let first = reviewer
        .post_with_key("/v1/keys", &key, request.clone())
        .await
        .expect(201);
    let secret = first.json()["key"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("sp_c"));
    let again = reviewer
        .post_with_key("/v1/keys", &key, request)
        .await
        .expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.json()["key"], json!(null));
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert_eq!(again.header("location"), first.header("location"));

    let stored: Vec<(Vec<u8>, String)> =
        sqlx::query_as("select body, headers::text from identity.stored_answer")
            .fetch_all(&mut app.owner().await)
            .await
            .unwrap();
    assert_eq!(stored.len(), 2);
    for (body, headers) in stored {
        let text = format!("{}{headers}", String::from_utf8_lossy(&body));
        for word in [
            "26-SECRET",
            "nobody else",
            "booking",
            "submitter",
            secret.as_str(),
            &secret[18..],
        ] {
            assert!(!text.contains(word), "{word} can be read");
        }
    }
    // Nowhere in the table of keys either.
    assert_eq!(
        app.count("select count(*) from identity.api_key k where position('sp_' in k::text) > 0")
            .await,
        0
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_copy_that_waits_too_long_hears_that_the_first_is_in_flight(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    use sqlx::Connection;
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let key = fresh_key();
    clerk
        .post("/v1/release-notices", notice("26-0", "scheduled", SOON))
        .await
        .expect(201);
    // Another process holds the key's row and does not come to an end.
    let mut elsewhere = app.owner().await;
    let mut held = elsewhere.begin().await.unwrap();
    let credential = clerk.key.split('_').nth(1).unwrap().to_owned();
    sqlx::query(
        "insert into identity.stored_answer (credential, key, route, body_hash, created_at)
         select $1, $2, route, '', now() from identity.stored_answer",
    )
    .bind(credential)
    .bind(&key)
    .execute(&mut *held)
    .await
    .unwrap();
    let started = std::time::Instant::now();
    let answer = clerk
        .post_with_key(
            "/v1/release-notices",
            &key,
            notice("26-1", "scheduled", SOON),
        )
        .await
        .expect(409);
    let waited = started.elapsed();
    assert_eq!(answer.slug(), "idempotency-in-flight");
    assert!(
        waited > Duration::from_millis(1_500) && waited < Duration::from_secs(5),
        "{waited:?}"
    );
    held.rollback().await.unwrap();
    clerk
        .post_with_key(
            "/v1/release-notices",
            &key,
            notice("26-1", "scheduled", SOON),
        )
        .await
        .expect(201);
    app.stop().await;
}
