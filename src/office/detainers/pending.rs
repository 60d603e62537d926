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
            Stage::Notified => " and d.notified_at is not null",
            Stage::Served => " and d.notified_at is null and d.served_at is not null",
            Stage::Acknowledged => " and d.notified_at is null and d.served_at is null and d.acknowledged_at is not null",
            Stage::Received => " and d.notified_at is null and d.served_at is null and d.acknowledged_at is null",
            Stage::HandedOver | Stage::ReleaseExpected | Stage::HoldRunning | Stage::Released => " and false",
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
