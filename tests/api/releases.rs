//! Releases about the past, handed in by the operator over HTTP.

use std::fmt::Write;
use std::time::Duration;

use sallyport::reports::historical::{BY_AGENCY_LOCAL, BY_PLACE};
use sallyport::types::Role;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::imports::{ended, import, send, shared};
use crate::pages::Desk;
use crate::support::*;

const HEADING: &str =
    "Prepare Date,Detainer Type,Detainer Detention Facility,State,City,Detainer Lift Reason\n";

fn counted(import: &Value) -> [u64; 4] {
    assert_eq!(import["status"], "done", "{import}");
    ["read", "accepted", "unchanged", "rejected"].map(|name| import[name].as_u64().unwrap())
}

/// As many rows as a test wants.
fn rows(count: usize) -> String {
    let mut text = HEADING.to_owned();
    for at in 0..count {
        let day = at % 28 + 1;
        writeln!(
            text,
            "1/{day}/15,I247,ALAMEDA COUNTY JAIL,CALIFORNIA,OAKLAND,"
        )
        .unwrap();
    }
    text
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_release_comes_in_over_http_with_the_counts_of_its_readme(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let Some(sample) = shared("data/detainers-2026-layout/detainers-2026-sample.csv") else {
        return;
    };
    let app = TestApp::start(options, owner).await;
    let operator = app.operator().await;
    let query = "kind=historical_detainers&dataset=sample-2026&file_name=sample.csv";
    let sent = send(&operator, query, sample.clone()).await.expect(202);
    assert_eq!(
        sent.header("location"),
        format!("/v1/imports/{}", sent.json()["id"].as_str().unwrap())
    );
    let done = ended(&operator, sent.json()["id"].as_str().unwrap()).await;
    assert_eq!(counted(&done), [11, 11, 0, 0]);
    assert_eq!(
        (&done["agency"], &done["dataset"], &done["mapping"]),
        (
            &json!(null),
            &json!("sample-2026"),
            &json!("detainers-fy2015")
        )
    );
    let statistics =
        "/v1/statistics/detainers?source=historical&dataset=sample-2026&by=lift_reason";
    let found = operator.get(statistics).await.expect(200).json();
    assert_eq!(
        found["items"],
        json!([{"lift_reason": "declined_by_lea", "count": 11}])
    );
    assert_eq!(
        counted(&import(&operator, query, sample).await),
        [11, 0, 11, 0]
    );
    let listed = operator.get("/v1/imports?limit=1").await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let next = listed["next"].as_str().unwrap();
    let rest = operator
        .get(&format!("/v1/imports?limit=1&cursor={next}"))
        .await
        .expect(200)
        .json();
    assert_eq!(rest["items"][0]["id"], sent.json()["id"]);
    // Nothing of the file is left, and no jail sees that there was one.
    assert_eq!(
        app.count("select count(*) from reports.import_piece").await,
        0
    );
    let jail = app.submitter(ALDER).await;
    assert_eq!(
        jail.get("/v1/imports").await.expect(200).json()["items"],
        json!([])
    );
    jail.get(&sent.header("location")).await.expect(404);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_county_of_2015_has_both_of_its_totals(options: PgPoolOptions, owner: PgConnectOptions) {
    let Some(file) = shared("data/detainers-fy2015/detainers-fy2015.csv.gz") else {
        return;
    };
    let app = TestApp::start(options, owner).await;
    let operator = app.operator().await;
    let query = "kind=historical_detainers&dataset=fy2015&mapping=detainers-fy2015";
    let done = import(&operator, query, file.clone()).await;
    assert_eq!(counted(&done), [79_053, 79_053, 0, 0]);
    let county = "/v1/statistics/detainers?source=historical&dataset=fy2015&county=06073";
    let found = app
        .submitter(ALDER)
        .await
        .get(county)
        .await
        .expect(200)
        .json();
    assert_eq!(found["total"], 1_203);
    assert_eq!(
        found["totals"],
        json!({
            "by_place": {"label": BY_PLACE, "count": 1_203},
            "by_agency_local": {"label": BY_AGENCY_LOCAL, "count": 1_166}
        })
    );
    let kinds = operator
        .get(&format!("{county}&by=custodian_kind"))
        .await
        .expect(200)
        .json();
    let local = kinds["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["custodian_kind"] == "local");
    assert_eq!(local.unwrap()["count"], 1_166);
    // The same file again, and its beginning under the same name.
    assert_eq!(
        counted(&import(&operator, query, file).await),
        [79_053, 0, 79_053, 0]
    );
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn a_release_that_was_cut_off_goes_on_in_another_process(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    const ROWS: usize = 60_000;
    let app = TestApp::start(options.clone(), owner.clone()).await;
    let operator = app.operator().await;
    let text = rows(ROWS) + "2/30/15,I247,NOWHERE,,,Went home\n3/1/15,I247,NOWHERE,,,Went home\n";
    let sent = send(&operator, "kind=historical_detainers&dataset=long", text)
        .await
        .expect(202)
        .json();
    let id = sent["id"].as_str().unwrap().to_owned();
    loop {
        let seen = operator
            .get(&format!("/v1/imports/{id}"))
            .await
            .expect(200)
            .json();
        if seen["read"].as_u64().unwrap() > 0 {
            assert_eq!(
                seen["status"], "running",
                "the machine is too quick for this test"
            );
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The loop goes with its process, in the middle of whatever it does.
    app.stop().await;
    let app = TestApp::start(options, owner).await;
    let operator = app.operator().await;
    // The lease of the dead runs out by itself; nobody waits here for half a minute.
    sqlx::query("update reports.import_job set claimed_until = null")
        .execute(&app.app.pools.operator)
        .await
        .unwrap();
    let done = ended(&operator, &id).await;
    let all = ROWS as u64 + 2;
    assert_eq!(counted(&done), [all, all - 1, 0, 1]);
    assert_eq!(
        done["warnings"],
        json!({"lift reason not known: Went home": 1})
    );
    assert_eq!(
        app.count("select count(*) from reports.historical_detainer")
            .await,
        all as i64 - 1
    );
    let rejects = operator
        .get(done["rejects"].as_str().unwrap())
        .await
        .expect(200);
    let lines: Vec<&str> = rejects.text.lines().collect();
    assert_eq!(lines[0], "line,column,value,reason,row");
    assert!(
        lines.len() == 2 && lines[1].starts_with("60002,Prepare Date,2/30/15,"),
        "{lines:?}"
    );
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn what_is_no_release_is_refused_before_anything_is_kept(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let operator = app.operator().await;
    let file = rows(3);
    for (query, file, says, status) in [
        ("dataset=a", file.as_str(), "kind=historical_detainers", 422),
        ("kind=cats&dataset=a", &file, "expected one of", 422),
        ("kind=bookings&dataset=a", &file, "a jail's", 403),
        ("kind=historical_detainers", &file, "Name the data set", 422),
        ("kind=historical_detainers&dataset=A%20b", &file, "a-z", 422),
        (
            "kind=historical_detainers&dataset=a&mapping=bookings-pierce",
            &file,
            "detainers-fy2015",
            422,
        ),
        (
            "kind=historical_detainers&dataset=a&agency=CA0990100",
            &file,
            "no agency",
            422,
        ),
        (
            "kind=historical_detainers&dataset=a&feed=x",
            &file,
            "no feed",
            422,
        ),
        ("kind=historical_detainers&dataset=a", "", "empty", 422),
        (
            "kind=historical_detainers&dataset=a",
            "a,b\n1,2\n",
            "cannot be read",
            422,
        ),
    ] {
        let answer = send(&operator, query, file).await;
        assert_eq!(answer.status.as_u16(), status, "{query}: {}", answer.text);
        assert!(answer.text.contains(says), "{query}: {}", answer.text);
    }
    let jobs = "select (select count(*) from reports.import_piece) + (select count(*) from reports.import_job)";
    assert_eq!(app.count(jobs).await, 0);
    let other = app.client(app.key(Role::Auditor, "06073").await);
    send(&other, "kind=historical_detainers&dataset=a", file.as_str())
        .await
        .expect(403);
    let jail = app.submitter(ALDER).await;
    send(&jail, "kind=historical_detainers&dataset=a", file.as_str())
        .await
        .expect(403);
    // What has ended cannot be cancelled; what has not, can.
    let done = import(
        &operator,
        "kind=historical_detainers&dataset=a",
        file.as_str(),
    )
    .await;
    let step = format!("/v1/imports/{}/cancellation", done["id"].as_str().unwrap());
    operator.post(&step, json!({})).await.expect(409);
    sqlx::query(
        "update reports.import_job set status = 'running', finished_at = null, claimed_until = now() + interval '1 hour'",
    )
    .execute(&app.app.pools.operator)
    .await
    .unwrap();
    let cancelled = operator.post(&step, json!({})).await.expect(200).json();
    assert_eq!(cancelled["status"], "cancelled");
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn the_operator_hands_a_release_in_on_a_page_and_nobody_else_does(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    const PAGE: &str = "/admin/imports";
    let app = TestApp::start(options, owner).await;
    let desk = Desk::of(&app, Role::SystemAdmin, "operator").await;
    let shown = desk.get(PAGE).await.expect(200).text;
    assert!(shown.contains("No release has been handed in yet."));
    let key = fresh_key();
    let file = rows(3) + "2/30/15,I247,<b>,,,\n";
    let send = async |desk: &Desk, shown: &str, dataset: &str, name: &str, file: &str| {
        let fields = [("idempotency_key", key.as_str()), ("dataset", dataset)];
        desk.upload_with(shown, PAGE, &fields, name, file).await
    };
    let forged = "name=\"csrf\" value=\"another\"";
    send(&desk, forged, "three", "release.csv", &file)
        .await
        .expect(403);
    let refused = send(&desk, &shown, "T H R E E", "release.csv", &file)
        .await
        .expect(422);
    assert!(
        refused.text.contains("a dataset&#x27;s name") || refused.text.contains("a-z"),
        "{}",
        refused.text
    );
    let refused = send(&desk, &shown, "three", "", "").await.expect(422);
    assert!(refused.text.contains("Choose a file."));
    // Sent twice, taken in once.
    for _ in 0..2 {
        send(&desk, &shown, "three", "release.csv", &file)
            .await
            .expect(303);
    }
    let form = shown;
    let shown = loop {
        let shown = desk.get(PAGE).await.expect(200);
        if !shown.text.contains("Running") {
            break shown.text;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(
        shown.contains("Taken in") && shown.contains("release.csv"),
        "{shown}"
    );
    assert_eq!(
        app.count("select count(*) from reports.import_job").await,
        1
    );
    let rejects = shown.split("href=\"/admin/imports/").nth(1).unwrap();
    let rejects = desk
        .get(&format!("{PAGE}/{}", rejects.split('"').next().unwrap()))
        .await
        .expect(200);
    assert!(rejects.text.contains("2/30/15"), "{}", rejects.text);

    let clerk = Desk::of(&app, Role::Reviewer, ALDER).await;
    clerk.get(PAGE).await.expect(403);
    send(&clerk, &form, "three", "release.csv", &file)
        .await
        .expect(403);
    app.stop().await;
}

#[sqlx::test(fixtures("../fixtures/two_counties.sql"))]
async fn the_operator_sees_which_feeds_are_silent_and_nothing_of_what_they_send(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let desk = Desk::of(&app, Role::SystemAdmin, "operator").await;
    let clerk = app.submitter(ALDER).await;
    let beat = json!({"expected_every_minutes": 1});
    clerk.put("/v1/feeds/%3Cb%3Efax", beat).await.expect(200);
    clerk.put("/v1/feeds/steady", json!({})).await.expect(200);
    let shown = desk.get("/").await.expect(200).text;
    assert!(shown.contains("has been heard from in time"), "{shown}");
    app.app.clock.advance(4 * 60);
    let shown = desk.get("/").await.expect(200).text;
    assert!(
        shown.contains("Silent since") && shown.contains("fax"),
        "{shown}"
    );
    assert!(!shown.contains("<b>fax") && !shown.contains("steady"));
    // An admin sees those of the own subtree; what else a feed holds, no admin's role may read.
    let mut conn = app.app.pools.oversight.acquire().await.unwrap();
    let mut seen = async |agencies: &str| -> i64 {
        sqlx::query("select set_config('app.agencies', $1, false)")
            .bind(agencies)
            .execute(&mut *conn)
            .await
            .unwrap();
        sqlx::query_scalar("select count(name) from custodian.feed")
            .fetch_one(&mut *conn)
            .await
            .unwrap()
    };
    let alder = app.actor_at(ALDER).await.agency_id().unwrap().to_string();
    let birch = app.actor_at(BIRCH).await.agency_id().unwrap().to_string();
    assert_eq!((seen(&alder).await, seen(&birch).await), (1, 0));
    // A connection that is kept would hold up the stop.
    drop(conn);
    let read = sqlx::query("select rows from custodian.feed")
        .execute(&app.app.pools.operator)
        .await;
    assert!(read.is_err());
    app.stop().await;
}
