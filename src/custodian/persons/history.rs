//! The rows of a person's history and its footer: the shapes, and the counting. A charge is not a
//! conviction, a request is no measure of anything, and what nobody stated is unknown.

use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use crate::custodian::bookings::upsert::ChargeRequest;
use crate::custodian::facts::model::{Ending, ending};
use crate::exchange::detainer::model::Asks;
use crate::policy::{Act, ActAssessment, Disposition};
use crate::types::Timestamp;

/// `GET /v1/persons/{id}/history`
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryBody {
    /// The records of this agency that carry the same strong identifier; never one by name alone.
    pub persons: Vec<Uuid>,
    /// One for each booking, oldest first.
    pub rows: Vec<HistoryRow>,
    /// Requests about the person that no booking here belongs to.
    pub unlinked_requests: Vec<HistoryRequest>,
    pub footer: HistoryFooter,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryRow {
    pub booking: Uuid,
    pub booking_number: String,
    pub agency: String,
    pub booked_at: Option<Timestamp>,
    pub restriction: Option<String>,
    /// Charges, not convictions; each with what a court made of it.
    pub charges: Vec<HistoryCharge>,
    /// Empty where nobody asked for anything.
    pub requests: Vec<HistoryRequest>,
    pub actual_release_at: Option<Timestamp>,
    pub release_basis: Option<String>,
    /// Whole days from the release to the next booking here; null without one.
    pub next_booking_gap_days: Option<i64>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryCharge {
    #[serde(flatten)]
    pub charge: ChargeRequest,
    /// `convicted`, `not_convicted` (dismissed, acquitted), `not_filed`, or null: unknown.
    pub court_outcome: Option<&'static str>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryRequest {
    pub detainer: Uuid,
    pub form: String,
    pub office: String,
    pub issued_on: NaiveDate,
    pub received_at: Timestamp,
    /// It came when the person had been released already.
    pub after_release: bool,
    pub asked: Asks,
    pub status: String,
    /// Why the office lifted it; null is unknown.
    pub lift_reason: Option<String>,
    pub acts: Vec<HistoryAct>,
    /// What the agency states, else the office; null is unknown.
    pub notice_outcome: Option<String>,
    pub custody_outcome: Option<String>,
    /// `custodian`, `office` or null.
    pub outcome_stated_by: Option<String>,
    pub lead_minutes: Option<i64>,
    /// What today's rules would say is another question, and answered there.
    pub what_if_today: String,
}

/// What became of one act, and the rule that was in force when it was decided.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryAct {
    pub act: Act,
    pub disposition: Disposition,
    /// The rule with its version; null where no rule addressed the act.
    pub rule: Option<String>,
    pub citations: Vec<String>,
    /// `comply`, `decline`, `withheld` (by the law itself) or `queued` (waits for a person).
    pub decision: String,
    pub reason_code: Option<String>,
    pub departs_from_policy: bool,
    pub at: Timestamp,
}

/// The denominators.
#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct HistoryFooter {
    pub bookings: usize,
    pub bookings_with_request: usize,
    pub requests: usize,
    pub unlinked_requests: usize,
    pub requests_after_release: usize,
    pub hold: Asked,
    pub notify: Asked,
    pub transfer: Asked,
    pub declined: Declined,
    pub charges: Charges,
    /// As prominent as any other outcome: the person was, or was taken to be, a U.S. citizen.
    pub lifted_usc_or_presumptive_claim: usize,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Asked {
    pub asked: usize,
    pub complied: usize,
    pub declined: usize,
    /// Asked, and nobody has decided.
    pub undecided: usize,
}

/// Why it was declined, as the law stood.
#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Declined {
    pub prohibited_by_law: usize,
    pub discretionary: usize,
    /// The law could not be settled on the facts that were known.
    pub indeterminate: usize,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Charges {
    pub total: usize,
    pub convictions: usize,
    pub not_convicted: usize,
    pub not_filed: usize,
    pub unknown: usize,
}

impl HistoryCharge {
    pub fn new(charge: ChargeRequest) -> Self {
        let text = charge.disposition.as_deref().map(str::to_lowercase);
        let not_filed = text.as_deref().is_some_and(|text| {
            [
                "not filed",
                "no charges filed",
                "declined to file",
                "rejected",
            ]
            .iter()
            .any(|words| text.contains(words))
        });
        let court_outcome = match ending(charge.disposition.as_deref()) {
            _ if not_filed => Some("not_filed"),
            Ending::Conviction => Some("convicted"),
            Ending::Ended => Some("not_convicted"),
            Ending::Charge => None,
        };
        Self {
            charge,
            court_outcome,
        }
    }
}

impl HistoryAct {
    pub fn new(
        act: Act,
        assessed: ActAssessment,
        decision: String,
        reason_code: Option<String>,
        departs_from_policy: bool,
        at: Timestamp,
    ) -> Self {
        Self {
            act,
            disposition: assessed.disposition,
            rule: assessed
                .decided_by
                .map(|by| format!("{}@{}", by.rule, by.version)),
            citations: assessed.citations,
            decision,
            reason_code,
            departs_from_policy,
            at,
        }
    }

    fn declined(&self) -> bool {
        matches!(self.decision.as_str(), "decline" | "withheld")
    }
}

impl HistoryFooter {
    /// Counts what the rows show.
    pub fn of(rows: &[HistoryRow], unlinked: &[HistoryRequest]) -> Self {
        let mut footer = Self {
            bookings: rows.len(),
            bookings_with_request: rows.iter().filter(|row| !row.requests.is_empty()).count(),
            unlinked_requests: unlinked.len(),
            ..Self::default()
        };
        for charge in rows.iter().flat_map(|row| &row.charges) {
            footer.charges.total += 1;
            *match charge.court_outcome {
                Some("convicted") => &mut footer.charges.convictions,
                Some("not_filed") => &mut footer.charges.not_filed,
                Some(_) => &mut footer.charges.not_convicted,
                None => &mut footer.charges.unknown,
            } += 1;
        }
        for request in rows.iter().flat_map(|row| &row.requests).chain(unlinked) {
            footer.requests += 1;
            footer.requests_after_release += usize::from(request.after_release);
            footer.lifted_usc_or_presumptive_claim +=
                usize::from(request.lift_reason.as_deref() == Some("usc_or_presumptive_claim"));
            for (asked, act, count) in [
                (request.asked.hold, Act::HoldPastRelease, &mut footer.hold),
                (request.asked.notify, Act::NotifyRelease, &mut footer.notify),
                (
                    request.asked.transfer,
                    Act::TransferCustody,
                    &mut footer.transfer,
                ),
            ] {
                if asked {
                    count.count(request.acts.iter().find(|done| done.act == act));
                }
            }
            for act in request.acts.iter().filter(|act| act.declined()) {
                *match act.disposition {
                    Disposition::Prohibited => &mut footer.declined.prohibited_by_law,
                    Disposition::Indeterminate => &mut footer.declined.indeterminate,
                    _ => &mut footer.declined.discretionary,
                } += 1;
            }
        }
        footer
    }
}

impl Asked {
    fn count(&mut self, done: Option<&HistoryAct>) {
        self.asked += 1;
        match done {
            Some(act) if act.declined() => self.declined += 1,
            Some(act) if act.decision == "comply" => self.complied += 1,
            _ => self.undecided += 1,
        }
    }
}
