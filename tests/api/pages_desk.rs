//! The pages of the daily desk: duties, calls to an office, and what an agency decided beforehand.

use chrono::Duration;
use reqwest::header::LOCATION;
use sallyport::policy::load::Rules;
use sallyport::policy::{Disposition, Law};
use sallyport::types::Role;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::pages::{Desk, hidden};
use crate::support::custody::{notifying, served};
use crate::support::*;

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn what_is_owed_is_listed_and_stated_as_done(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let none = clerk.get("/duties").await.expect(200).text;
    assert!(none.contains("Nothing is owed to anybody now."));
    let id = served(&app.liaison(SND).await, &app.reviewer(ALDER).await).await;
    let page = format!("/detainers/{id}");
    // One that is late, as a rule would create it.
    sqlx::query(
        "insert into custodian.duty (agency_id, id, detainer_id, duty, recipient, due_at, citation, created_at)
         select agency_id, '01900000-0000-7000-8000-000000000001', id, 'copy_and_intent', 'person', $2, 'Gov. Code 7283.1(b)', $3
           from custodian.case_file where id = $1::uuid",
    )
    .bind(&id)
    .bind(app.app.clock.now() - Duration::hours(3))
    .bind(app.app.clock.now() - Duration::hours(27))
    .execute(&mut app.owner().await)
    .await
    .unwrap();
    let step = format!("{page}/duties/01900000-0000-7000-8000-000000000001");
    let link = format!("href=\"{step}\"");

    let list = clerk.get("/duties").await.expect(200).text;
    for words in [
        "Overdue",
        "EXAMPLE, Ana",
        "Copy of the request",
        "7283.1(b)",
        "3 h ago",
    ] {
        assert!(list.contains(words), "{words}: {list}");
    }
    for shown in [
        &list,
        &clerk.get("/").await.text,
        &clerk.get(&page).await.text,
    ] {
        assert!(shown.contains(&link), "{shown}");
    }
    assert!(clerk.get("/").await.text.contains("1 overdue"));
    // The copy that was served is done already.
    assert!(
        clerk
            .get(&page)
            .await
            .text
            .contains("Copy served on the person, to the person")
    );
    clerk.get("/duties?skip=soon").await.expect(422);

    let form = clerk.get(&step).await.expect(200).text;
    assert!(form.contains("Called for by Gov. Code 7283.1(b)") && form.contains("Nothing leaves"));
    let tag = hidden(&form, "etag");
    let done = [
        ("etag", tag.as_str()),
        ("done_at", "2026-11-24T09:00"),
        ("evidence", "Handed over in Spanish"),
    ];
    let later = [done[0], ("done_at", "2099-01-01T09:00"), done[2]];
    let refused = clerk.send_from(&form, &step, &later).await.expect(422).text;
    assert!(refused.contains("#duty-done_at") && refused.contains("Handed over in Spanish"));
    clerk.send_from(&form, &step, &done[1..]).await.expect(412);
    let answer = clerk.send_from(&form, &step, &done).await.expect(303);
    assert_eq!(answer.header(LOCATION.as_str()), page);
    let shown = clerk.get(&page).await.text;
    assert!(
        shown.contains("stated by D. Desk: Handed over in Spanish"),
        "{shown}"
    );
    assert!(clerk.get("/duties").await.text.contains("Nothing is owed"));
    // Not done after all.
    let form = clerk.get(&step).await.text;
    let tag = hidden(&form, "etag");
    let back = [("etag", tag.as_str()), ("done_at", ""), ("evidence", "")];
    clerk.send_from(&form, &step, &back).await.expect(303);
    assert!(clerk.get("/duties").await.text.contains("Overdue"));
    let said = "select count(*) from custodian.duty_statement where duty_id = '01900000-0000-7000-8000-000000000001'";
    assert_eq!(app.count(said).await, 2);

    let office = Desk::of(&app, Role::Liaison, SND).await;
    office.get("/duties").await.expect(403);
    office.get(&step).await.expect(403);
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    assert!(other.get("/duties").await.text.contains("Nothing is owed"));
    other.get(&step).await.expect(404);
    other.send("/", &step, &done).await.expect(404);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_call_to_the_office_is_recorded_beside_its_call_list(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, notifying(|_| Disposition::Permitted)).await;
    let jailer = app.reviewer(ALDER).await;
    let id = served(&app.liaison(SND).await, &jailer).await;
    let contacts =
        json!([{"label": "Duty desk", "phone": "+1 619 555 0100", "hours": "24 h", "order": 1}]);
    sqlx::query("update registry.office set contacts = $1 where code = 'SND'")
        .bind(contacts)
        .execute(&mut app.owner().await)
        .await
        .unwrap();
    let decision = json!({"act": "notify_release", "decision": "decline", "reason_code": "agency_policy", "note": "x",
                          "tell_office": true});
    jailer
        .post(&format!("/v1/detainers/{id}/determinations"), decision)
        .await
        .expect(201);
    let told: String = sqlx::query_scalar("select id::text from exchange.notification")
        .fetch_one(&mut app.owner().await)
        .await
        .unwrap();
    let (page, step) = (
        format!("/detainers/{id}"),
        format!("/notifications/{told}/attempts"),
    );
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    for shown in ["/", &page] {
        let shown = clerk.get(shown).await.text;
        assert!(shown.contains(&format!("href=\"{step}\"")), "{shown}");
    }
    let form = clerk.get(&step).await.expect(200).text;
    assert!(
        form.contains("1. Duty desk:") && form.contains("619 555 0100, 24 h"),
        "{form}"
    );
    assert!(form.contains("The office SND will see:"));
    let now = app
        .app
        .clock
        .now()
        .with_timezone(&chrono_tz::America::Los_Angeles);
    let now = now.format("%Y-%m-%dT%H:%M").to_string();
    let fields = [
        ("channel", "phone"),
        ("at", now.as_str()),
        ("to", "Officer on duty"),
        ("by", "D. Desk"),
        ("result", "left_message"),
    ];
    let early = [
        fields[0],
        ("at", "2020-01-01T09:00"),
        fields[2],
        fields[3],
        fields[4],
    ];
    let refused = clerk.send_from(&form, &step, &early).await.expect(422).text;
    assert!(refused.contains("#attempt-at") && refused.contains("Officer on duty"));
    let answer = clerk.send_from(&form, &step, &fields).await.expect(303);
    assert_eq!(answer.header(LOCATION.as_str()), page);
    for shown in [&page, &step] {
        let shown = clerk.get(shown).await.text;
        assert!(
            shown.contains("to Officer on duty, by D. Desk: left message"),
            "{shown}"
        );
    }
    let office = Desk::of(&app, Role::Liaison, SND).await;
    office.get(&step).await.expect(403);
    office.send("/", &step, &fields).await.expect(403);
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    other.get(&step).await.expect(404);
    other.send("/", &step, &fields).await.expect(404);
    assert_eq!(app.count("select count(*) from exchange.attempt").await, 1);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn reviewers_decide_beforehand_and_adopt_positions_in_versions(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let law = Law::of(Rules::built_in().unwrap());
    let app = TestApp::start_under(options, owner, law).await;
    let reviewer = Desk::of(&app, Role::Reviewer, ALDER).await;
    let shown = reviewer.get("/settings").await.expect(200).text;
    assert!(shown.contains("A person decides each time: nobody has decided anything beforehand."));
    let step = "/settings/standing-decision";
    assert!(shown.contains(&format!("href=\"{step}\"")));
    let form = reviewer.get(step).await.expect(200).text;
    let tag = hidden(&form, "etag");
    let fields = [
        ("etag", tag.as_str()),
        ("notify_release", "when_required"),
        ("signed_by", "Sheriff Example"),
        ("reason", "The law requires it"),
    ];
    let refused = reviewer
        .send_from(&form, step, &fields[..3])
        .await
        .expect(422)
        .text;
    assert!(refused.contains("#standing-reason") && refused.contains("Sheriff Example"));
    reviewer
        .send_from(&form, step, &fields[1..])
        .await
        .expect(412);
    reviewer.send_from(&form, step, &fields).await.expect(303);
    reviewer.send_from(&form, step, &fields).await.expect(412);
    let form = reviewer.get(step).await.text;
    let tag = hidden(&form, "etag");
    let never = [
        ("etag", tag.as_str()),
        ("notify_release", "never"),
        fields[2],
        ("reason", "Counsel advised"),
    ];
    reviewer.send_from(&form, step, &never).await.expect(303);
    let shown = reviewer.get("/settings").await.text;
    for words in [
        "The law requires it",
        "Counsel advised",
        "in force",
        "A person decides each time.",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }

    let step = "/settings/adopted-positions/notify_release";
    let form = reviewer.get(step).await.expect(200).text;
    assert!(form.contains("will see:"), "{form}");
    let tag = hidden(&form, "etag");
    let fields = [
        ("etag", tag.as_str()),
        ("rule", "us-ca/values-act"),
        ("reading", "prohibited"),
        ("signed_by", "Sheriff Example"),
        ("reason", "As county counsel advised"),
    ];
    let refused = reviewer
        .send_from(&form, step, &fields[..4])
        .await
        .expect(422)
        .text;
    assert!(refused.contains("#position-reason"));
    reviewer.send_from(&form, step, &fields).await.expect(303);
    let shown = reviewer.get("/settings").await.text;
    assert!(
        shown.contains("Read as prohibited, by us-ca/values-act (version 1)."),
        "{shown}"
    );
    assert!(shown.contains("As county counsel advised"));
    reviewer
        .get("/settings/adopted-positions/nothing")
        .await
        .expect(404);

    // A clerk reads; nobody else's side has the page; another agency has its own.
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let read = clerk.get("/settings").await.expect(200).text;
    assert!(read.contains("Counsel advised") && !read.contains("Adopt a position"));
    clerk.get(step).await.expect(403);
    clerk.get("/settings/standing-decision").await.expect(403);
    clerk.send("/settings", step, &fields).await.expect(403);
    let office = Desk::of(&app, Role::Liaison, SND).await;
    for path in ["/settings", "/settings/standing-decision", step] {
        office.get(path).await.expect(403);
    }
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    assert!(
        !other
            .get("/settings")
            .await
            .text
            .contains("Counsel advised")
    );
    app.stop().await;
}
