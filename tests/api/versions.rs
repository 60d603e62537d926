//! Corrections are new facts: what was said of a booking stays readable, version by version.

use serde_json::{Value, json};
use sqlx::Row;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;

/// Version, content, identifiers, salt and event of each statement of a number.
async fn versions(app: &TestApp, number: &str) -> Vec<(i32, Value, Value, Vec<u8>, uuid::Uuid)> {
    sqlx::query(
        "select v.version, v.content, v.identifiers, v.salt, v.event_id
           from custodian.booking_version v join custodian.booking b on b.agency_id = v.agency_id and b.id = v.booking_id
          where b.booking_number = $1 order by v.version",
    )
    .bind(number)
    .fetch_all(&mut app.owner().await)
    .await
    .unwrap()
    .iter()
    .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4)))
    .collect()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_changed_booking_keeps_what_was_said_before(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let path = "/v1/bookings/26-001234";
    clerk.put(path, booking("A012345678")).await.expect(201);
    let mut changed = booking("A087654321");
    changed["subject"]["family_name"] = json!("Sample");
    changed["charges"] = json!([{"statute": "PC 484", "state": "CA", "level": "misdemeanor"}]);
    clerk.put(path, changed.clone()).await.expect(200);
    clerk.put(path, changed).await.expect(200);

    let kept = versions(&app, "26-001234").await;
    assert_eq!(
        kept.len(),
        2,
        "the same statement again is no version and no event"
    );
    assert_eq!(kept[0].1["subject"]["family_name"], "Example");
    assert_eq!(kept[0].1["charges"][0]["statute"], "PC 459");
    assert_eq!(kept[1].1["subject"]["family_name"], "Sample");
    assert_eq!(kept[1].1["charges"][0]["statute"], "PC 484");
    for (version, content, identifiers, salt, event) in &kept {
        let text = format!("{content}{identifiers}");
        assert!(!text.contains("12345678") && !text.contains("87654321"));
        let sealed = hex::decode(identifiers["a_number"].as_str().unwrap()).unwrap();
        let number = app.app.vault.open_text("a_number", &sealed).unwrap();
        assert_eq!(number, ["A012345678", "A087654321"][*version as usize - 1]);
        let data: Value = sqlx::query_scalar("select data from log.event where id = $1")
            .bind(event)
            .fetch_one(&mut app.owner().await)
            .await
            .unwrap();
        assert_eq!(data["version"], *version);
        let hash = sallyport::log::leaf::row_hash(salt, &(content, identifiers));
        assert_eq!(
            data["row_hash"], hash,
            "the event commits to the row as it is stored"
        );
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn what_a_notice_said_first_is_a_version_too(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let when = "2026-11-29T08:00:00-08:00";
    for kind in ["scheduled", "rescheduled"] {
        clerk
            .post("/v1/release-notices", notice("26-7", kind, when))
            .await
            .expect(201);
    }
    let mut said = booking("A012345678");
    said["subject"]["given_name"] = json!("Anna");
    clerk.put("/v1/bookings/26-7", said).await.expect(200);
    let kept = versions(&app, "26-7").await;
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].1["subject"]["given_name"], "Ana");
    assert_eq!(kept[0].1["booked_at"], Value::Null);
    assert_eq!(kept[1].1["subject"]["given_name"], "Anna");
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn writers_at_once_draw_different_versions(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let path = "/v1/bookings/26-9";
    clerk.put(path, booking("A012345678")).await.expect(201);
    let writers = (0..6).map(|n| {
        let clerk = clerk.clone();
        async move {
            let mut body = booking("A012345678");
            body["charges"][0]["description"] = json!(format!("Burglary {n}"));
            clerk.put(path, body).await.expect(200);
        }
    });
    futures::future::join_all(writers).await;
    let numbers: Vec<i32> = versions(&app, "26-9").await.iter().map(|v| v.0).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    app.stop().await;
}
