//! Every act of which a role can get an answer, on two requests and a paper of the jail's own.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answers, FBI_NUMBER, OWN_WORDS, STATE_ID};
use crate::every_route::{ROLES, World};
use crate::support::custody;
use crate::support::more::steady;
use crate::support::*;

/// One caller that does things and keeps the answers.
struct Doer<'a> {
    role: &'static str,
    client: &'a Client,
}

impl Doer<'_> {
    async fn post(&self, answers: &mut Answers, pattern: &str, path: &str, body: Value) -> Value {
        let answer = self.client.steadily(path, body).await;
        answers.keep(self.role, &format!("POST {pattern}"), &answer);
        answer.json()
    }

    /// PUT or PATCH, under the tag of what was read, or as the first.
    async fn change(
        &self,
        answers: &mut Answers,
        (method, pattern): (Method, &str),
        (path, read): (&str, &str),
        body: Value,
    ) {
        let tag = self.client.look(read).await.header("etag");
        let mut answer = None;
        for (name, value) in [("if-match", tag.as_str()), ("if-none-match", "*")] {
            let headers = [(name, value), ("content-type", "application/json")];
            let sent = steady(async || {
                let text = body.to_string();
                self.client.send(method.clone(), path, &headers, text).await
            });
            answer = Some(sent.await);
            if answer
                .as_ref()
                .is_some_and(|answer| answer.status.is_success())
            {
                break;
            }
        }
        answers.keep(self.role, &format!("{method} {pattern}"), &answer.unwrap());
    }
}

/// Every act of which a role can get an answer.
pub async fn act(app: &TestApp, world: &World, callers: &[Client], answers: &mut Answers) {
    let doer = |n: usize| Doer {
        role: ROLES[n].as_str(),
        client: &callers[n],
    };
    let (clerk, reviewer, liaison, operator) = (doer(0), doer(1), doer(2), doer(4));
    let id = |body: &Value| body["id"].as_str().unwrap().to_owned();
    let one = "/v1/detainers/{id}";
    let path = format!("/v1/detainers/{}", world.detainer);
    let at = |rest: &str| (format!("{one}{rest}"), format!("{path}{rest}"));

    // A second request with every identifier, that of a person who is here.
    let mut body = detainer(SND, ALDER, "A087654321");
    body["subject"]["fbi_number"] = json!(FBI_NUMBER);
    body["subject"]["state_id"] = json!(STATE_ID);
    let second = id(&liaison
        .post(answers, "/v1/detainers", "/v1/detainers", body)
        .await);
    let second = format!("/v1/detainers/{second}");
    let mut stay = booking("A087654321");
    stay["subject"]["fbi_number"] = json!(FBI_NUMBER);
    stay["subject"]["state_id"] = json!(STATE_ID);
    stay["otherwise_releasable_at"] = json!("2026-11-20T09:00:00-08:00");
    let booked = callers[0].put("/v1/bookings/26-000777", stay).await;
    answers.keep(clerk.role, "PUT /v1/bookings/{booking_number}", &booked);
    // Paper that the jail keeps to itself.
    let mut fax = detainer(SND, ALDER, "A055555555");
    fax["channel"] = json!("fax");
    fax["source_id"] = json!(OWN_WORDS);
    fax["subject"]["fbi_number"] = json!("765432AB1");
    fax["subject"]["booking_number"] = json!("26-000999");
    clerk
        .post(answers, "/v1/detainers", "/v1/detainers", fax)
        .await;

    let beat = json!({"expected_every_minutes": 60});
    let heard = clerk.client.put("/v1/feeds/jms", beat).await;
    answers.keep(clerk.role, "PUT /v1/feeds/{name}", &heard);

    let by = json!({"by": "B. Clerk"});
    let (pattern, _) = at("/acknowledgement");
    clerk
        .post(answers, &pattern, &format!("{second}/acknowledgement"), by)
        .await;
    let service = json!({"served_at": "2026-11-20T10:00:00-08:00", "method": "other", "method_other": OWN_WORDS,
        "language": "es", "officer": "B. Clerk", "tell_office": false});
    let (pattern, _) = at("/service");
    clerk
        .post(answers, &pattern, &format!("{second}/service"), service)
        .await;
    let mut escape = notice("26-000777", "hospitalised", "2026-11-21T08:00:00-08:00");
    escape["note"] = json!(OWN_WORDS);
    escape["release_information_public"] = json!({"url": "https://jail.example/26-000777", "captured_at": "2026-11-20T08:00:00-08:00"});
    clerk
        .post(
            answers,
            "/v1/release-notices",
            "/v1/release-notices",
            escape,
        )
        .await;
    let claim = json!({"kind": "us_citizen", "claimed_at": "2026-11-21T09:00:00-08:00", "proof": OWN_WORDS});
    let (pattern, _) = at("/citizenship-claims");
    clerk
        .post(
            answers,
            &pattern,
            &format!("{second}/citizenship-claims"),
            claim,
        )
        .await;

    // The first request, from its claim to its outcome.
    let resolved = json!({"result": "not_confirmed", "resolved_at": "2026-11-21T10:00:00-08:00", "source": OWN_WORDS});
    let (pattern, _) = at("/citizenship-claims/{claim}");
    let claim = format!("{path}/citizenship-claims/{}", world.claim);
    reviewer
        .change(
            answers,
            (Method::PATCH, &pattern),
            (&claim, &path),
            resolved,
        )
        .await;
    let (pattern, facts) = at("/facts");
    let stated = json!({"age": 36, "convictions": [{"state": "CA", "statute": "PC 459", "level": "felony", "disposition_on": "2020-01-02"}]});
    reviewer
        .change(answers, (Method::PATCH, &pattern), (&facts, &facts), stated)
        .await;
    let (pattern, to) = at("/hold");
    let mut hold = custody::hold("2026-12-18T08:00:00-08:00");
    hold["authority"]["reference"] = json!(OWN_WORDS);
    hold["tell_office"] = json!(true);
    reviewer.post(answers, &pattern, &to, hold).await;
    let (pattern, to) = at("/hold/end");
    let end = json!({"ended_at": "2026-11-21T09:00:00-08:00", "reason": OWN_WORDS});
    reviewer.post(answers, &pattern, &to, end).await;
    let (pattern, to) = at("/determinations");
    let decline = json!({"act": "allow_interview", "decision": "decline", "reason_code": "agency_policy", "note": OWN_WORDS, "tell_office": true});
    reviewer.post(answers, &pattern, &to, decline).await;
    let (pattern, to) = at("/relay");
    reviewer
        .post(answers, &pattern, &to, json!({"to_custodian": BIRCH}))
        .await;
    let (pattern, _) = at("/duties/{duty}");
    let duty = format!("{path}/duties/{}", world.duty);
    reviewer
        .change(
            answers,
            (Method::PATCH, &pattern),
            (&duty, &duty),
            json!({"evidence": OWN_WORDS}),
        )
        .await;
    let told = format!("/v1/notifications/{}", world.notification);
    let now = app.app.clock.now().to_rfc3339();
    let attempt = json!({"channel": "phone", "at": now, "to": "Duty officer", "by": "B. Clerk", "result": "reached"});
    clerk
        .post(
            answers,
            "/v1/notifications/{id}/attempts",
            &format!("{told}/attempts"),
            attempt,
        )
        .await;
    liaison
        .post(
            answers,
            "/v1/notifications/{id}/acknowledgement",
            &format!("{told}/acknowledgement"),
            json!({"by": "C. Officer"}),
        )
        .await;
    let taken = custody::handover("2026-11-21T08:00:00-08:00", "Sally port");
    let (pattern, to) = at("/handover");
    liaison.post(answers, &pattern, &to, taken.clone()).await;
    reviewer.post(answers, &pattern, &to, taken).await;
    let (pattern, to) = at("/outcome");
    liaison
        .post(
            answers,
            &pattern,
            &to,
            custody::outcome("dhs_took_custody_during_hold"),
        )
        .await;
    reviewer
        .post(
            answers,
            &pattern,
            &to,
            custody::outcome("dhs_took_custody_during_hold"),
        )
        .await;
    // An outcome that is kept back, on the second.
    let mut kept = custody::outcome("remains_in_custody");
    kept["note"] = json!(OWN_WORDS);
    reviewer
        .post(answers, &pattern, &format!("{second}/outcome"), kept)
        .await;
    let restricted = json!({"kind": "sealed", "reason": OWN_WORDS});
    let (pattern, _) = at("/restriction");
    reviewer
        .change(
            answers,
            (Method::PUT, &pattern),
            (&format!("{second}/restriction"), &second),
            restricted.clone(),
        )
        .await;
    let stay = "/v1/bookings/26-000777";
    let pattern = "/v1/bookings/{booking_number}/restriction";
    reviewer
        .change(
            answers,
            (Method::PUT, pattern),
            (&format!("{stay}/restriction"), stay),
            restricted,
        )
        .await;
    let standing = format!("/v1/agencies/{ALDER}/standing-decisions");
    let pattern = "/v1/agencies/{ori}/standing-decisions";
    let signed =
        json!({"notify_release": "when_required", "signed_by": "Sheriff Elm", "reason": OWN_WORDS});
    reviewer
        .change(
            answers,
            (Method::PUT, pattern),
            (&standing, &standing),
            signed,
        )
        .await;
    let key = json!({"role": "submitter", "agency": ALDER, "name": "Night shift"});
    reviewer.post(answers, "/v1/keys", "/v1/keys", key).await;

    // The office takes requests back.
    let (pattern, _) = at("/cancellation");
    liaison
        .post(
            answers,
            &pattern,
            &format!("{second}/cancellation"),
            custody::cancellation(),
        )
        .await;
    let mut many = custody::cancellation();
    many["detainers"] = json!([world.detainer]);
    liaison
        .post(
            answers,
            "/v1/detainers:cancel",
            "/v1/detainers:cancel",
            many,
        )
        .await;

    let agency = json!({"ori": "CA0990900", "name": "Elder County Jail", "kind": "jail", "jurisdiction": "06073", "time_zone": "America/Los_Angeles"});
    operator
        .post(answers, "/v1/agencies", "/v1/agencies", agency)
        .await;
    let office = json!({"code": "NEW", "name": "New Field Office", "kind": "ice_field_office", "time_zone": "America/Chicago",
        "contacts": [{"label": "Duty desk", "phone": "555-0100", "email": null, "hours": null, "order": 1}]});
    operator
        .post(answers, "/v1/offices", "/v1/offices", office)
        .await;
    let key = json!({"role": "liaison", "office": SND, "name": "Day shift"});
    operator.post(answers, "/v1/keys", "/v1/keys", key).await;
}
