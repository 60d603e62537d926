//! All SQL on facts, and on what the booking adds to them.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use super::state::Source;
use crate::db::{ScopedTx, StoreError};
use crate::types::Timestamp;
use crate::types::ids::DetainerId;

/// A fact as it was stated last.
#[derive(Debug, Clone)]
pub struct Stated {
    pub name: String,
    /// `None` = taken back to unknown.
    pub value: Option<Value>,
    pub source: String,
    pub stated_at: Timestamp,
    pub stated_by: String,
}

/// States facts, each in a row of its own: what was stated before stays readable.
pub async fn insert(
    tx: &mut ScopedTx<'_>,
    detainer: DetainerId,
    facts: &[super::model::Change],
    source: Source,
    by: &str,
    salt: &[u8],
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    for (name, value) in facts {
        sqlx::query!(
            r#"insert into custodian.fact (agency_id, detainer_id, name, value, source, stated_at, stated_by, salt)
               values ($1, $2, $3, $4, $5, $6, $7, $8)"#,
            agency,
            detainer.as_uuid(),
            name,
            value.as_ref(),
            source.as_str(),
            at,
            by,
            salt
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// The latest statement of each fact, by request: one statement for a page of them.
pub async fn latest(
    tx: &mut ScopedTx<'_>,
    detainers: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Stated>>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select distinct on (detainer_id, name) detainer_id, name, value, source, stated_at, stated_by
             from custodian.fact where agency_id = $1 and detainer_id = any($2)
            order by detainer_id, name, n desc"#,
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

/// What a booking says that rules look at.
#[derive(Debug, Clone)]
pub struct BookingFacts {
    pub date_of_birth: Option<NaiveDate>,
    /// A notice that stands carries evidence that the release date is public.
    pub release_information_public: bool,
    pub charges: Vec<BookingCharge>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct BookingCharge {
    pub statute: Option<String>,
    pub state: Option<String>,
    pub level: Option<String>,
    pub disposition: Option<String>,
    pub disposition_on: Option<NaiveDate>,
}

/// The same for each of these bookings: one statement, however many there are.
pub async fn of_bookings(
    tx: &mut ScopedTx<'_>,
    bookings: &[Uuid],
) -> Result<HashMap<Uuid, BookingFacts>, StoreError> {
    if bookings.is_empty() {
        return Ok(HashMap::new());
    }
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select b.id, p.date_of_birth,
                  exists (select from custodian.release_notice n
                           where n.agency_id = b.agency_id and n.booking_id = b.id and n.public_url is not null
                             and not exists (select from custodian.release_notice l
                                              where l.agency_id = n.agency_id and l.supersedes = n.id)) as "public!",
                  (select jsonb_agg(jsonb_build_object('statute', c.statute, 'state', c.state, 'level', c.level,
                                                       'disposition', c.disposition, 'disposition_on', c.disposition_on)
                                    order by c.ordinal)
                     from custodian.charge c
                    where c.agency_id = b.agency_id and c.booking_id = b.id) as "charges: Json<Vec<BookingCharge>>"
             from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
            where b.agency_id = $1 and b.id = any($2)"#,
        agency,
        bookings
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let facts = BookingFacts {
                date_of_birth: row.date_of_birth,
                release_information_public: row.public,
                charges: row.charges.map(|charges| charges.0).unwrap_or_default(),
            };
            (row.id, facts)
        })
        .collect())
}
