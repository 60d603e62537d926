//! Files of a jail: bookings, release notices and paper, row by row into the same records that the
//! API writes. A file is taken in piece by piece; each piece is one transaction with the row at
//! which the next one begins.

pub mod api;
pub mod bulk;
pub mod mappings;
pub mod prepare;
pub mod preview;
pub mod roster;
pub mod run;
pub mod saved;
pub mod store;
pub mod submit;
pub mod write;

use std::collections::BTreeMap;

use uuid::Uuid;

pub use crate::imports::answer::{Changes, ImportStatus};
use crate::imports::fields::Kind;
use crate::types::Timestamp;

/// Rows, and the records that they made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub read: u64,
    /// Rows of which something was new or changed.
    pub accepted: u64,
    pub unchanged: u64,
    pub rejected: u64,
    pub records: BTreeMap<String, Changes>,
}

/// An import.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: Uuid,
    pub kind: Kind,
    pub mapping: Option<String>,
    pub mapping_text: Option<String>,
    pub feed: Option<String>,
    pub roster: bool,
    pub file_name: Option<String>,
    pub status: ImportStatus,
    /// It waits for somebody to look at its columns; nothing of it has been taken in.
    pub preview: bool,
    pub confirmed: bool,
    pub next_ordinal: u64,
    pub counts: Counts,
    pub warnings: BTreeMap<String, u64>,
    pub headings: Vec<String>,
    pub problem: Option<String>,
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub started_by: String,
    pub credential: String,
    pub role: String,
}

/// What became of the record of some rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    New,
    Changed,
    Unchanged,
}

impl Counts {
    /// Counts a record of `rows` rows.
    pub fn count(&mut self, kind: &str, rows: u64, became: Became) {
        self.read += rows;
        match became {
            Became::Unchanged => self.unchanged += rows,
            Became::New | Became::Changed => self.accepted += rows,
        }
        self.record(kind, became);
    }

    /// Counts a record beside the one that its rows are counted by.
    pub fn record(&mut self, kind: &str, became: Became) {
        if !self.records.contains_key(kind) {
            self.records.insert(kind.to_owned(), Changes::default());
        }
        if let Some(changes) = self.records.get_mut(kind) {
            match became {
                Became::New => changes.new += 1,
                Became::Changed => changes.changed += 1,
                Became::Unchanged => changes.unchanged += 1,
            }
        }
    }

    pub fn reject(&mut self, rows: u64) {
        self.read += rows;
        self.rejected += rows;
    }
}
