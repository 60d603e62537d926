//! A hand-over is stated by each side once. The office's word waits for the custodian's.

use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::custody::*;
use crate::support::*;

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_offices_word_moves_nothing_until_the_custodian_confirms(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, permitting()).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = served(&liaison, &jailer).await;
    let path = format!("/v1/detainers/{id}");
    let start = (app.app.clock.now() - chrono::Duration::hours(3)).to_rfc3339();
    jailer
        .post(&format!("{path}/hold"), hold(&start))
        .await
        .expect(201);

    let taken = (app.app.clock.now() - chrono::Duration::hours(1)).to_rfc3339();
    let office = liaison
        .post(
            &format!("{path}/handover"),
            handover(&taken, "Alder County Jail"),
        )
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&office["side"], &office["state"]),
        (&json!("office"), &json!("waiting"))
    );
    assert_eq!(office["other_side"], Value::Null);
    let again = liaison
        .post(
            &format!("{path}/handover"),
            handover(&taken, "Alder County Jail"),
        )
        .await
        .expect(409);
    assert_eq!(again.slug(), "illegal-transition");
    app.settle().await;
    assert_eq!(liaison.get(&path).await.json()["stage"], "acknowledged");
    assert_eq!(jailer.get(&path).await.json()["stage"], "hold_running");
    let waiting = jailer.get(&format!("{path}/handover")).await.json();
    assert_eq!(waiting["items"][0]["side"], "office");
    assert_eq!(waiting["items"][0]["state"], "waiting");
    let timeline = jailer.get(&format!("{path}/timeline")).await.text;
    assert!(timeline.contains("handover.stated"));

    // A clerk may read it and not confirm it.
    let clerk = app.submitter(ALDER).await;
    clerk
        .post(
            &format!("{path}/handover"),
            handover(&taken, "Alder County Jail"),
        )
        .await
        .expect(403);
    let own = jailer
        .post(
            &format!("{path}/handover"),
            handover(&taken, "ALDER county jail"),
        )
        .await
        .expect(201)
        .json();
    assert_eq!(own["state"], "confirmed");
    assert_eq!(own["other_side"]["id"], office["id"]);
    jailer
        .post(&format!("{path}/handover"), handover(&taken, "Elsewhere"))
        .await
        .expect(409);
    app.settle().await;
    assert_eq!(liaison.get(&path).await.json()["stage"], "handed_over");
    let listed = liaison.get("/v1/detainers?stage=handed_over").await.json();
    assert_eq!(listed["items"][0]["id"], json!(id));
    let held = jailer.get(&format!("{path}/hold")).await.json()["items"][0].clone();
    assert_eq!(held["end_reason"], "handed_over");
    // It closes nothing: the release and the outcome are stated by themselves.
    assert_eq!(jailer.get(&path).await.json()["status"], "pending");
    assert_eq!(
        app.events_of(&id).await.split_off(3),
        [
            "duty.created",
            "duty.done",
            "hold.started",
            "handover.stated",
            "hold.ended",
            "handover.stated",
            "handover.confirmed"
        ]
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn another_place_or_more_than_half_an_hour_is_a_dispute(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    for (n, (taken_at, place, state)) in [
        ("2026-11-24T08:30:00-08:00", "Sally port", "confirmed"),
        ("2026-11-24T08:31:00-08:00", "Sally port", "disputed"),
        ("2026-11-24T08:00:00-08:00", "Court house", "disputed"),
    ]
    .into_iter()
    .enumerate()
    {
        let number = format!("A01234567{n}");
        let id = lodge(&liaison, detainer(SND, ALDER, &number)).await;
        let path = format!("/v1/detainers/{id}/handover");
        let own = jailer
            .post(&path, handover("2026-11-24T08:00:00-08:00", "Sally port"))
            .await
            .expect(201)
            .json();
        assert_eq!(own["state"], "waiting");
        let theirs = liaison
            .post(&path, handover(taken_at, place))
            .await
            .expect(201)
            .json();
        assert_eq!(theirs["state"], state);
        let seen = jailer.get(&path).await.json();
        assert_eq!(seen["items"][0]["side"], "custodian");
        assert_eq!(seen["items"][0]["state"], state);
        let confirmed = app.count_of(&id, "handover.confirmed").await;
        assert_eq!(confirmed == 1, state == "confirmed");
    }
    let id = lodge(&liaison, detainer(SND, ALDER, "A044444444")).await;
    let path = format!("/v1/detainers/{id}/handover");
    for (body, pointer) in [
        (handover("2027-11-24T08:00:00-08:00", "Here"), "/taken_at"),
        (handover("2026-11-24T08:00:00-08:00", " "), "/place"),
    ] {
        for caller in [&liaison, &jailer] {
            let refused = caller.post(&path, body.clone()).await.expect(422);
            assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
        }
    }
    app.stop().await;
}

/// An office lifts a request because it has the person; the jail's paperwork comes after.
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn what_happened_is_recorded_on_a_cancelled_and_on_a_closed_request(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let cancelled = lodge(&liaison, detainer(SND, ALDER, NUMBER)).await;
    let mut lift = cancellation();
    lift["lift_reason"] = json!("booked_into_detention");
    liaison
        .post(&format!("/v1/detainers/{cancelled}/cancellation"), lift)
        .await
        .expect(200);
    app.settle().await;
    let closed = lodge(&liaison, detainer(SND, ALDER, "A087654321")).await;
    jailer
        .post(
            &format!("/v1/detainers/{closed}/outcome"),
            outcome("unknown"),
        )
        .await
        .expect(201);
    for (id, status) in [(cancelled, "cancelled"), (closed, "closed")] {
        let path = format!("/v1/detainers/{id}");
        let body = handover("2026-11-24T08:00:00-08:00", "Sally port");
        jailer
            .post(&format!("{path}/handover"), body.clone())
            .await
            .expect(201);
        let theirs = liaison
            .post(&format!("{path}/handover"), body)
            .await
            .expect(201);
        assert_eq!(theirs.json()["state"], "confirmed");
        assert_eq!(jailer.get(&path).await.json()["status"], status);
    }
    app.stop().await;
}
