//! Release notices in every kind and any order, what each means for a request, and what the
//! office is told: by a decision, or by what the agency has decided beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use reqwest::Method;
use sallyport::policy::{ActAssessment, Assessment, Disposition, Law, unaddressed};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::deciding;
use crate::support::*;

const NUMBER: &str = "A000000001";

/// A law whose answer about telling of a release a test turns.
#[derive(Clone)]
struct Turning(Arc<AtomicU8>);

impl Turning {
    fn new() -> Self {
        Self(Arc::new(AtomicU8::new(1)))
    }

    fn to(&self, disposition: Disposition) {
        let at = Disposition::ALL.iter().position(|d| *d == disposition);
        self.0.store(at.unwrap() as u8, Ordering::SeqCst);
    }

    fn law(&self) -> Law {
        let turned = self.clone();
        Law::answering(move |_| {
            let disposition = Disposition::ALL[turned.0.load(Ordering::SeqCst) as usize];
            let act = ActAssessment {
                disposition,
                decided_by: Some(deciding("test/rule@1")),
                citations: vec!["1.2(a)".to_owned()],
                because: vec!["a test says so".to_owned()],
                unknown: vec!["convictions".to_owned()],
            };
            Assessment {
                notify_release: act.clone(),
                hold_past_release: act.clone(),
                transfer_custody: act.clone(),
                allow_interview: act,
                ..unaddressed()
            }
        })
    }
}

/// A request of SND that Alder has booked the person of.
async fn thread(app: &TestApp) -> (Client, Client, String) {
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let lodged = liaison
        .post("/v1/detainers", detainer(SND, ALDER, NUMBER))
        .await
        .expect(201);
    jail.put("/v1/bookings/26-1", booking(NUMBER))
        .await
        .expect(201);
    app.settle().await;
    (
        liaison,
        jail,
        lodged.json()["id"].as_str().unwrap().to_owned(),
    )
}

async fn record(jail: &Client, kind: &str, at: &str) -> Value {
    jail.post("/v1/release-notices", notice("26-1", kind, at))
        .await
        .expect(201)
        .json()
}

fn decision(act: &str, decision: &str) -> Value {
    json!({"act": act, "decision": decision, "reason_code": "agency_policy", "note": "as agreed"})
}

async fn decide(jail: &Client, id: &str, body: Value) -> Answer {
    jail.post(&format!("/v1/detainers/{id}/determinations"), body)
        .await
}

async fn told(client: &Client) -> Vec<Value> {
    client.get("/v1/notifications").await.expect(200).json()["items"]
        .as_array()
        .unwrap()
        .clone()
}

const SOON: &str = "2026-12-20T08:00:00-08:00";
const PAST: &str = "2026-11-21T08:00:00-08:00";

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn every_order_of_the_same_statements_ends_alike(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let statements = [
        ("scheduled", "2026-12-20T08:00:00-08:00"),
        ("rescheduled", "2026-12-21T08:00:00-08:00"),
        ("cancelled", "2026-12-19T12:00:00-08:00"),
        ("actual", "2026-12-22T09:00:00-08:00"),
        ("correction", "2026-12-22T09:30:00-08:00"),
    ];
    let mut orders = Vec::new();
    permute(&mut (0..5).collect::<Vec<usize>>(), 0, &mut orders);
    assert_eq!(orders.len(), 120);
    let mut ends: Vec<Value> = Vec::new();
    for (n, order) in orders.iter().enumerate() {
        let (number, a_number) = (format!("P-{n}"), format!("A{:09}", 1000 + n));
        let lodged = liaison
            .post("/v1/detainers", detainer(SND, ALDER, &a_number))
            .await
            .expect(201);
        jail.put(&format!("/v1/bookings/{number}"), booking(&a_number))
            .await
            .expect(201);
        for at in order {
            let (kind, effective_at) = statements[*at];
            jail.post("/v1/release-notices", notice(&number, kind, effective_at))
                .await
                .expect(201);
        }
        let id = lodged.json()["id"].as_str().unwrap().to_owned();
        let case = jail.get(&format!("/v1/detainers/{id}")).await.json();
        let booked = jail.get(&format!("/v1/bookings/{number}")).await.json();
        let history = jail
            .get(&format!("/v1/release-notices?booking_number={number}"))
            .await
            .json();
        let mut kinds: Vec<String> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|notice| notice["kind"].as_str().unwrap().to_owned())
            .collect();
        kinds.sort();
        ends.push(json!({"status": case["status"], "stage": case["stage"],
                         "released": booked["released_at"], "kinds": kinds}));
    }
    assert_eq!(ends[0]["status"], "closed");
    assert_eq!(ends[0]["stage"], "released");
    assert_eq!(ends[0]["released"], "2026-12-22T17:30:00Z");
    assert_eq!(ends[0]["kinds"].as_array().unwrap().len(), 5);
    for (n, end) in ends.iter().enumerate() {
        assert_eq!(end, &ends[0], "{:?}", orders[n]);
    }
    app.stop().await;
}

fn permute(items: &mut Vec<usize>, at: usize, into: &mut Vec<Vec<usize>>) {
    if at == items.len() {
        into.push(items.clone());
        return;
    }
    for other in at..items.len() {
        items.swap(at, other);
        permute(items, at + 1, into);
        items.swap(at, other);
    }
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_return_opens_what_a_release_had_closed(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let (_, jail, id) = thread(&app).await;
    let path = format!("/v1/detainers/{id}");
    for (kind, at, status) in [
        ("escape", "2026-11-21T08:00:00-08:00", "closed"),
        ("returned", "2026-11-21T20:00:00-08:00", "pending"),
        ("hospitalised", "2026-11-22T08:00:00-08:00", "pending"),
        ("actual", "2026-11-23T08:00:00-08:00", "closed"),
    ] {
        record(&jail, kind, at).await;
        assert_eq!(jail.get(&path).await.json()["status"], status, "{kind}");
    }
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn what_the_agencys_outcome_closed_a_return_does_not_open(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (_, jail, id) = thread(&app).await;
    let path = format!("/v1/detainers/{id}");
    record(&jail, "escape", "2026-11-21T08:00:00-08:00").await;
    let outcome = json!({"notice": "not_notified_declined_by_choice", "custody": "escaped",
                         "stated_at": "2026-11-21T10:00:00-08:00"});
    jail.post(&format!("{path}/outcome"), outcome)
        .await
        .expect(201);
    record(&jail, "returned", "2026-11-21T20:00:00-08:00").await;
    assert_eq!(jail.get(&path).await.json()["status"], "closed");
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_decision_covers_later_notices_of_the_release_and_no_other_kind(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail, id) = thread(&app).await;
    let first = record(&jail, "scheduled", SOON).await;
    assert_eq!(first["matches"][0]["action"], "queued");
    decide(&jail, &id, decision("notify_release", "comply"))
        .await
        .expect(201);
    for (kind, action) in [
        ("rescheduled", "notified"),
        ("immediate", "notified"),
        ("cancelled", "notified"),
        ("correction", "notified"),
        ("hospitalised", "queued"),
        ("escape", "queued"),
        ("returned", "queued"),
        ("transfer", "queued"),
    ] {
        let seen = record(&jail, kind, PAST).await;
        assert_eq!(seen["matches"][0]["action"], action, "{kind}");
    }
    app.settle().await;
    let kinds: Vec<Value> = told(&liaison)
        .await
        .iter()
        .rev()
        .map(|told| told["release_notice"]["kind"].clone())
        .collect();
    assert_eq!(
        kinds,
        [
            "scheduled",
            "rescheduled",
            "immediate",
            "cancelled",
            "correction"
        ]
    );
    // A change of status is told by a decision that names it.
    let items = jail.get("/v1/release-notices?kind=transfer").await.json();
    let transfer = items["items"][0]["id"].clone();
    let mut named = decision("notify_release", "comply");
    named["notice"] = transfer.clone();
    let mut wrong = decision("transfer_custody", "comply");
    wrong["notice"] = transfer;
    assert_eq!(
        decide(&jail, &id, wrong).await.expect(422).json()["errors"][0]["pointer"],
        "/notice"
    );
    let made = decide(&jail, &id, named.clone()).await.expect(201);
    app.settle().await;
    let last = &told(&liaison).await[0];
    assert_eq!(last["id"], made.json()["notification"]);
    assert_eq!(
        (&last["about"], &last["release_notice"]["kind"]),
        (&json!("status"), &json!("transfer"))
    );
    // Once told is told.
    assert_eq!(
        decide(&jail, &id, named).await.expect(409).slug(),
        "illegal-transition"
    );
    let stream = liaison
        .get(&format!("/v1/detainers/{id}/timeline"))
        .await
        .json();
    let last = stream["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["type"], "status.disclosed");
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn when_the_law_turns_nothing_new_goes(options: PgPoolOptions, owner: PgConnectOptions) {
    let law = Turning::new();
    let app = TestApp::start_under(options, owner, law.law()).await;
    let (liaison, jail, id) = thread(&app).await;
    record(&jail, "scheduled", SOON).await;
    decide(&jail, &id, decision("notify_release", "comply"))
        .await
        .expect(201);
    for disposition in [Disposition::Prohibited, Disposition::Indeterminate] {
        law.to(disposition);
        let seen = record(&jail, "rescheduled", "2026-12-21T08:00:00-08:00").await;
        let action = &seen["matches"][0]["action"];
        let expected = match disposition {
            Disposition::Prohibited => "withheld",
            _ => "queued",
        };
        assert_eq!(action, expected);
        assert_eq!(
            seen["matches"][0]["notify_release"]["disposition"],
            disposition.as_str()
        );
        let slug = match disposition {
            Disposition::Prohibited => "policy-prohibits",
            _ => "policy-indeterminate",
        };
        let refused = decide(&jail, &id, decision("notify_release", "comply")).await;
        assert_eq!(refused.expect(409).slug(), slug);
        let mut quiet = decision("allow_interview", "decline");
        quiet["tell_office"] = json!(true);
        assert_eq!(decide(&jail, &id, quiet).await.expect(409).slug(), slug);
    }
    app.settle().await;
    assert_eq!(told(&liaison).await.len(), 1);
    // What waits stays with a person, who can tell it once the law allows.
    law.to(Disposition::Required);
    let quiet = json!({"act": "notify_release", "decision": "decline", "reason_code": "other"});
    let refused = decide(&jail, &id, quiet).await.expect(422);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/note");
    let made = decide(&jail, &id, decision("notify_release", "decline"))
        .await
        .expect(201);
    assert_eq!(made.json()["departs_from_policy"], true);
    law.to(Disposition::NotRequired);
    let seen = record(&jail, "immediate", PAST).await;
    assert_eq!(seen["matches"][0]["action"], "queued");
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn what_the_law_had_stopped_waits_for_a_person_when_the_law_turns_back(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let law = Turning::new();
    let app = TestApp::start_under(options, owner, law.law()).await;
    let (liaison, jail, id) = thread(&app).await;
    record(&jail, "scheduled", SOON).await;
    decide(&jail, &id, decision("notify_release", "comply"))
        .await
        .expect(201);
    law.to(Disposition::Prohibited);
    let kept = record(&jail, "rescheduled", "2026-12-21T08:00:00-08:00").await;
    assert_eq!(kept["matches"][0]["action"], "withheld");

    // The law turns back, and nobody has stated a fact: each hour it is asked again.
    law.to(Disposition::Permitted);
    sallyport::delivery::sweep::all(&app.app).await.unwrap();
    app.settle().await;
    let path = format!("/v1/release-notices/{}", kept["id"].as_str().unwrap());
    let now = jail.get(&path).await.expect(200).json();
    assert_eq!(now["matches"][0]["action"], "queued");
    assert_eq!(
        now["matches"][0]["notify_release"]["disposition"],
        "permitted"
    );
    // The decision that covered it was made before the law turned: nothing goes by itself.
    assert_eq!(told(&liaison).await.len(), 1);
    decide(&jail, &id, decision("notify_release", "comply"))
        .await
        .expect(201);
    assert_eq!(told(&liaison).await.len(), 2);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_decision_itself_can_be_told(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail, id) = thread(&app).await;
    decide(&jail, &id, decision("allow_interview", "decline"))
        .await
        .expect(201);
    app.settle().await;
    assert!(told(&liaison).await.is_empty());
    let mut loud = decision("allow_interview", "decline");
    loud["tell_office"] = json!(true);
    decide(&jail, &id, loud).await.expect(201);
    app.settle().await;
    let seen = told(&liaison).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["about"], "decision");
    assert_eq!(seen[0]["release_notice"], Value::Null);
    let decision = &seen[0]["decision"];
    assert_eq!(
        (&decision["act"], &decision["decision"]),
        (&json!("allow_interview"), &json!("decline"))
    );
    assert_eq!(
        liaison.get(&format!("/v1/detainers/{id}")).await.json()["stage"],
        "notified"
    );
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn what_is_agreed_beforehand_decides_at_once(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let law = Turning::new();
    let app = TestApp::start_under(options, owner, law.law()).await;
    let (liaison, jail, id) = thread(&app).await;
    let path = format!("/v1/agencies/{ALDER}/standing-decisions");
    let body = |word: &str| json!({"notify_release": word, "signed_by": "Sheriff Example", "reason": "Board order 7"});
    let put = async |headers: &[(&str, &str)], body: &Value| {
        let json = [("content-type", "application/json")];
        let headers: Vec<_> = headers.iter().chain(&json).copied().collect();
        jail.send(Method::PUT, &path, &headers, body.to_string())
            .await
    };
    let none = jail.get(&path).await.expect(200);
    assert_eq!(
        (&none.json()["notify_release"], &none.json()["version"]),
        (&json!("never"), &json!(0))
    );
    put(&[], &body("never")).await.expect(428);
    put(&[("if-match", "\"0\"")], &body("never"))
        .await
        .expect(412);
    let first = put(&[("if-none-match", "*")], &body("when_required"))
        .await
        .expect(200);
    put(&[("if-none-match", "*")], &body("never"))
        .await
        .expect(412);
    // Read by its own, and no other.
    app.submitter(ALDER).await.get(&path).await.expect(200);
    app.reviewer(BIRCH).await.get(&path).await.expect(403);
    liaison.get(&path).await.expect(403);

    law.to(Disposition::Permitted);
    let seen = record(&jail, "scheduled", SOON).await;
    assert_eq!(seen["matches"][0]["action"], "queued");
    put(
        &[("if-match", &first.header("etag"))],
        &body("when_permitted"),
    )
    .await
    .expect(200);
    let seen = record(&jail, "rescheduled", "2026-12-21T08:00:00-08:00").await;
    assert_eq!(seen["matches"][0]["action"], "notified");
    let made = jail
        .get(&format!("/v1/detainers/{id}/determinations"))
        .await
        .json();
    assert_eq!(
        made["items"][0]["decided_by"],
        "standing decision 2 signed by Sheriff Example"
    );
    // Other kinds wait for a person, and so does what the law leaves open.
    for kind in ["escape", "returned"] {
        assert_eq!(
            record(&jail, kind, PAST).await["matches"][0]["action"],
            "queued",
            "{kind}"
        );
    }
    app.settle().await;
    assert_eq!(told(&liaison).await.len(), 1);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn nothing_agreed_beforehand_overrules_a_person_a_claim_or_paper_of_its_own(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (_, jail, id) = thread(&app).await;
    let headers = [("if-none-match", "*"), ("content-type", "application/json")];
    let body =
        json!({"notify_release": "when_permitted", "signed_by": "S. Example", "reason": "7"});
    jail.send(
        Method::PUT,
        &format!("/v1/agencies/{ALDER}/standing-decisions"),
        &headers,
        body.to_string(),
    )
    .await
    .expect(200);
    decide(&jail, &id, decision("notify_release", "decline"))
        .await
        .expect(201);
    let mut own = detainer(SND, ALDER, NUMBER);
    own["issued_on"] = json!("2026-11-22");
    let own = jail.post("/v1/detainers", own).await.expect(201).json();
    app.settle().await;
    let seen = record(&jail, "scheduled", SOON).await;
    let matches = seen["matches"].as_array().unwrap();
    assert_eq!(matches.len(), 2);
    assert!(
        matches.iter().all(|found| found["action"] == "queued"),
        "{matches:?}"
    );
    // A comply that would tell names the missing step.
    let own = own["id"].as_str().unwrap();
    let refused = decide(&jail, own, decision("notify_release", "comply"))
        .await
        .expect(409);
    assert_eq!(refused.slug(), "illegal-transition");
    assert!(
        refused.text.contains("acknowledge the paper first"),
        "{}",
        refused.text
    );
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_call_by_hand_delivers_and_never_acknowledges(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail, id) = thread(&app).await;
    record(&jail, "scheduled", SOON).await;
    let made = decide(&jail, &id, decision("notify_release", "comply"))
        .await
        .expect(201);
    app.settle().await;
    let notification = made.json()["notification"].as_str().unwrap().to_owned();
    let path = format!("/v1/notifications/{notification}");
    let now = app.app.clock.now().to_rfc3339();
    let call = |result: &str| json!({"channel": "phone", "at": now, "to": "Duty officer", "by": "Clerk Example", "result": result});
    jail.post(&format!("{path}/attempts"), call("no_answer"))
        .await
        .expect(201);
    assert_eq!(jail.get(&path).await.json()["status"], "sent");
    jail.post(&format!("{path}/attempts"), call("reached"))
        .await
        .expect(201);
    for client in [&jail, &liaison] {
        let seen = client.get(&path).await.json();
        assert_eq!(seen["status"], "delivered");
        assert_eq!(seen["attempts"].as_array().unwrap().len(), 2);
        assert_eq!(seen["attempts"][0]["to"], "Duty officer");
    }
    let lead = jail.get(&path).await.json()["lead_minutes"].clone();
    liaison
        .post(
            &format!("{path}/acknowledgement"),
            json!({"by": "C. Officer"}),
        )
        .await
        .expect(200);
    let seen = jail.get(&path).await.json();
    assert_eq!(
        (&seen["status"], &seen["lead_minutes"]),
        (&json!("acknowledged"), &lead)
    );
    let mut early = call("reached");
    early["at"] = json!("2026-11-01T10:00:00-08:00");
    jail.post(&format!("{path}/attempts"), early)
        .await
        .expect(422);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn an_office_without_an_account_is_told_when_somebody_is_reached(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let operator = app.operator().await;
    operator
        .post(
            "/v1/offices",
            json!({"code": "YUM", "name": "Yuma", "kind": "cbp", "time_zone": "America/Phoenix", "connected": false}),
        )
        .await
        .expect(201);
    let jail = app.reviewer(ALDER).await;
    let paper = jail
        .post("/v1/detainers", detainer("YUM", ALDER, NUMBER))
        .await
        .expect(201)
        .json();
    let id = paper["id"].as_str().unwrap();
    jail.post(
        &format!("/v1/detainers/{id}/acknowledgement"),
        json!({"by": "Clerk"}),
    )
    .await
    .expect(200);
    jail.put("/v1/bookings/26-1", booking(NUMBER))
        .await
        .expect(201);
    record(&jail, "scheduled", SOON).await;
    let made = decide(&jail, id, decision("notify_release", "comply"))
        .await
        .expect(201);
    app.settle().await;
    let path = format!(
        "/v1/notifications/{}",
        made.json()["notification"].as_str().unwrap()
    );
    let seen = jail.get(&path).await.json();
    assert_eq!(
        (&seen["status"], &seen["sent_at"]),
        (&json!("queued"), &Value::Null)
    );
    let at = app
        .app
        .clock
        .now()
        .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let fax = json!({"channel": "fax", "at": at, "to": "+1 555 0100", "by": "Clerk", "result": "reached"});
    jail.post(&format!("{path}/attempts"), fax)
        .await
        .expect(201);
    let seen = jail.get(&path).await.json();
    assert_eq!(
        (&seen["status"], &seen["sent_at"]),
        (&json!("delivered"), &json!(at))
    );
    assert!(seen["lead_minutes"].is_number());
    app.stop().await;
}
