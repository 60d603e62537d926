//! The states, as the acts that lead to them.

use super::acts::{By, Do, Start, Topic, Word};

/// Its name, what it begins with, and what is done.
pub type State = (&'static str, Start, &'static [Do]);

const SCHEDULED: Do = Do::Notice("scheduled");
const SERVED: Do = Do::Serve(Some(false));
const COMPLY: Do = Do::Decide(Topic::Notify, Word::Comply, false);
const DECLINE: Do = Do::Decide(Topic::Notify, Word::Decline, false);

/// On its way to a release.
#[rustfmt::skip]
pub const STANDING: &[State] = &[
    ("received", Start::Lodged, &[]),
    ("linked to a booking", Start::Lodged, &[Do::Book]),
    ("acknowledged", Start::Lodged, &[Do::Acknowledge]),
    ("served, not told", Start::Lodged, &[Do::Acknowledge, SERVED]),
    ("served, told", Start::Lodged, &[Do::Acknowledge, Do::Serve(None)]),
    ("release expected", Start::Lodged, &[Do::Acknowledge, SERVED, SCHEDULED]),
    ("notified", Start::Lodged, &[Do::Acknowledge, SERVED, SCHEDULED, COMPLY]),
    ("notice acknowledged", Start::Lodged, &[Do::Acknowledge, SERVED, SCHEDULED, COMPLY, Do::Receipt]),
    ("told by telephone", Start::Lodged, &[SCHEDULED, COMPLY, Do::Attempt]),
    ("telling declined", Start::Lodged, &[Do::Acknowledge, SERVED, SCHEDULED, DECLINE]),
    ("hold running", Start::Lodged, &[Do::Acknowledge, SERVED, Do::Hold(false)]),
    ("hold running, told", Start::Lodged, &[Do::Acknowledge, SERVED, SCHEDULED, Do::Hold(true)]),
    ("hold ended", Start::Lodged, &[Do::Acknowledge, SERVED, Do::Hold(false), Do::EndHold]),
];

/// The person has left, or was handed over, or somebody has said what came of it.
#[rustfmt::skip]
pub const OVER: &[State] = &[
    ("released", Start::Lodged, &[Do::Acknowledge, SERVED, Do::Notice("actual")]),
    ("released from a hold", Start::Lodged, &[Do::Acknowledge, SERVED, Do::Hold(false), Do::Notice("actual")]),
    ("died", Start::Lodged, &[Do::Notice("death")]),
    ("escaped", Start::Lodged, &[Do::Notice("escape")]),
    ("transferred", Start::Lodged, &[Do::Acknowledge, Do::Notice("transfer")]),
    ("transferred, told", Start::Lodged, &[Do::Notice("transfer"), Do::DecideOn(Word::Comply)]),
    ("returned", Start::Lodged, &[Do::Acknowledge, SERVED, Do::Notice("transfer"), Do::Notice("returned")]),
    ("in hospital", Start::Lodged, &[Do::Notice("hospitalised")]),
    ("handed over, by the jail", Start::Lodged, &[Do::Acknowledge, SERVED, Do::HandOver(By::Jail)]),
    ("handed over, by the office", Start::Lodged, &[Do::Acknowledge, SERVED, Do::HandOver(By::Office)]),
    ("handed over, by both", Start::Lodged, &[Do::Acknowledge, Do::HandOver(By::Office), Do::HandOver(By::Jail)]),
    ("outcome of the jail", Start::Lodged, &[Do::Acknowledge, SERVED, Do::Outcome(By::Jail, false)]),
    ("outcome of the jail, told", Start::Lodged, &[Do::Outcome(By::Jail, true)]),
    ("outcome of the office", Start::Lodged, &[Do::Acknowledge, SERVED, Do::Outcome(By::Office, false)]),
    ("outcome of both", Start::Lodged, &[Do::Outcome(By::Office, false), Do::Outcome(By::Jail, true)]),
];

/// Withdrawn, replaced, claimed, restricted, or under a law that bars.
#[rustfmt::skip]
pub const HINDERED: &[State] = &[
    ("cancelled", Start::Lodged, &[Do::Acknowledge, SERVED, Do::Cancel]),
    ("cancelled before a decision", Start::Lodged, &[SCHEDULED, Do::Cancel]),
    ("cancelled after telling", Start::Lodged, &[SCHEDULED, COMPLY, Do::CancelMany]),
    ("cancelled in a hold", Start::Lodged, &[Do::Acknowledge, SERVED, Do::Hold(false), Do::Cancel]),
    ("superseded", Start::Lodged, &[Do::Acknowledge, SERVED, Do::Replace]),
    ("claim open", Start::Lodged, &[Do::Acknowledge, SERVED, SCHEDULED, Do::Claim]),
    ("claim open, told before", Start::Lodged, &[SCHEDULED, COMPLY, Do::Claim]),
    ("claim resolved", Start::Lodged, &[Do::Acknowledge, SERVED, SCHEDULED, Do::Claim, Do::Resolve("not_confirmed")]),
    ("restricted", Start::Lodged, &[Do::Acknowledge, SERVED, SCHEDULED, Do::Restrict]),
    ("hold prohibited", Start::HoldProhibited, &[Do::Acknowledge, SERVED, SCHEDULED]),
    ("notice prohibited", Start::NotifyProhibited, &[Do::Acknowledge, SERVED, SCHEDULED]),
    ("notice not settled", Start::NotifyIndeterminate, &[Do::Acknowledge, SERVED, SCHEDULED]),
];

/// Papers of other kinds.
#[rustfmt::skip]
pub const PAPERS: &[State] = &[
    ("notice only", Start::NoticeOnly, &[]),
    ("notice only, served", Start::NoticeOnly, &[Do::Acknowledge, SERVED, SCHEDULED]),
    ("lodged twice", Start::LodgedTwice, &[]),
    ("typed in", Start::Typed, &[]),
    ("typed in, release expected", Start::Typed, &[SCHEDULED]),
    ("typed in, crossed", Start::Typed, &[SCHEDULED, Do::Acknowledge]),
    ("typed in, a twin has crossed", Start::TypedTwin, &[]),
    ("NCIC hit", Start::NcicHit, &[]),
    ("NCIC hit, acknowledged", Start::NcicHit, &[Do::Acknowledge, SERVED, SCHEDULED]),
    ("passed on", Start::Lodged, &[Do::Acknowledge, Do::Relay]),
    ("relayed copy", Start::RelayedCopy, &[]),
    ("relayed copy, served", Start::RelayedCopy, &[Do::Acknowledge, SERVED, SCHEDULED]),
    ("relayed copy, original cancelled", Start::RelayedCopy, &[Do::CancelOriginal]),
    ("relayed copy, crossed", Start::RelayedCopy, &[Do::TellTransfer]),
];
