//! Putting a person's history together.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use uuid::Uuid;

use super::history::{
    HistoryAct, HistoryBody, HistoryCharge, HistoryFooter, HistoryRequest, HistoryRow,
};
use super::store::{self, DecisionRow, OutcomeRow};
use crate::app::App;
use crate::custodian::bookings::{self, Keys};
use crate::custodian::detainers::{CaseFile, case_file, papers};
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::Paper;
use crate::http::Problem;
use crate::policy::Act;
use crate::types::Timestamp;

/// The history of everybody whose record says that they are this person.
pub async fn history(
    tx: &mut ScopedTx<'_>,
    app: &App,
    person: Uuid,
    window: (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<HistoryBody, Problem> {
    let (persons, keys) = same_person(tx, person).await?;
    let bookings = store::bookings(tx, &persons, window).await?;
    let ids: Vec<Uuid> = bookings.iter().map(|booking| booking.id).collect();
    let indexes: Vec<Vec<u8>> = keys
        .iter()
        .flat_map(|keys| [&keys.a_number, &keys.fbi_number, &keys.state_id])
        .flatten()
        .cloned()
        .collect();
    let linked = store::requests(tx, &ids, &indexes).await?;
    let of_booking: HashMap<Uuid, Option<Uuid>> = linked.iter().copied().collect();
    let mut shown = Requests::read(tx, app, &linked).await?;
    let agency = tx
        .actor()
        .agency
        .as_ref()
        .map(|agency| agency.code.clone())
        .unwrap_or_default();

    let booked: Vec<Option<Timestamp>> = bookings.iter().map(|booking| booking.booked_at).collect();
    let mut rows = Vec::with_capacity(bookings.len());
    for (at, booking) in bookings.into_iter().enumerate() {
        let next = booked.get(at + 1).copied().flatten();
        let charges = serde_json::from_value::<Vec<_>>(booking.charges)
            .map_err(|error| StoreError::Unreadable(error.to_string()))?;
        rows.push(HistoryRow {
            booking: booking.id,
            booking_number: booking.booking_number,
            agency: agency.clone(),
            booked_at: booking.booked_at,
            restriction: booking.restriction,
            charges: charges.into_iter().map(HistoryCharge::new).collect(),
            requests: shown.take(
                |id| of_booking.get(&id) == Some(&Some(booking.id)),
                booking.released_at,
            ),
            actual_release_at: booking.released_at,
            release_basis: booking.release_basis,
            next_booking_gap_days: booking
                .released_at
                .zip(next)
                .map(|(released, next)| (next - released).num_days()),
        });
    }
    let unlinked_requests = shown.take(|_| true, None);
    Ok(HistoryBody {
        footer: HistoryFooter::of(&rows, &unlinked_requests),
        persons,
        rows,
        unlinked_requests,
    })
}

/// The records that are one person: joined by a strong identifier that agrees with one of them,
/// while the strongest that any two carry agrees too. A name joins nothing.
async fn same_person(
    tx: &mut ScopedTx<'_>,
    person: Uuid,
) -> Result<(Vec<Uuid>, Vec<Keys>), StoreError> {
    let own = bookings::store::keys_of(tx, person).await?;
    let mut same = vec![(person, own)];
    let mut seen: HashSet<Uuid> = HashSet::from([person]);
    // A chain of records, each with another identifier: as long as it grows.
    for _ in 0..10 {
        let ids: Vec<Uuid> = same.iter().map(|(id, _)| *id).collect();
        let mut near: Vec<_> = store::sharing(tx, &ids).await?.into_iter().collect();
        near.sort_by_key(|(id, _)| *id);
        let before = same.len();
        for (id, keys) in near {
            if !seen.contains(&id)
                && same
                    .iter()
                    .all(|(_, known)| known.compare(&keys) != Some(false))
                && same
                    .iter()
                    .any(|(_, known)| known.compare(&keys) == Some(true))
            {
                seen.insert(id);
                same.push((id, keys));
            }
        }
        if same.len() == before {
            break;
        }
    }
    same.sort_by_key(|(id, _)| *id);
    Ok(same.into_iter().unzip())
}

/// The requests of a history, read in a few statements however many there are.
struct Requests {
    items: Vec<(Paper, CaseFile)>,
    decisions: Vec<DecisionRow>,
    outcomes: Vec<OutcomeRow>,
    leads: HashMap<Uuid, i64>,
}

impl Requests {
    async fn read(
        tx: &mut ScopedTx<'_>,
        app: &App,
        linked: &[(Uuid, Option<Uuid>)],
    ) -> Result<Self, StoreError> {
        let ids: Vec<Uuid> = linked.iter().map(|(id, _)| *id).collect();
        let papers = papers::by_ids(tx, &app.vault, &ids).await?;
        let mut cases: HashMap<Uuid, CaseFile> = case_file::by_ids(tx, &ids)
            .await?
            .into_iter()
            .map(|case| (case.id.as_uuid(), case))
            .collect();
        Ok(Self {
            items: papers
                .into_iter()
                .filter_map(|paper| {
                    let case = cases.remove(&paper.id.as_uuid())?;
                    Some((paper, case))
                })
                .collect(),
            decisions: store::decisions(tx, &ids).await?,
            outcomes: store::outcomes(tx, &ids).await?,
            leads: store::leads(tx, &ids).await?,
        })
    }

    /// Takes out the requests of one booking.
    fn take(
        &mut self,
        of: impl Fn(Uuid) -> bool,
        released_at: Option<Timestamp>,
    ) -> Vec<HistoryRequest> {
        let (taken, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.items)
            .into_iter()
            .partition(|(paper, _)| of(paper.id.as_uuid()));
        self.items = left;
        taken
            .iter()
            .map(|(paper, case)| self.shown(paper, case, released_at))
            .collect()
    }

    fn shown(
        &self,
        paper: &Paper,
        case: &CaseFile,
        released_at: Option<Timestamp>,
    ) -> HistoryRequest {
        let id = paper.id.as_uuid();
        let acts = self
            .decisions
            .iter()
            .filter(|row| row.detainer_id == id)
            .filter_map(|row| {
                Some(HistoryAct::new(
                    Act::parse(&row.act)?,
                    serde_json::from_value(row.assessment.clone()).ok()?,
                    row.decision.clone(),
                    row.reason_code.clone(),
                    row.departs_from_policy,
                    row.at,
                ))
            })
            .collect();
        // In the order of their sides: the custodian, which had the person, comes first.
        let outcome = self.outcomes.iter().find(|row| row.detainer_id == id);
        HistoryRequest {
            detainer: id,
            form: paper.form.to_string(),
            office: paper.office.clone(),
            issued_on: paper.issued_on,
            received_at: paper.received_at,
            after_release: released_at.is_some_and(|released| paper.received_at > released),
            asked: paper.asks,
            status: case.status.to_string(),
            lift_reason: paper.lift_reason.map(|reason| reason.to_string()),
            acts,
            notice_outcome: outcome.map(|row| row.notice.clone()),
            custody_outcome: outcome.map(|row| row.custody.clone()),
            outcome_stated_by: outcome.map(|row| row.side.clone()),
            lead_minutes: self.leads.get(&id).copied(),
            what_if_today: format!("/v1/detainers/{id}/assessment"),
        }
    }
}
