//! `/` for an office: what to acknowledge, what it was told, what it waits for.

use askama::Template;

use crate::dashboard::{Chip, Layout, Learns, Tokens, When};

#[derive(Template)]
#[template(path = "office/overview.html")]
pub struct OverviewPage {
    pub layout: Layout,
    /// "2 to acknowledge, the nearest release in 5 h".
    pub summary: String,
    pub to_acknowledge: Vec<ToldLine>,
    pub coming: Vec<ToldLine>,
    pub pending: Vec<CustodianLine>,
    /// Asked or sent, no answer yet.
    pub waiting: Vec<WaitingLine>,
    pub not_connected: Vec<NotConnectedLine>,
    pub as_of: When,
}

/// A notice that a custodian sent.
pub struct ToldLine {
    pub person: String,
    pub href: String,
    pub custodian: String,
    /// "scheduled release".
    pub about: String,
    pub effective: When,
    pub sent: When,
    pub state: Chip,
    pub acknowledge: Option<AcknowledgeNotice>,
}

/// `POST /notifications/{id}/acknowledgement`.
pub struct AcknowledgeNotice {
    pub action: String,
    pub tokens: Tokens,
    /// The name that goes into the hidden field `by`.
    pub by: String,
    pub learns: Learns,
}

/// Pending requests at one custodian, by age.
pub struct CustodianLine {
    pub custodian: String,
    pub href: String,
    pub count: u32,
    /// Up to 7 days, 8 to 30, 31 to 90, older.
    pub ages: [u32; 4],
}

impl CustodianLine {
    pub const WIDTH: u32 = 200;

    /// The bar's parts as (x, width), in the order of `ages`.
    pub fn parts(&self) -> Vec<(u32, u32)> {
        let total = self.ages.iter().sum::<u32>().max(1);
        let mut before = 0;
        self.ages
            .iter()
            .map(|age| {
                let (start, end) = (
                    before * Self::WIDTH / total,
                    (before + age) * Self::WIDTH / total,
                );
                before += age;
                (start, end - start)
            })
            .collect()
    }
}

pub struct WaitingLine {
    pub what: String,
    pub person: String,
    pub href: String,
    pub custodian: String,
    pub since: When,
}

pub struct NotConnectedLine {
    pub custodian: String,
    /// "3 requests to send by other means".
    pub text: String,
    pub href: String,
}
