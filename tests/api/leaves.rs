//! Each leaf of the log, computed again from the stored row: what PostgreSQL gives back has the
//! bytes that were hashed. The format is written down in docs/LEAF.md.

use sallyport::log::leaf::{self, Leaf};
use sallyport::types::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::types::Json;
use uuid::Uuid;

use crate::support::*;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    #[sqlx(rename = "type")]
    kind: String,
    at: Timestamp,
    acting: String,
    detainer_id: Option<Uuid>,
    subjects: Json<Map<String, Value>>,
    data: Json<Map<String, Value>>,
    leaf_hash: Vec<u8>,
}

/// The format once more, from the document and not from the code.
fn by_the_document(row: &Row) -> Vec<u8> {
    fn text(value: &Value) -> String {
        match value {
            Value::Object(object) => {
                let ordered: std::collections::BTreeMap<_, _> = object.iter().collect();
                let fields: Vec<_> = ordered
                    .iter()
                    .map(|(k, v)| format!("{}:{}", json!(k), text(v)))
                    .collect();
                format!("{{{}}}", fields.join(","))
            }
            Value::Array(list) => {
                format!("[{}]", list.iter().map(text).collect::<Vec<_>>().join(","))
            }
            Value::Number(number) => {
                assert!(
                    number.is_i64() || number.is_u64(),
                    "events hold no fractions: {number}"
                );
                number.to_string()
            }
            other => other.to_string(),
        }
    }
    let mut bytes = b"\0sallyport leaf v1\n".to_vec();
    for field in [
        row.id.as_bytes().to_vec(),
        row.kind.clone().into_bytes(),
        row.at.timestamp_micros().to_be_bytes().to_vec(),
        row.acting.clone().into_bytes(),
        row.detainer_id
            .map(|id| id.as_bytes().to_vec())
            .unwrap_or_default(),
        text(&Value::Object(row.subjects.0.clone())).into_bytes(),
        text(&Value::Object(row.data.0.clone())).into_bytes(),
    ] {
        bytes.extend((field.len() as u32).to_be_bytes());
        bytes.extend(field);
    }
    Sha256::digest(bytes).to_vec()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn every_leaf_is_what_the_stored_row_says(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    // A finished thread with every kind of event that there is.
    let mut first = detainer(SND, ALDER, "A012345678");
    first["subject"]["family_name"] = json!("Exämple \"O'Neill\" \\ 李");
    let id = liaison
        .post("/v1/detainers", first)
        .await
        .expect(201)
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/detainers/{id}");
    jailer
        .post(
            &format!("{path}/acknowledgement"),
            json!({"by": "B. Clerk"}),
        )
        .await
        .expect(200);
    let service = json!({"served_at": "2026-11-20T10:00:00.123456-08:00", "method": "in_person", "language": "es", "officer": "B. Clerk"});
    jailer
        .post(&format!("{path}/service"), service)
        .await
        .expect(200);
    jailer
        .put("/v1/bookings/B-4711", booking("A012345678"))
        .await
        .expect(201);
    let recorded = jailer
        .post(
            "/v1/release-notices",
            notice("B-4711", "scheduled", "2026-12-26T08:00:00.1-08:00"),
        )
        .await
        .expect(201)
        .json();
    let hold = json!({"act": "hold_past_release", "decision": "comply", "reason_code": "other"});
    jailer
        .post(&format!("{path}/determinations"), hold)
        .await
        .expect(409);
    let comply = json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits", "note": "as the sheriff's order says: \"yes\"\n"});
    let decided = jailer
        .post(&format!("{path}/determinations"), comply)
        .await
        .expect(201)
        .json();
    let notification = decided["notification"].as_str().unwrap();
    liaison
        .post(
            &format!("/v1/notifications/{notification}/acknowledgement"),
            json!({"by": "C. Officer"}),
        )
        .await
        .expect(200);
    jailer
        .post(
            "/v1/release-notices",
            notice("B-4711", "actual", "2026-11-24T08:03:00-08:00"),
        )
        .await
        .expect(201);
    let outcome = json!({"notice": "notified_before", "custody": "unknown", "stated_at": "2026-11-24T09:00:00-08:00", "note": "ü"});
    let mut shared = outcome.clone();
    shared["disclose"] = json!(true);
    jailer
        .post(&format!("{path}/outcome"), shared)
        .await
        .expect(201);
    liaison
        .post(&format!("{path}/outcome"), outcome)
        .await
        .expect(201);
    let second = liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A012345679"))
        .await
        .expect(201)
        .json();
    let cancellation = json!({"reason": "entered twice", "cancelled_on": "2026-11-20"});
    liaison
        .post(
            &format!(
                "/v1/detainers/{}/cancellation",
                second["id"].as_str().unwrap()
            ),
            cancellation,
        )
        .await
        .expect(200);
    jailer
        .post(
            "/v1/keys",
            json!({"role": "submitter", "agency": ALDER, "name": "Night shift"}),
        )
        .await
        .expect(201);
    app.settle().await;

    let mut conn = app.owner.connect().await.unwrap();
    let rows: Vec<Row> = sqlx::query_as("select id, type, at, acting, detainer_id, subjects, data, leaf_hash from log.event order by id")
        .fetch_all(&mut conn).await.unwrap();
    let kinds: std::collections::BTreeSet<&str> =
        rows.iter().map(|row| row.kind.as_str()).collect();
    for kind in [
        "booking.changed",
        "detainer.acknowledged",
        "detainer.cancelled",
        "detainer.received",
        "detainer.served",
        "determination.made",
        "match.found",
        "notification.acknowledged",
        "outcome.disclosed",
        "outcome.stated",
        "refused",
        "release_notice.disclosed",
        "release_notice.recorded",
    ] {
        assert!(kinds.contains(kind), "no {kind} in {kinds:?}");
    }
    for row in &rows {
        let leaf = Leaf {
            id: row.id,
            kind: &row.kind,
            at: row.at,
            acting: &row.acting,
            detainer: row.detainer_id,
            subjects: &row.subjects.0,
            data: &row.data.0,
        };
        assert_eq!(
            leaf::hash(&leaf)[..],
            row.leaf_hash[..],
            "{} {:?}",
            row.kind,
            row.data.0
        );
        assert_eq!(by_the_document(row), row.leaf_hash, "{}", row.kind);
    }

    // What the API gives is enough to compute it, on both sides.
    for client in [&liaison, &jailer] {
        for event in client
            .get(&format!("{path}/timeline"))
            .await
            .expect(200)
            .json()["items"]
            .as_array()
            .unwrap()
        {
            let row = Row {
                id: event["id"].as_str().unwrap().parse().unwrap(),
                kind: event["type"].as_str().unwrap().to_owned(),
                at: event["at"].as_str().unwrap().parse().unwrap(),
                acting: event["by"].as_str().unwrap().to_owned(),
                detainer_id: event["detainer"].as_str().map(|id| id.parse().unwrap()),
                subjects: Json(event["subjects"].as_object().unwrap().clone()),
                data: Json(event["data"].as_object().unwrap().clone()),
                leaf_hash: Vec::new(),
            };
            assert_eq!(
                json!(hex::encode(by_the_document(&row))),
                event["leaf_hash"],
                "{event}"
            );
        }
    }
    // The receipt is the leaf of its event.
    let receipt = &recorded["receipt"];
    let event: Uuid = receipt["event"].as_str().unwrap().parse().unwrap();
    let stored = rows.iter().find(|row| row.id == event).unwrap();
    assert_eq!(receipt["leaf_hash"], json!(hex::encode(&stored.leaf_hash)));

    // Who acted, by the salted hash that every event holds.
    let actors: Vec<(Uuid, String, String, Vec<u8>)> =
        sqlx::query_as("select event_id, credential, name, salt from log.actor")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    assert_eq!(actors.len(), rows.len());
    for (event, credential, name, salt) in actors {
        let row = rows.iter().find(|row| row.id == event).unwrap();
        assert_eq!(
            row.data.0["actor_hash"],
            json!(leaf::row_hash(&salt, &(credential, name)))
        );
    }
    // A personal row, by the hash that its event holds.
    let (id, note, by, salt): (Uuid, Option<String>, String, Vec<u8>) =
        sqlx::query_as("select id, note, decided_by, salt from custodian.determination")
            .fetch_one(&mut conn)
            .await
            .unwrap();
    let made = rows
        .iter()
        .find(|row| row.kind == "determination.made")
        .unwrap();
    assert_eq!(made.subjects.0["determination"], json!(id));
    assert_eq!(
        made.data.0["row_hash"],
        json!(leaf::row_hash(&salt, &(note, by)))
    );
    // No event holds a name, a birth date, an identifier or a note.
    for row in &rows {
        let text = format!(
            "{} {}",
            Value::Object(row.subjects.0.clone()),
            Value::Object(row.data.0.clone())
        );
        for secret in [
            "Ex",
            "Ana",
            "1990-02-03",
            "012345678",
            "B-4711",
            "sheriff",
            "Clerk",
            "Officer",
            "entered twice",
            "ü",
            "Night",
        ] {
            assert!(!text.contains(secret), "{}: {text}", row.kind);
        }
    }
    app.stop().await;
}
