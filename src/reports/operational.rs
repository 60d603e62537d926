//! Counts of live requests, each caller's within its scope: an agency its own, an office its own
//! from the table between the sides alone, oversight those of its subtree that nobody restricted.

use chrono::NaiveDate;
use serde_json::{Map, Value};
use sqlx::{Postgres, QueryBuilder, Row};

use super::historical::{Item, MOST_ITEMS, StatisticsError};
use crate::db::{ScopedTx, StoreError};
use crate::http::Problem;
use crate::registry::agencies;
use crate::types::Side;
use crate::types::actor::words;

words! {
    /// By what live requests are counted.
    Dimension {
        Month = "month", Form = "form", LiftReason = "lift_reason", State = "state", County = "county",
        Facility = "facility", CustodianKind = "custodian_kind", NoticeOutcome = "notice_outcome",
        CustodyOutcome = "custody_outcome",
    }
}

impl Dimension {
    /// Reads `month,form`; a word that is no dimension, or stands there twice, comes back.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let mut found = Vec::new();
        for word in text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            match Self::parse(word) {
                Some(dimension) if !found.contains(&dimension) => found.push(dimension),
                _ => return Err(word.to_owned()),
            }
        }
        Ok(found)
    }

    fn expression(self) -> &'static str {
        match self {
            Self::Month => "to_char(r.issued_on, 'YYYY-MM')",
            Self::Form => "r.form",
            Self::LiftReason => "r.lift_reason",
            Self::State => "j.state",
            Self::County => COUNTY,
            Self::Facility => "a.ori",
            Self::CustodianKind => "case a.kind when 'state_prison' then 'state' else 'local' end",
            Self::NoticeOutcome => "nullif(r.notice, 'unknown')",
            Self::CustodyOutcome => "nullif(r.custody, 'unknown')",
        }
    }
}

/// A city counts in its county.
const COUNTY: &str = "case j.level when 'county' then j.id when 'city' then j.parent end";

/// Which requests are counted.
#[derive(Debug, Default)]
pub struct Filter {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub state: Option<String>,
    pub county: Option<String>,
}

/// Cells, their total, and how many of it say nothing.
pub struct Counted {
    pub items: Vec<Item>,
    pub total: i64,
    pub unknown: Value,
}

/// The latest statement of each side; the agency's comes first, since it had the person.
const OF_THE_JAIL: &str = "select c.agency_id, c.issued_on, c.form, d.lift_reason,
        coalesce(own.notice, theirs.notice) as notice, coalesce(own.custody, theirs.custody) as custody
   from custodian.case_file c
        left join exchange.detainer d on d.agency_id = c.agency_id and d.id = c.id
        left join lateral (select notice, custody from custodian.outcome s
             where s.agency_id = c.agency_id and s.detainer_id = c.id order by recorded_at desc limit 1) own on true
        left join lateral (select notice, custody from exchange.outcome s
             where s.agency_id = c.agency_id and s.detainer_id = c.id and s.side = 'office'
             order by recorded_at desc limit 1) theirs on true
  where c.agency_id = any(";

/// What the office knows: its own statement, else what the custodian told.
const OF_THE_OFFICE: &str =
    "select d.agency_id, d.issued_on, d.form, d.lift_reason, s.notice, s.custody
   from exchange.detainer d
        left join lateral (select notice, custody from exchange.outcome s
             where s.office_id = d.office_id and s.detainer_id = d.id
             order by (s.side = 'office') desc, recorded_at desc limit 1) s on true
  where d.office_id = ";

/// Counts in one statement, so that cells and totals are of one moment.
pub async fn count(
    tx: &mut ScopedTx<'_>,
    by: &[Dimension],
    filter: &Filter,
) -> Result<Counted, Problem> {
    let mut query = QueryBuilder::<Postgres>::new("with r as (");
    match tx.actor().side {
        Side::Custodian => {
            query
                .push(OF_THE_JAIL)
                .push_bind(vec![tx.agency_id()])
                .push(")");
        }
        Side::Office => {
            query.push(OF_THE_OFFICE).push_bind(tx.office_id());
        }
        Side::Oversight if tx.actor().jurisdiction.is_some() => {
            let jurisdiction = tx.actor().jurisdiction.clone().unwrap_or_default();
            let agencies = agencies::of_subtree(tx.conn(), &jurisdiction).await?;
            query.push(OF_THE_JAIL).push_bind(agencies).push(")");
        }
        _ => {
            return Err(Problem::forbidden(
                "Live requests are counted for agencies, offices, and admins and auditors of a jurisdiction.",
            ));
        }
    }
    query.push(format!(
        ") select count(*), coalesce(sum(count(*)) over (), 0)::bigint,
            coalesce(sum(count(*) filter (where r.lift_reason is null)) over (), 0)::bigint,
            coalesce(sum(count(*) filter (where j.state is null)) over (), 0)::bigint,
            coalesce(sum(count(*) filter (where {COUNTY} is null)) over (), 0)::bigint,
            coalesce(sum(count(*) filter (where nullif(r.notice, 'unknown') is null)) over (), 0)::bigint,
            coalesce(sum(count(*) filter (where nullif(r.custody, 'unknown') is null)) over (), 0)::bigint"
    ));
    for dimension in by {
        query.push(", ").push(dimension.expression());
    }
    query.push(
        " from r join registry.agency a on a.id = r.agency_id join registry.jurisdiction j on j.id = a.jurisdiction where true",
    );
    if let Some(from) = filter.from {
        query.push(" and r.issued_on >= ").push_bind(from);
    }
    if let Some(to) = filter.to {
        query.push(" and r.issued_on <= ").push_bind(to);
    }
    if let Some(state) = &filter.state {
        query.push(" and j.state = ").push_bind(state.clone());
    }
    if let Some(county) = &filter.county {
        query
            .push(format!(" and {COUNTY} = "))
            .push_bind(county.clone());
    }
    if by.is_empty() {
        query.push(" group by ()");
    } else {
        let places: Vec<String> = (8..8 + by.len()).map(|place| place.to_string()).collect();
        let places = places.join(", ");
        query.push(format!(
            " group by {places} order by {places} limit {}",
            MOST_ITEMS + 1
        ));
    }
    let rows = query
        .build()
        .fetch_all(tx.conn())
        .await
        .map_err(StoreError::from)?;
    if rows.len() > MOST_ITEMS {
        return Err(super::api::too_fine(StatisticsError::TooFine));
    }
    let number = |at: usize| match rows.first() {
        None => Ok(0),
        Some(row) => row.try_get::<i64, _>(at).map_err(StoreError::from),
    };
    let unknown = serde_json::json!({
        "lift_reason": number(2)?, "state": number(3)?, "county": number(4)?,
        "notice_outcome": number(5)?, "custody_outcome": number(6)?,
    });
    let mut counted = Counted {
        items: Vec::new(),
        total: number(1)?,
        unknown,
    };
    for row in rows.iter().filter(|_| !by.is_empty()) {
        let mut values = Map::new();
        for (at, dimension) in by.iter().enumerate() {
            let text: Option<String> = row.try_get(7 + at).map_err(StoreError::from)?;
            values.insert(
                dimension.as_str().to_owned(),
                text.map_or(Value::Null, Value::String),
            );
        }
        counted.items.push(Item {
            values,
            count: row.try_get(0).map_err(StoreError::from)?,
        });
    }
    Ok(counted)
}
