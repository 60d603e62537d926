//! Admins and auditors: masked lists of their subtree, its log, counts; what a restriction hides
//! from them at once, and what it never changes for the other party.

use reqwest::Method;
use sallyport::types::Role;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::{acknowledge, lodge, outcome};
use crate::support::*;

const COUNTY: &str = "06073";

async fn admin(app: &TestApp, jurisdiction: &str) -> Client {
    app.client(app.key(Role::JurisdictionAdmin, jurisdiction).await)
}

async fn auditor(app: &TestApp, place: &str) -> Client {
    if place == SND {
        // An office's auditor: the key has the office and no jurisdiction.
        let mut conn = app.app.pools.operator.acquire().await.unwrap();
        let office: i32 = sqlx::query_scalar("select id from registry.office where code = $1")
            .bind(place)
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        let place = sallyport::identity::keys_api::Place {
            role: Role::Auditor,
            agency_id: None,
            office_id: Some(office),
            jurisdiction: None,
        };
        let now = app.app.clock.now();
        let key = sallyport::identity::keys_api::insert(&mut conn, &place, "Test", None, now).await;
        return app.client(key.unwrap().1);
    }
    app.client(app.key(Role::Auditor, place).await)
}

async fn ids(client: &Client, path: &str) -> Vec<String> {
    let list = client.get(path).await.expect(200).json();
    let items = list["items"].as_array().unwrap();
    let mut ids: Vec<String> = items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

async fn put_tagged(client: &Client, of: &str, path: &str, body: Value) -> Answer {
    let tag = client.get(of).await.expect(200).header("etag");
    let headers = [
        ("if-match", tag.as_str()),
        ("content-type", "application/json"),
    ];
    client
        .send(Method::PUT, path, &headers, body.to_string())
        .await
}

async fn restrict(client: &Client, record: &str, kind: Option<&str>) -> Value {
    let body = json!({"kind": kind, "reason": "as the court ordered"});
    put_tagged(client, record, &format!("{record}/restriction"), body)
        .await
        .expect(200)
        .json()
}

fn count(answer: &Value) -> i64 {
    answer["total"].as_i64().unwrap()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_masked_list_shows_the_subtree_and_no_person(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (snd, hou) = (app.liaison(SND).await, app.liaison(HOU).await);
    let jailer = app.reviewer(ALDER).await;
    let here = lodge(&snd, detainer(SND, ALDER, "A012345678")).await;
    let there = lodge(&hou, detainer(HOU, BIRCH, "A087654321")).await;
    acknowledge(&jailer, &here).await;
    // Paper that only the jail knows is overseen too.
    let mut fax = detainer(SND, ALDER, "A055555555");
    fax["channel"] = json!("fax");
    let typed = lodge(&jailer, fax).await;
    app.settle().await;

    let mut both = vec![here.clone(), typed];
    both.sort();
    for place in [COUNTY, "us-ca"] {
        for client in [admin(&app, place).await, auditor(&app, place).await] {
            assert_eq!(ids(&client, "/v1/detainers").await, both);
        }
    }
    let texan = admin(&app, "48201").await;
    assert_eq!(
        ids(&texan, "/v1/detainers").await,
        std::slice::from_ref(&there)
    );

    let county = admin(&app, COUNTY).await;
    let list = county.get("/v1/detainers?stage=acknowledged").await;
    let list = list.expect(200);
    for word in [
        "Example",
        "Ana",
        "1990",
        "5678",
        "MEX",
        "A. Officer",
        "subject",
    ] {
        assert!(!list.text.contains(word), "{word}: {}", list.text);
    }
    let item = &list.json()["items"][0];
    assert_eq!(item["id"], here);
    assert_eq!(item["custodian"], ALDER);
    assert_eq!(item["asks"]["hold"], true);
    // Persons can be neither looked for nor opened.
    for filter in [
        "name=Ana",
        "a_number=A012345678",
        "date_of_birth=1990-02-03",
        "booking_number=1",
    ] {
        let refused = county.get(&format!("/v1/detainers?{filter}")).await;
        assert_eq!(refused.expect(422).slug(), "validation");
    }
    county
        .get(&format!("/v1/detainers/{here}"))
        .await
        .expect(403);
    let office = auditor(&app, SND).await;
    office.get("/v1/detainers").await.expect(403);

    // A cursor of one scope is none of another's.
    let first = county.get("/v1/detainers?limit=1").await.expect(200).json();
    let next = first["next"].as_str().unwrap();
    let second = format!("/v1/detainers?limit=1&cursor={next}");
    assert_eq!(ids(&county, &second).await.len(), 1);
    texan.get(&second).await.expect(400);

    // Row security alone: the role sees no column with a person, and no row without a scope.
    let mut tx = app.app.pools.oversight.begin().await.unwrap();
    let seen: i64 = sqlx::query_scalar("select count(*) from custodian.case_file")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(seen, 0);
    for column in [
        "name_parts",
        "date_of_birth",
        "booking_number",
        "a_number_index",
    ] {
        let mut tx = app.app.pools.oversight.begin().await.unwrap();
        let sql = format!("select {column} from custodian.case_file");
        let denied = sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(&mut *tx)
            .await;
        let text = denied.unwrap_err().to_string();
        assert!(text.contains("permission denied"), "{text}");
    }
    drop(tx);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_restriction_hides_at_once_and_lists_what_it_came_too_late_for(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let county = admin(&app, COUNTY).await;
    jailer
        .put("/v1/bookings/26-1", booking("A012345678"))
        .await
        .expect(201);
    let id = lodge(&liaison, detainer(SND, ALDER, "A012345678")).await;
    let other = lodge(&liaison, detainer(SND, ALDER, "A066666666")).await;
    acknowledge(&jailer, &id).await;
    app.settle().await;
    jailer
        .post(
            "/v1/release-notices",
            notice("26-1", "scheduled", "2026-11-29T08:00:00-08:00"),
        )
        .await
        .expect(201);
    let comply =
        json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"});
    jailer
        .post(&format!("/v1/detainers/{id}/determinations"), comply)
        .await
        .expect(201);
    assert_eq!(ids(&county, "/v1/detainers").await.len(), 2);
    app.settle().await;

    let record = format!("/v1/detainers/{id}");
    let counts = "/v1/statistics/detainers?source=operational";
    let before = [
        liaison.get(&record).await.text,
        liaison.get("/v1/detainers").await.text,
        liaison.get(counts).await.text,
        liaison.get(&format!("{record}/timeline")).await.text,
    ];
    // The precondition, and whose it is.
    let body = json!({"kind": "juvenile", "reason": "a court order"});
    let path = format!("{record}/restriction");
    jailer.put(&path, body.clone()).await.expect(428);
    jailer.put(&path, json!({"reason": "x"})).await.expect(422);
    let clerk = app.submitter(ALDER).await;
    put_tagged(&clerk, &record, &path, body).await.expect(403);

    let set = restrict(&jailer, &record, Some("juvenile")).await;
    assert_eq!(set["kind"], "juvenile");
    let known: Vec<(&str, &str)> = set["disclosures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|at| (at["what"].as_str().unwrap(), at["to"].as_str().unwrap()))
        .collect();
    assert_eq!(
        known,
        [
            ("notification", "office:SND"),
            ("oversight_list", "oversight")
        ]
    );
    let own = jailer.get(&record).await.expect(200).json();
    assert!(
        own["flags"]
            .as_array()
            .unwrap()
            .contains(&json!("restricted_juvenile"))
    );

    // Hidden in the very next answer: list, counts, log.
    assert_eq!(
        ids(&county, "/v1/detainers").await,
        std::slice::from_ref(&other)
    );
    assert_eq!(count(&county.get(counts).await.expect(200).json()), 1);
    assert_eq!(count(&jailer.get(counts).await.expect(200).json()), 2);
    let log = format!("/v1/audit/events?detainer={id}");
    assert_eq!(ids(&county, &log).await, [] as [String; 0]);
    let types = "/v1/audit/events?type=restriction.set";
    assert_eq!(ids(&county, types).await, [] as [String; 0]);
    // The office's view of its own paper is what it was.
    app.settle().await;
    let after = [
        liaison.get(&record).await.text,
        liaison.get("/v1/detainers").await.text,
        liaison.get(counts).await.text,
        liaison.get(&format!("{record}/timeline")).await.text,
    ];
    assert_eq!(before, after);
    let office = auditor(&app, SND).await;
    assert!(!ids(&office, &log).await.is_empty());

    // Lifted, and then by the booking that the request hangs on.
    restrict(&jailer, &record, None).await;
    assert_eq!(ids(&county, "/v1/detainers").await.len(), 2);
    let set = restrict(&jailer, "/v1/bookings/26-1", Some("sealed")).await;
    assert_eq!(set["disclosures"].as_array().unwrap().len(), 3);
    assert_eq!(ids(&county, "/v1/detainers").await, [other]);
    assert_eq!(count(&county.get(counts).await.expect(200).json()), 1);
    let booked = "/v1/audit/events?type=booking.changed";
    assert_eq!(ids(&county, booked).await, [] as [String; 0]);
    let booking = jailer.get("/v1/bookings/26-1").await.expect(200).json();
    assert_eq!(booking["restriction"], "sealed");

    // Each setting is a row, and its event commits to the reason without holding it.
    type Kept = (Option<String>, String, String, Vec<u8>, Value);
    let kept: Vec<Kept> = sqlx::query_as(
        "select r.kind, r.reason, r.set_by, r.salt, e.data from custodian.restriction r
           join log.event e on e.id = r.event_id order by r.set_at, r.id",
    )
    .fetch_all(&mut app.owner().await)
    .await
    .unwrap();
    assert_eq!(kept.len(), 3);
    for (_, reason, by, salt, data) in &kept {
        let hash = sallyport::log::leaf::row_hash(salt, &(reason, by));
        assert_eq!(data["row_hash"], hash);
        assert!(!data.to_string().contains("court"));
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_log_is_read_in_scope_by_pages_and_the_reading_is_seen(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let county = auditor(&app, COUNTY).await;
    let id = lodge(&liaison, detainer(SND, ALDER, "A012345678")).await;
    acknowledge(&jailer, &id).await;
    jailer
        .put("/v1/bookings/26-1", booking("A012345678"))
        .await
        .expect(201);
    app.settle().await;
    let all = ids(&county, "/v1/audit/events?from=2026-01-01").await;
    let mut paged = Vec::new();
    let mut path = "/v1/audit/events?to=2099-01-01&limit=1".to_owned();
    // The pages' own traces are newer than each cursor, so they are never met.
    loop {
        let page = county.get(&path).await.expect(200).json();
        for item in page["items"].as_array().unwrap() {
            paged.push(item["id"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/audit/events?to=2099-01-01&limit=1&cursor={next}"),
            None => break,
        }
    }
    let once: std::collections::BTreeSet<&String> = paged.iter().collect();
    assert_eq!(once.len(), paged.len());
    assert!(all.iter().all(|id| once.contains(id)));

    let of = async |client: &Client, query: &str| -> Vec<String> {
        let list = client.get(&format!("/v1/audit/events?{query}")).await;
        let list = list.expect(200).json();
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|item| item["type"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(of(&county, "type=detainer.acknowledged").await.len(), 1);
    assert_eq!(
        of(&county, &format!("detainer={id}&type=booking.changed"))
            .await
            .len(),
        0
    );
    assert_eq!(of(&county, "from=2099-01-01").await.len(), 0);
    county
        .get("/v1/audit/events?from=yesterday")
        .await
        .expect(422);
    county.get("/v1/audit/events?detainer=1").await.expect(422);
    // The agency sees that its log was read; another place sees nothing of it.
    assert!(!of(&county, "type=audit.read").await.is_empty());
    let texan = auditor(&app, "48201").await;
    assert_eq!(of(&texan, "").await.len(), 0);

    // An office's auditor reads what entered that office's stream: no booking.
    let office = auditor(&app, SND).await;
    app.settle().await;
    let seen = of(&office, "").await;
    assert!(seen.contains(&"detainer.received".to_owned()));
    assert!(
        !seen
            .iter()
            .any(|kind| kind.starts_with("booking") || kind.starts_with("match"))
    );
    app.settle().await;
    assert!(
        of(&office, "type=audit.read").await.len() == 1,
        "its own reading"
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn live_requests_are_counted_within_each_callers_scope(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison, detainer(SND, ALDER, "A012345678")).await;
    lodge(&liaison, detainer(SND, BIRCH, "A012345678")).await;
    acknowledge(&jailer, &id).await;
    // Kept to itself: the office's counts must not move.
    let hidden = "/v1/statistics/detainers?source=operational&by=notice_outcome,custody_outcome";
    let before = liaison.get(hidden).await.expect(200).text;
    jailer
        .post(
            &format!("/v1/detainers/{id}/outcome"),
            outcome("dhs_no_show_hold_expired"),
        )
        .await
        .expect(201);
    assert_eq!(liaison.get(hidden).await.expect(200).text, before);
    let own = jailer.get(hidden).await.expect(200).json();
    let cell = json!([{"notice_outcome": "notified_before", "custody_outcome": "dhs_no_show_hold_expired", "count": 1}]);
    assert_eq!(own["items"], cell);
    assert_eq!(own["unknown"]["notice_outcome"], 0);
    let told = liaison.get(hidden).await.json();
    assert_eq!(
        told["unknown"]["notice_outcome"], 2,
        "unknown stays unknown"
    );

    let by = "/v1/statistics/detainers?source=operational&by=county,form";
    assert_eq!(
        liaison.get(by).await.expect(200).json()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let county = admin(&app, COUNTY).await;
    let seen = county.get(by).await.expect(200).json();
    assert_eq!(
        seen["items"],
        json!([{"county": "06073", "form": "I-247A", "count": 1}])
    );
    assert_eq!(
        count(&county.get(&format!("{by}&to=2020-01-01")).await.json()),
        0
    );
    app.operator().await.get(by).await.expect(403);
    auditor(&app, SND).await.get(by).await.expect(403);
    county.get(&format!("{by}&dataset=x")).await.expect(422);
    county
        .get("/v1/statistics/detainers?source=historical&by=notice_outcome")
        .await
        .expect(422);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_replay_of_what_can_no_longer_be_read_is_404(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let body = notice("26-1", "scheduled", "2026-11-29T08:00:00-08:00");
    let path = "/v1/release-notices";
    let first = clerk.post_with_key(path, "k-1", body.clone()).await;
    first.expect(201);
    let again = clerk.post_with_key(path, "k-1", body.clone()).await;
    assert_eq!(again.expect(201).header("idempotent-replayed"), "true");
    app.settle().await;
    // A lawful erasure, as the owner carries it out.
    sqlx::query("delete from custodian.release_notice")
        .execute(&mut app.owner().await)
        .await
        .unwrap();
    let gone = clerk.post_with_key(path, "k-1", body).await.expect(404);
    assert_eq!(gone.slug(), "not-found");
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn an_admin_names_the_agencies_of_its_subtree_and_no_others(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let state = admin(&app, "us-ca").await;
    let patch = async |client: &Client, ori: &str, body: Value| {
        let path = format!("/v1/agencies/{ori}");
        let tag = client.get(&path).await.expect(200).header("etag");
        client.patch(&path, &tag, body).await
    };
    let named = patch(
        &state,
        ALDER,
        json!({"name": "Alder Central Jail", "place": "Alder"}),
    )
    .await;
    assert_eq!(named.expect(200).json()["name"], "Alder Central Jail");
    patch(&state, ALDER, json!({"kind": "police"}))
        .await
        .expect(403);
    patch(&state, BIRCH, json!({"name": "Ours"}))
        .await
        .expect(403);
    let events = app.count(
        "select count(*) from log.event where type = 'agency.changed' and agency_id is not null",
    );
    assert_eq!(events.await, 1, "the agency hears of it");
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn an_adopted_position_is_its_agencys_to_write_and_everybodys_to_read(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let reviewer = app.reviewer(ALDER).await;
    let path = format!("/v1/agencies/{ALDER}/adopted-positions/notify_release");
    let body = |reading: &str| json!({"rule": "us/8-usc-1373", "reading": reading, "signed_by": "Sheriff Example", "reason": "advice"});
    reviewer.put(&path, body("permitted")).await.expect(428);
    let json_type = ("content-type", "application/json");
    let first = [("if-none-match", "*"), json_type];
    let text = body("permitted").to_string();
    let made = reviewer
        .send(Method::PUT, &path, &first, text.clone())
        .await;
    assert_eq!(made.expect(200).json()["version"], 1);
    let again = reviewer
        .send(Method::PUT, &path, &first, text.clone())
        .await;
    again.expect(412);
    let second = put_tagged(&reviewer, &path, &path, body("prohibited")).await;
    assert_eq!(second.expect(200).json()["version"], 2);
    let read = app.liaison(HOU).await.get(&path).await.expect(200).json();
    assert_eq!(read["reading"], "prohibited");
    let foreign = app.reviewer(BIRCH).await;
    put_tagged(&foreign, &path, &path, body("permitted"))
        .await
        .expect(403);
    let unknown = format!("/v1/agencies/{ALDER}/adopted-positions/arrest");
    reviewer.get(&unknown).await.expect(404);

    let mut conn = app.app.pools.custodian.acquire().await.unwrap();
    let id = app.actor_at(ALDER).await.agency.unwrap().id;
    let held = sallyport::registry::adopted_positions(&mut conn, id)
        .await
        .unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].version, held[0].rule.as_str()),
        (2, "us/8-usc-1373")
    );
    drop(conn);
    app.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn positions_are_a_timeline_in_both_directions(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    for _ in 0..2 {
        let mut conn = app.owner().await;
        sallyport::registry::load::jurisdictions(&mut conn)
            .await
            .unwrap();
        sallyport::registry::positions::load(&mut conn)
            .await
            .unwrap();
    }
    let client = app.operator().await;
    let list = client.get("/v1/positions?jurisdiction=06073").await;
    let list = list.expect(200).json();
    let bodies: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|at| at["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        bodies,
        [
            "escondido-2018-amicus",
            "san-diego-county-2018-amicus",
            "carlsbad-2018-resolution",
            "san-diego-county-2024-policy-l-2"
        ],
        "with the cities of the county, in the order of adoption"
    );
    let late = client
        .get("/v1/positions?from=2019-01-01&to=2024-12-31")
        .await;
    assert_eq!(
        late.expect(200).json()["items"].as_array().unwrap().len(),
        1
    );
    let page = client.get("/v1/positions?limit=1").await.expect(200).json();
    let next = page["next"].as_str().unwrap();
    let second = client
        .get(&format!("/v1/positions?limit=1&cursor={next}"))
        .await;
    assert_ne!(
        second.expect(200).json()["items"][0]["id"],
        page["items"][0]["id"]
    );
    app.stop().await;
}
