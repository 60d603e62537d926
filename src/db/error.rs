//! What can go wrong at a table.

use sqlx::postgres::PgQueryResult;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or was out of reach.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// An UPDATE met another number of rows than the one that the code had locked.
    #[error("expected to change one row, changed {0}")]
    UnexpectedRows(u64),
    /// A stored value that this version cannot read.
    #[error("unreadable stored value: {0}")]
    Unreadable(String),
}

impl StoreError {
    /// The name of the violated constraint, if that is what happened.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.constraint(),
            _ => None,
        }
    }

    /// PostgreSQL's SQLSTATE.
    pub fn code(&self) -> Option<String> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                error.code().map(|code| code.into_owned())
            }
            _ => None,
        }
    }

    /// A value that no column can keep, such as a date of the year -262143 (class 22).
    pub fn is_out_of_range(&self) -> bool {
        matches!(
            self.code().as_deref(),
            Some("22003" | "22007" | "22008" | "22021")
        )
    }

    /// The database cannot serve now: a retry later may succeed.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Database(
                sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::Tls(_)
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Protocol(_),
            ) => true,
            // Shutdown, starting up, cannot connect now, too many connections, deadlock,
            // statement or lock timeout, disk full, read-only.
            _ => matches!(
                self.code().as_deref(),
                Some(
                    "57P01"
                        | "57P02"
                        | "57P03"
                        | "53300"
                        | "40P01"
                        | "40001"
                        | "55P03"
                        | "57014"
                        | "53100"
                        | "25006"
                )
            ),
        }
    }
}

/// The outcome of an UPDATE that must have met exactly one row.
pub fn expect_one_row(result: PgQueryResult) -> Result<(), StoreError> {
    match result.rows_affected() {
        1 => Ok(()),
        other => Err(StoreError::UnexpectedRows(other)),
    }
}
