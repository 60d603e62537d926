//! A chunk of records into the database. What has not changed is found by a comparison; the rest
//! is written in transactions of at most `WRITES` records, each with its place in the file.

use std::collections::HashMap;

use uuid::Uuid;

use super::bulk::{self, Plain};
use super::prepare::{BookingRow, Chunk, Content, Heading, NoticeRow, Prepared, fault};
use super::roster::Seen;
use super::{Became, Counts, Job, store};
use crate::app::App;
use crate::custodian::bookings::upsert::{self, Change};
use crate::custodian::detainers::typed::record::{self as paper, Recorded as PaperRecorded};
use crate::custodian::release_notices::NoticeKind;
use crate::custodian::release_notices::record::{self, NoticeRequest, Recorded};
use crate::custodian::release_notices::store as notices;
use crate::db::{ScopedTx, StoreError};
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::imports::records::{Rejects, rejected};
use crate::types::Actor;

/// Records that are written in one transaction, and locks that it may hold.
const WRITES: usize = 1_000;

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It was cancelled, or another process carries it on.
    #[error("the import is not this process's any more")]
    NotOurs,
    /// Nothing is wrong with the row at which it stopped.
    #[error("{0}")]
    Outage(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WriteError {
    /// May it go on by itself once the database serves again?
    pub fn is_outage(&self) -> bool {
        match self {
            Self::NotOurs => false,
            Self::Outage(_) => true,
            Self::Store(error) => error.is_outage(),
        }
    }
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// An import on its way.
pub struct Writer<'a> {
    pub app: &'a App,
    pub actor: Actor,
    pub job: Job,
    /// Where the file has its fields.
    pub heading: Heading,
    /// Whom the file names, where it is a whole roster.
    pub seen: Option<Seen>,
}

/// Rows of one transaction.
struct Batch {
    items: Vec<Item>,
    writes: usize,
    last: u64,
}

/// A record, and what is known of it before anything is written.
enum Item {
    Same(Prepared, Uuid),
    Write(Prepared),
    Rejected(Rejects),
}

impl Writer<'_> {
    async fn begin(&self) -> Result<ScopedTx<'static>, StoreError> {
        ScopedTx::for_party(&self.app.pools.custodian, self.actor.clone()).await
    }

    /// Takes in a chunk. Rows before the job's place were taken in by an earlier run.
    pub async fn chunk(&mut self, chunk: Chunk) -> Result<(), WriteError> {
        let next = self.job.next_ordinal;
        let (old, items): (Vec<_>, Vec<_>) = chunk
            .items
            .into_iter()
            .partition(|item| last_ordinal(item).is_some_and(|last| last < next));
        if let Some(mut seen) = self.seen.take() {
            // Whom they name was known to the run that was cut off.
            let mut tx = self.begin().await?;
            named(&mut tx, old.iter().flatten(), &mut seen).await?;
            tx.rollback().await?;
            self.seen = Some(seen);
        }
        if items.is_empty() {
            return Ok(());
        }
        let mut good = Vec::with_capacity(items.len());
        let mut places = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Ok(prepared) => {
                    places.push(None);
                    good.push(prepared);
                }
                Err(rejects) => places.push(Some(rejects)),
            }
        }
        let mut tx = self.begin().await?;
        let mut compared = compare(&mut tx, good).await?.into_iter();
        tx.rollback().await?;
        let mut batch = Batch {
            items: Vec::new(),
            writes: 0,
            last: next,
        };
        for place in places {
            let item = match place {
                Some(rejects) => Item::Rejected(rejects),
                None => compared.next().expect("one answer for each record"),
            };
            let (last, writes) = match &item {
                Item::Same(prepared, _) => (last_of(&prepared.rows), 0),
                Item::Write(prepared) => (last_of(&prepared.rows), 1),
                Item::Rejected(rejects) => (
                    rejects.last().map_or(0, |(row, _)| u64::from(row.ordinal)),
                    0,
                ),
            };
            batch.items.push(item);
            batch.writes += writes;
            batch.last = last;
            if batch.writes == WRITES {
                let full = std::mem::replace(
                    &mut batch,
                    Batch {
                        items: Vec::new(),
                        writes: 0,
                        last,
                    },
                );
                self.flush(full).await?;
            }
        }
        if !batch.items.is_empty() {
            self.flush(batch).await?;
        }
        Ok(())
    }

    /// One transaction. When another writer got in between, or a value is refused, it is done again row by row.
    async fn flush(&mut self, batch: Batch) -> Result<(), WriteError> {
        match self.attempt(&batch, true).await {
            // Row by row a refusal, or a value that no column keeps, costs its own row alone.
            Err(WriteError::Store(error)) if !error.is_outage() => {
                self.attempt(&batch, false).await
            }
            other => other,
        }
    }

    async fn attempt(&mut self, batch: &Batch, in_bulk: bool) -> Result<(), WriteError> {
        let mut tx = self.begin().await?;
        let mut counts = self.job.counts.clone();
        let mut seen = Vec::new();
        let writes: Vec<&Prepared> = batch
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Write(prepared) => Some(prepared),
                _ => None,
            })
            .collect();
        let mut plain = match in_bulk {
            true => in_bulk_lane(&mut tx, self.app, &writes).await?,
            false => vec![None; writes.len()],
        }
        .into_iter();
        for item in &batch.items {
            match item {
                Item::Same(prepared, booking) => {
                    seen.push(*booking);
                    count(&mut counts, prepared, Became::Unchanged);
                }
                Item::Rejected(rejects) => self.reject(&mut tx, &mut counts, rejects).await?,
                Item::Write(prepared) => match plain.next().flatten() {
                    Some((became, booking)) => {
                        seen.push(booking);
                        count(&mut counts, prepared, became);
                    }
                    None => match one(&mut tx, self.app, prepared).await? {
                        Ok((became, booking)) => {
                            seen.extend(booking);
                            count(&mut counts, prepared, became);
                        }
                        Err(problem) => {
                            let fault = fault(&problem, |pointer| {
                                self.heading.cell(pointer, &prepared.rows[0])
                            });
                            let rejects = rejected(prepared.rows.clone(), 0, fault);
                            self.reject(&mut tx, &mut counts, &rejects).await?;
                        }
                    },
                },
            }
        }
        let (from, to) = (self.job.next_ordinal, batch.last + 1);
        if !store::advance(
            &mut tx,
            self.job.id,
            from,
            to,
            &counts,
            self.app.clock.now(),
        )
        .await?
        {
            return Err(WriteError::NotOurs);
        }
        tx.commit().await?;
        self.app.hub.committed();
        self.job.counts = counts;
        self.job.next_ordinal = to;
        if let Some(known) = &mut self.seen {
            seen.into_iter().for_each(|booking| known.add(booking));
        }
        Ok(())
    }

    async fn reject(
        &self,
        tx: &mut ScopedTx<'_>,
        counts: &mut Counts,
        rejects: &Rejects,
    ) -> Result<(), StoreError> {
        if counts.rejected < store::MOST_REJECTS {
            store::put_rejects(tx, &self.app.vault, self.job.id, rejects).await?;
        }
        counts.reject(rejects.len() as u64);
        Ok(())
    }
}

fn last_of(rows: &[crate::imports::table::RawRow]) -> u64 {
    rows.last().map_or(0, |row| u64::from(row.ordinal))
}

fn last_ordinal(item: &Result<Prepared, Rejects>) -> Option<u64> {
    match item {
        Ok(prepared) => Some(last_of(&prepared.rows)),
        Err(rejects) => rejects.last().map(|(row, _)| u64::from(row.ordinal)),
    }
}

fn count(counts: &mut Counts, prepared: &Prepared, became: Became) {
    let rows = prepared.rows.len() as u64;
    match &prepared.content {
        Content::Booking(row) => {
            counts.count("bookings", rows, became);
            if row.release.is_some() {
                counts.record("release_notices", became);
            }
            for _ in &row.local_holds {
                counts.record("local_holds", became);
            }
        }
        Content::Notice(_) => counts.count("release_notices", rows, became),
        Content::Detainer(_) => counts.count("detainers", rows, became),
    }
}

/// Notes the bookings of some rows, whatever the rows say of them.
async fn named(
    tx: &mut ScopedTx<'_>,
    records: impl Iterator<Item = &Prepared>,
    seen: &mut Seen,
) -> Result<(), StoreError> {
    let rows: Vec<&BookingRow> = records
        .filter_map(|record| match &record.content {
            Content::Booking(row) => Some(row.as_ref()),
            _ => None,
        })
        .collect();
    let numbers: Vec<&str> = rows.iter().map(|row| row.number.as_str()).collect();
    let here = bulk::here(tx, &numbers).await?;
    for row in rows {
        let found = here
            .get(&row.number)
            .and_then(|found| bulk::of_day(found, row.booked_on));
        found.into_iter().for_each(|booking| seen.add(booking.id));
    }
    Ok(())
}

/// Which of these are here as they stand.
async fn compare(tx: &mut ScopedTx<'_>, records: Vec<Prepared>) -> Result<Vec<Item>, StoreError> {
    let mut numbers = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    let mut holds = false;
    for record in &records {
        match &record.content {
            Content::Booking(row) => {
                numbers.push(row.number.as_str());
                ids.extend(row.release.as_ref().map(|release| release.source.as_str()));
                holds |= !row.local_holds.is_empty();
            }
            Content::Notice(row) => ids.push(&row.source),
            Content::Detainer(_) => {}
        }
    }
    let here = match numbers.is_empty() {
        true => HashMap::new(),
        false => bulk::here(tx, &numbers).await?,
    };
    let sources = bulk::sources(tx, &ids).await?;
    let held = match holds {
        true => {
            bulk::local_holds(
                tx,
                &here
                    .values()
                    .flatten()
                    .map(|here| here.id)
                    .collect::<Vec<_>>(),
            )
            .await?
        }
        false => HashMap::new(),
    };
    let known_notice = |row: &NoticeRow| {
        sources
            .get(&row.source)
            .filter(|(hash, _)| *hash == row.hash)
            .map(|(_, booking)| *booking)
    };
    let known_booking = |row: &BookingRow| {
        let found = bulk::of_day(here.get(&row.number)?, row.booked_on)?;
        let same = found.content_hash.as_deref() == Some(row.hash.as_slice())
            && row
                .release
                .as_ref()
                .is_none_or(|release| known_notice(release) == Some(found.id))
            && (row.local_holds.is_empty() || held.get(&found.id) == Some(&row.local_holds));
        same.then_some(found.id)
    };
    let same: Vec<Option<Uuid>> = records
        .iter()
        .map(|record| match &record.content {
            Content::Booking(row) => known_booking(row),
            Content::Notice(row) => known_notice(row),
            Content::Detainer(_) => None,
        })
        .collect();
    Ok(records
        .into_iter()
        .zip(same)
        .map(|(record, same)| match same {
            Some(booking) => Item::Same(record, booking),
            None => Item::Write(record),
        })
        .collect())
}

async fn in_bulk_lane(
    tx: &mut ScopedTx<'_>,
    app: &App,
    records: &[&Prepared],
) -> Result<Vec<Plain>, StoreError> {
    let mut bookings = Vec::new();
    let mut notices = Vec::new();
    for record in records {
        match &record.content {
            Content::Booking(row) => bookings.push(row.as_ref()),
            Content::Notice(row) => notices.push(row.as_ref()),
            Content::Detainer(_) => {}
        }
    }
    // A file is of one kind.
    if !bookings.is_empty() {
        bulk::bookings(tx, app, &bookings).await
    } else if !notices.is_empty() {
        bulk::release_notices(tx, app, &notices).await
    } else {
        Ok(vec![None; records.len()])
    }
}

type Written = (Became, Option<Uuid>);

/// Writes one record by the API's own verb. A refusal undoes this record alone.
async fn one(
    tx: &mut ScopedTx<'_>,
    app: &App,
    record: &Prepared,
) -> Result<Result<Written, Problem>, WriteError> {
    sqlx::query!("savepoint record").execute(tx.conn()).await?;
    let written = match &record.content {
        Content::Booking(row) => booking(tx, app, row).await,
        Content::Notice(row) => notice(tx, app, &row.request)
            .await
            .map(|(became, booking)| (became, Some(booking))),
        Content::Detainer(row) => detainer(tx, app, row).await,
    };
    match written {
        Ok(written) => {
            sqlx::query!("release savepoint record")
                .execute(tx.conn())
                .await?;
            Ok(Ok(written))
        }
        // Nothing is wrong with the row: the whole is tried again later.
        Err(problem) if problem.slug == Slug::Unavailable => {
            Err(WriteError::Outage(problem.detail))
        }
        Err(problem) => {
            sqlx::query!("rollback to savepoint record")
                .execute(tx.conn())
                .await?;
            Ok(Err(problem))
        }
    }
}

async fn notice(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: &NoticeRequest,
) -> Result<(Became, Uuid), Problem> {
    Ok(match record::record(tx, app, request).await? {
        Recorded::New(row, _) => (Became::New, row.booking_id),
        Recorded::Known(row) => (Became::Unchanged, row.booking_id),
    })
}

async fn booking(tx: &mut ScopedTx<'_>, app: &App, row: &BookingRow) -> Result<Written, Problem> {
    let (booking, change) = upsert::upsert(tx, app, &row.number, &row.request).await?;
    let mut became = match change {
        Change::New => Became::New,
        Change::Changed => Became::Changed,
        Change::Unchanged => Became::Unchanged,
    };
    if let Some(release) = &row.release
        && release_of(tx, app, booking.id, release).await? == Became::New
        && became == Became::Unchanged
    {
        became = Became::Changed;
    }
    if !row.local_holds.is_empty() {
        let held = bulk::local_holds(tx, &[booking.id]).await?;
        if held.get(&booking.id) != Some(&row.local_holds) {
            for (at, hold) in row.local_holds.iter().enumerate() {
                bulk::keep_hold(tx, booking.id, at as i32, hold, app.clock.now()).await?;
            }
            if became == Became::Unchanged {
                became = Became::Changed;
            }
        }
    }
    Ok((became, Some(booking.id)))
}

/// What a file says of a release that it has said something else of before is said in its place.
async fn release_of(
    tx: &mut ScopedTx<'_>,
    app: &App,
    booking: Uuid,
    release: &NoticeRow,
) -> Result<Became, Problem> {
    let earlier = notices::of_booking(tx, booking).await?;
    if earlier
        .iter()
        .any(|notice| notice.source_message_id.as_deref() == Some(&release.source))
    {
        return Ok(Became::Unchanged);
    }
    let mut request = release.request.clone();
    let said = earlier.iter().rev().find(|notice| {
        let by_file = notice
            .source_message_id
            .as_deref()
            .is_some_and(|source| source.starts_with("import:"));
        by_file && notice.current
    });
    if let Some(said) = said {
        match (
            said.kind().ends_custody() || said.kind() == NoticeKind::Correction,
            request.kind,
        ) {
            (true, NoticeKind::Actual) => {
                request.kind = NoticeKind::Correction;
                request.supersedes = Some(said.id);
            }
            (false, NoticeKind::Scheduled) => {
                request.kind = NoticeKind::Rescheduled;
                request.supersedes = Some(said.id);
            }
            _ => {}
        }
    }
    Ok(notice(tx, app, &request).await?.0)
}

async fn detainer(
    tx: &mut ScopedTx<'_>,
    app: &App,
    row: &super::prepare::DetainerRow,
) -> Result<Written, Problem> {
    if store::paper_of(tx, &row.hash).await?.is_some() {
        return Ok((Became::Unchanged, None));
    }
    let (id, became) = match paper::record(tx, app, row.request.clone()).await? {
        PaperRecorded::New(id) => (id, Became::New),
        PaperRecorded::Cancelled(id) => (id, Became::Changed),
    };
    store::keep_paper(tx, &row.hash, id.as_uuid()).await?;
    Ok((became, None))
}
