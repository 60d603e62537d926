//! Files of a jail: what is good comes in once, what is bad comes back with its reason, and a file
//! never does what the API would not.

use std::fmt::Write;
use std::io::Read;
use std::path::Path;

use sallyport::custodian::imports::store;
use sallyport::db::ScopedTx;
use sallyport::imports::fields::Kind;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::lodge;
use crate::support::*;

/// Sends a file and waits until it has ended or waits for somebody.
pub async fn import(jail: &Client, query: &str, file: impl Into<Vec<u8>>) -> Value {
    let sent = send(jail, query, file).await.expect(202);
    ended(jail, sent.json()["id"].as_str().unwrap()).await
}

pub async fn send(jail: &Client, query: &str, file: impl Into<Vec<u8>>) -> Answer {
    let request = jail
        .request(reqwest::Method::POST, &format!("/v1/imports?{query}"))
        .header("idempotency-key", fresh_key())
        .header("content-type", "text/csv")
        .body(file.into());
    Answer::read(request.send().await.unwrap()).await
}

pub async fn ended(jail: &Client, id: &str) -> Value {
    for _ in 0..3_000 {
        let seen = jail
            .get(&format!("/v1/imports/{id}"))
            .await
            .expect(200)
            .json();
        if seen["status"] != "running" {
            return seen;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the import did not end");
}

async fn rejects(jail: &Client, import: &Value) -> String {
    jail.get(import["rejects"].as_str().expect("a file of rejected rows"))
        .await
        .expect(200)
        .text
}

#[track_caller]
fn counted(import: &Value, read: u64, accepted: u64, unchanged: u64, rejected: u64) {
    assert_eq!(import["status"], "done", "{import}");
    let expected = json!([read, accepted, unchanged, rejected]);
    let found = json!([
        import["read"],
        import["accepted"],
        import["unchanged"],
        import["rejected"]
    ]);
    assert_eq!(found, expected, "{import}");
}

/// A file of bookings in which nobody stands.
pub const HEADING: &str = "booking_number,booked_at,subject.family_name,subject.given_name,subject.date_of_birth,subject.a_number,charges.statute,charges.state\n";

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn good_rows_come_in_and_bad_ones_come_back_to_be_mended(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let jail = app.submitter(ALDER).await;
    let file = format!(
        "{HEADING}\
         26-1,2026-11-20T08:00:00-08:00,Example,Ana,1990-02-03,A000000001,PC 459,CA\n\
         26-2,2026-11-20 08:00,Sample,Luis,3/4/1985,,PC 484,CA\n\
         26-3,yesterday,Doe,Maria,1991-01-01,,,\n\
         26-4,2026-11-01 01:30,Night,Owl,1992-02-02,,,\n\
         26-5,2026-11-20 09:00,Odd,Number,1993-03-03,A12,,\n\
         ,2026-11-20 09:00,Nobody,,,,,\n"
    );
    let first = import(&jail, "kind=bookings", file.clone()).await;
    counted(&first, 6, 2, 0, 4);
    assert_eq!(
        first["records"]["bookings"],
        json!({"new": 2, "changed": 0, "unchanged": 0})
    );
    let listed = rejects(&jail, &first).await;
    let lines: Vec<&str> = listed.lines().collect();
    assert!(
        lines[0].starts_with("line,column,value,reason,booking_number,booked_at"),
        "{listed}"
    );
    assert!(lines[1].starts_with("4,booked_at,yesterday,"), "{listed}");
    assert!(
        lines[2].contains("comes twice in America/Los_Angeles"),
        "{listed}"
    );
    assert!(lines[3].starts_with("6,subject.a_number,A12,"), "{listed}");
    assert!(lines[4].starts_with("7,booking_number,,"), "{listed}");

    let second = import(&jail, "kind=bookings", file).await;
    counted(&second, 6, 0, 2, 4);

    let mended = listed
        .replace(",yesterday,Doe", ",2026-11-21 10:00,Doe")
        .replace(
            ",2026-11-01 01:30,Night",
            ",2026-11-01T01:30:00-07:00,Night",
        )
        .replace(",A12,", ",A000000012,");
    counted(
        &import(&jail, "kind=bookings", mended.clone()).await,
        4,
        3,
        0,
        1,
    );
    counted(&import(&jail, "kind=bookings", mended).await, 4, 0, 3, 1);
    let seen = jail.get("/v1/bookings/26-2").await.expect(200).json();
    assert_eq!(
        (&seen["booked_at"], &seen["subject"]["date_of_birth"]),
        (&json!("2026-11-20T16:00:00Z"), &json!("1985-03-04"))
    );
    assert_eq!(seen["charges"][0]["statute"], "PC 484");
}

/// What a jail sees of its bookings and notices, without ids and instants of recording.
async fn seen(jail: &Client) -> Vec<Value> {
    let mut all = Vec::new();
    for path in ["/v1/bookings?limit=200", "/v1/release-notices?limit=200"] {
        for item in jail.get(path).await.expect(200).json()["items"]
            .as_array()
            .unwrap()
        {
            let mut item = item.clone();
            for field in [
                "id",
                "agency",
                "booking",
                "recorded_at",
                "receipt",
                "supersedes",
                "source_message_id",
            ] {
                item.as_object_mut().unwrap().remove(field);
            }
            for found in item["matches"].as_array_mut().into_iter().flatten() {
                found
                    .as_object_mut()
                    .unwrap()
                    .retain(|field, _| field == "match" || field == "action");
            }
            all.push(item);
        }
    }
    all.sort_by_key(|item| item.to_string());
    all
}

/// Events by type, and versions: what else the two ways leave behind.
async fn traces(app: &TestApp, agency: &str) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select e.type, count(*) from log.event e join registry.agency a on a.id = e.agency_id
          where a.ori = $1 and e.type not like 'import.%' group by 1 order by 1",
    )
    .bind(agency)
    .fetch_all(&app.app.pools.worker)
    .await
    .unwrap()
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_file_leaves_the_records_that_the_api_would(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (by_file, by_call) = (app.submitter(ALDER).await, app.submitter(BIRCH).await);
    // Asked for by an identifier, by a number, by a name; the rest is asked for by nobody.
    for (office, custodian) in [(SND, ALDER), (HOU, BIRCH)] {
        let liaison = app.liaison(office).await;
        lodge(&liaison, detainer(office, custodian, "A000000003")).await;
        let mut numbered = detainer(office, custodian, "A000000999");
        numbered["subject"]["booking_number"] = json!("26-5");
        lodge(&liaison, numbered).await;
        let mut named = detainer(office, custodian, "A000000998");
        named["subject"] =
            json!({"family_name": "Person7", "given_name": "Made", "date_of_birth": "1990-01-07"});
        lodge(&liaison, named).await;
    }
    app.settle().await;
    let body = |at: u32| {
        json!({
            "booked_at": format!("2026-11-{:02}T12:00:00Z", 1 + at % 20),
            // Persons of 9 and 19 are one, by an identifier.
            "subject": {"family_name": format!("Person{at}"), "given_name": "Made", "date_of_birth": format!("1990-01-{:02}", 1 + at % 28),
                        "a_number": format!("A{:09}", at % 10 + if at % 10 == 9 { 0 } else { 100 * (at / 10) }), "sex": null},
            "charges": [{"statute": "PC 459", "state": "CA"}, {"description": "Other"}], "custody_basis": "local_charge",
        })
    };
    let mut bookings = String::new();
    for at in 1..=20 {
        let mut line = body(at);
        line["booking_number"] = json!(format!("26-{at}"));
        writeln!(bookings, "{line}").unwrap();
        by_call
            .put(&format!("/v1/bookings/26-{at}"), body(at))
            .await
            .expect(201);
    }
    // A correction of one, a repeated line, and the same number used again later.
    let mut changed = body(4);
    changed["custody_basis"] = json!("local_sentence");
    by_call
        .put("/v1/bookings/26-4", changed.clone())
        .await
        .expect(200);
    changed["booking_number"] = json!("26-4");
    writeln!(bookings, "{changed}").unwrap();
    let mut again = body(6);
    again["booked_at"] = json!("2026-11-23T12:00:00Z");
    by_call
        .put("/v1/bookings/26-6", again.clone())
        .await
        .expect(201);
    again["booking_number"] = json!("26-6");
    writeln!(bookings, "{again}").unwrap();
    let done = import(&by_file, "kind=bookings", bookings).await;
    assert_eq!(
        (&done["status"], &done["rejected"]),
        (&json!("done"), &json!(0)),
        "{done}"
    );

    let mut notices = String::new();
    let said = |number: u32, kind: &str, day: u32| {
        let mut line = notice(
            &format!("26-{number}"),
            kind,
            &format!("2026-11-{day:02}T20:00:00Z"),
        );
        line["subject"] = body(number)["subject"].clone();
        line["source_message_id"] = json!(format!("{number}-{kind}-{day}"));
        line
    };
    let lines = [
        said(1, "scheduled", 26),
        said(1, "rescheduled", 27),
        said(2, "actual", 24),
        said(3, "scheduled", 26),
        said(5, "scheduled", 26),
        said(8, "scheduled", 26),
        said(8, "actual", 24),
        said(9, "transfer", 24),
        said(10, "actual", 24),
        said(10, "returned", 25),
        // Unknown numbers open bookings; one of them twice.
        said(31, "scheduled", 28),
        said(32, "actual", 24),
        said(33, "scheduled", 28),
        said(33, "cancelled", 28),
    ];
    for line in &lines {
        writeln!(notices, "{line}").unwrap();
        by_call
            .post("/v1/release-notices", line.clone())
            .await
            .expect(201);
    }
    let done = import(&by_file, "kind=release_notices", notices.clone()).await;
    counted(&done, 14, 14, 0, 0);
    app.settle().await;
    assert_eq!(seen(&by_file).await, seen(&by_call).await);
    assert_eq!(traces(&app, ALDER).await, traces(&app, BIRCH).await);
    counted(
        &import(&by_file, "kind=release_notices", notices).await,
        14,
        0,
        14,
        0,
    );

    // What the API refuses, a file does not get in either.
    let mut other = said(1, "scheduled", 26);
    other["note"] = json!("another");
    let refused = import(&by_file, "kind=release_notices", other.to_string()).await;
    counted(&refused, 1, 0, 0, 1);
    assert!(
        rejects(&by_file, &refused)
            .await
            .contains("same source_message_id")
    );
}

pub fn shared(path: &str) -> Option<Vec<u8>> {
    let root = std::env::var("SALLYPORT_SHARED").unwrap_or_else(|_| "../shared".into());
    let path = Path::new(&root).join(path);
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) if std::env::var("CI").is_ok() => panic!("{}: {error}", path.display()),
        Err(error) => {
            eprintln!("not run: {}: {error}", path.display());
            None
        }
    }
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_county_jails_release_comes_in_with_the_counts_of_its_readme(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let Some(file) = shared("data/bookings-pierce/bookings-pierce.csv.gz") else {
        return;
    };
    let app = TestApp::start(options, owner).await;
    let jail = app.submitter(ALDER).await;
    let done = import(&jail, "kind=bookings&mapping=bookings-pierce", file.clone()).await;
    // One booking, of one row, begins in the hour that the clock shows twice: nobody but the jail knows which it was.
    counted(&done, 11_330, 11_329, 0, 1);
    assert_eq!(done["records"]["bookings"]["new"], 9_030 - 1);
    assert_eq!(done["records"]["local_holds"]["new"], 108);
    assert!(
        rejects(&jail, &done)
            .await
            .contains("2016-11-06 01:27:00 comes twice")
    );
    let holds: Vec<(Option<String>, i64)> =
        sqlx::query_as("select ending, count(*) from custodian.local_hold group by 1 order by 1")
            .fetch_all(&mut owner_conn(&app).await)
            .await
            .unwrap();
    assert_eq!(
        holds,
        [
            (Some("handed_over".into()), 66),
            (Some("lifted".into()), 8),
            (Some("local_case_ended".into()), 34)
        ]
    );
    let charges: i64 = sqlx::query_scalar("select count(*) from custodian.charge")
        .fetch_one(&mut owner_conn(&app).await)
        .await
        .unwrap();
    assert_eq!(charges, 11_329 - 108);
    // A clerical closing after the release is no over-detention.
    let over: i64 = sqlx::query_scalar(
        "select count(*) from custodian.booking where otherwise_releasable_at is not null",
    )
    .fetch_one(&mut owner_conn(&app).await)
    .await
    .unwrap();
    assert_eq!(over, 0);

    counted(
        &import(&jail, "kind=bookings&mapping=bookings-pierce", file.clone()).await,
        11_330,
        0,
        11_329,
        1,
    );
    let mut text = String::new();
    flate2::read::GzDecoder::new(&file[..])
        .read_to_string(&mut text)
        .unwrap();
    let mended = text.replace("2016-11-06 01:27:00", "2016-11-06T01:27:00-07:00");
    let done = import(&jail, "kind=bookings&mapping=bookings-pierce", mended).await;
    counted(&done, 11_330, 1, 11_329, 0);
}

async fn owner_conn(app: &TestApp) -> sqlx::PgConnection {
    use sqlx::ConnectOptions;
    let mut conn = app.owner.connect().await.unwrap();
    // The owner's own policy lets it read past the wall.
    sqlx::query("select 1").execute(&mut conn).await.unwrap();
    conn
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_nightly_roster_reports_who_is_missing_and_waits_when_it_would_empty_the_jail(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (jail, reviewer) = (app.submitter(ALDER).await, app.reviewer(ALDER).await);
    let roster = |numbers: std::ops::RangeInclusive<u32>, released: bool| {
        let mut file =
            String::from("booking_number,booked_at,subject.family_name,release.effective_at\n");
        for at in numbers {
            let release = if released { "2026-11-24 10:00" } else { "" };
            writeln!(file, "26-{at},2026-11-20 08:00,Person{at},{release}").unwrap();
        }
        file
    };
    let nightly = "kind=bookings&feed=jms&roster=true";
    counted(
        &import(&jail, nightly, roster(1..=30, false)).await,
        30,
        30,
        0,
        0,
    );
    counted(
        &import(&jail, nightly, roster(1..=30, false)).await,
        30,
        0,
        30,
        0,
    );
    let next = import(&jail, nightly, roster(3..=31, false)).await;
    counted(&next, 29, 1, 28, 0);
    let missing = "in custody by the last file and missing from this one: 26-1, 26-2";
    assert_eq!(next["warnings"][missing], 2, "{next}");
    jail.get("/v1/bookings/26-1").await.expect(200);
    // Who has been released is not missed.
    let left = json!({"booking_number": "26-3", "kind": "actual", "effective_at": "2026-11-24T10:00:00-08:00",
                      "subject": {"family_name": "Person3"}});
    jail.post("/v1/release-notices", left).await.expect(201);
    let next = import(&jail, nightly, roster(4..=31, false)).await;
    counted(&next, 28, 0, 28, 0);
    assert_eq!(next["warnings"], json!({}), "{next}");

    let emptied = import(&jail, nightly, roster(1..=31, true)).await;
    assert_eq!(emptied["status"], "waiting", "{emptied}");
    assert!(
        emptied["problem"]
            .as_str()
            .unwrap()
            .contains("30 of the 30 people in custody have left"),
        "{emptied}"
    );
    let path = format!("/v1/imports/{}", emptied["id"].as_str().unwrap());
    jail.post(&format!("{path}/confirmation"), json!({}))
        .await
        .expect(403);
    jail.post(&format!("{path}/cancellation"), json!({}))
        .await
        .expect(200);
    reviewer
        .post(&format!("{path}/confirmation"), json!({}))
        .await
        .expect(409);
    assert_eq!(
        jail.get("/v1/bookings/26-9").await.json()["released_at"],
        Value::Null
    );

    let nobody = import(&jail, nightly, roster(90..=99, false)).await;
    assert_eq!(nobody["status"], "waiting", "{nobody}");
    assert!(
        nobody["problem"]
            .as_str()
            .unwrap()
            .contains("28 of the 28 people in the last file are missing"),
        "{nobody}"
    );
    let id = nobody["id"].as_str().unwrap().to_owned();
    reviewer
        .post(&format!("/v1/imports/{id}/confirmation"), json!({}))
        .await
        .expect(200);
    counted(&ended(&jail, &id).await, 10, 10, 0, 0);
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn paper_that_a_jail_received_comes_in_by_file_and_crosses_nothing(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (jail, liaison) = (app.submitter(ALDER).await, app.liaison(SND).await);
    let file = "form,issued_on,office,subject.family_name,subject.date_of_birth,asks.notify,asks.hold,warrants\n\
                I-247A,2026-11-20,SND,Example,1990-02-03,yes,yes,administrative_i200\n\
                I-247N,2026-11-20,SND,Sample,1990-02-03,yes,no,\n\
                I-247G,11/20/2026,SND,Doe,1990-02-03,yes,no,\n";
    let done = import(&jail, "kind=detainers", file).await;
    counted(&done, 3, 2, 0, 1);
    assert!(
        rejects(&jail, &done).await.contains("3,form,I-247N"),
        "{}",
        rejects(&jail, &done).await
    );
    counted(&import(&jail, "kind=detainers", file).await, 3, 0, 2, 1);
    assert_eq!(
        jail.get("/v1/detainers").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    app.settle().await;
    assert_eq!(
        liaison.get("/v1/detainers").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn what_is_no_file_of_rows_is_refused_before_anything_is_kept(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let jail = app.submitter(ALDER).await;
    for (query, file, says) in [
        ("kind=bookings", "", "empty"),
        ("kind=bookings", "a,b\n1,2\n", "booking_number"),
        (
            "kind=bookings&mapping=nobodys",
            HEADING,
            "There is no mapping nobodys",
        ),
        (
            "kind=release_notices&mapping=bookings-pierce",
            HEADING,
            "mapping is one of bookings",
        ),
        ("kind=bookings&roster=true", HEADING, "feed"),
        ("kind=bookings&roster=perhaps", HEADING, "true or false"),
        ("kind=cats", HEADING, "expected one of"),
        (
            "kind=bookings&agency=TX0990200",
            HEADING,
            "imports files of CA0990100",
        ),
    ] {
        let answer = send(&jail, query, file).await;
        assert!(
            [400, 422].contains(&answer.status.as_u16()),
            "{query}: {}",
            answer.text
        );
        assert!(answer.text.contains(says), "{query}: {}", answer.text);
    }
    send(&jail, "kind=historical_detainers", HEADING)
        .await
        .expect(403);
    let kept: i64 = sqlx::query_scalar("select (select count(*) from custodian.import_piece) + (select count(*) from custodian.import_job)")
        .fetch_one(&mut owner_conn(&app).await)
        .await
        .unwrap();
    assert_eq!(kept, 0);
    // A file that is taken in leaves nothing but what could not be.
    import(&jail, "kind=bookings", HEADING).await;
    let kept: i64 = sqlx::query_scalar("select count(*) from custodian.import_piece")
        .fetch_one(&mut owner_conn(&app).await)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_value_that_no_column_keeps_costs_its_row_and_holds_up_nobody(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let jail = app.submitter(ALDER).await;
    let mut file = String::new();
    for (number, day) in [
        ("26-1", "2026-11-01"),
        ("26-2", "-262143-01-01"),
        ("26-3", "2026-11-02"),
    ] {
        let mut line = booking("A000000001");
        line["booking_number"] = json!(number);
        line["subject"]["a_number"] = Value::Null;
        line["charges"][0]["charged_on"] = json!(day);
        writeln!(file, "{line}").unwrap();
    }
    let done = import(&jail, "kind=bookings", file).await;
    counted(&done, 3, 2, 0, 1);
    assert!(
        rejects(&jail, &done).await.contains("outside the range"),
        "{}",
        rejects(&jail, &done).await
    );
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_mapping_that_an_agency_saved_is_its_own(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let mapping = "kind = \"bookings\"\n[fields.booking_number]\ncolumns = [\"No\"]\n[fields.booked_at]\n\
                   columns = [\"Day\"]\ntime = [\"Hour\"]\n[fields.\"subject.family_name\"]\ncolumns = [\"Last\"]\n";
    let actor = app.actor_at(ALDER).await;
    let mut tx = ScopedTx::for_party(&app.app.pools.custodian, actor)
        .await
        .unwrap();
    store::save_mapping(&mut tx, "jms", Kind::Bookings, mapping, app.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let file = "exported by the system\nNo;Last;Day;Hour\n26-1;Example;11/20/2026;8:00 AM\n";
    let (own, other) = (app.submitter(ALDER).await, app.submitter(BIRCH).await);
    counted(
        &import(&own, "kind=bookings&mapping=jms", file).await,
        1,
        1,
        0,
        0,
    );
    let seen = own.get("/v1/bookings/26-1").await.expect(200).json();
    assert_eq!(seen["booked_at"], "2026-11-20T16:00:00Z");
    let refused = send(&other, "kind=bookings&mapping=jms", file)
        .await
        .expect(422);
    assert!(
        refused
            .text
            .contains("There is no mapping jms; there are: bookings-pierce."),
        "{}",
        refused.text
    );
}
