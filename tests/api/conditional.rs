//! Entity tags, pages and allowances.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use sallyport::http::limits::Allowances;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;

const SOON: &str = "2026-11-29T08:00:00-08:00";

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn each_representation_has_a_tag_and_a_known_one_is_304(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, liaison, operator) = (
        app.submitter(ALDER).await,
        app.liaison(SND).await,
        app.operator().await,
    );
    let place = liaison
        .post("/v1/detainers", detainer(SND, ALDER, "A012345678"))
        .await
        .expect(201)
        .header("location");
    clerk
        .put("/v1/bookings/26-1", booking("A012345678"))
        .await
        .expect(201);
    let notice = clerk
        .post("/v1/release-notices", notice("26-1", "scheduled", SOON))
        .await
        .expect(201);
    let notice_place = notice.header("location");
    app.settle().await;
    let determinations = format!("{place}/determinations");
    let timeline = format!("{place}/timeline");
    let mut tags = BTreeMap::new();
    for (caller, path) in [
        (&clerk, "/v1/whoami"),
        (&clerk, "/v1/jurisdictions"),
        (&clerk, "/v1/jurisdictions/us-ca"),
        (&clerk, "/v1/agencies"),
        (&clerk, "/v1/agencies/CA0990100"),
        (&clerk, "/v1/offices"),
        (&clerk, "/v1/offices/SND"),
        (&operator, "/v1/keys"),
        (&clerk, "/v1/detainers"),
        (&liaison, "/v1/detainers"),
        (&clerk, &place),
        (&liaison, &place),
        (&clerk, &timeline),
        (&liaison, &timeline),
        (&clerk, &determinations),
        (&clerk, "/v1/bookings"),
        (&clerk, "/v1/bookings/26-1"),
        (&clerk, "/v1/release-notices"),
        (&clerk, &notice_place),
        (&clerk, "/v1/notifications"),
        (&clerk, "/v1/statistics/detainers"),
    ] {
        let first = caller.get(path).await.expect(200);
        let tag = first.header("etag");
        assert!(
            tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10,
            "{path}: {tag}"
        );
        assert_eq!(first.header("cache-control"), "no-store", "{path}");
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            "*".into(),
            format!("\"other\", {tag}"),
        ] {
            let again = caller
                .send(Method::GET, path, &[("if-none-match", &known)], "")
                .await
                .expect(304);
            assert_eq!(again.text, "", "{path}");
            assert_eq!(again.header("etag"), tag, "{path}");
        }
        let other = caller
            .send(Method::GET, path, &[("if-none-match", "\"other\"")], "")
            .await
            .expect(200);
        assert_eq!(other.header("etag"), tag, "{path}");
        tags.insert((caller.key.clone(), path.to_owned()), tag);
    }
    // A tag follows what this caller sees: the jail's acts that tell nothing do not move the office's.
    clerk
        .put("/v1/bookings/26-1", {
            let mut changed = booking("A012345678");
            changed["custody_basis"] = json!("local_sentence");
            changed
        })
        .await
        .expect(200);
    let now = |caller: Client, path: String| async move {
        let tag = caller.get(&path).await.expect(200).header("etag");
        ((caller.key, path), tag)
    };
    for (caller, path, moves) in [
        (&liaison, place.clone(), false),
        (&liaison, timeline.clone(), false),
        (&liaison, "/v1/detainers".to_owned(), false),
        (&clerk, "/v1/bookings/26-1".to_owned(), true),
    ] {
        let (key, tag) = now(caller.clone(), path).await;
        assert_eq!(tags[&key] != tag, moves, "{}", key.1);
    }
    clerk
        .post(
            &format!("{place}/acknowledgement"),
            json!({"by": "B. Clerk"}),
        )
        .await
        .expect(200);
    let (key, tag) = now(liaison.clone(), place.clone()).await;
    assert_ne!(tags[&key], tag, "an acknowledgement is told");
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_change_needs_the_tag_of_the_present_state_and_one_of_two_wins(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let operator = app.operator().await;
    let json = ("content-type", "application/json");
    for path in ["/v1/agencies/CA0990100", "/v1/offices/SND"] {
        let body = r#"{"name":"Renamed"}"#;
        let tag = operator.get(path).await.header("etag");
        let absent = operator
            .send(Method::PATCH, path, &[json], body)
            .await
            .expect(428);
        assert_eq!(absent.slug(), "precondition-required");
        let stale = [json, ("if-match", "\"00000000000000000000000000000000\"")];
        let stale = operator
            .send(Method::PATCH, path, &stale, body)
            .await
            .expect(412);
        assert_eq!(stale.slug(), "precondition-failed");
        let changed = operator
            .send(Method::PATCH, path, &[json, ("if-match", &tag)], body)
            .await
            .expect(200);
        assert_ne!(changed.header("etag"), tag);
        assert_eq!(
            operator.get(path).await.header("etag"),
            changed.header("etag")
        );
        operator
            .send(Method::PATCH, path, &[json, ("if-match", &tag)], body)
            .await
            .expect(412);

        // Ten writers who have all read the same state.
        let tag = changed.header("etag");
        let writers = (0..10).map(|at| {
            let (operator, tag) = (operator.clone(), tag.clone());
            tokio::spawn(async move {
                let body = format!(r#"{{"name":"Writer {at}"}}"#);
                operator
                    .send(Method::PATCH, path, &[json, ("if-match", &tag)], body)
                    .await
                    .status
                    .as_u16()
            })
        });
        let mut statuses: Vec<u16> = futures::future::join_all(writers)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [[200].as_slice(), &[412; 9]].concat(), "{path}");
    }
    app.stop().await;
}

/// The ids of a walk, page by page; fails when a page repeats itself for ever.
async fn walk(caller: &Client, first: &str) -> Vec<String> {
    let (mut path, mut seen) = (first.to_owned(), Vec::new());
    for _ in 0..200 {
        let page = caller.get(&path).await.expect(200);
        let body = page.json();
        for item in body["items"].as_array().unwrap() {
            let id = ["id", "ori", "code"]
                .iter()
                .find_map(|name| item[*name].as_str());
            seen.push(id.unwrap().to_owned());
        }
        let link = page.header("link");
        let Some(next) = body["next"].as_str() else {
            assert_eq!(link, "");
            return seen;
        };
        let target = link
            .strip_prefix('<')
            .and_then(|link| link.split_once('>'))
            .unwrap();
        assert_eq!(target.1, "; rel=\"next\"");
        assert!(target.0.contains(&format!("cursor={next}")), "{link}");
        path = target.0.to_owned();
    }
    panic!("{first} has no end");
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_walk_sees_each_row_that_stays_once_while_others_come(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, liaison) = (app.submitter(ALDER).await, app.liaison(SND).await);
    let lodge = |at: usize| {
        let mut body = detainer(SND, ALDER, &format!("A{at:09}"));
        // Many on one day: the id decides.
        body["issued_on"] = json!(format!("2026-11-{:02}", 10 + at % 4));
        body
    };
    let mut stable: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for at in 1..=40 {
        let made = liaison.post("/v1/detainers", lodge(at)).await.expect(201);
        stable
            .entry("/v1/detainers")
            .or_default()
            .insert(made.json()["id"].as_str().unwrap().to_owned());
        let booked = clerk
            .put(
                &format!("/v1/bookings/26-{at}"),
                booking(&format!("A{at:09}")),
            )
            .await
            .expect(201);
        stable
            .entry("/v1/bookings")
            .or_default()
            .insert(booked.json()["id"].as_str().unwrap().to_owned());
        let noticed = clerk
            .post(
                "/v1/release-notices",
                notice(&format!("26-{at}"), "scheduled", SOON),
            )
            .await
            .expect(201);
        stable
            .entry("/v1/release-notices")
            .or_default()
            .insert(noticed.json()["id"].as_str().unwrap().to_owned());
    }
    let going = Arc::new(AtomicBool::new(true));
    let writer = {
        let (going, clerk, liaison) = (going.clone(), clerk.clone(), liaison.clone());
        tokio::spawn(async move {
            let mut at = 1_000;
            while going.load(Ordering::Relaxed) {
                at += 1;
                liaison.post("/v1/detainers", lodge(at)).await.expect(201);
                clerk
                    .put(
                        &format!("/v1/bookings/26-{at}"),
                        booking(&format!("A{at:09}")),
                    )
                    .await
                    .expect(201);
                clerk
                    .post(
                        "/v1/release-notices",
                        notice(&format!("26-{at}"), "scheduled", SOON),
                    )
                    .await
                    .expect(201);
            }
            at - 1_000
        })
    };
    for (caller, path, query) in [
        (&liaison, "/v1/detainers", "?limit=7"),
        (
            &liaison,
            "/v1/detainers",
            "?limit=3&sort=issued_on&status=pending",
        ),
        (&clerk, "/v1/detainers", "?limit=7"),
        (&clerk, "/v1/detainers", "?limit=6&sort=issued_on"),
        (&clerk, "/v1/bookings", "?limit=7"),
        (&clerk, "/v1/release-notices", "?limit=9"),
        (&clerk, "/v1/release-notices", "?limit=9&kind=scheduled"),
    ] {
        let seen = walk(caller, &format!("{path}{query}")).await;
        let once: BTreeSet<&String> = seen.iter().collect();
        assert_eq!(once.len(), seen.len(), "{path}{query}: a row came twice");
        let missed = stable[path].iter().filter(|id| !once.contains(id)).count();
        assert_eq!(missed, 0, "{path}{query}");
    }
    going.store(false, Ordering::Relaxed);
    println!(
        "{} rows of each kind came during the walks",
        writer.await.unwrap()
    );
    assert_eq!(walk(&clerk, "/v1/agencies?limit=1").await, [ALDER, BIRCH]);
    assert_eq!(walk(&clerk, "/v1/offices?limit=1").await, [HOU, SND]);
    assert_eq!(
        walk(&clerk, "/v1/jurisdictions?limit=2&level=state").await,
        ["us-ca", "us-tx"]
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_cursor_that_is_foreign_or_altered_is_400_and_a_limit_has_bounds(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let (clerk, stranger, liaison) = (
        app.submitter(ALDER).await,
        app.submitter(BIRCH).await,
        app.liaison(SND).await,
    );
    for at in 1..=3 {
        liaison
            .post("/v1/detainers", detainer(SND, ALDER, &format!("A{at:09}")))
            .await
            .expect(201);
        clerk
            .put(
                &format!("/v1/bookings/26-{at}"),
                booking(&format!("A{at:09}")),
            )
            .await
            .expect(201);
        clerk
            .post(
                "/v1/release-notices",
                notice(&format!("26-{at}"), "scheduled", SOON),
            )
            .await
            .expect(201);
    }
    for (path, filter) in [
        ("/v1/detainers", "status=pending"),
        ("/v1/bookings", "booking_number=26-1"),
        ("/v1/release-notices", "kind=scheduled"),
    ] {
        let first = clerk.get(&format!("{path}?limit=1")).await.expect(200);
        let next = first.json()["next"].as_str().unwrap().to_owned();
        clerk
            .get(&format!("{path}?limit=2&cursor={next}"))
            .await
            .expect(200);
        let mut refused = vec![
            (&stranger, format!("{path}?cursor={next}")),
            (&clerk, format!("{path}?{filter}&cursor={next}")),
            (&clerk, format!("{path}?cursor=x{}", &next[1..])),
            (
                &clerk,
                format!("{path}?cursor={}x", &next[..next.len() - 1]),
            ),
            (&clerk, format!("{path}?cursor={}", &next[..next.len() / 2])),
            (&clerk, format!("{path}?cursor=AAAA")),
            (&clerk, format!("{path}?cursor=%21")),
            (&clerk, format!("{path}?cursor={}", "A".repeat(5_000))),
        ];
        if path == "/v1/detainers" {
            refused.push((&liaison, format!("{path}?cursor={next}")));
        } else {
            refused.push((&clerk, format!("/v1/detainers?cursor={next}")));
        }
        for (caller, path) in refused {
            let answer = caller.get(&path).await.expect(400);
            assert_eq!(answer.json()["errors"][0]["pointer"], "?cursor", "{path}");
        }
    }
    for path in [
        "/v1/detainers",
        "/v1/bookings",
        "/v1/release-notices",
        "/v1/notifications",
        "/v1/agencies",
        "/v1/offices",
        "/v1/jurisdictions",
    ] {
        for limit in ["1", "200"] {
            let answer = clerk
                .get(&format!("{path}?limit={limit}"))
                .await
                .expect(200);
            assert!(answer.json()["items"].as_array().unwrap().len() <= limit.parse().unwrap());
        }
        for limit in [
            "0",
            "-1",
            "201",
            "1.5",
            "ten",
            "1e2",
            "99999999999999999999",
            "%20",
        ] {
            let answer = clerk
                .get(&format!("{path}?limit={limit}"))
                .await
                .expect(422);
            assert_eq!(
                answer.json()["errors"][0]["pointer"],
                "?limit",
                "{path} {limit}"
            );
        }
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn an_allowance_is_told_used_up_and_never_takes_from_intake(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let allowances = Allowances {
        intake_per_minute: 6.try_into().unwrap(),
        other_per_minute: 4.try_into().unwrap(),
    };
    let app = TestApp::start_with(options, owner, allowances).await;
    let (clerk, colleague) = (app.submitter(ALDER).await, app.submitter(ALDER).await);
    for left in (0..4).rev() {
        let answer = clerk.get("/v1/whoami").await.expect(200);
        assert_eq!(answer.header("ratelimit-policy"), "\"other\";q=4;w=60");
        assert!(
            answer
                .header("ratelimit")
                .starts_with(&format!("\"other\";r={left};t=")),
            "{}",
            answer.header("ratelimit")
        );
    }
    for path in ["/v1/whoami", "/v1/detainers", "/v1/release-notices"] {
        let answer = clerk.get(path).await.expect(429);
        assert_eq!(answer.slug(), "rate-limited");
        assert!((1..=60).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
        assert!(answer.header("ratelimit").starts_with("\"other\";r=0;t="));
    }
    // Reads are used up; notices go on, and have an end of their own.
    for at in 0..6 {
        let answer = clerk
            .post(
                "/v1/release-notices",
                notice(&format!("26-{at}"), "scheduled", SOON),
            )
            .await
            .expect(201);
        assert_eq!(answer.header("ratelimit-policy"), "\"intake\";q=6;w=60");
    }
    let before = app.rows().await;
    let over = clerk
        .post("/v1/release-notices", notice("26-9", "scheduled", SOON))
        .await
        .expect(429);
    assert!(!over.header("retry-after").is_empty());
    assert_eq!(app.rows().await, before);
    // Nobody else's is touched, and an id without its secret takes nothing.
    colleague.get("/v1/whoami").await.expect(200);
    let (start, _) = colleague.key.rsplit_once('_').unwrap();
    for _ in 0..6 {
        let forged = app.client(format!("{start}_{}", fresh_key()));
        assert!(forged.get("/v1/whoami").await.status.is_client_error());
    }
    colleague.get("/v1/whoami").await.expect(200);
    app.stop().await;
}
