//! What a map is shaded by: counts of each place, of one release or of what was imported.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value;
use sqlx::PgConnection;

use super::historical::{self, Dimension, Filter, Item, StatisticsError};
use super::published;
use crate::db::StoreError;

/// One place in one period. County and state are absent where no rule could name them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlaceCount {
    /// FIPS.
    pub county: Option<String>,
    /// USPS code.
    pub state: Option<String>,
    /// By place: federal, state and private places of the county among them.
    pub detainers: u32,
    /// Recorded by the office as declined: whether anybody was held is not known.
    pub declined: u32,
    /// With no lift reason: neither open nor honoured.
    pub unknown: u32,
    /// By agency: at places known to be run by the county or a city.
    pub local: u32,
    pub local_declined: u32,
}

/// The one period that was published by county.
pub fn published() -> Result<Vec<PlaceCount>, StoreError> {
    Ok(published::by_county()?
        .into_iter()
        .map(|count| PlaceCount {
            county: count.county,
            state: count.state,
            detainers: count.detainers,
            declined: count.declined,
            unknown: count.unknown,
            local: count.local_detainers,
            local_declined: count.local_declined,
        })
        .collect())
}

/// What was imported, of one calendar year or of all.
pub async fn imported(
    conn: &mut PgConnection,
    year: Option<i32>,
) -> Result<Vec<PlaceCount>, StatisticsError> {
    let day = |month, day| year.and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
    let filter = Filter {
        from: day(1, 1),
        to: day(12, 31),
        ..Filter::default()
    };
    let by = [
        Dimension::State,
        Dimension::County,
        Dimension::CustodianKind,
        Dimension::LiftReason,
    ];
    let counted = historical::count(conn, &by, &filter).await?;
    let mut places: BTreeMap<(Option<String>, Option<String>), PlaceCount> = BTreeMap::new();
    for item in &counted.items {
        let (state, county) = (text(item, "state"), text(item, "county"));
        let place = places.entry((state.clone(), county.clone())).or_default();
        (place.state, place.county) = (state, county);
        let count = u32::try_from(item.count).unwrap_or(u32::MAX);
        let local = text(item, "custodian_kind").as_deref() == Some("local");
        let reason = text(item, "lift_reason");
        let declined = reason.as_deref() == Some("declined_by_lea");
        place.detainers += count;
        place.declined += if declined { count } else { 0 };
        place.unknown += if reason.is_none() { count } else { 0 };
        place.local += if local { count } else { 0 };
        place.local_declined += if local && declined { count } else { 0 };
    }
    Ok(places.into_values().collect())
}

/// The years in which something that was imported was prepared.
pub async fn imported_years(conn: &mut PgConnection) -> Result<Vec<i32>, StatisticsError> {
    let counted = historical::count(conn, &[Dimension::Month], &Filter::default()).await?;
    let mut years: Vec<i32> = counted
        .items
        .iter()
        .filter_map(|item| text(item, "month")?.get(..4)?.parse().ok())
        .collect();
    years.dedup();
    Ok(years)
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.values
        .get(name)
        .and_then(Value::as_str)
        .map(str::to_owned)
}
