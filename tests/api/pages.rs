//! The pages on persons: what they ask for before they show anything, and what they leave behind.

use reqwest::header::LOCATION;
use sallyport::identity::accounts::{self, NewAccount};
use sallyport::types::{Role, Side};
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::sign_in::{Browser, PASSWORD};
use crate::support::custody::{acknowledge, lodge};
use crate::support::*;

const NUMBER: &str = "A012345678";

/// One who is signed in, with a browser.
pub struct Desk {
    browser: Browser,
    cookie: String,
}

impl Desk {
    pub async fn of(app: &TestApp, role: Role, place: &str) -> Self {
        let (side, agency, office) = match role {
            Role::Liaison => {
                let office = app.actor_of_office(place).await.office_id();
                (Side::Office, None, office)
            }
            Role::SystemAdmin => (Side::Operator, None, None),
            _ => (Side::Custodian, app.actor_at(place).await.agency_id(), None),
        };
        let email = format!("{role}@{}.example", place.to_lowercase());
        let mut conn = app.app.pools.operator.acquire().await.unwrap();
        let account = NewAccount {
            side,
            role,
            agency_id: agency,
            office_id: office,
            jurisdiction: None,
            email: &email,
            name: "D. Desk",
            password: PASSWORD,
        };
        accounts::create(&mut conn, account, app.app.clock.now())
            .await
            .unwrap();
        drop(conn);
        let browser = Browser::of(app);
        let cookie = browser.session(&email).await;
        Self { browser, cookie }
    }

    /// Sends a form with a file.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: &str) -> Answer {
        self.browser.upload(path, &self.cookie, fields, file).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.browser.get(path, &self.cookie).await
    }

    /// Sends a form with the hidden fields of a page, and some of its own.
    pub async fn send(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let shown = self.get(page).await.text;
        self.send_from(&shown, path, fields).await
    }

    pub async fn send_from(&self, shown: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = format!(
            "csrf={}&idempotency_key={}",
            hidden(shown, "csrf"),
            fresh_key()
        );
        for (name, value) in fields {
            body.push_str(&format!("&{name}={}", percent(value)));
        }
        self.browser.post(path, &self.cookie, body).await
    }
}

pub fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The value of a page's hidden field.
pub fn hidden(page: &str, name: &str) -> String {
    page.split(&format!("name=\"{name}\" value=\""))
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_default()
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
}

async fn looks(app: &TestApp) -> Vec<(String, String)> {
    sqlx::query_as("select kind, purpose from custodian.person_read order by read_at")
        .fetch_all(&mut app.owner().await)
        .await
        .unwrap()
}

/// A booking and a request about the same person.
pub async fn thread(app: &TestApp) -> String {
    app.submitter(ALDER)
        .await
        .put("/v1/bookings/26-001234", booking(NUMBER))
        .await
        .expect(201);
    let id = lodge(&app.liaison(SND).await, detainer(SND, ALDER, NUMBER)).await;
    app.settle().await;
    id
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_person_is_looked_for_and_opened_with_a_purpose_only(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let request = thread(&app).await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    assert!(clerk.get("/").await.text.contains("href=\"/persons\""));

    // Without a purpose nothing is shown, and nothing is left but what was typed.
    let refused = clerk
        .send("/persons", "/persons", &[("a_number", NUMBER)])
        .await
        .expect(422);
    assert!(refused.text.contains("what the person is looked up for"));
    assert!(!refused.text.contains("EXAMPLE"), "{}", refused.text);
    // Both ways at once, or half of one, is no question.
    for fields in [
        vec![("purpose", "case 12"), ("name", "Example")],
        vec![("purpose", "case 12")],
        vec![("purpose", "case 12"), ("a_number", "12")],
    ] {
        let refused = clerk
            .send("/persons", "/persons", &fields)
            .await
            .expect(422);
        assert!(refused.text.contains("A-number: "), "{}", refused.text);
        assert!(
            !refused.text.contains("query parameter"),
            "{}",
            refused.text
        );
    }
    assert_eq!(looks(&app).await, []);

    let fields = [("purpose", "case 12 of the board"), ("a_number", NUMBER)];
    let found = clerk
        .send("/persons", "/persons", &fields)
        .await
        .expect(200);
    assert!(found.text.contains("1 record found") && found.text.contains("EXAMPLE, Ana"));
    assert!(found.text.contains("A*****5678") && found.text.contains("1 booking"));
    let fields = [
        ("purpose", "by name"),
        ("name", "ana example"),
        ("date_of_birth", "1990-02-03"),
    ];
    let named = clerk
        .send("/persons", "/persons", &fields)
        .await
        .expect(200);
    assert!(named.text.contains("EXAMPLE, Ana"));
    let person = found
        .text
        .split("action=\"/persons/")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    let address = format!("/persons/{person}");

    // The address alone shows nothing of the person, and leaves no trace.
    let bare = clerk.get(&address).await.expect(200);
    assert!(!bare.text.contains("EXAMPLE") && !bare.text.contains("26-001234"));
    let refused = clerk.send(&address, &address, &[("purpose", "  ")]).await;
    assert!(!refused.expect(422).text.contains("EXAMPLE"));
    let window = [("purpose", "case 12"), ("from", "soon")];
    let refused = clerk.send(&address, &address, &window).await.expect(422);
    assert!(refused.text.contains("Booked from: "), "{}", refused.text);
    assert_eq!(looks(&app).await.len(), 2);

    let fields = [("purpose", "case 12 of the board")];
    let opened = clerk
        .send_from(&found.text, &address, &fields)
        .await
        .expect(200);
    for shown in [
        "EXAMPLE, Ana",
        "A*****5678",
        "26-001234",
        "charge, not a conviction",
        "asked, nobody has decided",
        "1, of which 1 with a request and 0 without",
        "0 of 1 requests",
        &format!("/detainers/{request}"),
    ] {
        assert!(opened.text.contains(shown), "{shown}: {}", opened.text);
    }
    assert!(!opened.text.contains(NUMBER));
    let fields = [("purpose", "later ones"), ("from", "2026-12-01")];
    let later = clerk.send(&address, &address, &fields).await.expect(200);
    assert!(
        later
            .text
            .contains("No booking here falls into these days.")
    );
    let expected = [
        ("search", "case 12 of the board"),
        ("search", "by name"),
        ("history", "case 12 of the board"),
        ("history", "later ones"),
    ]
    .map(|(kind, purpose)| (kind.to_owned(), purpose.to_owned()));
    assert_eq!(looks(&app).await, expected);
    let logged = "select count(*) from log.event
                   where type in ('persons.searched', 'history.read') and office_id is null
                     and data::text not like '%board%'";
    assert_eq!(app.count(logged).await, 4);

    // Another agency's desk finds nobody; an office has no such page.
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    let fields = [("purpose", "case 12"), ("a_number", NUMBER)];
    let none = other
        .send("/persons", "/persons", &fields)
        .await
        .expect(200);
    assert!(none.text.contains("No record of this agency fits."));
    other.get(&address).await.expect(404);
    let fields = [("purpose", "case 12")];
    other.send("/persons", &address, &fields).await.expect(404);
    let office = Desk::of(&app, Role::Liaison, SND).await;
    office.get("/persons").await.expect(403);
    office.get(&address).await.expect(403);
    office.send("/", &address, &fields).await.expect(403);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_history_says_in_its_head_that_requests_were_lifted_for_a_citizen(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let request = thread(&app).await;
    let lifted = json!({"reason": "Is a citizen", "lift_reason": "usc_or_presumptive_claim", "cancelled_on": "2026-11-24"});
    app.liaison(SND)
        .await
        .post(&format!("/v1/detainers/{request}/cancellation"), lifted)
        .await
        .expect(200);
    app.settle().await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    // The request's page leads there.
    let page = clerk.get(&format!("/detainers/{request}")).await.text;
    let address = page
        .split("href=\"/persons/")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .map(|id| format!("/persons/{id}"))
        .unwrap();
    let opened = clerk
        .send(&address, &address, &[("purpose", "case 12")])
        .await
        .expect(200);
    let head = opened.text.find("1 of 1 requests were lifted").unwrap();
    assert!(head < opened.text.find("<table").unwrap());
    assert!(
        opened
            .text
            .contains("cancelled: U.S. citizen, or a claim of it")
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn an_a_number_is_shown_once_after_its_purpose_is_on_record(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let id = thread(&app).await;
    let (page, reveal) = (
        format!("/detainers/{id}"),
        format!("/detainers/{id}/reveal"),
    );
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let masked = clerk.get(&page).await.expect(200).text;
    assert!(masked.contains("Show the A-number") && !masked.contains(NUMBER));

    let refused = clerk
        .send(&page, &reveal, &[("purpose", " ")])
        .await
        .expect(422);
    assert!(!refused.text.contains(NUMBER) && refused.text.contains("Show the A-number"));
    let revealed = "select count(*) from log.event where type = 'identifier.revealed'";
    assert_eq!(app.count(revealed).await, 0);

    let fields = [("purpose", "to call the consulate")];
    let shown = clerk.send(&page, &reveal, &fields).await.expect(200);
    assert!(shown.text.contains(NUMBER) && !shown.text.contains("Show the A-number"));
    assert!(shown.text.contains("A-number shown, with its purpose"));
    assert_eq!(shown.header("cache-control"), "no-store");
    assert_eq!(
        looks(&app).await,
        [("reveal".to_owned(), "to call the consulate".to_owned())]
    );
    assert!(!clerk.get(&page).await.text.contains(NUMBER));
    // The same form twice is two looks.
    clerk
        .send_from(&shown.text, &reveal, &fields)
        .await
        .expect(200);
    assert_eq!(app.count(revealed).await, 2);
    app.settle().await;
    let told = "select count(*) from log.event
                 where type = 'identifier.revealed' and (office_id is not null or data::text like '%consulate%')";
    assert_eq!(app.count(told).await, 0);
    let office = app.liaison(SND).await;
    let timeline = office.get(&format!("/v1/detainers/{id}/timeline")).await;
    assert!(!timeline.expect(200).text.contains("revealed"));

    let liaison = Desk::of(&app, Role::Liaison, SND).await;
    liaison.send(&page, &reveal, &fields).await.expect(403);
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    let elsewhere = other.send("/", &reveal, &fields).await.expect(404);
    assert!(!elsewhere.text.contains(NUMBER));
    assert_eq!(app.count(revealed).await, 2);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_reviewer_restricts_a_record_from_its_page_and_lifts_it_again(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let id = thread(&app).await;
    let (page, step) = (
        format!("/detainers/{id}"),
        format!("/detainers/{id}/restriction"),
    );
    let reviewer = Desk::of(&app, Role::Reviewer, ALDER).await;
    assert!(
        reviewer
            .get(&page)
            .await
            .text
            .contains("Restrict this record")
    );
    let form = reviewer.get(&step).await.expect(200).text;
    assert!(form.contains("Nobody had been told anything"), "{form}");
    let tag = hidden(&form, "etag");

    let juvenile = [
        ("etag", tag.as_str()),
        ("kind", "juvenile"),
        ("reason", "Born in 2011"),
    ];
    for fields in [
        &juvenile[..2],
        &juvenile[..1],
        &[("etag", tag.as_str()), ("kind", "secret"), ("reason", "x")],
    ] {
        reviewer.send_from(&form, &step, fields).await.expect(422);
    }
    // What happens meanwhile changes the record: the page of before does no longer fit.
    let api = app.reviewer(ALDER).await;
    acknowledge(&api, &id).await;
    let outcome = json!({"notice": "unknown", "custody": "remains_in_custody", "stated_at": "2026-11-24T20:00:00Z",
                         "disclose": true});
    api.post(&format!("/v1/detainers/{id}/outcome"), outcome)
        .await
        .expect(201);
    app.settle().await;
    for fields in [&juvenile[..], &juvenile[1..]] {
        let refused = reviewer.send_from(&form, &step, fields).await.expect(412);
        assert!(refused.text.contains("since this page was opened"));
        assert!(refused.text.contains("Born in 2011"));
    }

    let form = reviewer.get(&step).await.text;
    assert!(
        form.contains("The office SND had this agency") && form.contains("outcome on"),
        "{form}"
    );
    let tag = hidden(&form, "etag");
    let juvenile = [
        ("etag", tag.as_str()),
        ("kind", "juvenile"),
        ("reason", "Born in 2011"),
    ];
    let done = reviewer
        .send_from(&form, &step, &juvenile)
        .await
        .expect(303);
    assert_eq!(done.header(LOCATION.as_str()), page);
    let shown = reviewer.get(&page).await.text;
    for words in ["Restricted: juvenile.", "Change or lift the restriction"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let kept = "select count(*) from custodian.restriction where kind = 'juvenile' and reason = 'Born in 2011'";
    assert_eq!(app.count(kept).await, 1);
    // The office's own paper stays as it was.
    let paper = format!("/v1/detainers/{id}");
    app.liaison(SND).await.get(&paper).await.expect(200);

    let form = reviewer.get(&step).await.text;
    let tag = hidden(&form, "etag");
    let lift = [
        ("etag", tag.as_str()),
        ("kind", "none"),
        ("reason", "Was of age"),
    ];
    reviewer.send_from(&form, &step, &lift).await.expect(303);
    assert!(
        !reviewer
            .get(&page)
            .await
            .text
            .contains("Restricted: juvenile.")
    );
    api.get(&paper).await.expect(200);
    let events =
        "select count(*) from log.event where type = 'restriction.set' and office_id is null";
    assert_eq!(app.count(events).await, 2);

    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    clerk.get(&step).await.expect(403);
    clerk.send(&page, &step, &lift).await.expect(403);
    let liaison = Desk::of(&app, Role::Liaison, SND).await;
    liaison.get(&step).await.expect(403);
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    other.get(&step).await.expect(404);
    other.send("/", &step, &lift).await.expect(404);
    assert_eq!(app.count(events).await, 2);
    app.stop().await;
}
