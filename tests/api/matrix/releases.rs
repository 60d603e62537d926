//! A release can be recorded in every state, and no booking tells that there is a request.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::acts::{self, Do};
use super::states::{HINDERED, OVER, PAPERS, STANDING, State};
use super::{Stage, at_a_time, told};
use crate::support::*;

/// Neither a request nor a hold, a claim, the law or a restriction stands in the way of a release.
#[sqlx::test(fixtures(path = "../../fixtures", scripts("two_counties")))]
async fn a_release_can_be_recorded_in_every_state(options: PgPoolOptions, owner: PgConnectOptions) {
    let stage = Arc::new(Stage::start(options, owner).await);
    let mut jobs = VecDeque::new();
    for state in [STANDING, OVER, HINDERED, PAPERS].concat() {
        for kind in acts::LEAVING {
            jobs.push_back((state, kind));
        }
    }
    let count = jobs.len();
    let wrong = at_a_time(jobs, {
        let stage = stage.clone();
        async move |(state, kind)| released(&stage, state, kind).await
    })
    .await;
    println!("{count} releases");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    Arc::into_inner(stage).unwrap().stop().await;
}

async fn released(stage: &Stage, state: State, kind: &'static str) -> Vec<String> {
    let subject = stage.build(state).await;
    let jailer = &subject.jailer;
    let at = format!("{kind} in `{}`", state.0);
    let mut body = subject.notice(kind);
    body["source_message_id"] = json!(format!("jms-{}", subject.booking));
    let before = stage.events(&subject.id).await;
    let first = jailer.steadily("/v1/release-notices", body.clone()).await;
    if first.status != 201 {
        return vec![format!("{at}: {} {}", first.status, first.text)];
    }
    let mut wrong = told(stage, state, &subject, Do::Notice(kind), &before, &first).await;
    let again = jailer.steadily("/v1/release-notices", body.clone()).await;
    if again.status != 200 || again.json()["id"] != first.json()["id"] {
        wrong.push(format!("{at}, again: {} {}", again.status, again.text));
    }
    let path = format!(
        "/v1/release-notices/{}",
        first.json()["id"].as_str().unwrap()
    );
    let kept = jailer.look(&path).await.json();
    if kept["kind"] != kind || kept["current"] != true {
        wrong.push(format!("{at}: not on record: {kept}"));
    }
    let booking = jailer
        .look(&format!("/v1/bookings/{}", subject.booking))
        .await
        .json();
    if booking["released_at"].is_null() {
        wrong.push(format!("{at}: the booking is not released: {booking}"));
    }
    // On the case too, as far as the jail follows it still.
    let case = jailer.look(&subject.path("")).await.json();
    let over = ["closed", "cancelled", "superseded"].map(Value::from);
    if !over.contains(&case["status"]) {
        wrong.push(format!("{at}: the case is still {}", case["status"]));
    }
    wrong
}

/// What a booking and its notices say is the same with and without a request, but for the list of
/// the requests that a notice met, in the notice's own answer.
#[sqlx::test(fixtures(path = "../../fixtures", scripts("two_counties")))]
async fn no_booking_tells_that_there_is_a_request(options: PgPoolOptions, owner: PgConnectOptions) {
    let stage = Stage::start(options, owner).await;
    let clerk = stage.app.submitter(ALDER).await;
    let states = STANDING.iter().chain(HINDERED).copied().collect();
    let wrong = at_a_time(states, async |state| {
        same_without(&stage, &clerk, state).await
    })
    .await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    stage.stop().await;
}

/// One state's person and one like it whom no request is about, side by side.
async fn same_without(stage: &Stage, clerk: &Client, state: State) -> Vec<String> {
    let with = stage.build(state).await;
    let statements = state.2.iter().filter_map(|act| match act {
        Do::Notice(kind) => Some(*kind),
        _ => None,
    });
    let kinds: Vec<&str> = statements.chain(["actual"]).collect();
    let without = with.stranger();
    let mut seen = Vec::new();
    for (number, person) in [(&with.booking, with.a_number()), (&without.0, &without.1)] {
        let mut answers = Vec::new();
        let fresh = number == &without.0;
        let mut body = booking(person);
        body["otherwise_releasable_at"] = json!("2026-11-20T07:00:00-08:00");
        answers.push(clerk.put(&format!("/v1/bookings/{number}"), body).await);
        let first = if fresh { 0 } else { kinds.len() - 1 };
        for (n, kind) in kinds.iter().enumerate().skip(first) {
            let recorded = clerk
                .steadily(
                    "/v1/release-notices",
                    with.notice_for(number, person, kind, n),
                )
                .await;
            if n + 1 == kinds.len() {
                answers.push(recorded);
            }
        }
        answers.push(clerk.look(&format!("/v1/bookings/{number}")).await);
        answers.push(
            clerk
                .look(&format!("/v1/bookings?booking_number={number}"))
                .await,
        );
        answers.push(
            clerk
                .look(&format!("/v1/release-notices?booking_number={number}"))
                .await,
        );
        let text: Vec<Value> = answers
            .iter()
            .map(|answer| {
                assert!(answer.status.is_success(), "{}: {}", state.0, answer.text);
                let mut body = answer.json();
                anonymous(&mut body);
                body
            })
            .collect();
        seen.push(text);
    }
    match seen[0] == seen[1] {
        true => Vec::new(),
        false => vec![format!("{}: {:?}\n{:?}", state.0, seen[0], seen[1])],
    }
}

/// Without what differs between any two people, and without the matches of a notice.
fn anonymous(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for own in [
                "id",
                "booking",
                "booking_number",
                "a_number",
                "receipt",
                "recorded_at",
                "matches",
                "created_at",
            ] {
                object.remove(own);
            }
            object.values_mut().for_each(anonymous);
        }
        Value::Array(items) => items.iter_mut().for_each(anonymous),
        _ => {}
    }
}
