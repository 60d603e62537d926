//! Each party's stream: dense, complete and in order under many writers, late commits and
//! sequencers that come and go; and `GET /v1/events` over it.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use reqwest::Method;
use sallyport::custodian::detainers::acknowledge::{Acknowledge, acknowledge};
use sallyport::custodian::detainers::case_file;
use sallyport::db::ScopedTx;
use sallyport::types::{Clock, Role};
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection, PgPool};

use crate::support::*;
use crate::two_worlds::events;

/// A sequencer that is killed and started again at irregular instants.
async fn unsteady_sequencer(pool: PgPool, salt: u64, until: Instant) {
    let clock = Clock::default();
    let mut n = salt;
    while Instant::now() < until {
        let (pool, clock) = (pool.clone(), clock.clone());
        let task = tokio::spawn(async move {
            loop {
                if sallyport::log::sequence::batch(&pool, clock.now())
                    .await
                    .unwrap_or(0)
                    == 0
                {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
        });
        n = n
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        tokio::time::sleep(Duration::from_millis(3 + (n >> 33) % 60)).await;
        task.abort();
        task.await.ok();
    }
}

/// One writer: a request from lodging to the office's receipt, over and over; each third
/// acknowledgement is held open and commits late.
async fn writer(app: &TestApp, n: usize, until: Instant) -> usize {
    let (office, jail) = ([SND, HOU][n % 2], [ALDER, BIRCH][n / 2 % 2]);
    let (liaison, jailer) = (app.liaison(office).await, app.reviewer(jail).await);
    let actor = app.actor_at(jail).await;
    let mut round = 0;
    while Instant::now() < until {
        round += 1;
        let number = format!("A{:09}", 300_000_000 + n * 1_000 + round);
        let lodged = liaison
            .post("/v1/detainers", detainer(office, jail, &number))
            .await;
        let id = lodged.expect(201).json()["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/detainers/{id}");
        if round % 3 == 0 {
            let mut tx = ScopedTx::for_party(&app.app.pools.custodian, actor.clone())
                .await
                .unwrap();
            let case = case_file::lock(&mut tx, id.parse().unwrap())
                .await
                .unwrap()
                .unwrap();
            let act = Acknowledge {
                id: id.parse().unwrap(),
                by: "B. Clerk".to_owned(),
            };
            acknowledge(&mut tx, &app.app, case, act)
                .await
                .unwrap_or_else(|p| panic!("{}", p.detail));
            tokio::time::sleep(Duration::from_millis(
                20 + (n as u64 * 37 + round as u64 * 101) % 250,
            ))
            .await;
            tx.commit().await.unwrap();
            app.app.hub.committed();
        } else {
            jailer
                .post(
                    &format!("{path}/acknowledgement"),
                    json!({"by": "B. Clerk"}),
                )
                .await
                .expect(200);
        }
        if round % 2 == 0 {
            let booked = format!("W{n}-{round}");
            let mut statement = notice(&booked, "scheduled", "2026-12-26T08:00:00-08:00");
            statement["subject"]["a_number"] = json!(number);
            jailer
                .post("/v1/release-notices", statement)
                .await
                .expect(201);
            let comply = json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"});
            let decided = jailer
                .post(&format!("{path}/determinations"), comply)
                .await
                .expect(201)
                .json();
            let notification = decided["notification"].as_str().expect("told").to_owned();
            liaison
                .post(
                    &format!("/v1/notifications/{notification}/acknowledgement"),
                    json!({"by": "C. Officer"}),
                )
                .await
                .expect(200);
        } else {
            let body = json!({"reason": "entered twice", "cancelled_on": "2026-11-20"});
            liaison
                .post(&format!("{path}/cancellation"), body)
                .await
                .expect(200);
        }
    }
    round
}

async fn fetch<T>(conn: &mut PgConnection, sql: &'static str) -> Vec<T>
where
    T: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
{
    sqlx::query_as(sql).fetch_all(conn).await.unwrap()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn streams_are_dense_and_ordered_whatever_dies(
    _options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    // Two services over one database: each has its own sequencer too.
    let first = TestApp::start(PgPoolOptions::new(), owner.clone()).await;
    let second = TestApp::start(PgPoolOptions::new(), owner.clone()).await;
    let until = Instant::now() + Duration::from_secs(6);
    let sequencers: Vec<_> = [&first, &second]
        .iter()
        .enumerate()
        .map(|(n, app)| {
            tokio::spawn(unsteady_sequencer(
                app.app.pools.worker.clone(),
                n as u64 + 7,
                until,
            ))
        })
        .collect();
    let writers = (0..16).map(|n| writer(if n % 3 == 0 { &second } else { &first }, n, until));
    let rounds: usize = futures::future::join_all(writers).await.into_iter().sum();
    for sequencer in sequencers {
        sequencer.await.unwrap();
    }
    first.settle().await;

    let mut conn = owner.connect().await.unwrap();
    let events: Vec<(uuid::Uuid, Option<i32>, Option<i32>)> =
        fetch(&mut conn, "select id, agency_id, office_id from log.event").await;
    #[allow(clippy::type_complexity)] // a row as it is read
    let entries: Vec<(i64, uuid::Uuid, Option<i32>, Option<i64>, Option<i32>, Option<i64>)> = fetch(
        &mut conn,
        "select position, event_id, agency_id, agency_position, office_id, office_position from log.entry order by position",
    )
    .await;
    // None lost, none doubled.
    assert_eq!(entries.len(), events.len());
    assert_eq!(
        entries.iter().map(|e| e.1).collect::<HashSet<_>>().len(),
        events.len()
    );
    // Dense for everybody: 1..n in the order of the whole.
    let mut reached: HashMap<(char, i32), i64> = HashMap::new();
    for (at, (position, _, agency, agency_position, office, office_position)) in
        entries.iter().enumerate()
    {
        assert_eq!(*position, at as i64 + 1);
        for (side, party, position) in [
            ('a', agency, agency_position),
            ('o', office, office_position),
        ] {
            assert_eq!(party.is_some(), position.is_some());
            if let (Some(party), Some(position)) = (party, position) {
                let last = reached.entry((side, *party)).or_default();
                *last += 1;
                assert_eq!(
                    position, last,
                    "{side}{party}: positions rise together with the whole's order"
                );
            }
        }
    }
    assert_eq!(reached.len(), 4);
    // The office's copy is the same event at the same place.
    let copies: Vec<(i32, i64, uuid::Uuid)> = fetch(
        &mut conn,
        "select office_id, position, event_id from log.office_entry order by 1, 2",
    )
    .await;
    let mut expected: Vec<(i32, i64, uuid::Uuid)> = entries
        .iter()
        .filter_map(|e| Some((e.4?, e.5?, e.1)))
        .collect();
    expected.sort();
    assert_eq!(copies, expected);
    let differing: Vec<(uuid::Uuid,)> = fetch(
        &mut conn,
        "select e.id from log.office_entry o join log.event e on e.id = o.event_id
          where (e.type, e.at, e.acting, e.detainer_id, e.subjects, e.data, e.leaf_hash, e.office_id)
             is distinct from (o.type, o.at, o.acting, o.detainer_id, o.subjects, o.data, o.leaf_hash, o.office_id)",
    )
    .await;
    assert!(differing.is_empty());
    // Effect after cause, in the jail's stream and in the office's.
    let pairs = [
        ("detainer.received", "detainer.acknowledged"),
        ("detainer.acknowledged", "release_notice.disclosed"),
        ("detainer.acknowledged", "detainer.cancelled"),
        ("release_notice.disclosed", "notification.acknowledged"),
        ("detainer.received", "match.found"),
        ("determination.made", "release_notice.disclosed"),
    ];
    let placed: Vec<(uuid::Uuid, String, Option<i64>, Option<i64>)> = fetch(
        &mut conn,
        "select e.detainer_id, e.type, n.agency_position, n.office_position from log.event e join log.entry n on n.event_id = e.id
          where e.detainer_id is not null",
    )
    .await;
    #[allow(clippy::type_complexity)] // positions in both streams, by kind
    let mut by_detainer: HashMap<uuid::Uuid, HashMap<&str, (Option<i64>, Option<i64>)>> =
        HashMap::new();
    for (id, kind, agency, office) in &placed {
        by_detainer
            .entry(*id)
            .or_default()
            .insert(kind, (*agency, *office));
    }
    let mut checked = 0;
    for (id, kinds) in &by_detainer {
        for (cause, effect) in pairs {
            if let (Some(cause_at), Some(effect_at)) = (kinds.get(cause), kinds.get(effect)) {
                assert!(
                    cause_at.0 < effect_at.0,
                    "{id}: {effect} before {cause} at the jail"
                );
                if let (Some(c), Some(e)) = (cause_at.1, effect_at.1) {
                    assert!(c < e, "{id}: {effect} before {cause} at the office");
                }
                checked += 1;
            }
        }
    }
    assert_eq!(by_detainer.len(), rounds);
    println!(
        "{rounds} requests, {} events, {checked} pairs of cause and effect",
        events.len()
    );
    assert!(
        checked >= rounds * 2,
        "{checked} pairs for {rounds} requests"
    );
    let left: Vec<(i64,)> = fetch(&mut conn, "select seq from log.queue").await;
    assert!(left.is_empty());
    first.stop().await;
    second.stop().await;
}

fn ids(text: &str) -> Vec<i64> {
    text.lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .map(|id| id.parse().unwrap())
        .collect()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_stream_resumes_where_its_reader_stopped(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    for n in 0..4 {
        let lodged = liaison
            .post(
                "/v1/detainers",
                detainer(SND, ALDER, &format!("A01234567{n}")),
            )
            .await;
        let id = lodged.expect(201).json()["id"].as_str().unwrap().to_owned();
        jailer
            .post(
                &format!("/v1/detainers/{id}/acknowledgement"),
                json!({"by": "B. Clerk"}),
            )
            .await
            .expect(200);
    }
    app.settle().await;
    let whole = events(&liaison, 0, 8).await;
    assert!(
        whole.starts_with(": sallyport\n") || whole.contains("\n: sallyport\n"),
        "{whole}"
    );
    assert!(whole.contains("retry: 3000"), "{whole}");
    assert_eq!(ids(&whole), (1..=8).collect::<Vec<_>>());
    assert!(whole.contains("event: detainer.received\n") && whole.contains("\"leaf_hash\":\""));
    assert_eq!(ids(&events(&liaison, 5, 8).await), [6, 7, 8]);
    assert_eq!(ids(&events(&jailer, 7, 8).await), [8]);
    for wrong in ["x", "-1", "1.5", ""] {
        let request = liaison
            .request(Method::GET, "/v1/events")
            .header("last-event-id", wrong);
        Answer::read(request.send().await.unwrap())
            .await
            .expect(400);
    }

    // A reader that is there gets what comes, at once.
    let mut live = liaison
        .request(Method::GET, "/v1/events")
        .header("last-event-id", "8")
        .send()
        .await
        .unwrap();
    live.chunk().await.unwrap();
    let started = Instant::now();
    liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A012345679"))
        .await
        .expect(201);
    let mut text = String::new();
    while !text.contains("id: 9\n") {
        let chunk = tokio::time::timeout(Duration::from_secs(3), live.chunk())
            .await
            .expect("within the poll")
            .unwrap()
            .unwrap();
        text += std::str::from_utf8(&chunk).unwrap();
    }
    println!("a live reader had it after {:?}", started.elapsed());

    // Another office and another jail see nothing of it.
    for other in [app.liaison(HOU).await, app.reviewer(BIRCH).await] {
        assert_eq!(ids(&events(&other, 0, 0).await), [0i64; 0]);
        let mut quiet = other
            .request(Method::GET, "/v1/events")
            .send()
            .await
            .unwrap();
        quiet.chunk().await.unwrap();
        liaison
            .post("/v1/detainers", detainer(SND, ALDER, "A012345670"))
            .await
            .expect(201);
        app.settle().await;
        let nothing = tokio::time::timeout(Duration::from_millis(300), quiet.chunk()).await;
        assert!(nothing.is_err(), "{nothing:?}");
    }
    // No party, no stream.
    let auditor = app.client(app.key(Role::Auditor, "us-ca").await);
    auditor.get("/v1/events").await.expect(403);
    app.operator().await.get("/v1/events").await.expect(403);
    app.client("sp_o123456789012345_x".to_owned())
        .get("/v1/events")
        .await
        .expect(401);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_stream_ends_with_its_key_and_with_the_service(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let reviewer = app.reviewer(ALDER).await;
    let key = app.key(Role::Submitter, ALDER).await;
    let id = key.split('_').nth(1).unwrap().to_owned();
    let clerk = app.client(key);
    let mut stream = clerk
        .request(Method::GET, "/v1/events")
        .send()
        .await
        .unwrap();
    let mut others = reviewer
        .request(Method::GET, "/v1/events")
        .send()
        .await
        .unwrap();
    stream.chunk().await.unwrap();
    let deleted = reviewer
        .request(Method::DELETE, &format!("/v1/keys/{id}"))
        .send()
        .await
        .unwrap();
    assert!(deleted.status().is_success(), "{}", deleted.status());
    // The next read is the next batch: this one.
    app.liaison(SND)
        .await
        .post("/v1/detainers", detainer(SND, ALDER, "A012345678"))
        .await
        .expect(201);
    let ended = tokio::time::timeout(Duration::from_secs(8), async {
        let mut text = String::new();
        while let Some(chunk) = stream.chunk().await.unwrap_or(None) {
            text += std::str::from_utf8(&chunk).unwrap();
        }
        text
    })
    .await
    .expect("the stream of a deleted key ends");
    assert_eq!(
        ids(&ended),
        [0i64; 0],
        "nothing more after the key was deleted: {ended}"
    );
    clerk.get("/v1/events").await.expect(401);

    // The other reader has it, and its stream ends when the service stops.
    let mut text = String::new();
    while !text.contains("id: 1\n") {
        text += std::str::from_utf8(&others.chunk().await.unwrap().unwrap()).unwrap();
    }
    let stopped = Instant::now();
    let (_, ()) = tokio::join!(
        async { while let Ok(Some(_)) = others.chunk().await {} },
        app.stop()
    );
    assert!(
        stopped.elapsed() < Duration::from_secs(5),
        "{:?}",
        stopped.elapsed()
    );
}
