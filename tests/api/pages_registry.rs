//! The pages of feeds, of positions, and of the registry's agencies.

use sallyport::types::Role;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::pages::{Desk, hidden};
use crate::support::*;

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_jail_sees_its_feeds_and_how_to_send_a_heartbeat(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let desk = Desk::of(&app, Role::Submitter, ALDER).await;
    let none = desk.get("/feeds").await.expect(200).text;
    assert!(none.contains("No feed has reported yet.") && none.contains("curl -X PUT"));
    let clerk = app.submitter(ALDER).await;
    let beat = json!({"expected_every_minutes": 1});
    clerk.put("/v1/feeds/jms", beat).await.expect(200);
    clerk
        .put("/v1/feeds/%3Cb%3Efax", json!({}))
        .await
        .expect(200);
    let shown = desk.get("/feeds").await.expect(200).text;
    for words in ["Heard in time", "every 1 min", "No interval set"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("<b>fax"));
    app.app.clock.advance(4 * 60);
    assert!(desk.get("/feeds").await.text.contains("Silent"));
    let overview = desk.get("/").await.expect(200).text;
    assert!(overview.contains("href=\"/feeds\"") && overview.contains("last heard"));
    desk.get("/feeds?cursor=made-up").await.expect(400);
    Desk::of(&app, Role::Liaison, SND)
        .await
        .get("/feeds")
        .await
        .expect(403);
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn positions_stand_side_by_side(options: PgPoolOptions, owner: PgConnectOptions) {
    let app = TestApp::start(options, owner).await;
    let mut conn = app.owner().await;
    sallyport::registry::load::jurisdictions(&mut conn)
        .await
        .unwrap();
    sallyport::registry::positions::load(&mut conn)
        .await
        .unwrap();
    for (role, place) in [
        (Role::Submitter, ALDER),
        (Role::Liaison, SND),
        (Role::SystemAdmin, ALDER),
    ] {
        let desk = Desk::of(&app, role, place).await;
        let shown = desk.get("/positions").await.expect(200).text;
        for words in [
            "Los Alamitos City Council",
            "Claims exemption",
            "Repealed unanimously",
            "San Diego County Board of Supervisors",
            "10 Dec 2024",
            "vote unknown",
        ] {
            assert!(shown.contains(words), "{words}");
        }
        let none = desk.get("/positions?state=TX").await.expect(200).text;
        assert!(none.contains("No position is known here."));
        desk.get("/positions?way=up").await.expect(422);
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_operator_finds_registers_and_changes_agencies(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let desk = Desk::of(&app, Role::SystemAdmin, "").await;
    let list = desk.get("/agencies").await.expect(200).text;
    assert!(list.contains("Alder County Jail") && list.contains("2 registered"));
    let found = desk.get("/agencies?q=birch&connected=true&state=").await;
    let found = found.expect(200).text;
    assert!(found.contains("Birch County Jail") && !found.contains("Alder County Jail"));
    assert!(
        desk.get("/agencies?state=CA&connected=false")
            .await
            .text
            .contains("No agency fits.")
    );

    let form = desk.get("/agencies/new").await.expect(200).text;
    let mut fields = [
        ("ori", "CA0990300"),
        ("name", "Cedar Police"),
        ("kind", "police"),
        ("jurisdiction", "06999"),
        ("time_zone", "America/Los_Angeles"),
        ("place", ""),
    ];
    let refused = desk
        .send_from(&form, "/agencies", &fields)
        .await
        .expect(422)
        .text;
    assert!(refused.contains("#agency-jurisdiction") && refused.contains("Cedar Police"));
    fields[3].1 = "06073";
    desk.send_from(&form, "/agencies", &fields)
        .await
        .expect(303);
    let twice = desk.send("/agencies/new", "/agencies", &fields).await;
    twice.expect(409);
    let page = "/agencies/CA0990300";
    let form = desk.get(page).await.expect(200).text;
    let tag = hidden(&form, "etag");
    let change = [
        ("etag", tag.as_str()),
        ("name", "Cedar Police Department"),
        fields[2],
        fields[3],
        fields[4],
        ("place", "Cedar"),
        ("connected", "true"),
    ];
    desk.send_from(&form, page, &change[1..]).await.expect(412);
    desk.send_from(&form, page, &change).await.expect(303);
    let stale = desk.send_from(&form, page, &change).await.expect(412).text;
    assert!(stale.contains("has changed since this page was opened"));
    let operator = app.operator().await;
    let agency = operator
        .get("/v1/agencies/CA0990300")
        .await
        .expect(200)
        .json();
    assert_eq!(
        agency,
        json!({"ori": "CA0990300", "name": "Cedar Police Department", "kind": "police", "jurisdiction": "06073",
               "time_zone": "America/Los_Angeles", "place": "Cedar", "connected": true})
    );
    desk.get("/agencies/ZZ0000000").await.expect(404);

    for (role, place) in [(Role::Reviewer, ALDER), (Role::Liaison, SND)] {
        let other = Desk::of(&app, role, place).await;
        for path in ["/agencies", "/agencies/new", page] {
            other.get(path).await.expect(403);
        }
        other.send("/", "/agencies", &fields).await.expect(403);
    }
    app.stop().await;
}
