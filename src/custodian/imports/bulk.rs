//! The plain rows of a file, many in a statement: a booking or a notice that is new and for which
//! nobody asks. Whatever is not plain (changed, asked for, a person who was here before) is left
//! to the one verb that the API uses, row by row; both leave the same records behind.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::Value;
use uuid::Uuid;

use super::Became;
use super::prepare::{BookingRow, NoticeRow};
use crate::app::App;
use crate::custodian::bookings::upsert::PersonRequest;
use crate::custodian::bookings::versions::Version;
use crate::custodian::bookings::{CustodyBasis, Keys};
use crate::custodian::release_notices::record::{NoticeRequest, recorded};
use crate::custodian::release_notices::{NoticeKind, ReleaseBasis, store as notices};
use crate::db::{ScopedTx, StoreError};
use crate::log::{self, Event};
use crate::types::Timestamp;
use crate::types::ids::{self, BookingId, PersonId, ReleaseNoticeId};

/// Of a row: what became of it and its booking; none when it is not plain.
pub type Plain = Option<(Became, Uuid)>;

/// A booking that is here already.
pub struct Here {
    pub id: Uuid,
    pub booked_on: Option<NaiveDate>,
    pub content_hash: Option<Vec<u8>>,
}

/// The bookings of some numbers.
pub async fn here(
    tx: &mut ScopedTx<'_>,
    numbers: &[&str],
) -> Result<HashMap<String, Vec<Here>>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select id, booking_number, booked_on, content_hash from custodian.booking where agency_id = $1 and booking_number = any($2)"#,
        agency,
        numbers as &[&str]
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: HashMap<String, Vec<Here>> = HashMap::with_capacity(rows.len());
    for row in rows {
        let here = Here {
            id: row.id,
            booked_on: row.booked_on,
            content_hash: row.content_hash,
        };
        found.entry(row.booking_number).or_default().push(here);
    }
    Ok(found)
}

/// The booking of a day among those of its number, else the one that waits for its date.
pub fn of_day(found: &[Here], booked_on: NaiveDate) -> Option<&Here> {
    let of = |day| found.iter().find(|here| here.booked_on == day);
    of(Some(booked_on)).or_else(|| of(None))
}

/// Notices by their sources' ids: content hash and booking.
pub async fn sources(
    tx: &mut ScopedTx<'_>,
    ids: &[&str],
) -> Result<HashMap<String, (Vec<u8>, Uuid)>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select source_message_id as "source!", content_hash, booking_id from custodian.release_notice
            where agency_id = $1 and source_message_id = any($2)"#,
        agency,
        ids as &[&str]
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.source, (row.content_hash, row.booking_id)))
        .collect())
}

/// Locks numbers against others who open bookings of them, in one order.
async fn lock_numbers(tx: &mut ScopedTx<'_>, numbers: &[&str]) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"select pg_advisory_xact_lock($1, h.key) from (select distinct hashtext(n) as key from unnest($2::text[]) n order by 1) h"#,
        agency,
        numbers as &[&str]
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// A person who is not here yet, as far as anything could be about them.
struct Stranger<'r> {
    number: &'r str,
    subject: &'r PersonRequest,
    keys: Keys,
    names: String,
}

impl<'r> Stranger<'r> {
    fn new(number: &'r str, subject: &'r PersonRequest, app: &App) -> Self {
        let names = subject.name_parts().join(SEPARATOR);
        Self {
            number,
            subject,
            keys: subject.keys(&app.vault),
            names,
        }
    }

    fn indexes(&self) -> impl Iterator<Item = (&'static str, &Vec<u8>)> {
        [
            ("a_number", &self.keys.a_number),
            ("fbi_number", &self.keys.fbi_number),
            ("state_id", &self.keys.state_id),
        ]
        .into_iter()
        .filter_map(|(kind, index)| Some((kind, index.as_ref()?)))
    }
}

/// Stands between the parts of a name in a text that becomes a list in the database.
const SEPARATOR: &str = "\u{1f}";

/// Which of these rows are not plain, for an identifier is known here or stated twice, or a request may be about them.
async fn known_or_asked_for(
    tx: &mut ScopedTx<'_>,
    rows: &[Stranger<'_>],
) -> Result<Vec<bool>, StoreError> {
    let agency = tx.agency_id();
    let mut stated: HashMap<(&str, &[u8]), usize> = HashMap::new();
    for (kind, index) in rows.iter().flat_map(Stranger::indexes) {
        *stated.entry((kind, index)).or_default() += 1;
    }
    let (mut kinds, mut indexes) = (Vec::new(), Vec::new());
    for (kind, index) in stated.keys() {
        kinds.push(*kind);
        indexes.push(*index);
    }
    let known: HashSet<(String, Vec<u8>)> = match kinds.is_empty() {
        true => HashSet::new(),
        false => sqlx::query!(
            r#"select i.kind, i.index from unnest($2::text[], $3::bytea[]) as w (kind, index)
                 join custodian.identifier i on i.agency_id = $1 and i.kind = w.kind and i.index = w.index"#,
            agency,
            &kinds as &[&str],
            &indexes as &[&[u8]]
        )
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(|row| (row.kind, row.index))
        .collect(),
    };
    let numbers: Vec<&str> = rows.iter().map(|row| row.number).collect();
    let a_numbers: Vec<Option<&[u8]>> = rows
        .iter()
        .map(|row| row.keys.a_number.as_deref())
        .collect();
    let fbi_numbers: Vec<Option<&[u8]>> = rows
        .iter()
        .map(|row| row.keys.fbi_number.as_deref())
        .collect();
    let state_ids: Vec<Option<&[u8]>> = rows
        .iter()
        .map(|row| row.keys.state_id.as_deref())
        .collect();
    let born: Vec<Option<NaiveDate>> = rows.iter().map(|row| row.subject.date_of_birth).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.names.as_str()).collect();
    let asked = sqlx::query_scalar!(
        r#"select w.n as "n!"
             from unnest($2::text[], $3::bytea[], $4::bytea[], $5::bytea[], $6::date[], $7::text[])
                  with ordinality as w (number, a_number, fbi_number, state_id, born, names, n)
            where exists (select from custodian.case_file c
                           where c.agency_id = $1 and c.status = 'pending' and c.booking_number = w.number)
               or exists (select from custodian.case_file c
                           where c.agency_id = $1 and c.status = 'pending' and c.a_number_index = w.a_number)
               or exists (select from custodian.case_file c
                           where c.agency_id = $1 and c.status = 'pending' and c.fbi_number_index = w.fbi_number)
               or exists (select from custodian.case_file c
                           where c.agency_id = $1 and c.status = 'pending' and c.state_id_index = w.state_id)
               or exists (select from custodian.case_file c
                           where c.agency_id = $1 and c.status = 'pending' and c.booking_id is null
                             and c.date_of_birth = w.born and cardinality(c.name_parts) >= 2
                             and cardinality(string_to_array(w.names, $8)) >= 2
                             and (c.name_parts <@ string_to_array(w.names, $8) or c.name_parts @> string_to_array(w.names, $8)))"#,
        agency,
        &numbers as &[&str],
        &a_numbers as &[Option<&[u8]>],
        &fbi_numbers as &[Option<&[u8]>],
        &state_ids as &[Option<&[u8]>],
        &born as &[Option<NaiveDate>],
        &names as &[&str],
        SEPARATOR
    )
    .fetch_all(tx.conn())
    .await?;
    let mut marks: Vec<bool> = rows
        .iter()
        .map(|row| {
            row.indexes().any(|(kind, index)| {
                stated
                    .get(&(kind, index.as_slice()))
                    .is_some_and(|times| *times > 1)
                    || known.contains(&(kind.to_owned(), index.clone()))
            })
        })
        .collect();
    for place in asked {
        marks[place as usize - 1] = true;
    }
    Ok(marks)
}

/// Writes the plain ones of some bookings; of the others it says nothing.
pub async fn bookings(
    tx: &mut ScopedTx<'_>,
    app: &App,
    rows: &[&BookingRow],
) -> Result<Vec<Plain>, StoreError> {
    let mut became: Vec<Plain> = vec![None; rows.len()];
    let mut twins: Vec<(usize, usize)> = Vec::new();
    let mut first_of: HashMap<&str, usize> = HashMap::new();
    let mut odd: HashSet<&str> = HashSet::new();
    for (at, row) in rows.iter().enumerate() {
        match first_of.get(row.number.as_str()) {
            None => {
                first_of.insert(&row.number, at);
            }
            Some(first) if says_the_same(rows[*first], row) => twins.push((at, *first)),
            Some(_) => {
                odd.insert(&row.number);
            }
        }
    }
    let mut candidates: Vec<usize> = first_of
        .iter()
        .filter(|(number, _)| !odd.contains(*number))
        .map(|(_, at)| *at)
        .collect();
    candidates.sort_unstable();
    if candidates.is_empty() {
        return Ok(became);
    }
    let numbers: Vec<&str> = candidates
        .iter()
        .map(|at| rows[*at].number.as_str())
        .collect();
    lock_numbers(tx, &numbers).await?;
    let found = here(tx, &numbers).await?;
    candidates.retain(|at| {
        let row = rows[*at];
        found
            .get(&row.number)
            .is_none_or(|found| of_day(found, row.booked_on).is_none())
    });
    let strangers: Vec<Stranger<'_>> = candidates
        .iter()
        .map(|at| Stranger::new(&rows[*at].number, &rows[*at].request.subject, app))
        .collect();
    let marks = known_or_asked_for(tx, &strangers).await?;
    let plain: Vec<usize> = candidates
        .iter()
        .zip(&marks)
        .filter(|(_, marked)| !**marked)
        .map(|(at, _)| *at)
        .collect();
    if !plain.is_empty() {
        let now = app.clock.now();
        let mut write = Write::new(now);
        for at in &plain {
            let row = rows[*at];
            let booking = write.booking(tx, app, row);
            became[*at] = Some((Became::New, booking));
        }
        write.send(tx, app).await?;
    }
    for (twin, first) in twins {
        if let Some((_, booking)) = became[first] {
            became[twin] = Some((Became::Unchanged, booking));
        }
    }
    Ok(became)
}

fn says_the_same(one: &BookingRow, other: &BookingRow) -> bool {
    let release = |row: &BookingRow| row.release.as_ref().map(|release| release.source.clone());
    one.hash == other.hash && release(one) == release(other) && one.local_holds == other.local_holds
}

/// A booking that a notice may be about.
struct Stay {
    id: Uuid,
    person: Uuid,
    booked_at: Option<Timestamp>,
    released: bool,
}

/// Writes the plain ones of some notices; of the others it says nothing.
pub async fn release_notices(
    tx: &mut ScopedTx<'_>,
    app: &App,
    rows: &[&NoticeRow],
) -> Result<Vec<Plain>, StoreError> {
    let mut became: Vec<Plain> = vec![None; rows.len()];
    let mut twins: Vec<(usize, usize)> = Vec::new();
    let mut by_source: HashMap<&str, usize> = HashMap::new();
    let mut of_number: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut odd: HashSet<&str> = HashSet::new();
    for (at, row) in rows.iter().enumerate() {
        let number = row.request.booking_number.as_str();
        match by_source.get(row.source.as_str()) {
            None => {
                by_source.insert(&row.source, at);
                of_number.entry(number).or_default().push(at);
            }
            Some(first) if rows[*first].hash == row.hash => twins.push((at, *first)),
            Some(_) => {
                odd.insert(number);
            }
        }
    }
    let numbers: Vec<&str> = of_number
        .keys()
        .copied()
        .filter(|number| !odd.contains(number))
        .collect();
    let mut stays = latest(tx, &numbers).await?;
    let unknown: Vec<&str> = numbers
        .iter()
        .copied()
        .filter(|number| !stays.contains_key(*number))
        .collect();
    if !unknown.is_empty() {
        lock_numbers(tx, &unknown).await?;
        stays.extend(latest(tx, &unknown).await?);
    }
    let taken = sources(tx, &by_source.keys().copied().collect::<Vec<_>>()).await?;
    let ids: Vec<Uuid> = stays.values().map(|stay| stay.id).collect();
    let asked: HashSet<Uuid> = notices::asked_for(tx, &ids).await?.into_iter().collect();
    let noticed = with_notices(tx, &ids).await?;
    let identified = identified(
        tx,
        &stays.values().map(|stay| stay.person).collect::<Vec<_>>(),
    )
    .await?;

    let mut plain: Vec<(usize, Uuid)> = Vec::new();
    let mut strangers: Vec<(usize, Stranger<'_>)> = Vec::new();
    for number in &numbers {
        let group = &of_number[*number];
        let is_plain = |at: &usize| {
            let request = &rows[*at].request;
            request.supersedes.is_none() && !taken.contains_key(&rows[*at].source)
        };
        let moves = group
            .iter()
            .any(|at| moves_the_state(rows[*at].request.kind));
        if !group.iter().all(is_plain) || (moves && group.len() > 1) {
            continue;
        }
        match stays.get(*number) {
            Some(stay) => {
                let fits = group.iter().all(|at| {
                    let request = &rows[*at].request;
                    stay.booked_at
                        .is_none_or(|booked| booked <= request.effective_at)
                        && request.subject.identifiers().iter().all(|(kind, _)| {
                            identified
                                .get(&stay.person)
                                .is_some_and(|kinds| kinds.iter().any(|known| known == kind))
                        })
                });
                let told_before = moves && noticed.contains(&stay.id);
                let concerns_others = asked.contains(&stay.id) || stay.released || told_before;
                if fits && !concerns_others {
                    plain.extend(group.iter().map(|at| (*at, stay.id)));
                }
            }
            None if group.len() == 1 => {
                let request = &rows[group[0]].request;
                strangers.push((group[0], Stranger::new(number, &request.subject, app)));
            }
            None => {}
        }
    }
    let (places, strangers): (Vec<usize>, Vec<Stranger<'_>>) = strangers.into_iter().unzip();
    let marks = match strangers.is_empty() {
        true => Vec::new(),
        false => known_or_asked_for(tx, &strangers).await?,
    };
    let now = app.clock.now();
    let mut write = Write::new(now);
    plain.sort_unstable();
    for (at, booking) in plain {
        let kind = rows[at].request.kind;
        if kind.ends_custody() {
            write
                .released
                .push((booking, rows[at].request.effective_at));
        }
        write.notice(tx, rows[at], booking);
        became[at] = Some((Became::New, booking));
    }
    for (at, _) in places.iter().zip(&marks).filter(|(_, marked)| !**marked) {
        let booking = write.opened(tx, app, rows[*at]);
        became[*at] = Some((Became::New, booking));
    }
    write.send(tx, app).await?;
    for (twin, first) in twins {
        if let Some((_, booking)) = became[first] {
            became[twin] = Some((Became::Unchanged, booking));
        }
    }
    Ok(became)
}

/// Does the state of a booking have to be worked out anew from all that was said of it?
fn moves_the_state(kind: NoticeKind) -> bool {
    kind.ends_custody() || matches!(kind, NoticeKind::Returned | NoticeKind::Correction)
}

async fn latest(
    tx: &mut ScopedTx<'_>,
    numbers: &[&str],
) -> Result<HashMap<String, Stay>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select distinct on (booking_number) booking_number, id, person_id, booked_at, released_at
             from custodian.booking where agency_id = $1 and booking_number = any($2)
            order by booking_number, booked_on desc nulls first"#,
        agency,
        numbers as &[&str]
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let stay = Stay {
                id: row.id,
                person: row.person_id,
                booked_at: row.booked_at,
                released: row.released_at.is_some(),
            };
            (row.booking_number, stay)
        })
        .collect())
}

/// Which of these bookings have notices. Their rows are locked first: two statements of one moment see each other.
async fn with_notices(
    tx: &mut ScopedTx<'_>,
    bookings: &[Uuid],
) -> Result<HashSet<Uuid>, StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        "select id from custodian.booking where agency_id = $1 and id = any($2) order by id for no key update",
        agency,
        bookings
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        "select distinct booking_id from custodian.release_notice where agency_id = $1 and booking_id = any($2)",
        agency,
        bookings
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .collect())
}

/// The kinds of identifiers that persons carry.
async fn identified(
    tx: &mut ScopedTx<'_>,
    persons: &[Uuid],
) -> Result<HashMap<Uuid, Vec<String>>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        "select person_id, kind from custodian.identifier where agency_id = $1 and person_id = any($2)",
        agency,
        persons
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: HashMap<Uuid, Vec<String>> = HashMap::new();
    for row in rows {
        found.entry(row.person_id).or_default().push(row.kind);
    }
    Ok(found)
}

/// Rows of several tables on their way, column by column.
struct Write<'r> {
    now: Timestamp,
    events: Vec<Event>,
    persons: Vec<(Uuid, &'r PersonRequest)>,
    bookings: Vec<NewBooking<'r>>,
    notices: Vec<(Uuid, Uuid, Uuid, &'r NoticeRow)>,
    holds: Vec<(Uuid, i32, &'r crate::imports::records::LocalHold)>,
    /// Bookings that were here and are over.
    released: Vec<(Uuid, Timestamp)>,
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
    fn new(now: Timestamp) -> Self {
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

    fn booking(&mut self, tx: &ScopedTx<'_>, app: &App, row: &'r BookingRow) -> Uuid {
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
    fn opened(&mut self, tx: &ScopedTx<'_>, app: &App, row: &'r NoticeRow) -> Uuid {
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

    fn notice(&mut self, tx: &ScopedTx<'_>, row: &'r NoticeRow, booking: Uuid) -> Uuid {
        let id = ReleaseNoticeId::new(self.now);
        let event = recorded(tx, id, booking, &row.request, &row.hash, self.now);
        let event_id = event.id.as_uuid();
        self.notices.push((id.as_uuid(), booking, event_id, row));
        self.events.push(event);
        event_id
    }

    async fn send(self, tx: &mut ScopedTx<'_>, app: &App) -> Result<(), StoreError> {
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

/// Keeps the jail's own record of a federal detainer.
pub async fn keep_hold(
    tx: &mut ScopedTx<'_>,
    booking: Uuid,
    ordinal: i32,
    hold: &crate::imports::records::LocalHold,
    now: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.local_hold (agency_id, booking_id, ordinal, closed_at, ending, raw, recorded_at)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (agency_id, booking_id, ordinal) do update
               set closed_at = excluded.closed_at, ending = excluded.ending, raw = excluded.raw, recorded_at = excluded.recorded_at"#,
        agency,
        booking,
        ordinal,
        hold.closed_at,
        hold.ending,
        hold.raw,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The jail's own records of federal detainers, by booking.
pub async fn local_holds(
    tx: &mut ScopedTx<'_>,
    bookings: &[Uuid],
) -> Result<HashMap<Uuid, Vec<crate::imports::records::LocalHold>>, StoreError> {
    if bookings.is_empty() {
        return Ok(HashMap::new());
    }
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select booking_id, closed_at, ending, raw from custodian.local_hold
            where agency_id = $1 and booking_id = any($2) order by booking_id, ordinal"#,
        agency,
        bookings
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: HashMap<Uuid, Vec<_>> = HashMap::new();
    for row in rows {
        let hold = crate::imports::records::LocalHold {
            closed_at: row.closed_at,
            ending: row.ending,
            raw: row.raw,
        };
        found.entry(row.booking_id).or_default().push(hold);
    }
    Ok(found)
}
