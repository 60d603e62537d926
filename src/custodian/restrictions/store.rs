//! All SQL on restrictions.

use uuid::Uuid;

use super::{Disclosure, RestrictionKind};
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::types::Timestamp;

/// One setting about to be kept.
pub struct NewRestriction<'a> {
    pub id: Uuid,
    pub detainer: Option<Uuid>,
    pub booking: Option<Uuid>,
    pub kind: Option<RestrictionKind>,
    pub reason: &'a str,
    pub at: Timestamp,
    pub by: &'a str,
    pub salt: &'a [u8],
    pub event: Uuid,
}

pub async fn insert(tx: &mut ScopedTx<'_>, new: &NewRestriction<'_>) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.restriction (agency_id, id, detainer_id, booking_id, kind, reason, set_at, set_by, salt, event_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
        agency,
        new.id,
        new.detainer,
        new.booking,
        new.kind.map(RestrictionKind::as_str),
        new.reason,
        new.at,
        new.by,
        new.salt,
        new.event
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes the word in force on the booking's row.
pub async fn mark_booking(
    tx: &mut ScopedTx<'_>,
    booking: Uuid,
    kind: Option<RestrictionKind>,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        "update custodian.booking set restriction = $3 where agency_id = $1 and id = $2",
        agency,
        booking,
        kind.map(RestrictionKind::as_str)
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// Every request that is linked to the booking.
pub async fn cases_of(tx: &mut ScopedTx<'_>, booking: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        "select id from custodian.case_file where agency_id = $1 and booking_id = $2 order by id",
        agency,
        booking
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Who has learned of these requests, and when, oldest first. The office's own paper is no
/// disclosure; paper that the jail typed in is one from its crossing on.
pub async fn disclosures(
    tx: &mut ScopedTx<'_>,
    detainers: &[Uuid],
) -> Result<Vec<Disclosure>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Disclosure,
        r#"select detainer as "detainer!", what as "what!", told as "to!", at as "at!" from (
               select c.id as detainer, 'paper' as what, 'office:' || o.code as told, c.crossed_at as at
                 from custodian.case_file c join registry.office o on o.id = c.office_id
                where c.agency_id = $1 and c.id = any($2) and c.origin <> 'office' and c.crossed_at is not null
               union all
               select n.detainer_id, 'notification', 'office:' || o.code, n.told_at
                 from exchange.notification n join registry.office o on o.id = n.office_id
                where n.agency_id = $1 and n.detainer_id = any($2)
               union all
               select h.detainer_id, 'handover', 'office:' || o.code, h.recorded_at
                 from exchange.handover h join registry.office o on o.id = h.office_id
                where h.agency_id = $1 and h.detainer_id = any($2) and h.side = 'custodian'
               union all
               select s.detainer_id, 'outcome', 'office:' || o.code, s.recorded_at
                 from exchange.outcome s join registry.office o on o.id = s.office_id
                where s.agency_id = $1 and s.detainer_id = any($2) and s.side = 'custodian'
               union all
               select r.detainer_id, 'relay', 'agency:' || a.ori, r.relayed_at
                 from custodian.relay r join registry.agency a on a.id = r.to_agency_id
                where r.agency_id = $1 and r.detainer_id = any($2)
               union all
               select d.id, 'oversight_list', 'oversight', e.at
                 from log.event e, unnest($2::uuid[]) as d (id)
                where e.agency_id = $1 and e.type = 'oversight.listed' and e.data -> 'detainers' ? d.id::text
           ) as known order by at, what, told"#,
        agency,
        detainers
    )
    .fetch_all(tx.conn())
    .await?)
}
