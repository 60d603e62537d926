//! The pages of the law: what is in force, one rule and its versions, and what-if; and the map.

use sallyport::identity::accounts::{self, NewAccount};
use sallyport::policy::Law;
use sallyport::policy::load::Rules;
use sallyport::types::{Role, Side};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::historical::Release;
use crate::pages::{Desk, thread};
use crate::sign_in::{Browser, PASSWORD};
use crate::support::*;

fn the_rules() -> Law {
    Law::of(Rules::built_in().unwrap())
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", crate::pages::percent(value)))
        .collect();
    pairs.join("&")
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_rules_are_read_and_asked_by_anybody(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start_under(options, owner, the_rules()).await;
    let stranger = Browser::of(&app);
    let get = async |path: &str| stranger.get(path, "").await.expect(200).text;

    let list = get("/policies?jurisdiction=06073&on=2026-11-24").await;
    for words in [
        "us-ca/values-act",
        "href=\"/policies/us-ca/values-act\"",
        "<b>draft</b>",
    ] {
        assert!(list.contains(words), "{words}: {list}");
    }
    // A place's rules with those above it, and no other state's; as they were on the day.
    assert!(!list.contains("us-tx/"), "{list}");
    let then = get("/policies?jurisdiction=us-ca&on=2015-06-01").await;
    assert!(then.contains("us-ca/trust-act") && !then.contains("us-ca/values-act"));
    stranger.get("/policies?on=soon", "").await.expect(422);
    stranger
        .get("/policies/us-xx/nothing", "")
        .await
        .expect(404);

    let rule = get("/policies/us-tx/ccp-2a.060").await;
    for words in [
        "Tex. Code Crim. Proc. art. 2A.060",
        "Required if",
        "the request asks for a hold",
        "[2A.060(a)(1)]",
        "not required if",
        "Not verified",
        "version 2025.1",
    ] {
        assert!(rule.contains(words), "{words}: {rule}");
    }
    let body = app
        .client("none".to_owned())
        .get("/v1/policies?limit=200")
        .await
        .expect(200)
        .json();
    // Every rule of the binary has a page, and versions stand side by side.
    let mut beside = 0;
    for item in body["items"].as_array().unwrap() {
        let (id, version) = (
            item["id"].as_str().unwrap(),
            item["version"].as_str().unwrap(),
        );
        let page = get(&format!("/policies/{id}?version={version}")).await;
        if let Some(other) = page
            .split("&amp;beside=")
            .nth(1)
            .or_else(|| page.split("&#38;beside=").nth(1))
        {
            let other = other.split('"').next().unwrap();
            let both = get(&format!("/policies/{id}?version={version}&beside={other}")).await;
            assert!(
                both.contains(&format!("<h3>Version {version}</h3>")),
                "{both}"
            );
            beside += 1;
        }
    }
    assert!(beside > 0);

    // A case that is made up: San Diego's jail, a burglary of fourteen years ago, nothing else.
    let known = [
        ("jurisdiction", "us-ca"),
        ("elsewhere", ""),
        ("agency_kind", "jail"),
        ("on", "2026-11-24"),
        ("detainer.form", "I-247A"),
        ("detainer.notify", "true"),
        ("detainer.hold", "true"),
        ("detainer.transfer", "true"),
        ("judicial_warrant.kind", "false"),
        ("federal_felony_warrant", "false"),
        ("release_information_public", "false"),
        ("registrant.ca_sex_arson", "false"),
        ("charges.known", "none"),
        ("federal_aggravated_felony", "none"),
        ("convictions.known", "these"),
        ("convictions.rows", "2"),
        ("convictions.1.statute", "PC 459"),
        ("convictions.1.state", "ca"),
        ("convictions.1.level", "felony"),
        ("convictions.1.degree", "second"),
        ("convictions.1.state_prison", "false"),
        ("convictions.1.disposition_on", "2012-11-24"),
    ];
    let ask =
        async |fields: &[(&str, &str)]| stranger.post("/policies/what-if", "", form(fields)).await;
    let answered = ask(&known).await.expect(200).text;
    for words in [
        "What the rules would say",
        "Permitted",
        "7282.5(a)",
        "value=\"PC 459\"",
        "Clause 1",
    ] {
        assert!(answered.contains(words), "{words}: {answered}");
    }
    assert!(!answered.contains("Indeterminate"), "{answered}");
    let without: Vec<_> = known
        .iter()
        .filter(|(name, _)| !name.starts_with("convictions"))
        .copied()
        .collect();
    let open = ask(&without).await.expect(200).text;
    assert!(open.contains("Indeterminate") && open.contains("<b>unknown:</b>"));

    // What is wrong is said of its field, and what was typed stays.
    for (name, value, id) in [
        ("on", "soon", "#if-on"),
        ("elsewhere", "99999", "#if-elsewhere"),
        (
            "convictions.1.state",
            "California",
            "#if-convictions-1-state",
        ),
        (
            "federal_aggravated_felony",
            "Z",
            "#if-federal_aggravated_felony",
        ),
    ] {
        let wrong: Vec<_> = known
            .iter()
            .map(|field| {
                if field.0 == name {
                    (name, value)
                } else {
                    *field
                }
            })
            .collect();
        let refused = ask(&wrong).await.expect(422).text;
        assert!(refused.contains(id), "{name}: {refused}");
        assert!(refused.contains("value=\"PC 459\""), "{name}: {refused}");
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn what_if_begins_with_the_case_and_changes_nothing(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, the_rules()).await;
    let id = thread(&app).await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let page = format!("/detainers/{id}/what-if");
    let record = clerk
        .get(&format!("/detainers/{id}"))
        .await
        .expect(200)
        .text;
    assert!(record.contains(&format!("href=\"{page}\"")), "{record}");
    let shown = clerk.get(&page).await.expect(200).text;
    // The paper and the booking's charge stand in the form, and that it is no assessment above it.
    for words in [
        "a what-if, not an assessment",
        "<option value=\"I-247A\" selected",
        "name=\"charges.0.statute\"",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let events = async || {
        sqlx::query_scalar::<_, i64>("select count(*) from log.event")
            .fetch_one(&mut app.owner().await)
            .await
            .unwrap()
    };
    let before = events().await;
    let fields = [
        ("detainer.form", "I-247A"),
        ("detainer.notify", "true"),
        ("judicial_warrant.kind", "judicial_criminal"),
    ];
    let answered = clerk
        .send_from(&shown, &page, &fields)
        .await
        .expect(200)
        .text;
    for words in ["Permitted", "As the record stands", "Indeterminate"] {
        assert!(answered.contains(words), "{words}: {answered}");
    }
    clerk
        .send_from(&shown, &page, &[("age", "old")])
        .await
        .expect(422);
    assert_eq!(events().await, before);
    let api = app.submitter(ALDER).await;
    let facts = api.get(&format!("/v1/detainers/{id}/facts")).await.json();
    assert!(facts["judicial_warrant"].is_null(), "{facts}");

    // The office has no such page, and another jail no such request.
    let officer = Desk::of(&app, Role::Liaison, SND).await;
    officer.get(&page).await.expect(403);
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    other.get(&page).await.expect(404);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_map_of_what_was_imported_has_every_number_in_its_table(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let mut conn = app.app.pools.operator.acquire().await.unwrap();
    let account = NewAccount {
        side: Side::Operator,
        role: Role::SystemAdmin,
        agency_id: None,
        office_id: None,
        jurisdiction: None,
        email: "operator@sallyport.example",
        name: "A. Operator",
        password: PASSWORD,
    };
    accounts::create(&mut conn, account, app.app.clock.now())
        .await
        .unwrap();
    drop(conn);
    let browser = Browser::of(&app);
    let cookie = browser.session("operator@sallyport.example").await;
    let get = async |path: &str| browser.get(path, &cookie).await;
    assert!(!get("/").await.expect(200).text.contains("id=\"map\""));

    let rows = "2014-10-01,I-247,\"VISTA DETENTION FACILITY, SAN DIEGO\",CA,VISTA,\n\
                2014-10-02,I-247,\"VISTA DETENTION FACILITY, SAN DIEGO\",CA,VISTA,Detainer Declined by LEA\n\
                2015-01-05,I-247,NOWHERE AT ALL,,,\n";
    Release::new(rows)
        .import(&app, "three", |_| {})
        .await
        .unwrap();
    let map = get("/").await.expect(200).text;
    for words in [
        "id=\"map\"",
        "with no known county",
        "By agency (local only)",
        "The numbers as a table",
    ] {
        assert!(map.contains(words), "{words}: {map}");
    }
    let year = get("/?period=2015&count=agency").await.expect(200).text;
    assert!(year.contains("<option value=\"2015\" selected"), "{year}");
    for wrong in ["/?period=1999", "/?count=people", "/?state=QQ"] {
        get(wrong).await.expect(422);
    }
    // A build without assets draws nothing; one with them draws the counties as a picture.
    let picture = get("/maps/counties.svg").await;
    assert!(
        matches!(picture.status.as_u16(), 200 | 404),
        "{}",
        picture.text
    );
    if picture.status == 200 {
        assert_eq!(picture.header("content-type"), "image/svg+xml");
        assert!(
            !picture.text.contains("style"),
            "the content policy allows none"
        );
    }
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    clerk.get("/maps/counties.svg").await.expect(403);
    app.stop().await;
}
