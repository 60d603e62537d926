//! Who one is, keys, agencies, offices, jurisdictions.

use sallyport::types::Role;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;

fn field<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item[name].as_str())
        .collect()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_key_learns_who_it_is(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    for (role, place, agency, office, jurisdiction) in [
        (
            Role::Submitter,
            ALDER,
            json!(ALDER),
            Value::Null,
            Value::Null,
        ),
        (
            Role::Reviewer,
            BIRCH,
            json!(BIRCH),
            Value::Null,
            Value::Null,
        ),
        (Role::Liaison, SND, Value::Null, json!(SND), Value::Null),
        (
            Role::JurisdictionAdmin,
            "us-ca",
            Value::Null,
            Value::Null,
            json!("us-ca"),
        ),
        (
            Role::Auditor,
            "06073",
            Value::Null,
            Value::Null,
            json!("06073"),
        ),
        (Role::SystemAdmin, "", Value::Null, Value::Null, Value::Null),
    ] {
        let key = app.key(role, place).await;
        let seen = app
            .client(key.clone())
            .get("/v1/whoami")
            .await
            .expect(200)
            .json();
        assert_eq!(
            seen,
            json!({"role": role.as_str(), "agency": agency, "office": office, "jurisdiction": jurisdiction,
                   "key_id": key.split('_').nth(1).unwrap()})
        );
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_reviewer_makes_lists_and_ends_the_keys_of_its_own_agency(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (reviewer, other) = (app.reviewer(ALDER).await, app.reviewer(BIRCH).await);
    let made = reviewer
        .post("/v1/keys", json!({"role": "submitter", "agency": ALDER, "name": "JMS", "expires_at": "2036-01-01T00:00:00Z"}))
        .await
        .expect(201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("/v1/keys/{id}"));
    let clerk = app.client(made.json()["key"].as_str().unwrap().to_owned());
    assert_eq!(
        clerk.get("/v1/whoami").await.expect(200).json()["key_id"],
        json!(id)
    );

    let listed = reviewer.get("/v1/keys").await.expect(200);
    let item = listed.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["id"] == json!(id))
        .cloned()
        .unwrap();
    assert_eq!(
        item,
        json!({"id": id, "role": "submitter", "agency": ALDER, "office": null, "jurisdiction": null, "name": "JMS",
               "expires_at": "2036-01-01T00:00:00Z", "last_used_at": null})
    );
    assert!(
        field(&listed.json(), "agency")
            .iter()
            .all(|agency| *agency == ALDER)
    );
    assert!(!field(&other.get("/v1/keys").await.json(), "id").contains(&id.as_str()));

    other.delete(&format!("/v1/keys/{id}")).await.expect(404);
    clerk.delete(&format!("/v1/keys/{id}")).await.expect(403);
    clerk.get("/v1/whoami").await.expect(200);
    reviewer.delete(&format!("/v1/keys/{id}")).await.expect(204);
    clerk.get("/v1/whoami").await.expect(401);
    clerk
        .post(
            "/v1/release-notices",
            notice("26-1", "scheduled", "2026-11-29T08:00:00-08:00"),
        )
        .await
        .expect(401);
    reviewer.delete(&format!("/v1/keys/{id}")).await.expect(404);
    assert!(!field(&reviewer.get("/v1/keys").await.json(), "id").contains(&id.as_str()));

    for (body, pointer) in [
        (
            json!({"role": "submitter", "agency": BIRCH, "name": "x"}),
            "/agency",
        ),
        (
            json!({"role": "liaison", "office": SND, "name": "x"}),
            "/agency",
        ),
        (json!({"role": "system_admin", "name": "x"}), "/agency"),
        (
            json!({"role": "submitter", "agency": ALDER, "office": SND, "name": "x"}),
            "/role",
        ),
        (json!({"role": "submitter", "name": "x"}), "/role"),
        (
            json!({"role": "submitter", "agency": ALDER, "name": " "}),
            "/name",
        ),
        (
            json!({"role": "submitter", "agency": ALDER, "name": "x", "expires_at": "2020-01-01T00:00:00Z"}),
            "/expires_at",
        ),
        (
            json!({"role": "king", "agency": ALDER, "name": "x"}),
            "/role",
        ),
        (
            json!({"role": "submitter", "agency": "short", "name": "x"}),
            "/agency",
        ),
    ] {
        let refused = reviewer.post("/v1/keys", body.clone()).await.expect(422);
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn an_expired_key_and_a_mistyped_one_are_not_valid(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let reviewer = app.reviewer(ALDER).await;
    let soon = app.app.clock.now() + chrono::Duration::minutes(10);
    let made = reviewer
        .post(
            "/v1/keys",
            json!({"role": "submitter", "agency": ALDER, "name": "JMS", "expires_at": soon}),
        )
        .await
        .expect(201);
    let key = made.json()["key"].as_str().unwrap().to_owned();
    app.client(key.clone()).get("/v1/whoami").await.expect(200);
    app.app.clock.advance(601);
    app.client(key).get("/v1/whoami").await.expect(401);

    // Another's secret under a known id; a changed letter; a known id of another side.
    let (mine, theirs) = (reviewer.key.clone(), app.reviewer(BIRCH).await.key);
    let id = |key: &str| key.split('_').nth(1).unwrap().to_owned();
    let secret = |key: &str| key.split('_').nth(2).unwrap().to_owned();
    for key in [
        format!("sp_{}_{}", id(&theirs), secret(&mine)),
        format!("{mine}x"),
        mine[..mine.len() - 1].to_owned(),
        mine.to_uppercase(),
        format!("sp_o{}_{}", &id(&mine)[1..], secret(&mine)),
        "sp__".to_owned(),
        "x".repeat(8000),
    ] {
        let answer = app.client(key).get("/v1/whoami").await.expect(401);
        assert_eq!(answer.slug(), "unauthenticated");
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_operator_makes_keys_of_offices_and_oversight_and_none_of_an_agency(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let operator = app.operator().await;
    for (body, side) in [
        (
            json!({"role": "liaison", "office": SND, "name": "x"}),
            "sp_o",
        ),
        (
            json!({"role": "jurisdiction_admin", "jurisdiction": "us-ca", "name": "x"}),
            "sp_v",
        ),
        (
            json!({"role": "auditor", "jurisdiction": "06073", "name": "x"}),
            "sp_v",
        ),
        (
            json!({"role": "auditor", "office": SND, "name": "x"}),
            "sp_v",
        ),
        (json!({"role": "system_admin", "name": "x"}), "sp_s"),
    ] {
        let made = operator.post("/v1/keys", body.clone()).await.expect(201);
        let key = made.json()["key"].as_str().unwrap().to_owned();
        assert!(key.starts_with(side), "{body}");
        app.client(key).get("/v1/whoami").await.expect(200);
    }
    // No person data for the operator: so no key that could read any.
    for role in ["submitter", "reviewer"] {
        operator
            .post(
                "/v1/keys",
                json!({"role": role, "agency": ALDER, "name": "x"}),
            )
            .await
            .expect(403);
    }
    let refused = operator
        .post(
            "/v1/keys",
            json!({"role": "auditor", "jurisdiction": "us", "name": "x"}),
        )
        .await
        .expect(422);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/jurisdiction");
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_operator_registers_agencies_and_offices_once(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (operator, clerk, liaison) = (
        app.operator().await,
        app.submitter(ALDER).await,
        app.liaison(HOU).await,
    );
    let cedar = json!({"ori": "CA0990300", "name": "Cedar City Jail", "kind": "jail", "jurisdiction": "06073",
                       "time_zone": "America/Los_Angeles", "connected": false});
    let made = operator
        .post("/v1/agencies", cedar.clone())
        .await
        .expect(201);
    assert_eq!(made.header("location"), "/v1/agencies/CA0990300");
    let read = clerk.get("/v1/agencies/CA0990300").await.expect(200);
    assert_eq!(read.text, made.text);
    assert_eq!(read.header("etag"), made.header("etag"));
    assert_eq!(read.json()["connected"], false);
    assert_eq!(read.json()["place"], Value::Null);
    let taken = operator
        .post("/v1/agencies", cedar.clone())
        .await
        .expect(409);
    assert_eq!(taken.json()["errors"][0]["pointer"], "/ori");
    assert_eq!(
        field(
            &clerk.get("/v1/agencies?jurisdiction=48201").await.json(),
            "ori"
        ),
        [BIRCH]
    );
    for (name, value, pointer) in [
        ("ori", json!("CA99"), "/ori"),
        ("kind", json!("castle"), "/kind"),
        ("jurisdiction", json!("99999"), "/jurisdiction"),
        ("time_zone", json!("UTC+8"), "/time_zone"),
        ("name", json!(""), "/name"),
    ] {
        let mut body = cedar.clone();
        body["ori"] = json!("CA0990400");
        body[name] = value;
        let refused = operator.post("/v1/agencies", body).await.expect(422);
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }
    // O and 0 are two letters.
    let mut alike = cedar.clone();
    alike["ori"] = json!("CA099O300");
    operator.post("/v1/agencies", alike).await.expect(201);
    clerk.get("/v1/agencies/CA099O301").await.expect(404);

    let office = json!({"code": "elp", "name": "El Paso Field Office", "kind": "ice_field_office", "time_zone": "America/Denver",
                        "contacts": [{"label": "Duty desk", "phone": "+1 202 555 0100", "email": null, "hours": "24/7", "order": 1}]});
    let made = operator
        .post("/v1/offices", office.clone())
        .await
        .expect(201);
    assert_eq!(made.header("location"), "/v1/offices/ELP");
    operator.post("/v1/offices", office).await.expect(409);
    let contacts = |answer: Answer| answer.json()["contacts"].clone();
    assert_eq!(
        contacts(clerk.get("/v1/offices/ELP").await)[0]["label"],
        "Duty desk"
    );
    let own = app.liaison("ELP").await;
    assert_eq!(contacts(own.get("/v1/offices/ELP").await)[0]["order"], 1);
    for stranger in [
        &liaison,
        &operator,
        &app.client(app.key(Role::Auditor, "06073").await),
    ] {
        let read = stranger.get("/v1/offices/ELP").await.expect(200);
        assert!(!read.text.contains("555 0100"), "{}", read.text);
        assert!(!stranger.get("/v1/offices").await.text.contains("555 0100"));
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn jurisdictions_are_found_by_level_state_and_name(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let caller = app.liaison(SND).await;
    for (query, expected) in [
        ("", vec!["06073", "48201", "us", "us-ca", "us-tx"]),
        ("?level=state", vec!["us-ca", "us-tx"]),
        ("?level=county&state=CA", vec!["06073"]),
        ("?state=tx", vec!["48201", "us-tx"]),
        ("?q=diego", vec!["06073"]),
        ("?q=%25", vec![]),
        ("?q=_", vec![]),
        ("?level=city", vec![]),
        ("?level=", vec!["06073", "48201", "us", "us-ca", "us-tx"]),
    ] {
        let list = caller
            .get(&format!("/v1/jurisdictions{query}"))
            .await
            .expect(200)
            .json();
        assert_eq!(field(&list, "id"), expected, "{query}");
    }
    assert_eq!(
        caller
            .get("/v1/jurisdictions/06073")
            .await
            .expect(200)
            .json()["parent"],
        "us-ca"
    );
    caller.get("/v1/jurisdictions/99999").await.expect(404);
    let refused = caller.get("/v1/jurisdictions?colour=red").await.expect(422);
    assert_eq!(refused.json()["errors"][0]["pointer"], "?colour");
    app.stop().await;
}
