//! `GET /v1/statistics/detainers`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use serde::Deserialize;

use super::historical::{self, Dimension, Filter, StatisticsError};
use crate::app::App;
use crate::db::scope::Access;
use crate::http::{Caller, Problem, Query, Tagged, query};
use crate::identity::AnyCaller;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatisticsQuery {
    /// `historical`: what releases say about the past.
    pub source: Option<String>,
    /// Any of `month,form,lift_reason,state,county,facility,custodian_kind`.
    pub by: Option<String>,
    /// Name of a data set.
    pub dataset: Option<String>,
    /// First day, counted.
    pub from: Option<String>,
    /// Last day, counted.
    pub to: Option<String>,
    /// USPS code, or the jurisdiction's id (`us-ca`).
    pub state: Option<String>,
    /// County FIPS.
    pub county: Option<String>,
}

pub async fn get_statistics(
    State(app): State<App>,
    caller: AnyCaller,
    Query(q): Query<StatisticsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match q.source.as_deref() {
        None | Some("historical") => {}
        Some(_) => return Err(query::bad("source", "historical is expected")),
    }
    let by = Dimension::parse_list(q.by.as_deref().unwrap_or_default()).map_err(|word| {
        let known = Dimension::ALL.map(Dimension::as_str).join(", ");
        query::bad("by", &format!("{word} is not one of {known}, each once"))
    })?;
    let filter = Filter {
        dataset: q.dataset,
        from: day("from", q.from)?,
        to: day("to", q.to)?,
        state: q
            .state
            .map(|state| state.trim_start_matches("us-").to_uppercase()),
        county: q.county,
    };
    let mut tx = caller.open(&app, Access::Read).await?;
    let counted = historical::count(tx.conn(), &by, &filter).await;
    tx.rollback().await?;
    let statistics = counted.map_err(|error| match error {
        StatisticsError::TooFine => query::bad("by", &error.to_string()),
        StatisticsError::Store(error) => error.into(),
    })?;
    Ok(Tagged::ok(&statistics).unless_known(&headers))
}

fn day(name: &str, text: Option<String>) -> Result<Option<NaiveDate>, Problem> {
    text.map(|text| {
        text.parse()
            .map_err(|_| query::bad(name, "a date as YYYY-MM-DD is expected"))
    })
    .transpose()
}
