//! `GET /v1/statistics/detainers`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::historical::{self, Dimension, Filter, StatisticsError, Totals};
use super::operational;
use crate::app::App;
use crate::db::scope::Access;
use crate::http::{Caller, Problem, Query, Tagged, query};
use crate::identity::AnyCaller;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatisticsQuery {
    /// `historical`: what releases say about the past; `operational`: live requests within the
    /// caller's scope.
    pub source: Option<String>,
    /// Any of month, form, lift_reason, state, county, facility, custodian_kind, with commas; of
    /// live requests also notice_outcome, custody_outcome.
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
    /// Of historical counts: the total by place, and that of local agencies apart from federal, state and private
    /// places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
}

pub async fn get_statistics(
    State(app): State<App>,
    caller: AnyCaller,
    Query(q): Query<StatisticsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut tx = caller.open(&app, Access::Read).await?;
    let date = |name: &str, text: &Option<String>| {
        text.as_deref()
            .map(|text| {
                text.parse()
                    .map_err(|_| query::bad(name, "a date such as 2014-10-01 is expected"))
            })
            .transpose()
    };
    let by = q.by.as_deref().unwrap_or_default();
    let unknown_word =
        |word: String| query::bad("by", &format!("{word} is unknown or given twice"));
    let (from, to) = (date("from", &q.from)?, date("to", &q.to)?);
    let state = q.state.as_ref().map(|state| state.to_uppercase());
    let body = match q.source.as_deref().unwrap_or("historical") {
        "historical" => {
            let by = Dimension::parse_list(by).map_err(unknown_word)?;
            let filter = Filter {
                dataset: q.dataset.clone(),
                from,
                to,
                state,
                county: q.county.clone(),
            };
            let counted = historical::count(tx.conn(), &by, &filter)
                .await
                .map_err(too_fine)?;
            StatisticsBody {
                items: serde_json::to_value(&counted.items).map_err(Problem::internal)?,
                total: counted.total,
                unknown: serde_json::to_value(&counted.unknown).map_err(Problem::internal)?,
                totals: Some(counted.totals()),
            }
        }
        "operational" => {
            if q.dataset.is_some() {
                return Err(query::bad(
                    "dataset",
                    "only historical counts have datasets",
                ));
            }
            let by = operational::Dimension::parse_list(by).map_err(unknown_word)?;
            let filter = operational::Filter {
                from,
                to,
                state,
                county: q.county.clone(),
            };
            let counted = operational::count(&mut tx, &by, &filter).await?;
            StatisticsBody {
                items: serde_json::to_value(&counted.items).map_err(Problem::internal)?,
                total: counted.total,
                unknown: counted.unknown,
                totals: None,
            }
        }
        _ => {
            return Err(query::bad(
                "source",
                "historical or operational is expected",
            ));
        }
    };
    tx.rollback().await?;
    Ok(Tagged::ok(&body).unless_known(&headers))
}

/// What could not be counted, as a caller hears it.
pub(super) fn too_fine(error: StatisticsError) -> Problem {
    match error {
        StatisticsError::TooFine => query::bad(
            "by",
            "the answer would have too many items; count by fewer things or filter",
        ),
        StatisticsError::Store(error) => error.into(),
    }
}
