//! What releases say about the past: imported once, counted honestly, and never work.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use sallyport::imports::apply::{Counts, ImportError, Importer, Report};
use sallyport::imports::ddp::Ddp;
use sallyport::reports::historical::{BY_AGENCY_LOCAL, BY_PLACE};
use sallyport::types::{Actor, Role, Side};
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::support::*;

const HEADING: &str =
    "Prepare Date,Detainer Type,Detainer Detention Facility,State,City,Detainer Lift Reason\n";

/// A file of our own making, gone with the test.
pub struct Release(PathBuf);

impl Release {
    pub fn new(rows: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sallyport-release-{}.csv", fresh_key()));
        std::fs::write(&path, format!("{HEADING}{rows}")).unwrap();
        Self(path)
    }

    fn rewrite(&self, rows: &str) {
        std::fs::write(&self.0, format!("{HEADING}{rows}")).unwrap();
    }

    pub async fn import(
        &self,
        app: &TestApp,
        dataset: &str,
        progress: impl FnMut(&Counts),
    ) -> Result<Report, ImportError> {
        let importer = Importer {
            pool: &app.app.pools.operator,
            actor: operator(),
            clock: app.app.clock.clone(),
            hub: Some(app.app.hub.clone()),
        };
        importer
            .detainers(
                Arc::new(Ddp::embedded().unwrap()),
                &self.0,
                dataset,
                progress,
            )
            .await
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

fn operator() -> Actor {
    Actor {
        side: Side::Operator,
        role: Role::SystemAdmin,
        agency: None,
        office: None,
        jurisdiction: None,
        credential: "test".into(),
        name: "Test".into(),
    }
}

fn counts(read: u64, accepted: u64, unchanged: u64, rejected: u64, removed: u64) -> Counts {
    Counts {
        read,
        accepted,
        unchanged,
        rejected,
        removed,
    }
}

const FOUR: &str = "1/5/15,I247 - Notice of Action (as of March 2013),ALAMEDA COUNTY JAIL,CALIFORNIA,OAKLAND,Detainer Declined by LEA
1/5/15,I247 - Notice of Action (as of March 2013),ALAMEDA COUNTY JAIL,CALIFORNIA,OAKLAND,Detainer Declined by LEA
2/6/15,I247N - Request for Notification,SAN DIEGO MCC,CALIFORNIA,SAN DIEGO,
2/7/15,I247D - Request for Action,OTHER-OTHER FACILITY,,,Booked into Detention
";

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_release_is_counted_with_what_is_unknown(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let report = Release::new(FOUR)
        .import(&app, "four", |_| {})
        .await
        .unwrap();
    assert_eq!(report.counts, counts(4, 4, 0, 0, 0));

    for caller in [
        app.liaison(SND).await,
        app.submitter(ALDER).await,
        app.operator().await,
    ] {
        let answer = caller
            .get("/v1/statistics/detainers?by=month,form&dataset=four")
            .await
            .expect(200);
        assert_eq!(
            answer.json(),
            json!({
                "items": [
                    {"month": "2015-01", "form": "I-247", "count": 2},
                    {"month": "2015-02", "form": "I-247D", "count": 1},
                    {"month": "2015-02", "form": "I-247N", "count": 1}
                ],
                "total": 4,
                "unknown": {"form": 0, "lift_reason": 1, "state": 1, "county": 1, "facility": 0, "custodian_kind": 1},
                "totals": {
                    "by_place": {"label": BY_PLACE, "count": 4},
                    "by_agency_local": {"label": BY_AGENCY_LOCAL, "count": 2}
                }
            })
        );
        let pending = caller.get("/v1/detainers?status=pending").await;
        assert_eq!(
            pending.json()["items"].as_array().map_or(0, Vec::len),
            0,
            "history is not work"
        );
    }
    let caller = app.liaison(SND).await;
    let answer = caller
        .get("/v1/statistics/detainers?by=county,custodian_kind&state=ca&from=2015-02-01&to=2015-02-06")
        .await
        .expect(200);
    assert_eq!(
        answer.json()["items"],
        json!([{"county": "06073", "custodian_kind": "federal", "count": 1}])
    );
    for bad in [
        "by=name",
        "by=month,month",
        "from=1/1/15",
        "source=guess",
        "colour=red",
    ] {
        caller
            .get(&format!("/v1/statistics/detainers?{bad}"))
            .await
            .expect(422);
    }
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn the_same_file_again_changes_nothing_and_a_mended_one_what_differs(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let release = Release::new(&format!("{FOUR}2/30/15,I247,,,,\n"));
    assert_eq!(
        release.import(&app, "four", |_| {}).await.unwrap().counts,
        counts(5, 4, 0, 1, 0)
    );
    let again = release.import(&app, "four", |_| {}).await.unwrap();
    assert_eq!(again.counts, counts(5, 0, 4, 1, 0));
    let rejected: (i64, Option<String>, Option<String>) = sqlx::query_as(
        "select line, column_name, value from reports.rejected_row where job_id = $1",
    )
    .bind(again.job)
    .fetch_one(&app.app.pools.operator)
    .await
    .unwrap();
    assert_eq!(
        rejected,
        (6, Some("Prepare Date".into()), Some("2/30/15".into()))
    );

    release.rewrite(&format!(
        "{}2/28/15,I247,,,,Went home\n",
        FOUR.replace("2/6/15", "2/8/15")
    ));
    let mended = release.import(&app, "four", |_| {}).await.unwrap();
    assert_eq!(mended.counts, counts(5, 2, 3, 0, 0));
    assert_eq!(mended.warnings.len(), 1);

    release.rewrite(
        FOUR.split_inclusive('\n')
            .take(2)
            .collect::<String>()
            .as_str(),
    );
    assert_eq!(
        release.import(&app, "four", |_| {}).await.unwrap().counts,
        counts(2, 0, 2, 0, 3)
    );
    app.stop().await;
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_run_that_was_cut_off_goes_on_and_counts_nothing_twice(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner).await;
    let mut rows = String::new();
    for n in 0..12_000 {
        writeln!(
            rows,
            "1/{}/15,I247,ALAMEDA COUNTY JAIL,CALIFORNIA,OAKLAND,",
            n % 28 + 1
        )
        .unwrap();
    }
    let release = Release::new(&rows);
    // The first chunk is committed; then its task dies.
    let stopped = tokio::spawn({
        let (pool, clock) = (app.app.pools.operator.clone(), app.app.clock.clone());
        let path = release.0.clone();
        async move {
            let importer = Importer {
                pool: &pool,
                actor: operator(),
                clock,
                hub: None,
            };
            importer
                .detainers(Arc::new(Ddp::embedded().unwrap()), &path, "long", |_| {
                    panic!("cut off")
                })
                .await
        }
    })
    .await;
    assert!(stopped.is_err());
    let held: i64 = sqlx::query_scalar("select count(*) from reports.historical_detainer")
        .fetch_one(&app.app.pools.operator)
        .await
        .unwrap();
    assert_eq!(held, 5_000);
    let report = release.import(&app, "long", |_| {}).await.unwrap();
    assert!(report.resumed);
    assert_eq!(report.counts, counts(12_000, 12_000, 0, 0, 0));
    app.stop().await;
}
