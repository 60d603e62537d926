//! What `migrate` and a list of agencies put into the registry.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sallyport::imports::agencies::AgencyList;
use sallyport::imports::agencies::take::{Report, take};
use sallyport::registry::load;
use sallyport::types::{Actor, Role, Side};
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;

/// A file of the folder of released files; `None`, and said so, where the folder is not there.
fn shared(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SALLYPORT_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    let path = folder.join(file);
    if path.is_file() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{file} is not there; in CI the released files must be (SALLYPORT_SHARED)"
    );
    eprintln!("not run: {file} is not there; set SALLYPORT_SHARED to the folder of released files");
    None
}

async fn loaded(app: &TestApp) {
    let mut owner = app.owner().await;
    load::jurisdictions(&mut owner).await.unwrap();
    sallyport::registry::positions::load(&mut owner)
        .await
        .unwrap();
    load::offices(&mut owner, app.app.clock.now())
        .await
        .unwrap();
}

/// Without the word for its kind, and by its letters: the list has bare names.
fn letters(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[sqlx::test(migrations = "./migrations")]
async fn every_state_and_county_of_the_list_is_registered(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let Some(path) = shared("counties/counties.csv") else {
        return;
    };
    let app = TestApp::start(options, owner).await;
    loaded(&app).await;
    let rows: Vec<(String, String, String, String)> = sqlx::query_as(
        "select id, state, name, parent from registry.jurisdiction where level = 'county'",
    )
    .fetch_all(&mut app.owner().await)
    .await
    .unwrap();
    let mut known: BTreeMap<String, (String, String, String)> = rows
        .into_iter()
        .map(|(id, state, name, parent)| (id, (state, name, parent)))
        .collect();
    assert_eq!(known.len(), 3_242);
    let mut text = String::new();
    std::fs::File::open(path)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut read = 0;
    for record in reader.records() {
        let record = record.unwrap();
        let (state, name, parent) = known.remove(&record[0]).expect(&record[0]);
        // The list leaves out the postal codes of the islands.
        if !record[2].is_empty() {
            assert_eq!(state, record[2], "{}", &record[0]);
        }
        assert_eq!(parent, format!("us-{}", state.to_lowercase()));
        // Rows of one of its sources name the state too.
        let bare = record[4].split(',').next().unwrap_or_default();
        assert!(
            letters(&name).starts_with(&letters(bare)),
            "{} is {name}, not {}",
            &record[0],
            &record[4]
        );
        read += 1;
    }
    assert_eq!(read, 3_242);
    assert!(known.is_empty(), "{known:?}");
    // Connecticut both ways.
    for id in ["09001", "09015", "09110", "09190"] {
        let client = app.operator().await;
        let found = client.get(&format!("/v1/jurisdictions/{id}")).await;
        assert_eq!(found.expect(200).json()["parent"], "us-ct");
    }
    let states = app
        .count("select count(*) from registry.jurisdiction where level = 'state'")
        .await;
    assert_eq!(states, 56);
    app.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn positions_of_the_seed_stand_in_both_directions(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    loaded(&app).await;
    let client = app.operator().await;
    let list = client
        .get("/v1/positions?limit=200")
        .await
        .expect(200)
        .json();
    let items = list["items"].as_array().unwrap();
    let of = |jurisdiction: &str| -> Vec<(String, String)> {
        items
            .iter()
            .filter(|at| at["jurisdiction"] == jurisdiction)
            .map(|at| {
                (
                    at["adopted_on"].as_str().unwrap().to_owned(),
                    at["direction"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    };
    for (place, on) in [
        ("0643224", "2018-04-16"),
        ("0667112", "2018-05-01"),
        ("0668028", "2018-04-03"),
        ("0622804", "2018-04-04"),
        ("0639248", "2018-04-17"),
        ("0639486", "2018-04-24"),
    ] {
        assert_eq!(of(place), [(on.to_owned(), "cooperating".to_owned())]);
    }
    assert_eq!(of("06059").len(), 2);
    // A county's stance can turn.
    assert_eq!(
        of("06073"),
        [("2018-04-17", "cooperating"), ("2024-12-10", "limiting")]
            .map(|(on, way)| (on.to_owned(), way.to_owned()))
    );
    for place in ["0669000", "06037", "0653000", "06085"] {
        assert_eq!(of(place)[0].1, "limiting", "{place}");
    }
    // Every city of a position or a rule is registered, and so is every place of a position.
    assert!(
        items
            .iter()
            .all(|at| at["source"].as_str().is_some_and(|text| !text.is_empty()))
    );
    app.stop().await;
}

#[sqlx::test(migrations = "./migrations")]
async fn a_field_office_is_listed_until_somebody_registers_it(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    loaded(&app).await;
    let operator = app.operator().await;
    let list = operator
        .get("/v1/offices?limit=200")
        .await
        .expect(200)
        .json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 26);
    assert!(items.iter().all(|office| office["connected"] == false));
    // Its address is what is known of it.
    let contacts: String =
        sqlx::query_scalar("select contacts ->> 0 from registry.office where code = 'SND'")
            .fetch_one(&mut app.owner().await)
            .await
            .unwrap();
    assert!(contacts.contains("880 Front Street"), "{contacts}");

    let own = json!({"code": "SND", "name": "San Diego", "kind": "ice_field_office", "time_zone": "America/Los_Angeles",
        "contacts": [{"label": "Duty officer", "phone": "555-0100", "order": 1}]});
    operator.post("/v1/offices", own.clone()).await.expect(201);
    operator.post("/v1/offices", own).await.expect(409);
    // The reference data never takes an operator's office back.
    loaded(&app).await;
    let office = operator.get("/v1/offices/SND").await.expect(200).json();
    assert_eq!(
        (&office["name"], &office["connected"]),
        (&json!("San Diego"), &json!(true))
    );
    app.stop().await;
}

async fn take_list(app: &TestApp, path: &Path) -> Report {
    let actor = Actor {
        side: Side::Operator,
        role: Role::SystemAdmin,
        agency: None,
        office: None,
        jurisdiction: None,
        credential: "commandline".to_owned(),
        name: "sallyport import".to_owned(),
    };
    let list = AgencyList::embedded().unwrap();
    let pool = &app.app.pools.operator;
    take(pool, &actor, &app.app.clock, &list, path, |_| {})
        .await
        .unwrap()
}

#[sqlx::test(migrations = "./migrations")]
async fn a_list_of_agencies_taken_twice_is_taken_once(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let Some(path) = shared("agencies/fbi-ori-2025.csv.gz") else {
        return;
    };
    let app = TestApp::start(options, owner).await;
    loaded(&app).await;
    let operator = app.operator().await;
    let own = json!({"ori": "CA0370000", "name": "San Diego Central Jail", "kind": "jail", "jurisdiction": "06073",
        "time_zone": "America/Los_Angeles"});
    operator.post("/v1/agencies", own.clone()).await.expect(201);
    let first = take_list(&app, &path).await;
    let counts = first.counts;
    assert_eq!(
        (
            counts.read,
            counts.accepted,
            counts.unchanged,
            counts.rejected
        ),
        (18_330, 18_051, 1, 278)
    );
    println!("{:?}", first.warnings);
    let again = take_list(&app, &path).await.counts;
    assert_eq!(
        (again.read, again.accepted, again.unchanged, again.rejected),
        (18_330, 0, 18_052, 278)
    );
    // Who works here keeps its name and kind; the others have no account.
    let kept = operator.get("/v1/agencies/CA0370000").await.expect(200);
    assert_eq!(
        (
            &kept.json()["name"],
            &kept.json()["kind"],
            &kept.json()["connected"]
        ),
        (&own["name"], &own["kind"], &json!(true))
    );
    let listed = operator
        .get("/v1/agencies?connected=false&q=CA03711")
        .await
        .expect(200)
        .json();
    assert_eq!(listed["items"][0]["name"], "San Diego Police");
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        app.count(
            "select count(*) from registry.agency where ori like 'CA037%' and ori <> 'CA0370000'"
        )
        .await,
        16
    );
    operator
        .get("/v1/agencies?connected=perhaps")
        .await
        .expect(422);
    app.stop().await;
}
