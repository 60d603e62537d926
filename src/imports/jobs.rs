//! All SQL on imports of releases: jobs, the pieces of their files, rows that were not taken. They
//! have no tenant; every connection here is the operator's.

use std::collections::BTreeMap;
use std::fs::File;

use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::apply::{Counts, ImportError};
use super::rejects::RejectRow;
use super::spool::{self, Pieces, Spooled};
use crate::db::StoreError;
use crate::db::vault::Vault;
use crate::types::{Actor, Timestamp, ids};

/// How long a process may be silent before another one carries its import on, in seconds.
const LEASE: i64 = 30;
const SEALED: &str = "release piece";

/// An import of a release.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: Uuid,
    pub dataset: String,
    pub mapping: Option<String>,
    pub file_name: Option<String>,
    /// `running`, `done`, `failed` or `cancelled`.
    pub status: String,
    pub counts: Counts,
    /// Texts that were kept but not understood, and how often.
    pub warnings: BTreeMap<String, u64>,
    pub problem: Option<String>,
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub started_by: String,
    pub credential: String,
    pub(super) file_hash: Vec<u8>,
    /// Where the next chunk begins; 1 in a job that has taken nothing in yet.
    pub(super) next_line: u64,
}

struct JobRow {
    id: Uuid,
    dataset: String,
    mapping: Option<String>,
    file_name: Option<String>,
    status: String,
    next_line: i64,
    read: i64,
    accepted: i64,
    unchanged: i64,
    rejected: i64,
    removed: i64,
    warnings: Value,
    problem: Option<String>,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
    started_by: String,
    credential: String,
    file_hash: Vec<u8>,
}

impl From<JobRow> for Job {
    fn from(row: JobRow) -> Self {
        Self {
            id: row.id,
            dataset: row.dataset,
            mapping: row.mapping,
            file_name: row.file_name,
            status: row.status,
            counts: Counts {
                read: row.read as u64,
                accepted: row.accepted as u64,
                unchanged: row.unchanged as u64,
                rejected: row.rejected as u64,
                removed: row.removed as u64,
            },
            warnings: serde_json::from_value(row.warnings).unwrap_or_default(),
            problem: row.problem,
            started_at: row.started_at,
            finished_at: row.finished_at,
            started_by: row.started_by,
            credential: row.credential,
            file_hash: row.file_hash,
            next_line: row.next_line as u64,
        }
    }
}

/// What is said of a file when it is handed in.
#[derive(Debug, Clone, Copy)]
pub struct NewJob<'a> {
    pub dataset: &'a str,
    pub file_hash: &'a [u8],
    pub mapping: Option<&'a str>,
    pub file_name: Option<&'a str>,
    /// The service keeps the file and carries the job on.
    pub kept: bool,
}

/// A job that was opened.
pub struct Opened {
    pub job: Job,
    /// The service lacks its file.
    pub wants_file: bool,
}

/// Opens a job, or goes on with the one of this very file that is still running. A job that ran on another file of this
/// name ends: the last file that is handed in is the data set.
pub async fn open(
    conn: &mut PgConnection,
    by: &Actor,
    now: Timestamp,
    new: NewJob<'_>,
) -> Result<Opened, ImportError> {
    let NewJob {
        dataset, file_hash, ..
    } = new;
    sqlx::query!(
        r#"insert into reports.dataset (name, format, file_hash) values ($1, 'ddp', $2) on conflict (name) do nothing"#,
        dataset,
        file_hash
    )
    .execute(&mut *conn)
    .await?;
    // One start at a time for a dataset, or two would each open a job.
    sqlx::query!(
        r#"select name from reports.dataset where name = $1 for update"#,
        dataset
    )
    .fetch_one(&mut *conn)
    .await?;
    let running = sqlx::query!(
        r#"select id, file_hash, kept from reports.import_job where dataset = $1 and status = 'running' for update"#,
        dataset
    )
    .fetch_optional(&mut *conn)
    .await?;
    let (id, wants_file) = match running {
        Some(job) if job.file_hash == file_hash => (job.id, new.kept && !job.kept),
        other => {
            if let Some(job) = other {
                let problem = Some("another file was imported instead");
                end(conn, job.id, now, "failed", problem).await?;
            }
            let id = ids::new_v7(now);
            sqlx::query!(
                r#"insert into reports.import_job (id, dataset, format, file_hash, status, started_at, mapping, file_name,
                       started_by, credential)
                   values ($1, $2, 'ddp', $3, 'running', $4, $5, $6, $7, $8)"#,
                id,
                dataset,
                file_hash,
                now,
                new.mapping,
                new.file_name,
                by.name,
                by.credential
            )
            .execute(&mut *conn)
            .await?;
            (id, new.kept)
        }
    };
    if wants_file {
        sqlx::query!(
            "update reports.import_job set kept = true, claimed_until = null where id = $1",
            id
        )
        .execute(&mut *conn)
        .await?;
    }
    let job = get(conn, id).await?.ok_or(ImportError::TakenOver)?;
    Ok(Opened { job, wants_file })
}

pub async fn get(conn: &mut PgConnection, id: Uuid) -> Result<Option<Job>, StoreError> {
    Ok(sqlx::query_as!(
        JobRow,
        r#"select id, dataset, mapping, file_name, status, next_line, read, accepted, unchanged, rejected, removed, warnings, problem,
                  started_at, finished_at, started_by, credential, file_hash
             from reports.import_job where id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await?
    .map(Job::from))
}

/// A page of imports, newest first.
pub async fn list(
    conn: &mut PgConnection,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    let rows = sqlx::query_as!(
        JobRow,
        r#"select id, dataset, mapping, file_name, status, next_line, read, accepted, unchanged, rejected, removed, warnings, problem,
                  started_at, finished_at, started_by, credential, file_hash
             from reports.import_job where $1::uuid is null or id < $1 order by id desc limit $2"#,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Job::from).collect())
}

/// Jobs whose file the service has and nobody carries on, oldest first; `small` leaves out files of `small` pieces and
/// more.
pub async fn unclaimed(
    conn: &mut PgConnection,
    now: Timestamp,
    small: Option<i32>,
) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select id from reports.import_job j
            where status = 'running' and kept and (claimed_until is null or claimed_until < $1)
              and ($2::int is null
                   or not exists (select from reports.import_piece p where p.import_id = j.id and p.piece >= $2))
            order by id limit 8"#,
        now,
        small
    )
    .fetch_all(conn)
    .await?)
}

/// Takes a job for `LEASE` seconds. None when it is not to be run, or another process runs it.
pub async fn claim(
    conn: &mut PgConnection,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<Job>, StoreError> {
    let claimed = sqlx::query!(
        r#"update reports.import_job set claimed_until = $2::timestamptz
            where id = $1 and status = 'running' and kept and (claimed_until is null or claimed_until < $3)"#,
        id,
        leased_until(now),
        now
    )
    .execute(&mut *conn)
    .await?;
    match claimed.rows_affected() {
        0 => Ok(None),
        _ => get(conn, id).await,
    }
}

fn leased_until(now: Timestamp) -> Timestamp {
    now + chrono::Duration::seconds(LEASE)
}

/// Moves a job on, inside the transaction that writes the rows before its new place; the row is the lock of the job. Of
/// two processes on one file, one finds its line moved.
pub(super) async fn advance(
    conn: &mut PgConnection,
    job: &Job,
    to: u64,
    now: Timestamp,
) -> Result<(), ImportError> {
    let moved = sqlx::query!(
        r#"update reports.import_job set next_line = $3, claimed_until = $4::timestamptz
            where id = $1 and next_line = $2 and status = 'running'"#,
        job.id,
        job.next_line as i64,
        to as i64,
        leased_until(now)
    )
    .execute(conn)
    .await?;
    match moved.rows_affected() {
        1 => Ok(()),
        _ => Err(ImportError::TakenOver),
    }
}

pub(super) async fn count(
    conn: &mut PgConnection,
    id: Uuid,
    counts: &Counts,
    warnings: &BTreeMap<String, u64>,
) -> Result<(), StoreError> {
    let update = sqlx::query!(
        r#"update reports.import_job
              set read = $2, accepted = $3, unchanged = $4, rejected = $5, removed = $6, warnings = $7 where id = $1"#,
        id,
        counts.read as i64,
        counts.accepted as i64,
        counts.unchanged as i64,
        counts.rejected as i64,
        counts.removed as i64,
        Json(warnings) as _
    );
    crate::db::expect_one_row(update.execute(conn).await?)
}

/// Ends a running job; its file goes.
///
/// # Errors
/// It has ended already.
pub async fn end(
    conn: &mut PgConnection,
    job: Uuid,
    now: Timestamp,
    status: &str,
    problem: Option<&str>,
) -> Result<(), ImportError> {
    let update = sqlx::query!(
        r#"update reports.import_job set status = $2, problem = $3, finished_at = $4, claimed_until = null
            where id = $1 and status = 'running'"#,
        job,
        status,
        problem,
        now
    );
    if update.execute(&mut *conn).await?.rows_affected() != 1 {
        return Err(ImportError::TakenOver);
    }
    sqlx::query!("delete from reports.import_piece where import_id = $1", job)
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps the file of a job, piece by piece.
pub async fn keep(
    conn: &mut PgConnection,
    vault: &Vault,
    job: Uuid,
    file: &mut File,
) -> Result<(), StoreError> {
    for at in 0.. {
        let Some(piece) = spool::piece(file)? else {
            break;
        };
        sqlx::query!(
            "insert into reports.import_piece (import_id, piece, sealed) values ($1, $2, $3)",
            job,
            at,
            vault.seal(SEALED, &piece)
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// The file of a job, out of its pieces.
pub async fn file(
    conn: &mut PgConnection,
    vault: &Vault,
    job: Uuid,
) -> Result<Spooled, StoreError> {
    let mut pieces = Pieces::begin()?;
    for at in 0.. {
        let sealed = sqlx::query_scalar!(
            "select sealed from reports.import_piece where import_id = $1 and piece = $2",
            job,
            at
        )
        .fetch_optional(&mut *conn)
        .await?;
        let Some(sealed) = sealed else { break };
        pieces.add(&vault.open(SEALED, &sealed)?)?;
    }
    Ok(pieces.end())
}

/// Rejected rows of a job beyond an ordinal, each as it stands in the file.
pub async fn rejects(
    conn: &mut PgConnection,
    job: Uuid,
    after: i64,
    limit: i64,
) -> Result<Vec<RejectRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select ordinal, line, column_name, value, reason, raw_line
             from reports.rejected_row where job_id = $1 and ordinal > $2 order by ordinal limit $3"#,
        job,
        after as i32,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| RejectRow {
            ordinal: row.ordinal.into(),
            line: row.line,
            column: row.column_name,
            value: row.value,
            reason: row.reason,
            cells: vec![row.raw_line],
        })
        .collect())
}
