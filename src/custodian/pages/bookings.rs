//! `/bookings`: who is here and when they leave.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::custodian::bookings::api::BookingQuery;
use crate::custodian::bookings::store as bookings;
use crate::custodian::detainers::{CaseFile, case_file};
use crate::custodian::release_notices::store as notices;
use crate::dashboard::pieces::EmptyNote;
use crate::dashboard::visitor::show;
use crate::dashboard::{Chip, Layout, Link, Person, Shape, TextField, Tone, Visitor, When, words};
use crate::exchange::detainer::Status;
use crate::exchange::detainer::filter::percent;
use crate::http::{Problem, cursor};
use crate::registry::api::limit;

#[derive(Template)]
#[template(path = "custodian/bookings.html")]
pub struct BookingsPage {
    pub layout: Layout,
    pub booking_number: TextField,
    pub summary: String,
    pub rows: Vec<BookingLine>,
    pub next: Option<String>,
    pub empty: Option<EmptyNote>,
}

pub struct BookingLine {
    pub number: String,
    pub href: String,
    pub person: Person,
    pub booked: Option<When>,
    pub basis: String,
    pub release: Option<When>,
    /// What of it was said to whom, or "no request".
    pub state: Chip,
}

pub async fn get(app: &App, visitor: &Visitor, query: BookingQuery) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    let limit = limit(query.limit.as_deref())?;
    let scope = format!("{} bookings {:?}", tx.actor().party(), query.booking_number);
    let after = cursor::after(&app.vault, &scope, query.cursor.as_deref())?;
    let number = query.booking_number.as_deref();
    let mut found = bookings::list(&mut tx, number, after.map(|place| place.id), limit + 1).await?;
    let next = cursor::next(&app.vault, &scope, &mut found, limit, |last| {
        cursor::Place::of(last.id)
    })
    .map(|cursor| {
        let filter = number.map_or_else(String::new, |number| {
            format!("booking_number={}&", percent(number))
        });
        format!("/bookings?{filter}cursor={cursor}")
    });
    let mut rows = Vec::with_capacity(found.len());
    for booking in found {
        let who = bookings::person(&mut tx, &app.vault, booking.person_id).await?;
        let cases = case_file::of_booking(&mut tx, booking.id).await?;
        let known = notices::of_booking(&mut tx, booking.id).await?;
        let release = known
            .iter()
            .rev()
            .find(|notice| notice.current && notice.kind().is_about_release())
            .map(|notice| frame.when(notice.effective_at));
        let release = booking.released_at.map(|at| frame.when(at)).or(release);
        let number = percent(&booking.booking_number);
        rows.push(BookingLine {
            href: match cases.as_slice() {
                [one] => format!("/detainers/{}", one.id),
                _ => format!("/release-notices/new?booking_number={number}"),
            },
            number: booking.booking_number.clone(),
            person: super::person(&who),
            booked: booking.booked_at.map(|at| frame.when(at)),
            basis: booking
                .custody_basis
                .as_deref()
                .map_or_else(|| "basis of custody unknown".to_owned(), words::plain),
            release,
            state: state(&cases),
        });
    }
    tx.rollback().await?;
    let empty = rows.is_empty().then(|| match number {
        Some(number) => EmptyNote {
            why: format!("No booking here has the number {number}."),
            what: "Bookings come from the jail's own system; a release notice opens one too."
                .to_owned(),
            link: Some(Link::new(
                "Record a release notice",
                format!("/release-notices/new?booking_number={}", percent(number)),
            )),
        },
        None => EmptyNote {
            why: "No booking is known yet.".to_owned(),
            what: "Bookings come from the jail's own system: PUT /v1/bookings/{number}.".to_owned(),
            link: Some(Link::new("API documentation", "/docs")),
        },
    });
    let page = BookingsPage {
        layout: frame.layout("Bookings"),
        booking_number: TextField::new("booking_number", "booking_number", "Booking number")
            .value(number.unwrap_or_default()),
        summary: format!("{} shown, newest first", rows.len()),
        rows,
        next,
        empty,
    };
    show(StatusCode::OK, &page)
}

fn state(cases: &[CaseFile]) -> Chip {
    let pending = cases
        .iter()
        .filter(|case| case.status == Status::Pending)
        .count();
    match (cases, pending) {
        ([], _) => Chip::new(Shape::Open, Tone::Plain, "No request"),
        ([one], _) => words::standing(one.status, one.stage()),
        (_, 0) => Chip::new(
            Shape::Done,
            Tone::Plain,
            format!("{} requests, all closed", cases.len()),
        ),
        (_, count) => Chip::new(
            Shape::Clock,
            Tone::Careful,
            format!("{count} requests pending"),
        ),
    }
}
