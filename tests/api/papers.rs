//! Paper in every form and from both sides: what replaces what, what is a duplicate, what the
//! jail typed in and keeps to itself, and what is passed on.

use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap_or_default().to_owned()
}

/// Paper that Alder received by fax.
fn fax(a_number: &str) -> Value {
    let mut body = detainer(SND, ALDER, a_number);
    body["channel"] = json!("fax");
    body["source_id"] = json!("fax-17");
    body["received_at"] = json!("2026-11-20T10:00:00-08:00");
    body["victim_or_witness"] = json!(true);
    body["subject"]["booking_number"] = json!("26-000077");
    body["subject"]["fbi_number"] = json!("123456AB7");
    body["subject"]["state_id"] = json!("CA00000077");
    body
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    match body.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => body[pointer.trim_start_matches('/')] = value,
    }
    body
}

/// The types of what this caller sees of a request, in order.
async fn kinds(client: &Client, id: &str) -> Vec<String> {
    let timeline = client
        .get(&format!("/v1/detainers/{id}/timeline"))
        .await
        .expect(200);
    timeline.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect()
}

async fn acknowledge(client: &Client, id: &str) -> Answer {
    client
        .post(
            &format!("/v1/detainers/{id}/acknowledgement"),
            json!({"by": "Clerk Example"}),
        )
        .await
}

async fn list(client: &Client, query: &str) -> Vec<String> {
    let answer = client
        .get(&format!("/v1/detainers{query}"))
        .await
        .expect(200);
    answer.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_newer_request_takes_the_place_of_the_older(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let first = id(&liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A000000001"))
        .await
        .expect(201));
    let newer = with(
        detainer(SND, ALDER, "A000000001"),
        "/issued_on",
        json!("2026-11-22"),
    );
    let second = liaison
        .post("/v1/detainers", newer.clone())
        .await
        .expect(201);
    assert_eq!(second.json()["supersedes"], json!(first));
    assert_eq!(second.json()["flags"], json!(["database_match_only"]));
    let again = liaison.post("/v1/detainers", newer).await.expect(201);
    assert_eq!(again.json()["duplicate_of"], json!(id(&second)));
    assert_eq!(
        again.json()["flags"],
        json!(["database_match_only", "duplicate"])
    );
    // Another person, another custodian: nothing to replace.
    for other in [
        detainer(SND, ALDER, "A000000002"),
        detainer(SND, BIRCH, "A000000001"),
    ] {
        let other = liaison.post("/v1/detainers", other).await.expect(201);
        assert_eq!(other.json()["supersedes"], Value::Null);
    }
    app.settle().await;
    for side in [&liaison, &jail] {
        let old = side
            .get(&format!("/v1/detainers/{first}"))
            .await
            .expect(200);
        assert_eq!(old.json()["status"], "superseded");
        let new = side
            .get(&format!("/v1/detainers/{}", id(&second)))
            .await
            .expect(200);
        assert_eq!(
            (&new.json()["status"], &new.json()["supersedes"]),
            (&json!("pending"), &json!(first))
        );
    }
    let events = jail
        .get(&format!("/v1/detainers/{first}/timeline"))
        .await
        .json();
    assert_eq!(events["items"][1]["type"], "detainer.superseded");
    // A replaced request is acted on no more, and says why.
    let refused = acknowledge(&jail, &first).await.expect(409);
    assert!(refused.text.contains("superseded"), "{}", refused.text);
    let refused = liaison
        .post(
            &format!("/v1/detainers/{first}/cancellation"),
            json!({"reason": "No longer wanted", "cancelled_on": "2026-11-23"}),
        )
        .await;
    assert_eq!(refused.expect(409).slug(), "illegal-transition");
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn two_requests_lodged_at_once_see_each_other(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let liaison = app.liaison(SND).await;
    let lodged = futures::future::join_all((1..=8).map(|day| {
        let body = with(
            detainer(SND, ALDER, "A000000003"),
            "/issued_on",
            json!(format!("2026-11-{day:02}")),
        );
        liaison.post("/v1/detainers", body)
    }))
    .await;
    assert!(lodged.iter().all(|answer| answer.status == 201));
    assert_eq!(list(&liaison, "?status=pending").await.len(), 1);
    assert_eq!(list(&liaison, "?status=superseded").await.len(), 7);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_form_takes_back_what_was_sent_on_a_date(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let first = id(&liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A000000001"))
        .await
        .expect(201));
    let takes_back = |on: &str| {
        let body = with(
            detainer(SND, ALDER, "A000000001"),
            "/issued_on",
            json!("2026-11-23"),
        );
        with(body, "/cancels_issued_on", json!(on))
    };
    let wrong = liaison
        .post("/v1/detainers", takes_back("2026-11-19"))
        .await
        .expect(422);
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/cancels_issued_on");
    let done = liaison
        .post("/v1/detainers", takes_back("2026-11-20"))
        .await
        .expect(200);
    assert_eq!(
        (id(&done), &done.json()["status"]),
        (first.clone(), &json!("cancelled"))
    );
    app.settle().await;
    let seen = jail.get(&format!("/v1/detainers/{first}")).await.json();
    assert_eq!(seen["status"], "cancelled");
    assert_eq!(list(&liaison, "").await.len(), 1);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn many_are_cancelled_at_once_each_by_itself(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, other) = (app.liaison(SND).await, app.liaison(HOU).await);
    let mut ids = Vec::new();
    for n in 1..=3 {
        let body = detainer(SND, ALDER, &format!("A00000000{n}"));
        ids.push(id(&liaison.post("/v1/detainers", body).await.expect(201)));
    }
    let foreign = id(&other
        .post("/v1/detainers", detainer(HOU, ALDER, "A000000009"))
        .await
        .expect(201));
    let cancel = |ids: Vec<&str>| {
        json!({"detainers": ids, "reason": "Removed from the list", "lift_reason": "case_closed",
               "cancelled_on": "2026-11-23"})
    };
    liaison
        .post("/v1/detainers:cancel", cancel(vec![&ids[0]]))
        .await
        .expect(200);
    let unknown = "0198c0de-0000-7000-8000-000000000000";
    let answer = liaison
        .post(
            "/v1/detainers:cancel",
            cancel(vec![&ids[2], &ids[0], unknown, &foreign, &ids[1]]),
        )
        .await
        .expect(200);
    let items = answer.json()["items"].clone();
    let statuses: Vec<u64> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [200, 409, 404, 404, 200]);
    assert_eq!(items[1]["problem"]["type"], "/problems/illegal-transition");
    // A foreign one and one that never was read alike.
    assert_eq!(items[2]["problem"], items[3]["problem"]);
    assert_eq!(list(&liaison, "?status=pending").await.len(), 0);
    let many = vec![unknown; 201];
    liaison
        .post("/v1/detainers:cancel", cancel(many))
        .await
        .expect(422);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn typed_in_paper_is_the_jails_own_until_it_is_acknowledged(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let typed = app
        .submitter(ALDER)
        .await
        .post("/v1/detainers", fax("A000000001"))
        .await
        .expect(201);
    let paper = id(&typed);
    assert_eq!(typed.json()["status"], "pending");
    assert_eq!(typed.json()["channel"], "fax");
    assert_eq!(
        list(&jail, "?status=pending").await,
        std::slice::from_ref(&paper)
    );
    app.settle().await;
    assert!(list(&liaison, "").await.is_empty());
    liaison
        .get(&format!("/v1/detainers/{paper}"))
        .await
        .expect(404);
    // Acts that would tell name what is missing.
    let served = json!({"served_at": "2026-11-20T12:00:00-08:00", "method": "in_person", "language": "es",
                        "officer": "O. Example", "tell_office": true});
    jail.post(&format!("/v1/detainers/{paper}/service"), served.clone())
        .await
        .expect(409);
    let crossed = acknowledge(&jail, &paper).await.expect(200);
    assert_eq!(crossed.json()["subject"]["booking_number"], "26-000077");
    app.settle().await;
    let seen = liaison
        .get(&format!("/v1/detainers/{paper}"))
        .await
        .expect(200)
        .json();
    assert_eq!(seen["stage"], "acknowledged");
    // Local knowledge on it stays behind for good.
    for (pointer, expected) in [
        ("/subject/booking_number", Value::Null),
        ("/subject/fbi_number", Value::Null),
        ("/subject/state_id", Value::Null),
        ("/victim_or_witness", json!(false)),
        ("/source_id", Value::Null),
        ("/channel", json!("paper")),
        ("/warrants/0/copy_present", Value::Null),
        ("/warrants/0/signer", json!("A. Officer")),
        ("/subject/a_number", json!("A*****0001")),
        ("/received_at", seen["acknowledged_at"].clone()),
    ] {
        assert_eq!(seen.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert_eq!(
        kinds(&liaison, &paper).await,
        ["detainer.received", "detainer.acknowledged"]
    );
    // From here on it is a request like any other.
    jail.post(&format!("/v1/detainers/{paper}/service"), served)
        .await
        .expect(200);
    liaison
        .post(
            &format!("/v1/detainers/{paper}/cancellation"),
            json!({"reason": "Lifted", "cancelled_on": "2026-11-23"}),
        )
        .await
        .expect(200);
    app.settle().await;
    assert_eq!(
        jail.get(&format!("/v1/detainers/{paper}")).await.json()["status"],
        "cancelled"
    );
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn the_same_request_on_paper_is_acknowledged_once(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let lodged = id(&liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A000000001"))
        .await
        .expect(201));
    let same = jail
        .post("/v1/detainers", fax("A000000001"))
        .await
        .expect(201);
    assert_eq!(same.json()["duplicate_of"], json!(lodged));
    let refused = acknowledge(&jail, &id(&same)).await.expect(409);
    assert_eq!(refused.slug(), "conflict");
    assert!(refused.text.contains(&lodged), "{}", refused.text);
    // A later one, two times: only flagged, until the first of them crosses.
    let later = with(fax("A000000001"), "/issued_on", json!("2026-11-22"));
    let first = id(&jail.post("/v1/detainers", later.clone()).await.expect(201));
    let second = jail.post("/v1/detainers", later).await.expect(201);
    assert_eq!(second.json()["duplicate_of"], json!(first));
    app.settle().await;
    assert_eq!(
        list(&liaison, "?status=pending").await,
        std::slice::from_ref(&lodged)
    );
    let crossed = acknowledge(&jail, &first).await.expect(200);
    assert_eq!(crossed.json()["supersedes"], json!(lodged));
    assert_eq!(
        acknowledge(&jail, &id(&second)).await.expect(409).slug(),
        "conflict"
    );
    app.settle().await;
    assert_eq!(list(&liaison, "?status=pending").await, [first]);
    assert_eq!(
        liaison.get(&format!("/v1/detainers/{lodged}")).await.json()["status"],
        "superseded"
    );
    assert_eq!(
        jail.get(&format!("/v1/detainers/{lodged}")).await.json()["status"],
        "superseded"
    );
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn an_ncic_hit_never_crosses(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let hit = with(fax("A000000001"), "/form", json!("NCIC-hit"));
    let hit = with(hit, "/channel", json!("ncic"));
    liaison.post("/v1/detainers", hit.clone()).await.expect(422);
    let hit = id(&jail.post("/v1/detainers", hit).await.expect(201));
    let answer = acknowledge(&jail, &hit).await.expect(200);
    assert_eq!(answer.json()["stage"], "acknowledged");
    app.settle().await;
    assert!(list(&liaison, "").await.is_empty());
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn each_form_has_its_rules(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let mut n = 0;
    let mut body = |form: &str, on: &str, hold: bool| {
        n += 1;
        let mut body = detainer(SND, ALDER, &format!("A{n:09}"));
        body["form"] = json!(form);
        body["issued_on"] = json!(on);
        body["asks"] = json!({"notify": true, "hold": hold});
        body
    };
    for (form, on, hold, expected) in [
        ("I-247", "2011-05-01", true, 201),
        ("I-247A", "2026-11-20", true, 201),
        ("I-247D", "2016-05-01", true, 201),
        ("I-247D", "2017-04-02", true, 201),
        ("I-247D", "2017-04-03", true, 422),
        ("I-247N", "2016-05-01", false, 201),
        ("I-247N", "2016-05-01", true, 422),
        ("I-247N", "2018-05-01", false, 422),
        ("I-247X", "2016-05-01", true, 201),
        ("I-247X", "2020-05-01", true, 422),
        ("I-247G", "2026-11-20", false, 201),
        ("I-247G", "2026-11-20", true, 422),
        ("other", "2026-11-20", true, 201),
        ("I-247B", "2026-11-20", true, 422),
    ] {
        let body = body(form, on, hold);
        for client in [&liaison, &jail] {
            let answer = client.post("/v1/detainers", body.clone()).await;
            assert_eq!(
                answer.status, expected,
                "{form} {on} {hold}: {}",
                answer.text
            );
        }
    }
    let mut both = detainer(SND, ALDER, "A000000100");
    both["basis"] = json!({"final_order": true, "resume_custody": true});
    liaison.post("/v1/detainers", both).await.expect(422);
    let mut remote = detainer(SND, ALDER, "A000000101");
    remote["issuing_office"] = json!(HOU);
    let remote = liaison.post("/v1/detainers", remote).await.expect(201);
    assert_eq!(remote.json()["issuing_office"], HOU);
    assert!(list(&app.liaison(HOU).await, "").await.is_empty());
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_relayed_copy_is_the_next_agencys_own(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let liaison = app.liaison(SND).await;
    let (alder, birch) = (app.reviewer(ALDER).await, app.reviewer(BIRCH).await);
    let original = id(&liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A000000001"))
        .await
        .expect(201));
    let relay = format!("/v1/detainers/{original}/relay");
    alder
        .post(&relay, json!({"to_custodian": ALDER}))
        .await
        .expect(422);
    alder
        .post(&relay, json!({"to_custodian": "ZZ0000000"}))
        .await
        .expect(422);
    let done = alder
        .post(&relay, json!({"to_custodian": BIRCH}))
        .await
        .expect(201)
        .json();
    assert_eq!(done["to_custodian"], BIRCH);
    alder
        .post(&relay, json!({"to_custodian": BIRCH}))
        .await
        .expect(409);
    app.settle().await;
    let copies = list(&birch, "?status=pending").await;
    assert_eq!(copies.len(), 1);
    let copy = copies[0].clone();
    let seen = birch.get(&format!("/v1/detainers/{copy}")).await.json();
    assert_eq!(
        (&seen["channel"], &seen["subject"]["a_number"]),
        (&json!("relay"), &json!("A*****0001"))
    );
    assert_eq!(seen["custodian"], BIRCH);
    // Acknowledging it tells nobody.
    acknowledge(&birch, &copy).await.expect(200);
    app.settle().await;
    assert_eq!(list(&liaison, "").await, std::slice::from_ref(&original));
    liaison
        .get(&format!("/v1/detainers/{copy}"))
        .await
        .expect(404);
    // The office takes the original back: both jails' sides end.
    liaison
        .post(
            &format!("/v1/detainers/{original}/cancellation"),
            json!({"reason": "Lifted", "cancelled_on": "2026-11-23"}),
        )
        .await
        .expect(200);
    app.settle().await;
    app.settle().await;
    assert_eq!(
        birch.get(&format!("/v1/detainers/{copy}")).await.json()["status"],
        "cancelled"
    );
    alder
        .post(&relay, json!({"to_custodian": BIRCH}))
        .await
        .expect(409);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_relayed_copy_crosses_by_the_hand_over(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let liaison = app.liaison(SND).await;
    let (alder, birch) = (app.reviewer(ALDER).await, app.reviewer(BIRCH).await);
    let original = id(&liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A000000001"))
        .await
        .expect(201));
    alder
        .post(
            &format!("/v1/detainers/{original}/relay"),
            json!({"to_custodian": BIRCH}),
        )
        .await
        .expect(201);
    app.settle().await;
    let copy = list(&birch, "?status=pending").await[0].clone();
    let handover = json!({"taken_at": "2026-11-24T10:00:00-08:00", "officer": "O. Example",
                          "i203_reference": "I203-7", "place": "Sally port"});
    birch
        .post(&format!("/v1/detainers/{copy}/handover"), handover)
        .await
        .expect(201);
    app.settle().await;
    let seen = liaison
        .get(&format!("/v1/detainers/{copy}"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&seen["stage"], &seen["channel"], &seen["custodian"]),
        (&json!("handed_over"), &json!("relay"), &json!(BIRCH))
    );
    assert_eq!(
        kinds(&liaison, &copy).await,
        ["detainer.received", "detainer.relayed", "handover.stated"]
    );
    // Cancelling the original ends the copy on both sides.
    liaison
        .post(
            &format!("/v1/detainers/{original}/cancellation"),
            json!({"reason": "Lifted", "cancelled_on": "2026-11-24"}),
        )
        .await
        .expect(200);
    for client in [&liaison, &birch] {
        app.settle().await;
        let seen = client.get(&format!("/v1/detainers/{copy}")).await.json();
        assert_eq!(seen["status"], "cancelled");
    }
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_relayed_copy_crosses_by_a_told_transfer_whichever_came_first(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let liaison = app.liaison(SND).await;
    let (alder, birch) = (app.reviewer(ALDER).await, app.reviewer(BIRCH).await);
    for relayed_first in [true, false] {
        let number = format!("A00000001{}", u8::from(relayed_first));
        let booked = format!("26-{}", u8::from(relayed_first));
        let original = id(&liaison
            .post("/v1/detainers", detainer(SND, ALDER, &number))
            .await
            .expect(201));
        alder
            .put(&format!("/v1/bookings/{booked}"), booking(&number))
            .await
            .expect(201);
        app.settle().await;
        let relay = async || {
            alder
                .post(
                    &format!("/v1/detainers/{original}/relay"),
                    json!({"to_custodian": BIRCH}),
                )
                .await
                .expect(201);
            app.settle().await;
            let mine = list(&birch, &format!("?status=pending&a_number={number}")).await;
            assert_eq!(mine.len(), 1);
            mine[0].clone()
        };
        let mut copy = String::new();
        if relayed_first {
            copy = relay().await;
        }
        let left = notice(&booked, "transfer", "2026-11-24T08:00:00-08:00");
        let left = alder.post("/v1/release-notices", left).await.expect(201);
        // Recorded and not told: the office learns nothing of the move.
        app.settle().await;
        let before = list(&liaison, "?status=pending").await;
        assert!(!before.contains(&copy));
        let told = json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits",
                          "notice": id(&left)});
        alder
            .post(&format!("/v1/detainers/{original}/determinations"), told)
            .await
            .expect(201);
        app.settle().await;
        if !relayed_first {
            copy = relay().await;
        }
        app.settle().await;
        let seen = liaison
            .get(&format!("/v1/detainers/{copy}"))
            .await
            .expect(200);
        assert_eq!(seen.json()["custodian"], BIRCH, "{relayed_first}");
        assert_eq!(
            kinds(&liaison, &copy).await,
            ["detainer.received", "detainer.relayed"]
        );
    }
    app.stop().await;
}
