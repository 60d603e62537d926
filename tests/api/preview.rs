//! What a draft of a rule would have changed.

use reqwest::Method;
use sallyport::policy::Law;
use sallyport::policy::load::Rules;
use sallyport::types::Role;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::lodge;
use crate::support::*;

const NUMBER: &str = "A012345678";

async fn decline(jail: &Client, id: &str) {
    let body = json!({"act": "notify_release", "decision": "decline", "reason_code": "law_prohibits", "note": "as the law is"});
    jail.post(&format!("/v1/detainers/{id}/determinations"), body)
        .await
        .expect(201);
}

async fn state(jail: &Client, id: &str, facts: Value) {
    let path = format!("/v1/detainers/{id}/facts");
    let tag = jail.get(&path).await.header("etag");
    jail.patch(&path, &tag, facts).await.expect(200);
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_draft_is_asked_about_what_was_decided_with_what_was_known(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let law = Law::of(Rules::built_in().unwrap());
    let app = TestApp::start_under(options, owner, law).await;
    let (liaison, jail) = (app.liaison(HOU).await, app.reviewer(BIRCH).await);
    let id = lodge(&liaison, detainer(HOU, BIRCH, NUMBER)).await;
    let mut second = detainer(HOU, BIRCH, "A012345679");
    second["subject"]["given_name"] = json!("Berta");
    let proven = lodge(&liaison, second).await;
    app.settle().await;
    // Of one the proof was on file when it was decided, of the other it came later.
    state(
        &jail,
        &proven,
        json!({"proof_of_citizenship_or_status": true}),
    )
    .await;
    decline(&jail, &proven).await;
    decline(&jail, &id).await;
    state(&jail, &id, json!({"proof_of_citizenship_or_status": true})).await;

    let rule = jail
        .get("/v1/policies/us-tx/ccp-2a.060")
        .await
        .expect(200)
        .json();
    let text = rule["text"].as_str().unwrap();
    let ask = async |client: &Client, draft: &str| {
        let body = json!({"draft": draft, "from": "2026-01-01", "to": "2027-12-31"});
        client.post("/v1/policies/preview", body).await
    };
    // The same rule changes nothing.
    let same = ask(&jail, text).await.expect(200).json();
    assert_eq!(
        (&same["assessed"], &same["changed"]),
        (&json!(2), &json!(0))
    );

    // A draft without its exemptions: only where the proof was on file by then.
    let version = rule["version"].as_str().unwrap();
    let draft = without_exemptions(text).replace(version, "draft-1");
    let found = ask(&jail, &draft).await.expect(200).json();
    assert_eq!(
        (&found["assessed"], &found["changed"]),
        (&json!(2), &json!(1)),
        "{found}"
    );
    let item = &found["items"][0];
    assert_eq!(
        (
            &item["detainer"],
            &item["was"],
            &item["now"],
            &item["would_be"]
        ),
        (
            &json!(proven),
            &json!("not_required"),
            &json!("not_required"),
            &json!("required")
        )
    );

    // A draft that cannot stand says where; another agency sees nothing of it; the law stays.
    let broken = ask(&jail, &text.replace("mode:", "mood:"))
        .await
        .expect(422)
        .json();
    assert_eq!(broken["errors"][0]["pointer"], "/draft");
    let elsewhere = app.reviewer(ALDER).await;
    assert_eq!(
        ask(&elsewhere, &draft).await.expect(200).json()["assessed"],
        0
    );
    ask(&app.submitter(BIRCH).await, &draft).await.expect(403);
    ask(&liaison, &draft).await.expect(403);
    let kept = jail.get("/v1/policies/us-tx/ccp-2a.060").await.json();
    assert_eq!(kept["version"], rule["version"]);
    app.stop().await;
}

/// What each of eleven people had on file, decided; nobody else's.
async fn decided(app: &TestApp, jail: &Client, proven: usize) -> Vec<String> {
    let liaison = app.liaison(HOU).await;
    let mut ids = Vec::new();
    for n in 0..11 {
        let mut body = detainer(HOU, BIRCH, &format!("A0123456{n:02}"));
        body["subject"]["given_name"] = json!(format!("Number {n}"));
        ids.push(lodge(&liaison, body).await);
    }
    app.settle().await;
    for (n, id) in ids.iter().enumerate() {
        if n < proven {
            state(jail, id, json!({"proof_of_citizenship_or_status": true})).await;
        }
        decline(jail, id).await;
    }
    ids
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn an_admin_counts_by_tens_and_learns_nothing_of_one(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let law = Law::of(Rules::built_in().unwrap());
    let app = TestApp::start_under(options, owner, law).await;
    let jail = app.reviewer(BIRCH).await;
    let ids = decided(&app, &jail, 10).await;
    let rule = jail
        .get("/v1/policies/us-tx/ccp-2a.060")
        .await
        .expect(200)
        .json();
    let text = rule["text"].as_str().unwrap();
    let version = rule["version"].as_str().unwrap();
    let draft = without_exemptions(text).replace(version, "draft-1");
    let admin = app.client(app.key(Role::JurisdictionAdmin, "us-tx").await);
    let preview = async |client: &Client, draft: &str, from: &str, to: &str| {
        let body = json!({"draft": draft, "from": from, "to": to});
        client.post("/v1/policies/preview", body).await
    };
    let ask = async |client: &Client| preview(client, &draft, "2026-01-01", "2027-12-31").await;

    let found = ask(&admin).await.expect(200);
    let cell = json!({
        "agency": BIRCH, "act": "notify_release", "now": "not_required", "would_be": "required", "count": 10,
    });
    let body = found.json();
    assert_eq!(body["items"], json!([cell]));
    assert_eq!(
        (&body["assessed"], &body["changed"], &body["rounded_to"]),
        (&json!(10), &json!(10), &json!(10))
    );
    for word in ids
        .iter()
        .map(String::as_str)
        .chain(["Number", "Example", NUMBER])
    {
        assert!(!found.text.contains(word), "{word}: {}", found.text);
    }

    // One fewer is none at all, and one that is restricted is one fewer.
    let path = format!("/v1/detainers/{}", ids[0]);
    let tag = jail.get(&path).await.header("etag");
    let headers = [
        ("if-match", tag.as_str()),
        ("content-type", "application/json"),
    ];
    let sealed = json!({"kind": "sealed", "reason": "as the court ordered"}).to_string();
    jail.send(
        Method::PUT,
        &format!("{path}/restriction"),
        &headers,
        sealed,
    )
    .await
    .expect(200);
    let body = ask(&admin).await.expect(200).json();
    assert_eq!(
        (&body["items"], &body["assessed"], &body["changed"]),
        (&json!([]), &json!(10), &json!(0))
    );

    // Another county's admin counts nothing of it; neither an auditor nor a draft that picks
    // somebody out is answered, nor days that are no months.
    let alder = app.client(app.key(Role::JurisdictionAdmin, "us-ca").await);
    assert_eq!(ask(&alder).await.expect(200).json()["assessed"], 0);
    ask(&app.client(app.key(Role::Auditor, "us-tx").await))
        .await
        .expect(403);
    let pointer = |answer: Answer| answer.expect(422).json()["errors"][0]["pointer"].clone();
    let days = preview(&admin, &draft, "2026-11-20", "2026-11-30").await;
    assert_eq!(pointer(days), "/from");
    let days = preview(&admin, &draft, "2026-11-01", "2026-11-29").await;
    assert_eq!(pointer(days), "/to");
    let narrow = text.replace("{asks: notify}", "{asks: notify, issued_from: 2026-11-20}");
    let narrow = preview(&admin, &narrow, "2026-11-01", "2026-11-30").await;
    assert_eq!(pointer(narrow), "/draft");

    // The agency reads of each look in its log; there are so many a day.
    app.settle().await;
    let auditor = app.client(app.key(Role::Auditor, "us-tx").await);
    let looks = async || {
        let path = "/v1/audit/events?type=oversight.previewed";
        let list = auditor.get(path).await.expect(200).json();
        list["items"].as_array().unwrap().clone()
    };
    let kept = looks().await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!(kept[0]["agency"], BIRCH);
    assert_eq!(kept[0]["data"]["from"], "2026-01-01");
    assert!(kept[0]["data"]["draft_hash"].is_string());
    for _ in kept.len()..20 {
        ask(&admin).await.expect(200);
    }
    let refused = ask(&admin).await.expect(429);
    assert_eq!(refused.header("retry-after"), "3600");
    ask(&jail).await.expect(200);
    app.stop().await;
}

/// A rule's text without its list of exemptions.
fn without_exemptions(text: &str) -> String {
    let mut inside = false;
    text.lines()
        .filter(|line| {
            if !line.starts_with([' ', '#']) {
                inside = line.starts_with("exemptions:");
            }
            !inside
        })
        .collect::<Vec<_>>()
        .join("\n")
}
