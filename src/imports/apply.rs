//! A release into `reports.historical_detainer`, chunk by chunk. Each chunk is one transaction
//! with its event and with the line where the next one begins, so a run that was killed goes on
//! there. Every row is compared by its hash: the same file again changes nothing and says so.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::ddp::{Ddp, DdpError, HistoricalDetainer};
use super::jobs::{self, Job, NewJob};
use super::spool::Spooled;
use super::stage;
use super::table::{ReadError, Reject};
use crate::db::scope::{self, Access};
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::log::{self, Event, Hub};
use crate::types::{Actor, Clock};

/// Rows in a transaction.
const CHUNK: usize = 5_000;

/// What came of a run; of the whole job, when it went on after a kill.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub read: u64,
    /// New or changed.
    pub accepted: u64,
    pub unchanged: u64,
    pub rejected: u64,
    /// Rows of an earlier file under this name that the file no longer has.
    #[serde(skip)]
    pub removed: u64,
}

/// A finished job.
#[derive(Debug, Clone)]
pub struct Report {
    pub job: Uuid,
    pub counts: Counts,
    /// It went on where an earlier run was cut off.
    pub resumed: bool,
    /// Texts that were kept but not understood, and how often.
    pub warnings: BTreeMap<String, u64>,
    /// What a person should know about how the file was read.
    pub notes: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{path}: {source}", path = .path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("a dataset's name has 1 to 63 of a-z 0-9 . _ - and begins with a letter or digit")]
    BadName,
    /// The file is at fault; the job is marked failed.
    #[error(transparent)]
    Unreadable(#[from] DdpError),
    #[error("another process carries on this import")]
    TakenOver,
    #[error("reading the file stopped: {0}")]
    Stopped(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    /// Does it say nothing against the file?
    pub fn may_pass(&self) -> bool {
        match self {
            Self::TakenOver => true,
            Self::Store(error) => error.is_outage(),
            _ => false,
        }
    }
}

impl From<sqlx::Error> for ImportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Who imports, and with what.
pub struct Importer<'a> {
    /// The operator's.
    pub pool: &'a PgPool,
    pub actor: Actor,
    pub clock: Clock,
    /// Wakes the sequencer of this process, if it has one.
    pub hub: Option<Hub>,
}

/// The name of a dataset when none is given: the file's, without its endings.
pub fn default_dataset(path: &Path) -> String {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let stem = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let name: String = stem
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    name.trim_start_matches(['.', '_', '-'])
        .chars()
        .take(63)
        .collect()
}

struct Chunk {
    rows: Vec<HistoricalDetainer>,
    rejects: Vec<Reject>,
    next_line: u64,
    /// Of this run, up to the end of the chunk.
    warnings: BTreeMap<String, u64>,
}

impl Importer<'_> {
    /// Imports a file as a dataset. `progress` is called after each chunk.
    pub async fn detainers(
        &self,
        format: Arc<Ddp>,
        path: &Path,
        dataset: &str,
        mut progress: impl FnMut(&Counts),
    ) -> Result<Report, ImportError> {
        if !is_name(dataset) {
            return Err(ImportError::BadName);
        }
        let open = |source| ImportError::Open {
            path: path.to_owned(),
            source,
        };
        let spooled = {
            let path = path.to_owned();
            tokio::task::spawn_blocking(move || Spooled::of_file(&path))
                .await
                .map_err(|error| open(io::Error::other(error.to_string())))?
                .map_err(open)?
        };
        // An unreadable file is refused before anything is written.
        {
            let (format, file) = (format.clone(), spooled.open().map_err(open)?);
            tokio::task::spawn_blocking(move || format.read(file).map(drop))
                .await
                .map_err(|error| open(io::Error::other(error.to_string())))??;
        }

        let mut tx = self.begin().await?;
        let new = NewJob {
            dataset,
            file_hash: &spooled.hash,
            mapping: None,
            file_name: None,
            kept: false,
        };
        let mut job = jobs::open(tx.conn(), &self.actor, self.clock.now(), new)
            .await?
            .job;
        tx.commit().await?;
        let resumed = job.next_line > 1;
        let file = spooled.open().map_err(open)?;
        let notes = self.carry_on(format, file, &mut job, &mut progress).await?;
        Ok(Report {
            job: job.id,
            counts: job.counts,
            resumed,
            warnings: job.warnings,
            notes,
        })
    }

    /// Takes the file of a job in, from the job's place to its end. Returns what a person should know about how it was
    /// read. A file that cannot be read on fails the job.
    pub async fn carry_on(
        &self,
        format: Arc<Ddp>,
        file: File,
        job: &mut Job,
        mut progress: impl FnMut(&Counts),
    ) -> Result<Vec<String>, ImportError> {
        let (sender, mut chunks) = mpsc::channel(2);
        let reader = {
            let from_line = job.next_line;
            // Parsing is the CPU's work: beside the writing, not between it.
            tokio::task::spawn_blocking(move || read_chunks(&format, file, from_line, &sender))
        };
        let warned_before = job.warnings.clone();
        while let Some(chunk) = chunks.recv().await {
            self.apply(job, &warned_before, chunk).await?;
            progress(&job.counts);
        }
        let read = reader
            .await
            .map_err(|error| ImportError::Stopped(error.to_string()))?;
        match read {
            Ok(notes) => {
                self.finish(job, &notes).await?;
                Ok(notes)
            }
            Err(error) => {
                self.fail(job, &error.to_string()).await?;
                Err(error)
            }
        }
    }

    async fn begin(&self) -> Result<ScopedTx<'static>, StoreError> {
        let tx = scope::begin(self.pool, &self.actor.credential, Access::Write).await?;
        Ok(ScopedTx::new(tx, self.actor.clone()))
    }

    async fn commit(&self, tx: ScopedTx<'static>) -> Result<(), StoreError> {
        tx.commit().await?;
        if let Some(hub) = &self.hub {
            hub.committed();
        }
        Ok(())
    }

    async fn apply(
        &self,
        job: &mut Job,
        warned_before: &BTreeMap<String, u64>,
        chunk: Chunk,
    ) -> Result<(), ImportError> {
        let now = self.clock.now();
        let dataset = job.dataset.as_str();
        let mut tx = self.begin().await?;
        jobs::advance(tx.conn(), job, chunk.next_line, now).await?;
        let changed = changed_rows(tx.conn(), dataset, &chunk.rows).await?;
        let accepted = stage::take_over(tx.conn(), dataset, &changed).await?;
        if accepted != changed.len() as u64 {
            return Err(StoreError::UnexpectedRows(accepted).into());
        }
        let removed = put_rejects(tx.conn(), job.id, dataset, &chunk.rejects).await?;
        let read = (chunk.rows.len() + chunk.rejects.len()) as u64;
        let counts = Counts {
            read: job.counts.read + read,
            accepted: job.counts.accepted + accepted,
            unchanged: job.counts.unchanged + chunk.rows.len() as u64 - accepted,
            rejected: job.counts.rejected + chunk.rejects.len() as u64,
            removed: job.counts.removed + removed,
        };
        let mut warnings = warned_before.clone();
        for (text, count) in chunk.warnings {
            *warnings.entry(text).or_default() += count;
        }
        jobs::count(tx.conn(), job.id, &counts, &warnings).await?;
        if accepted + removed > 0 {
            let mut rows_hash = Sha256::new();
            for row in &changed {
                rows_hash.update(row.row_hash);
            }
            let event = Event::new("historical.imported", now, &self.actor)
                .subject("import_job", job.id)
                .data("dataset", dataset)
                .data("accepted", accepted)
                .data("removed", removed)
                .data("rows_hash", hex::encode(rows_hash.finalize()));
            log::append(&mut tx, vec![event]).await?;
        }
        self.commit(tx).await?;
        (job.counts, job.warnings, job.next_line) = (counts, warnings, chunk.next_line);
        Ok(())
    }

    /// The file is through: what an earlier file had beyond its end goes, and the counts are whole.
    async fn finish(&self, job: &mut Job, notes: &[String]) -> Result<(), ImportError> {
        let now = self.clock.now();
        let dataset = job.dataset.as_str();
        let mut tx = self.begin().await?;
        jobs::end(tx.conn(), job.id, now, "done", None).await?;
        let surplus = sqlx::query!(
            r#"delete from reports.historical_detainer where dataset = $1 and ordinal > $2"#,
            dataset,
            // Ordinals count the rejected rows too, so the last one is the number of rows read.
            i32::try_from(job.counts.read).unwrap_or(i32::MAX)
        )
        .execute(tx.conn())
        .await?
        .rows_affected();
        job.counts.removed += surplus;
        let mut said = job.warnings.clone();
        said.extend(notes.iter().map(|note| (note.clone(), 1)));
        jobs::count(tx.conn(), job.id, &job.counts, &said).await?;
        let update = sqlx::query!(
            r#"update reports.dataset set file_hash = $2, rows = $3, imported_at = $4 where name = $1"#,
            dataset,
            job.file_hash,
            (job.counts.accepted + job.counts.unchanged) as i64,
            now
        );
        expect_one_row(update.execute(tx.conn()).await?)?;
        if surplus > 0 {
            let event = Event::new("historical.imported", now, &self.actor)
                .subject("import_job", job.id)
                .data("dataset", dataset)
                .data("accepted", 0)
                .data("removed", surplus);
            log::append(&mut tx, vec![event]).await?;
        }
        Ok(self.commit(tx).await?)
    }

    /// Ends a job that cannot go on.
    pub async fn fail(&self, job: &Job, problem: &str) -> Result<(), ImportError> {
        let mut tx = self.begin().await?;
        jobs::end(tx.conn(), job.id, self.clock.now(), "failed", Some(problem)).await?;
        Ok(tx.commit().await?)
    }
}

/// The rows that the dataset does not hold as they are, found by one query for the chunk.
async fn changed_rows<'r>(
    conn: &mut PgConnection,
    dataset: &str,
    rows: &'r [HistoricalDetainer],
) -> Result<Vec<&'r HistoricalDetainer>, StoreError> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Ok(Vec::new());
    };
    let held: HashMap<i32, Vec<u8>> = sqlx::query!(
        r#"select ordinal, row_hash from reports.historical_detainer
            where dataset = $1 and ordinal between $2 and $3"#,
        dataset,
        first.ordinal as i32,
        last.ordinal as i32
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| (row.ordinal, row.row_hash))
    .collect();
    Ok(rows
        .iter()
        .filter(|row| {
            held.get(&(row.ordinal as i32))
                .is_none_or(|hash| hash[..] != row.row_hash)
        })
        .collect())
}

/// Keeps the rejected rows; what an earlier file had in their place is no longer so.
async fn put_rejects(
    conn: &mut PgConnection,
    job: Uuid,
    dataset: &str,
    rejects: &[Reject],
) -> Result<u64, StoreError> {
    if rejects.is_empty() {
        return Ok(0);
    }
    let ordinals: Vec<i32> = rejects.iter().map(|reject| reject.ordinal as i32).collect();
    let lines: Vec<i64> = rejects.iter().map(|reject| reject.line as i64).collect();
    let columns: Vec<Option<String>> = rejects.iter().map(|reject| reject.column.clone()).collect();
    let values: Vec<Option<String>> = rejects.iter().map(|reject| reject.value.clone()).collect();
    let reasons: Vec<String> = rejects.iter().map(Reject::told).collect();
    let raw: Vec<String> = rejects.iter().map(|reject| reject.raw.clone()).collect();
    sqlx::query!(
        r#"insert into reports.rejected_row (job_id, ordinal, line, column_name, value, reason, raw_line)
           select $1, * from unnest($2::int[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[])"#,
        job,
        &ordinals,
        &lines,
        &columns as &[Option<String>],
        &values as &[Option<String>],
        &reasons,
        &raw
    )
    .execute(&mut *conn)
    .await?;
    let removed = sqlx::query!(
        r#"delete from reports.historical_detainer where dataset = $1 and ordinal = any($2)"#,
        dataset,
        &ordinals
    )
    .execute(conn)
    .await?;
    Ok(removed.rows_affected())
}

/// Reads the file from a line on and hands over chunks, until the other end hangs up.
fn read_chunks(
    format: &Ddp,
    file: File,
    from_line: u64,
    chunks: &mpsc::Sender<Chunk>,
) -> Result<Vec<String>, ImportError> {
    let mut rows = format.read(file)?;
    let unreadable = |error: ReadError| ImportError::Unreadable(error.into());
    let mut next = rows.skip_to(from_line).map_err(unreadable)?;
    while next.is_some() {
        let mut chunk = Chunk {
            rows: Vec::with_capacity(CHUNK),
            rejects: Vec::new(),
            next_line: from_line,
            warnings: BTreeMap::new(),
        };
        while let Some(row) = next.take() {
            let position = match &row {
                Ok(row) => row.position,
                Err(reject) => reject.position(),
            };
            chunk.next_line = position + 1;
            match row {
                Ok(row) => chunk.rows.push(row),
                Err(reject) => chunk.rejects.push(reject),
            }
            let full = chunk.rows.len() + chunk.rejects.len() == CHUNK;
            if full {
                // Before the next row is read, which is the next chunk's.
                chunk.warnings = rows.warnings().clone();
            }
            next = rows.next().transpose().map_err(unreadable)?;
            if full {
                break;
            }
            if next.is_none() {
                chunk.warnings = rows.warnings().clone();
            }
        }
        if chunks.blocking_send(chunk).is_err() {
            break;
        }
    }
    Ok(rows.file_warnings())
}

/// May a data set be called so?
pub fn is_name(dataset: &str) -> bool {
    (1..=63).contains(&dataset.len())
        && dataset.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && dataset
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_is_called_after_its_file() {
        for (path, name) in [
            ("a/detainers-fy2015.csv.gz", "detainers-fy2015"),
            ("FY 2015 (all).csv", "fy-2015--all-"),
            ("-x.csv", "x"),
        ] {
            assert_eq!(default_dataset(Path::new(path)), name);
            assert!(is_name(name));
        }
        assert!(!is_name("") && !is_name("A") && !is_name("a b") && !is_name(&"a".repeat(64)));
    }
}
