//! All SQL on papers that belong together: requests for one person, and copies that were relayed.

use std::str::FromStr;

use uuid::Uuid;

use super::model::{Asks, Form};
use super::same::{Pending, Who};
use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;
use crate::types::ids::DetainerId;

/// Serialises what is told about the requests of one office at one custodian, so that two papers
/// for one person see each other. Taken only by acts that tell.
pub async fn lock_pair(tx: &mut ScopedTx<'_>, office: i32, agency: i32) -> Result<(), StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('same request ' || $1, 0))",
        format!("{office} {agency}")
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The pending papers of an office at a custodian that may be about this person, oldest first.
pub async fn pending_about(
    tx: &mut ScopedTx<'_>,
    office: i32,
    agency: i32,
    who: &Who,
) -> Result<Vec<Pending>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, form, issued_on, asks_notify, asks_hold, asks_transfer, asks_interview, asks_relay, asks_status_events,
                  a_number_index, fbi_number_index, name_parts, date_of_birth
             from exchange.detainer
            where agency_id = $1 and office_id = $2 and status = 'pending'
              and (a_number_index = $3 or fbi_number_index = $4 or (date_of_birth = $5 and name_parts = $6))
            order by created_at, id limit 200"#,
        agency,
        office,
        who.a_number,
        who.fbi_number,
        who.date_of_birth,
        &who.name_parts
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Pending {
                id: row.id.into(),
                form: Form::from_str(&row.form).map_err(StoreError::Unreadable)?,
                issued_on: row.issued_on,
                asks: Asks {
                    notify: row.asks_notify,
                    hold: row.asks_hold,
                    transfer: row.asks_transfer,
                    interview: row.asks_interview,
                    relay: row.asks_relay,
                    status_events: row.asks_status_events,
                },
                who: Who {
                    a_number: row.a_number_index,
                    fbi_number: row.fbi_number_index,
                    name_parts: row.name_parts,
                    date_of_birth: row.date_of_birth,
                },
            })
        })
        .collect()
}

/// A newer paper takes the place of these.
pub async fn set_superseded(
    tx: &mut ScopedTx<'_>,
    ids: &[DetainerId],
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    ids.sort_unstable();
    sqlx::query!(
        r#"update exchange.detainer set superseded_at = $2
            where id in (select id from exchange.detainer where id = any($1) order by id for no key update)
              and superseded_at is null"#,
        &ids,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Copies of a request that other agencies relayed and this office has been told of.
pub async fn pending_copies(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
) -> Result<Vec<(DetainerId, i32)>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, agency_id from exchange.detainer where relayed_from = $1 and status = 'pending'
            order by id for no key update"#,
        id.as_uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id.into(), row.agency_id))
        .collect())
}
