//! The new rows of several tables, gathered and sent column by column.

use chrono::NaiveDate;
use serde_json::Value;
use uuid::Uuid;

use super::known::keep_hold;
use super::strangers::SEPARATOR;
use crate::app::App;
use crate::custodian::bookings::CustodyBasis;
use crate::custodian::bookings::upsert::PersonRequest;
use crate::custodian::bookings::versions::Version;
use crate::custodian::imports::prepare::{BookingRow, NoticeRow};
use crate::custodian::release_notices::ReleaseBasis;
use crate::custodian::release_notices::record::{NoticeRequest, recorded};
use crate::db::{ScopedTx, StoreError};
use crate::imports::records::LocalHold;
use crate::log::{self, Event};
use crate::types::Timestamp;
use crate::types::ids::{self, BookingId, PersonId, ReleaseNoticeId};

/// Rows of several tables on their way, column by column.
pub(super) struct Write<'r> {
    now: Timestamp,
    events: Vec<Event>,
    persons: Vec<(Uuid, &'r PersonRequest)>,
    bookings: Vec<NewBooking<'r>>,
    notices: Vec<(Uuid, Uuid, Uuid, &'r NoticeRow)>,
    holds: Vec<(Uuid, i32, &'r LocalHold)>,
    /// Bookings that were here and are over.
    pub(super) released: Vec<(Uuid, Timestamp)>,
}

struct NewBooking<'r> {
    id: Uuid,
    number: &'r str,
    person: Uuid,
    row: Option<&'r BookingRow>,
    released_at: Option<Timestamp>,
    version: Version,
    event: Uuid,
}

impl<'r> Write<'r> {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            now,
            events: Vec::new(),
            persons: Vec::new(),
            bookings: Vec::new(),
            notices: Vec::new(),
            holds: Vec::new(),
            released: Vec::new(),
        }
    }

    pub(super) fn booking(&mut self, tx: &ScopedTx<'_>, app: &App, row: &'r BookingRow) -> Uuid {
        let id = BookingId::new(self.now).as_uuid();
        let person = PersonId::new(self.now).as_uuid();
        self.persons.push((person, &row.request.subject));
        let version = Version::of_feed(&row.request, &app.vault);
        let event = Event::new("booking.changed", self.now, tx.actor())
            .subject("booking", id)
            .data("content_hash", hex::encode(&row.hash))
            .data("row_hash", version.row_hash())
            .data("version", 1);
        let released_at = row
            .release
            .as_ref()
            .filter(|release| release.request.kind.ends_custody())
            .map(|release| release.request.effective_at);
        let number = &row.number;
        self.bookings.push(NewBooking {
            id,
            number,
            person,
            row: Some(row),
            released_at,
            version,
            event: event.id.as_uuid(),
        });
        self.events.push(event);
        if let Some(release) = &row.release {
            self.notice(tx, release, id);
        }
        self.holds.extend(
            row.local_holds
                .iter()
                .enumerate()
                .map(|(at, hold)| (id, at as i32, hold)),
        );
        id
    }

    /// A booking of which nothing but this notice is known.
    pub(super) fn opened(&mut self, tx: &ScopedTx<'_>, app: &App, row: &'r NoticeRow) -> Uuid {
        let id = BookingId::new(self.now).as_uuid();
        let person = PersonId::new(self.now).as_uuid();
        let request = &row.request;
        self.persons.push((person, &request.subject));
        let version = Version::of_notice(&request.subject, &app.vault);
        let released_at = request.kind.ends_custody().then_some(request.effective_at);
        let event = self.notice(tx, row, id);
        let number = &request.booking_number;
        self.bookings.push(NewBooking {
            id,
            number,
            person,
            row: None,
            released_at,
            version,
            event,
        });
        id
    }

    pub(super) fn notice(&mut self, tx: &ScopedTx<'_>, row: &'r NoticeRow, booking: Uuid) -> Uuid {
        let id = ReleaseNoticeId::new(self.now);
        let event = recorded(tx, id, booking, &row.request, &row.hash, self.now);
        let event_id = event.id.as_uuid();
        self.notices.push((id.as_uuid(), booking, event_id, row));
        self.events.push(event);
        event_id
    }

    pub(super) async fn send(self, tx: &mut ScopedTx<'_>, app: &App) -> Result<(), StoreError> {
        self.send_persons(tx, app).await?;
        self.send_bookings(tx).await?;
        self.send_notices(tx).await?;
        log::append(tx, self.events).await?;
        Ok(())
    }

    async fn send_persons(&self, tx: &mut ScopedTx<'_>, app: &App) -> Result<(), StoreError> {
        if self.persons.is_empty() {
            return Ok(());
        }
        let agency = tx.agency_id();
        let text = |of: fn(&'r PersonRequest) -> Option<&'r str>| -> Vec<Option<&'r str>> {
            self.persons.iter().map(|(_, person)| of(person)).collect()
        };
        let ids: Vec<Uuid> = self.persons.iter().map(|(id, _)| *id).collect();
        let families: Vec<&str> = self
            .persons
            .iter()
            .map(|(_, person)| person.family_name.as_str())
            .collect();
        let names: Vec<String> = self
            .persons
            .iter()
            .map(|(_, person)| person.name_parts().join(SEPARATOR))
            .collect();
        let born: Vec<Option<NaiveDate>> = self
            .persons
            .iter()
            .map(|(_, person)| person.date_of_birth)
            .collect();
        sqlx::query!(
            r#"insert into custodian.person (agency_id, id, family_name, given_name, additional_names, name_parts, date_of_birth, sex,
                                             citizenship, created_at)
               select $1, id, family, given, additional, string_to_array(names, $10), born, sex, citizenship, $9
                 from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[], $11::text[])
                      as w (id, family, given, additional, names, born, sex, citizenship)"#,
            agency,
            &ids,
            &families as &[&str],
            &text(|person| person.given_name.as_deref()) as &[Option<&str>],
            &text(|person| person.additional_names.as_deref()) as &[Option<&str>],
            &names,
            &born as &[Option<NaiveDate>],
            &text(|person| person.sex.as_deref()) as &[Option<&str>],
            self.now,
            SEPARATOR,
            &text(|person| person.citizenship.as_deref()) as &[Option<&str>]
        )
        .execute(tx.conn())
        .await?;
        let (mut persons, mut kinds, mut sealed, mut indexes) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, person) in &self.persons {
            for (kind, value) in person.identifiers() {
                persons.push(*id);
                kinds.push(kind);
                sealed.push(app.vault.seal(kind, value.as_bytes()));
                indexes.push(app.vault.index(kind, &value));
            }
        }
        if persons.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            r#"insert into custodian.identifier (agency_id, person_id, kind, sealed, index)
               select $1, * from unnest($2::uuid[], $3::text[], $4::bytea[], $5::bytea[])"#,
            agency,
            &persons,
            &kinds as &[&str],
            &sealed,
            &indexes
        )
        .execute(tx.conn())
        .await?;
        Ok(())
    }

    async fn send_bookings(&self, tx: &mut ScopedTx<'_>) -> Result<(), StoreError> {
        let agency = tx.agency_id();
        if !self.released.is_empty() {
            let (ids, ats): (Vec<Uuid>, Vec<Timestamp>) = self.released.iter().copied().unzip();
            sqlx::query!(
                r#"update custodian.booking b set released_at = w.at from unnest($2::uuid[], $3::timestamptz[]) as w (id, at)
                    where b.agency_id = $1 and b.id = w.id"#,
                agency,
                &ids,
                &ats
            )
            .execute(tx.conn())
            .await?;
        }
        if self.bookings.is_empty() {
            return Ok(());
        }
        let by = tx.actor().name.clone();
        let of = &self.bookings;
        let request = |booking: &NewBooking<'r>| booking.row.map(|row| &row.request);
        let ids: Vec<Uuid> = of.iter().map(|booking| booking.id).collect();
        let numbers: Vec<&str> = of.iter().map(|booking| booking.number).collect();
        let booked_at: Vec<Option<Timestamp>> = of
            .iter()
            .map(|booking| Some(request(booking)?.booked_at))
            .collect();
        let booked_on: Vec<Option<NaiveDate>> = of
            .iter()
            .map(|booking| Some(booking.row?.booked_on))
            .collect();
        let releasable: Vec<Option<Timestamp>> = of
            .iter()
            .map(|booking| request(booking)?.otherwise_releasable_at)
            .collect();
        let persons: Vec<Uuid> = of.iter().map(|booking| booking.person).collect();
        let basis: Vec<Option<&str>> = of
            .iter()
            .map(|booking| request(booking)?.custody_basis.map(CustodyBasis::as_str))
            .collect();
        let released: Vec<Option<Timestamp>> =
            of.iter().map(|booking| booking.released_at).collect();
        let hashes: Vec<Option<&[u8]>> = of
            .iter()
            .map(|booking| Some(booking.row?.hash.as_slice()))
            .collect();
        let salts: Vec<Vec<u8>> = of.iter().map(|_| ids::salt()).collect();
        sqlx::query!(
            r#"insert into custodian.booking (agency_id, id, booking_number, booked_at, booked_on, otherwise_releasable_at, person_id,
                                              custody_basis, released_at, content_hash, salt, created_at, version)
               select $1, w.*, $12, 1 from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::date[], $6::timestamptz[], $7::uuid[],
                                                  $8::text[], $9::timestamptz[], $10::bytea[], $11::bytea[]) as w"#,
            agency,
            &ids,
            &numbers as &[&str],
            &booked_at as &[Option<Timestamp>],
            &booked_on as &[Option<NaiveDate>],
            &releasable as &[Option<Timestamp>],
            &persons,
            &basis as &[Option<&str>],
            &released as &[Option<Timestamp>],
            &hashes as &[Option<&[u8]>],
            &salts,
            self.now
        )
        .execute(tx.conn())
        .await?;
        let contents: Vec<&Value> = of.iter().map(|booking| &booking.version.content).collect();
        let identifiers: Vec<&Value> = of
            .iter()
            .map(|booking| &booking.version.identifiers)
            .collect();
        let version_salts: Vec<&[u8]> = of
            .iter()
            .map(|booking| booking.version.salt.as_slice())
            .collect();
        let events: Vec<Uuid> = of.iter().map(|booking| booking.event).collect();
        sqlx::query!(
            r#"insert into custodian.booking_version (agency_id, booking_id, version, content, identifiers, salt, content_hash,
                                                      recorded_at, recorded_by, event_id)
               select $1, w.id, 1, w.content, w.identifiers, w.salt, w.hash, $7, $8, w.event
                 from unnest($2::uuid[], $3::jsonb[], $4::jsonb[], $5::bytea[], $6::bytea[], $9::uuid[])
                      as w (id, content, identifiers, salt, hash, event)"#,
            agency,
            &ids,
            &contents as &[&Value],
            &identifiers as &[&Value],
            &version_salts as &[&[u8]],
            &hashes as &[Option<&[u8]>],
            self.now,
            by,
            &events
        )
        .execute(tx.conn())
        .await?;
        self.send_charges(tx).await?;
        self.send_holds(tx).await
    }

    async fn send_charges(&self, tx: &mut ScopedTx<'_>) -> Result<(), StoreError> {
        let agency = tx.agency_id();
        let charges: Vec<_> = self
            .bookings
            .iter()
            .filter_map(|booking| Some((booking.id, booking.row?)))
            .flat_map(|(id, row)| {
                row.request
                    .charges
                    .iter()
                    .enumerate()
                    .map(move |(at, charge)| (id, at as i32, charge))
            })
            .collect();
        if charges.is_empty() {
            return Ok(());
        }
        let bookings: Vec<Uuid> = charges.iter().map(|(id, ..)| *id).collect();
        let ordinals: Vec<i32> = charges.iter().map(|(_, at, _)| *at).collect();
        let statute: Vec<Option<&str>> = charges
            .iter()
            .map(|(.., charge)| charge.statute.as_deref())
            .collect();
        let state: Vec<Option<&str>> = charges
            .iter()
            .map(|(.., charge)| charge.state.as_deref())
            .collect();
        let description: Vec<Option<&str>> = charges
            .iter()
            .map(|(.., charge)| charge.description.as_deref())
            .collect();
        let level: Vec<Option<&str>> = charges
            .iter()
            .map(|(.., charge)| charge.level.as_deref())
            .collect();
        let charged_on: Vec<Option<NaiveDate>> = charges
            .iter()
            .map(|(.., charge)| charge.charged_on)
            .collect();
        let disposition: Vec<Option<&str>> = charges
            .iter()
            .map(|(.., charge)| charge.disposition.as_deref())
            .collect();
        let disposition_on: Vec<Option<NaiveDate>> = charges
            .iter()
            .map(|(.., charge)| charge.disposition_on)
            .collect();
        sqlx::query!(
            r#"insert into custodian.charge (agency_id, booking_id, ordinal, statute, state, description, level, charged_on,
                                             disposition, disposition_on)
               select $1, w.* from unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[], $9::text[],
                                          $10::date[]) as w"#,
            agency,
            &bookings,
            &ordinals,
            &statute as &[Option<&str>],
            &state as &[Option<&str>],
            &description as &[Option<&str>],
            &level as &[Option<&str>],
            &charged_on as &[Option<NaiveDate>],
            &disposition as &[Option<&str>],
            &disposition_on as &[Option<NaiveDate>]
        )
        .execute(tx.conn())
        .await?;
        Ok(())
    }

    async fn send_holds(&self, tx: &mut ScopedTx<'_>) -> Result<(), StoreError> {
        for (booking, at, hold) in &self.holds {
            keep_hold(tx, *booking, *at, hold, self.now).await?;
        }
        Ok(())
    }

    async fn send_notices(&self, tx: &mut ScopedTx<'_>) -> Result<(), StoreError> {
        if self.notices.is_empty() {
            return Ok(());
        }
        let agency = tx.agency_id();
        let by = tx.actor().name.clone();
        let of = &self.notices;
        let text = |of_notice: fn(&'r NoticeRequest) -> Option<&'r str>| -> Vec<Option<&'r str>> {
            of.iter().map(|(.., row)| of_notice(&row.request)).collect()
        };
        let ids: Vec<Uuid> = of.iter().map(|(id, ..)| *id).collect();
        let bookings: Vec<Uuid> = of.iter().map(|(_, booking, ..)| *booking).collect();
        let events: Vec<Uuid> = of.iter().map(|(_, _, event, _)| *event).collect();
        let kinds: Vec<&str> = of
            .iter()
            .map(|(.., row)| row.request.kind.as_str())
            .collect();
        let ats: Vec<Timestamp> = of
            .iter()
            .map(|(.., row)| row.request.effective_at)
            .collect();
        let captured: Vec<Option<Timestamp>> = of
            .iter()
            .map(|(.., row)| {
                row.request
                    .release_information_public
                    .as_ref()
                    .map(|public| public.captured_at)
            })
            .collect();
        let sources: Vec<&str> = of.iter().map(|(.., row)| row.source.as_str()).collect();
        let hashes: Vec<&[u8]> = of.iter().map(|(.., row)| row.hash.as_slice()).collect();
        let salts: Vec<Vec<u8>> = of.iter().map(|_| ids::salt()).collect();
        sqlx::query!(
            r#"insert into custodian.release_notice (agency_id, id, booking_id, event_id, kind, effective_at, release_basis, public_url,
                   public_captured_at, source_message_id, feed, note, content_hash, salt, recorded_at, recorded_by)
               select $1, w.*, $15, $16 from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[], $7::text[],
                   $8::text[], $9::timestamptz[], $10::text[], $11::text[], $12::text[], $13::bytea[], $14::bytea[]) as w"#,
            agency,
            &ids,
            &bookings,
            &events,
            &kinds as &[&str],
            &ats,
            &text(|request| request.release_basis.map(ReleaseBasis::as_str)) as &[Option<&str>],
            &text(|request| request.release_information_public.as_ref().map(|public| public.url.as_str())) as &[Option<&str>],
            &captured as &[Option<Timestamp>],
            &sources as &[&str],
            &text(|request| request.feed.as_deref()) as &[Option<&str>],
            &text(|request| request.note.as_deref()) as &[Option<&str>],
            &hashes as &[&[u8]],
            &salts,
            self.now,
            by
        )
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}
