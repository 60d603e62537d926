//! Counts of what releases say about the past. Every answer carries its total and how much of it
//! is unknown: two thirds of the rows of 2015 have no lift reason, and a share of the rest alone
//! would mislead.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::{PgConnection, Postgres, QueryBuilder, Row};

use crate::db::StoreError;

/// By what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    Month,
    Form,
    LiftReason,
    State,
    /// By place: a federal prison counts in the county in which it stands.
    County,
    /// Name, city and state together: one name stands for many places.
    Facility,
    CustodianKind,
}

impl Dimension {
    pub const ALL: [Self; 7] = [
        Self::Month,
        Self::Form,
        Self::LiftReason,
        Self::State,
        Self::County,
        Self::Facility,
        Self::CustodianKind,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Form => "form",
            Self::LiftReason => "lift_reason",
            Self::State => "state",
            Self::County => "county",
            Self::Facility => "facility",
            Self::CustodianKind => "custodian_kind",
        }
    }

    /// Reads `month,form`; a word that is no dimension, or stands there twice, comes back.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let mut found = Vec::new();
        for word in text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            match Self::ALL
                .into_iter()
                .find(|dimension| dimension.as_str() == word)
            {
                Some(dimension) if !found.contains(&dimension) => found.push(dimension),
                _ => return Err(word.to_owned()),
            }
        }
        Ok(found)
    }

    /// What it adds to an item: the name there and the expression.
    fn columns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Month => &[("month", "to_char(month, 'YYYY-MM')")],
            Self::Form => &[("form", "form")],
            Self::LiftReason => &[("lift_reason", "lift_reason")],
            Self::State => &[("state", "state")],
            Self::County => &[("county", "county_fips")],
            Self::Facility => &[
                ("facility", "facility"),
                ("city", "city"),
                ("state", "state"),
            ],
            Self::CustodianKind => &[("custodian_kind", "custodian_kind")],
        }
    }
}

/// Which rows are counted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub dataset: Option<String>,
    /// First and last day on which the form was prepared, both counted.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    /// Postal code.
    pub state: Option<String>,
    /// County FIPS.
    pub county: Option<String>,
}

/// The answer of `GET /v1/statistics/detainers`.
#[derive(Debug, Clone, Serialize)]
pub struct Statistics {
    pub items: Vec<Item>,
    pub total: i64,
    /// How many of the total say nothing about it.
    pub unknown: Unknown,
    /// How many of the total are at places known to be run by a county or a city.
    pub local: i64,
}

/// A total with what it counts: a county has two, and each alone would be taken for the other.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LabelledTotal {
    pub label: &'static str,
    pub count: i64,
}

/// The same rows counted by where the person was, and by who held him.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Totals {
    pub by_place: LabelledTotal,
    pub by_agency_local: LabelledTotal,
}

/// What the two totals are called, here and on the map.
pub const BY_PLACE: &str =
    "By place: every facility that stands there, federal, state and private ones among them";
pub const BY_AGENCY_LOCAL: &str =
    "By agency (local): only facilities known to be run by the county or a city";

impl Statistics {
    pub fn totals(&self) -> Totals {
        Totals {
            by_place: LabelledTotal {
                label: BY_PLACE,
                count: self.total,
            },
            by_agency_local: LabelledTotal {
                label: BY_AGENCY_LOCAL,
                count: self.local,
            },
        }
    }
}

/// One cell: a value for each dimension (null is unknown) and a count.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    #[serde(flatten)]
    pub values: Map<String, Value>,
    pub count: i64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Unknown {
    pub form: i64,
    pub lift_reason: i64,
    pub state: i64,
    pub county: i64,
    pub facility: i64,
    pub custodian_kind: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum StatisticsError {
    #[error("more than {MOST_ITEMS} items: count by fewer things or filter")]
    TooFine,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An answer of more cells than this is an export.
pub const MOST_ITEMS: usize = 100_000;

/// Counts in one statement, so that total, cells and unknown are of one moment even while an
/// import runs.
pub async fn count(
    conn: &mut PgConnection,
    by: &[Dimension],
    filter: &Filter,
) -> Result<Statistics, StatisticsError> {
    let mut columns: Vec<(&str, &str)> = Vec::new();
    for column in by.iter().flat_map(|dimension| dimension.columns()) {
        if !columns.contains(column) {
            columns.push(*column);
        }
    }
    // The GROUP BY is the caller's choice; its words are ours.
    let mut query = QueryBuilder::<Postgres>::new(
        "select count(*),
                coalesce(sum(count(*)) over (), 0)::bigint,
                coalesce(sum(count(*) filter (where form is null)) over (), 0)::bigint,
                coalesce(sum(count(*) filter (where lift_reason is null)) over (), 0)::bigint,
                coalesce(sum(count(*) filter (where state is null)) over (), 0)::bigint,
                coalesce(sum(count(*) filter (where county_fips is null)) over (), 0)::bigint,
                coalesce(sum(count(*) filter (where facility is null)) over (), 0)::bigint,
                coalesce(sum(count(*) filter (where custodian_kind = 'unknown')) over (), 0)::bigint,
                coalesce(sum(count(*) filter (where custodian_kind = 'local')) over (), 0)::bigint",
    );
    for (_, expression) in &columns {
        query.push(", ").push(expression);
    }
    query.push(" from reports.historical_detainer where true");
    if let Some(dataset) = &filter.dataset {
        query.push(" and dataset = ").push_bind(dataset);
    }
    if let Some(from) = filter.from {
        query.push(" and prepared_on >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" and prepared_on <= ").push_bind(to);
    }
    if let Some(state) = &filter.state {
        query.push(" and state = ").push_bind(state);
    }
    if let Some(county) = &filter.county {
        query.push(" and county_fips = ").push_bind(county);
    }
    if columns.is_empty() {
        query.push(" group by ()");
    } else {
        let places: Vec<String> = (10..10 + columns.len())
            .map(|place| place.to_string())
            .collect();
        query.push(format!(
            " group by {0} order by {0} limit {1}",
            places.join(", "),
            MOST_ITEMS + 1
        ));
    }
    let rows = query
        .build()
        .fetch_all(conn)
        .await
        .map_err(StoreError::from)?;
    if rows.len() > MOST_ITEMS {
        return Err(StatisticsError::TooFine);
    }
    let mut statistics = Statistics {
        items: Vec::with_capacity(rows.len()),
        total: 0,
        unknown: Unknown::default(),
        local: 0,
    };
    if let Some(row) = rows.first() {
        let number = |at: usize| row.try_get::<i64, _>(at).map_err(StoreError::from);
        statistics.total = number(1)?;
        statistics.local = number(8)?;
        statistics.unknown = Unknown {
            form: number(2)?,
            lift_reason: number(3)?,
            state: number(4)?,
            county: number(5)?,
            facility: number(6)?,
            custodian_kind: number(7)?,
        };
    }
    if columns.is_empty() {
        return Ok(statistics);
    }
    for row in &rows {
        let mut values = Map::new();
        for (at, (name, _)) in columns.iter().enumerate() {
            let text: Option<String> = row.try_get(9 + at).map_err(StoreError::from)?;
            values.insert((*name).to_owned(), text.map_or(Value::Null, Value::String));
        }
        statistics.items.push(Item {
            values,
            count: row.try_get(0).map_err(StoreError::from)?,
        });
    }
    Ok(statistics)
}
