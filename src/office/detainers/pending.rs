//! The office's work list, from the paper's own index.

use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::app::App;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::filter::Filter;
use crate::exchange::detainer::store::by_ids;
use crate::exchange::detainer::{Paper, Stage};
use crate::http::cursor::Place;

/// A page of the office's requests and, when there are more, the place where the next begins.
pub async fn page(
    tx: &mut ScopedTx<'_>,
    app: &App,
    filter: &Filter,
) -> Result<(Vec<Paper>, Option<Place>), StoreError> {
    let mut query: QueryBuilder<Postgres> =
        QueryBuilder::new("select d.id, d.issued_on from exchange.detainer d where d.office_id = ");
    query.push_bind(tx.office_id());
    if let Some(status) = filter.status {
        // A literal, so that the partial index of pending ones serves.
        query.push(format!(" and d.status = '{status}'"));
    }
    if let Some(form) = filter.form {
        query.push(" and d.form = ").push_bind(form.as_str());
    }
    if let Some(office) = filter.office_id {
        query.push(" and d.office_id = ").push_bind(office);
    }
    if let Some(stage) = filter.stage {
        query.push(match stage {
            Stage::HandedOver => " and d.handed_over_at is not null",
            Stage::Notified => " and d.handed_over_at is null and d.notified_at is not null",
            Stage::Served => " and d.handed_over_at is null and d.notified_at is null and d.served_at is not null",
            Stage::Acknowledged => " and d.handed_over_at is null and d.notified_at is null and d.served_at is null and d.acknowledged_at is not null",
            Stage::Received => " and d.handed_over_at is null and d.notified_at is null and d.served_at is null and d.acknowledged_at is null",
            Stage::ReleaseExpected | Stage::HoldRunning | Stage::Released => " and false",
        });
    }
    if let Some(number) = &filter.booking_number {
        query
            .push(" and d.booking_number = ")
            .push_bind(number.clone());
    }
    filter.push_common(&mut query, "d", app);
    let rows: Vec<(Uuid, chrono::NaiveDate)> = query.build_query_as().fetch_all(tx.conn()).await?;
    let (ids, next) = filter.split(rows);
    Ok((by_ids(tx, &app.vault, &ids).await?, next))
}

/// Pending requests at one custodian by days since they were issued.
pub struct AtCustodian {
    pub ori: String,
    pub name: String,
    pub connected: bool,
    /// Up to 7 days, 8 to 30, 31 to 90, older.
    pub week: i64,
    pub month: i64,
    pub quarter: i64,
    pub older: i64,
}

/// The office's pending requests by custodian, the most first.
pub async fn by_custodian(
    tx: &mut ScopedTx<'_>,
    today: chrono::NaiveDate,
    limit: i64,
) -> Result<Vec<AtCustodian>, StoreError> {
    let office = tx.office_id();
    Ok(sqlx::query_as!(
        AtCustodian,
        r#"select a.ori, a.name, a.connected,
                  count(*) filter (where $2::date - d.issued_on <= 7) as "week!",
                  count(*) filter (where $2::date - d.issued_on between 8 and 30) as "month!",
                  count(*) filter (where $2::date - d.issued_on between 31 and 90) as "quarter!",
                  count(*) filter (where $2::date - d.issued_on > 90) as "older!"
             from exchange.detainer d join registry.agency a on a.id = d.agency_id
            where d.office_id = $1 and d.status = 'pending'
            group by a.id, a.ori, a.name, a.connected order by count(*) desc, a.ori limit $3"#,
        office,
        today,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}
