//! The acts of the contract on a request.

use serde_json::{Value, json};

pub const CEDAR: &str = "CA0990300";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    Notify,
    Hold,
    Transfer,
    Interview,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Comply,
    Decline,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Jail,
    Office,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Do {
    Acknowledge,
    /// With `tell_office` as given, if given.
    Serve(Option<bool>),
    /// A determination; with `tell_office: true`.
    Decide(Topic, Word, bool),
    /// On the latest notice.
    DecideOn(Word),
    Hold(bool),
    EndHold,
    HandOver(By),
    /// With `disclose: true`.
    Outcome(By, bool),
    Claim,
    Resolve(&'static str),
    Relay,
    Restrict,
    Facts,
    Receipt,
    Attempt,
    Notice(&'static str),
    Book,
    Cancel,
    CancelMany,
    /// The office lodges a newer request about the same person.
    Replace,
    /// The agency that passed the request on tells the office of the transfer.
    TellTransfer,
    CancelOriginal,
}

/// Every act that is tried in every state, but for the notices that end custody.
pub fn all() -> Vec<Do> {
    let mut acts = vec![
        Do::Acknowledge,
        Do::Serve(None),
        Do::Serve(Some(true)),
        Do::Serve(Some(false)),
        Do::DecideOn(Word::Comply),
        Do::DecideOn(Word::Decline),
        Do::Hold(false),
        Do::Hold(true),
        Do::EndHold,
        Do::HandOver(By::Jail),
        Do::HandOver(By::Office),
        Do::Outcome(By::Jail, false),
        Do::Outcome(By::Jail, true),
        Do::Outcome(By::Office, false),
        Do::Claim,
        Do::Resolve("not_confirmed"),
        Do::Resolve("confirmed"),
        Do::Relay,
        Do::Restrict,
        Do::Facts,
        Do::Receipt,
        Do::Attempt,
        Do::Book,
        Do::Cancel,
        Do::CancelMany,
    ];
    for topic in [
        Topic::Notify,
        Topic::Hold,
        Topic::Transfer,
        Topic::Interview,
    ] {
        for word in [Word::Comply, Word::Decline] {
            acts.extend([
                Do::Decide(topic, word, false),
                Do::Decide(topic, word, true),
            ]);
        }
    }
    acts.extend(OTHERS.map(Do::Notice));
    acts
}

/// These end custody: tried in every state by a test of their own.
pub const LEAVING: [&str; 4] = ["actual", "transfer", "escape", "death"];

const OTHERS: [&str; 7] = [
    "scheduled",
    "rescheduled",
    "immediate",
    "cancelled",
    "correction",
    "hospitalised",
    "returned",
];

/// What a state begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    Lodged,
    NoticeOnly,
    HoldProhibited,
    NotifyProhibited,
    NotifyIndeterminate,
    Typed,
    /// Typed in, and the office has lodged the very request here.
    TypedTwin,
    /// The office has lodged the very request twice.
    LodgedTwice,
    NcicHit,
    RelayedCopy,
}

/// The body of a determination.
pub fn decision(topic: Topic, word: Word, tell: bool) -> Value {
    let act = match topic {
        Topic::Notify => "notify_release",
        Topic::Hold => "hold_past_release",
        Topic::Transfer => "transfer_custody",
        Topic::Interview => "allow_interview",
    };
    let (word, reason) = match word {
        Word::Comply => ("comply", "law_permits"),
        Word::Decline => ("decline", "agency_policy"),
    };
    let mut body =
        json!({"act": act, "decision": word, "reason_code": reason, "note": "as decided"});
    if tell {
        body["tell_office"] = json!(true);
    }
    body
}
