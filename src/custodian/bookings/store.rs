//! All SQL on bookings, charges, persons and their identifiers.

use uuid::Uuid;

use super::upsert::{ChargeRequest, PersonRequest};
use super::versions::Version;
use super::{Booking, Keys};
use crate::db::vault::Vault;
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::types::ids::{self, PersonId};
use crate::types::{Timestamp, name};

/// The latest booking of a number: numbers are used again in later years.
pub async fn latest(
    tx: &mut ScopedTx<'_>,
    booking_number: &str,
) -> Result<Option<Booking>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Booking,
        r#"select b.id, b.booking_number, b.booked_at, b.booked_on, b.otherwise_releasable_at, b.released_at, b.person_id,
                  b.custody_basis, b.content_hash, p.date_of_birth, p.name_parts, b.restriction
             from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
            where b.agency_id = $1 and b.booking_number = $2 order by b.booked_on desc nulls first limit 1"#,
        agency,
        booking_number
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The booking of a number on a day, else the one that waits for its date.
pub async fn on_date(
    tx: &mut ScopedTx<'_>,
    booking_number: &str,
    booked_on: chrono::NaiveDate,
) -> Result<Option<Booking>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Booking,
        r#"select b.id, b.booking_number, b.booked_at, b.booked_on, b.otherwise_releasable_at, b.released_at, b.person_id,
                  b.custody_basis, b.content_hash, p.date_of_birth, p.name_parts, b.restriction
             from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
            where b.agency_id = $1 and b.booking_number = $2 and (b.booked_on = $3 or b.booked_on is null)
            order by b.booked_on nulls last limit 1"#,
        agency,
        booking_number,
        booked_on
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn by_id(tx: &mut ScopedTx<'_>, id: Uuid) -> Result<Option<Booking>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Booking,
        r#"select b.id, b.booking_number, b.booked_at, b.booked_on, b.otherwise_releasable_at, b.released_at, b.person_id,
                  b.custody_basis, b.content_hash, p.date_of_birth, p.name_parts, b.restriction
             from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
            where b.agency_id = $1 and b.id = $2"#,
        agency,
        id
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// A page of bookings, newest first.
pub async fn list(
    tx: &mut ScopedTx<'_>,
    booking_number: Option<&str>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Booking>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Booking,
        r#"select b.id, b.booking_number, b.booked_at, b.booked_on, b.otherwise_releasable_at, b.released_at, b.person_id,
                  b.custody_basis, b.content_hash, p.date_of_birth, p.name_parts, b.restriction
             from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
            where b.agency_id = $1 and ($2::text is null or b.booking_number = $2) and ($3::uuid is null or b.id < $3)
            order by b.id desc limit $4"#,
        agency,
        booking_number,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Only one writer at a time opens a booking of a number. Taken when the number is unknown, and
/// looked at again under the lock.
pub async fn lock_number(tx: &mut ScopedTx<'_>, booking_number: &str) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        "select pg_advisory_xact_lock($1, hashtext($2))",
        agency,
        booking_number
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}

/// Opens a booking, under the number's lock.
pub async fn insert(
    tx: &mut ScopedTx<'_>,
    id: Uuid,
    booking_number: &str,
    person: Uuid,
    booked: Option<(Timestamp, chrono::NaiveDate)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.booking (agency_id, id, booking_number, booked_at, booked_on, person_id, salt, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)"#,
        agency,
        id,
        booking_number,
        booked.map(|(at, _)| at),
        booked.map(|(_, on)| on),
        person,
        ids::salt(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a feed says of a booking.
pub struct Content<'a> {
    pub booked: (Timestamp, chrono::NaiveDate),
    pub otherwise_releasable_at: Option<Timestamp>,
    pub custody_basis: Option<&'a str>,
    pub content_hash: &'a [u8],
    pub version: &'a Version,
    pub event: Uuid,
    pub at: Timestamp,
}

/// Brings the booking's row up to date and keeps the statement as its next version, in one trip.
/// The row counts the versions, so that two writers cannot draw one number.
pub async fn update(
    tx: &mut ScopedTx<'_>,
    id: Uuid,
    content: &Content<'_>,
) -> Result<i32, StoreError> {
    let agency = tx.agency_id();
    let by = tx.actor().name.clone();
    Ok(sqlx::query_scalar!(
        r#"with changed as (
               update custodian.booking
                  set booked_at = $3, booked_on = $4, otherwise_releasable_at = $5, custody_basis = $6, content_hash = $7,
                      version = version + 1
                where agency_id = $1 and id = $2 returning version
           )
           insert into custodian.booking_version (agency_id, booking_id, version, content, identifiers, salt, content_hash,
                                                  recorded_at, recorded_by, event_id)
           select $1, $2, version, $8, $9, $10, $7, $11, $12, $13 from changed
           returning version"#,
        agency,
        id,
        content.booked.0,
        content.booked.1,
        content.otherwise_releasable_at,
        content.custody_basis,
        content.content_hash,
        content.version.content,
        content.version.identifiers,
        content.version.salt,
        content.at,
        by,
        content.event
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Locks a booking's row against other writers; references to it are not held up.
pub async fn lock(tx: &mut ScopedTx<'_>, id: Uuid) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"select id from custodian.booking where agency_id = $1 and id = $2 for no key update"#,
        agency,
        id
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}

pub async fn set_released(
    tx: &mut ScopedTx<'_>,
    id: Uuid,
    at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        "update custodian.booking set released_at = $3 where agency_id = $1 and id = $2",
        agency,
        id,
        at
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

pub async fn replace_charges(
    tx: &mut ScopedTx<'_>,
    booking: Uuid,
    charges: &[ChargeRequest],
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        "delete from custodian.charge where agency_id = $1 and booking_id = $2",
        agency,
        booking
    )
    .execute(tx.conn())
    .await?;
    for (ordinal, charge) in charges.iter().enumerate() {
        sqlx::query!(
            r#"insert into custodian.charge (agency_id, booking_id, ordinal, statute, state, description, level, charged_on,
                                             disposition, disposition_on)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
            agency,
            booking,
            ordinal as i32,
            charge.statute,
            charge.state,
            charge.description,
            charge.level,
            charge.charged_on,
            charge.disposition,
            charge.disposition_on
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

pub async fn charges(
    tx: &mut ScopedTx<'_>,
    booking: Uuid,
) -> Result<Vec<ChargeRequest>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        ChargeRequest,
        r#"select statute, state, description, level, charged_on, disposition, disposition_on
             from custodian.charge where agency_id = $1 and booking_id = $2 order by ordinal"#,
        agency,
        booking
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The person of this agency who carries one of these strong identifiers, if exactly one does.
async fn known_person(tx: &mut ScopedTx<'_>, keys: &Keys) -> Result<Option<Uuid>, StoreError> {
    let agency = tx.agency_id();
    for (kind, index) in [
        ("a_number", &keys.a_number),
        ("fbi_number", &keys.fbi_number),
        ("state_id", &keys.state_id),
    ] {
        let Some(index) = index else { continue };
        let found = sqlx::query_scalar!(
            "select person_id from custodian.identifier where agency_id = $1 and kind = $2 and index = $3 limit 2",
            agency,
            kind,
            index
        )
        .fetch_all(tx.conn())
        .await?;
        if let [one] = found.as_slice() {
            return Ok(Some(*one));
        }
    }
    Ok(None)
}

/// The person of a booking: the one with the same strong identifier, else a new one. A name and
/// a birth date never make two records one person.
pub async fn person_for(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    person: &PersonRequest,
    now: Timestamp,
) -> Result<(Uuid, Keys), StoreError> {
    let keys = person.keys(vault);
    if let Some(id) = known_person(tx, &keys).await? {
        return Ok((id, keys));
    }
    let agency = tx.agency_id();
    let id = PersonId::new(now).as_uuid();
    sqlx::query!(
        r#"insert into custodian.person (agency_id, id, family_name, given_name, additional_names, name_parts, date_of_birth, sex,
                                         citizenship, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
        agency,
        id,
        person.family_name,
        person.given_name,
        person.additional_names,
        &person.name_parts(),
        person.date_of_birth,
        person.sex,
        person.citizenship,
        now
    )
    .execute(tx.conn())
    .await?;
    set_identifiers(tx, vault, id, person).await?;
    Ok((id, keys))
}

/// Fills in what a later statement of the same booking says of its person.
pub async fn update_person(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: Uuid,
    person: &PersonRequest,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.person
              set family_name = $3, given_name = $4, additional_names = $5, name_parts = $6, date_of_birth = $7, sex = $8,
                  citizenship = $9
            where agency_id = $1 and id = $2"#,
        agency,
        id,
        person.family_name,
        person.given_name,
        person.additional_names,
        &person.name_parts(),
        person.date_of_birth,
        person.sex,
        person.citizenship
    );
    expect_one_row(update.execute(tx.conn()).await?)?;
    set_identifiers(tx, vault, id, person).await
}

async fn set_identifiers(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: Uuid,
    person: &PersonRequest,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    for (kind, value) in person.identifiers() {
        sqlx::query!(
            r#"insert into custodian.identifier (agency_id, person_id, kind, sealed, index) values ($1, $2, $3, $4, $5)
               on conflict (agency_id, person_id, kind) do update set sealed = excluded.sealed, index = excluded.index
                where identifier.index <> excluded.index"#,
            agency,
            id,
            kind,
            vault.seal(kind, value.as_bytes()),
            vault.index(kind, &value)
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// Adds the identifiers of kinds that the person's record lacks.
pub async fn fill_identifiers(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: Uuid,
    person: &PersonRequest,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    for (kind, value) in person.identifiers() {
        sqlx::query!(
            r#"insert into custodian.identifier (agency_id, person_id, kind, sealed, index) values ($1, $2, $3, $4, $5)
               on conflict (agency_id, person_id, kind) do nothing"#,
            agency,
            id,
            kind,
            vault.seal(kind, value.as_bytes()),
            vault.index(kind, &value)
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// A person's names and masked identifiers, as their booking shows them.
pub async fn person(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: Uuid,
) -> Result<PersonRequest, StoreError> {
    let agency = tx.agency_id();
    let row = sqlx::query!(
        r#"select family_name, given_name, additional_names, date_of_birth, sex, citizenship
             from custodian.person where agency_id = $1 and id = $2"#,
        agency,
        id
    )
    .fetch_one(tx.conn())
    .await?;
    let mut person = PersonRequest {
        family_name: row.family_name,
        given_name: row.given_name,
        additional_names: row.additional_names,
        date_of_birth: row.date_of_birth,
        sex: row.sex,
        citizenship: row.citizenship,
        a_number: None,
        fbi_number: None,
        state_id: None,
    };
    let identifiers = sqlx::query!(
        "select kind, sealed from custodian.identifier where agency_id = $1 and person_id = $2",
        agency,
        id
    )
    .fetch_all(tx.conn())
    .await?;
    for row in identifiers {
        let value = vault.open_text(&row.kind, &row.sealed)?;
        match row.kind.as_str() {
            "a_number" => person.a_number = Some(value),
            "fbi_number" => person.fbi_number = Some(value),
            _ => person.state_id = Some(value),
        }
    }
    Ok(person)
}

/// The strong identifiers that a person's record carries.
pub async fn keys_of(tx: &mut ScopedTx<'_>, person: Uuid) -> Result<Keys, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        "select kind, index from custodian.identifier where agency_id = $1 and person_id = $2",
        agency,
        person
    )
    .fetch_all(tx.conn())
    .await?;
    let mut keys = Keys::default();
    for row in rows {
        match row.kind.as_str() {
            "a_number" => keys.a_number = Some(row.index),
            "fbi_number" => keys.fbi_number = Some(row.index),
            _ => keys.state_id = Some(row.index),
        }
    }
    Ok(keys)
}

/// Bookings of this agency whose person carries one of these identifiers, or whose number it is.
pub async fn candidates(
    tx: &mut ScopedTx<'_>,
    keys: &Keys,
    booking_number: Option<&str>,
) -> Result<Vec<Booking>, StoreError> {
    let agency = tx.agency_id();
    // Two searches by index, since `or` between them would read every booking of the agency. `any` of a list that may
    // be null finds nothing for the null.
    let indexes: Vec<Vec<u8>> = [&keys.a_number, &keys.fbi_number, &keys.state_id]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    Ok(sqlx::query_as!(
        Booking,
        r#"select b.id, b.booking_number, b.booked_at, b.booked_on, b.otherwise_releasable_at, b.released_at, b.person_id,
                  b.custody_basis, b.content_hash, p.date_of_birth, p.name_parts, b.restriction
             from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
            where b.agency_id = $1 and b.id in (
                      select n.id from custodian.booking n where n.agency_id = $1 and n.booking_number = $2
                      union
                      select n.id
                        from custodian.identifier i
                        join custodian.booking n on n.agency_id = i.agency_id and n.person_id = i.person_id
                       where i.agency_id = $1 and i.kind in ('a_number', 'fbi_number', 'state_id') and i.index = any($3))
            order by coalesce(b.booked_at, b.created_at) desc, b.id desc limit 50"#,
        agency,
        booking_number,
        &indexes
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Requests that are linked to a booking, in the order of their locks.
pub async fn linked_cases(tx: &mut ScopedTx<'_>, booking: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        "select id from custodian.case_file where agency_id = $1 and booking_id = $2 order by id",
        agency,
        booking
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Stays that are not over of persons with a birth date: among them may be a namesake.
pub async fn born_on(
    tx: &mut ScopedTx<'_>,
    date_of_birth: chrono::NaiveDate,
) -> Result<Vec<Booking>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Booking,
        r#"select b.id, b.booking_number, b.booked_at, b.booked_on, b.otherwise_releasable_at, b.released_at, b.person_id,
                  b.custody_basis, b.content_hash, p.date_of_birth, p.name_parts, b.restriction
             from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
            where p.agency_id = $1 and p.date_of_birth = $2 and b.released_at is null
            order by coalesce(b.booked_at, b.created_at) desc, b.id desc limit 20"#,
        agency,
        date_of_birth
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Which strong identifiers agree, and do any disagree?
impl Keys {
    /// Equal in the strongest identifier that both carry; `None` when they share none.
    pub fn compare(&self, other: &Keys) -> Option<bool> {
        [
            (&self.a_number, &other.a_number),
            (&self.fbi_number, &other.fbi_number),
            (&self.state_id, &other.state_id),
        ]
        .into_iter()
        .find_map(|(own, other)| Some(own.as_ref()? == other.as_ref()?))
    }
}

impl PersonRequest {
    pub fn name_parts(&self) -> Vec<String> {
        name::parts([
            Some(self.family_name.as_str()),
            self.given_name.as_deref(),
            self.additional_names.as_deref(),
        ])
    }
}
