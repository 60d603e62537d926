//! `/detainers/{id}/booking`: a reviewer puts a request on a booking, or takes it off one.

use axum::response::Response;
use serde_json::Value;

use super::match_decision::TOLD;
use super::step::{self, Opened};
use crate::app::App;
use crate::custodian::bookings::store as bookings;
use crate::custodian::detainers::api as detainers;
use crate::custodian::matches::by_hand::linked;
use crate::dashboard::forms::Choice;
use crate::dashboard::visitor::show;
use crate::dashboard::{Body, Field, Posted, StepPage, Typed, Visitor, step as steps};
use crate::exchange::detainer::Status;
use crate::http::{Problem, Tagged};
use crate::types::Role;
use crate::types::ids::DetainerId;

const FORM: &str = "booking";

/// What the choice sends for no booking.
const NONE: &str = "none";

pub async fn get(app: &App, visitor: &Visitor, id: DetainerId) -> Result<Response, Problem> {
    page(app, visitor, id, &Typed::default()).await
}

/// `POST /detainers/{id}/booking`
pub async fn post(app: &App, posted: Posted, id: DetainerId) -> Result<Response, Problem> {
    let off = posted.fields.get("to") == NONE;
    let number = posted.fields.get("booking_number");
    let request = match (off, number) {
        (true, "") => Body::new(&posted.fields)
            .value("booking_number", Value::Null)
            .read(),
        // Nobody is to guess which of the two was meant.
        (true, _) => Err(Problem::field(
            "/booking_number",
            "unexpected",
            "Clear the number, or choose the other booking.",
        )),
        (false, "") => Err(Problem::field(
            "/booking_number",
            "required",
            "The number of the booking is expected.",
        )),
        (false, _) => Body::new(&posted.fields).texts(&["booking_number"]).read(),
    };
    let headers = steps::if_match(&posted.fields);
    let answer = posted
        .once(request)
        .run(app, &posted.visitor, async |tx, request| {
            linked(tx, app, id, &headers, request).await
        })
        .await;
    match answer {
        Ok(_) => {
            let flash = if off { "unlinked" } else { "linked" };
            Ok(posted.done(app, &format!("/detainers/{id}"), flash))
        }
        Err(problem) => {
            let typed = Typed::refused(FORM, posted.fields.clone(), steps::reworded(problem));
            page(app, &posted.visitor, id, &typed).await
        }
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: DetainerId,
    typed: &Typed,
) -> Result<Response, Problem> {
    let (mut tx, opened) = step::open(app, visitor, id, &[Role::Reviewer]).await?;
    let etag = Tagged::ok(&detainers::body(&mut tx, app, id).await?).etag();
    let booking = match opened.case.booking {
        None => None,
        Some(linked) => bookings::by_id(&mut tx, linked.as_uuid()).await?,
    };
    tx.rollback().await?;
    let number = booking.map(|booking| booking.booking_number);
    let page = match &number {
        None => join(&opened, typed, etag),
        Some(number) => part(&opened, typed, etag, number),
    };
    let page = StepPage {
        grave: true,
        barred: matches!(opened.case.status, Status::Cancelled | Status::Superseded)
            .then(|| "The request was withdrawn: it hangs on no booking any more.".to_owned()),
        learns: opened.learns(Some(TOLD.to_owned())),
        ..page
    };
    show(typed.status(), &page)
}

/// The request is on no booking.
fn join(opened: &Opened, typed: &Typed, etag: String) -> StepPage {
    let fields = typed.form(FORM);
    let mut about = vec![opened.about()];
    if let Some(number) = &opened.paper.subject.booking_number {
        about.push(format!("Booking number on the paper: {number}"));
    }
    StepPage {
        about,
        consequences: vec![
            "What is recorded of the booking's release is looked at under the request, now and from now on."
                .to_owned(),
            "Of bookings that had one number in different years, the latest is meant.".to_owned(),
        ],
        fields: vec![
            Field::tag(etag),
            fields
                .text("booking_number", "Booking number", "")
                .required()
                .into(),
        ],
        ..opened.page(typed, "Link to a booking", "booking", "Link the request")
    }
}

/// The request is on a booking.
fn part(opened: &Opened, typed: &Typed, etag: String, number: &str) -> StepPage {
    let fields = typed.form(FORM);
    StepPage {
        about: vec![opened.about(), format!("Linked now to booking {number}")],
        consequences: vec![
            format!(
                "Nothing of booking {number} waits for a decision under this request any more, and matching does not put the two together again."
            ),
            "What the office was told stays told.".to_owned(),
        ],
        fields: vec![
            Field::tag(etag),
            fields
                .radio(
                    "to",
                    "The request belongs to",
                    vec![
                        Choice::new(NONE, "No booking that is known here"),
                        Choice::new("booking", "Another booking"),
                    ],
                    "",
                )
                .required()
                .into(),
            fields
                .text("booking_number", "Number of the other booking", "")
                .into(),
        ],
        ..opened.page(
            typed,
            "Take off the booking",
            "booking",
            "Take it off the booking",
        )
    }
}
