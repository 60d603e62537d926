//! The door of the dashboard: who is locked out, for how long, and what the log says of it. And
//! the last use of a key.

use chrono::Duration;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use sallyport::identity::accounts::{self, NewAccount};
use sallyport::identity::notes;
use sallyport::types::{Role, Side};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;

pub const PASSWORD: &str = "a long password of a test";
const REVIEWER: &str = "reviewer@alder.example";

/// A browser's side of the forms.
pub struct Browser {
    http: reqwest::Client,
    base: String,
}

impl Browser {
    pub fn of(app: &TestApp) -> Self {
        Self {
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            base: format!("http://{}", app.address),
        }
    }

    pub async fn post(&self, path: &str, cookie: &str, body: String) -> Answer {
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .header(COOKIE, cookie)
            .body(body);
        Answer::read(request.send().await.unwrap()).await
    }

    /// A form with a file: each part with its name, the file's own last.
    pub async fn upload(
        &self,
        path: &str,
        cookie: &str,
        fields: &[(&str, &str)],
        file: &str,
    ) -> Answer {
        let mut body = String::new();
        for (name, value) in fields {
            body.push_str(&format!(
                "--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"release.csv\"\r\n\
             Content-Type: text/csv\r\n\r\n{file}\r\n--edge--\r\n"
        ));
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "multipart/form-data; boundary=edge")
            .header(COOKIE, cookie)
            .body(body);
        Answer::read(request.send().await.unwrap()).await
    }

    async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let email = email.replace('@', "%40");
        let body = format!("email={email}&password={}", password.replace(' ', "+"));
        self.post("/sign-in", "", body).await
    }

    /// The session's cookie, after a sign-in that must succeed.
    pub async fn session(&self, email: &str) -> String {
        let answer = self.sign_in(email, PASSWORD).await.expect(303);
        let cookie = answer.header(SET_COOKIE.as_str());
        cookie.split(';').next().unwrap().to_owned()
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        let request = self
            .http
            .get(format!("{}{path}", self.base))
            .header(COOKIE, cookie);
        Answer::read(request.send().await.unwrap()).await
    }
}

/// An account of the jail's reviewer.
async fn account(app: &TestApp, email: &str) {
    let mut conn = app.app.pools.operator.acquire().await.unwrap();
    let agency = app.actor_at(ALDER).await.agency_id();
    let account = NewAccount {
        side: Side::Custodian,
        role: Role::Reviewer,
        agency_id: agency,
        office_id: None,
        jurisdiction: None,
        email,
        name: "R. Reviewer",
        password: PASSWORD,
    };
    accounts::create(&mut conn, account, app.app.clock.now())
        .await
        .unwrap();
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn ten_failures_close_a_source_and_the_log_counts_them_without_its_address(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    account(&app, REVIEWER).await;
    let browser = Browser::of(&app);
    // A spray: one password at many accounts, most of which do not exist. A right one between
    // them takes nothing back.
    for at in 0..9 {
        let email = format!("nobody{at}@alder.example");
        browser.sign_in(&email, PASSWORD).await.expect(422);
    }
    browser.session(REVIEWER).await;
    browser.sign_in(REVIEWER, "wrong").await.expect(422);
    for email in [REVIEWER, "nobody@alder.example"] {
        let refused = browser.sign_in(email, PASSWORD).await.expect(429);
        assert_eq!(refused.slug(), "rate-limited");
        let wait: i64 = refused.header("retry-after").parse().unwrap();
        assert!((800..=901).contains(&wait), "{wait}");
    }

    // Not before the minute has ended; then once, though several write.
    let kinds = "select count(*) from log.event where type = 'sign_in.failed'";
    let later = app.app.clock.now() + Duration::minutes(1);
    notes::write(&app.app, later).await;
    notes::write(&app.app, later).await;
    let events = app.count(kinds).await;
    // The tries may lie on both sides of a minute's end.
    assert!((1..=2).contains(&events), "{events}");
    let sums: (i64, i64) = sqlx::query_as(
        "select sum((data ->> 'failed')::bigint)::bigint, sum((data ->> 'refused')::bigint)::bigint
           from log.event where type = 'sign_in.failed'",
    )
    .fetch_one(&mut app.owner().await)
    .await
    .unwrap();
    assert_eq!(sums, (10, 2));
    let text: String = sqlx::query_scalar(
        "select string_agg(data::text || acting, '') from log.event where type = 'sign_in.failed'",
    )
    .fetch_one(&mut app.owner().await)
    .await
    .unwrap();
    assert!(!text.contains("127.0.0.1") && !text.contains("example"));
    app.settle().await;
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn five_failures_lock_an_account_and_say_nothing_of_which_accounts_exist(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    account(&app, REVIEWER).await;
    let browser = Browser::of(&app);
    let stranger = browser.sign_in("nobody@alder.example", "wrong").await;
    let known = browser.sign_in(REVIEWER, "wrong").await.expect(422);
    let same = |answer: &Answer| answer.text.replace("nobody@alder.example", REVIEWER);
    assert_eq!(same(&stranger.expect(422)), known.text);
    for _ in 0..4 {
        browser.sign_in(REVIEWER, "wrong").await.expect(422);
    }
    let locked = browser.sign_in(REVIEWER, PASSWORD).await.expect(422);
    assert_eq!(locked.text, known.text);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn each_sign_in_is_a_new_session_and_one_that_has_ended_opens_nothing(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    account(&app, REVIEWER).await;
    let browser = Browser::of(&app);
    let (first, second) = (
        browser.session(REVIEWER).await,
        browser.session(REVIEWER).await,
    );
    assert_ne!(first, second);
    let page = browser.get("/", &first).await.expect(200);
    let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap();
    let csrf = csrf.split('"').next().unwrap();

    // Without the session's own token nothing happens, whoever sends the form.
    for body in [String::new(), "csrf=".to_owned(), "csrf=guess".to_owned()] {
        browser.post("/sign-out", &first, body).await.expect(403);
        browser.get("/", &first).await.expect(200);
    }
    let token = format!("csrf={csrf}&idempotency_key={}", fresh_key());
    browser
        .post("/sign-out", &second, token.clone())
        .await
        .expect(403);
    browser.post("/sign-out", &first, token).await.expect(303);
    let after = browser.get("/", &first).await.expect(303);
    assert!(after.header(LOCATION.as_str()).starts_with("/sign-in"));
    // The other one lives on.
    browser.get("/", &second).await.expect(200);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_last_use_of_a_key_is_written_down_apart_from_its_requests(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, idle) = (app.submitter(ALDER).await, app.submitter(ALDER).await);
    let reviewer = app.reviewer(ALDER).await;
    let id = |client: &Client| client.key.split('_').nth(1).unwrap().to_owned();
    let row = async |client: &Client| -> (Option<chrono::DateTime<chrono::Utc>>, String) {
        sqlx::query_as("select last_used_at, xmin::text from identity.api_key where id = $1")
            .bind(id(client))
            .fetch_one(&mut app.owner().await)
            .await
            .unwrap()
    };
    let before = row(&clerk).await;
    let began = app.app.clock.now();
    for at in 0..3 {
        let body = notice(
            &format!("26-{at}"),
            "scheduled",
            "2026-11-29T08:00:00-08:00",
        );
        clerk.post("/v1/release-notices", body).await.expect(201);
    }
    // The requests have written nothing to the key.
    assert_eq!(row(&clerk).await, before);
    // A key that was not right is not used.
    let (start, _) = idle.key.rsplit_once('_').unwrap();
    let forged = app.client(format!("{start}_{}", fresh_key()));
    assert!(forged.get("/v1/whoami").await.status.is_client_error());

    notes::write(&app.app, app.app.clock.now()).await;
    let (used, version) = row(&clerk).await;
    assert!(used.is_some_and(|used| used >= began - Duration::milliseconds(1)));
    assert_eq!(row(&idle).await.0, None);
    let list = reviewer.get("/v1/keys").await.expect(200).json();
    let listed = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["id"] == id(&clerk))
        .unwrap();
    assert!(listed["last_used_at"].is_string());
    // Not again without another use.
    notes::write(&app.app, app.app.clock.now()).await;
    assert_eq!(row(&clerk).await, (used, version));
    app.stop().await;
}
