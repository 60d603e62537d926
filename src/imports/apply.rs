//! A release into `reports.historical_detainer`, chunk by chunk. Each chunk is one transaction
//! with its event and with the line where the next one begins, so a run that was killed goes on
//! there. Every row is compared by its hash: the same file again changes nothing and says so.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::ddp::{Ddp, DdpError, HistoricalDetainer};
use super::stage;
use super::table::{ReadError, Reject};
use crate::db::scope::{self, Access};
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::log::{self, Event, Hub};
use crate::types::{Actor, Clock, Timestamp, ids};

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
    /// Texts that were kept but not understood, and how often (of this run).
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
    #[error(transparent)]
    Store(#[from] StoreError),
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
}

struct Job {
    id: Uuid,
    next_line: u64,
    counts: Counts,
    resumed: bool,
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
        let file_hash = file_hash(path.to_owned()).await.map_err(open)?;
        // An unreadable file is refused before anything is written.
        {
            let (format, file) = (format.clone(), File::open(path).map_err(open)?);
            tokio::task::spawn_blocking(move || format.read(file).map(drop))
                .await
                .map_err(|error| open(io::Error::other(error.to_string())))??;
        }

        let mut job = self.start(dataset, &file_hash).await?;
        let (sender, mut chunks) = mpsc::channel(2);
        let reader = {
            let (path, from_line) = (path.to_owned(), job.next_line);
            // Parsing is the CPU's work: beside the writing, not between it.
            tokio::task::spawn_blocking(move || read_chunks(&format, &path, from_line, &sender))
        };
        while let Some(chunk) = chunks.recv().await {
            self.apply(&mut job, dataset, chunk).await?;
            progress(&job.counts);
        }
        let (warnings, notes) = match reader
            .await
            .map_err(|error| io::Error::other(error.to_string()))
        {
            Ok(Ok(said)) => said,
            Ok(Err(error)) => {
                self.fail(&job, &error.to_string()).await?;
                return Err(error);
            }
            Err(error) => return Err(open(error)),
        };
        self.finish(&mut job, dataset, &file_hash).await?;
        Ok(Report {
            job: job.id,
            counts: job.counts,
            resumed: job.resumed,
            warnings,
            notes,
        })
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

    /// Opens a job, or goes on with the one of this file that was cut off.
    async fn start(&self, dataset: &str, file_hash: &[u8]) -> Result<Job, ImportError> {
        let now = self.clock.now();
        let mut tx = self.begin().await?;
        sqlx::query!(
            r#"insert into reports.dataset (name, format, file_hash) values ($1, 'ddp', $2) on conflict (name) do nothing"#,
            dataset,
            file_hash
        )
        .execute(tx.conn())
        .await?;
        // One start at a time for a dataset, or two would each open a job.
        sqlx::query!(
            r#"select name from reports.dataset where name = $1 for update"#,
            dataset
        )
        .fetch_one(tx.conn())
        .await?;
        let running = sqlx::query!(
            r#"select id, file_hash, next_line, read, accepted, unchanged, rejected, removed
                 from reports.import_job where dataset = $1 and status = 'running' for update"#,
            dataset
        )
        .fetch_optional(tx.conn())
        .await?;
        let job = match running {
            Some(job) if job.file_hash == file_hash => Job {
                id: job.id,
                next_line: job.next_line as u64,
                counts: Counts {
                    read: job.read as u64,
                    accepted: job.accepted as u64,
                    unchanged: job.unchanged as u64,
                    rejected: job.rejected as u64,
                    removed: job.removed as u64,
                },
                resumed: true,
            },
            other => {
                if let Some(job) = other {
                    end(
                        tx.conn(),
                        job.id,
                        now,
                        "failed",
                        Some("another file was imported instead"),
                    )
                    .await?;
                }
                let id = ids::new_v7(now);
                sqlx::query!(
                    r#"insert into reports.import_job (id, dataset, format, file_hash, status, started_at)
                       values ($1, $2, 'ddp', $3, 'running', $4)"#,
                    id,
                    dataset,
                    file_hash,
                    now
                )
                .execute(tx.conn())
                .await?;
                Job {
                    id,
                    next_line: 1,
                    counts: Counts::default(),
                    resumed: false,
                }
            }
        };
        tx.commit().await?;
        Ok(job)
    }

    async fn apply(&self, job: &mut Job, dataset: &str, chunk: Chunk) -> Result<(), ImportError> {
        let now = self.clock.now();
        let mut tx = self.begin().await?;
        // The job's row is the lock: of two processes on one file, one finds its line moved.
        let expected = job.next_line as i64;
        let moved = sqlx::query!(
            r#"update reports.import_job set next_line = $3 where id = $1 and next_line = $2 and status = 'running'"#,
            job.id,
            expected,
            chunk.next_line as i64
        )
        .execute(tx.conn())
        .await?;
        if moved.rows_affected() != 1 {
            return Err(ImportError::TakenOver);
        }
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
        let update = sqlx::query!(
            r#"update reports.import_job set read = $2, accepted = $3, unchanged = $4, rejected = $5, removed = $6
                where id = $1"#,
            job.id,
            counts.read as i64,
            counts.accepted as i64,
            counts.unchanged as i64,
            counts.rejected as i64,
            counts.removed as i64
        );
        expect_one_row(update.execute(tx.conn()).await?)?;
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
        (job.counts, job.next_line) = (counts, chunk.next_line);
        Ok(())
    }

    /// The file is through: what an earlier file had beyond its end goes, and the counts are whole.
    async fn finish(
        &self,
        job: &mut Job,
        dataset: &str,
        file_hash: &[u8],
    ) -> Result<(), ImportError> {
        let now = self.clock.now();
        let mut tx = self.begin().await?;
        end(tx.conn(), job.id, now, "done", None).await?;
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
        let update = sqlx::query!(
            r#"update reports.import_job set removed = $2 where id = $1"#,
            job.id,
            job.counts.removed as i64
        );
        expect_one_row(update.execute(tx.conn()).await?)?;
        let update = sqlx::query!(
            r#"update reports.dataset set file_hash = $2, rows = $3, imported_at = $4 where name = $1"#,
            dataset,
            file_hash,
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

    async fn fail(&self, job: &Job, problem: &str) -> Result<(), ImportError> {
        let mut tx = self.begin().await?;
        end(tx.conn(), job.id, self.clock.now(), "failed", Some(problem)).await?;
        Ok(tx.commit().await?)
    }
}

async fn end(
    conn: &mut PgConnection,
    job: Uuid,
    now: Timestamp,
    status: &str,
    problem: Option<&str>,
) -> Result<(), ImportError> {
    let update = sqlx::query!(
        r#"update reports.import_job set status = $2, problem = $3, finished_at = $4 where id = $1 and status = 'running'"#,
        job,
        status,
        problem,
        now
    );
    match update.execute(conn).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(ImportError::TakenOver),
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
    path: &Path,
    from_line: u64,
    chunks: &mpsc::Sender<Chunk>,
) -> Result<(BTreeMap<String, u64>, Vec<String>), ImportError> {
    let open = |source| ImportError::Open {
        path: path.to_owned(),
        source,
    };
    let mut rows = format.read(File::open(path).map_err(open)?)?;
    let unreadable = |error: ReadError| ImportError::Unreadable(error.into());
    let mut next = rows.skip_to(from_line).map_err(unreadable)?;
    while next.is_some() {
        let mut chunk = Chunk {
            rows: Vec::with_capacity(CHUNK),
            rejects: Vec::new(),
            next_line: from_line,
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
            next = rows.next().transpose().map_err(unreadable)?;
            if chunk.rows.len() + chunk.rejects.len() == CHUNK {
                break;
            }
        }
        if chunks.blocking_send(chunk).is_err() {
            break;
        }
    }
    Ok((rows.warnings().clone(), rows.file_warnings()))
}

fn is_name(dataset: &str) -> bool {
    (1..=63).contains(&dataset.len())
        && dataset.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && dataset
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
}

async fn file_hash(path: PathBuf) -> io::Result<[u8; 32]> {
    tokio::task::spawn_blocking(move || {
        let mut file = File::open(path)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hash.finalize().into()),
                read => hash.update(&buffer[..read]),
            }
        }
    })
    .await
    .map_err(|error| io::Error::other(error.to_string()))?
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
