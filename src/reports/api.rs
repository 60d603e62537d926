//! `GET /v1/statistics/detainers`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
    /// Any of month, form, lift_reason, state, county, facility, custodian_kind, with commas.
    pub by: Option<String>,
    pub dataset: Option<String>,
    /// First day on which the form was prepared.
    pub from: Option<String>,
    /// Last day.
    pub to: Option<String>,
    /// USPS code.
    pub state: Option<String>,
    /// County FIPS.
    pub county: Option<String>,
}

/// Counts, their total, and how many of the total say nothing about a dimension.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StatisticsBody {
    /// A value for each dimension of `by` (null = unknown) and a `count`.
    #[schema(value_type = Vec<Object>)]
    pub items: Value,
    pub total: i64,
    #[schema(value_type = Object)]
    pub unknown: Value,
}

pub async fn get_statistics(
    State(app): State<App>,
    caller: AnyCaller,
    Query(q): Query<StatisticsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    if q.source.as_deref().unwrap_or("historical") != "historical" {
        return Err(query::bad("source", "historical is expected"));
    }
    let by = Dimension::parse_list(q.by.as_deref().unwrap_or_default())
        .map_err(|word| query::bad("by", &format!("{word} is unknown or given twice")))?;
    let date = |name: &str, text: &Option<String>| {
        text.as_deref()
            .map(|text| {
                text.parse()
                    .map_err(|_| query::bad(name, "a date such as 2014-10-01 is expected"))
            })
            .transpose()
    };
    let filter = Filter {
        dataset: q.dataset.clone(),
        from: date("from", &q.from)?,
        to: date("to", &q.to)?,
        state: q.state.as_ref().map(|state| state.to_uppercase()),
        county: q.county.clone(),
    };
    let counted =
        historical::count(tx.conn(), &by, &filter)
            .await
            .map_err(|error| match error {
                StatisticsError::TooFine => query::bad(
                    "by",
                    "the answer would have too many items; count by fewer things or filter",
                ),
                StatisticsError::Store(error) => error.into(),
            })?;
    tx.rollback().await?;
    let to_value = |value| serde_json::to_value(value).map_err(Problem::internal);
    let body = StatisticsBody {
        items: serde_json::to_value(&counted.items).map_err(Problem::internal)?,
        total: counted.total,
        unknown: to_value(&counted.unknown)?,
    };
    Ok(Tagged::ok(&body).unless_known(&headers))
}
