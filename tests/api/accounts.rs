//! Who may sign in: invited by a link that works once, closed by somebody else.

use chrono::Duration;
use sallyport::identity::accounts::{self, NewAccount};
use sallyport::types::{Role, Side};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::pages::{hidden, percent};
use crate::sign_in::{Browser, PASSWORD};
use crate::support::*;

async fn signed_in(
    app: &TestApp,
    side: Side,
    role: Role,
    agency: Option<&str>,
) -> (Browser, String) {
    let email = format!("{role}@sallyport.example");
    let agency_id = match agency {
        Some(ori) => app.actor_at(ori).await.agency_id(),
        None => None,
    };
    let account = NewAccount {
        side,
        role,
        agency_id,
        office_id: None,
        jurisdiction: None,
        email: &email,
        name: "D. Desk",
        password: PASSWORD,
    };
    let mut conn = app.app.pools.operator.acquire().await.unwrap();
    accounts::create(&mut conn, account, app.app.clock.now())
        .await
        .unwrap();
    drop(conn);
    let browser = Browser::of(app);
    let cookie = browser.session(&email).await;
    (browser, cookie)
}

async fn send(
    (browser, cookie): &(Browser, String),
    path: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let shown = browser.get("/accounts", cookie).await.expect(200).text;
    let mut body = format!(
        "csrf={}&idempotency_key={}",
        hidden(&shown, "csrf"),
        fresh_key()
    );
    for (name, value) in fields {
        body.push_str(&format!("&{name}={}", percent(value)));
    }
    browser.post(path, cookie, body).await
}

/// The path of the link that a page shows.
fn link(page: &Answer) -> String {
    let at = page.text.find("/invitations/").expect("a link");
    page.text[at..].split('<').next().unwrap().to_owned()
}

fn passwords(password: &str, again: &str) -> String {
    format!("password={}&again={}", percent(password), percent(again))
}

const NEW: &str = "a sentence that only I would write";

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_reviewer_invites_a_clerk_whose_link_works_once(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let reviewer = signed_in(&app, Side::Custodian, Role::Reviewer, Some(ALDER)).await;
    let form = [
        ("name", "C. Clerk"),
        ("email", "clerk@alder.example"),
        ("role", "submitter"),
    ];
    let made = send(&reviewer, "/accounts", &form).await.expect(200);
    let path = link(&made);
    // Once more: the address is taken, and what was typed stands there.
    let twice = send(&reviewer, "/accounts", &form).await.expect(422);
    assert!(twice.text.contains("has an account already") && twice.text.contains("C. Clerk"));
    // A reviewer makes no liaison and no operator.
    let above = [
        ("name", "X"),
        ("email", "x@alder.example"),
        ("role", "system_admin"),
    ];
    send(&reviewer, "/accounts", &above).await.expect(422);

    let browser = Browser::of(&app);
    let shown = browser.get(&path, "").await.expect(200);
    assert!(shown.text.contains("C. Clerk, Clerk"), "{}", shown.text);
    for (password, again) in [("short", "short"), (NEW, "another sentence of mine")] {
        browser
            .post(&path, "", passwords(password, again))
            .await
            .expect(422);
    }
    browser
        .post(&path, "", passwords(NEW, NEW))
        .await
        .expect(303);
    browser
        .post(&path, "", passwords(NEW, NEW))
        .await
        .expect(404);
    browser.get(&path, "").await.expect(404);
    let sign_in = format!(
        "email={}&password={}",
        percent("clerk@alder.example"),
        percent(NEW)
    );
    let session = browser
        .post("/sign-in", "", sign_in.clone())
        .await
        .expect(303);
    let cookie = session.header("set-cookie");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    browser.get("/detainers", &cookie).await.expect(200);
    // A clerk keeps no accounts.
    browser.get("/accounts", &cookie).await.expect(403);

    // A new password ends what the old one had opened, and every link made before it.
    let id: uuid::Uuid =
        sqlx::query_scalar("select id from identity.account where email = 'clerk@alder.example'")
            .fetch_one(&mut app.owner().await)
            .await
            .unwrap();
    let again = format!("/accounts/{id}/invitation");
    let first = link(&send(&reviewer, &again, &[]).await.expect(200));
    let second = link(&send(&reviewer, &again, &[]).await.expect(200));
    browser
        .post(&second, "", passwords(PASSWORD, PASSWORD))
        .await
        .expect(303);
    assert_ne!(browser.get("/detainers", &cookie).await.status, 200);
    browser.get(&first, "").await.expect(404);
    browser.post("/sign-in", "", sign_in).await.expect(422);
    let cookie = browser.session("clerk@alder.example").await;
    browser.get("/detainers", &cookie).await.expect(200);

    // Closed: the session is dead at once, and so is the door.
    send(
        &reviewer,
        &format!("/accounts/{id}/state"),
        &[("open", "false")],
    )
    .await
    .expect(303);
    assert_ne!(browser.get("/detainers", &cookie).await.status, 200);
    let email = percent("clerk@alder.example");
    let sign_in = format!("email={email}&password={}", percent(PASSWORD));
    browser.post("/sign-in", "", sign_in).await.expect(422);

    // Nobody closes the own account, and no other agency's is there to be closed.
    let own: uuid::Uuid = sqlx::query_scalar(
        "select id from identity.account where email = 'reviewer@sallyport.example'",
    )
    .fetch_one(&mut app.owner().await)
    .await
    .unwrap();
    send(
        &reviewer,
        &format!("/accounts/{own}/state"),
        &[("open", "false")],
    )
    .await
    .expect(403);
    let events: Vec<String> = sqlx::query_scalar(
        "select type from log.event where type like 'account.%' order by at, id",
    )
    .fetch_all(&mut app.owner().await)
    .await
    .unwrap();
    assert_eq!(
        events,
        [
            "account.invited",
            "account.invited",
            "account.invited",
            "account.changed"
        ]
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn an_operator_invites_everybody_to_their_place_and_a_link_expires(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let operator = signed_in(&app, Side::Operator, Role::SystemAdmin, None).await;
    let invited = |role: &'static str, place: &'static str| {
        [("name", "N. New"), ("role", role), ("place", place)]
    };
    for (at, (role, place, status)) in [
        ("liaison", "SND", 200),
        ("liaison", "NOWHERE", 422),
        ("reviewer", BIRCH, 200),
        ("reviewer", "", 422),
        ("jurisdiction_admin", "us-ca", 200),
        ("auditor", "us", 422),
        ("system_admin", "", 200),
        ("system_admin", "SND", 422),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("new{at}@sallyport.example");
        let mut form = invited(role, place).to_vec();
        form.push(("email", &email));
        let made = send(&operator, "/accounts", &form).await;
        assert_eq!(
            made.status.as_u16(),
            status,
            "{role} {place}: {}",
            made.text
        );
    }
    // A new link for the liaison, and a week later it is dead.
    let id: uuid::Uuid =
        sqlx::query_scalar("select id from identity.account where role = 'liaison'")
            .fetch_one(&mut app.owner().await)
            .await
            .unwrap();
    let again = send(&operator, &format!("/accounts/{id}/invitation"), &[])
        .await
        .expect(200);
    let path = link(&again);
    let browser = Browser::of(&app);
    browser.get(&path, "").await.expect(200);
    // Another secret under the same id is no link.
    let other = format!(
        "{}{}",
        &path[..path.len() - 1],
        if path.ends_with('a') { "b" } else { "a" }
    );
    browser.get(&other, "").await.expect(404);
    app.app.clock.advance(Duration::days(7).num_seconds() + 1);
    browser
        .post(&path, "", passwords(NEW, NEW))
        .await
        .expect(404);
    app.stop().await;
}
