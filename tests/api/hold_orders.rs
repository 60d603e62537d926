//! Both orders of a hold and a cancellation that meet: neither side waits for the other's secret
//! or foreign work, and a cancelled request never keeps a running hold.

use std::time::{Duration, Instant};

use sallyport::custodian::detainers::case_file;
use sallyport::custodian::holds::start::start;
use sallyport::db::ScopedTx;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::*;
use crate::support::*;

fn start_of(app: &TestApp) -> String {
    (app.app.clock.now() - chrono::Duration::hours(1)).to_rfc3339()
}

async fn jail_tx(app: &TestApp) -> ScopedTx<'static> {
    ScopedTx::for_party(&app.app.pools.custodian, app.actor_at(ALDER).await)
        .await
        .unwrap()
}

/// The request is cancelled at the jail, and nobody is held under it.
async fn expect_over(app: &TestApp, jailer: &Client, id: &str, holds: usize) {
    app.settle().await;
    let path = format!("/v1/detainers/{id}");
    assert_eq!(jailer.get(&path).await.json()["status"], "cancelled");
    let listed = jailer.get(&format!("{path}/hold")).await.json();
    let listed = listed["items"].as_array().unwrap();
    assert_eq!(listed.len(), holds);
    for hold in listed {
        assert_eq!(hold["end_reason"], "cancelled");
    }
    for sql in [
        "select count(*) from custodian.hold where ended_at is null",
        "select count(*) from custodian.case_file where hold_deadline_at is not null",
        "select count(*) from custodian.hold_alert where recorded_at is null and dropped_at is null",
        "select count(*) from delivery.reader_failure",
    ] {
        assert_eq!(app.count(sql).await, 0, "{sql}");
    }
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_hold_that_meets_an_uncommitted_cancellation_is_ended_by_its_reader(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, permitting()).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    let mut cancelling = ScopedTx::for_party(&app.app.pools.office, app.actor_of_office(SND).await)
        .await
        .unwrap();
    let request = serde_json::from_value(cancellation()).unwrap();
    let paper = sallyport::office::detainers::cancel::cancel(
        &mut cancelling,
        &app.app,
        id.parse().unwrap(),
        request,
    )
    .await
    .unwrap_or_else(|problem| panic!("{}", problem.detail));
    // The jail does not wait for the office's lock on the paper.
    let started = Instant::now();
    let made = jailer
        .post(&format!("/v1/detainers/{id}/hold"), hold(&start_of(&app)))
        .await
        .expect(201);
    assert!(started.elapsed() < Duration::from_millis(1500));
    assert_eq!(made.json()["ended_at"], serde_json::Value::Null);
    // An act that would tell waits, and is refused.
    cancelling.commit().await.unwrap();
    app.app.hub.committed();
    expect_over(&app, &jailer, &id, 1).await;
    let listed = jailer.get(&format!("/v1/detainers/{id}/hold")).await.json();
    assert_eq!(
        listed["items"][0]["ended_at"],
        json!(paper.cancelled_at.unwrap())
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_cancellation_that_meets_an_uncommitted_hold_does_not_wait_and_ends_it(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, permitting()).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    let mut holding = jail_tx(&app).await;
    let case = case_file::lock(&mut holding, id.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let request = serde_json::from_value(hold(&start_of(&app))).unwrap();
    start(&mut holding, &app.app, case, &request)
        .await
        .unwrap_or_else(|problem| panic!("{}", problem.detail));
    let started = Instant::now();
    liaison
        .post(&format!("/v1/detainers/{id}/cancellation"), cancellation())
        .await
        .expect(200);
    assert!(started.elapsed() < Duration::from_millis(500));
    // The reader of the cancellation waits for the case file.
    tokio::time::sleep(Duration::from_millis(300)).await;
    holding.commit().await.unwrap();
    app.app.hub.committed();
    expect_over(&app, &jailer, &id, 1).await;
    app.stop().await;
}

/// The cancellation has committed, and its reader could not run yet.
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_hold_on_a_paper_that_is_cancelled_and_not_yet_read_is_refused(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, permitting()).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    app.settle().await;
    let mut working = jail_tx(&app).await;
    let case = case_file::lock(&mut working, id.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    liaison
        .post(&format!("/v1/detainers/{id}/cancellation"), cancellation())
        .await
        .expect(200);
    let request = serde_json::from_value(hold(&start_of(&app))).unwrap();
    let refused = start(&mut working, &app.app, case, &request)
        .await
        .unwrap_err();
    assert_eq!(refused.slug.as_str(), "illegal-transition");
    working.rollback().await.unwrap();
    let refused = jailer
        .post(&format!("/v1/detainers/{id}/hold"), hold(&start_of(&app)))
        .await
        .expect(409);
    assert_eq!(refused.slug(), "illegal-transition");
    expect_over(&app, &jailer, &id, 0).await;
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_told_hold_that_meets_an_uncommitted_cancellation_leaves_nothing(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, permitting()).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    let mut cancelling = ScopedTx::for_party(&app.app.pools.office, app.actor_of_office(SND).await)
        .await
        .unwrap();
    let request = serde_json::from_value(cancellation()).unwrap();
    sallyport::office::detainers::cancel::cancel(
        &mut cancelling,
        &app.app,
        id.parse().unwrap(),
        request,
    )
    .await
    .unwrap_or_else(|problem| panic!("{}", problem.detail));
    let told = {
        let (jailer, path) = (jailer.clone(), format!("/v1/detainers/{id}/hold"));
        let mut body = hold(&start_of(&app));
        body["tell_office"] = json!(true);
        tokio::spawn(async move { jailer.post(&path, body).await })
    };
    // It waits for the paper; the lock's own timeout is two seconds.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!told.is_finished());
    cancelling.commit().await.unwrap();
    app.app.hub.committed();
    let refused = told.await.unwrap().expect(409);
    assert_eq!(refused.slug(), "illegal-transition");
    expect_over(&app, &jailer, &id, 0).await;
    assert_eq!(
        app.count("select count(*) from exchange.notification")
            .await,
        0
    );
    app.stop().await;
}

/// By chance, many times.
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn no_hold_runs_on_a_cancelled_request_whoever_wins(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, permitting()).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let (mut ran, mut refused) = (0, 0);
    for n in 0..12u64 {
        let id = lodge(&liaison, detainer(SND, ALDER, &format!("A0888000{n:02}"))).await;
        acknowledge(&jailer, &id).await;
        serve(&jailer, &id).await;
        let path = format!("/v1/detainers/{id}");
        let (cancelled, held) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_millis(n % 6)).await;
                liaison
                    .post(&format!("{path}/cancellation"), cancellation())
                    .await
            },
            async {
                tokio::time::sleep(Duration::from_millis(5 - n % 6)).await;
                jailer
                    .post(&format!("{path}/hold"), hold(&start_of(&app)))
                    .await
            },
        );
        cancelled.expect(200);
        match held.status.as_u16() {
            201 => ran += 1,
            409 => {
                assert_eq!(held.slug(), "illegal-transition");
                refused += 1;
            }
            other => panic!("{other}: {}", held.text),
        }
        expect_over(&app, &jailer, &id, usize::from(held.status == 201)).await;
    }
    println!("ran first {ran}, refused {refused}");
    app.stop().await;
}
