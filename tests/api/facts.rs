//! What the custodian states about a case, and what the law is asked with.

use std::sync::{Arc, Mutex};

use reqwest::Method;
use sallyport::policy::{Disposition, Law, unaddressed};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::*;
use crate::support::*;

/// A law that keeps what it was asked with, and answers as California would on a qualifying
/// conviction: permitted with one, open while nobody knows, else prohibited.
fn listening() -> (Law, Arc<Mutex<Vec<Value>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = heard.clone();
    let law = Law::answering(move |question| {
        heard.lock().unwrap().push(question.facts.clone());
        let mut assessment = unaddressed();
        assessment.notify_release.disposition = match question.facts["convictions"].as_array() {
            None => Disposition::Indeterminate,
            Some(list) if list.iter().any(|item| item["statute"] == "PC 459") => {
                Disposition::Permitted
            }
            Some(_) if question.more_convictions => Disposition::Indeterminate,
            Some(_) => Disposition::Prohibited,
        };
        assessment
    });
    (law, kept)
}

async fn notify(jailer: &Client, id: &str) -> String {
    let seen = jailer
        .get(&format!("/v1/detainers/{id}/assessment"))
        .await
        .expect(200)
        .json();
    seen["acts"]["notify_release"]["disposition"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn facts_are_patched_under_their_tag_and_keep_who_stated_them(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison, detainer(SND, ALDER, NUMBER)).await;
    let path = format!("/v1/detainers/{id}/facts");
    let first = jailer.get(&path).await.expect(200);
    assert_eq!(first.json()["convictions"], Value::Null);
    assert_eq!(first.json()["age"], 36);
    assert_eq!(first.json()["detainer"]["form"], "I-247A");
    assert_eq!(first.json()["stated"], json!({}));

    // The tag, and both content types.
    let patch = json!({"convictions": [], "judicial_warrant": {"kind": "judicial_criminal"}, "interview_consent": true});
    let bare = jailer
        .send(
            Method::PATCH,
            &path,
            &[("content-type", "application/json")],
            patch.to_string(),
        )
        .await;
    assert_eq!(bare.expect(428).slug(), "precondition-required");
    jailer
        .patch(&path, "\"other\"", patch.clone())
        .await
        .expect(412);
    let second = jailer
        .patch(&path, &first.header("etag"), patch)
        .await
        .expect(200);
    let body = second.json();
    assert_eq!(body["convictions"], json!([]));
    assert_eq!(body["interview_consent"], true);
    assert_eq!(body["stated"]["convictions"]["stated_by"], "Test");
    assert_eq!(body["stated"]["convictions"]["source"], "stated");
    assert_eq!(jailer.get(&path).await.text, second.text);

    // Members merge, null takes back.
    let third = jailer
        .patch(
            &path,
            &second.header("etag"),
            json!({"judicial_warrant": {"signed_by": "federal_judicial_officer"}, "interview_consent": null}),
        )
        .await
        .expect(200);
    assert_eq!(
        third.json()["judicial_warrant"],
        json!({"kind": "judicial_criminal", "signed_by": "federal_judicial_officer"})
    );
    assert_eq!(third.json()["interview_consent"], Value::Null);
    assert_eq!(third.json()["stated"]["interview_consent"], Value::Null);

    // Nothing is edited away, and what changes nothing writes nothing.
    let rows = "select count(*) from custodian.fact";
    assert_eq!(app.count(rows).await, 5);
    jailer
        .patch(&path, &third.header("etag"), json!({"convictions": []}))
        .await
        .expect(200);
    assert_eq!(app.count(rows).await, 5);

    for (patch, status, pointer) in [
        (json!({"gang": true}), 400, "/gang"),
        (json!({"detainer": false}), 400, "/detainer"),
        (json!({"stated": {}}), 400, "/stated"),
        (json!({"tsdb_match": "no"}), 422, "/tsdb_match"),
        (
            json!({"judicial_warrant": {"kind": "administrative_i200"}}),
            422,
            "/judicial_warrant/kind",
        ),
        (
            json!({"convictions": [{"statute": "PC 459", "level": "crime"}]}),
            422,
            "/convictions/0/level",
        ),
        (
            json!({"convictions": [{"statute": "burglary"}]}),
            422,
            "/convictions/0/statute",
        ),
        (
            json!({"charges": [{"statute": "PC 459", "gang": 1}]}),
            400,
            "/charges/0/gang",
        ),
    ] {
        let refused = jailer
            .patch(&path, &third.header("etag"), patch.clone())
            .await;
        assert_eq!(refused.status, status, "{patch}: {}", refused.text);
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }
    assert_eq!(app.count_of(&id, "facts.stated").await, 2);
    liaison.get(&path).await.expect(403);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_law_hears_the_paper_the_facts_and_the_booking(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let (law, heard) = listening();
    let app = TestApp::start_under(options, owner, law).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison, detainer(SND, ALDER, NUMBER)).await;
    let path = format!("/v1/detainers/{id}/facts");
    assert_eq!(notify(&jailer, &id).await, "indeterminate");

    // A charge is no conviction, and a booking says nothing of the history.
    let mut booked = booking(NUMBER);
    booked["charges"][0]["level"] = json!("Felony");
    jailer
        .put("/v1/bookings/26-9", booked.clone())
        .await
        .expect(201);
    app.settle().await;
    assert_eq!(notify(&jailer, &id).await, "indeterminate");
    let asked = heard.lock().unwrap().last().unwrap().clone();
    assert_eq!(
        asked["charges"],
        json!([{"state": "CA", "statute": "PC 459", "level": "felony", "disposition_on": null}])
    );
    assert_eq!(asked["convictions"], Value::Null);
    assert_eq!(asked["age"], 36);

    // Convicted of it: that settles the act, although the rest of the history is unknown.
    booked["charges"][0]["disposition"] = json!("Pled guilty");
    booked["charges"][0]["disposition_on"] = json!("2026-11-21");
    jailer
        .put("/v1/bookings/26-9", booked.clone())
        .await
        .expect(200);
    assert_eq!(notify(&jailer, &id).await, "permitted");
    let shown = jailer.get(&path).await.expect(200);
    assert_eq!(
        shown.json()["convictions"],
        json!([{"state": "CA", "statute": "PC 459", "level": "felony", "disposition_on": "2026-11-21", "source": "booking"}])
    );
    assert_eq!(shown.json()["charges"], json!([]));

    // Of something else: the history may hold more, so the act stays open until it is checked.
    booked["charges"][0]["statute"] = json!("PC 484");
    jailer.put("/v1/bookings/26-9", booked).await.expect(200);
    assert_eq!(notify(&jailer, &id).await, "indeterminate");
    let tag = jailer.get(&path).await.header("etag");
    jailer
        .patch(&path, &tag, json!({"convictions": []}))
        .await
        .expect(200);
    assert_eq!(notify(&jailer, &id).await, "prohibited");
    let asked = heard.lock().unwrap().last().unwrap().clone();
    assert_eq!(asked["convictions"][0]["statute"], "PC 484");
    assert_eq!(asked["convictions"][0].get("source"), None);

    // Evidence of publication comes from a notice.
    let mut public = notice("26-9", "scheduled", "2026-12-20T08:00:00-08:00");
    public["release_information_public"] =
        json!({"url": "https://alder.example/roster", "captured_at": "2026-11-20T00:00:00Z"});
    jailer.post("/v1/release-notices", public).await.expect(201);
    assert_eq!(
        jailer.get(&path).await.json()["release_information_public"],
        true
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn facts_sent_with_a_determination_are_stated_before_it_is_assessed(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let (law, _) = listening();
    let app = TestApp::start_under(options, owner, law).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison, detainer(SND, ALDER, NUMBER)).await;
    let path = format!("/v1/detainers/{id}/determinations");
    let mut comply =
        json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"});
    let refused = jailer.post(&path, comply.clone()).await.expect(409);
    assert_eq!(refused.slug(), "policy-indeterminate");
    // Facts of a refused decision are not kept: it can be sent again as it was.
    comply["facts"] = json!({"convictions": []});
    let refused = jailer.post(&path, comply.clone()).await.expect(409);
    assert_eq!(refused.slug(), "policy-prohibits");
    assert_eq!(app.count("select count(*) from custodian.fact").await, 0);
    comply["facts"] = json!({"convictions": 1});
    let refused = jailer.post(&path, comply.clone()).await.expect(422);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/facts/convictions");
    comply["facts"] = json!({"convictions": [{"statute": "PC 459", "state": "CA"}]});
    let made = jailer.post(&path, comply).await.expect(201).json();
    assert_eq!(made["assessment"]["disposition"], "permitted");
    let facts = jailer
        .get(&format!("/v1/detainers/{id}/facts"))
        .await
        .json();
    assert_eq!(facts["stated"]["convictions"]["source"], "determination");
    app.stop().await;
}
