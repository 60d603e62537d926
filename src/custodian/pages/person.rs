//! `/persons/{id}`: one person's history at this agency. Opening the address asks for the purpose
//! and shows nothing; the form with the purpose shows it.

use askama::Template;
use axum::response::Response;
use uuid::Uuid;

use super::persons::refused;
use crate::app::App;
use crate::custodian::bookings::store as bookings;
use crate::custodian::detainers::api::DESK;
use crate::custodian::persons::api::{self, HistoryQuery};
use crate::custodian::persons::history::{
    Asked, HistoryAct, HistoryBody, HistoryCharge, HistoryFooter, HistoryRequest, HistoryRow,
};
use crate::custodian::persons::{purpose_field, store};
use crate::dashboard::visitor::show;
use crate::dashboard::{
    Chip, ErrorSummary, Fields, Frame, Layout, Link, Person, Posted, Shape, TextField, Tokens,
    Tone, Typed, Visitor, time, words,
};
use crate::db::scope::Access;
use crate::exchange::detainer::LiftReason;
use crate::exchange::outcome::{CustodyOutcome, NoticeOutcome};
use crate::http::{Caller, Problem};
use crate::policy::{Act, Disposition};

#[derive(Template)]
#[template(path = "custodian/person.html")]
pub struct PersonPage {
    pub layout: Layout,
    pub back: Link,
    pub action: String,
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    pub purpose: TextField,
    pub from: TextField,
    pub to: TextField,
    /// None before a purpose was given.
    pub history: Option<History>,
}

pub struct History {
    pub person: Person,
    /// What was looked at: "2 records …", the window.
    pub scope: String,
    /// As prominent as any other outcome.
    pub lifted: Option<String>,
    pub rows: Vec<BookingRow>,
    pub unlinked: Vec<RequestCell>,
    pub footer: Vec<(&'static str, String)>,
}

pub struct BookingRow {
    pub number: String,
    pub booked: String,
    pub restriction: Option<Chip>,
    pub charges: Vec<ChargeCell>,
    pub requests: Vec<RequestCell>,
    /// How many lines of the table the booking's own cells stand beside.
    pub span: usize,
    pub release: String,
    pub basis: String,
    pub gap: Option<String>,
}

pub struct ChargeCell {
    pub offense: String,
    pub standing: String,
    pub conviction: bool,
}

pub struct RequestCell {
    pub href: String,
    /// "I-247A of 20 Nov 2026".
    pub title: String,
    pub office: String,
    pub received: String,
    /// "pending", "cancelled: U.S. citizen, or a claim of it".
    pub status: String,
    pub late: Option<Chip>,
    pub acts: Vec<ActCell>,
    pub outcome: Vec<String>,
}

/// One act in its column: what was asked, the law of that day, what was decided.
pub struct ActCell {
    pub label: &'static str,
    /// "not asked", or "asked, nobody has decided".
    pub nothing: Option<&'static str>,
    pub law: Option<Chip>,
    /// The rule with its version, and its citation.
    pub rule: String,
    pub decided: String,
}

const FORM: &str = "history";

/// `GET /persons/{id}`
pub async fn get(app: &App, visitor: &Visitor, id: Uuid) -> Result<Response, Problem> {
    page(
        app,
        visitor,
        id,
        &Typed::default(),
        &Fields::default(),
        None,
    )
    .await
}

/// `POST /persons/{id}`
pub async fn post(app: &App, posted: Posted, id: Uuid) -> Result<Response, Problem> {
    let fields = &posted.fields;
    let given = |name: &str| Some(fields.get(name).to_owned()).filter(|text| !text.is_empty());
    let query = HistoryQuery {
        from: given("from"),
        to: given("to"),
    };
    let purpose = fields.get("purpose");
    let mut tx = posted.visitor.open(app, Access::Write).await?;
    match api::opened(&mut tx, app, id, &query, || purpose_field(purpose)).await {
        Ok(body) => {
            let who = bookings::person(&mut tx, &app.vault, id).await?;
            tx.commit().await?;
            app.hub.committed();
            let person = super::person(&who);
            let shown = history(body, person, &query, &posted.frame);
            let typed = Typed::default();
            page(app, &posted.visitor, id, &typed, fields, Some(shown)).await
        }
        Err(problem) => {
            tx.rollback().await?;
            let typed = refused(FORM, fields, problem)?;
            page(app, &posted.visitor, id, &typed, fields, None).await
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: Uuid,
    typed: &Typed,
    sent: &Fields,
    history: Option<History>,
) -> Result<Response, Problem> {
    let (mut tx, frame) = visitor.enter(app).await?;
    if !store::exists(&mut tx, id).await? {
        return Err(Problem::not_found());
    }
    tx.require(DESK)?;
    tx.rollback().await?;
    let form = typed.form(FORM);
    let page = PersonPage {
        layout: frame.layout("Person history"),
        back: Link::new("Look for a person", "/persons"),
        action: format!("/persons/{id}"),
        tokens: frame.tokens(),
        errors: typed.summary(),
        purpose: form
            .text("purpose", "What for", sent.get("purpose"))
            .required(),
        from: form
            .text("from", "Booked from", sent.get("from"))
            .kind("date"),
        to: form.text("to", "Booked to", sent.get("to")).kind("date"),
        history,
    };
    show(typed.status(), &page)
}

fn history(body: HistoryBody, person: Person, query: &HistoryQuery, frame: &Frame) -> History {
    let footer = &body.footer;
    let records = match body.persons.len() {
        1 => "One record of this agency".to_owned(),
        many => format!("{many} records of this agency that carry the same strong identifier"),
    };
    let window = match (&query.from, &query.to) {
        (None, None) => "all bookings".to_owned(),
        (Some(from), None) => format!("booked from {from}"),
        (None, Some(to)) => format!("booked until {to}"),
        (Some(from), Some(to)) => format!("booked from {from} to {to}"),
    };
    History {
        person,
        scope: format!("{records}; {window}. Records are never joined by name."),
        lifted: (footer.lifted_usc_or_presumptive_claim > 0).then(|| {
            format!(
                "{} of {} requests were lifted by the office because the person is a U.S. citizen, or claims to be.",
                footer.lifted_usc_or_presumptive_claim, footer.requests
            )
        }),
        footer: denominators(footer),
        rows: body.rows.into_iter().map(|row| booking(row, frame)).collect(),
        unlinked: body
            .unlinked_requests
            .into_iter()
            .map(|one| request(one, frame))
            .collect(),
    }
}

fn booking(row: HistoryRow, frame: &Frame) -> BookingRow {
    let released = row.actual_release_at;
    BookingRow {
        number: row.booking_number,
        booked: row
            .booked_at
            .map_or_else(|| "unknown".to_owned(), |at| time::absolute(at, frame.zone)),
        restriction: row.restriction.as_deref().map(|kind| {
            Chip::new(
                Shape::Warning,
                Tone::Careful,
                format!("Restricted: {}", words::plain(kind)),
            )
        }),
        charges: row.charges.into_iter().map(charge).collect(),
        span: row.requests.len().max(1),
        requests: row
            .requests
            .into_iter()
            .map(|one| request(one, frame))
            .collect(),
        release: released.map_or_else(
            || "no actual release recorded".to_owned(),
            |at| time::absolute(at, frame.zone),
        ),
        basis: match (&row.release_basis, released) {
            (Some(basis), _) => words::plain(basis),
            (None, Some(_)) => "basis unknown".to_owned(),
            (None, None) => String::new(),
        },
        gap: row.next_booking_gap_days.map(|days| match days {
            1 => "next booking here after 1 day".to_owned(),
            days => format!("next booking here after {days} days"),
        }),
    }
}

fn charge(row: HistoryCharge) -> ChargeCell {
    let charge = row.charge;
    let parts: Vec<&str> = [&charge.statute, &charge.description, &charge.level]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let mut offense = match parts.is_empty() {
        true => "unknown offense".to_owned(),
        false => parts.join(", "),
    };
    if let Some(state) = &charge.state {
        offense.push_str(&format!(" ({state})"));
    }
    let said = charge.disposition.as_deref().unwrap_or_default();
    let standing = match row.court_outcome {
        Some("convicted") => format!("convicted: {said}"),
        Some("not_filed") => format!("charge, not a conviction; not filed: {said}"),
        Some(_) => format!("charge, not a conviction; ended: {said}"),
        None if said.is_empty() => {
            "charge, not a conviction; what the court made of it is unknown".to_owned()
        }
        None => format!("charge, not a conviction; reported as: {said}"),
    };
    ChargeCell {
        offense,
        standing,
        conviction: row.court_outcome == Some("convicted"),
    }
}

fn request(one: HistoryRequest, frame: &Frame) -> RequestCell {
    let mut status = words::plain(&one.status);
    if let Some(reason) = one.lift_reason.as_deref() {
        let reason =
            LiftReason::parse(reason).map_or_else(|| words::plain(reason), words::lift_reason);
        status.push_str(&format!(": {reason}"));
    }
    let mut outcome: Vec<String> = [
        one.notice_outcome
            .as_deref()
            .and_then(NoticeOutcome::parse)
            .map(words::notice_outcome),
        one.custody_outcome
            .as_deref()
            .and_then(CustodyOutcome::parse)
            .map(words::custody_outcome),
    ]
    .into_iter()
    .flatten()
    .map(str::to_owned)
    .collect();
    match one.outcome_stated_by.as_deref() {
        Some("office") => outcome.push("as the office states".to_owned()),
        Some(_) => outcome.push("as this agency states".to_owned()),
        None => outcome.push("unknown: nobody has stated one".to_owned()),
    }
    if let Some(minutes) = one.lead_minutes {
        outcome.push(match minutes {
            0.. => format!("told {minutes} min before the release"),
            late => format!("told {} min after the release", late.abs()),
        });
    }
    RequestCell {
        href: format!("/detainers/{}", one.detainer),
        title: format!("{} of {}", one.form, time::day(one.issued_on)),
        office: one.office,
        received: time::absolute(one.received_at, frame.zone),
        status,
        late: one
            .after_release
            .then(|| Chip::new(Shape::Warning, Tone::Careful, "Came after the release")),
        acts: [
            (Act::NotifyRelease, one.asked.notify),
            (Act::HoldPastRelease, one.asked.hold),
            (Act::TransferCustody, one.asked.transfer),
        ]
        .into_iter()
        .map(|(act, asked)| {
            let done = one.acts.iter().find(|done| done.act == act);
            act_cell(act, asked, done, frame)
        })
        .collect(),
        outcome,
    }
}

fn act_cell(act: Act, asked: bool, done: Option<&HistoryAct>, frame: &Frame) -> ActCell {
    let label = words::act(act);
    let Some(done) = done else {
        return ActCell {
            label,
            nothing: Some(match asked {
                true => "asked, nobody has decided",
                false => "not asked",
            }),
            law: None,
            rule: String::new(),
            decided: String::new(),
        };
    };
    let mut law: Vec<&str> = done.rule.as_deref().into_iter().collect();
    law.extend(done.citations.iter().map(String::as_str));
    let mut decided = match (done.decision.as_str(), done.disposition) {
        ("comply", _) => "Complied",
        ("decline" | "withheld", Disposition::Prohibited) => "Declined: prohibited by law",
        ("decline" | "withheld", Disposition::Indeterminate) => "Declined: the law was not settled",
        ("decline" | "withheld", _) => "Declined: agency's choice",
        _ => "Waits for a person",
    }
    .to_owned();
    decided.push_str(&format!(", {}", time::absolute(done.at, frame.zone)));
    if let Some(reason) = &done.reason_code {
        decided.push_str(&format!("; reason: {}", words::plain(reason)));
    }
    if done.departs_from_policy {
        decided.push_str("; departs from the agency's policy");
    }
    if !asked {
        decided.push_str("; the paper did not ask for it");
    }
    ActCell {
        label,
        nothing: None,
        law: Some(words::disposition(done.disposition)),
        rule: match law.is_empty() {
            true => "no rule addressed it".to_owned(),
            false => law.join(", "),
        },
        decided,
    }
}

/// Every count with what it is out of.
fn denominators(footer: &HistoryFooter) -> Vec<(&'static str, String)> {
    let asked = |count: &Asked| {
        format!(
            "asked {}: complied {}, declined {}, undecided {}",
            count.asked, count.complied, count.declined, count.undecided
        )
    };
    let (declined, charges) = (&footer.declined, &footer.charges);
    vec![
        (
            "Bookings",
            format!(
                "{}, of which {} with a request and {} without",
                footer.bookings,
                footer.bookings_with_request,
                footer.bookings - footer.bookings_with_request
            ),
        ),
        (
            "Requests",
            format!(
                "{}, of which {} after the release and {} without a booking here",
                footer.requests, footer.requests_after_release, footer.unlinked_requests
            ),
        ),
        ("Notify release", asked(&footer.notify)),
        ("Hold past release", asked(&footer.hold)),
        ("Transfer custody", asked(&footer.transfer)),
        (
            "Decisions to decline",
            format!(
                "{}: prohibited by law {}, agency's choice {}, law not settled {}",
                declined.prohibited_by_law + declined.discretionary + declined.indeterminate,
                declined.prohibited_by_law,
                declined.discretionary,
                declined.indeterminate
            ),
        ),
        (
            "Charges",
            format!(
                "{}: convictions {}, ended without one {}, not filed {}, unknown {}",
                charges.total,
                charges.convictions,
                charges.not_convicted,
                charges.not_filed,
                charges.unknown
            ),
        ),
        (
            "Lifted: U.S. citizen, or a claim of it",
            format!(
                "{} of {} requests",
                footer.lifted_usc_or_presumptive_claim, footer.requests
            ),
        ),
    ]
}
