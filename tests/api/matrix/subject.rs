//! The requests that the acts are tried on, and the acts as calls on a running service.

use reqwest::Method;
use serde_json::{Value, json};

use super::acts::{By, CEDAR, Do, Start, Topic, Word, decision};
use super::model::{Facts, Leave, Origin, Verdict, about_release, judge};
use crate::support::custody;
use crate::support::more::steady;
use crate::support::*;

/// One request on which something is done.
pub struct Subject {
    pub id: String,
    pub facts: Facts,
    pub booking: String,
    pub notices: Vec<String>,
    pub jailer: Client,
    liaison: Client,
    operator_of_original: Client,
    number: String,
    agency: &'static str,
    original: Option<String>,
    claim: Option<String>,
    told: Option<String>,
}

/// The callers of one running service.
#[derive(Clone)]
pub struct Callers {
    pub liaison: Client,
    pub alder: Client,
    pub birch: Client,
}

/// The day of issue is what the test's law turns on.
fn issued_on(start: Start) -> &'static str {
    match start {
        Start::HoldProhibited => "2026-11-18",
        Start::NotifyIndeterminate => "2026-11-17",
        Start::NotifyProhibited => "2026-11-16",
        _ => "2026-11-20",
    }
}

impl Subject {
    /// Where the model begins.
    pub fn facts_at(start: Start) -> Facts {
        let mut facts = Facts::new(match start {
            Start::Typed | Start::TypedTwin => Origin::Typed,
            Start::NcicHit => Origin::NcicHit,
            Start::RelayedCopy => Origin::Relay,
            _ => Origin::Office,
        });
        match start {
            Start::NoticeOnly => facts.notice_only = true,
            Start::HoldProhibited => facts.hold_law = Leave::Prohibited,
            Start::NotifyProhibited => facts.notify_law = Leave::Prohibited,
            Start::NotifyIndeterminate => facts.notify_law = Leave::Indeterminate,
            Start::TypedTwin => facts.twin_crossed = true,
            _ => {}
        }
        facts
    }

    pub fn a_number(&self) -> &str {
        &self.number
    }

    /// The numbers of a booking and a person that no request is about.
    pub fn stranger(&self) -> (String, String) {
        let other = self.number.replacen("A3", "A4", 1);
        (format!("{}-other", self.booking), other)
    }

    /// Lodged or recorded, nothing done.
    pub async fn begin(callers: &Callers, start: Start, n: usize) -> Self {
        let number = format!("A{:09}", 300_000_000 + n);
        let (liaison, alder) = (callers.liaison.clone(), callers.alder.clone());
        let mut body = detainer(SND, ALDER, &number);
        body["issued_on"] = json!(issued_on(start));
        let facts = Self::facts_at(start);
        let (mut jailer, mut agency, mut original) = (alder.clone(), ALDER, None);
        let id_of = |answer: Answer| answer.json()["id"].as_str().unwrap().to_owned();
        if start == Start::NoticeOnly {
            body["form"] = json!("I-247G");
            body["asks"]["hold"] = json!(false);
            body["asks"]["transfer"] = json!(false);
        }
        let lodge = async |body: &Value| {
            id_of(
                liaison
                    .steadily("/v1/detainers", body.clone())
                    .await
                    .expect(201),
            )
        };
        let id = match start {
            Start::Typed | Start::TypedTwin | Start::NcicHit => {
                let mut paper = body.clone();
                paper["channel"] = json!("fax");
                if start == Start::TypedTwin {
                    lodge(&body).await;
                }
                if start == Start::NcicHit {
                    paper["form"] = json!("NCIC-hit");
                    paper["channel"] = json!("ncic");
                }
                id_of(alder.steadily("/v1/detainers", paper).await.expect(201))
            }
            Start::LodgedTwice => {
                lodge(&body).await;
                lodge(&body).await
            }
            Start::RelayedCopy => {
                let first = lodge(&body).await;
                let to = json!({"to_custodian": BIRCH});
                alder
                    .steadily(&format!("/v1/detainers/{first}/relay"), to)
                    .await
                    .expect(201);
                original = Some(first);
                (jailer, agency) = (callers.birch.clone(), BIRCH);
                let found = format!("/v1/detainers?a_number={number}");
                let copy = until(async || {
                    let listed = jailer.look(&found).await.json();
                    listed["items"][0]["id"].as_str().map(str::to_owned)
                });
                copy.await
            }
            _ => lodge(&body).await,
        };
        Self {
            id,
            facts,
            booking: format!("M-{n}"),
            notices: Vec::new(),
            jailer,
            liaison,
            operator_of_original: alder,
            number,
            agency,
            original,
            claim: None,
            told: None,
        }
    }

    /// Does an act that the model has to call legal, and keeps what came of it.
    pub async fn step(&mut self, act: Do) {
        let (verdict, after) = judge(&self.facts, act);
        assert!(
            matches!(verdict, Verdict::Legal(_)),
            "{act:?} builds no state: {verdict:?}"
        );
        let answer = self.perform(act).await;
        assert!(answer.status.is_success(), "{act:?}: {}", answer.text);
        self.facts = after;
        self.keep(act, &answer).await;
    }

    /// Remembers ids, and waits for what follows in the jail's own state.
    async fn keep(&mut self, act: Do, answer: &Answer) {
        let body = answer.json();
        let id = body["id"].as_str().map(str::to_owned);
        match act {
            Do::Claim => self.claim = id,
            Do::Notice(_) => self.notices.extend(id),
            Do::Cancel | Do::CancelMany | Do::Replace | Do::CancelOriginal => {
                let path = self.path("");
                let jailer = self.jailer.clone();
                until(async || {
                    let status = jailer.look(&path).await.json()["status"].clone();
                    (status != "pending").then_some(())
                })
                .await;
            }
            Do::TellTransfer => {
                let path = self.path("");
                let liaison = self.liaison.clone();
                until(async || (liaison.look(&path).await.status == 200).then_some(())).await;
            }
            _ => {}
        }
        let told = [&body["notification"], &body["matches"][0]["notification"]];
        if let Some(told) = told.into_iter().find_map(Value::as_str) {
            self.told = Some(told.to_owned());
        }
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/v1/detainers/{}{rest}", self.id)
    }

    /// The call that the contract has for an act.
    pub async fn perform(&self, act: Do) -> Answer {
        steady(async || self.call(act).await).await
    }

    async fn call(&self, act: Do) -> Answer {
        let (jailer, liaison) = (&self.jailer, &self.liaison);
        let post = async |rest: &str, body: Value| jailer.steadily(&self.path(rest), body).await;
        match act {
            Do::Acknowledge => post("/acknowledgement", json!({"by": "B. Clerk"})).await,
            Do::Serve(tell) => {
                let mut body = json!({"served_at": "2026-11-20T10:00:00-08:00", "method": "in_person",
                    "language": "es", "officer": "B. Clerk"});
                if let Some(tell) = tell {
                    body["tell_office"] = json!(tell);
                }
                post("/service", body).await
            }
            Do::Decide(topic, word, tell) => {
                post("/determinations", decision(topic, word, tell)).await
            }
            Do::DecideOn(word) => {
                let mut body = decision(Topic::Notify, word, false);
                body["notice"] = json!(self.notices.last());
                post("/determinations", body).await
            }
            Do::Hold(tell) => {
                let mut body = custody::hold("2026-12-18T08:00:00-08:00");
                body["tell_office"] = json!(tell);
                post("/hold", body).await
            }
            Do::EndHold => {
                let body = json!({"ended_at": "2026-11-21T09:00:00-08:00", "reason": "no need"});
                post("/hold/end", body).await
            }
            Do::HandOver(by) => {
                let body = custody::handover("2026-11-21T08:00:00-08:00", "Sally port");
                match by {
                    By::Jail => post("/handover", body).await,
                    By::Office => liaison.steadily(&self.path("/handover"), body).await,
                }
            }
            Do::Outcome(by, disclose) => {
                let mut body = json!({"notice": "notified_before", "custody": "released_hold_declined",
                    "stated_at": "2026-11-21T09:00:00-08:00"});
                match by {
                    By::Jail => {
                        body["disclose"] = json!(disclose);
                        post("/outcome", body).await
                    }
                    By::Office => liaison.steadily(&self.path("/outcome"), body).await,
                }
            }
            Do::Claim => {
                let body = json!({"kind": "us_citizen", "claimed_at": "2026-11-21T09:00:00-08:00"});
                post("/citizenship-claims", body).await
            }
            Do::Resolve(result) => {
                let tag = jailer.look(&self.path("")).await.header("etag");
                let claim = self.claim.as_deref().unwrap_or_default();
                let body = json!({"result": result, "resolved_at": "2026-11-21T10:00:00-08:00", "source": "a register"});
                jailer
                    .patch(
                        &self.path(&format!("/citizenship-claims/{claim}")),
                        &tag,
                        body,
                    )
                    .await
            }
            Do::Relay => post("/relay", json!({"to_custodian": CEDAR})).await,
            Do::Restrict => {
                let tag = jailer.look(&self.path("")).await.header("etag");
                let body = json!({"kind": "sealed", "reason": "an order of the court"});
                let headers = [
                    ("if-match", tag.as_str()),
                    ("content-type", "application/json"),
                ];
                jailer
                    .send(
                        Method::PUT,
                        &self.path("/restriction"),
                        &headers,
                        body.to_string(),
                    )
                    .await
            }
            Do::Facts => {
                let tag = jailer.look(&self.path("/facts")).await.header("etag");
                jailer
                    .patch(&self.path("/facts"), &tag, json!({"age": 36}))
                    .await
            }
            Do::Receipt => {
                let told = self.told.as_deref().unwrap_or_default();
                liaison
                    .steadily(
                        &format!("/v1/notifications/{told}/acknowledgement"),
                        json!({"by": "C. Officer"}),
                    )
                    .await
            }
            Do::Attempt => {
                let told = self.told.as_deref().unwrap_or_default();
                let now = sallyport::types::Clock::default().now();
                let body = json!({"channel": "phone", "at": now.to_rfc3339(), "to": "Duty officer", "by": "B. Clerk", "result": "reached"});
                jailer
                    .steadily(&format!("/v1/notifications/{told}/attempts"), body)
                    .await
            }
            Do::Notice(kind) => {
                jailer
                    .steadily("/v1/release-notices", self.notice(kind))
                    .await
            }
            Do::Book => {
                let mut body = booking(&self.number);
                body["otherwise_releasable_at"] = json!("2026-12-18T08:00:00-08:00");
                jailer
                    .put(&format!("/v1/bookings/{}", self.booking), body)
                    .await
            }
            Do::Cancel => {
                liaison
                    .steadily(&self.path("/cancellation"), custody::cancellation())
                    .await
            }
            Do::CancelMany => self.cancel_many().await,
            Do::Replace => {
                let mut body = detainer(SND, self.agency, &self.number);
                body["issued_on"] = json!("2026-11-21");
                liaison.steadily("/v1/detainers", body).await
            }
            Do::TellTransfer => self.tell_transfer().await,
            Do::CancelOriginal => {
                let original = self.original.as_deref().unwrap();
                liaison
                    .steadily(
                        &format!("/v1/detainers/{original}/cancellation"),
                        custody::cancellation(),
                    )
                    .await
            }
        }
    }

    /// A statement about the booking; each later than the one before.
    pub fn notice(&self, kind: &str) -> Value {
        self.notice_for(&self.booking, &self.number, kind, self.notices.len())
    }

    /// The same about any booking, as its n-th.
    pub fn notice_for(&self, booking: &str, a_number: &str, kind: &str, n: usize) -> Value {
        let happened = !about_release(kind) || matches!(kind, "actual" | "immediate");
        let at = match happened {
            true => format!("2026-11-20T08:{:02}:00-08:00", n + 1),
            false => format!("2026-12-20T08:{:02}:00-08:00", n + 1),
        };
        let mut body = notice(booking, kind, &at);
        body["subject"]["a_number"] = json!(a_number);
        body
    }

    /// The status and the problem of the one item of a batch.
    async fn cancel_many(&self) -> Answer {
        let mut body = custody::cancellation();
        body["detainers"] = json!([self.id]);
        let mut answer = self
            .liaison
            .steadily("/v1/detainers:cancel", body)
            .await
            .expect(200);
        let item = answer.json()["items"][0].clone();
        let status = item["status"].as_u64().unwrap() as u16;
        answer.status = reqwest::StatusCode::from_u16(status).unwrap();
        if status >= 400 {
            answer.text = item["problem"].to_string();
        }
        answer
    }

    async fn tell_transfer(&self) -> Answer {
        let (first, original) = (
            &self.operator_of_original,
            self.original.as_deref().unwrap(),
        );
        let recorded = first
            .steadily("/v1/release-notices", self.notice("transfer"))
            .await
            .expect(201);
        let mut body = decision(Topic::Notify, Word::Comply, false);
        body["notice"] = recorded.json()["id"].clone();
        let path = format!("/v1/detainers/{original}/determinations");
        let mut answer = first.steadily(&path, body).await;
        // The notification is about the original.
        answer.text = if answer.status.is_success() {
            "{}".to_owned()
        } else {
            answer.text
        };
        answer
    }
}

/// Waits for what a reader carries over.
pub async fn until<T>(look: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..2000 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nothing came of it");
}
