//! The pages of facts, claims and the working of the law.

use reqwest::header::LOCATION;
use sallyport::policy::Law;
use sallyport::policy::load::Rules;
use sallyport::types::Role;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::pages::{Desk, hidden, thread};
use crate::support::custody::{cancellation, lodge, notifying, served};
use crate::support::*;

fn the_rules() -> Law {
    Law::of(Rules::built_in().unwrap())
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn facts_are_stated_from_the_page_and_the_law_answers(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, the_rules()).await;
    let id = thread(&app).await;
    let (page, facts, convictions) = (
        format!("/detainers/{id}"),
        format!("/detainers/{id}/facts"),
        format!("/detainers/{id}/facts/convictions"),
    );
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    // The record names what the law turns on, where to state it, and the whole working.
    let shown = clerk.get(&page).await.expect(200).text;
    for words in [
        "Indeterminate",
        &format!("href=\"{convictions}\""),
        "us-ca/values-act, version",
        "draft",
        "Clause 1, ",
        "looks at: ",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(shown.contains("Duties that the law attaches"), "{shown}");

    let form = clerk.get(&facts).await.expect(200).text;
    assert!(form.contains("Convictions: unknown") && form.contains("Charges: 1 known"));
    assert!(form.contains("Nothing leaves this agency."));
    let tag = hidden(&form, "etag");
    let fields = [
        ("etag", tag.as_str()),
        ("judicial_warrant.kind", "judicial_criminal"),
        ("judicial_warrant.signed_by", "federal_judicial_officer"),
        ("interview_consent", "true"),
        ("registrant.ca_sex_arson", "false"),
        ("federal_aggravated_felony", "a, M"),
        ("age", "36"),
    ];
    for (name, bad) in [
        ("age", "old"),
        ("interview_consent", "perhaps"),
        ("federal_aggravated_felony", "Z"),
        ("judicial_warrant.kind", "administrative_i200"),
    ] {
        let wrong: Vec<_> = fields
            .iter()
            .map(|field| if field.0 == name { (name, bad) } else { *field })
            .collect();
        let refused = clerk
            .send_from(&form, &facts, &wrong)
            .await
            .expect(422)
            .text;
        assert!(
            refused.contains("What you typed is still here"),
            "{name}: {refused}"
        );
        assert!(refused.contains("#facts-"), "{name}: {refused}");
        assert!(refused.contains(" expected"), "{name}: {refused}");
        assert!(!refused.contains("expected u8") && !refused.contains("Invalid type"));
    }
    assert_eq!(app.count("select count(*) from custodian.fact").await, 0);
    let done = clerk.send_from(&form, &facts, &fields).await.expect(303);
    assert_eq!(done.header(LOCATION.as_str()), format!("{page}#may"));
    // Five facts were stated; what was unknown before and after is none.
    assert_eq!(app.count("select count(*) from custodian.fact").await, 5);
    let stated = app
        .submitter(ALDER)
        .await
        .get(&format!("/v1/detainers/{id}/facts"))
        .await;
    let stated = stated.expect(200).json();
    assert_eq!(
        stated["judicial_warrant"],
        json!({"kind": "judicial_criminal", "signed_by": "federal_judicial_officer"})
    );
    assert_eq!(stated["registrant"], json!({"ca_sex_arson": false}));
    assert_eq!(stated["federal_aggravated_felony"], json!(["A", "M"]));
    assert_eq!(stated["stated"]["age"]["stated_by"], "D. Desk");
    // Sent from the page of before, it changes nothing.
    let stale = clerk
        .send_from(&form, &facts, &fields)
        .await
        .expect(412)
        .text;
    assert!(stale.contains("since this page was opened"));
    // The page shows it with who and when; the record too. Unknown takes a fact back.
    let form = clerk.get(&facts).await.text;
    assert!(form.contains("Stated by D. Desk, "), "{form}");
    assert!(clerk.get(&page).await.text.contains("Stated by D. Desk, "));
    let tag = hidden(&form, "etag");
    let mut fewer: Vec<_> = fields[..6].to_vec();
    fewer[0] = ("etag", tag.as_str());
    fewer[3] = ("interview_consent", "");
    clerk.send_from(&form, &facts, &fewer).await.expect(303);
    let stated = app
        .submitter(ALDER)
        .await
        .get(&format!("/v1/detainers/{id}/facts"))
        .await;
    let stated = stated.expect(200).json();
    assert_eq!(stated["interview_consent"], Value::Null);
    assert_eq!(app.count("select count(*) from custodian.fact").await, 7);

    let office = Desk::of(&app, Role::Liaison, SND).await;
    for path in [&facts, &convictions] {
        office.get(path).await.expect(403);
    }
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    for path in [&facts, &convictions] {
        other.get(path).await.expect(404);
        other.send("/", path, &fields).await.expect(404);
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn convictions_are_stated_as_unknown_as_none_or_as_a_list(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start_under(options, owner, the_rules()).await;
    let id = thread(&app).await;
    let (page, step) = (
        format!("/detainers/{id}"),
        format!("/detainers/{id}/facts/convictions"),
    );
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let facts = async || {
        let api = app.submitter(ALDER).await;
        let facts = api.get(&format!("/v1/detainers/{id}/facts")).await;
        facts.expect(200).json()["convictions"].clone()
    };
    let form = clerk.get(&step).await.expect(200).text;
    let tag = hidden(&form, "etag");
    assert_eq!(hidden(&form, "rows"), "2");
    // The first row stays empty: complaints still lead to the row that was filled in.
    let wrong = [
        ("etag", tag.as_str()),
        ("rows", "2"),
        ("known", "these"),
        ("1.statute", "burglary"),
    ];
    let refused = clerk.send_from(&form, &step, &wrong).await.expect(422).text;
    assert!(
        refused.contains("#offenses-1-statute") && refused.contains("burglary"),
        "{refused}"
    );
    let good = [
        wrong[0],
        wrong[1],
        wrong[2],
        ("1.statute", "PC 459"),
        ("1.state", "ca"),
        ("1.level", "felony"),
        ("1.degree", "first"),
        ("1.disposition_on", "2020-01-10"),
        ("1.state_prison", "true"),
        ("1.firearm_used", "true"),
    ];
    clerk.send_from(&form, &step, &good).await.expect(303);
    let listed = facts().await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["statute"], "PC 459");
    assert_eq!(listed[0]["state"], "CA");
    assert_eq!(listed[0]["firearm_used"], true);
    assert_eq!(listed[0]["source"], "stated");
    let shown = clerk.get(&page).await.text;
    assert!(
        shown.contains("Permitted") && shown.contains("7282.5(a)"),
        "{shown}"
    );

    // It can be taken off again; an empty list is "checked, none".
    let form = clerk.get(&step).await.text;
    let tag = hidden(&form, "etag");
    assert_eq!(hidden(&form, "rows"), "3");
    let off = [
        ("etag", tag.as_str()),
        ("rows", "3"),
        ("known", "these"),
        ("0.statute", "PC 459"),
        ("0.remove", "true"),
    ];
    clerk.send_from(&form, &step, &off).await.expect(303);
    assert_eq!(facts().await, json!([]));
    assert!(clerk.get(&page).await.text.contains("checked, none"));
    let form = clerk.get(&step).await.text;
    let tag = hidden(&form, "etag");
    let unknown = [("etag", tag.as_str()), ("rows", "2"), ("known", "")];
    clerk.send_from(&form, &step, &unknown).await.expect(303);
    assert_eq!(facts().await, Value::Null);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_claim_pauses_cooperation_on_the_page_until_it_is_resolved(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let law = notifying(|_| sallyport::policy::Disposition::Permitted);
    let app = TestApp::start_under(options, owner, law).await;
    let id = served(&app.liaison(SND).await, &app.reviewer(ALDER).await).await;
    let (page, step) = (
        format!("/detainers/{id}"),
        format!("/detainers/{id}/citizenship-claims"),
    );
    let clerk = Desk::of(&app, Role::Submitter, ALDER).await;
    let reviewer = Desk::of(&app, Role::Reviewer, ALDER).await;
    let form = clerk.get(&step).await.expect(200).text;
    assert!(form.contains("Cooperation on this request pauses"));
    assert!(form.contains("Nothing leaves this agency."));
    let claim = [
        ("kind", "us_citizen"),
        ("claimed_at", "2026-11-21T09:00"),
        ("proof", "Says she was born in Fresno"),
    ];
    let refused = clerk
        .send_from(&form, &step, &claim[1..])
        .await
        .expect(422)
        .text;
    assert!(refused.contains("#claim-kind") && refused.contains("born in Fresno"));
    clerk.send_from(&form, &step, &claim).await.expect(303);
    let shown = clerk.get(&page).await.text;
    let alert = shown.find("Cooperation is paused").unwrap();
    assert!(alert < shown.find("What may I do").unwrap());
    let resolve = shown
        .split("href=\"")
        .find_map(|rest| {
            let path = rest.split('"').next()?;
            path.starts_with(&format!("{step}/"))
                .then(|| path.to_owned())
        })
        .unwrap();
    // While it is open nobody complies and nobody holds; the pages say so beforehand.
    let decide = reviewer
        .get(&format!("{page}/determinations/new?act=notify_release"))
        .await;
    let decide = decide.expect(200).text;
    assert!(decide.contains("Comply is not offered.") && decide.contains("A claim of citizenship"));
    assert!(
        !reviewer
            .get(&page)
            .await
            .text
            .contains(&format!("href=\"{page}/hold\""))
    );
    assert!(
        reviewer
            .get(&format!("{page}/hold"))
            .await
            .text
            .contains("resolve it first")
    );

    let form = clerk.get(&resolve).await.expect(200).text;
    assert!(form.contains("Claims to be a U.S. citizen"), "{form}");
    let tag = hidden(&form, "etag");
    let result = [
        ("etag", tag.as_str()),
        ("result", "confirmed"),
        ("resolved_at", "2026-11-22T09:00"),
        ("source", "Birth certificate"),
    ];
    clerk
        .send_from(&form, &resolve, &result[1..])
        .await
        .expect(412);
    let refused = clerk
        .send_from(&form, &resolve, &result[..3])
        .await
        .expect(422)
        .text;
    assert!(refused.contains("#claim-result-source"), "{refused}");
    clerk.send_from(&form, &resolve, &result).await.expect(303);
    let shown = clerk.get(&page).await.text;
    assert!(!shown.contains("Cooperation is paused") && shown.contains("Birth certificate"));
    assert!(shown.contains("by a confirmed claim"), "{shown}");
    let again = clerk.get(&resolve).await.expect(200).text;
    assert!(again.contains("has been resolved already"));

    let office = Desk::of(&app, Role::Liaison, SND).await;
    office.get(&step).await.expect(403);
    office.get(&resolve).await.expect(403);
    let seen = office.get(&page).await.text;
    assert!(!seen.contains("Fresno") && !seen.to_lowercase().contains("claim"));
    let other = Desk::of(&app, Role::Reviewer, BIRCH).await;
    other.get(&resolve).await.expect(404);
    other.send("/", &step, &claim).await.expect(404);
    clerk.get(&format!("{step}/{id}")).await.expect(404);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_request_lifted_for_a_citizen_says_so_first(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let liaison = app.liaison(SND).await;
    let office = Desk::of(&app, Role::Liaison, SND).await;
    for (number, lift, loud) in [
        ("A012345678", "usc_or_presumptive_claim", true),
        ("A087654321", "entered_in_error", false),
    ] {
        let id = lodge(&liaison, detainer(SND, ALDER, number)).await;
        let mut body = cancellation();
        body["lift_reason"] = json!(lift);
        liaison
            .post(&format!("/v1/detainers/{id}/cancellation"), body)
            .await
            .expect(200);
        let shown = office
            .get(&format!("/detainers/{id}"))
            .await
            .expect(200)
            .text;
        let said = shown.find("Lifted: U.S. citizen, or a claim of it");
        assert_eq!(said.is_some(), loud);
        if let Some(said) = said {
            assert!(said < shown.find("What this office was told").unwrap());
        }
        app.settle().await;
        let reviewer = Desk::of(&app, Role::Reviewer, if loud { ALDER } else { BIRCH }).await;
        let shown = reviewer.get(&format!("/detainers/{id}")).await.text;
        assert_eq!(shown.contains("Lifted for a U.S. citizen"), loud);
    }
    let list = office.get("/detainers?status=cancelled").await.text;
    assert_eq!(list.matches("lifted: U.S. citizen").count(), 1, "{list}");
    app.stop().await;
}
