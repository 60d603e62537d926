//! The steps that fit a request now, each on a page of its own.

use super::custody::BookingPanel;
use crate::custodian::detainers::CaseFile;
use crate::custodian::detainers::api::DESK;
use crate::custodian::handovers;
use crate::custodian::holds::start;
use crate::dashboard::{Frame, NextStep};
use crate::exchange::detainer::{Paper as Request, Status};
use crate::policy::Assessment;
use crate::types::Role;

/// A step is here exactly when its command would be taken from this role in this state; a form
/// that is filled in wrongly is another matter.
pub fn next_steps(
    case: &CaseFile,
    paper: &Request,
    assessed: &Assessment,
    booking: Option<&BookingPanel>,
    frame: &Frame,
) -> Vec<NextStep> {
    let base = format!("/detainers/{}", case.id);
    let reviewer = frame.is(Role::Reviewer);
    let mut steps = Vec::new();
    if reviewer && case.hold_deadline_at.is_some() {
        steps.push(NextStep::new(
            "End the hold",
            format!("{base}/hold/end"),
            "Before its deadline, when the person is released or its ground has gone.",
        ));
    }
    if reviewer && start::may_start(case, paper, assessed).is_ok() {
        steps.push(NextStep::new(
            "Start a hold",
            format!("{base}/hold"),
            "Past release, on authority and with the law's leave only.",
        ));
    }
    if reviewer && handovers::may_state(case).is_ok() {
        steps.push(NextStep::new(
            "State the hand-over",
            format!("{base}/handover"),
            "When the office has taken the person. Both sides see it.",
        ));
    }
    if DESK.contains(&frame.actor.role) {
        steps.push(NextStep::new(
            "State facts",
            format!("{base}/facts"),
            "Convictions, warrants, consent, proof: what the law turns on.",
        ));
        steps.push(NextStep::new(
            "Record a claim of citizenship",
            format!("{base}/citizenship-claims"),
            "It pauses cooperation until it is resolved.",
        ));
    }
    if reviewer && matches!(case.status, Status::Pending | Status::Closed) {
        steps.push(NextStep::new(
            "Pass the request on",
            format!("{base}/relay"),
            "When another agency takes the person over.",
        ));
    }
    if reviewer && !matches!(case.status, Status::Cancelled | Status::Superseded) {
        let (label, hint) = match case.booking {
            Some(_) => (
                "Take off the booking",
                "When the booking is another person's.",
            ),
            None => (
                "Link to a booking",
                "When a booking here is this person's and no number says so.",
            ),
        };
        steps.push(NextStep::new(label, format!("{base}/booking"), hint));
    }
    if reviewer {
        let label = match case.restriction {
            Some(_) => "Change or lift the restriction",
            None => "Restrict this record",
        };
        steps.push(NextStep::new(
            label,
            format!("{base}/restriction"),
            "A victim or witness, a juvenile, a sealed case.",
        ));
    }
    if let Some(booking) = booking.filter(|_| DESK.contains(&frame.actor.role)) {
        steps.push(NextStep::new(
            "Open the person's history",
            booking.person_href.clone(),
            "Bookings, requests and decisions here. It asks for a purpose.",
        ));
    }
    steps
}
