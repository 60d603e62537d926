//! The overview of those who run or oversee the service: places and counts, no person.

use askama::Template;

use super::{Chip, Layout, Link};

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
