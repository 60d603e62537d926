//! The words of the contract as people say them.

use chrono_tz::Tz;

use super::{Chip, Person, Shape, Step, Steps, Tone, time};
use crate::exchange::detainer::model::{Asks, Basis, Subject, Warrant, WarrantKind};
use crate::exchange::detainer::{LiftReason, Stage, Status};
use crate::exchange::notification::Notification;
use crate::exchange::outcome::{CustodyOutcome, NoticeOutcome};
use crate::policy::{Act, Disposition};
use crate::types::Role;
use crate::types::a_number::ANumber;

pub fn role(role: Role) -> &'static str {
    match role {
        Role::Submitter => "Clerk",
        Role::Reviewer => "Reviewer",
        Role::Liaison => "Liaison",
        Role::JurisdictionAdmin => "Jurisdiction administrator",
        Role::SystemAdmin => "Operator",
        Role::Auditor => "Auditor",
    }
}

/// A code as words: `sentence_complete` is "sentence complete".
pub fn plain(code: &str) -> String {
    code.replace('_', " ")
        .replace("dhs", "DHS")
        .replace("usc", "U.S. citizen")
}

/// "EXAMPLE, Ana María": family name first, own order kept.
pub fn name(family: &str, given: Option<&str>, more: Option<&str>) -> String {
    let rest: Vec<&str> = [given, more].into_iter().flatten().collect();
    if rest.is_empty() {
        family.to_uppercase()
    } else {
        format!("{}, {}", family.to_uppercase(), rest.join(" "))
    }
}

pub fn person(subject: &Subject) -> Person {
    Person {
        name: subject_name(subject),
        born: subject.date_of_birth.map_or_else(
            || "birth date unknown".to_owned(),
            |date| format!("born {}", time::day(date)),
        ),
        a_number: subject
            .a_number
            .as_ref()
            .map_or_else(|| "A-number unknown".to_owned(), ANumber::masked),
    }
}

pub fn subject_name(subject: &Subject) -> String {
    name(
        &subject.family_name,
        subject.given_name.as_deref(),
        subject.additional_names.as_deref(),
    )
}

pub fn asks(asks: &Asks) -> String {
    let list = listed(&[
        (asks.notify, "notify"),
        (asks.hold, "hold"),
        (asks.transfer, "transfer"),
        (asks.interview, "interview"),
        (asks.relay, "relay"),
        (asks.status_events, "status events"),
    ]);
    if list.is_empty() {
        "nothing".to_owned()
    } else {
        list
    }
}

pub fn basis(basis: &Basis) -> String {
    let list = listed(&[
        (basis.final_order, "final order of removal"),
        (basis.pending_proceedings, "pending removal proceedings"),
        (
            basis.biometric_records,
            "biometric match with federal records",
        ),
        (basis.statements_or_evidence, "statements or other evidence"),
        (basis.resume_custody, "to resume custody"),
    ]);
    if list.is_empty() {
        "unknown: no box is checked".to_owned()
    } else {
        list
    }
}

fn listed(pairs: &[(bool, &str)]) -> String {
    let on: Vec<&str> = pairs
        .iter()
        .filter_map(|(on, word)| on.then_some(*word))
        .collect();
    on.join(", ")
}

pub fn warrant_kind(kind: WarrantKind) -> &'static str {
    match kind {
        WarrantKind::JudicialCriminal => "judicial warrant, criminal",
        WarrantKind::JudicialCivil => "judicial warrant, civil",
        WarrantKind::AdministrativeI200 => "I-200, administrative",
        WarrantKind::AdministrativeI203 => "I-203, administrative",
        WarrantKind::AdministrativeI205 => "I-205, administrative",
        WarrantKind::AdministrativeI286 => "I-286, administrative",
    }
}

/// "I-200, administrative, signed 20 Nov 2026 by A. Officer, copy here".
pub fn warrant(warrant: &Warrant) -> String {
    let mut text = warrant_kind(warrant.kind).to_owned();
    match warrant.signed_on {
        Some(on) => text.push_str(&format!(", signed {}", time::day(on))),
        None => text.push_str(", date of signing unknown"),
    }
    if let Some(signer) = &warrant.signer {
        text.push_str(&format!(" by {signer}"));
    }
    text.push_str(match warrant.copy_present {
        Some(true) => ", copy with the paper",
        Some(false) => ", no copy with the paper",
        None => ", copy: unknown",
    });
    text
}

pub fn flag(flag: &str) -> &'static str {
    match flag {
        "database_match_only" => "from a database match only",
        "victim_or_witness" => "victim or witness",
        "custodian_not_connected" => "send it by other means",
        "duplicate" => "duplicate",
        _ => "flagged",
    }
}

pub fn flag_chip(word: &str) -> Chip {
    Chip::new(Shape::Warning, Tone::Careful, flag(word))
}

pub fn stage(stage: Stage) -> Chip {
    match stage {
        Stage::Received => Chip::new(Shape::Open, Tone::Careful, "Received"),
        Stage::Acknowledged => Chip::new(Shape::Done, Tone::Calm, "Acknowledged"),
        Stage::Served => Chip::new(Shape::Done, Tone::Calm, "Served"),
        Stage::ReleaseExpected => Chip::new(Shape::Clock, Tone::Careful, "Release expected"),
        Stage::HoldRunning => Chip::new(Shape::Clock, Tone::Grave, "Hold running"),
        Stage::Released => Chip::new(Shape::Done, Tone::Plain, "Released"),
        Stage::Notified => Chip::new(Shape::Clock, Tone::Careful, "Release told"),
        Stage::HandedOver => Chip::new(Shape::Done, Tone::Plain, "Handed over"),
    }
}

/// Where a record stands: its stage while it is pending, else how it ended.
pub fn standing(status: Status, at: Stage) -> Chip {
    match status {
        Status::Pending => stage(at),
        Status::Closed => Chip::new(Shape::Done, Tone::Plain, "Closed"),
        Status::Cancelled => Chip::new(Shape::Done, Tone::Plain, "Cancelled by the office"),
        Status::Superseded => Chip::new(Shape::Done, Tone::Plain, "Superseded"),
    }
}

/// The steps with the last one that is done as the present one.
pub fn steps(list: &[(&str, bool)]) -> Steps {
    let last = list.iter().rposition(|(_, done)| *done);
    Steps {
        steps: list
            .iter()
            .enumerate()
            .map(|(at, (label, done))| Step {
                label: (*label).to_owned(),
                done: *done,
                current: Some(at) == last,
            })
            .collect(),
    }
}

pub fn act(act: Act) -> &'static str {
    match act {
        Act::NotifyRelease => "Notify release",
        Act::HoldPastRelease => "Hold past release",
        Act::TransferCustody => "Transfer custody",
        Act::AllowInterview => "Allow interview",
    }
}

pub fn disposition(disposition: Disposition) -> Chip {
    match disposition {
        Disposition::Prohibited => Chip::new(Shape::Barred, Tone::Grave, "Prohibited"),
        Disposition::Permitted => Chip::new(Shape::Open, Tone::Calm, "Permitted"),
        Disposition::Required => Chip::new(Shape::Required, Tone::Careful, "Required"),
        Disposition::NotRequired => Chip::new(Shape::Open, Tone::Plain, "Not required"),
        Disposition::NotAddressed => Chip::new(Shape::Open, Tone::Plain, "Not addressed"),
        Disposition::Indeterminate => Chip::new(Shape::Unknown, Tone::Careful, "Indeterminate"),
    }
}

/// What a notification says where it is not of a release: "a hold until 27 Nov 2026 17:00 PST",
/// "notify release: declined".
pub fn told(told: &Notification, zone: Tz) -> Option<String> {
    match told.about.as_str() {
        "hold" => told
            .hold_deadline_at
            .map(|at| format!("a hold until {}", time::absolute(at, zone))),
        "decision" => {
            let of = told.act.as_deref().and_then(Act::parse).map(act)?;
            let decided = match told.decision.as_deref()? {
                "comply" => "complied with",
                _ => "declined",
            };
            Some(format!("{of}: {decided}"))
        }
        _ => None,
    }
}

/// What is owed, such as "Copy and intent of compliance"; a word that is new here stays as it is.
pub fn duty(code: &str) -> String {
    match code {
        "copy_and_intent" => "Copy of the request, and whether this agency intends to comply",
        "notice_of_notice" => "The same notice as the office was given",
        "consent_form" => "Consent form before an interview",
        "service_copy" => "Copy served on the person",
        "tell_held_under_detainer" => "Telling the person that a request holds them",
        "report_to_director" => "Report to the director",
        "bring_before_judicial_official" => "Bringing the person before a judicial official",
        "notify_dhs_by" => "Notifying DHS",
        "verify_status" => "Verifying the status",
        "written_reason" => "Written reason",
        "record_in_file" => "Record in the file",
        other => return plain(other),
    }
    .to_owned()
}

pub fn notice_outcome(outcome: NoticeOutcome) -> &'static str {
    use NoticeOutcome as N;
    match outcome {
        N::NotifiedBefore => "Notified before the release",
        N::NotifiedAtRelease => "Notified at the release",
        N::NotifiedAfterRelease => "Notified after the release",
        N::NotNotifiedProhibited => "Not notified: prohibited by law",
        N::NotNotifiedDeclinedByChoice => "Not notified: agency's choice",
        N::NotNotifiedOmission => "Not notified: omission",
        N::NotRequested => "No notice was asked for",
        N::PublicInformationOnly => "Public information only",
        N::Unknown => "Unknown",
    }
}

pub fn custody_outcome(outcome: CustodyOutcome) -> &'static str {
    use CustodyOutcome as C;
    match outcome {
        C::BeforeRelease => "DHS took custody before the release time",
        C::DuringHold => "DHS took custody during a hold",
        C::AtRelease => "DHS arrest at release, no hold",
        C::NoShow => "DHS did not come, the hold ended",
        C::Withdrew => "DHS withdrew",
        C::ReleasedHoldDeclined => "Released, hold declined",
        C::ReleasedNoHold => "Released, no hold asked for",
        C::ReleasedBeforeReceived => "Released before the request came",
        C::Transferred => "Transferred to another agency, relayed",
        C::Remains => "Remains in custody",
        C::Died => "Died",
        C::Escaped => "Escaped",
        C::CourtOrdered => "Release ordered by a court",
        C::Unknown => "Unknown",
    }
}

pub fn notice_outcomes() -> Vec<(&'static str, &'static str)> {
    NoticeOutcome::ALL
        .iter()
        .map(|word| (word.as_str(), notice_outcome(*word)))
        .collect()
}

pub fn custody_outcomes() -> Vec<(&'static str, &'static str)> {
    CustodyOutcome::ALL
        .iter()
        .map(|word| (word.as_str(), custody_outcome(*word)))
        .collect()
}

pub fn agreement(word: &str) -> Chip {
    match word {
        "agreed" => Chip::new(Shape::Done, Tone::Good, "Agreed"),
        "disputed" => Chip::new(Shape::Warning, Tone::Careful, "Disputed"),
        "one_sided" => Chip::new(Shape::Open, Tone::Plain, "One-sided"),
        _ => Chip::new(
            Shape::Unknown,
            Tone::Plain,
            "Unknown: nobody has stated one",
        ),
    }
}

/// What the release was told or recorded as: "scheduled release", "escape".
pub fn release_kind(kind: &str) -> String {
    match kind {
        "scheduled" => "Scheduled release".to_owned(),
        "rescheduled" => "Release at a new time".to_owned(),
        "immediate" => "Immediate release".to_owned(),
        "cancelled" => "Release called off".to_owned(),
        "actual" => "Released".to_owned(),
        "correction" => "Corrected time of release".to_owned(),
        other => {
            let mut text = plain(other);
            if let Some(first) = text.get_mut(0..1) {
                first.make_ascii_uppercase();
            }
            text
        }
    }
}

pub fn lift_reason(reason: LiftReason) -> String {
    match reason {
        LiftReason::UscOrPresumptiveClaim => "U.S. citizen, or a claim of it".to_owned(),
        LiftReason::DeclinedByLea => "declined by the custodian".to_owned(),
        other => plain(other.as_str()),
    }
}
