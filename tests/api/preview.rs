//! What a draft of a rule would have changed.

use sallyport::policy::Law;
use sallyport::policy::load::Rules;
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
