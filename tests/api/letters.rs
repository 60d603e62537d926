//! Letters to the person and to counsel.

use reqwest::Method;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::{acknowledge, lodge, serve};
use crate::support::*;

const NUMBER: &str = "A012345678";

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_letter_says_what_is_on_record_and_waits_for_what_has_not_happened(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jail) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison, detainer(SND, ALDER, NUMBER)).await;
    let letter = |kind: &str, query: &str| format!("/v1/detainers/{id}/letters/{kind}{query}");
    let copy = jail.get(&letter("copy-and-intent", "")).await.expect(200);
    assert_eq!(copy.header("content-type"), "application/pdf");
    assert!(
        copy.text.starts_with("%PDF-") && copy.text.contains("I-247A"),
        "{}",
        copy.text
    );
    assert!(copy.text.contains("not decided yet"));
    let known = [("if-none-match", copy.header("etag"))];
    let known = known
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let again = jail
        .send(Method::GET, &letter("copy-and-intent", ""), &known, "")
        .await;
    again.expect(304);
    let spanish = jail
        .get(&letter("copy-and-intent", "?lang=es"))
        .await
        .expect(200);
    assert!(spanish.text.contains("Copia de una solicitud federal"));
    let tagalog = jail
        .get(&letter("copy-and-intent", "?lang=tl"))
        .await
        .expect(200);
    assert!(tagalog.text.contains("Kopya ng kahilingan"));
    assert!(tagalog.text.contains("Draft translation"));
    jail.get(&letter("copy-and-intent", "?lang=tlh"))
        .await
        .expect(422);
    jail.get(&letter("love", "")).await.expect(404);

    let early = jail
        .get(&letter("service-certificate", ""))
        .await
        .expect(409);
    assert_eq!(early.slug(), "not-served");
    let early = jail.get(&letter("notice-of-notice", "")).await.expect(409);
    assert_eq!(early.slug(), "illegal-transition");
    acknowledge(&jail, &id).await;
    serve(&jail, &id).await;
    jail.get(&letter("service-certificate", ""))
        .await
        .expect(200);
    jail.put("/v1/bookings/26-1", booking(NUMBER))
        .await
        .expect(201);
    app.settle().await;
    jail.post(
        "/v1/release-notices",
        notice("26-1", "scheduled", "2026-12-20T08:00:00-08:00"),
    )
    .await
    .expect(201);
    let comply =
        json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"});
    jail.post(&format!("/v1/detainers/{id}/determinations"), comply)
        .await
        .expect(201);
    let told = jail.get(&letter("notice-of-notice", "")).await.expect(200);
    assert!(told.text.contains("20 Dec 2026 08:00"), "{}", told.text);
    let copy = jail.get(&letter("copy-and-intent", "")).await.expect(200);
    assert!(copy.text.contains("the agency intends to do so"));

    liaison
        .get(&letter("copy-and-intent", ""))
        .await
        .expect(403);
    app.reviewer(BIRCH)
        .await
        .get(&letter("copy-and-intent", ""))
        .await
        .expect(404);
    app.stop().await;
}
