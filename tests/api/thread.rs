//! The one thread: lodged, acknowledged, served, booked, notice, matched, decided, told, read,
//! and what came of it, on both sides.

use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_request_runs_from_lodging_to_its_outcome(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, clerk, reviewer) = (
        app.liaison(SND).await,
        app.submitter(ALDER).await,
        app.reviewer(ALDER).await,
    );

    let lodged = liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A012345678"))
        .await
        .expect(201);
    let id = lodged.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/detainers/{id}");
    assert_eq!(lodged.header("location"), path);
    assert_eq!(lodged.json()["stage"], "received");
    assert_eq!(lodged.json()["subject"]["a_number"], "A*****5678");
    assert_eq!(lodged.json()["flags"], json!(["database_match_only"]));

    clerk.post(&format!("{path}/service"), json!({"served_at": "2026-11-20T10:00:00-08:00", "method": "in_person", "officer": "B. Clerk"})).await.expect(409);
    clerk
        .post(
            &format!("{path}/acknowledgement"),
            json!({"by": "B. Clerk"}),
        )
        .await
        .expect(200);
    let served = clerk
        .post(&format!("{path}/service"), json!({"served_at": "2026-11-20T10:00:00-08:00", "method": "in_person", "language": "es", "officer": "B. Clerk"}))
        .await
        .expect(200);
    assert_eq!(served.json()["stage"], "served");
    assert_eq!(liaison.get(&path).await.json()["stage"], "served");

    clerk
        .put("/v1/bookings/26-001234", booking("A012345678"))
        .await
        .expect(201);
    assert_eq!(
        clerk
            .put("/v1/bookings/26-001234", booking("A012345678"))
            .await
            .expect(200)
            .json()["booking_number"],
        "26-001234"
    );
    let before = liaison.get(&path).await;
    let soon = "2026-11-26T08:00:00-08:00";
    let recorded = clerk
        .post(
            "/v1/release-notices",
            notice("26-001234", "scheduled", soon),
        )
        .await
        .expect(201);
    let matched = &recorded.json()["matches"][0];
    assert_eq!(matched["detainer"], json!(id));
    assert_eq!(matched["match"], "booking");
    assert_eq!(matched["action"], "queued");
    assert_eq!(
        liaison.get(&path).await.text,
        before.text,
        "nothing has been told yet"
    );
    assert_eq!(clerk.get(&path).await.json()["stage"], "release_expected");

    let decision =
        json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits"});
    clerk
        .post(&format!("{path}/determinations"), decision.clone())
        .await
        .expect(403);
    let hold = json!({"act": "hold_past_release", "decision": "comply", "reason_code": "other"});
    assert_eq!(
        reviewer
            .post(&format!("{path}/determinations"), hold)
            .await
            .expect(409)
            .slug(),
        "policy-prohibits"
    );
    let decided = reviewer
        .post(&format!("{path}/determinations"), decision)
        .await
        .expect(201);
    let notification = decided.json()["notification"].as_str().unwrap().to_owned();
    app.settle().await;
    let told = liaison.get("/v1/notifications").await.expect(200).json();
    assert_eq!(told["items"][0]["id"], json!(notification));
    assert_eq!(told["items"][0]["status"], "sent");
    assert_eq!(told["items"][0]["release_notice"]["kind"], "scheduled");
    assert_eq!(liaison.get(&path).await.json()["stage"], "notified");
    liaison
        .post(
            &format!("/v1/notifications/{notification}/acknowledgement"),
            json!({"by": "C. Officer"}),
        )
        .await
        .expect(200);

    // Covered by the decision: told at once.
    let actual = clerk
        .post(
            "/v1/release-notices",
            notice("26-001234", "actual", "2026-11-24T08:03:00-08:00"),
        )
        .await
        .expect(201);
    assert_eq!(actual.json()["matches"][0]["action"], "notified");
    assert_eq!(clerk.get(&path).await.json()["status"], "closed");
    assert_eq!(liaison.get(&path).await.json()["status"], "pending");

    let outcome = json!({"notice": "notified_before", "custody": "dhs_arrest_at_release_no_hold", "stated_at": "2026-11-24T09:00:00-08:00"});
    let ours = reviewer
        .post(&format!("{path}/outcome"), outcome.clone())
        .await
        .expect(201);
    assert_eq!(ours.json()["agreement"], "one_sided");
    let theirs = liaison
        .post(&format!("{path}/outcome"), outcome)
        .await
        .expect(201);
    assert_eq!(
        theirs.json()["agreement"],
        "one_sided",
        "the jail has not told its statement"
    );
    assert_eq!(liaison.get(&path).await.json()["status"], "closed");
    app.settle().await;

    let kinds = |answer: Answer| -> Vec<String> {
        answer.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        kinds(liaison.get(&format!("{path}/timeline")).await),
        [
            "detainer.received",
            "detainer.acknowledged",
            "detainer.served",
            "release_notice.disclosed",
            "notification.acknowledged",
            "release_notice.disclosed",
            "outcome.stated"
        ]
    );
    let own = kinds(clerk.get(&format!("{path}/timeline")).await);
    for kind in [
        "match.found",
        "refused",
        "determination.made",
        "outcome.stated",
    ] {
        assert!(own.iter().any(|seen| seen == kind), "{kind} in {own:?}");
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_request_that_arrives_after_the_notice_is_matched_by_its_reader(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, clerk) = (app.liaison(SND).await, app.submitter(ALDER).await);
    clerk
        .put("/v1/bookings/26-7", booking("A012345678"))
        .await
        .expect(201);
    clerk
        .post(
            "/v1/release-notices",
            notice("26-7", "scheduled", "2026-11-26T08:00:00-08:00"),
        )
        .await
        .expect(201);
    let id = liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A012345678"))
        .await
        .expect(201)
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    app.settle().await;
    let seen = clerk
        .get(&format!("/v1/detainers/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(seen["stage"], "release_expected");
    assert_eq!(
        liaison.get(&format!("/v1/detainers/{id}")).await.json()["stage"],
        "received"
    );
    liaison.post(&format!("/v1/detainers/{id}/cancellation"), json!({"reason": "entered twice", "lift_reason": "entered_in_error", "cancelled_on": "2026-11-24"})).await.expect(200);
    app.settle().await;
    assert_eq!(
        clerk.get(&format!("/v1/detainers/{id}")).await.json()["status"],
        "cancelled"
    );
    app.stop().await;
}
