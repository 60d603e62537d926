//! `/` for the jail: what is due now, the next three days, what is here.

use askama::Template;

use crate::dashboard::{Chip, Layout, Link, Shape, When};

#[derive(Template)]
#[template(path = "custodian/overview.html")]
pub struct OverviewPage {
    pub layout: Layout,
    /// "3 overdue · 7 today".
    pub due_summary: String,
    pub due: Vec<DueLine>,
    pub releases: ReleaseAxis,
    /// "pending 41 · served 38 …", each a filtered list.
    pub requests: Vec<CountLink>,
    pub feeds: Vec<FeedLine>,
    pub as_of: When,
}

/// One thing to do, the most pressing first.
pub struct DueLine {
    /// Decide, acknowledge, call, …; overdue in words too.
    pub state: Chip,
    pub what: String,
    pub person: String,
    pub href: String,
    /// What hangs on it: "release".
    pub fact: String,
    pub fact_at: Option<When>,
    /// "due", "target", "ends": the word before the deadline.
    pub due_word: String,
    pub due: Option<When>,
    /// "agency's target", "7284.6(a)(1)(C)".
    pub due_by: Option<String>,
    pub action: Link,
}

/// The next 72 hours as a time axis, and the same facts as a table.
pub struct ReleaseAxis {
    /// The whole drawing in words, for those who do not see it.
    pub summary: String,
    pub ticks: Vec<Tick>,
    pub marks: Vec<Mark>,
    pub rows: Vec<ReleaseLine>,
    pub definition: String,
}

impl ReleaseAxis {
    pub const WIDTH: u32 = 720;
    pub const HEIGHT: u32 = 92;
}

pub struct Tick {
    /// 0 to `ReleaseAxis::WIDTH`.
    pub x: u32,
    pub label: String,
}

pub struct Mark {
    pub x: u32,
    /// 0 is the lowest row; marks that would lie on each other are stacked.
    pub row: u32,
    /// The disposition's; `Open` (hollow) = no request.
    pub shape: Shape,
    pub tone: &'static str,
    pub title: String,
}

impl Mark {
    pub fn y(&self) -> u32 {
        48 - self.row.min(2) * 20
    }
}

pub struct ReleaseLine {
    pub at: When,
    pub person: String,
    pub href: Option<String>,
    pub disposition: Chip,
}

pub struct CountLink {
    pub label: String,
    pub count: String,
    pub href: String,
}

pub struct FeedLine {
    pub name: String,
    pub state: Chip,
    /// "06:10, 1,312 rows, 9 changed, 0 rejected · expected every 24 h".
    pub text: String,
}
