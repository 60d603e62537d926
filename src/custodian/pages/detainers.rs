//! `/detainers` for the jail: the work list.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::custodian::detainers::{CaseFile, list};
use crate::custodian::release_notices::store as notices;
use crate::dashboard::forms::choices;
use crate::dashboard::pieces::{EmptyNote, FilterChip};
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Chip, Frame, Layout, Link, Person, SelectField, TextField, Visitor, When, time, words,
};
use crate::exchange::detainer::filter::DetainerQuery;
use crate::exchange::detainer::{Form, Paper, Stage, Status};
use crate::http::Problem;
use crate::registry::offices;

#[derive(Template)]
#[template(path = "custodian/detainers.html")]
pub struct DetainersPage {
    pub layout: Layout,
    pub filters: DetainerFilters,
    /// The filters in force, each with the address of the list without it.
    pub active: Vec<FilterChip>,
    /// "50 shown, oldest release first".
    pub summary: String,
    pub rows: Vec<DetainerLine>,
    pub next: Option<String>,
    /// Back to the first page, when this is not it.
    pub first: Option<String>,
    /// Why the list is empty and what to do.
    pub empty: Option<EmptyNote>,
}

/// Names as in `GET /v1/detainers`.
pub struct DetainerFilters {
    pub status: SelectField,
    pub stage: SelectField,
    pub office: SelectField,
    pub form: SelectField,
    pub name: TextField,
    pub booking_number: TextField,
    pub a_number: TextField,
    pub issued_from: TextField,
    pub issued_to: TextField,
    pub sort: SelectField,
    /// Opens the lesser filters when one of them is in force.
    pub more_open: bool,
}

pub struct DetainerLine {
    pub href: String,
    pub person: Person,
    pub stage: Chip,
    /// "I-247A".
    pub form: String,
    /// "20 Nov 2026".
    pub issued: String,
    /// "5 days old".
    pub age: String,
    /// "notify, hold, transfer".
    pub asks: String,
    pub office: String,
    pub release: Option<When>,
    /// What the release field says when no release is known: "no release known".
    pub release_unknown: String,
    /// What is due next, in words: "Serve the person, target 24 h".
    pub next: Option<String>,
    /// "duplicate", "from a database hit only".
    pub flags: Vec<String>,
}

pub async fn get(app: &App, visitor: &Visitor, query: DetainerQuery) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let filter = query.read(&mut tx, app).await?;
    let (found, next) = list::page(&mut tx, app, &filter).await?;
    let ids: Vec<_> = found.iter().map(|(paper, _)| paper.id.as_uuid()).collect();
    let waiting = notices::waiting(&mut tx, &ids).await?;
    let known = offices::list(tx.conn(), None, 200).await?;
    tx.rollback().await?;
    let rows: Vec<DetainerLine> = found
        .iter()
        .map(|(paper, case)| line(paper, case, waiting.contains(&paper.id.as_uuid()), &frame))
        .collect();
    let page = DetainersPage {
        layout: frame.layout("Requests"),
        filters: filters(&query, &known),
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

fn line(paper: &Paper, case: &CaseFile, waits: bool, frame: &Frame) -> DetainerLine {
    let age = (frame.now.with_timezone(&frame.zone).date_naive() - paper.issued_on)
        .num_days()
        .max(0);
    let next = match (case.status, case.stage()) {
        (Status::Pending, _) if waits => Some("Decide: notify release?"),
        (Status::Pending, Stage::Received) => Some("Acknowledge"),
        (Status::Pending, Stage::Acknowledged) => Some("Serve the person"),
        _ => None,
    };
    DetainerLine {
        href: format!("/detainers/{}", paper.id),
        person: words::person(&paper.subject),
        stage: words::standing(case.status, case.stage()),
        form: paper.form.to_string(),
        issued: time::day(paper.issued_on),
        age: match age {
            1 => "1 day old".to_owned(),
            days => format!("{days} days old"),
        },
        asks: words::asks(&paper.asks),
        office: paper.office.clone(),
        release: case
            .released_at
            .or(case.release_expected_at)
            .map(|at| frame.when(at)),
        release_unknown: "unknown: no release notice".to_owned(),
        next: next.map(str::to_owned),
        flags: paper
            .flags()
            .into_iter()
            .filter(|word| *word != "custodian_not_connected")
            .map(|word| words::flag(word).to_owned())
            .collect(),
    }
}

fn filters(query: &DetainerQuery, known: &[offices::Office]) -> DetainerFilters {
    let offices: Vec<(&str, &str)> = std::iter::once(("", "every office"))
        .chain(
            known
                .iter()
                .map(|office| (office.code.as_str(), office.name.as_str())),
        )
        .collect();
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
                ("release_expected", "Release expected"),
                ("released", "Released"),
            ],
            query.stage.as_ref(),
        ),
        office: select("office", "Office", &offices, query.office.as_ref()),
        form: select("form", "Form", &forms, query.form.as_ref()),
        name: text("name", "Name", query.name.as_ref()),
        booking_number: text(
            "booking_number",
            "Booking number on the paper",
            query.booking_number.as_ref(),
        ),
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
            &query.booking_number,
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
            why: "No office has sent a request to this agency.".to_owned(),
            what: "Requests appear here as soon as an office lodges them.".to_owned(),
            link: None,
        }
    } else {
        EmptyNote {
            why: "No request fits these filters.".to_owned(),
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
