//! A claim of citizenship pauses cooperation until it is resolved, and reaches no office.

use sallyport::policy::Disposition;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::*;
use crate::support::*;

fn claim() -> Value {
    json!({"kind": "us_citizen", "claimed_at": "2026-11-21T09:00:00-08:00", "proof": "a passport, seen"})
}

fn resolution(result: &str) -> Value {
    json!({"result": result, "resolved_at": "2026-11-22T09:00:00-08:00", "source": "birth certificate"})
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_claim_pauses_until_each_is_resolved_and_a_confirmed_one_is_proof(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let law = holding(|question| {
        if question.facts["proof_of_citizenship_or_status"] == true {
            Disposition::Prohibited
        } else {
            Disposition::Permitted
        }
    });
    let app = TestApp::start_under(options, owner, law).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    let path = format!("/v1/detainers/{id}");
    let claims = format!("{path}/citizenship-claims");
    app.settle().await;
    let before = (
        liaison.get(&path).await.text,
        liaison.get(&format!("{path}/timeline")).await.text,
    );

    let first = jailer.post(&claims, claim()).await.expect(201).json();
    assert_eq!(first["result"], Value::Null);
    let second = jailer.post(&claims, claim()).await.expect(201).json();
    let seen = jailer.get(&path).await.expect(200);
    assert_eq!(seen.json()["flags"][1], "citizenship_claim_open");
    let refused = jailer
        .post(&format!("{path}/hold"), hold("2026-11-24T08:00:00-08:00"))
        .await
        .expect(409);
    assert_eq!(refused.slug(), "policy-indeterminate");

    // Under the tag of the detainer.
    let one = |claim: &Value| format!("{claims}/{}", claim["id"].as_str().unwrap());
    jailer
        .patch(&one(&first), "\"stale\"", resolution("withdrawn"))
        .await
        .expect(412);
    let tag = seen.header("etag");
    let done = jailer
        .patch(&one(&first), &tag, resolution("not_confirmed"))
        .await
        .expect(200)
        .json();
    assert_eq!(done["result"], "not_confirmed");
    // The other one is open still.
    let refused = jailer
        .post(&format!("{path}/hold"), hold("2026-11-24T08:00:00-08:00"))
        .await
        .expect(409);
    assert_eq!(refused.slug(), "policy-indeterminate");
    let tag = jailer.get(&path).await.header("etag");
    jailer
        .patch(&one(&second), &tag, resolution("confirmed"))
        .await
        .expect(200);
    let seen = jailer.get(&path).await;
    assert_eq!(seen.json()["flags"].as_array().unwrap().len(), 1);
    let again = jailer
        .patch(&one(&second), &seen.header("etag"), resolution("withdrawn"))
        .await
        .expect(409);
    assert_eq!(again.slug(), "illegal-transition");

    // Proof is on file now, and the law says what follows.
    let facts = jailer.get(&format!("{path}/facts")).await.json();
    assert_eq!(facts["proof_of_citizenship_or_status"], true);
    assert_eq!(
        facts["stated"]["proof_of_citizenship_or_status"]["source"],
        "claim"
    );
    let refused = jailer
        .post(&format!("{path}/hold"), hold("2026-11-24T08:00:00-08:00"))
        .await
        .expect(409);
    assert_eq!(refused.slug(), "policy-prohibits");
    let listed = jailer.get(&claims).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);

    assert_eq!(app.count_of(&id, "claim.").await, 4);
    let after = (
        liaison.get(&path).await.text,
        liaison.get(&format!("{path}/timeline")).await.text,
    );
    assert_eq!(before, after, "nothing of it reaches the office");
    liaison.get(&claims).await.expect(403);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_claim_is_checked_and_belongs_to_its_request(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison, detainer(SND, ALDER, NUMBER)).await;
    let other = lodge(&liaison, detainer(SND, ALDER, "A087654321")).await;
    let claims = format!("/v1/detainers/{id}/citizenship-claims");
    for (body, status) in [
        (
            json!({"kind": "tourist", "claimed_at": "2026-11-21T09:00:00Z"}),
            422,
        ),
        (
            json!({"kind": "us_citizen", "claimed_at": "2027-11-21T09:00:00Z"}),
            422,
        ),
        (
            json!({"kind": "us_citizen", "claimed_at": "2026-11-21T09:00:00Z", "result": null}),
            400,
        ),
    ] {
        jailer.post(&claims, body).await.expect(status);
    }
    let made = jailer.post(&claims, claim()).await.expect(201).json();
    let elsewhere = format!(
        "/v1/detainers/{other}/citizenship-claims/{}",
        made["id"].as_str().unwrap()
    );
    let tag = jailer
        .get(&format!("/v1/detainers/{other}"))
        .await
        .header("etag");
    jailer
        .patch(&elsewhere, &tag, resolution("withdrawn"))
        .await
        .expect(404);
    app.stop().await;
}
