//! A jail's file in a browser: handed in, looked at, mapped, taken in, its rejected rows seen; with
//! script and without, every page judged.

use std::io::Write;

use fantoccini::Locator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::Desk;

const FILE: &str = "Jail ID,Surname,Forename,Day in,Hour in,Remark\n\
    26-1,Example,Ana,11/20/2026,08:00,=1+1\n\
    26-2,Sample,Luis,20/11/2026,09:00,a rather long remark that nobody reads on a narrow screen\n";

impl Desk {
    async fn imports(&mut self) {
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        file.write_all(FILE.as_bytes()).unwrap();
        self.become_one("clerk@alder.example").await;
        self.open("/imports").await;
        self.browser.sees("No file has been handed in yet.").await;
        self.judge("jail-imports-empty").await;
        let field = Locator::Css("main input[type='file']");
        let field = self.browser.client.find(field).await.unwrap();
        let path = file.path().to_str().unwrap();
        field.send_keys(path).await.unwrap();
        self.browser.choose("kind", "bookings").await;
        self.browser.press("Look at the file").await;
        self.browser.sees("Nothing of it has been taken in.").await;
        self.browser.sees("booked_at is required").await;
        self.browser.sees("=1+1").await;
        self.judge("jail-import-columns").await;
        self.browser.choose("column.2", "subject.family_name").await;
        self.browser.press("Show again").await;
        self.browser
            .sees("cannot both be subject.family_name")
            .await;
        self.judge("jail-import-columns-refused").await;
        for (column, field) in [
            ("column.2", "subject.given_name"),
            ("column.3", "booked_at"),
            ("column.4", "booked_at@time"),
        ] {
            self.browser.choose(column, field).await;
        }
        self.browser.fill("save_as", "alder-nightly").await;
        self.browser.press("Show again").await;
        self.browser.sees("The mapping is saved.").await;
        self.browser.sees("2026-11-20T16:00:00").await;
        self.browser.sees("Would be rejected.").await;
        self.judge("jail-import-columns-mapped").await;
        self.browser.press("Take in").await;
        self.browser.sees("The file is being taken in.").await;
        let page = self.browser.client.current_url().await.unwrap();
        if self.script {
            // The counts are fetched anew until it has ended.
            self.browser.sees("Mend and send again").await;
        } else {
            for _ in 0..100 {
                self.open(page.path()).await;
                if self.browser.text().await.contains("Mend and send again") {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
        self.browser.sees("Done, with rejected rows").await;
        self.browser.sees("20/11/2026").await;
        self.judge("jail-import-done").await;
        self.open("/imports").await;
        self.browser.sees("Done, with rejected rows").await;
        self.judge("jail-imports").await;
    }
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_file_is_taken_in_in_a_browser_with_script(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let mut desk = Desk::start(options, owner, true).await;
    desk.imports().await;
    desk.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_file_is_taken_in_in_a_browser_without_script(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let mut desk = Desk::start(options, owner, false).await;
    desk.imports().await;
    assert_eq!(desk.browser.complaints().await, Vec::<String>::new());
    desk.stop().await;
}
