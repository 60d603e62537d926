//! What a custodian told an office. Creating the row is telling; only its acknowledgement by the
//! office is "acknowledged".

pub mod page;
pub mod store;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use store::{
    Notification, coming, get, insert, latest_of, list, set_acknowledged, unacknowledged,
};

use crate::types::Timestamp;
use crate::types::actor::words;
use crate::types::ids::{DetainerId, NotificationId};

words! {
    /// How somebody was told by hand.
    AttemptChannel { Phone = "phone", Fax = "fax", Email = "email", InPerson = "in_person" }
}
words! {
    AttemptResult { Reached = "reached", LeftMessage = "left_message", NoAnswer = "no_answer" }
}

/// What is told.
#[derive(Debug, Clone)]
pub enum About {
    /// Of a release: `scheduled` to `correction`.
    Release {
        kind: String,
        effective_at: Timestamp,
    },
    /// Transfer, escape, death, hospital, return.
    Status {
        kind: String,
        effective_at: Timestamp,
    },
    Hold {
        started_at: Timestamp,
        deadline_at: Timestamp,
        basis: String,
    },
    Decision {
        act: String,
        decision: String,
        at: Timestamp,
    },
}

impl About {
    /// The word of the contract.
    pub fn word(&self) -> &'static str {
        match self {
            About::Release { .. } => "release",
            About::Status { .. } => "status",
            About::Hold { .. } => "hold",
            About::Decision { .. } => "decision",
        }
    }
}

/// A notification about to be made. The paper's lock is held by the caller.
#[derive(Debug, Clone)]
pub struct NewNotification {
    pub id: NotificationId,
    pub office_id: i32,
    pub detainer: DetainerId,
    pub about: About,
    pub at: Timestamp,
}

/// A notification as both sides read it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NotificationBody {
    pub id: Uuid,
    pub detainer: Uuid,
    pub recipient: &'static str,
    /// `release`, `status`, `hold` or `decision`.
    pub about: String,
    /// Null unless it is about a release or a status.
    pub release_notice: Option<ToldRelease>,
    pub hold: Option<ToldHold>,
    pub decision: Option<ToldDecision>,
    /// When it entered the office's stream; for an office without an account here, when an attempt
    /// by hand first reached somebody.
    pub sent_at: Option<Timestamp>,
    pub status: String,
    /// `effective_at` as told minus `sent_at`, in whole minutes; never computed again.
    pub lead_minutes: Option<i64>,
    pub attempts: Vec<AttemptBody>,
    #[schema(value_type = Option<Object>)]
    pub escalation: Option<serde_json::Value>,
    pub acknowledged_at: Option<Timestamp>,
    pub acknowledged_by: Option<String>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ToldRelease {
    pub kind: String,
    pub effective_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ToldHold {
    pub started_at: Timestamp,
    pub deadline_at: Timestamp,
    pub basis: String,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ToldDecision {
    pub act: String,
    pub decision: String,
    pub at: Timestamp,
}

/// A notice given by hand.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AttemptBody {
    pub id: Uuid,
    pub channel: AttemptChannel,
    pub at: Timestamp,
    /// Who was spoken to, or the number.
    pub to: String,
    pub by: String,
    pub result: AttemptResult,
    pub recorded_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct NotificationList {
    pub items: Vec<NotificationBody>,
    pub next: Option<String>,
}

impl From<Notification> for NotificationBody {
    fn from(row: Notification) -> Self {
        Self {
            id: row.id,
            detainer: row.detainer_id,
            recipient: "office",
            about: row.about,
            lead_minutes: row
                .effective_at
                .zip(row.sent_at)
                .map(|(effective, sent)| (effective - sent).num_minutes()),
            release_notice: row
                .kind
                .zip(row.effective_at)
                .map(|(kind, effective_at)| ToldRelease { kind, effective_at }),
            hold: row
                .hold_started_at
                .zip(row.hold_deadline_at)
                .zip(row.hold_basis)
                .map(|((started_at, deadline_at), basis)| ToldHold {
                    started_at,
                    deadline_at,
                    basis,
                }),
            decision: row
                .act
                .zip(row.decision)
                .zip(row.decided_at)
                .map(|((act, decision), at)| ToldDecision { act, decision, at }),
            sent_at: row.sent_at,
            status: row.status,
            attempts: row.attempts.0,
            escalation: None,
            acknowledged_at: row.acknowledged_at,
            acknowledged_by: row.acknowledged_by,
        }
    }
}
