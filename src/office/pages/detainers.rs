//! `/detainers` for an office: its own requests, as far as it was told.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::dashboard::forms::choices;
use crate::dashboard::pieces::{EmptyNote, FilterChip};
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Chip, Frame, Layout, Link, Person, SelectField, TextField, Visitor, When, time, words,
};
use crate::exchange::detainer::filter::DetainerQuery;
use crate::exchange::detainer::model::LiftReason;
use crate::exchange::detainer::{Form, Paper, Status};
use crate::exchange::notification::{self, Notification};
use crate::http::Problem;
use crate::office::detainers::pending;

#[derive(Template)]
#[template(path = "office/detainers.html")]
pub struct DetainersPage {
    pub layout: Layout,
    pub filters: DetainerFilters,
    pub active: Vec<FilterChip>,
    pub summary: String,
    pub rows: Vec<DetainerLine>,
    pub next: Option<String>,
    pub first: Option<String>,
    pub empty: Option<EmptyNote>,
    /// At least one row can be chosen.
    pub choosable: bool,
}

/// Names as in `GET /v1/detainers`.
pub struct DetainerFilters {
    pub status: SelectField,
    pub stage: SelectField,
    pub custodian: TextField,
    pub form: SelectField,
    pub name: TextField,
    pub a_number: TextField,
    pub issued_from: TextField,
    pub issued_to: TextField,
    pub sort: SelectField,
    pub more_open: bool,
}

pub struct DetainerLine {
    pub href: String,
    /// Pending, so that it can be chosen for cancellation.
    pub id: Option<String>,
    pub person: Person,
    pub stage: Chip,
    pub form: String,
    pub issued: String,
    pub age: String,
    pub asks: String,
    pub custodian: String,
    /// The release as it was told.
    pub told: Option<When>,
    /// "send it by other means", "duplicate".
    pub flags: Vec<String>,
}

pub async fn get(app: &App, visitor: &Visitor, query: DetainerQuery) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let filter = query.read(&mut tx, app).await?;
    let (found, next) = pending::page(&mut tx, app, &filter).await?;
    let ids: Vec<_> = found.iter().map(|paper| paper.id.as_uuid()).collect();
    let told = notification::latest_of(&mut tx, &ids).await?;
    tx.rollback().await?;
    let rows: Vec<DetainerLine> = found
        .iter()
        .map(|paper| line(paper, &told, &frame))
        .collect();
    let page = DetainersPage {
        layout: frame.layout("Requests"),
        filters: filters(&query),
        active: active(&query),
        summary: format!(
            "{} shown, {}",
            rows.len(),
            if filter.ascending {
                "oldest first"
            } else {
                "newest first"
            }
        ),
        empty: rows.is_empty().then(|| empty(&query)),
        choosable: rows.iter().any(|row| row.id.is_some()),
        rows,
        next: filter.write_cursor(app, next).map(|cursor| {
            let path = query.path();
            let separator = if path.is_empty() { '?' } else { '&' };
            format!("/detainers{path}{separator}cursor={cursor}")
        }),
        first: query
            .cursor
            .is_some()
            .then(|| format!("/detainers{}", query.path())),
    };
    show(StatusCode::OK, &page)
}

fn line(paper: &Paper, told: &[Notification], frame: &Frame) -> DetainerLine {
    let zone = time::zone(&paper.custodian_zone);
    DetainerLine {
        href: format!("/detainers/{}", paper.id),
        id: (paper.status() == Status::Pending).then(|| paper.id.to_string()),
        person: words::person(&paper.subject),
        stage: words::standing(paper.status(), paper.stage()),
        form: paper.form.to_string(),
        issued: time::day(paper.issued_on),
        age: time::age(paper.issued_on, zone, frame.now),
        asks: words::asks(&paper.asks),
        custodian: paper.custodian_name.clone(),
        told: told
            .iter()
            .find(|told| told.detainer_id == paper.id.as_uuid())
            .and_then(|told| told.effective_at)
            .map(|at| time::when(at, zone, frame.now)),
        flags: paper
            .flags()
            .into_iter()
            .map(|word| words::flag(word).to_owned())
            .chain(
                (paper.cancelled_at.is_some()
                    && paper.lift_reason == Some(LiftReason::UscOrPresumptiveClaim))
                .then(|| "lifted: U.S. citizen, or a claim of it".to_owned()),
            )
            .collect(),
    }
}

fn filters(query: &DetainerQuery) -> DetainerFilters {
    let forms: Vec<(&str, &str)> = std::iter::once(("", "every form"))
        .chain(Form::ALL.iter().map(|form| (form.as_str(), form.as_str())))
        .collect();
    DetainerFilters {
        status: select(
            "status",
            "Status",
            &[
                ("", "every status"),
                ("pending", "Pending"),
                ("closed", "Closed"),
                ("cancelled", "Cancelled"),
                ("superseded", "Superseded"),
            ],
            query.status.as_ref(),
        ),
        stage: select(
            "stage",
            "Stage",
            &[
                ("", "every stage"),
                ("received", "Received"),
                ("acknowledged", "Acknowledged"),
                ("served", "Served"),
                ("notified", "Release told"),
            ],
            query.stage.as_ref(),
        ),
        custodian: text("custodian", "Custodian (ORI)", query.custodian.as_ref()),
        form: select("form", "Form", &forms, query.form.as_ref()),
        name: text("name", "Name", query.name.as_ref()),
        a_number: text("a_number", "A-number", query.a_number.as_ref()),
        issued_from: text("issued_from", "Issued from", query.issued_from.as_ref()).kind("date"),
        issued_to: text("issued_to", "Issued to", query.issued_to.as_ref()).kind("date"),
        sort: select(
            "sort",
            "Order",
            &[
                ("-issued_on", "Newest first"),
                ("issued_on", "Oldest first"),
            ],
            query.sort.as_ref(),
        ),
        more_open: [
            &query.form,
            &query.a_number,
            &query.issued_from,
            &query.issued_to,
            &query.sort,
        ]
        .into_iter()
        .any(Option::is_some),
    }
}

fn empty(query: &DetainerQuery) -> EmptyNote {
    if query.active().is_empty() {
        EmptyNote {
            why: "This office has lodged no request yet.".to_owned(),
            what: "A request goes to the custodian as soon as it is lodged.".to_owned(),
            link: Some(Link::new("Lodge a request", "/detainers/new")),
        }
    } else {
        EmptyNote {
            why: "No request of this office fits these filters.".to_owned(),
            what: "Take a filter off, or look at all requests.".to_owned(),
            link: Some(Link::new("All requests", "/detainers")),
        }
    }
}

/// The filters in force, each with the list without it.
fn active(query: &DetainerQuery) -> Vec<FilterChip> {
    query
        .active()
        .into_iter()
        .map(|(name, value)| FilterChip {
            label: format!("{}: {}", words::plain(name), words::plain(value)),
            href: format!("/detainers{}", query.without(name).path()),
        })
        .collect()
}

fn text(name: &str, label: &str, value: Option<&String>) -> TextField {
    TextField::new(name, name, label).value(value.map(String::as_str).unwrap_or_default())
}

fn select(name: &str, label: &str, pairs: &[(&str, &str)], value: Option<&String>) -> SelectField {
    let value = value.map(String::as_str).unwrap_or_default();
    SelectField::new(name, name, label, choices(pairs, value))
}
