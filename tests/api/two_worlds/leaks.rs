//! Leaks that are planted, one of each kind, and must be found: in the log, on the table between
//! the sides, in ids, tags and cursors, in a right too many, in a wait.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::names::Names;
use super::*;
use crate::support::*;
use crate::wall;

/// Leaks that are planted, and must be found.
const LEAKS: [(&str, &str); 8] = [
    (
        "an id of the stream changes",
        "update log.office_entry set subjects = jsonb_set(subjects, '{notification}', to_jsonb(gen_random_uuid()::text))
          where office_id = OFFICE and type = 'release_notice.disclosed'",
    ),
    (
        "an event of the jail enters the office's stream",
        "insert into log.office_entry (office_id, position, event_id, type, at, acting, detainer_id, subjects, data, leaf_hash, entered_at)
         select OFFICE, (select max(position) + 1 from log.office_entry where office_id = OFFICE), e.id, e.type, e.at, e.acting, e.detainer_id,
                e.subjects, e.data, e.leaf_hash, e.at
           from log.event e where e.type = 'release_notice.recorded' limit 1",
    ),
    (
        "the jail's closing moves the office's status",
        "update exchange.detainer set closed_at = received_at where office_id = OFFICE",
    ),
    (
        "a field of an event holds a booking's id",
        "update log.office_entry set data = data || jsonb_build_object('booking', gen_random_uuid())
          where office_id = OFFICE and type = 'release_notice.disclosed'",
    ),
    (
        "a hand-over that the jail has not stated moves the office's stage",
        "update exchange.detainer set handed_over_at = '2026-11-20T10:00:00Z' where office_id = OFFICE",
    ),
    (
        "an undisclosed service is seen",
        "update exchange.detainer set served_at = '2026-11-20T10:00:00Z', service_method = 'in_person', served_by = 'B. Clerk' where office_id = OFFICE",
    ),
    (
        "the office's stream has a gap to count",
        "update log.office_entry set position = position + 1
          where office_id = OFFICE and position = (select max(position) from log.office_entry where office_id = OFFICE)",
    ),
    (
        "what the jail did touches an instant of the paper",
        "update exchange.detainer set received_at = received_at + interval '1 second' where office_id = OFFICE",
    ),
];

/// Leaks in what a world answers. Each is planted in the world with the hidden facts alone, and
/// with every text of it alike: only what it says gives it away.
#[allow(clippy::type_complexity)]
const ANSWERS: [(&str, fn(&World, Part, &str) -> String); 5] = [
    ("an id made by the hidden act", |world, part, text| {
        let (from, to) = world.unseen[0];
        assert!(to - from > 2, "the hidden act took no time");
        ids(part, text, |id| {
            let made = format!("{:012x}", (from + to) / 2);
            format!("{}-{}{}", &made[..8], &made[8..], &id[13..])
        })
    }),
    ("ids out of a counter", |_, part, text| {
        // The jail's hidden work has taken the numbers between.
        ids(part, text, |id| {
            let n = 4 * u32::from(id.as_bytes()[35]);
            format!("{}00000000{n:04x}", &id[..24])
        })
    }),
    (
        "an entity tag that counts",
        |world, part, text| match part {
            Part::Tag => format!("{text}-{}", world.unseen.len() + world.seen.len()),
            Part::Body => text.to_owned(),
        },
    ),
    ("a count of more than was told", |_, _, text| {
        text.replace("\"total\":3", "\"total\":4")
    }),
    (
        "a cursor that holds more than its place",
        |_, part, text| {
            let Some((before, rest)) = text.split_once("\"next\":\"") else {
                return text.to_owned();
            };
            let (cursor, after) = rest.split_once('"').unwrap();
            assert_eq!(part, Part::Body);
            let mut bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
            assert_eq!(bytes.pop(), Some(b'}'));
            bytes.extend(b",\"skipped\":1}");
            let cursor = URL_SAFE_NO_PAD.encode(bytes);
            format!("{before}\"next\":\"{cursor}\"{after}")
        },
    ),
];

/// Rewrites every id of a body that time has gone into.
fn ids(part: Part, text: &str, change: impl Fn(&str) -> String) -> String {
    if part == Part::Tag {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        match rest.get(..36) {
            // The seventh version, whose first bits are the time.
            Some(id) if id.as_bytes()[14] == b'7' && id.parse::<uuid::Uuid>().is_ok() => {
                out += &change(id);
                rest = &rest[36..];
            }
            _ => {
                out.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    out
}

/// Ids are found whatever their time is: its last digits may begin with the version's own.
#[test]
fn every_id_is_rewritten() {
    let text = "{\"id\":\"01a20663-7fee-78c1-b49b-7c0d00c4c4c2\",\"n\":-7,\"é\":\"01a20663-efee-78c1-b49b-7c0d00c4c4c2\"}";
    let found = ids(Part::Body, text, |_| "ID".to_owned());
    assert_eq!(found, "{\"id\":\"ID\",\"n\":-7,\"é\":\"ID\"}");
}

/// A thread with a hidden fact in it, the same in both worlds for the liaison.
async fn thread(a: &mut World, b: &mut World, n: usize) {
    let acts = [
        Act::Liaison(Liaison::Lodge { person: 0, form: 1 }),
        // More than one page of two.
        Act::Liaison(Liaison::Lodge { person: 2, form: 2 }),
        Act::Liaison(Liaison::Lodge { person: 1, form: 3 }),
        Act::Told(Told::Acknowledge(0)),
        Act::Hidden(Hidden::Notice { person: 0, kind: 0 }),
        Act::Told(Told::Release { at: 0, kind: 0 }),
    ];
    run(a, b, n, &acts, &mut Tally::default()).await.unwrap();
}

#[sqlx::test(fixtures(path = "../../fixtures", scripts("two_counties")))]
async fn a_planted_leak_is_found(_options: PgPoolOptions, owner: PgConnectOptions) {
    let second = copy(&owner, "_leak_").await;
    let mut a = World::start(PgPoolOptions::new(), owner).await;
    let mut b = World::start(PgPoolOptions::new(), second).await;
    for (n, (leak, sql)) in LEAKS.into_iter().enumerate() {
        thread(&mut a, &mut b, n).await;
        let office: i32 = sqlx::query_scalar("select id from registry.office where code = $1")
            .bind(&b.office)
            .fetch_one(&mut b.owner)
            .await
            .unwrap();
        let changed = sqlx::query(AssertSqlSafe(sql.replace("OFFICE", &office.to_string())))
            .execute(&mut b.owner)
            .await
            .unwrap();
        assert!(changed.rows_affected() > 0, "{leak}");
        tokio::join!(a.observe_all(), b.observe_all());
        let found = compare(&a, &b);
        assert!(found.is_err(), "not found: {leak}");
        println!("found: {leak}");
    }
    for (n, (leak, plant)) in ANSWERS.into_iter().enumerate() {
        thread(&mut a, &mut b, LEAKS.len() + n).await;
        // From here on; the names that were given before stay.
        b.leak = Some(plant);
        if leak.contains("id") {
            // An id is looked at where it is first seen: the whole of it anew, in both.
            for world in [&mut a, &mut b] {
                world.names = Names::default();
                world.seen.clear();
            }
        }
        tokio::join!(a.observe_all(), b.observe_all());
        b.leak = None;
        if leak.contains("id") {
            let said = b.names.ids_say_nothing(&b.unseen);
            assert!(said.is_err(), "not seen in the ids themselves: {leak}");
        }
        let found = compare(&a, &b);
        assert!(found.is_err(), "not found: {leak}");
        println!(
            "found: {leak}: {}",
            found.unwrap_err().lines().next().unwrap()
        );
    }
    a.app.stop().await;
    remove(b).await;
}

/// The rights of the office's role are held against a list: a grant too many is found there.
#[sqlx::test(fixtures(path = "../../fixtures", scripts("two_counties")))]
async fn a_planted_grant_is_found(_options: PgPoolOptions, owner: PgConnectOptions) {
    let mut conn = owner.connect().await.unwrap();
    for (grant, line) in [
        (
            "grant usage on schema custodian to sallyport_office",
            "usage custodian",
        ),
        (
            "grant select (served_at) on custodian.case_file to sallyport_office",
            "custodian.case_file",
        ),
        (
            "grant select on custodian.release_notice to sallyport_office",
            "custodian.release_notice",
        ),
        (
            "grant insert on log.office_entry to sallyport_office",
            "log.office_entry",
        ),
    ] {
        let before = wall::rights_not_written_down(&mut conn, "office").await;
        assert!(
            before.iter().all(|found| !found.contains(line)),
            "{before:?}"
        );
        sqlx::query(grant).execute(&mut conn).await.unwrap();
        let found = wall::rights_not_written_down(&mut conn, "office").await;
        assert!(
            found.iter().any(|found| found.contains(line)),
            "not found: {grant}: {found:?}"
        );
    }
}

/// An act of the office that waits for nobody. A busy machine is no reason to wait for a lock, so
/// it is the database's word that counts, and not the clock.
async fn at_once(app: &TestApp, liaison: &Client, path: &str, body: Value) -> Result<(), String> {
    let act = {
        let (liaison, path) = (liaison.clone(), path.to_owned());
        tokio::spawn(async move { liaison.post(&path, body).await })
    };
    let mut owner = app.owner().await;
    while !act.is_finished() {
        // Longer than two commands are in each other's way for a moment.
        let waits: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database()
                and wait_event_type = 'Lock' and clock_timestamp() - state_change > interval '300 milliseconds'",
        )
        .fetch_one(&mut owner)
        .await
        .unwrap();
        if waits > 0 {
            act.abort();
            return Err(format!("{path} waits for a lock"));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let answer = act.await.unwrap();
    match answer.status.is_success() {
        true => Ok(()),
        false => Err(format!("{path}: {}", answer.text)),
    }
}

/// A liaison never waits for a jail's secret work: what tells nothing locks nothing of the table
/// between the two sides.
#[sqlx::test(fixtures(path = "../../fixtures", scripts("two_counties")))]
async fn an_office_never_waits_for_what_a_jail_keeps_to_itself(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    use sallyport::custodian::detainers::case_file;
    use sallyport::custodian::determinations::decide;
    use sallyport::custodian::release_notices::record;

    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let number = format!("A{}", a_number(1, 0));
    let lodged = liaison
        .post("/v1/detainers", detainer(SND, ALDER, &number))
        .await
        .expect(201)
        .json();
    let id = lodged["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/detainers/{id}");
    jailer.put("/v1/bookings/26-1", booking(&number)).await;
    let told = json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"});
    jailer
        .post(
            "/v1/release-notices",
            notice("26-1", "scheduled", "2026-12-20T08:00:00-08:00"),
        )
        .await
        .expect(201);
    let decided = jailer
        .post(&format!("{path}/determinations"), told)
        .await
        .expect(201)
        .json();
    let notification = decided["notification"].as_str().unwrap().to_owned();
    app.settle().await;

    // A decline, a notice that is not told, and a quiet outcome, all held open.
    let mut tx =
        sallyport::db::ScopedTx::for_party(&app.app.pools.custodian, app.actor_at(ALDER).await)
            .await
            .unwrap();
    let case = case_file::lock(&mut tx, id.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let decline = serde_json::from_value(json!({"act": "allow_interview", "decision": "decline", "reason_code": "agency_policy", "note": "no"})).unwrap();
    decide::decide(&mut tx, &app.app, case.clone(), decline)
        .await
        .unwrap_or_else(|p| panic!("{}", p.detail));
    let quiet = serde_json::from_value(outcome(0, None)).unwrap();
    sallyport::custodian::outcomes::state(&mut tx, &app.app, case, &quiet)
        .await
        .unwrap_or_else(|p| panic!("{}", p.detail));
    let escape = serde_json::from_value(statement("26-1", "escape")).unwrap();
    record::record(&mut tx, &app.app, &escape)
        .await
        .unwrap_or_else(|p| panic!("{}", p.detail));

    for (at, body) in [
        (
            format!("/v1/notifications/{notification}/acknowledgement"),
            json!({"by": "C. Officer"}),
        ),
        (format!("{path}/outcome"), outcome(1, None)),
        ("/v1/detainers".to_owned(), detainer(SND, ALDER, &number)),
    ] {
        at_once(&app, &liaison, &at, body).await.unwrap();
    }

    // The outcome closed the office's side, so a second request shows the cancellation.
    let second = liaison
        .post("/v1/detainers", detainer(SND, ALDER, &number))
        .await
        .expect(201)
        .json();
    let second = second["id"].as_str().unwrap().to_owned();
    case_file::lock(&mut tx, second.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let cancel = json!({"reason": "entered twice", "cancelled_on": "2026-11-01"});
    let path = format!("/v1/detainers/{second}/cancellation");
    at_once(&app, &liaison, &path, cancel.clone())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    // Planted: a command that tells nothing and locks the paper all the same.
    let third = liaison
        .post("/v1/detainers", detainer(SND, ALDER, &number))
        .await
        .expect(201)
        .json();
    app.settle().await;
    let mut owner = app.owner().await;
    let mut planted = owner.begin().await.unwrap();
    sqlx::query("select from exchange.detainer where id = $1::uuid for no key update")
        .bind(third["id"].as_str().unwrap())
        .execute(&mut *planted)
        .await
        .unwrap();
    let path = format!(
        "/v1/detainers/{}/cancellation",
        third["id"].as_str().unwrap()
    );
    let found = at_once(&app, &liaison, &path, cancel).await;
    assert!(found.is_err(), "not found: a wait for the jail's lock");
    planted.rollback().await.unwrap();
    app.settle().await;
    app.stop().await;
}
