//! The pages of holds and hand-overs: who may open them, what they do, and what they refuse.

use chrono::{Duration, SubsecRound};
use reqwest::header::LOCATION;
use sallyport::policy::Disposition;
use sallyport::types::{Role, Timestamp};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::pages::{Desk, hidden};
use crate::support::custody::{acknowledge, holding, lodge, permitting, serve, served};
use crate::support::*;

/// An instant as a form of Alder's pages sends it.
fn local(at: Timestamp) -> String {
    let there = at.with_timezone(&chrono_tz::America::Los_Angeles);
    there.format("%Y-%m-%dT%H:%M").to_string()
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_hold_is_started_and_ended_from_its_pages(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, permitting()).await;
    let (liaison, jailer) = (app.liaison(SND).await, app.reviewer(ALDER).await);
    let id = lodge(&liaison, detainer(SND, ALDER, "A012345678")).await;
    let (page, step, end) = (
        format!("/detainers/{id}"),
        format!("/detainers/{id}/hold"),
        format!("/detainers/{id}/hold/end"),
    );
    let reviewer = Desk::of(&app, Role::Reviewer, ALDER).await;
    let offered = |page: &str, path: &str| page.contains(&format!("href=\"{path}\""));

    // Not served yet: not offered, and the page says why and has no form.
    assert!(!offered(&reviewer.get(&page).await.text, &step));
    let barred = reviewer.get(&step).await.expect(200).text;
    assert!(barred.contains("Not offered now.") && barred.contains("has not been served"));
    assert!(!barred.contains("Start the hold"));
    acknowledge(&jailer, &id).await;
    serve(&jailer, &id).await;
    assert!(offered(&reviewer.get(&page).await.text, &step));
    assert!(!offered(&reviewer.get(&page).await.text, &end));

    let form = reviewer.get(&step).await.expect(200).text;
    for words in [
        "Before you do this",
        "nobody can extend it",
        "In the facility&#39;s time, America/Los_Angeles",
        "The office SND will see:",
    ] {
        let plain = form.replace("&#x27;", "'").replace("&#39;", "'");
        assert!(
            plain
                .to_lowercase()
                .contains(&words.replace("&#39;", "'").to_lowercase()),
            "{words}: {form}"
        );
    }
    let start = local(app.app.clock.now() - Duration::hours(1));
    let good = [
        ("authority.kind", "judicial_warrant"),
        ("authority.reference", "26-MJ-0042"),
        ("otherwise_releasable_at", start.as_str()),
    ];
    // What is missing or wrong is said at its field, and the rest is still there.
    let refused = reviewer
        .send_from(&form, &step, &good[..2])
        .await
        .expect(422)
        .text;
    assert!(refused.contains("26-MJ-0042") && refused.contains("#hold-otherwise_releasable_at"));
    let refused = reviewer
        .send_from(&form, &step, &good[1..])
        .await
        .expect(422)
        .text;
    assert!(refused.contains("#hold-authority"), "{refused}");
    let far = local(app.app.clock.now() + Duration::days(60));
    let late = [good[0], good[1], ("otherwise_releasable_at", far.as_str())];
    let refused = reviewer
        .send_from(&form, &step, &late)
        .await
        .expect(422)
        .text;
    assert!(refused.contains("30 days ahead"), "{refused}");
    assert_eq!(app.count("select count(*) from custodian.hold").await, 0);

    let done = reviewer.send_from(&form, &step, &good).await.expect(303);
    assert_eq!(done.header(LOCATION.as_str()), format!("{page}#hold"));
    let shown = reviewer.get(&page).await.text;
    for words in [
        "A hold runs",
        "ends by itself",
        "the form I-247A (03/17)",
        "the regulation 8 CFR 287.7(d)",
        "governs",
        "a judge&#39;s warrant: 26-MJ-0042, recorded by D. Desk",
        "The office was not told of it.",
        "24 hours before the deadline",
        "Ahead",
        "counts",
    ] {
        let shown = shown.replace("&#x27;", "&#39;");
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // The time that is left stands there without script.
    assert!(
        shown.contains("in 47 h") || shown.contains("in 46 h"),
        "{shown}"
    );
    assert!(!shown.to_lowercase().contains("extend the hold"));
    let overview = reviewer.get("/").await.text;
    assert!(overview.contains("Hold ends by itself") && overview.contains(&format!("{page}#hold")));
    assert!(offered(&shown, &end) && !offered(&shown, &step));
    let second = reviewer.get(&step).await.text;
    assert!(second.contains("a hold runs already"));
    reviewer.send_from(&form, &step, &good).await.expect(409);
    assert_eq!(app.count("select count(*) from custodian.hold").await, 1);

    // Ending: past the deadline is refused, and the reviewer's own words are kept.
    let form = reviewer.get(&end).await.expect(200).text;
    let ended = local(app.app.clock.now());
    let own = [
        ("ended_at", ended.as_str()),
        ("reason", "own"),
        ("reason_own", ""),
    ];
    let refused = reviewer.send_from(&form, &end, &own).await.expect(422).text;
    assert!(refused.contains("#hold-end-reason"), "{refused}");
    let own = [own[0], own[1], ("reason_own", "The warrant was recalled")];
    reviewer.send_from(&form, &end, &own).await.expect(303);
    let shown = reviewer.get(&page).await.text;
    assert!(
        shown.contains("The warrant was recalled (D. Desk)"),
        "{shown}"
    );
    assert!(shown.contains("Not needed: ended before") && !shown.contains("A hold runs"));
    let again = reviewer.get(&end).await.text;
    assert!(again.contains("No hold runs on this request"));
    reviewer.send_from(&form, &end, &own).await.expect(409);

    // Nobody but the agency's reviewers; an office never; another agency finds nothing.
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    clerk.get(&step).await.expect(403);
    clerk.get(&end).await.expect(403);
    clerk.send(&page, &step, &good).await.expect(403);
    assert!(!offered(&clerk.get(&page).await.text, &step));
    let office = Desk::of(&app, Role::Liaison, SND).await;
    office.get(&step).await.expect(403);
    office.send(&page, &end, &own).await.expect(403);
    let seen = office.get(&page).await.text;
    assert!(!seen.contains("old until") && !seen.contains("26-MJ-0042"));
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    other.get(&step).await.expect(404);
    other.send("/", &end, &own).await.expect(404);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_hold_that_the_law_prohibits_is_not_offered(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, holding(|_| Disposition::Prohibited)).await;
    let id = served(&app.liaison(SND).await, &app.reviewer(ALDER).await).await;
    let step = format!("/detainers/{id}/hold");
    let reviewer = Desk::of(&app, Role::Reviewer, ALDER).await;
    let shown = reviewer.get(&format!("/detainers/{id}")).await.text;
    assert!(!shown.contains(&format!("href=\"{step}\"")));
    let barred = reviewer.get(&step).await.expect(200).text;
    assert!(barred.contains("The law prohibits it."), "{barred}");
    let start = local(app.app.clock.now());
    let fields = [
        ("authority.kind", "state_statute"),
        ("authority.reference", "none"),
        ("otherwise_releasable_at", start.as_str()),
    ];
    let refused = reviewer.send_from(&barred, &step, &fields).await;
    // The page without a form still carries the session's own token in its frame.
    refused.expect(409);
    let logged = "select count(*) from log.event where type = 'refused'";
    assert_eq!(app.count(logged).await, 1);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn each_side_states_the_hand_over_once_from_its_page(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let jailer = app.reviewer(ALDER).await;
    let id = served(&app.liaison(SND).await, &jailer).await;
    let (page, step) = (
        format!("/detainers/{id}"),
        format!("/detainers/{id}/handover"),
    );
    let reviewer = Desk::of(&app, Role::Reviewer, ALDER).await;
    let office = Desk::of(&app, Role::Liaison, SND).await;
    let neither = reviewer.get(&page).await.text;
    assert!(neither.contains("neither side has stated one"));

    let taken = app.app.clock.now().trunc_subsecs(0) - Duration::hours(2);
    let said = |place: &'static str, at: Timestamp| {
        [
            ("taken_at", local(at)),
            ("officer", "C. Officer".to_owned()),
            ("i203_reference", "203-77".to_owned()),
            ("place", place.to_owned()),
        ]
    };
    let send = async |desk: &Desk, shown: &str, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        desk.send_from(shown, &step, &fields).await
    };
    // The office's word first: it waits.
    let form = office.get(&step).await.expect(200).text;
    assert!(form.contains("It waits for the custodian") && form.contains("will see:"));
    let bad = &said("Alder County Jail", taken)[..3];
    let refused = send(&office, &form, bad).await.expect(422).text;
    assert!(
        refused.contains("#handover-place") && refused.contains("203-77"),
        "{refused}"
    );
    send(
        &office,
        &form,
        &said("Alder County Jail, sally port", taken),
    )
    .await
    .expect(303);
    let shown = office.get(&page).await.text;
    assert!(shown.contains("Waits for the other side") && shown.contains("203-77"));
    assert!(!shown.contains(&format!("href=\"{step}\"")), "once each");
    assert!(office.get(&step).await.text.contains("once each"));
    send(&office, &form, &said("x", taken)).await.expect(409);

    // The jail's page shows it, and says what will be known to both.
    let shown = reviewer.get(&page).await.text;
    assert!(shown.contains("Stated by the other side alone"));
    assert!(shown.contains(&format!("href=\"{step}\"")));
    let form = reviewer.get(&step).await.expect(200).text;
    assert!(form.contains("The office SND states: taken"), "{form}");
    assert!(form.contains("The office SND will see:") && !form.contains("has stated last"));
    send(&reviewer, &form, &said("County court", taken))
        .await
        .expect(303);
    for desk in [&reviewer, &office] {
        let shown = desk.get(&page).await.text;
        assert!(
            shown.contains("Disputed") && shown.contains("County court"),
            "{shown}"
        );
    }
    // From here on an outcome crosses: no box asks for it any more.
    let shown = reviewer.get(&page).await.text;
    assert!(!shown.contains("name=\"disclose\""));
    assert!(shown.contains("its outcome is known to both"));
    assert!(!hidden(&shown, "csrf").is_empty());

    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    clerk.get(&step).await.expect(403);
    let other = Desk::of(&app, Role::Liaison, HOU).await;
    other.get(&step).await.expect(404);
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    other.get(&step).await.expect(404);
    assert_eq!(app.count("select count(*) from exchange.handover").await, 2);
    app.stop().await;
}
