//! `/` for the jail: what is due now, the next three days, what is here.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::custodian::detainers::{case_file, list, papers};
use crate::custodian::duties::store as duties;
use crate::custodian::holds::store as holds;
use crate::custodian::matches::store as matches;
use crate::custodian::release_notices::store::{self as notices, Upcoming};
use crate::dashboard::visitor::show;
use crate::dashboard::{Chip, Frame, Layout, Link, Shape, Tone, Visitor, When, time, words};
use crate::db::ScopedTx;
use crate::exchange::detainer::filter::DetainerQuery;
use crate::exchange::notification;
use crate::http::Problem;
use crate::types::{Role, Timestamp};

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

/// Lines of each kind of due work; the list holds the rest.
const LINES: i64 = 50;
const AXIS_HOURS: i64 = 72;

pub async fn get(app: &App, visitor: &Visitor) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let due = due(app, &mut tx, &frame).await?;
    let until = frame.now + chrono::Duration::hours(AXIS_HOURS);
    let upcoming = notices::upcoming(&mut tx, frame.now, until, 200).await?;
    let counts = case_file::stage_counts(&mut tx).await?;
    let feeds = super::feeds::lines(&mut tx, &frame).await?;
    let candidates = match frame.is(Role::Reviewer) {
        true => Some(matches::count_open(&mut tx).await?),
        false => None,
    };
    tx.rollback().await?;
    let overdue = due
        .iter()
        .filter(|(at, _)| at.is_some_and(|at| at < frame.now))
        .count();
    let count = |label: &str, count: i64, stage: &str| CountLink {
        label: label.to_owned(),
        count: count.to_string(),
        href: format!("/detainers?status=pending{stage}"),
    };
    let pending = counts.received
        + counts.acknowledged
        + counts.served
        + counts.release_expected
        + counts.hold_running;
    let mut requests = vec![
        count("pending", pending, ""),
        count("received", counts.received, "&stage=received"),
        count("acknowledged", counts.acknowledged, "&stage=acknowledged"),
        count("served", counts.served, "&stage=served"),
        count(
            "release expected",
            counts.release_expected,
            "&stage=release_expected",
        ),
        count("on hold", counts.hold_running, "&stage=hold_running"),
    ];
    requests.extend(candidates.map(|count| CountLink {
        label: "to compare with a booking".to_owned(),
        count: count.to_string(),
        href: "/matches".to_owned(),
    }));
    let page = OverviewPage {
        layout: frame.layout("Overview"),
        due_summary: match (due.len(), overdue) {
            (0, _) => String::new(),
            (all, 0) => format!("{all} to do"),
            (all, late) => format!("{late} overdue · {all} to do"),
        },
        due: due.into_iter().map(|(_, line)| line).collect(),
        releases: axis(&upcoming, &frame),
        requests,
        feeds,
        as_of: When {
            relative: None,
            ..frame.when(frame.now)
        },
    };
    show(StatusCode::OK, &page)
}

/// What waits for somebody here, the most pressing first.
async fn due(
    app: &App,
    tx: &mut ScopedTx<'_>,
    frame: &Frame,
) -> Result<Vec<(Option<Timestamp>, DueLine)>, Problem> {
    let mut lines = Vec::new();
    let reviews = notices::due(tx, LINES).await?;
    let told = notification::unacknowledged(tx, LINES).await?;
    let until = frame.now + chrono::Duration::hours(AXIS_HOURS);
    let owed = duties::open(tx, Some(until), 0, LINES).await?;
    let held = holds::all_running(tx, LINES).await?;
    let ids: Vec<_> = reviews
        .iter()
        .map(|review| review.detainer_id)
        .chain(told.iter().map(|told| told.detainer_id))
        .chain(held.iter().map(|(id, _)| *id))
        .chain(owed.iter().map(|duty| duty.detainer_id))
        .collect();
    let known = papers::by_ids(tx, &app.vault, &ids).await?;
    for review in &reviews {
        let Some(paper) = known
            .iter()
            .find(|paper| paper.id.as_uuid() == review.detainer_id)
        else {
            continue;
        };
        let notice = notices::get(tx, review.release_notice_id).await?;
        let late = review.due_at.is_some_and(|at| at < frame.now);
        let href = format!("/detainers/{}", paper.id);
        lines.push((
            review.due_at,
            DueLine {
                state: if late {
                    Chip::new(Shape::Warning, Tone::Grave, "Decide: overdue")
                } else {
                    Chip::new(Shape::Warning, Tone::Careful, "Decide")
                },
                what: format!("Notify {} of the release?", paper.office),
                person: words::subject_name(&paper.subject),
                action: if frame.is(Role::Reviewer) {
                    Link::new(
                        "Decide",
                        format!("{href}/determinations/new?act=notify_release"),
                    )
                } else {
                    Link::new("Open", href.clone())
                },
                href,
                fact: notice
                    .as_ref()
                    .map_or_else(|| "release".to_owned(), |n| words::release_kind(&n.kind)),
                fact_at: notice.map(|notice| frame.when(notice.effective_at)),
                due_word: "due".to_owned(),
                due: review.due_at.map(|at| frame.when(at)),
                due_by: Some("agency's target, and before the release".to_owned()),
            },
        ));
    }
    for told in &told {
        let Some(paper) = known
            .iter()
            .find(|paper| paper.id.as_uuid() == told.detainer_id)
        else {
            continue;
        };
        let href = format!("/detainers/{}", paper.id);
        lines.push((
            told.effective_at,
            DueLine {
                state: Chip::new(Shape::Phone, Tone::Careful, "Not acknowledged"),
                what: format!("{} has not confirmed the notice", paper.office),
                person: words::subject_name(&paper.subject),
                action: Link::new("Call list", format!("/notifications/{}/attempts", told.id)),
                href,
                fact: words::release_kind(told.kind.as_deref().unwrap_or(&told.about)),
                fact_at: told.effective_at.map(|at| frame.when(at)),
                due_word: "no deadline: the release is not held for it".to_owned(),
                due: None,
                due_by: None,
            },
        ));
    }
    for (id, deadline_at) in &held {
        let Some(paper) = known.iter().find(|paper| paper.id.as_uuid() == *id) else {
            continue;
        };
        let href = format!("/detainers/{}", paper.id);
        lines.push((
            Some(*deadline_at),
            DueLine {
                state: Chip::new(Shape::Clock, Tone::Grave, "Hold running"),
                what: "Hold ends by itself".to_owned(),
                person: words::subject_name(&paper.subject),
                fact: format!("{}'s request", paper.office),
                fact_at: None,
                due_word: "ends".to_owned(),
                due: Some(frame.when(*deadline_at)),
                due_by: Some("nobody can extend it".to_owned()),
                action: Link::new("Working", format!("{href}#hold")),
                href,
            },
        ));
    }
    for duty in &owed {
        let Some(paper) = known
            .iter()
            .find(|paper| paper.id.as_uuid() == duty.detainer_id)
        else {
            continue;
        };
        lines.push((
            duty.due_at,
            DueLine {
                state: super::duties::state(duty, frame),
                what: super::duties::named(duty),
                person: words::subject_name(&paper.subject),
                href: format!("/detainers/{}", paper.id),
                fact: format!(
                    "owed under {}",
                    duty.citation.as_deref().unwrap_or("this agency's own rule")
                ),
                fact_at: None,
                due_word: "due".to_owned(),
                due: duty.due_at.map(|at| frame.when(at)),
                due_by: None,
                action: Link::new("Record as done", super::duties::href(duty)),
            },
        ));
    }
    let query = DetainerQuery {
        status: Some("pending".to_owned()),
        stage: Some("received".to_owned()),
        sort: Some("issued_on".to_owned()),
        ..DetainerQuery::default()
    };
    let filter = query.read(tx, app).await?;
    let (received, _) = list::page(tx, app, &filter).await?;
    for (paper, _) in received {
        let href = format!("/detainers/{}", paper.id);
        lines.push((
            None,
            DueLine {
                state: Chip::new(Shape::Open, Tone::Calm, "Acknowledge"),
                what: format!("{} of {}", paper.form, time::day(paper.issued_on)),
                person: words::subject_name(&paper.subject),
                action: Link::new("Acknowledge", format!("{href}#acknowledge")),
                href,
                fact: format!("{}'s request, received", paper.office),
                fact_at: Some(frame.when(paper.received_at)),
                due_word: "no deadline in law".to_owned(),
                due: None,
                due_by: None,
            },
        ));
    }
    // Without a deadline last, in the order that they came in.
    lines.sort_by_key(|(at, _)| (at.is_none(), *at));
    Ok(lines)
}

fn axis(upcoming: &[Upcoming], frame: &Frame) -> ReleaseAxis {
    let hours = AXIS_HOURS as f64;
    let place = |at: Timestamp| {
        let passed = (at - frame.now).num_minutes() as f64 / 60.0;
        (passed / hours * f64::from(ReleaseAxis::WIDTH)).clamp(0.0, f64::from(ReleaseAxis::WIDTH))
            as u32
    };
    let mut marks: Vec<Mark> = Vec::new();
    let mut rows = Vec::new();
    for release in upcoming {
        let chip = match (&release.detainer_id, release.action.as_deref()) {
            (None, _) => Chip::new(Shape::Open, Tone::Plain, "No request"),
            (_, Some("notified")) => Chip::new(Shape::Done, Tone::Good, "Told to the office"),
            (_, Some("withheld")) if release.disposition.as_deref() == Some("prohibited") => {
                Chip::new(Shape::Barred, Tone::Grave, "Withheld: prohibited")
            }
            (_, Some("withheld")) => Chip::new(Shape::Done, Tone::Plain, "Withheld"),
            _ => Chip::new(Shape::Clock, Tone::Careful, "Waits for a reviewer"),
        };
        let x = place(release.effective_at);
        let row = marks.iter().filter(|mark| mark.x.abs_diff(x) < 16).count() as u32;
        let person = words::name(
            &release.family_name,
            release.given_name.as_deref(),
            release.additional_names.as_deref(),
        );
        marks.push(Mark {
            x,
            row,
            shape: chip.shape,
            tone: chip.tone.class(),
            title: format!(
                "{person}, {}: {}",
                time::absolute(release.effective_at, frame.zone),
                chip.words
            ),
        });
        rows.push(ReleaseLine {
            at: frame.when(release.effective_at),
            person,
            href: release.detainer_id.map(|id| format!("/detainers/{id}")),
            disposition: chip,
        });
    }
    let ticks = (0..=AXIS_HOURS)
        .step_by(12)
        .map(|hour| {
            let at = frame.now + chrono::Duration::hours(hour);
            Tick {
                x: place(at),
                label: at
                    .with_timezone(&frame.zone)
                    .format("%-d %b %H:%M")
                    .to_string(),
            }
        })
        .collect();
    let asked = upcoming
        .iter()
        .filter(|release| release.detainer_id.is_some())
        .count();
    ReleaseAxis {
        summary: format!(
            "{} releases in the next {AXIS_HOURS} hours, {asked} of persons with a request.",
            upcoming.len()
        ),
        ticks,
        marks,
        rows,
        definition: "Releases that stand in the plan for the next 72 hours; a hollow mark is a person about whom no office has a request here.".to_owned(),
    }
}
