//! The overview of those who run or oversee the service: places and counts, no person.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::map::draw::Drawing;
use super::map::shade::number;
use super::map::{self, MapPanel, MapQuery};
use super::visitor::{Visitor, show};
use super::{Chip, Layout, Link, Shape, Tone, When, time, words};
use crate::app::App;
use crate::http::Problem;
use crate::oversight::feeds as silent_feeds;
use crate::registry::agencies::{self, AgencyFilter};
use crate::registry::{jurisdictions, offices};
use crate::reports;
use crate::types::Side;

#[derive(Template)]
#[template(path = "admin/overview.html")]
pub struct AdminOverviewPage {
    pub layout: Layout,
    /// What the role sees, in one sentence: "Everything that is registered; no person."
    pub scope: String,
    pub counts: Vec<Count>,
    pub agencies: Vec<AgencyRow>,
    pub offices: Vec<OfficeRow>,
    pub silent: Vec<SilentRow>,
    pub map: Option<MapPanel>,
    pub statistics: Statistics,
    pub as_of: String,
}

pub struct Count {
    pub label: String,
    pub count: String,
    pub href: Option<String>,
}

pub struct AgencyRow {
    pub name: String,
    pub ori: String,
    pub kind: String,
    pub jurisdiction: String,
    pub zone: String,
    /// Connected, or "send by other means".
    pub connected: Chip,
    pub href: Option<String>,
}

pub struct OfficeRow {
    pub name: String,
    pub code: String,
    pub kind: String,
    pub zone: String,
    pub connected: Chip,
}

/// A feed that an agency has not been heard on.
pub struct SilentRow {
    pub agency: String,
    pub ori: String,
    pub feed: String,
    pub last: When,
    pub since: When,
}

/// A table of counts with its definition; unknown is a row of its own.
pub struct Statistics {
    pub definition: String,
    /// Column heads: the first is what the rows are.
    pub heads: Vec<String>,
    pub rows: Vec<StatisticsRow>,
    pub downloads: Vec<Link>,
}

pub struct StatisticsRow {
    pub name: String,
    pub cells: Vec<String>,
}

const LINES: i64 = 200;
/// Places of the published set that are shown.
const PLACES: usize = 25;

/// Real counts of one release, the largest places first; what has no county is a row of its own.
async fn published(conn: &mut sqlx::PgConnection) -> Result<Statistics, Problem> {
    let mut counts = reports::published::by_county()?;
    let whole: u32 = counts.iter().map(|count| count.detainers).sum();
    let nowhere: Vec<_> = counts
        .extract_if(.., |count| count.county.is_none())
        .collect();
    let rest = counts.split_off(counts.len().min(PLACES));
    let ids: Vec<String> = counts
        .iter()
        .filter_map(|count| count.county.clone())
        .collect();
    let names = jurisdictions::names(conn, &ids).await?;
    let row = |name: String, of: &[reports::published::PublishedCount]| {
        let sum = |part: fn(&reports::published::PublishedCount) -> u32| {
            number(of.iter().map(part).sum())
        };
        StatisticsRow {
            name,
            cells: vec![
                sum(|c| c.detainers),
                sum(|c| c.booked),
                sum(|c| c.declined),
                sum(|c| c.unknown),
            ],
        }
    };
    let mut rows: Vec<StatisticsRow> = counts
        .iter()
        .map(|count| {
            let id = count.county.as_deref().unwrap_or_default();
            let state = count.state.as_deref().unwrap_or("unknown");
            let name = names.get(id).map_or(id, String::as_str);
            row(format!("{name}, {state}"), std::slice::from_ref(count))
        })
        .collect();
    rows.push(row(
        format!("{} more counties", number(rest.len() as u32)),
        &rest,
    ));
    rows.push(row("County unknown".to_owned(), &nowhere));
    Ok(Statistics {
        definition: format!(
            "Real, published: {} detainers prepared from 1 October 2014 to 19 July 2015, by place, from the federal \
             release (FOIA 15-87693). “Recorded as declined” is what the office noted; a blank lift reason is unknown, \
             neither open nor honoured.",
            number(whole)
        ),
        heads: [
            "County",
            "Detainers",
            "Booked into detention",
            "Recorded as declined",
            "Lift reason unknown",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows,
        downloads: Vec::new(),
    })
}

/// What has been imported, by lift reason.
async fn imported(conn: &mut sqlx::PgConnection) -> Result<Statistics, Problem> {
    use reports::historical::{Dimension, Filter, StatisticsError, count};
    let counted = count(conn, &[Dimension::LiftReason], &Filter::default())
        .await
        .map_err(|error| match error {
            StatisticsError::TooFine => Problem::internal(error),
            StatisticsError::Store(error) => error.into(),
        })?;
    let rows = counted.items.iter().map(|item| StatisticsRow {
        name: item
            .values
            .get("lift_reason")
            .and_then(|value| value.as_str())
            .map_or("unknown".to_owned(), words::plain),
        cells: vec![item.count.to_string()],
    });
    Ok(Statistics {
        definition: format!(
            "{} historical detainers imported, by lift reason. A blank one is unknown.",
            counted.total
        ),
        heads: ["Lift reason", "Detainers"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
        downloads: Vec::new(),
    })
}

/// `/` of the operator and of oversight.
pub async fn get(app: &App, visitor: &Visitor, query: &MapQuery) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let jurisdiction = frame.actor.jurisdiction.clone();
    let mut filter = AgencyFilter {
        jurisdiction: jurisdiction.as_deref(),
        ..AgencyFilter::default()
    };
    let mut places = agencies::list(tx.conn(), filter, None, LINES).await?;
    let (registered, connected) = agencies::counts(tx.conn(), jurisdiction.as_deref()).await?;
    if registered > LINES {
        // Of a whole list of the country, those that work here.
        filter.connected = Some(true);
        places = agencies::list(tx.conn(), filter, None, LINES).await?;
    }
    let operator = frame.actor.side == Side::Operator;
    let bureaus = if frame.actor.side == Side::Operator {
        offices::list(tx.conn(), None, LINES).await?
    } else {
        Vec::new()
    };
    // The demonstration stands over what was really published.
    let statistics = if app.demo {
        published(tx.conn()).await?
    } else {
        imported(tx.conn()).await?
    };
    let map = map::panel(app, tx.conn(), query).await?;
    let silent = silent_feeds::silent(tx.conn(), frame.now, LINES).await?;
    tx.rollback().await?;
    let account = |connected: bool| {
        if connected {
            Chip::new(Shape::Done, Tone::Good, "Connected")
        } else {
            Chip::new(Shape::Phone, Tone::Careful, "Send by other means")
        }
    };
    let count = |label: &str, count: usize| Count {
        label: label.to_owned(),
        count: count.to_string(),
        href: None,
    };
    let mut counts = vec![
        Count {
            href: operator.then(|| "/agencies".to_owned()),
            ..count("agencies", registered as usize)
        },
        Count {
            href: operator.then(|| "/agencies?connected=true".to_owned()),
            ..count("agencies with an account", connected as usize)
        },
    ];
    if frame.actor.side == Side::Operator {
        counts.push(count("offices", bureaus.len()));
    }
    let page = AdminOverviewPage {
        layout: frame.layout("Overview"),
        scope: match &jurisdiction {
            Some(place) => format!("What is registered in {place}; no person."),
            None => "Everything that is registered; no person.".to_owned(),
        },
        counts,
        agencies: places
            .into_iter()
            .map(|place| AgencyRow {
                connected: account(place.connected),
                name: place.name,
                ori: place.ori,
                kind: words::plain(&place.kind),
                jurisdiction: place.jurisdiction,
                zone: place.time_zone,
                href: None,
            })
            .map(|row| AgencyRow {
                href: operator.then(|| format!("/agencies/{}", row.ori)),
                ..row
            })
            .collect(),
        offices: bureaus
            .into_iter()
            .map(|office| OfficeRow {
                connected: account(office.connected),
                name: office.name,
                code: office.code,
                kind: words::plain(&office.kind),
                zone: office.time_zone,
            })
            .collect(),
        silent: silent
            .into_iter()
            .map(|feed| SilentRow {
                agency: feed.agency,
                ori: feed.ori,
                feed: feed.name,
                last: frame.when(feed.last_at),
                since: frame.when(feed.silent_since),
            })
            .collect(),
        map,
        statistics,
        as_of: format!("As of {}", time::absolute(frame.now, frame.zone)),
    };
    show(StatusCode::OK, &page)
}
