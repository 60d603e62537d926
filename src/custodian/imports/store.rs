//! SQL on imports: jobs, the pieces of their files, rows that were not taken. Mappings: `saved`.

use std::collections::BTreeMap;
use std::fs::File;

use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

pub use super::saved::{
    SavedMapping, delete_mapping, mapping, mapping_names, mappings, save_mapping, saved_mapping,
};
use super::{Counts, ImportStatus, Job};
use crate::db::vault::Vault;
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::imports::fields::Kind;
use crate::imports::records::{Fault, Rejects};
use crate::imports::rejects::RejectRow;
use crate::imports::spool::{self, Pieces, Spooled};
use crate::types::Timestamp;

/// How long a process may be silent before another one carries its import on, in seconds.
const LEASE: i64 = 30;
/// Rejected rows that are kept; beyond them they are counted.
pub const MOST_REJECTS: u64 = 100_000;
fn leased_until(now: Timestamp) -> Timestamp {
    now + chrono::Duration::seconds(LEASE)
}

const PIECE: &str = "import piece";
const REJECT: &str = "import reject";

struct JobRow {
    id: Uuid,
    kind: String,
    mapping: Option<String>,
    mapping_text: Option<String>,
    feed: Option<String>,
    roster: bool,
    file_name: Option<String>,
    status: String,
    preview: bool,
    confirmed: bool,
    next_ordinal: i64,
    read: i64,
    accepted: i64,
    unchanged: i64,
    rejected: i64,
    records: Value,
    warnings: Value,
    headings: Value,
    problem: Option<String>,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
    started_by: String,
    credential: String,
    role: String,
}

impl From<JobRow> for Job {
    fn from(row: JobRow) -> Self {
        Self {
            id: row.id,
            kind: Kind::parse(&row.kind).unwrap_or(Kind::Bookings),
            mapping: row.mapping,
            mapping_text: row.mapping_text,
            feed: row.feed,
            roster: row.roster,
            file_name: row.file_name,
            status: ImportStatus::parse(&row.status).unwrap_or(ImportStatus::Failed),
            preview: row.preview,
            confirmed: row.confirmed,
            next_ordinal: row.next_ordinal as u64,
            counts: Counts {
                read: row.read as u64,
                accepted: row.accepted as u64,
                unchanged: row.unchanged as u64,
                rejected: row.rejected as u64,
                records: serde_json::from_value(row.records).unwrap_or_default(),
            },
            warnings: serde_json::from_value(row.warnings).unwrap_or_default(),
            headings: serde_json::from_value(row.headings).unwrap_or_default(),
            problem: row.problem,
            started_at: row.started_at,
            finished_at: row.finished_at,
            started_by: row.started_by,
            credential: row.credential,
            role: row.role,
        }
    }
}

/// Opens a job. `file_hash` is a keyed tag of the file.
pub async fn insert(tx: &mut ScopedTx<'_>, job: &Job, file_hash: &[u8]) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.import_job (agency_id, id, kind, mapping, mapping_text, feed, roster, file_name, file_hash, status,
               warnings, headings, started_at, started_by, credential, role)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"#,
        agency,
        job.id,
        job.kind.as_str(),
        job.mapping,
        job.mapping_text,
        job.feed,
        job.roster,
        job.file_name,
        file_hash,
        job.status.as_str(),
        Json(&job.warnings) as _,
        Json(&job.headings) as _,
        job.started_at,
        job.started_by,
        job.credential,
        job.role
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub async fn get(tx: &mut ScopedTx<'_>, id: Uuid) -> Result<Option<Job>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        JobRow,
        r#"select id, kind, mapping, mapping_text, feed, roster, file_name, status, preview, confirmed, next_ordinal, read, accepted, unchanged,
                  rejected, records, warnings, headings, problem, started_at, finished_at, started_by, credential, role
             from custodian.import_job where agency_id = $1 and id = $2"#,
        agency,
        id
    )
    .fetch_optional(tx.conn())
    .await?
    .map(Job::from))
}

/// A page of imports, newest first.
pub async fn list(
    tx: &mut ScopedTx<'_>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query_as!(
        JobRow,
        r#"select id, kind, mapping, mapping_text, feed, roster, file_name, status, preview, confirmed, next_ordinal, read, accepted, unchanged,
                  rejected, records, warnings, headings, problem, started_at, finished_at, started_by, credential, role
             from custodian.import_job where agency_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3"#,
        agency,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Job::from).collect())
}

/// The running import of this very file, if there is one: a run from the command line goes on with it.
pub async fn running(
    tx: &mut ScopedTx<'_>,
    file_hash: &[u8],
    kind: Kind,
) -> Result<Option<Uuid>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        r#"select id from custodian.import_job
            where agency_id = $1 and file_hash = $2 and kind = $3 and status in ('running', 'waiting') and not preview
            order by id desc limit 1"#,
        agency,
        file_hash,
        kind.as_str()
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Locks a job and takes it for `LEASE` seconds. None when it is not to be run, or another process runs it.
pub async fn claim(
    tx: &mut ScopedTx<'_>,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<Job>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        JobRow,
        r#"update custodian.import_job set claimed_until = $3::timestamptz
            where agency_id = $1 and id = $2 and status = 'running'
              and (claimed_until is null or claimed_until < $4)
           returning id, kind, mapping, mapping_text, feed, roster, file_name, status, preview, confirmed, next_ordinal, read, accepted,
                     unchanged, rejected, records, warnings, headings, problem, started_at, finished_at, started_by, credential, role"#,
        agency,
        id,
        leased_until(now),
        now
    )
    .fetch_optional(tx.conn())
    .await?
    .map(Job::from))
}

/// Moves a job on, inside the transaction that wrote the rows. `false` when it is not ours any more: it was cancelled,
/// or another process has carried it on.
pub async fn advance(
    tx: &mut ScopedTx<'_>,
    id: Uuid,
    from: u64,
    to: u64,
    counts: &Counts,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.import_job
              set next_ordinal = $4, read = $5, accepted = $6, unchanged = $7, rejected = $8, records = $9,
                  claimed_until = $10::timestamptz
            where agency_id = $1 and id = $2 and status = 'running' and next_ordinal = $3"#,
        agency,
        id,
        from as i64,
        to as i64,
        counts.read as i64,
        counts.accepted as i64,
        counts.unchanged as i64,
        counts.rejected as i64,
        Json(&counts.records) as _,
        leased_until(now)
    );
    Ok(update.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Ends a running or waiting job; its file goes. `false` when it has ended already.
pub async fn end(
    tx: &mut ScopedTx<'_>,
    id: Uuid,
    status: ImportStatus,
    problem: Option<&str>,
    warnings: Option<&BTreeMap<String, u64>>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.import_job
              set status = $3, problem = coalesce($4, problem), warnings = coalesce($5, warnings), finished_at = $6, claimed_until = null,
                  preview = false, peek = null
            where agency_id = $1 and id = $2 and status in ('running', 'waiting')"#,
        agency,
        id,
        status.as_str(),
        problem,
        warnings.map(Json) as _,
        now
    );
    if update.execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "delete from custodian.import_piece where agency_id = $1 and import_id = $2",
        agency,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// Lets a job wait for a person.
pub async fn wait(tx: &mut ScopedTx<'_>, id: Uuid, question: &str) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.import_job set status = 'waiting', problem = $3, claimed_until = null
            where agency_id = $1 and id = $2 and status = 'running'"#,
        agency,
        id,
        question
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// A person has looked: it goes on. `false` when it does not wait, or waits for its columns.
pub async fn confirm(tx: &mut ScopedTx<'_>, id: Uuid) -> Result<bool, StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.import_job set status = 'running', confirmed = true, claimed_until = null
            where agency_id = $1 and id = $2 and status = 'waiting' and not preview"#,
        agency,
        id
    );
    Ok(update.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Keeps the file of a job, piece by piece.
pub async fn put_file(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: Uuid,
    file: &mut File,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    for at in 0.. {
        let Some(piece) = spool::piece(file)? else {
            break;
        };
        sqlx::query!(
            "insert into custodian.import_piece (agency_id, import_id, piece, sealed) values ($1, $2, $3, $4)",
            agency,
            id,
            at,
            vault.seal(PIECE, &piece)
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// The file of a job, out of its pieces.
pub async fn file(tx: &mut ScopedTx<'_>, vault: &Vault, id: Uuid) -> Result<Spooled, StoreError> {
    let agency = tx.agency_id();
    let mut pieces = Pieces::begin()?;
    for at in 0.. {
        let sealed = sqlx::query_scalar!(
            "select sealed from custodian.import_piece where agency_id = $1 and import_id = $2 and piece = $3",
            agency,
            id,
            at
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(sealed) = sealed else { break };
        pieces.add(&vault.open(PIECE, &sealed)?)?;
    }
    Ok(pieces.end())
}

/// A rejected row as it is kept.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    value: Option<String>,
    cells: Vec<String>,
}

/// Keeps rows that were not taken.
pub async fn put_rejects(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: Uuid,
    rejects: &Rejects,
) -> Result<(), StoreError> {
    if rejects.is_empty() {
        return Ok(());
    }
    let agency = tx.agency_id();
    let mut ordinals = Vec::with_capacity(rejects.len());
    let mut lines = Vec::with_capacity(rejects.len());
    let mut columns: Vec<Option<String>> = Vec::with_capacity(rejects.len());
    let mut reasons = Vec::with_capacity(rejects.len());
    let mut sealed = Vec::with_capacity(rejects.len());
    for (
        row,
        Fault {
            column,
            value,
            reason,
        },
    ) in rejects
    {
        let cells = match row.len() {
            0 => vec![row.raw.clone()],
            width => (0..width).map(|at| row.get(at).to_owned()).collect(),
        };
        let kept = serde_json::to_vec(&Kept {
            value: value.clone(),
            cells,
        })
        .unwrap_or_default();
        ordinals.push(i64::from(row.ordinal));
        lines.push(row.line as i64);
        columns.push(column.clone());
        reasons.push(reason.clone());
        sealed.push(vault.seal(REJECT, &kept));
    }
    sqlx::query!(
        r#"insert into custodian.import_reject (agency_id, import_id, ordinal, line, column_name, reason, sealed)
           select $1, $2, * from unnest($3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bytea[])"#,
        agency,
        id,
        &ordinals,
        &lines,
        &columns as &[Option<String>],
        &reasons,
        &sealed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Rejected rows in the order of the file.
pub async fn rejects(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: Uuid,
    after: i64,
    limit: i64,
) -> Result<Vec<RejectRow>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"select ordinal, line, column_name, reason, sealed from custodian.import_reject
            where agency_id = $1 and import_id = $2 and ordinal > $3 order by ordinal limit $4"#,
        agency,
        id,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let text = vault.open(REJECT, &row.sealed)?;
            let kept = serde_json::from_slice(&text).unwrap_or(Kept {
                value: None,
                cells: Vec::new(),
            });
            Ok(RejectRow {
                ordinal: row.ordinal,
                line: row.line,
                column: row.column_name,
                value: kept.value,
                reason: row.reason,
                cells: kept.cells,
            })
        })
        .collect()
}

/// The paper that came of this content before.
pub async fn paper_of(tx: &mut ScopedTx<'_>, hash: &[u8]) -> Result<Option<Uuid>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        "select detainer_id from custodian.imported_paper where agency_id = $1 and content_hash = $2",
        agency,
        hash
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub async fn keep_paper(
    tx: &mut ScopedTx<'_>,
    hash: &[u8],
    detainer: Uuid,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        "insert into custodian.imported_paper (agency_id, content_hash, detainer_id) values ($1, $2, $3) on conflict do nothing",
        agency,
        hash,
        detainer
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
