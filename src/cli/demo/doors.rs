//! What comes in by other doors than a key: a feed that is heard and one that has fallen silent, a
//! saved mapping, a roster of which two rows came back, and one that waits for a person. All of it
//! fictional.

use axum::body::Body;
use axum::http::HeaderMap;
use chrono::{Duration, SecondsFormat};
use serde_json::json;

use super::Loader;
use crate::custodian::feeds::api::heartbeat;
use crate::custodian::imports::run::Import;
use crate::custodian::imports::store;
use crate::custodian::imports::submit::{Submission, submit};
use crate::db::StoreError;
use crate::http::Problem;
use crate::imports::fields::Kind;
use crate::imports::spool::Spooled;

const FEED: &str = "JMS nightly";
const SAVED: &str = "jms-nightly";
const MAPPING: &str = r#"kind = "bookings"

[fields."booking_number"]
columns = ["Booking No"]

[fields."booked_at"]
columns = ["Booked"]

[fields."subject.family_name"]
columns = ["Last name"]

[fields."subject.given_name"]
columns = ["First name"]

[fields."subject.date_of_birth"]
columns = ["Born"]
"#;
const HEADING: &str = "Booking No,Booked,Last name,First name,Born\n";
const IN_CUSTODY: usize = 16;

impl Loader {
    pub async fn doors(&self) -> Result<(), Problem> {
        let now = self.app.clock.now();
        self.at(now - Duration::days(5));
        self.hear(1, "Fax gateway", 60).await?;
        self.at(now - Duration::hours(26));
        self.hear(0, FEED, 1440).await?;
        let mut tx = self.jail(0).await?;
        store::save_mapping(
            &mut tx,
            SAVED,
            Kind::Bookings,
            MAPPING,
            self.app.clock.now(),
        )
        .await?;
        tx.commit().await.map_err(Problem::from)?;
        let row = |at: usize| {
            let booked = now - Duration::days(3 + at as i64);
            let booked = booked.to_rfc3339_opts(SecondsFormat::Secs, true);
            let day = at % 28 + 1;
            format!("26-09{at:04},{booked},Roster,Person {at},1988-03-{day:02}\n")
        };
        let mut last_night: String =
            HEADING.to_owned() + &(0..IN_CUSTODY).map(row).collect::<String>();
        // No day of the calendar, and nobody's name.
        last_night.push_str("26-090090,2026-02-30 08:00,Roster,Mistyped,1990-01-01\n");
        last_night.push_str(&format!(
            "26-090091,{},,Nameless,1990-01-01\n",
            now.format("%Y-%m-%d 00:00")
        ));
        self.roster("roster-last-night.csv", last_night).await?;
        self.at(now - Duration::hours(2));
        self.hear(0, FEED, 1440).await?;
        // Most of the jail is missing from it: a person looks before it is taken in.
        let tonight = HEADING.to_owned() + &(0..IN_CUSTODY / 4).map(row).collect::<String>();
        self.roster("roster-tonight.csv", tonight).await?;
        self.at(now);
        Ok(())
    }

    async fn hear(&self, agency: usize, name: &str, minutes: i32) -> Result<(), Problem> {
        let mut tx = self.jail(agency).await?;
        let said = json!({"expected_every_minutes": minutes});
        let said = serde_json::from_value(said).map_err(Problem::internal)?;
        heartbeat(&mut tx, &self.app, name, said).await?;
        tx.commit().await.map_err(Problem::from)
    }

    async fn roster(&self, file_name: &str, text: String) -> Result<(), Problem> {
        let spooled = Spooled::of_body(&HeaderMap::new(), Body::from(text)).await?;
        let submission = Submission {
            kind: Kind::Bookings,
            mapping: Some(SAVED.to_owned()),
            feed: Some(FEED.to_owned()),
            roster: true,
            file_name: Some(file_name.to_owned()),
        };
        let mut tx = self.jail(0).await?;
        let job = submit(&mut tx, &self.app, submission, &spooled, true).await?;
        tx.commit().await.map_err(Problem::from)?;
        let import = Import::take(&self.app, self.agencies[0].clone(), job.id)
            .await
            .map_err(|error: StoreError| Problem::from(error))?;
        if let Some(mut import) = import {
            import.carry_on(|_| ()).await.map_err(Problem::internal)?;
        }
        Ok(())
    }
}
