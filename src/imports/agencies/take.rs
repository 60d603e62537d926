//! A list of agencies into the registry, chunk by chunk. Taking a list twice is taking it once: an
//! ORI that is registered already keeps what it has.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use sqlx::PgPool;

use super::{AgencyList, AgencyListError};
use crate::db::scope::{self, Access};
use crate::db::{ScopedTx, StoreError};
use crate::imports::apply::Counts;
use crate::imports::table::Reject;
use crate::log::{self, Event};
use crate::registry::agencies::{self, AgencyBody};
use crate::types::{Actor, Clock};

/// Rows in a transaction.
const CHUNK: usize = 1_000;

/// What came of a list.
#[derive(Debug, Default)]
pub struct Report {
    pub counts: Counts,
    pub rejects: Vec<Reject>,
    /// What was taken although it does not say all, and how often.
    pub warnings: BTreeMap<String, u64>,
}

#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    #[error("{path}: {source}", path = .path.display())]
    Open {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Unreadable(#[from] AgencyListError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a file into the registry, as the operator. `progress` is called after each chunk.
pub async fn take(
    pool: &PgPool,
    actor: &Actor,
    clock: &Clock,
    list: &AgencyList,
    path: &Path,
    mut progress: impl FnMut(&Counts),
) -> Result<Report, TakeError> {
    let open = |source| TakeError::Open {
        path: path.to_owned(),
        source,
    };
    let mut rows = list.read(File::open(path).map_err(open)?)?;
    let mut report = Report::default();
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut more = false;
        for row in rows.by_ref() {
            report.counts.read += 1;
            match row.map_err(AgencyListError::from)? {
                Ok(agency) => chunk.push(agency),
                Err(reject) => report.rejects.push(reject),
            }
            more = chunk.len() == CHUNK;
            if more {
                break;
            }
        }
        let new = insert(pool, actor, clock, &chunk).await?;
        report.counts.accepted += new;
        report.counts.unchanged += chunk.len() as u64 - new;
        report.counts.rejected = report.rejects.len() as u64;
        progress(&report.counts);
        if !more {
            break;
        }
    }
    report.warnings = rows.warnings().clone();
    Ok(report)
}

/// One chunk with its event: how many were registered.
async fn insert(
    pool: &PgPool,
    actor: &Actor,
    clock: &Clock,
    chunk: &[AgencyBody],
) -> Result<u64, StoreError> {
    let tx = scope::begin(pool, &actor.credential, Access::Write).await?;
    let mut tx = ScopedTx::new(tx, actor.clone());
    let now = clock.now();
    let new = agencies::insert_unknown(tx.conn(), chunk, now).await?;
    if new == 0 {
        tx.rollback().await?;
        return Ok(0);
    }
    let event = Event::new("agency.registered", now, tx.actor())
        .data("from", "list")
        .data("count", new);
    log::append(&mut tx, vec![event]).await?;
    tx.commit().await?;
    Ok(new)
}
