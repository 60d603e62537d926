//! Pages of places and feeds, with script and without: their tables carry everything.

use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::Desk;
use crate::support::*;

const RELEASE: &str =
    "Prepare Date,Detainer Type,Detainer Detention Facility,State,City,Detainer Lift Reason
1/5/15,I247,SAN DIEGO COUNTY JAIL,CALIFORNIA,SAN DIEGO,Detainer Declined by LEA
1/6/15,I247,SAN DIEGO COUNTY JAIL,CALIFORNIA,SAN DIEGO,
2/6/15,I247N,SAN DIEGO MCC,CALIFORNIA,SAN DIEGO,
2/30/15,I247N,SAN DIEGO MCC,CALIFORNIA,SAN DIEGO,
";

impl Desk {
    async fn places(&mut self) {
        let mut owner = self.app.owner().await;
        sallyport::registry::load::jurisdictions(&mut owner)
            .await
            .unwrap();
        sallyport::registry::positions::load(&mut owner)
            .await
            .unwrap();
        let clerk = self.app.submitter(ALDER).await;
        let beat = json!({"expected_every_minutes": 60});
        clerk.put("/v1/feeds/jms", beat).await.expect(200);
        self.become_one("clerk@alder.example").await;
        self.open("/feeds").await;
        self.browser.sees("every 60 min").await;
        self.open("/positions").await;
        self.browser.sees("Los Alamitos").await;

        let operator = self.app.operator().await;
        let request = operator
            .request(
                reqwest::Method::POST,
                "/v1/imports?kind=historical_detainers&dataset=few",
            )
            .header("idempotency-key", fresh_key())
            .header("content-type", "text/csv")
            .body(RELEASE);
        let sent = Answer::read(request.send().await.unwrap())
            .await
            .expect(202);
        let place = sent.header("location");
        while operator.get(&place).await.json()["status"] == "running" {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        self.become_one("admin@sallyport.example").await;
        self.browser.sees("Silent feeds").await;
        self.open("/?state=CA&county=06073#map").await;
        // Both totals under their own names, and the county's row of the table.
        for words in ["By place", "By agency (local only)", "San Diego"] {
            self.browser.sees(words).await;
        }
        self.judge("admin-map-state").await;
        self.open("/agencies").await;
        self.browser.sees("Register an agency").await;
        self.open("/admin/imports").await;
        for words in ["Hand in a release", "Taken in", "Rejected rows"] {
            self.browser.sees(words).await;
        }
        self.judge("admin-imports").await;
    }
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_pages_of_places_and_feeds_are_read_in_a_browser(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let mut desk = Desk::start(options, owner, true).await;
    desk.places().await;
    desk.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_pages_of_places_and_feeds_are_read_without_script(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let mut desk = Desk::start(options, owner, false).await;
    desk.places().await;
    assert_eq!(desk.browser.complaints().await, Vec::<String>::new());
    desk.stop().await;
}
