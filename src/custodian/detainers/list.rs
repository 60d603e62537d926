//! The jail's work list, from the case file's own index: no join decides its order.

use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::case_file::{self, CaseFile};
use super::papers;
use crate::app::App;
use crate::custodian::assessments;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::filter::Filter;
use crate::exchange::detainer::{DetainerBody, Paper};
use crate::http::cursor::Place;

/// A page of the agency's requests and, when there are more, the place where the next begins.
pub async fn page(
    tx: &mut ScopedTx<'_>,
    app: &App,
    filter: &Filter,
) -> Result<(Vec<(Paper, CaseFile)>, Option<Place>), StoreError> {
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(
        "select c.id, c.issued_on from custodian.case_file c where c.agency_id = ",
    );
    query.push_bind(tx.agency_id());
    if let Some(status) = filter.status {
        // A literal, so that the partial index of pending ones serves.
        query.push(format!(" and c.status = '{status}'"));
    }
    if let Some(form) = filter.form {
        query.push(" and c.form = ").push_bind(form.as_str());
    }
    if let Some(office) = filter.office_id {
        query.push(" and c.office_id = ").push_bind(office);
    }
    if let Some(stage) = filter.stage {
        use crate::exchange::detainer::Stage;
        query.push(match stage {
            Stage::Released => " and c.released_at is not null",
            Stage::HoldRunning => " and c.released_at is null and c.hold_deadline_at is not null",
            Stage::ReleaseExpected => {
                " and c.released_at is null and c.hold_deadline_at is null and c.release_expected_at is not null"
            }
            Stage::Served => {
                " and c.released_at is null and c.hold_deadline_at is null and c.release_expected_at is null and c.served_at is not null"
            }
            Stage::Acknowledged => {
                " and c.released_at is null and c.hold_deadline_at is null and c.release_expected_at is null and c.served_at is null and c.acknowledged_at is not null"
            }
            Stage::Received => {
                " and c.released_at is null and c.hold_deadline_at is null and c.release_expected_at is null and c.served_at is null and c.acknowledged_at is null"
            }
            Stage::Notified | Stage::HandedOver => " and false",
        });
    }
    if let Some(number) = &filter.booking_number {
        query
            .push(" and c.booking_number = ")
            .push_bind(number.clone());
    }
    filter.push_common(&mut query, "c", app);
    let rows: Vec<(Uuid, chrono::NaiveDate)> = query.build_query_as().fetch_all(tx.conn()).await?;
    let (ids, next) = filter.split(rows);
    let papers = papers::by_ids(tx, &app.vault, &ids).await?;
    let mut cases = case_file::by_ids(tx, &ids).await?;
    let items = papers
        .into_iter()
        .filter_map(|paper| {
            let at = cases.iter().position(|case| case.id == paper.id)?;
            Some((paper, cases.swap_remove(at)))
        })
        .collect();
    Ok((items, next))
}

/// The same as JSON bodies.
pub async fn bodies(
    tx: &mut ScopedTx<'_>,
    app: &App,
    items: &[(Paper, CaseFile)],
) -> Result<Vec<DetainerBody>, StoreError> {
    let now = app.clock.now();
    let cases: Vec<_> = items.iter().map(|(paper, case)| (paper, case)).collect();
    let assessed = assessments::of_cases(tx, app, &cases, now).await?;
    Ok(items
        .iter()
        .zip(&assessed)
        .map(|((paper, case), assessed)| case.body(paper, assessed, now))
        .collect())
}
