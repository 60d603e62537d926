//! A hold needs a paper that asks for it, service, no open claim and the law's leave; its clock
//! runs from when the person was otherwise releasable, and nobody can extend it.

use sallyport::delivery::timers;
use sallyport::policy::Disposition;
use sallyport::types::Timestamp;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::*;
use crate::support::*;

/// An instant so many seconds from now, as a caller writes it.
fn from_now(app: &TestApp, seconds: i64) -> String {
    (app.app.clock.now() + chrono::Duration::seconds(seconds)).to_rfc3339()
}

fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn what_a_hold_needs_is_looked_at_in_order(options: PgPoolOptions, owner: PgConnectOptions) {
    // The law answers by who issued: a way for the test to move it.
    let law = holding(|question| match question.facts["tsdb_match"].as_bool() {
        None => Disposition::Indeterminate,
        Some(false) => Disposition::Prohibited,
        Some(true) => Disposition::Permitted,
    });
    let app = TestApp::start_under(options, owner, law).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let start = from_now(&app, -3600);
    let refused = async |id: &str, slug: &str| {
        let answer = jailer
            .post(&format!("/v1/detainers/{id}/hold"), hold(&start))
            .await
            .expect(409);
        assert_eq!(answer.slug(), slug, "{}", answer.text);
    };

    // The form comes first, whatever else is missing.
    let mut body = detainer(SND, ALDER, "A011111111");
    body["form"] = json!("I-247G");
    body["asks"]["hold"] = json!(false);
    body["asks"]["transfer"] = json!(false);
    refused(&lodge(&liaison, body).await, "notice-only-form").await;
    let mut body = detainer(SND, ALDER, "A022222222");
    body["asks"]["hold"] = json!(false);
    refused(&lodge(&liaison, body).await, "illegal-transition").await;
    let id = lodge(&liaison, detainer(SND, ALDER, NUMBER)).await;
    refused(&id, "not-served").await;
    acknowledge(&jailer, &id).await;
    serve(&jailer, &id).await;

    // A claim is named before the law is asked.
    let claims = format!("/v1/detainers/{id}/citizenship-claims");
    let claim = json!({"kind": "us_citizen", "claimed_at": "2026-11-21T09:00:00-08:00"});
    let claim = jailer.post(&claims, claim).await.expect(201).json();
    refused(&id, "policy-indeterminate").await;
    let tag = jailer
        .get(&format!("/v1/detainers/{id}"))
        .await
        .header("etag");
    let settled = json!({"result": "withdrawn", "resolved_at": "2026-11-22T09:00:00-08:00", "source": "the person"});
    jailer
        .patch(
            &format!("{claims}/{}", claim["id"].as_str().unwrap()),
            &tag,
            settled,
        )
        .await
        .expect(200);

    refused(&id, "policy-indeterminate").await;
    let facts = format!("/v1/detainers/{id}/facts");
    let state = async |value: bool| {
        let tag = jailer.get(&facts).await.header("etag");
        jailer
            .patch(&facts, &tag, json!({"tsdb_match": value}))
            .await
            .expect(200);
    };
    state(false).await;
    refused(&id, "policy-prohibits").await;
    // Refusals of the law are in the log: the claim, the open fact, the prohibition.
    assert_eq!(app.count_of(&id, "refused").await, 3);

    state(true).await;
    for (body, pointer) in [
        (
            json!({"otherwise_releasable_at": "2027-11-20T00:00:00Z", "authority": {"kind": "judicial_warrant", "reference": "x"}}),
            "/otherwise_releasable_at",
        ),
        (
            json!({"otherwise_releasable_at": start, "authority": {"kind": "administrative_i200", "reference": "x"}}),
            "/authority/kind",
        ),
        (
            json!({"otherwise_releasable_at": start, "authority": {"kind": "judicial_warrant", "reference": " "}}),
            "/authority/reference",
        ),
    ] {
        let answer = jailer
            .post(&format!("/v1/detainers/{id}/hold"), body)
            .await
            .expect(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
    let made = jailer
        .post(&format!("/v1/detainers/{id}/hold"), hold(&start))
        .await
        .expect(201)
        .json();
    assert_eq!(
        instant(&made["started_at"]),
        start.parse::<Timestamp>().unwrap()
    );
    assert_eq!(made["authority"]["kind"], "judicial_warrant");
    let seen = jailer.get(&format!("/v1/detainers/{id}")).await.json();
    assert_eq!(seen["stage"], "hold_running");
    let listed = jailer.get("/v1/detainers?stage=hold_running").await.json();
    assert_eq!(listed["items"][0]["id"], json!(id));
    // One at a time, and a submitter never.
    refused(&id, "illegal-transition").await;
    let clerk = app.submitter(ALDER).await;
    clerk
        .post(&format!("/v1/detainers/{id}/hold"), hold(&start))
        .await
        .expect(403);
    liaison
        .post(&format!("/v1/detainers/{id}/hold"), hold(&start))
        .await
        .expect(403);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn both_deadlines_are_counted_and_the_earliest_governs(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, permitting()).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    // The evening before Thanksgiving 2026, set by the clock of the test.
    let evening: Timestamp = "2026-11-25T17:00:00-08:00".parse().unwrap();
    app.app
        .clock
        .advance((evening - app.app.clock.now()).num_seconds() + 60);
    let path = format!("/v1/detainers/{id}/hold");
    let made = jailer
        .post(&path, hold("2026-11-25T17:00:00-08:00"))
        .await
        .expect(201)
        .json();
    assert_eq!(made["deadline_at"], "2026-11-28T01:00:00Z");
    assert_eq!(made["basis"], "form_48");
    assert_eq!(made["rule"], "I-247A (03/17)");
    assert_eq!(
        made["working"],
        json!([{"from": "2026-11-26T01:00:00Z", "to": "2026-11-28T01:00:00Z", "counted": true, "why": null}])
    );
    let other = &made["deadlines"][1];
    assert_eq!(other["basis"], "reg_287_7");
    assert_eq!(other["deadline_at"], "2026-12-01T01:00:00Z");
    assert_eq!(other["holiday_calendar"], "us-federal@2026.1");
    assert_eq!(other["working"][1]["why"], "holiday: Thanksgiving Day");
    // Stored as it was counted.
    let listed = jailer.get(&path).await.expect(200).json();
    assert_eq!(listed["items"][0], made);

    // Nobody extends it: not by ending it later, not by starting another.
    let late = json!({"ended_at": "2026-11-28T01:00:01Z", "reason": "papers are late"});
    jailer.post(&format!("{path}/end"), late).await.expect(422);
    jailer
        .post(&path, hold("2026-11-26T17:00:00-08:00"))
        .await
        .expect(409);
    let said = json!({"ended_at": "2026-11-25T17:00:30-08:00", "reason": "expired"});
    jailer.post(&format!("{path}/end"), said).await.expect(422);
    let ended =
        json!({"ended_at": "2026-11-25T17:00:30-08:00", "reason": "the court ordered release"});
    let seen = jailer
        .post(&format!("{path}/end"), ended.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(seen["stage"], "served");
    let again = jailer.post(&format!("{path}/end"), ended).await.expect(409);
    assert_eq!(again.slug(), "illegal-transition");
    let listed = jailer.get(&path).await.json();
    assert_eq!(
        listed["items"][0]["end_reason"],
        "the court ordered release"
    );
    // Free words stay out of the log.
    app.settle().await;
    let timeline = jailer
        .get(&format!("/v1/detainers/{id}/timeline"))
        .await
        .text;
    assert!(timeline.contains("hold.ended") && !timeline.contains("court"));
    app.stop().await;
}

/// How often each mark was recorded, and how the hold stands.
async fn marks(app: &TestApp) -> Vec<(String, i64)> {
    app.settle().await;
    sqlx::query_as(
        "select data ->> 'mark', count(*) from log.event where type = 'hold.alert' group by 1 order by 1",
    )
    .fetch_all(&mut app.owner().await)
    .await
    .unwrap()
}

fn once(words: &[&str]) -> Vec<(String, i64)> {
    words.iter().map(|word| ((*word).to_owned(), 1)).collect()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn each_mark_and_the_end_are_recorded_once_by_two_processes_and_across_a_restart(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options.clone(), owner.clone(), permitting()).await;
    let second = TestApp::start_under(options.clone(), owner.clone(), permitting()).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    let path = format!("/v1/detainers/{id}/hold");
    // 20 hours are gone: T-24h is 4 hours ahead.
    let made = jailer
        .post(&path, hold(&from_now(&app, -20 * 3600)))
        .await
        .expect(201)
        .json();
    let together = async |seconds: i64| {
        app.app.clock.advance(seconds);
        second.app.clock.advance(seconds);
        // Both processes' own loops run beside these.
        let (one, other) = tokio::join!(timers::batch(&app.app), timers::batch(&second.app));
        one.unwrap();
        other.unwrap();
    };
    together(60).await;
    assert_eq!(marks(&app).await, once(&[]));
    together(4 * 3600).await;
    assert_eq!(marks(&app).await, once(&["T-24h"]));
    together(60).await;
    assert_eq!(marks(&app).await, once(&["T-24h"]));
    // Nothing runs while T-6h passes; what was missed is recorded at the start, once.
    let gone = app.app.clock.now();
    second.stop().await;
    app.stop().await;
    let app = TestApp::start_under(options, owner, permitting()).await;
    app.app
        .clock
        .advance((gone - app.app.clock.now()).num_seconds() + 19 * 3600);
    for _ in 0..100 {
        if !marks(&app).await.iter().any(|(mark, _)| mark == "T-6h") {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    assert_eq!(marks(&app).await, once(&["T-24h", "T-6h"]));

    // Past the deadline: the rest, and the end at the deadline itself.
    app.app.clock.advance(8 * 3600);
    timers::batch(&app.app).await.unwrap();
    timers::batch(&app.app).await.unwrap();
    assert_eq!(
        marks(&app).await,
        once(&["T", "T-15min", "T-1h", "T-24h", "T-6h"])
    );
    let jailer = app.reviewer(ALDER).await;
    let seen = jailer.get(&path).await.json()["items"][0].clone();
    assert_eq!(seen["end_reason"], "expired");
    assert_eq!(seen["ended_at"], made["deadline_at"]);
    assert_eq!(app.count_of(&id, "hold.ended").await, 1);
    assert_eq!(
        jailer.get(&format!("/v1/detainers/{id}")).await.json()["stage"],
        "served"
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn an_instant_that_had_passed_at_the_start_is_not_called_to_mind(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, permitting()).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    let path = format!("/v1/detainers/{id}/hold");
    // Half an hour is left.
    jailer
        .post(&path, hold(&from_now(&app, -(47 * 3600 + 1800))))
        .await
        .expect(201);
    app.app.clock.advance(3600);
    timers::batch(&app.app).await.unwrap();
    assert_eq!(marks(&app).await, once(&["T", "T-15min"]));

    // Recorded when it was over: with its end, and no mark at all.
    let other = {
        let id = lodge(&liaison, detainer(SND, ALDER, "A087654321")).await;
        acknowledge(&jailer, &id).await;
        serve(&jailer, &id).await;
        id
    };
    let made = jailer
        .post(
            &format!("/v1/detainers/{other}/hold"),
            hold("2026-11-20T08:00:00-08:00"),
        )
        .await
        .expect(201)
        .json();
    assert_eq!(made["end_reason"], "expired");
    assert_eq!(made["ended_at"], "2026-11-22T16:00:00Z");
    assert_eq!(
        jailer.get(&format!("/v1/detainers/{other}")).await.json()["stage"],
        "served"
    );
    assert_eq!(marks(&app).await, once(&["T", "T-15min"]));
    assert_eq!(app.count_of(&other, "hold.ended").await, 1);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_release_is_never_held_up_and_its_minutes_past_release_count(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, permitting()).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    let path = format!("/v1/detainers/{id}");
    jailer
        .put("/v1/bookings/26-1", booking(NUMBER))
        .await
        .expect(201);
    app.settle().await;
    let start = from_now(&app, -7200);
    let early = jailer
        .post(&format!("{path}/hold"), hold("2026-11-18T08:00:00-08:00"))
        .await
        .expect(422);
    assert_eq!(
        early.json()["errors"][0]["pointer"],
        "/otherwise_releasable_at"
    );
    jailer
        .post(&format!("{path}/hold"), hold(&start))
        .await
        .expect(201);
    let booked = jailer.get("/v1/bookings/26-1").await.json();
    assert_eq!(booked["held_past_release_minutes"], Value::Null);
    let gone = from_now(&app, -3600);
    jailer
        .post("/v1/release-notices", notice("26-1", "actual", &gone))
        .await
        .expect(201);
    let held = jailer.get(&format!("{path}/hold")).await.json()["items"][0].clone();
    assert_eq!(held["end_reason"], "released");
    assert_eq!(
        instant(&held["ended_at"]),
        gone.parse::<Timestamp>().unwrap()
    );
    let seen = jailer.get(&path).await.json();
    assert_eq!(
        (&seen["stage"], &seen["status"]),
        (&json!("released"), &json!("closed"))
    );
    // The booking does not say when the local basis ended; the hold did.
    let booked = jailer.get("/v1/bookings/26-1").await.json();
    assert_eq!(booked["held_past_release_minutes"], 60);
    assert_eq!(
        jailer
            .post(&format!("{path}/hold"), hold(&start))
            .await
            .expect(409)
            .slug(),
        "illegal-transition"
    );

    // Hold or no hold: the booking's own statement counts, allowed or not.
    let mut booked = booking("A077777777");
    booked["otherwise_releasable_at"] = json!("2026-11-20T08:00:00-08:00");
    jailer.put("/v1/bookings/26-2", booked).await.expect(201);
    jailer
        .post(
            "/v1/release-notices",
            notice("26-2", "actual", "2026-11-20T13:30:00-08:00"),
        )
        .await
        .expect(201);
    assert_eq!(
        jailer.get("/v1/bookings/26-2").await.json()["held_past_release_minutes"],
        330
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn an_office_learns_of_a_hold_only_when_it_is_told(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    // The office may be told unless the test states otherwise.
    let law = notifying(|question| {
        if question.facts["tsdb_match"] == true {
            Disposition::Prohibited
        } else {
            Disposition::Permitted
        }
    });
    let app = TestApp::start_under(options, owner, law).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    let path = format!("/v1/detainers/{id}");
    app.settle().await;
    let see = async || {
        app.settle().await;
        (
            liaison.get(&path).await.text,
            liaison.get(&format!("{path}/timeline")).await.text,
            liaison.get("/v1/notifications").await.text,
            liaison.get("/v1/detainers?stage=hold_running").await.text,
        )
    };
    let before = see().await;
    let start = from_now(&app, -3600);
    let end = json!({"ended_at": from_now(&app, -60), "reason": "no need"});
    jailer
        .post(&format!("{path}/hold"), hold(&start))
        .await
        .expect(201);
    jailer
        .post(&format!("{path}/hold/end"), end)
        .await
        .expect(200);
    assert_eq!(before, see().await);
    // Nobody extends it by starting another.
    let again = jailer
        .post(&format!("{path}/hold"), hold(&start))
        .await
        .expect(409);
    assert_eq!(again.slug(), "illegal-transition");
    assert!(again.text.contains("extend"), "{}", again.text);

    // A request about another person, whose hold the office may be told of, or not.
    let mut other = detainer(SND, ALDER, "A077777701");
    other["subject"]["given_name"] = json!("Berta");
    let id = lodge(&liaison, other).await;
    acknowledge(&jailer, &id).await;
    serve(&jailer, &id).await;
    let path = format!("/v1/detainers/{id}");
    let before = see().await;
    let facts = jailer.get(&format!("{path}/facts")).await;
    let tag = jailer
        .patch(
            &format!("{path}/facts"),
            &facts.header("etag"),
            json!({"tsdb_match": true}),
        )
        .await
        .header("etag");
    let mut told = hold(&start);
    told["tell_office"] = json!(true);
    let refused = jailer
        .post(&format!("{path}/hold"), told.clone())
        .await
        .expect(409);
    assert_eq!(refused.slug(), "policy-prohibits");
    assert_eq!(before, see().await);
    jailer
        .patch(&format!("{path}/facts"), &tag, json!({"tsdb_match": false}))
        .await
        .expect(200);
    let made = jailer
        .post(&format!("{path}/hold"), told)
        .await
        .expect(201)
        .json();
    assert!(made["notification"].is_string());
    app.settle().await;
    let seen = liaison.get("/v1/notifications").await.json();
    assert_eq!(seen["items"][0]["id"], made["notification"]);
    assert_eq!(seen["items"][0]["about"], "hold");
    assert_eq!(seen["items"][0]["release_notice"], Value::Null);
    assert_eq!(seen["items"][0]["status"], "sent");
    assert_eq!(liaison.get(&path).await.json()["stage"], "notified");
    let timeline = liaison.get(&format!("{path}/timeline")).await.text;
    assert!(timeline.contains("hold.disclosed"));
    assert!(!timeline.contains(made["id"].as_str().unwrap()));
    app.stop().await;
}
