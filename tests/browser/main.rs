//! The one thread in a real browser: by the clerk, the reviewer and the liaison, with script and
//! without, every page judged by axe at three widths under the strict content policy.

mod chromium;
mod imports;
mod places;
mod steps;
#[allow(dead_code)]
#[path = "../api/support/mod.rs"]
mod support;

use std::collections::HashMap;

use fantoccini::Locator;
use fantoccini::cookies::Cookie;
use sallyport::identity::accounts::{self, NewAccount};
use sallyport::policy::Law;
use sallyport::types::{Role, Side};
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::chromium::Browser;
use crate::support::*;

const PASSWORD: &str = "a long password of a test";

struct Desk {
    app: TestApp,
    browser: Browser,
    base: String,
    cookies: HashMap<&'static str, Cookie<'static>>,
    script: bool,
}

impl Desk {
    async fn start(options: PgPoolOptions, owner: PgConnectOptions, script: bool) -> Self {
        Self::start_under(options, owner, script, Law::unaddressed()).await
    }

    async fn start_under(
        options: PgPoolOptions,
        owner: PgConnectOptions,
        script: bool,
        law: Law,
    ) -> Self {
        let app = TestApp::start_under(options, owner, law).await;
        let mut conn = app.app.pools.operator.acquire().await.unwrap();
        let id = |table: &str, column: &str, code: &str| {
            format!("select id from registry.{table} where {column} = '{code}'")
        };
        let agency: i32 = sqlx::query_scalar(sqlx::AssertSqlSafe(id("agency", "ori", ALDER)))
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        let office: i32 = sqlx::query_scalar(sqlx::AssertSqlSafe(id("office", "code", SND)))
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        for (side, role, email, name) in [
            (
                Side::Custodian,
                Role::Submitter,
                "clerk@alder.example",
                "B. Clerk",
            ),
            (
                Side::Custodian,
                Role::Reviewer,
                "reviewer@alder.example",
                "R. Reviewer",
            ),
            (
                Side::Office,
                Role::Liaison,
                "liaison@snd.example",
                "C. Officer",
            ),
            (
                Side::Operator,
                Role::SystemAdmin,
                "admin@sallyport.example",
                "A. Operator",
            ),
        ] {
            let account = NewAccount {
                side,
                role,
                agency_id: (side == Side::Custodian).then_some(agency),
                office_id: (side == Side::Office).then_some(office),
                jurisdiction: None,
                email,
                name,
                password: PASSWORD,
            };
            accounts::create(&mut conn, account, app.app.clock.now())
                .await
                .unwrap();
        }
        drop(conn);
        let base = format!("http://{}", app.address);
        Self {
            browser: Browser::start(script).await,
            base,
            app,
            cookies: HashMap::new(),
            script,
        }
    }

    async fn stop(self) {
        self.browser.stop().await;
        self.app.stop().await;
    }

    async fn open(&self, path: &str) {
        let url = format!("{}{path}", self.base);
        self.browser.client.goto(&url).await.unwrap();
    }

    /// Signs in once; later the browser is given that session again.
    async fn become_one(&mut self, email: &'static str) {
        self.browser.client.delete_all_cookies().await.unwrap();
        if let Some(cookie) = self.cookies.get(email) {
            self.browser
                .client
                .add_cookie(cookie.clone())
                .await
                .unwrap();
            self.open("/").await;
            return;
        }
        self.open("/").await;
        self.browser.sees("Sign in").await;
        self.browser.fill("email", email).await;
        self.browser.fill("password", PASSWORD).await;
        self.browser.press("Sign in").await;
        self.browser.sees("Overview").await;
        let cookie = self
            .browser
            .client
            .get_named_cookie("sp_session")
            .await
            .unwrap();
        assert_eq!(cookie.http_only(), Some(true));
        self.cookies.insert(email, cookie);
    }

    async fn judge(&self, name: &str) {
        if self.script {
            self.browser.judge(name).await;
        }
    }

    /// The thread, from lodging to the outcome.
    async fn walk(&mut self) {
        let (clerk, reviewer, liaison) = (
            "clerk@alder.example",
            "reviewer@alder.example",
            "liaison@snd.example",
        );
        self.open("/detainers?status=pending").await;
        self.browser.sees("Sign in").await;
        self.judge("sign-in").await;

        // Lodge, first with a mistake: what was typed is still there.
        self.become_one(liaison).await;
        self.open("/detainers/new").await;
        self.judge("office-lodge").await;
        self.browser.fill("custodian", "CA0990109").await;
        self.browser.fill("subject.family_name", "Example").await;
        self.browser.fill("subject.given_name", "Ana").await;
        self.browser.fill("subject.a_number", "A012345678").await;
        self.browser.press("Biometric match").await;
        self.browser.press("Lodge the request").await;
        self.browser
            .sees("No agency is registered under this ORI")
            .await;
        self.judge("office-lodge-refused").await;
        self.browser.fill("custodian", ALDER).await;
        self.browser.press("Lodge the request").await;
        self.browser.sees("The request is lodged").await;
        self.browser.sees("EXAMPLE, Ana").await;
        let record = self.browser.client.current_url().await.unwrap();
        let record = record.path().to_owned();

        // Acknowledge and serve.
        self.become_one(clerk).await;
        self.browser.sees("EXAMPLE, Ana").await;
        self.judge("jail-overview").await;
        self.open(&record).await;
        self.judge("jail-detainer-received").await;
        self.browser.press("Acknowledge").await;
        self.browser
            .sees("Acknowledged. The office sees it now.")
            .await;
        self.browser.press("Record service").await;
        self.browser.sees("Service is recorded.").await;

        // The booking comes from the jail's own system; the notice is typed in.
        let system = self.app.submitter(ALDER).await;
        system
            .put("/v1/bookings/26-001234", booking("A012345678"))
            .await
            .expect(201);
        self.app.settle().await;
        self.become_one(liaison).await;
        self.open(&record).await;
        self.browser.sees("Nothing else has been told.").await;
        let before = self.bare_text().await;
        self.judge("office-detainer-before").await;

        self.become_one(clerk).await;
        self.open("/release-notices/new").await;
        self.judge("jail-notice-step-one").await;
        self.browser.fill("booking_number", "26-001234").await;
        self.browser.press("Find").await;
        self.browser.sees("Before you send").await;
        self.browser.sees("Nothing leaves this agency.").await;
        self.judge("jail-notice-step-two").await;
        self.browser
            .fill_time("effective_at", "11262027", "0800AM")
            .await;
        self.browser.press("Record release notice").await;
        self.browser.sees("The release notice is recorded").await;
        self.browser.sees("26 Nov 2027 08:00 PST").await;
        self.judge("jail-detainer-notice").await;

        // The office sees nothing of it.
        self.become_one(liaison).await;
        let overview = self.browser.text().await;
        assert!(!overview.contains("2027"), "{overview}");
        self.open(&record).await;
        assert_eq!(self.bare_text().await, before, "nothing has been told yet");

        // A clerk may not decide; a reviewer does.
        self.become_one(clerk).await;
        self.open(&format!("{record}/determinations/new?act=notify_release"))
            .await;
        self.browser.sees("This role may not do that").await;
        self.judge("problem").await;
        self.become_one(reviewer).await;
        self.browser.sees("Notify SND of the release?").await;
        self.judge("jail-overview-due").await;
        self.browser.press("Decide").await;
        self.browser.sees("Your decision").await;
        self.judge("jail-decision").await;
        self.browser.press("Comply").await;
        self.browser.choose("reason_code", "law_permits").await;
        self.browser.press("Record the decision").await;
        self.browser
            .sees("the office has been told of the release")
            .await;
        self.app.settle().await;

        // The office reads it.
        self.become_one(liaison).await;
        self.browser.sees("26 Nov 2027 08:00 PST").await;
        self.judge("office-overview").await;
        self.browser.press("Acknowledge").await;
        self.browser
            .sees("The custodian sees that this office has read it.")
            .await;
        self.app.settle().await;
        self.open(&record).await;
        self.judge("office-detainer-told").await;
        self.browser.press("State the outcome").await;
        self.browser
            .choose("custody", "dhs_arrest_at_release_no_hold")
            .await;
        self.browser.choose("notice", "notified_before").await;
        let send = "main #outcome button";
        self.browser
            .client
            .find(Locator::Css(send))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
        self.browser.sees("The outcome is recorded.").await;

        self.become_one(reviewer).await;
        self.open(&record).await;
        self.browser.sees("DHS arrest at release, no hold").await;
        self.browser.sees("read by C. Officer").await;
        self.browser.press("State the outcome").await;
        self.browser
            .choose("custody", "dhs_arrest_at_release_no_hold")
            .await;
        self.browser.choose("notice", "notified_before").await;
        self.browser
            .client
            .find(Locator::Css(send))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
        self.browser.sees("The outcome is recorded.").await;
        self.browser.sees("Agreed").await;
        self.judge("jail-detainer-closed").await;
    }

    /// The page's words without those that tick.
    async fn bare_text(&self) -> String {
        let text = self.browser.text().await;
        let mut words: Vec<&str> = Vec::new();
        for part in text.split(" · ") {
            let ticking = ["now", " ago", "in "]
                .iter()
                .any(|word| part.trim_start().starts_with(word.trim_start()))
                || part.contains(" ago");
            if !ticking {
                words.push(part);
            }
        }
        words.join(" · ")
    }
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_thread_runs_in_a_browser_with_script(options: PgPoolOptions, owner: PgConnectOptions) {
    let mut desk = Desk::start(options, owner, true).await;
    desk.walk().await;
    let clerk = desk.app.submitter(ALDER).await;
    let beat = json!({"expected_every_minutes": 60});
    clerk.put("/v1/feeds/jms", beat).await.expect(200);
    let mut owner = desk.app.owner().await;
    sallyport::registry::load::jurisdictions(&mut owner)
        .await
        .unwrap();
    sallyport::registry::positions::load(&mut owner)
        .await
        .unwrap();
    for (path, name) in [
        ("/detainers", "jail-list"),
        ("/detainers?status=cancelled", "jail-list-empty"),
        ("/bookings", "jail-bookings"),
        ("/feeds", "jail-feeds"),
        ("/positions", "positions"),
        ("/problems", "problems"),
        ("/problems/validation", "problems-one"),
        ("/docs", "docs"),
        ("/policies", "rules"),
        ("/policies/us-ca/values-act", "rules-one"),
        ("/policies/what-if?jurisdiction=us-ca", "rules-what-if"),
        ("/nothing-here", "problem-not-found"),
    ] {
        desk.open(path).await;
        desk.judge(name).await;
    }
    desk.become_one("liaison@snd.example").await;
    let lodged = detainer(SND, ALDER, "A087654321");
    let liaison = desk.app.liaison(SND).await;
    let id = liaison
        .post("/v1/detainers", lodged)
        .await
        .expect(201)
        .json()["id"]
        .clone();
    desk.open(&format!("/detainers/{}/cancellation", id.as_str().unwrap()))
        .await;
    desk.judge("office-cancellation").await;
    desk.open("/detainers").await;
    desk.judge("office-list").await;
    desk.open("/search?q=A087654321").await;
    desk.browser.sees("born 3 Feb 1990").await;
    desk.become_one("admin@sallyport.example").await;
    desk.judge("admin-overview").await;
    for (path, name) in [
        ("/agencies?q=county", "admin-agencies"),
        ("/agencies/new", "admin-agency-new"),
        ("/agencies/CA0990100", "admin-agency"),
    ] {
        desk.open(path).await;
        desk.judge(name).await;
    }
    desk.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_thread_runs_in_a_browser_without_script(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let mut desk = Desk::start(options, owner, false).await;
    desk.walk().await;
    assert_eq!(desk.browser.complaints().await, Vec::<String>::new());
    desk.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn forms_of_other_sites_and_keys_are_refused(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let base = format!("http://{}", app.address);
    let post = |site: &'static str| {
        http.post(format!("{base}/sign-in"))
            .header("sec-fetch-site", site)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("email=a%40b.example&password=x")
    };
    for (site, status) in [
        ("cross-site", 403),
        ("same-site", 403),
        ("same-origin", 422),
    ] {
        assert_eq!(post(site).send().await.unwrap().status(), status, "{site}");
    }
    // A key opens no page, a stranger is sent to the sign-in.
    let page = http
        .get(format!("{base}/detainers?status=pending"))
        .bearer_auth(app.key(Role::Reviewer, ALDER).await)
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 303);
    assert_eq!(
        page.headers()["location"],
        "/sign-in?next=%2Fdetainers%3Fstatus%3Dpending"
    );
    let answer = json!(
        http.get(format!("{base}/assets/nothing.css"))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    );
    assert_eq!(answer, 404);
    app.stop().await;
}
