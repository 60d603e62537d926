//! A request up to the point where a person could be held, and laws that allow it.

use sallyport::policy::rule::Status;
use sallyport::policy::{Deciding, Disposition, Law, Question, unaddressed};
use serde_json::{Value, json};

use super::*;

pub const NUMBER: &str = "A012345678";

/// A law under which a person may be held past release.
pub fn permitting() -> Law {
    holding(|_| Disposition::Permitted)
}

/// A law whose answer on holding is the test's; the other acts are the agency's choice.
pub fn holding(answer: impl Fn(&Question<'_>) -> Disposition + Send + Sync + 'static) -> Law {
    Law::answering(move |question| {
        let mut assessment = unaddressed();
        assessment.hold_past_release.disposition = answer(question);
        assessment.hold_past_release.unknown = vec!["judicial_warrant".to_owned()];
        assessment
    })
}

/// A law whose answer on notifying is the test's.
pub fn notifying(answer: impl Fn(&Question<'_>) -> Disposition + Send + Sync + 'static) -> Law {
    Law::answering(move |question| {
        let mut assessment = unaddressed();
        assessment.hold_past_release.disposition = Disposition::Permitted;
        assessment.notify_release.disposition = answer(question);
        assessment
    })
}

pub async fn lodge(liaison: &Client, body: Value) -> String {
    let lodged = liaison.post("/v1/detainers", body).await;
    lodged.expect(201).json()["id"].as_str().unwrap().to_owned()
}

pub async fn acknowledge(jailer: &Client, id: &str) {
    jailer
        .post(
            &format!("/v1/detainers/{id}/acknowledgement"),
            json!({"by": "B. Clerk"}),
        )
        .await
        .expect(200);
}

/// Served without a word to the office.
pub async fn serve(jailer: &Client, id: &str) {
    let service = json!({"served_at": "2026-11-20T10:00:00-08:00", "method": "in_person", "language": "es",
                         "officer": "B. Clerk", "tell_office": false});
    jailer
        .post(&format!("/v1/detainers/{id}/service"), service)
        .await
        .expect(200);
}

/// Lodged, acknowledged, served.
pub async fn served(liaison: &Client, jailer: &Client) -> String {
    let id = lodge(liaison, detainer(SND, ALDER, NUMBER)).await;
    acknowledge(jailer, &id).await;
    serve(jailer, &id).await;
    id
}

pub fn hold(otherwise_releasable_at: &str) -> Value {
    json!({"otherwise_releasable_at": otherwise_releasable_at,
           "authority": {"kind": "judicial_warrant", "reference": "26-MJ-0042"}})
}

pub fn handover(taken_at: &str, place: &str) -> Value {
    json!({"taken_at": taken_at, "officer": "C. Officer", "i203_reference": "203-77", "place": place})
}

pub fn outcome(custody: &str) -> Value {
    json!({"notice": "notified_before", "custody": custody, "stated_at": "2026-11-24T09:00:00-08:00",
           "note": "as it was"})
}

pub fn cancellation() -> Value {
    json!({"reason": "entered twice", "lift_reason": "entered_in_error", "cancelled_on": "2026-11-20"})
}

impl Client {
    /// A merge patch under the tag of what was read.
    pub async fn patch(&self, path: &str, tag: &str, body: Value) -> Answer {
        let headers = [
            ("if-match", tag),
            ("content-type", "application/merge-patch+json"),
        ];
        self.send(Method::PATCH, path, &headers, body.to_string())
            .await
    }
}

impl TestApp {
    /// The types of a request's events in the order of the log.
    pub async fn events_of(&self, id: &str) -> Vec<String> {
        self.settle().await;
        sqlx::query_scalar(
            "select e.type from log.entry n join log.event e on e.id = n.event_id
              where e.detainer_id = $1::uuid order by n.position",
        )
        .bind(id)
        .fetch_all(&mut self.owner().await)
        .await
        .unwrap()
    }

    /// How often each kind of event about a request is in the log, of those that begin so.
    pub async fn count_of(&self, id: &str, kind: &str) -> usize {
        let all = self.events_of(id).await;
        all.iter().filter(|event| event.starts_with(kind)).count()
    }
}

/// The rule that a test's law names, such as `test/rule@1`.
pub fn deciding(rule: &str) -> Deciding {
    let (id, version) = rule.split_once('@').unwrap();
    Deciding {
        rule: id.to_owned(),
        version: version.to_owned(),
        status: Status::Draft,
        cite: format!("as in {rule}"),
        adopted_position: None,
    }
}
