//! `/v1/policies` and `/v1/clock` over the wire: no key, strict bodies, the registry's zones.

use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;

/// Every fact of POLICY.md, known to be none.
fn none() -> Value {
    Value::Object(sallyport::policy::cases::nothing_known_against())
}

fn with(facts: Value) -> Value {
    let mut all = none();
    for (name, value) in facts.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

fn ask(agency: &str, at: &str, facts: Value) -> Value {
    json!({"agency": agency, "at": at, "facts": facts})
}

fn burglary(on: &str) -> Value {
    json!({"state": "CA", "statute": "PC 459", "degree": "second", "level": "felony",
           "state_prison": false, "disposition_on": on})
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_rules_are_asked_without_a_key(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let nobody = app.client(String::new());
    let path = "/v1/policies/evaluate";

    let facts = with(json!({"convictions": [burglary("2012-11-24")], "interview_consent": null}));
    let place = |county: &str, kind: &str| {
        json!({"place": {"jurisdiction": county, "agency_kind": kind},
               "at": "2026-11-24T10:00:00-08:00", "facts": facts})
    };
    let body = place("06037", "jail");
    let answer = nobody.post(path, body).await.expect(200).json();
    let notify = &answer["acts"]["notify_release"];
    assert_eq!(answer["at"], "2026-11-24T10:00:00-08:00");
    assert_eq!(notify["disposition"], "permitted");
    assert_eq!(
        notify["decided_by"],
        json!({"rule": "us-ca/values-act", "version": "2018.1", "status": "draft", "cite": "7282.5(a)"})
    );
    assert_eq!(
        notify["because"],
        json!([
            "conviction PC 459 (F) 2012-11-24 is a felony within 15 years on the list ca-7282-5-a-3, class F"
        ])
    );
    assert_eq!(notify["unknown"], json!([]));
    assert_eq!(notify["trace"][0]["level"], "federal");
    assert_eq!(answer["clock"], Value::Null);
    assert_eq!(answer["warnings"], json!(["no consent on file"]));
    let duty = &answer["duties"][0];
    assert_eq!(duty["duty"], "copy_and_intent");
    assert_eq!(
        duty["languages"],
        json!(["en", "es", "zh", "tl", "vi", "ko"])
    );

    // The day is the agency's: at 07:59Z on the 25th it is still the 24th in California.
    for (at, disposition) in [
        // Alder lies in a county whose policy is contested for jails.
        ("2026-11-25T07:59:59Z", "indeterminate"),
        ("2026-11-25T08:00:00Z", "prohibited"),
    ] {
        let facts = with(json!({"convictions": [burglary("2011-11-24")]}));
        let answer = nobody.post(path, ask(ALDER, at, facts)).await.expect(200);
        assert_eq!(
            answer.json()["acts"]["notify_release"]["disposition"],
            disposition,
            "{at}"
        );
    }
    // With a place it is the day of the instant's own offset.
    let body = place("06073", "sheriff");
    let answer = nobody.post(path, body).await.expect(200).json();
    let notify = &answer["acts"]["notify_release"];
    assert_eq!(notify["disposition"], "indeterminate");
    assert_eq!(notify["readings"][0]["disposition"], "prohibited");
    assert_eq!(
        notify["readings"][1]["decided_by"]["rule"],
        "us-ca/values-act"
    );
    assert_eq!(
        answer["acts"]["hold_past_release"]["disposition"],
        "prohibited"
    );

    // Nothing stated: nothing known.
    let body = json!({"agency": BIRCH, "at": "2026-11-24T10:00:00-06:00"});
    let answer = nobody.post(path, body).await.expect(200).json();
    assert_eq!(
        answer["acts"]["hold_past_release"]["unknown"],
        json!(["detainer"])
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn what_cannot_be_asked_is_refused(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let nobody = app.client(String::new());
    let at = "2026-11-24T10:00:00-08:00";
    for (status, pointer, body) in [
        (
            400,
            "/facts/unheard_of",
            ask(ALDER, at, json!({"unheard_of": true})),
        ),
        (
            400,
            "/facts/detainer/boxes",
            ask(ALDER, at, json!({"detainer": {"boxes": 1}})),
        ),
        (
            400,
            "/facts/convictions/0/name",
            ask(ALDER, at, json!({"convictions": [{"name": "x"}]})),
        ),
        (
            400,
            "/office",
            json!({"agency": ALDER, "at": at, "facts": {}, "office": "SND"}),
        ),
        (
            422,
            "/facts/tsdb_match",
            ask(ALDER, at, json!({"tsdb_match": "no"})),
        ),
        (
            422,
            "/facts/detainer",
            ask(ALDER, at, json!({"detainer": true})),
        ),
        (
            422,
            "/facts/judicial_warrant/kind",
            ask(
                ALDER,
                at,
                json!({"judicial_warrant": {"kind": "administrative_i200"}}),
            ),
        ),
        (
            422,
            "/facts/judicial_warrant",
            ask(
                ALDER,
                at,
                json!({"judicial_warrant": false, "detainer": {"warrants": [{"kind": "judicial_criminal"}]}}),
            ),
        ),
        (
            422,
            "/facts/detainer/form",
            ask(
                ALDER,
                at,
                json!({"detainer": {"form": "I-247X", "issued_on": "2017-04-03"}}),
            ),
        ),
        (
            422,
            "/facts/convictions/0/statute",
            ask(ALDER, at, json!({"convictions": [{"statute": "PC459"}]})),
        ),
        (
            422,
            "/facts/convictions",
            ask(ALDER, at, json!({"convictions": false})),
        ),
        (422, "/agency", ask("CA0000000", at, json!({}))),
        (422, "/agency", json!({"at": at, "facts": {}})),
        (
            422,
            "/agency",
            json!({"agency": ALDER, "place": {"jurisdiction": "06073", "agency_kind": "jail"}, "at": at}),
        ),
        (
            422,
            "/place/jurisdiction",
            json!({"place": {"jurisdiction": "99999", "agency_kind": "jail"}, "at": at}),
        ),
        (
            422,
            "/place/agency_kind",
            json!({"place": {"jurisdiction": "06073", "agency_kind": "zoo"}, "at": at}),
        ),
        (422, "/at", ask(ALDER, "2026-11-24", json!({}))),
        (422, "/at", json!({"agency": ALDER})),
    ] {
        let answer = nobody
            .post("/v1/policies/evaluate", body.clone())
            .await
            .expect(status);
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_clock_shows_its_working(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let nobody = app.client(String::new());
    let mut body = json!({"basis": "reg_287_7", "start": "2026-12-23T12:00:00-08:00",
                          "time_zone": "America/Los_Angeles", "holidays": ["2026-12-24"]});
    let answer = nobody
        .post("/v1/clock", body.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(
        answer,
        json!({
            "deadline_at": "2026-12-29T20:00:00Z", "elapsed_hours": 144, "counted_hours": 48,
            "working": [
                {"from": "2026-12-23T20:00:00Z", "to": "2026-12-24T08:00:00Z", "counted": true, "why": null},
                {"from": "2026-12-24T08:00:00Z", "to": "2026-12-25T08:00:00Z", "counted": false, "why": "holiday: named with the request"},
                {"from": "2026-12-25T08:00:00Z", "to": "2026-12-26T08:00:00Z", "counted": false, "why": "holiday: Christmas Day"},
                {"from": "2026-12-26T08:00:00Z", "to": "2026-12-27T08:00:00Z", "counted": false, "why": "Saturday"},
                {"from": "2026-12-27T08:00:00Z", "to": "2026-12-28T08:00:00Z", "counted": false, "why": "Sunday"},
                {"from": "2026-12-28T08:00:00Z", "to": "2026-12-29T20:00:00Z", "counted": true, "why": null},
            ],
            "basis": "reg_287_7", "holiday_calendar": "us-federal@2026.1"
        })
    );
    for (field, value, pointer) in [
        ("hours", json!(0), "/hours"),
        ("hours", json!(721), "/hours"),
        ("hours", json!(-1), "/hours"),
        ("hours", json!(1.5), "/hours"),
        ("time_zone", json!("PST8"), "/time_zone"),
        ("start", json!("2061-03-01T00:00:00Z"), "/start"),
        ("basis", json!("form_72"), "/basis"),
        ("holidays", json!(["2026-02-30"]), "/holidays/0"),
    ] {
        let before = body[field].clone();
        body[field] = value;
        let answer = nobody.post("/v1/clock", body.clone()).await.expect(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
        body[field] = before;
        if field == "hours" {
            body.as_object_mut().unwrap().remove(field);
        }
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_library_lists_every_rule_once(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let nobody = app.client(String::new());
    let mut seen = Vec::new();
    let mut path = "/v1/policies?limit=7".to_owned();
    loop {
        let page = nobody.get(&path).await.expect(200).json();
        for item in page["items"].as_array().unwrap() {
            assert_eq!(item["status"], "draft");
            seen.push(format!("{}@{}", item["id"], item["version"]));
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/policies?limit=7&cursor={next}");
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all);
    assert_eq!(all, app.app.law.book().rules.len());

    let of_texas = |day: &str| format!("/v1/policies?jurisdiction=us-tx&in_force_on={day}");
    for (day, id) in [
        ("2024-12-31", "us-tx/ccp-2.251"),
        ("2025-01-01", "us-tx/ccp-2a.060"),
    ] {
        let list = nobody.get(&of_texas(day)).await.expect(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        assert_eq!(list["items"][0]["id"], id);
    }
    nobody
        .get("/v1/policies?in_force_on=yesterday")
        .await
        .expect(422);

    for path in ["/v1/policies/us-nc/162-62", "/v1/policies/us-nc%2F162-62"] {
        let rule = nobody.get(path).await.expect(200).json();
        assert_eq!(rule["id"], "us-nc/162-62");
        assert_eq!(rule["versions"].as_array().unwrap().len(), 2);
        assert!(
            rule["text"]
                .as_str()
                .unwrap()
                .starts_with("id: us-nc/162-62\n")
        );
    }
    let old = nobody
        .get("/v1/policies/us-nc/162-62?version=2024.1")
        .await
        .expect(200)
        .json();
    assert_eq!(old["rule"]["clocks"][0]["starts"], "papers_received");
    nobody
        .get("/v1/policies/us-nc/162-62?version=1900.1")
        .await
        .expect(404);
    nobody.get("/v1/policies/us-xx/none").await.expect(404);
    app.stop().await;
}
