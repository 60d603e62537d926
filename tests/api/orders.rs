//! Both orders of two transactions that meet: matching from both ends, and a decision against a
//! cancellation. Each is held open by hand, so that the order is the test's and not chance's.

use std::time::Duration;

use sallyport::app::App;
use sallyport::custodian::detainers::case_file;
use sallyport::custodian::determinations::decide::decide;
use sallyport::custodian::readers::{Entry, handle};
use sallyport::custodian::release_notices::record::{Recorded, record};
use sallyport::db::ScopedTx;
use sallyport::db::pools::{Logins, PoolSize, Pools};
use sallyport::delivery::consequences;
use sallyport::http::Problem;
use sallyport::log::sequence;
use sallyport::office::detainers::issue::issue;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection};

use crate::support::*;

const NUMBER: &str = "A012345678";

fn release() -> Value {
    let mut body = notice("26-77", "scheduled", "2026-12-26T08:00:00-08:00");
    body["subject"]["a_number"] = json!(NUMBER);
    body
}

fn cancellation() -> Value {
    json!({"reason": "entered twice", "lift_reason": "entered_in_error", "cancelled_on": "2026-11-20"})
}

fn comply() -> Value {
    json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"})
}

async fn open(app: &TestApp) -> ScopedTx<'static> {
    ScopedTx::for_party(&app.app.pools.custodian, app.actor_at(ALDER).await)
        .await
        .unwrap()
}

async fn record_in(tx: &mut ScopedTx<'_>, app: &TestApp) {
    let request = serde_json::from_value(release()).unwrap();
    match record(tx, &app.app, &request).await {
        Ok(Recorded::New(..)) => {}
        Ok(Recorded::Known(_)) => panic!("a new notice"),
        Err(problem) => panic!("{}", problem.detail),
    }
}

/// One match, one review that waits, and the jail's stage: whatever the order was.
async fn expect_matched(app: &TestApp, id: &str) {
    app.settle().await;
    let jailer = app.reviewer(ALDER).await;
    let seen = jailer
        .get(&format!("/v1/detainers/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(seen["stage"], "release_expected");
    let mut owner = app.owner.connect().await.unwrap();
    let counts: (i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from custodian.match where detainer_id = $1::uuid),
                (select count(*) from custodian.review where detainer_id = $1::uuid and action = 'queued' and settled_at is null),
                (select count(*) from log.event where detainer_id = $1::uuid and type = 'match.found')",
    )
    .bind(id)
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(counts, (1, 1, 1), "matches, waiting reviews, events of it");
    let failures: Vec<String> = sqlx::query_scalar("select error from delivery.reader_failure")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert!(failures.is_empty(), "{failures:?}");
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_notice_that_commits_after_the_requests_reader_is_matched(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let liaison = app.liaison(SND).await;
    // The notice has looked for requests, and there was none.
    let mut tx = open(&app).await;
    record_in(&mut tx, &app).await;
    // The request commits and its reader has looked for bookings, and there was none.
    let id = lodge(&liaison).await;
    app.settle().await;
    let mut owner = app.owner.connect().await.unwrap();
    assert_eq!(matches(&mut owner).await, 0);
    tx.commit().await.unwrap();
    app.app.hub.committed();
    expect_matched(&app, &id).await;
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_request_that_commits_after_the_notices_reader_is_matched(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let liaison = app.liaison(SND).await;
    let jailer = app.reviewer(ALDER).await;
    // The request is written and not yet visible.
    let mut tx = office_tx(&app).await;
    let request = serde_json::from_value(detainer(SND, ALDER, NUMBER)).unwrap();
    let paper = sallyport::office::detainers::issue::issue(&mut tx, &app.app, request)
        .await
        .unwrap_or_else(|problem| panic!("{}", problem.detail))
        .paper();
    // The notice commits and its reader has looked for requests, and there was none.
    jailer
        .post("/v1/release-notices", release())
        .await
        .expect(201);
    app.settle().await;
    let mut owner = app.owner.connect().await.unwrap();
    assert_eq!(matches(&mut owner).await, 0);
    tx.commit().await.unwrap();
    app.app.hub.committed();
    expect_matched(&app, &paper.id.to_string()).await;
    let seen = liaison
        .get(&format!("/v1/detainers/{}", paper.id))
        .await
        .expect(200)
        .json();
    assert_eq!(
        seen["stage"], "received",
        "the office has been told nothing"
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_notice_and_a_request_of_the_same_moment_are_matched_once(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let liaison = app.liaison(SND).await;
    let jailer = app.reviewer(ALDER).await;
    for n in 0..16 {
        let number = format!("A0777000{n:02}");
        let mut statement = notice(&format!("R-{n}"), "scheduled", "2026-12-26T08:00:00-08:00");
        statement["subject"]["a_number"] = json!(number);
        let path = format!("/v1/bookings/R-{n}");
        let (lodged, recorded, booked) = tokio::join!(
            liaison.post("/v1/detainers", detainer(SND, ALDER, &number)),
            jailer.post("/v1/release-notices", statement),
            jailer.put(&path, booking(&number)),
        );
        let id = lodged.expect(201).json()["id"].as_str().unwrap().to_owned();
        recorded.expect(201);
        assert!(booked.status.is_success(), "{}", booked.text);
        expect_matched(&app, &id).await;
    }
    app.stop().await;
}

/// A reader that waits for a case file must not write back what it had read before.
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_reader_that_waited_sees_what_it_waited_for(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison).await;
    jailer
        .put("/v1/bookings/26-77", booking(NUMBER))
        .await
        .expect(201);
    app.settle().await;
    let mut owner = app.owner.connect().await.unwrap();
    // The service's own reader stands still, or it would mend what the other breaks.
    let mut still = app.owner.connect().await.unwrap();
    sqlx::raw_sql("begin; select from delivery.reader for update")
        .execute(&mut still)
        .await
        .unwrap();
    let mut recording = open(&app).await;
    record_in(&mut recording, &app).await;
    let booking = sqlx::query_scalar::<_, uuid::Uuid>("select id from custodian.booking")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let entry = Entry {
        position: 1,
        idle: false,
        kind: "booking.changed".to_owned(),
        agency: app.actor_at(ALDER).await.agency.unwrap(),
        detainer: None,
        place: None,
        at: app.app.clock.now(),
        subjects: json!({ "booking": booking.to_string() }),
        told: None,
        facts: Value::Null,
    };
    let reader = {
        let app = app.app.clone();
        tokio::spawn(async move { handle(&app, &entry).await })
    };
    assert!(
        waits(&mut owner).await,
        "the reader waits for the case file"
    );
    recording.commit().await.unwrap();
    reader
        .await
        .unwrap()
        .unwrap_or_else(|problem| panic!("{}", problem.detail));
    let seen = jailer.get(&format!("/v1/detainers/{id}")).await.json();
    assert_eq!(seen["stage"], "release_expected");
    sqlx::raw_sql("rollback").execute(&mut still).await.unwrap();
    expect_matched(&app, &id).await;
    app.stop().await;
}

/// A release and a return that are written in one moment: the person is back.
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_return_that_meets_an_uncommitted_release_is_not_lost(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let jailer = app.reviewer(ALDER).await;
    let mut owner = app.owner.connect().await.unwrap();
    for (n, (first, second)) in [("actual", "returned"), ("returned", "actual")]
        .into_iter()
        .enumerate()
    {
        let number = format!("B-{n}");
        let statement = |kind: &str| {
            let at = if kind == "actual" { "08" } else { "10" };
            notice(&number, kind, &format!("2026-11-24T{at}:00:00-08:00"))
        };
        jailer
            .put(&format!("/v1/bookings/{number}"), booking(NUMBER))
            .await
            .expect(201);
        app.settle().await;
        let mut recording = open(&app).await;
        let request = serde_json::from_value(statement(first)).unwrap();
        record(&mut recording, &app.app, &request)
            .await
            .unwrap_or_else(|problem| panic!("{}", problem.detail));
        let other = {
            let (jailer, body) = (jailer.clone(), statement(second));
            tokio::spawn(async move { jailer.post("/v1/release-notices", body).await })
        };
        assert!(waits(&mut owner).await);
        recording.commit().await.unwrap();
        other.await.unwrap().expect(201);
        app.settle().await;
        let gone: bool = sqlx::query_scalar(
            "select released_at is not null from custodian.booking where booking_number = $1",
        )
        .bind(&number)
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert!(!gone, "{first}, then {second}");
    }
    app.stop().await;
}

async fn office_tx(app: &TestApp) -> ScopedTx<'static> {
    ScopedTx::for_party(&app.app.pools.office, app.actor_of_office(SND).await)
        .await
        .unwrap()
}

async fn lodge(liaison: &Client) -> String {
    let lodged = liaison
        .post("/v1/detainers", detainer(SND, ALDER, NUMBER))
        .await;
    lodged.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn matches(owner: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select count(*) from custodian.match")
        .fetch_one(owner)
        .await
        .unwrap()
}

async fn told(owner: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select count(*) from exchange.notification")
        .fetch_one(owner)
        .await
        .unwrap()
}

/// Decides in a transaction that the test holds.
async fn comply_in(tx: &mut ScopedTx<'_>, app: &TestApp, id: &str) -> Result<(), Problem> {
    let case = case_file::lock(tx, id.parse().unwrap()).await?.unwrap();
    decide(
        tx,
        &app.app,
        case,
        serde_json::from_value(comply()).unwrap(),
    )
    .await?;
    Ok(())
}

async fn waits(owner: &mut PgConnection) -> bool {
    for _ in 0..200 {
        let waiting: bool = sqlx::query_scalar(
            "select exists (select from pg_stat_activity where datname = current_database()
                and wait_event_type = 'Lock' and application_name like 'sallyport %')",
        )
        .fetch_one(&mut *owner)
        .await
        .unwrap();
        if waiting {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

/// A request with a release that waits for a decision.
async fn waiting_request(app: &TestApp, liaison: &Client, jailer: &Client) -> String {
    let id = lodge(liaison).await;
    jailer
        .put("/v1/bookings/26-77", booking(NUMBER))
        .await
        .expect(201);
    jailer
        .post("/v1/release-notices", release())
        .await
        .expect(201);
    app.settle().await;
    id
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_decision_that_meets_an_uncommitted_cancellation_tells_nothing(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = waiting_request(&app, &liaison, &jailer).await;
    let mut owner = app.owner.connect().await.unwrap();

    // The cancellation holds the paper and has not committed.
    let mut cancelling = office_tx(&app).await;
    let request = serde_json::from_value(cancellation()).unwrap();
    sallyport::office::detainers::cancel::cancel(
        &mut cancelling,
        &app.app,
        id.parse().unwrap(),
        request,
    )
    .await
    .unwrap_or_else(|problem| panic!("{}", problem.detail));
    let decision = {
        let (jailer, path) = (jailer.clone(), format!("/v1/detainers/{id}/determinations"));
        tokio::spawn(async move { jailer.post(&path, comply()).await })
    };
    assert!(waits(&mut owner).await, "the decision waits for the paper");
    cancelling.commit().await.unwrap();
    app.app.hub.committed();
    let refused = decision.await.unwrap().expect(409);
    assert_eq!(refused.slug(), "illegal-transition");
    assert_eq!(
        told(&mut owner).await,
        0,
        "nothing was told on a cancelled paper"
    );

    app.settle().await;
    assert_eq!(
        jailer.get(&format!("/v1/detainers/{id}")).await.json()["status"],
        "cancelled"
    );
    let running: i64 =
        sqlx::query_scalar("select count(*) from custodian.review where settled_at is null")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    assert_eq!(running, 0, "no review runs on a cancelled paper");
    // Nor does a later notice open one, or tell.
    let later = jailer
        .post(
            "/v1/release-notices",
            notice("26-77", "rescheduled", "2026-12-27T08:00:00-08:00"),
        )
        .await;
    assert_eq!(later.expect(201).json()["matches"], json!([]));
    app.settle().await;
    let (reviews, notes): (i64, i64) = sqlx::query_as("select (select count(*) from custodian.review where settled_at is null), (select count(*) from exchange.notification)")
        .fetch_one(&mut owner).await.unwrap();
    assert_eq!((reviews, notes), (0, 0));
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_cancellation_that_meets_an_uncommitted_decision_comes_after_the_telling(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = waiting_request(&app, &liaison, &jailer).await;
    let mut owner = app.owner.connect().await.unwrap();

    let mut deciding = open(&app).await;
    comply_in(&mut deciding, &app, &id)
        .await
        .unwrap_or_else(|problem| panic!("{}", problem.detail));
    let cancel = {
        let (liaison, path) = (liaison.clone(), format!("/v1/detainers/{id}/cancellation"));
        tokio::spawn(async move { liaison.post(&path, cancellation()).await })
    };
    assert!(
        waits(&mut owner).await,
        "the cancellation waits for an act that tells"
    );
    deciding.commit().await.unwrap();
    app.app.hub.committed();
    cancel.await.unwrap().expect(200);
    app.settle().await;
    // Told before, cancelled after, in the office's own stream.
    let kinds: Vec<String> =
        sqlx::query_scalar("select type from log.office_entry order by position")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    assert_eq!(
        kinds,
        [
            "detainer.received",
            "release_notice.disclosed",
            "detainer.cancelled"
        ]
    );
    assert_eq!(
        jailer.get(&format!("/v1/detainers/{id}")).await.json()["status"],
        "cancelled"
    );
    // What has been told stays told; a second decision is refused.
    jailer
        .post(&format!("/v1/detainers/{id}/determinations"), comply())
        .await
        .expect(409);
    assert_eq!(told(&mut owner).await, 1);
    app.stop().await;
}

/// Covered by an earlier comply, a notice would be told at once: not on a paper that is being
/// cancelled in this moment, and it is recorded all the same.
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_covered_notice_that_meets_a_cancellation_is_recorded_and_not_told(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = waiting_request(&app, &liaison, &jailer).await;
    let mut owner = app.owner.connect().await.unwrap();
    jailer
        .post(&format!("/v1/detainers/{id}/determinations"), comply())
        .await
        .expect(201);
    let mut cancelling = office_tx(&app).await;
    let request = serde_json::from_value(cancellation()).unwrap();
    sallyport::office::detainers::cancel::cancel(
        &mut cancelling,
        &app.app,
        id.parse().unwrap(),
        request,
    )
    .await
    .unwrap_or_else(|problem| panic!("{}", problem.detail));
    let later = {
        let jailer = jailer.clone();
        let body = notice("26-77", "rescheduled", "2026-12-27T08:00:00-08:00");
        tokio::spawn(async move { jailer.post("/v1/release-notices", body).await })
    };
    assert!(waits(&mut owner).await);
    cancelling.commit().await.unwrap();
    app.app.hub.committed();
    let later = later.await.unwrap().expect(201).json();
    assert_eq!(later["matches"][0]["action"], "withheld");
    app.settle().await;
    assert_eq!(told(&mut owner).await, 1);
    let running: i64 =
        sqlx::query_scalar("select count(*) from custodian.review where settled_at is null")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    assert_eq!(running, 0);
    app.stop().await;
}

/// By chance, many times: never a notification that comes after its paper's cancellation.
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn no_notification_follows_a_cancellation_whoever_wins(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let (mut told_first, mut refused) = (0, 0);
    for n in 0..16u64 {
        let number = format!("A0888000{n:02}");
        let lodged = liaison
            .post("/v1/detainers", detainer(SND, ALDER, &number))
            .await;
        let id = lodged.expect(201).json()["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/detainers/{id}");
        let mut statement = notice(&format!("C-{n}"), "scheduled", "2026-12-26T08:00:00-08:00");
        statement["subject"]["a_number"] = json!(number);
        jailer
            .post("/v1/release-notices", statement)
            .await
            .expect(201);
        let (cancelled, decided) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_millis(n % 6)).await;
                liaison
                    .post(&format!("{path}/cancellation"), cancellation())
                    .await
            },
            async {
                tokio::time::sleep(Duration::from_millis(5 - n % 6)).await;
                jailer
                    .post(&format!("{path}/determinations"), comply())
                    .await
            },
        );
        cancelled.expect(200);
        match decided.status.as_u16() {
            201 => told_first += 1,
            409 => {
                assert_eq!(decided.slug(), "illegal-transition");
                refused += 1;
            }
            other => panic!("{other}: {}", decided.text),
        }
    }
    app.settle().await;
    println!("told first {told_first}, refused {refused}");
    let mut owner = app.owner.connect().await.unwrap();
    let wrong: i64 = sqlx::query_scalar(
        "select count(*) from log.office_entry c join log.office_entry t on t.detainer_id = c.detainer_id
          where c.type = 'detainer.cancelled' and t.type = 'release_notice.disclosed' and t.position > c.position",
    )
    .fetch_one(&mut owner).await.unwrap();
    assert_eq!(wrong, 0);
    assert_eq!(told(&mut owner).await, told_first);
    let running: i64 =
        sqlx::query_scalar("select count(*) from custodian.review where settled_at is null")
            .fetch_one(&mut owner)
            .await
            .unwrap();
    assert_eq!(running, 0);
    app.stop().await;
}

/// The jail's pool is out of reach for longer than any number of attempts: the entry waits, and
/// what follows from an accepted request is carried out once the pool is back.
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn an_outage_of_the_readers_loses_no_consequence(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options.clone(), owner.clone()).await;
    let jailer = app.reviewer(ALDER).await;
    jailer
        .put("/v1/bookings/26-77", booking(NUMBER))
        .await
        .expect(201);
    jailer
        .post("/v1/release-notices", release())
        .await
        .expect(201);
    app.settle().await;
    let (liaison, stopped) = (app.actor_of_office(SND).await, app.app.clone());
    app.stop().await;

    // No service runs: the request is lodged and sequenced by hand.
    let size = PoolSize {
        custodian: 2,
        office: 2,
        other: 2,
    };
    let pools = Pools::lazy(&options, &Logins::single(owner.clone()), size);
    let down = App {
        pools: Pools {
            custodian: stopped.pools.custodian.clone(),
            ..pools
        },
        ..stopped
    };
    assert!(down.pools.custodian.is_closed());
    let mut tx = ScopedTx::for_party(&down.pools.office, liaison)
        .await
        .unwrap();
    let request = serde_json::from_value(detainer(SND, ALDER, NUMBER)).unwrap();
    let lodged = issue(&mut tx, &down, request)
        .await
        .unwrap_or_else(|problem| panic!("{}", problem.detail))
        .paper();
    tx.commit().await.unwrap();
    sequence::batch(&down.pools.worker, down.clock.now())
        .await
        .unwrap();
    for _ in 0..12 {
        assert_eq!(consequences::batch(&down).await.unwrap(), 0);
    }
    down.pools.close().await;

    let app = TestApp::start(options, owner).await;
    expect_matched(&app, &lodged.id.to_string()).await;
    app.stop().await;
}

/// A person who was here before: an earlier stay is no answer to a request that came after it.
#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_request_is_not_closed_by_a_stay_that_was_over(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let mut before = booking(NUMBER);
    before["booked_at"] = json!("2024-03-01T10:00:00-08:00");
    jailer
        .put("/v1/bookings/24-1", before.clone())
        .await
        .expect(201);
    let left = notice("24-1", "actual", "2024-03-05T10:00:00-08:00");
    jailer.post("/v1/release-notices", left).await.expect(201);
    app.settle().await;
    // Lodged before the jail's system has sent the new stay.
    let lodged = liaison
        .post("/v1/detainers", detainer(SND, ALDER, NUMBER))
        .await
        .expect(201);
    app.settle().await;
    let path = format!("/v1/detainers/{}", lodged.json()["id"].as_str().unwrap());
    let waiting = jailer.get(&path).await.json();
    assert_eq!(
        (&waiting["status"], &waiting["booking"]),
        (&json!("pending"), &Value::Null)
    );
    // A late word about the old stay takes nothing either.
    before["charges"][0]["disposition"] = json!("convicted");
    jailer.put("/v1/bookings/24-1", before).await.expect(200);
    app.settle().await;
    assert_eq!(jailer.get(&path).await.json()["booking"], Value::Null);
    let new = jailer
        .put("/v1/bookings/26-1", booking(NUMBER))
        .await
        .expect(201);
    app.settle().await;
    let seen = jailer.get(&path).await.json();
    assert_eq!(
        (&seen["status"], &seen["booking"]),
        (&json!("pending"), &new.json()["id"])
    );
    app.stop().await;
}

/// The reader of an old stay may run after the new one and the request are both there.
#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_late_reader_of_an_old_stay_takes_no_request(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let jailer = app.reviewer(ALDER).await;
    let mut before = booking(NUMBER);
    before["booked_at"] = json!("2024-03-01T10:00:00-08:00");
    let old = jailer.put("/v1/bookings/24-1", before).await.expect(201);
    let left = notice("24-1", "actual", "2024-03-05T10:00:00-08:00");
    jailer.post("/v1/release-notices", left).await.expect(201);
    jailer
        .put("/v1/bookings/26-1", booking(NUMBER))
        .await
        .expect(201);
    app.settle().await;
    // The request is there, and its own reader has not run: the old stay's comes first.
    let mut tx = office_tx(&app).await;
    let request = serde_json::from_value(detainer(SND, ALDER, NUMBER)).unwrap();
    let paper = sallyport::office::detainers::issue::issue(&mut tx, &app.app, request)
        .await
        .unwrap_or_else(|problem| panic!("{}", problem.detail))
        .paper();
    tx.commit().await.unwrap();
    let entry = Entry {
        position: 1,
        idle: false,
        kind: "booking.changed".to_owned(),
        agency: app.actor_at(ALDER).await.agency.unwrap(),
        detainer: None,
        place: None,
        at: app.app.clock.now(),
        subjects: json!({ "booking": old.json()["id"] }),
        told: None,
        facts: Value::Null,
    };
    handle(&app.app, &entry)
        .await
        .unwrap_or_else(|problem| panic!("{}", problem.detail));
    app.settle().await;
    let seen = jailer
        .get(&format!("/v1/detainers/{}", paper.id))
        .await
        .json();
    let new = jailer.get("/v1/bookings/26-1").await.json();
    assert_eq!(
        (&seen["status"], &seen["booking"]),
        (&json!("pending"), &new["id"])
    );
    app.stop().await;
}
