//! `/` for an office: what to acknowledge, what it was told, what it waits for.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Chip, Frame, Layout, Learns, Shape, Tokens, Tone, Visitor, When, time, words,
};
use crate::exchange::detainer::filter::{DetainerQuery, percent};
use crate::exchange::detainer::{Paper, store as papers};
use crate::exchange::notification::{self, Notification};
use crate::http::Problem;
use crate::office::detainers::pending;

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

const LINES: i64 = 50;

pub async fn get(app: &App, visitor: &Visitor) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let open = notification::unacknowledged(&mut tx, LINES).await?;
    let coming = notification::coming(&mut tx, frame.now, LINES).await?;
    let ids: Vec<_> = open
        .iter()
        .chain(&coming)
        .map(|told| told.detainer_id)
        .collect();
    let known = papers::by_ids(&mut tx, &app.vault, &ids).await?;
    let today = frame.now.with_timezone(&frame.zone).date_naive();
    let custodians = pending::by_custodian(&mut tx, today, 100).await?;
    let query = DetainerQuery {
        status: Some("pending".to_owned()),
        stage: Some("received".to_owned()),
        sort: Some("issued_on".to_owned()),
        limit: Some("20".to_owned()),
        ..DetainerQuery::default()
    };
    let filter = query.read(&mut tx, app).await?;
    let (received, _) = pending::page(&mut tx, app, &filter).await?;
    tx.rollback().await?;
    let line = |told: &Notification, with_form: bool| {
        let paper = known
            .iter()
            .find(|paper| paper.id.as_uuid() == told.detainer_id)?;
        Some(told_line(told, paper, &frame, with_form))
    };
    let to_acknowledge: Vec<ToldLine> = open.iter().filter_map(|told| line(told, true)).collect();
    let nearest = open
        .iter()
        .filter_map(|told| told.effective_at)
        .find(|at| *at > frame.now);
    let list = |ori: &str| format!("/detainers?status=pending&custodian={}", percent(ori));
    let page = OverviewPage {
        layout: frame.layout("Overview"),
        summary: match (to_acknowledge.len(), nearest) {
            (0, _) => String::new(),
            (count, Some(at)) => format!(
                "{count} to acknowledge, the nearest release {}",
                time::relative(at, frame.now)
            ),
            (count, None) => format!("{count} to acknowledge"),
        },
        to_acknowledge,
        coming: coming.iter().filter_map(|told| line(told, false)).collect(),
        not_connected: custodians
            .iter()
            .filter(|at| !at.connected)
            .map(|at| NotConnectedLine {
                custodian: at.name.clone(),
                text: format!(
                    "{} to send by other means",
                    requests(at.week + at.month + at.quarter + at.older)
                ),
                href: list(&at.ori),
            })
            .collect(),
        pending: custodians
            .iter()
            .map(|at| CustodianLine {
                custodian: at.name.clone(),
                href: list(&at.ori),
                count: (at.week + at.month + at.quarter + at.older) as u32,
                ages: [at.week, at.month, at.quarter, at.older].map(|count| count as u32),
            })
            .collect(),
        waiting: received
            .iter()
            .map(|paper| WaitingLine {
                what: "not acknowledged yet".to_owned(),
                person: words::subject_name(&paper.subject),
                href: format!("/detainers/{}", paper.id),
                custodian: paper.custodian_name.clone(),
                since: time::when(
                    paper.created_at,
                    time::zone(&paper.custodian_zone),
                    frame.now,
                ),
            })
            .collect(),
        as_of: When {
            relative: None,
            ..frame.when(frame.now)
        },
    };
    show(StatusCode::OK, &page)
}

fn requests(count: i64) -> String {
    match count {
        1 => "1 request".to_owned(),
        count => format!("{count} requests"),
    }
}

fn told_line(told: &Notification, paper: &Paper, frame: &Frame, with_form: bool) -> ToldLine {
    let zone = time::zone(&paper.custodian_zone);
    let at = |at| time::when(at, zone, frame.now);
    ToldLine {
        person: words::subject_name(&paper.subject),
        href: format!("/detainers/{}", paper.id),
        custodian: paper.custodian_name.clone(),
        about: words::release_kind(told.kind.as_deref().unwrap_or(&told.about)),
        effective: at(told.effective_at.unwrap_or(told.told_at)),
        sent: at(told.sent_at.unwrap_or(told.told_at)),
        state: if told.acknowledged_at.is_some() {
            Chip::new(Shape::Done, Tone::Good, "Acknowledged")
        } else {
            Chip::new(Shape::Open, Tone::Careful, "To acknowledge")
        },
        acknowledge: (with_form && told.acknowledged_at.is_none())
            .then(|| acknowledge_form(told, paper, frame)),
    }
}

/// The button that says "we have read it".
pub fn acknowledge_form(told: &Notification, paper: &Paper, frame: &Frame) -> AcknowledgeNotice {
    AcknowledgeNotice {
        action: format!("/notifications/{}/acknowledgement", told.id),
        tokens: frame.tokens(),
        by: frame.actor.name.clone(),
        learns: Learns {
            who: paper.custodian_name.clone(),
            what: Some(format!("read by {}, and when", frame.actor.name)),
            stays_in: "this office".to_owned(),
        },
    }
}
