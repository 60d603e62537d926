//! Which request is about which booking: candidates that wait for a person, links by hand, and
//! many notices in one body.

use reqwest::Method;
use sallyport::custodian::release_notices::store as notices;
use sallyport::db::ScopedTx;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::lodge;
use crate::support::*;

/// A request and a booking of persons of one name and birth date, without a common identifier.
pub fn namesakes() -> (Value, Value) {
    let mut request = detainer(SND, ALDER, "A000000001");
    request["subject"]["a_number"] = Value::Null;
    request["subject"]["booking_number"] = Value::Null;
    let mut booked = booking("A000000001");
    booked["subject"]["a_number"] = Value::Null;
    booked["subject"]["given_name"] = json!("ána maría");
    (request, booked)
}

async fn open_matches(jail: &Client) -> Vec<Value> {
    let found = jail.get("/v1/matches?status=open").await.expect(200).json();
    found["items"].as_array().unwrap().clone()
}

async fn seen(jail: &Client, id: &str) -> Value {
    jail.get(&format!("/v1/detainers/{id}"))
        .await
        .expect(200)
        .json()
}

async fn link(jail: &Client, id: &str, number: Option<&str>) -> Answer {
    let tag = jail
        .get(&format!("/v1/detainers/{id}"))
        .await
        .header("etag");
    let path = format!("/v1/detainers/{id}/booking");
    let body = json!({ "booking_number": number }).to_string();
    let headers = [
        ("if-match", tag.as_str()),
        ("content-type", "application/json"),
    ];
    jail.send(Method::PUT, &path, &headers, body).await
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_name_with_a_birth_date_waits_for_a_person(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let (request, booked) = namesakes();
    // From both ends: the booking is there first, then the request, and the other way round.
    let first = lodge(&liaison, request.clone()).await;
    jail.put("/v1/bookings/26-1", booked.clone())
        .await
        .expect(201);
    app.settle().await;
    // Another office's: of one office the second would take the place of the first.
    let mut other = request.clone();
    other["office"] = json!(HOU);
    let second = lodge(&app.liaison(HOU).await, other).await;
    app.settle().await;

    let open = open_matches(&jail).await;
    assert_eq!(open.len(), 2, "{open:?}");
    for found in &open {
        assert_eq!(found["match"], "candidate");
        assert_eq!(found["same_person"], Value::Null);
    }
    assert_eq!(seen(&jail, &first).await["booking"], Value::Null);

    // A notice shows both, and asks no law about them.
    let notice = notice("26-1", "scheduled", "2026-12-20T08:00:00-08:00");
    let told = jail
        .post("/v1/release-notices", notice)
        .await
        .expect(201)
        .json();
    let shown = told["matches"].as_array().unwrap();
    assert_eq!(shown.len(), 2, "{told}");
    assert!(shown.iter().all(|found| found["match"] == "candidate"
        && found["action"] == "queued"
        && found["notify_release"]["disposition"] == "indeterminate"));

    // One is the same person: all that follows from the booking follows now.
    let of = |detainer: &str| {
        let found = open.iter().find(|found| found["detainer"] == detainer);
        format!(
            "/v1/matches/{}/decision",
            found.unwrap()["id"].as_str().unwrap()
        )
    };
    let said = json!({"same_person": true, "note": "Fingerprints compared"});
    let made = jail
        .post(&of(&first), said.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&made["status"], &made["same_person"]),
        (&json!("decided"), &json!(true))
    );
    let linked = seen(&jail, &first).await;
    assert_eq!(linked["stage"], "release_expected");
    assert!(linked["booking"].is_string());
    // The other is not, and matching never asks again.
    let no = json!({"same_person": false, "note": null});
    jail.post(&of(&second), no).await.expect(200);
    let mut again = booked;
    again["charges"] = json!([]);
    jail.put("/v1/bookings/26-1", again).await.expect(200);
    app.settle().await;
    assert!(open_matches(&jail).await.is_empty());
    assert_eq!(seen(&jail, &second).await["booking"], Value::Null);
    let repeated = jail.post(&of(&first), said).await.expect(409);
    assert_eq!(repeated.slug(), "illegal-transition");

    // The office hears nothing of any of it; another jail finds no such match.
    let timeline = liaison
        .get(&format!("/v1/detainers/{first}/timeline"))
        .await;
    assert!(!timeline.text.contains("match"));
    let stranger = app.reviewer(BIRCH).await;
    let hidden = stranger
        .post(&of(&first), json!({"same_person": true}))
        .await;
    assert_eq!(hidden.status, 404);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn other_names_other_births_and_other_identifiers_are_no_candidates(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let (request, booked) = namesakes();
    lodge(&liaison, request.clone()).await;
    let mut named = request.clone();
    named["subject"]["a_number"] = json!("A012345678");
    named["issued_on"] = json!("2026-11-18");
    lodge(&liaison, named).await;
    for (number, change) in [
        ("26-2", json!({"given_name": "Berta"})),
        ("26-3", json!({"date_of_birth": "1990-03-02"})),
        ("26-4", json!({"date_of_birth": null})),
        (
            "26-5",
            json!({"given_name": null, "additional_names": null}),
        ),
    ] {
        let mut other = booked.clone();
        for (name, value) in change.as_object().unwrap() {
            other["subject"][name] = value.clone();
        }
        jail.put(&format!("/v1/bookings/{number}"), other)
            .await
            .expect(201);
    }
    app.settle().await;
    assert!(open_matches(&jail).await.is_empty());

    // An identifier that differs speaks against it; where only one side has one, a person looks.
    let mut other = booked;
    other["subject"]["a_number"] = json!("A087654321");
    jail.put("/v1/bookings/26-6", other).await.expect(201);
    app.settle().await;
    let open = open_matches(&jail).await;
    assert_eq!(open.len(), 1, "{open:?}");
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_candidate_of_a_withdrawn_request_brings_nothing_back(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let (request, booked) = namesakes();
    let id = lodge(&liaison, request).await;
    jail.put("/v1/bookings/26-1", booked).await.expect(201);
    app.settle().await;
    let open = open_matches(&jail).await;
    let cancel = json!({"reason": "entered twice", "lift_reason": "entered_in_error", "cancelled_on": "2026-11-21"});
    liaison
        .post(&format!("/v1/detainers/{id}/cancellation"), cancel)
        .await
        .expect(200);
    let gone = notice("26-1", "actual", "2026-11-21T08:00:00-08:00");
    jail.post("/v1/release-notices", gone).await.expect(201);
    app.settle().await;
    let path = format!("/v1/matches/{}/decision", open[0]["id"].as_str().unwrap());
    let said = json!({"same_person": true});
    jail.post(&path, said).await.expect(200);
    let kept = seen(&jail, &id).await;
    assert_eq!(
        (&kept["status"], &kept["booking"]),
        (&json!("cancelled"), &Value::Null)
    );
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn however_many_share_a_name_an_identifier_is_found(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let (request, mut booked) = namesakes();
    for _ in 0..60 {
        lodge(&liaison, request.clone()).await;
    }
    let mut own = request;
    own["subject"]["a_number"] = json!("A012345678");
    let id = lodge(&liaison, own).await;
    booked["subject"]["a_number"] = json!("A012345678");
    jail.put("/v1/bookings/26-1", booked).await.expect(201);
    assert!(seen(&jail, &id).await["booking"].is_string());
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn an_identifier_that_arrives_settles_a_candidate(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let (mut request, mut booked) = namesakes();
    request["subject"]["a_number"] = json!("A012345678");
    let id = lodge(&liaison, request).await;
    jail.put("/v1/bookings/26-1", booked.clone())
        .await
        .expect(201);
    app.settle().await;
    assert_eq!(open_matches(&jail).await.len(), 1);
    booked["subject"]["a_number"] = json!("A012345678");
    jail.put("/v1/bookings/26-1", booked).await.expect(200);
    app.settle().await;
    assert!(open_matches(&jail).await.is_empty());
    assert!(seen(&jail, &id).await["booking"].is_string());
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_person_links_and_unlinks_and_matching_keeps_to_it(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison, detainer(SND, ALDER, "A012345678")).await;
    let mut stranger = booking("A087654321");
    stranger["subject"]["family_name"] = json!("Sample");
    jail.put("/v1/bookings/26-1", booking("A012345678"))
        .await
        .expect(201);
    jail.put("/v1/bookings/26-2", stranger).await.expect(201);
    let release = notice("26-1", "actual", "2026-11-21T08:00:00-08:00");
    jail.post("/v1/release-notices", release).await.expect(201);
    app.settle().await;
    assert_eq!(seen(&jail, &id).await["status"], "closed");

    // Taken off: the release was another person's. The feed does not put them together again.
    let stale = jail
        .send(
            Method::PUT,
            &format!("/v1/detainers/{id}/booking"),
            &[("content-type", "application/json")],
            r#"{"booking_number": null}"#,
        )
        .await;
    assert_eq!(stale.status, 428);
    link(&jail, &id, None).await.expect(200);
    let free = seen(&jail, &id).await;
    assert_eq!(
        (&free["booking"], &free["status"], &free["stage"]),
        (&Value::Null, &json!("pending"), &json!("received"))
    );
    let mut again = booking("A012345678");
    again["charges"] = json!([]);
    jail.put("/v1/bookings/26-1", again).await.expect(200);
    app.settle().await;
    assert_eq!(seen(&jail, &id).await["booking"], Value::Null);

    // Put on another by hand, and back on the first, whose release closes it again.
    let unknown = link(&jail, &id, Some("26-404")).await.expect(422);
    assert_eq!(unknown.json()["errors"][0]["pointer"], "/booking_number");
    let other = link(&jail, &id, Some("26-2")).await.expect(200).json();
    assert!(other["booking"].is_string());
    let back = link(&jail, &id, Some("26-1")).await.expect(200).json();
    assert_eq!(back["status"], "closed");
    assert_ne!(back["booking"], other["booking"]);

    // Only a reviewer, and only of this jail.
    let clerk = app.submitter(ALDER).await;
    link(&clerk, &id, None).await.expect(403);
    let elsewhere = app.reviewer(BIRCH).await;
    link(&elsewhere, &id, None).await.expect(404);
    app.stop().await;
}

async fn batch(jail: &Client, key: &str, lines: &str) -> Answer {
    let headers = [
        ("idempotency-key", key),
        ("content-type", "application/x-ndjson"),
    ];
    jail.send(
        Method::POST,
        "/v1/release-notices:batch",
        &headers,
        lines.to_owned(),
    )
    .await
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn one_bad_line_of_a_batch_stops_no_other(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let line = |number: &str, source: Option<&str>| {
        let mut notice = notice(number, "scheduled", "2026-12-20T08:00:00-08:00");
        notice["source_message_id"] = json!(source);
        notice.to_string()
    };
    let body = [
        line("26-1", Some("jms-1")),
        "{not json".to_owned(),
        String::new(),
        line("26-2", None),
        line("26-3", Some("jms-3")),
        line("26-9", Some("jms-1")),
        line("26-1", Some("jms-1")),
    ]
    .join("\n");
    let made = batch(&clerk, "night-1", &body).await.expect(200);
    let items = made.json()["items"].as_array().unwrap().clone();
    let statuses: Vec<_> = items
        .iter()
        .map(|item| {
            (
                item["line"].as_u64().unwrap(),
                item["status"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        statuses,
        [(1, 201), (2, 400), (4, 422), (5, 201), (6, 409), (7, 200)]
    );
    assert_eq!(
        items[2]["problem"]["errors"][0]["pointer"],
        "/source_message_id"
    );
    assert_eq!(items[0]["notice"]["id"], items[5]["notice"]["id"]);
    let listed = clerk.get("/v1/release-notices").await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);

    // The same again: the stored answer; under another key: nothing new.
    let replayed = batch(&clerk, "night-1", &body).await.expect(200);
    assert_eq!(replayed.header("idempotent-replayed"), "true");
    assert_eq!(replayed.text, made.text);
    let other = batch(&clerk, "night-2", &body).await.expect(200).json();
    let statuses: Vec<_> = other["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [200, 400, 422, 200, 409, 200]);

    let many = (0..1001)
        .map(|at| line("26-1", Some(&format!("x-{at}"))))
        .collect::<Vec<_>>()
        .join("\n");
    batch(&clerk, "night-3", &many).await.expect(422);
    batch(&clerk, "night-4", "").await.expect(422);
    let liaison = app.liaison(SND).await;
    batch(&liaison, "night-5", &body).await.expect(403);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn an_office_keeps_its_own_contacts(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let tag = liaison.get("/v1/offices/SND").await.header("etag");
    let contacts = json!([{"label": "Duty officer", "phone": "555-0100", "email": null, "hours": "24 h", "order": 1}]);
    liaison
        .patch("/v1/offices/SND", &tag, json!({"name": "Another name"}))
        .await
        .expect(403);
    liaison
        .patch("/v1/offices/SND", &tag, json!({ "contacts": contacts }))
        .await
        .expect(200);
    let seen = jail.get("/v1/offices/SND").await.expect(200).json();
    assert_eq!(seen["contacts"], contacts);
    let other = app.liaison(HOU).await;
    assert!(
        other
            .get("/v1/offices/SND")
            .await
            .json()
            .get("contacts")
            .is_none()
    );
    other
        .patch("/v1/offices/SND", "\"x\"", json!({ "contacts": contacts }))
        .await
        .expect(403);
    app.stop().await;
}

/// The reader passes by what nobody asks for: its question must find each pair that matching would.
#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn what_a_reader_passes_by_is_no_candidate(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let names = [
        ("Example", "Ana"),
        ("Example", "Ana Maria"),
        ("Ana", "Example"),
        ("Sample", "Ana"),
        ("Example", ""),
        ("Other", "Person"),
    ];
    let subject = |(family, given): (&str, &str), born: &str| json!({"family_name": family, "given_name": (!given.is_empty()).then_some(given), "date_of_birth": born});
    for (at, asked) in names.iter().enumerate() {
        // Each pair is alone with its birthday.
        let born = format!("1990-01-{:02}", at + 1);
        let (mut request, _) = namesakes();
        request["subject"] = subject(*asked, &born);
        lodge(&liaison, request).await;
        app.settle().await;
        for (number, held) in names.iter().enumerate() {
            let mut booked = booking("A000000001");
            booked["subject"] = subject(*held, &born);
            let path = format!("/v1/bookings/{at}-{number}");
            let id = jail.put(&path, booked).await.expect(201).json()["id"].clone();
            let open = open_matches(&jail).await;
            let found = open
                .iter()
                .any(|pair| pair["booking"] == id || pair["booking"]["id"] == id);
            let actor = app.actor_at(ALDER).await;
            let mut tx = ScopedTx::for_party(&app.app.pools.custodian, actor)
                .await
                .unwrap();
            let id: uuid::Uuid = id.as_str().unwrap().parse().unwrap();
            let asked_for = notices::asked_for(&mut tx, &[id]).await.unwrap();
            tx.rollback().await.unwrap();
            assert_eq!(found, asked_for == [id], "{asked:?} and {held:?}");
        }
    }
}
