//! Saved mappings in the API: an agency's own, under their names.

use reqwest::Method;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::imports::import;
use crate::support::*;

/// A jail's own mapping of bookings.
pub const MAPPING: &str = "# Ours.\nkind = \"bookings\"\n[fields.booking_number]\ncolumns = [\"No\"]\n[fields.booked_at]\n\
    columns = [\"Day\"]\n[fields.\"subject.family_name\"]\ncolumns = [\"Last\"]\n";

pub async fn put(jail: &Client, name: &str, content_type: &str, text: &str) -> Answer {
    let path = format!("/v1/imports/mappings/{name}");
    jail.send(
        Method::PUT,
        &path,
        &[("content-type", content_type)],
        text.to_owned(),
    )
    .await
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_mapping_is_saved_read_used_and_deleted(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let (jail, other) = (app.submitter(ALDER).await, app.reviewer(BIRCH).await);
    let saved = put(&jail, "jms", "application/toml", MAPPING)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&saved["name"], &saved["kind"], &saved["built_in"]),
        (&json!("jms"), &json!("bookings"), &json!(false))
    );
    assert_eq!(saved["text"], MAPPING);
    let list = jail.get("/v1/imports/mappings").await.expect(200).json();
    let names: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["jms", "bookings-pierce"]);
    assert_eq!(
        jail.get("/v1/imports/mappings/bookings-pierce")
            .await
            .expect(200)
            .json()["built_in"],
        true
    );
    // Another agency has no such mapping, and cannot take this one away.
    assert_eq!(
        other.get("/v1/imports/mappings").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    other.get("/v1/imports/mappings/jms").await.expect(404);
    other.delete("/v1/imports/mappings/jms").await.expect(404);

    let done = import(
        &jail,
        "kind=bookings&mapping=jms",
        "No,Last,Day\n26-1,Example,2026-11-20 08:00\n",
    )
    .await;
    assert_eq!(done["accepted"], 1, "{done}");
    jail.delete("/v1/imports/mappings/jms").await.expect(204);
    jail.delete("/v1/imports/mappings/jms").await.expect(404);
    jail.delete("/v1/imports/mappings/bookings-pierce")
        .await
        .expect(409);
    let logged = "select count(*) from log.event where type in ('import.mapping_saved', 'import.mapping_deleted') and data::text not like '%jms%'";
    assert_eq!(app.count(logged).await, 2);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_mapping_that_is_none_says_what_is_wrong_with_which_field(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let jail = app.submitter(ALDER).await;
    for (name, text, says) in [
        ("jms", MAPPING.replace("Day", "Day\", 3, \""), "booked_at"),
        (
            "jms",
            MAPPING.replace("booked_at", "booked_on"),
            "booked_on",
        ),
        ("jms", MAPPING.replace("bookings", "cats"), "kind"),
        (
            "jms",
            MAPPING.replace("[fields.booked_at]\n", "[fields.agency]\n"),
            "booked_at is required",
        ),
        ("jms", "kind = ".to_owned(), "mapping"),
        ("JMS%20nightly", MAPPING.to_owned(), "small letters"),
        ("jms", MAPPING.replace("Day", "\\u0000"), "NUL"),
    ] {
        let refused = put(&jail, name, "text/plain", &text).await;
        assert_eq!(refused.status, 422, "{text}: {}", refused.text);
        assert!(refused.text.contains(says), "{says}: {}", refused.text);
    }
    assert_eq!(
        put(&jail, "jms", "application/json", MAPPING).await.status,
        415
    );
    let large = format!("{MAPPING}# {}", "x".repeat(1 << 20));
    assert_eq!(put(&jail, "jms", "text/plain", &large).await.status, 413);
    assert_eq!(
        app.count("select count(*) from custodian.import_mapping")
            .await,
        0
    );
    app.stop().await;
}
