//! What came of a request, on two axes that are never merged, as each side states it.

use serde::{Deserialize, Serialize};

use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;
use crate::types::actor::words;
use crate::types::ids::{DetainerId, OutcomeId};

words! {
    /// The notice axis (domain notes, section c.3).
    NoticeOutcome {
        NotifiedBefore = "notified_before", NotifiedAtRelease = "notified_at_release",
        NotifiedAfterRelease = "notified_after_release", NotNotifiedProhibited = "not_notified_prohibited",
        NotNotifiedDeclinedByChoice = "not_notified_declined_by_choice",
        NotNotifiedOmission = "not_notified_omission", NotRequested = "not_requested",
        PublicInformationOnly = "public_information_only", Unknown = "unknown",
    }
}
words! {
    /// The custody axis (domain notes, section c.3).
    CustodyOutcome {
        BeforeRelease = "dhs_took_custody_before_release_time", DuringHold = "dhs_took_custody_during_hold",
        AtRelease = "dhs_arrest_at_release_no_hold", NoShow = "dhs_no_show_hold_expired", Withdrew = "dhs_withdrew",
        ReleasedHoldDeclined = "released_hold_declined", ReleasedNoHold = "released_no_hold_requested",
        ReleasedBeforeReceived = "released_before_request_received", Transferred = "transferred_other_agency_relayed",
        Remains = "remains_in_custody", Died = "died", Escaped = "escaped", CourtOrdered = "court_ordered_release",
        Unknown = "unknown",
    }
}

/// One side's statement as the other may read it.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Statement {
    pub notice: NoticeOutcome,
    pub custody: CustodyOutcome,
    pub stated_at: Timestamp,
    pub note: Option<String>,
    pub recorded_at: Timestamp,
}

/// `POST …/outcome` of either side.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"notice": "notified_before", "custody": "dhs_no_show_hold_expired", "stated_at": "2025-11-22T10:00:00-08:00"}))]
pub struct OutcomeRequest {
    pub notice: NoticeOutcome,
    pub custody: CustodyOutcome,
    pub stated_at: Timestamp,
    pub note: Option<String>,
    /// Custodian only: tell the office.
    pub disclose: Option<bool>,
}

/// The answer: this side's statement, the other's as far as this caller may see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OutcomeBody {
    pub id: OutcomeId,
    pub detainer: DetainerId,
    pub notice: NoticeOutcome,
    pub custody: CustodyOutcome,
    pub stated_at: Timestamp,
    pub note: Option<String>,
    pub recorded_at: Timestamp,
    /// `agreed`, `disputed` or `one_sided`, as far as this caller sees.
    pub agreement: &'static str,
    pub other_side: Option<Statement>,
}

/// Do the two statements agree on both axes?
pub fn agreement(own: (NoticeOutcome, CustodyOutcome), other: Option<&Statement>) -> &'static str {
    match other {
        None => "one_sided",
        Some(other) if (other.notice, other.custody) == own => "agreed",
        Some(_) => "disputed",
    }
}

impl OutcomeRequest {
    /// Checks what needs no record.
    pub fn check(&self, now: Timestamp) -> Result<(), crate::http::Problem> {
        use crate::http::Problem;
        if self.stated_at > now + chrono::Duration::minutes(5)
            || self.stated_at.timestamp() < 631_152_000
        {
            return Err(Problem::field(
                "/stated_at",
                "range",
                "stated_at must lie between 1990 and now.",
            ));
        }
        if self
            .note
            .as_ref()
            .is_some_and(|note| note.chars().count() > 4000)
        {
            return Err(Problem::field(
                "/note",
                "length",
                "note may have at most 4000 characters.",
            ));
        }
        Ok(())
    }
}

/// A statement about to be shared.
pub struct NewOutcome<'a> {
    pub id: OutcomeId,
    pub agency_id: i32,
    pub office_id: i32,
    pub detainer: DetainerId,
    /// `custodian` or `office`.
    pub side: &'static str,
    pub request: &'a OutcomeRequest,
    pub by: &'a str,
    pub salt: Vec<u8>,
    pub at: Timestamp,
}

/// Puts a statement on the table between the sides.
pub async fn insert(tx: &mut ScopedTx<'_>, outcome: &NewOutcome<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        r#"insert into exchange.outcome (id, agency_id, office_id, detainer_id, side, notice, custody, stated_at, note,
                                         stated_by, salt, recorded_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"#,
        outcome.id.as_uuid(),
        outcome.agency_id,
        outcome.office_id,
        outcome.detainer.as_uuid(),
        outcome.side,
        outcome.request.notice.as_str(),
        outcome.request.custody.as_str(),
        outcome.request.stated_at,
        outcome.request.note,
        outcome.by,
        outcome.salt,
        outcome.at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The latest statement of one side, as far as this caller sees it.
pub async fn latest(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
    side: &str,
) -> Result<Option<Statement>, StoreError> {
    let row = sqlx::query!(
        r#"select notice, custody, stated_at, note, recorded_at from exchange.outcome
            where detainer_id = $1 and side = $2 order by recorded_at desc, id desc limit 1"#,
        detainer.as_uuid(),
        side
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Statement {
            notice: row.notice.parse().map_err(StoreError::Unreadable)?,
            custody: row.custody.parse().map_err(StoreError::Unreadable)?,
            stated_at: row.stated_at,
            note: row.note,
            recorded_at: row.recorded_at,
        })
    })
    .transpose()
}
