//! The pages on which a reviewer says whether a request and a booking are about one person, and
//! the letters that the record's page leads to.

use reqwest::header::LOCATION;
use sallyport::types::Role;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::matches::namesakes;
use crate::pages::{Desk, hidden};
use crate::support::custody::{lodge, served};
use crate::support::*;

/// A candidate of this agency: the request, and the match's id.
async fn candidate(app: &TestApp) -> (String, String) {
    let (request, booked) = namesakes();
    let jail = app.reviewer(ALDER).await;
    jail.put("/v1/bookings/26-1", booked).await.expect(201);
    let id = lodge(&app.liaison(SND).await, request).await;
    app.settle().await;
    let found = jail.get("/v1/matches?status=open").await.expect(200).json();
    let pair = found["items"][0]["id"].as_str().unwrap().to_owned();
    (id, pair)
}

async fn booking_of(app: &TestApp, id: &str) -> Value {
    let jail = app.reviewer(ALDER).await;
    jail.get(&format!("/v1/detainers/{id}")).await.json()["booking"].clone()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_candidate_is_looked_at_side_by_side_and_decided(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let desk = Desk::of(&app, Role::Reviewer, ALDER).await;
    let none = desk.get("/matches").await.expect(200).text;
    assert!(none.contains("No candidate waits for a decision."));
    let (id, pair) = candidate(&app).await;
    let (record, step) = (format!("/detainers/{id}"), format!("/matches/{pair}"));
    let link = format!("href=\"{step}\"");

    let list = desk.get("/matches").await.expect(200).text;
    for words in ["I-247A of", "from SND", "26-1, booked", "ána maría", &link] {
        assert!(list.contains(words), "{words}: {list}");
    }
    assert!(desk.get(&record).await.text.contains(&link));
    assert!(desk.get("/").await.text.contains("href=\"/matches\""));
    desk.get("/matches?cursor=made-up").await.expect(400);
    desk.get("/matches?sort=score").await.expect(422);

    // Those who may not decide see that one waits, and no way to decide it.
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let shown = clerk.get(&record).await.expect(200).text;
    assert!(shown.contains("A booking here may be this person") && !shown.contains(&link));
    assert!(!clerk.get("/").await.text.contains("href=\"/matches\""));
    clerk.get("/matches").await.expect(403);
    clerk.get(&step).await.expect(403);
    let office = Desk::of(&app, Role::Liaison, SND).await;
    office.get("/matches").await.expect(403);
    office.get(&step).await.expect(403);
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    other.get(&step).await.expect(404);
    assert!(
        other
            .get("/matches")
            .await
            .text
            .contains("No candidate waits")
    );

    let form = desk.get(&step).await.expect(200).text;
    assert!(form.contains("The booking: EXAMPLE") && form.contains("Before you do this"));
    let note = ("note", "Fingerprints compared");
    let said = [("same_person", "true"), note];
    clerk.send("/", &step, &said).await.expect(403);
    other.send("/", &step, &said).await.expect(404);
    let refused = desk.send_from(&form, &step, &[note]).await.expect(422).text;
    assert!(
        refused.contains("#match-same_person") && refused.contains("Fingerprints compared"),
        "{refused}"
    );
    assert_eq!(booking_of(&app, &id).await, Value::Null);

    let done = desk.send_from(&form, &step, &said).await.expect(303);
    assert_eq!(done.header(LOCATION.as_str()), record);
    assert!(booking_of(&app, &id).await.is_string());
    assert!(desk.get("/matches").await.text.contains("No candidate"));
    let again = desk.get(&step).await.expect(200).text;
    assert!(again.contains("decided already: the same person") && again.contains("D. Desk"));
    desk.send_from(&form, &step, &[("same_person", "false")])
        .await
        .expect(409);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_request_is_put_on_a_booking_and_taken_off_by_hand(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let desk = Desk::of(&app, Role::Reviewer, ALDER).await;
    let (id, pair) = candidate(&app).await;
    let other = format!("/matches/{pair}");
    let said = [("same_person", "false")];
    desk.send(&other, &other, &said).await.expect(303);
    assert_eq!(booking_of(&app, &id).await, Value::Null);

    let (record, step) = (
        format!("/detainers/{id}"),
        format!("/detainers/{id}/booking"),
    );
    assert!(desk.get(&record).await.text.contains("Link to a booking"));
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let shown = clerk.get(&record).await.text;
    assert!(!shown.contains("Link to a booking"));
    clerk.get(&step).await.expect(403);
    let office = Desk::of(&app, Role::Liaison, SND).await;
    office.get(&step).await.expect(403);
    let birch = Desk::of(&app, Role::Reviewer, BIRCH).await;
    birch.get(&step).await.expect(404);

    let form = desk.get(&step).await.expect(200).text;
    let tag = hidden(&form, "etag");
    let number = |number| [("etag", tag.as_str()), ("booking_number", number)];
    clerk.send("/", &step, &number("26-1")).await.expect(403);
    let refused = desk.send_from(&form, &step, &number("26-77")).await;
    let refused = refused.expect(422).text;
    assert!(refused.contains("#booking-booking_number") && refused.contains("26-77"));
    desk.send_from(&form, &step, &number("")).await.expect(422);
    desk.send_from(&form, &step, &number("26-1")[1..])
        .await
        .expect(412);
    let done = desk.send_from(&form, &step, &number("26-1")).await;
    assert_eq!(done.expect(303).header(LOCATION.as_str()), record);
    assert!(booking_of(&app, &id).await.is_string());
    // The page was another record's state: it is shown again, as it stands now.
    let stale = desk.send_from(&form, &step, &number("26-1")).await;
    assert!(stale.expect(412).text.contains("look again"));

    assert!(
        desk.get(&record)
            .await
            .text
            .contains("Take off the booking")
    );
    let form = desk.get(&step).await.expect(200).text;
    assert!(form.contains("Linked now to booking 26-1"));
    let tag = hidden(&form, "etag");
    let both = [
        ("etag", tag.as_str()),
        ("to", "none"),
        ("booking_number", "26-1"),
    ];
    desk.send_from(&form, &step, &both).await.expect(422);
    let off = [
        ("etag", tag.as_str()),
        ("to", "none"),
        ("booking_number", ""),
    ];
    desk.send_from(&form, &step, &off).await.expect(303);
    assert_eq!(booking_of(&app, &id).await, Value::Null);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_duty_leads_to_its_letter(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let id = served(&app.liaison(SND).await, &app.reviewer(ALDER).await).await;
    sqlx::query(
        "insert into custodian.duty (agency_id, id, detainer_id, duty, recipient, citation, created_at)
         select agency_id, gen_random_uuid(), id, duty, 'person', 'Gov. Code 7283.1(b)', $2
           from custodian.case_file, unnest(array['copy_and_intent', 'notice_of_notice']) duty where id = $1::uuid",
    )
    .bind(&id)
    .bind(app.app.clock.now())
    .execute(&mut app.owner().await)
    .await
    .unwrap();
    let record = clerk.get(&format!("/detainers/{id}")).await.text;
    let letter = |kind: &str, lang: &str| format!("/detainers/{id}/letters/{kind}?lang={lang}");
    for kind in ["copy-and-intent", "notice-of-notice", "service-certificate"] {
        for lang in ["en", "es", "zh", "tl", "vi", "ko"] {
            let link = format!("href=\"{}\"", letter(kind, lang));
            assert!(record.contains(&link), "{link}: {record}");
        }
    }
    let copy = clerk.get(&letter("copy-and-intent", "es")).await;
    let copy = copy.expect(200);
    assert_eq!(copy.header("content-type"), "application/pdf");
    assert!(copy.text.contains("Copia de una solicitud federal"));
    clerk
        .get(&letter("service-certificate", "en"))
        .await
        .expect(200);
    // The office was told of nothing yet.
    clerk
        .get(&letter("notice-of-notice", "en"))
        .await
        .expect(409);
    clerk
        .get(&letter("copy-and-intent", "tlh"))
        .await
        .expect(422);
    clerk.get(&letter("love", "en")).await.expect(404);
    let office = Desk::of(&app, Role::Liaison, SND).await;
    office
        .get(&letter("copy-and-intent", "en"))
        .await
        .expect(403);
    let birch = Desk::of(&app, Role::Reviewer, BIRCH).await;
    birch
        .get(&letter("copy-and-intent", "en"))
        .await
        .expect(404);
    app.stop().await;
}
