//! The overview of those who run or oversee the service: places and counts, no person.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::visitor::{Visitor, show};
use super::{Chip, Layout, Link, Shape, Tone, time, words};
use crate::app::App;
use crate::http::Problem;
use crate::registry::{agencies, offices};
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

/// `/` of the operator and of oversight.
pub async fn get(app: &App, visitor: &Visitor) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let jurisdiction = frame.actor.jurisdiction.clone();
    let places = agencies::list(tx.conn(), jurisdiction.as_deref(), None, LINES).await?;
    let bureaus = if frame.actor.side == Side::Operator {
        offices::list(tx.conn(), None, LINES).await?
    } else {
        Vec::new()
    };
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
        count: if count as i64 == LINES {
            format!("{LINES} or more")
        } else {
            count.to_string()
        },
        href: None,
    };
    let connected = places.iter().filter(|place| place.connected).count();
    let mut counts = vec![
        count("agencies", places.len()),
        count("agencies with an account", connected),
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
        statistics: Statistics {
            definition: "Historical detainers by year and outcome, as imported.".to_owned(),
            heads: Vec::new(),
            rows: Vec::new(),
            downloads: Vec::new(),
        },
        as_of: format!("As of {}", time::absolute(frame.now, frame.zone)),
    };
    show(StatusCode::OK, &page)
}
