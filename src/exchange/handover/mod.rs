//! The hand-over of a person, as each side states it once. Agreement of the two is derived; the
//! office's statement alone opens nothing.

use serde::{Deserialize, Serialize};

use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::request::Complaints;
use crate::http::Problem;
use crate::types::actor::words;
use crate::types::ids::{DetainerId, HandoverId};
use crate::types::{Timestamp, name};

words! {
    /// How the two statements stand to each other.
    HandoverState { Waiting = "waiting", Confirmed = "confirmed", Disputed = "disputed" }
}
words! {
    HandoverSide { Custodian = "custodian", Office = "office" }
}

/// `POST …/handover` of either side.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandoverRequest {
    pub taken_at: Timestamp,
    /// The officer who took the person.
    pub officer: String,
    /// Number of the form I-203, where there is one.
    pub i203_reference: Option<String>,
    pub place: String,
}

impl HandoverRequest {
    pub fn check(&self, now: Timestamp) -> Result<(), Problem> {
        let mut complaints = Complaints::default();
        complaints.past("/taken_at", self.taken_at, now);
        complaints.text("/officer", &self.officer, 200);
        complaints.optional_text("/i203_reference", self.i203_reference.as_deref(), 100);
        complaints.text("/place", &self.place, 300);
        complaints.finish()
    }
}

/// One side's statement.
#[derive(Debug, Clone)]
pub struct Handover {
    pub id: HandoverId,
    pub detainer: DetainerId,
    pub side: HandoverSide,
    pub taken_at: Timestamp,
    pub officer: String,
    pub i203_reference: Option<String>,
    pub place: String,
    pub recorded_at: Timestamp,
}

/// One side's statement, with the other's and how the two stand to each other.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HandoverBody {
    pub id: HandoverId,
    pub detainer: DetainerId,
    /// Who states it: `custodian` or `office`.
    pub side: HandoverSide,
    pub taken_at: Timestamp,
    pub officer: String,
    pub i203_reference: Option<String>,
    pub place: String,
    pub recorded_at: Timestamp,
    /// `waiting` for the other side, `confirmed`, or `disputed`: another place, or more than
    /// thirty minutes apart.
    pub state: HandoverState,
    pub other_side: Option<OtherSide>,
}

/// The other side's statement.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OtherSide {
    pub id: HandoverId,
    pub taken_at: Timestamp,
    pub officer: String,
    pub i203_reference: Option<String>,
    pub place: String,
    pub recorded_at: Timestamp,
}

/// The statements of a hand-over, this caller's own first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HandoverList {
    pub items: Vec<HandoverBody>,
    pub next: Option<String>,
}

/// Minutes that two watches may lie apart.
const MINUTES_APART: i64 = 30;

/// How one statement stands to the other.
pub fn state(own: &Handover, other: Option<&Handover>) -> HandoverState {
    let Some(other) = other else {
        return HandoverState::Waiting;
    };
    let apart = (own.taken_at - other.taken_at).abs();
    // Case, accents, punctuation and the order of words make no difference.
    let same_place = name::parts([Some(own.place.as_str())]) == name::parts([Some(&*other.place)]);
    if same_place && apart <= chrono::Duration::minutes(MINUTES_APART) {
        HandoverState::Confirmed
    } else {
        HandoverState::Disputed
    }
}

impl HandoverBody {
    pub fn new(own: &Handover, other: Option<&Handover>) -> Self {
        Self {
            id: own.id,
            detainer: own.detainer,
            side: own.side,
            taken_at: own.taken_at,
            officer: own.officer.clone(),
            i203_reference: own.i203_reference.clone(),
            place: own.place.clone(),
            recorded_at: own.recorded_at,
            state: state(own, other),
            other_side: other.map(|other| OtherSide {
                id: other.id,
                taken_at: other.taken_at,
                officer: other.officer.clone(),
                i203_reference: other.i203_reference.clone(),
                place: other.place.clone(),
                recorded_at: other.recorded_at,
            }),
        }
    }
}

/// Both statements as bodies, `first` side's first.
pub fn list(statements: &[Handover], first: HandoverSide) -> HandoverList {
    let mut items: Vec<HandoverBody> = statements
        .iter()
        .map(|own| {
            let other = statements.iter().find(|other| other.side != own.side);
            HandoverBody::new(own, other)
        })
        .collect();
    items.sort_by_key(|body| body.side != first);
    HandoverList { items, next: None }
}

/// A statement about to be made.
pub struct NewHandover<'a> {
    pub id: HandoverId,
    pub agency_id: i32,
    pub office_id: i32,
    pub detainer: DetainerId,
    pub side: HandoverSide,
    pub request: &'a HandoverRequest,
    pub by: &'a str,
    pub salt: &'a [u8],
    pub at: Timestamp,
}

/// Puts a statement on the table between the sides; `None` when this side has made its own before.
pub async fn insert(
    tx: &mut ScopedTx<'_>,
    new: &NewHandover<'_>,
) -> Result<Option<Handover>, StoreError> {
    let inserted = sqlx::query!(
        r#"insert into exchange.handover (id, agency_id, office_id, detainer_id, side, taken_at, officer, i203_reference,
                                          place, stated_by, salt, recorded_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           on conflict on constraint handover_once_a_side do nothing"#,
        new.id.as_uuid(),
        new.agency_id,
        new.office_id,
        new.detainer.as_uuid(),
        new.side.as_str(),
        new.request.taken_at,
        new.request.officer,
        new.request.i203_reference,
        new.request.place,
        new.by,
        new.salt,
        new.at
    )
    .execute(tx.conn())
    .await?;
    Ok((inserted.rows_affected() == 1).then(|| Handover {
        id: new.id,
        detainer: new.detainer,
        side: new.side,
        taken_at: new.request.taken_at,
        officer: new.request.officer.clone(),
        i203_reference: new.request.i203_reference.clone(),
        place: new.request.place.clone(),
        recorded_at: new.at,
    }))
}

/// The statements on one request, as far as this caller sees it.
pub async fn of_detainer(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
) -> Result<Vec<Handover>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, side, taken_at, officer, i203_reference, place, recorded_at from exchange.handover
            where detainer_id = $1 order by recorded_at, id"#,
        detainer.as_uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Handover {
                id: row.id.into(),
                detainer,
                side: row.side.parse().map_err(StoreError::Unreadable)?,
                taken_at: row.taken_at,
                officer: row.officer,
                i203_reference: row.i203_reference,
                place: row.place,
                recorded_at: row.recorded_at,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(taken_at: &str, place: &str) -> Handover {
        let at: Timestamp = taken_at.parse().unwrap();
        Handover {
            id: HandoverId::new(at),
            detainer: DetainerId::new(at),
            side: HandoverSide::Office,
            taken_at: at,
            officer: "C. Officer".to_owned(),
            i203_reference: None,
            place: place.to_owned(),
            recorded_at: at,
        }
    }

    #[test]
    fn two_statements_agree_within_half_an_hour_at_one_place() {
        let own = statement("2026-11-24T08:00:00Z", "Alder County Jail, sally port");
        assert_eq!(state(&own, None), HandoverState::Waiting);
        for (taken_at, place, expected) in [
            (
                "2026-11-24T08:30:00Z",
                "SALLY PORT Alder County Jail",
                HandoverState::Confirmed,
            ),
            (
                "2026-11-24T07:29:59Z",
                "Alder County Jail, sally port",
                HandoverState::Disputed,
            ),
            (
                "2026-11-24T08:00:00Z",
                "County Court",
                HandoverState::Disputed,
            ),
        ] {
            assert_eq!(state(&own, Some(&statement(taken_at, place))), expected);
        }
    }
}
