//! What was decided, by persons and by the law alone, and what was known then.

use std::collections::HashMap;

use std::str::FromStr;

use chrono::NaiveDate;
use sqlx::types::Json;
use uuid::Uuid;

use crate::custodian::facts::known::RequestFacts;
use crate::custodian::facts::store::Stated;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::Form;
use crate::exchange::detainer::model::{Asks, SignedBy, Warrant, WarrantKind};
use crate::types::Timestamp;

/// A decision of the past.
#[derive(Debug, Clone)]
pub struct Past {
    pub id: Uuid,
    pub detainer_id: Uuid,
    pub act: String,
    pub at: Timestamp,
    /// `comply`, `decline`; `withheld` of a notice that the law alone kept back.
    pub decision: String,
    /// The disposition that was stored with it.
    pub was: Option<String>,
}

/// Whose decisions are asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// All of the agency's, for the agency.
    Own,
    /// Those on records that nobody has restricted, as oversight reads them.
    Unrestricted,
}

/// A batch of what was decided in a window, oldest first, after a place in it. Each kind is cut
/// off by itself, so that its index by time is walked and not the whole window sorted.
pub async fn decided(
    tx: &mut ScopedTx<'_>,
    (from, before): (Timestamp, Timestamp),
    whose: Whose,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Past>, StoreError> {
    let agency = tx.agency_id();
    let (at, id) = after.unzip();
    Ok(sqlx::query_as!(
        Past,
        r#"select id as "id!", detainer_id as "detainer_id!", act as "act!", at as "at!", decision as "decision!", was
             from ((select id, detainer_id, act, decided_at as at, decision, assessment ->> 'disposition' as was
                      from custodian.determination d
                     where agency_id = $1 and decided_at >= $2 and decided_at < $3
                       and (decided_at, id) > (coalesce($4, '-infinity'::timestamptz), coalesce($5, $8::uuid))
                       and ($7 or exists (select from custodian.case_file c
                                                 left join custodian.booking b on b.agency_id = c.agency_id and b.id = c.booking_id
                                           where c.agency_id = $1 and c.id = d.detainer_id
                                             and c.restriction is null and b.restriction is null))
                     order by decided_at, id limit $6)
                   union all
                   (select id, detainer_id, act, opened_at, action, disposition
                      from custodian.review r
                     where agency_id = $1 and opened_at >= $2 and opened_at < $3
                       and action = 'withheld' and disposition = 'prohibited'
                       and (opened_at, id) > (coalesce($4, '-infinity'::timestamptz), coalesce($5, $8::uuid))
                       and ($7 or exists (select from custodian.case_file c
                                                 left join custodian.booking b on b.agency_id = c.agency_id and b.id = c.booking_id
                                           where c.agency_id = $1 and c.id = r.detainer_id
                                             and c.restriction is null and b.restriction is null))
                     order by opened_at, id limit $6)) past
            order by at, id limit $6"#,
        agency,
        from,
        before,
        at,
        id,
        limit,
        whose == Whose::Own,
        Uuid::nil()
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What of a request the rules are asked about, as it is now.
#[derive(Debug)]
pub struct PastRequest {
    form: Form,
    issued_on: NaiveDate,
    issuing_office: String,
    asks: Asks,
    warrants: Vec<(WarrantKind, Option<SignedBy>)>,
    victim_or_witness: bool,
    date_of_birth: Option<NaiveDate>,
    served: bool,
    restriction: Option<String>,
    pub booking: Option<Uuid>,
}

impl PastRequest {
    pub fn asked(&self) -> RequestFacts<'_> {
        RequestFacts {
            form: self.form,
            issued_on: self.issued_on,
            issuing_office: &self.issuing_office,
            asks: self.asks,
            warrants: self.warrants.clone(),
            victim_or_witness: self.victim_or_witness,
            date_of_birth: self.date_of_birth,
            served: self.served,
            restriction: self.restriction.as_deref(),
        }
    }
}

/// These requests of the agency, of its own copy where it has one: nothing sealed is opened, for
/// no rule asks who somebody is.
pub async fn requests(
    tx: &mut ScopedTx<'_>,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, PastRequest>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select c.id, c.served_at is not null as "served!", c.restriction, c.booking_id, i.code as "issuing_office!",
                  coalesce(p.form, d.form) as "form!", coalesce(p.issued_on, d.issued_on) as "issued_on!",
                  coalesce(p.asks_notify, d.asks_notify) as "notify!", coalesce(p.asks_hold, d.asks_hold) as "hold!",
                  coalesce(p.asks_transfer, d.asks_transfer) as "transfer!",
                  coalesce(p.asks_interview, d.asks_interview) as "interview!",
                  coalesce(p.victim_or_witness, d.victim_or_witness) as "victim_or_witness!",
                  case when p.id is null then d.date_of_birth else p.date_of_birth end as date_of_birth,
                  p.warrants as "own_warrants?: Json<Vec<Warrant>>"
             from custodian.case_file c
             left join custodian.paper p on p.agency_id = c.agency_id and p.id = c.id
             left join exchange.detainer d on d.agency_id = c.agency_id and d.id = c.id
             join registry.office i on i.id = coalesce(p.issuing_office_id, d.issuing_office_id)
            where c.agency_id = $1 and c.id = any($2)"#,
        agency,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found = HashMap::with_capacity(rows.len());
    let mut as_told = Vec::new();
    for row in rows {
        if row.own_warrants.is_none() {
            as_told.push(row.id);
        }
        let request = PastRequest {
            form: Form::from_str(&row.form).map_err(StoreError::Unreadable)?,
            issued_on: row.issued_on,
            issuing_office: row.issuing_office,
            asks: Asks {
                notify: row.notify,
                hold: row.hold,
                transfer: row.transfer,
                interview: row.interview,
                relay: false,
                status_events: false,
            },
            warrants: row
                .own_warrants
                .map(|own| own.0)
                .unwrap_or_default()
                .into_iter()
                .map(|warrant| (warrant.kind, warrant.signed_by))
                .collect(),
            victim_or_witness: row.victim_or_witness,
            date_of_birth: row.date_of_birth,
            served: row.served,
            restriction: row.restriction,
            booking: row.booking_id,
        };
        found.insert(row.id, request);
    }
    let warrants = sqlx::query!(
        r#"select detainer_id, kind, signed_by from exchange.warrant
            where agency_id = $1 and detainer_id = any($2) order by detainer_id, ordinal"#,
        agency,
        &as_told
    )
    .fetch_all(tx.conn())
    .await?;
    for row in warrants {
        if let Some(request) = found.get_mut(&row.detainer_id) {
            let kind = WarrantKind::from_str(&row.kind).map_err(StoreError::Unreadable)?;
            let signed_by = row.signed_by.as_deref().and_then(SignedBy::parse);
            request.warrants.push((kind, signed_by));
        }
    }
    Ok(found)
}

/// Every statement of facts on these requests, in the order in which they were made.
pub async fn statements(
    tx: &mut ScopedTx<'_>,
    detainers: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Stated>>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select detainer_id, name, value, source, stated_at, stated_by
             from custodian.fact where agency_id = $1 and detainer_id = any($2) order by n"#,
        agency,
        detainers
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: HashMap<Uuid, Vec<Stated>> = HashMap::new();
    for row in rows {
        found.entry(row.detainer_id).or_default().push(Stated {
            name: row.name,
            value: row.value,
            source: row.source,
            stated_at: row.stated_at,
            stated_by: row.stated_by,
        });
    }
    Ok(found)
}

/// One preview of a jurisdiction at a time, until the transaction ends.
pub async fn lock_previews(tx: &mut ScopedTx<'_>, jurisdiction: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('preview ' || $1::text, 0))",
        jurisdiction
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}

/// How often a jurisdiction has asked about these agencies since an instant: each time is one
/// event with each agency, all at one instant.
pub async fn previews_since(
    tx: &mut ScopedTx<'_>,
    agencies: &[i32],
    jurisdiction: &str,
    since: Timestamp,
) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(distinct at) as "count!" from log.event
            where agency_id = any($1) and type = 'oversight.previewed' and at > $2 and data ->> 'jurisdiction' = $3"#,
        agencies,
        since,
        jurisdiction
    )
    .fetch_one(tx.conn())
    .await?)
}
