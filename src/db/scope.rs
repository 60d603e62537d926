//! The first of the two walls: every query of ours takes a `ScopedTx`, and the only ways to one
//! set each `app.*` setting in the words that open the transaction. Row security is the second.

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};

use super::StoreError;
use crate::types::Actor;

/// One transaction in the scope of one caller. Dropped without `commit`, it rolls back.
pub struct ScopedTx<'a> {
    tx: Transaction<'a, Postgres>,
    actor: Actor,
}

/// May the transaction write?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// Opens a transaction in which only the credential's own row can be seen. Every setting is
/// written, so that nothing of an earlier borrower could remain.
///
/// `credential` is a key or session id that has been checked to be lower-case letters and digits.
pub async fn begin(
    pool: &PgPool,
    credential: &str,
    access: Access,
) -> Result<Transaction<'static, Postgres>, StoreError> {
    debug_assert!(
        credential
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    );
    let mode = if access == Access::Read {
        " read only"
    } else {
        ""
    };
    let opening = format!(
        "begin{mode}; set local app.credential = '{credential}'; set local app.agency = ''; \
         set local app.office = ''; set local app.agencies = ''; set local app.login = ''; set local app.account = ''"
    );
    Ok(pool.begin_with(AssertSqlSafe(opening)).await?)
}

impl ScopedTx<'static> {
    /// Binds an open transaction to the caller whose settings it already carries.
    pub fn new(tx: Transaction<'static, Postgres>, actor: Actor) -> Self {
        Self { tx, actor }
    }

    /// A transaction in a party's scope without a credential: for what follows from the log, and
    /// for the demonstration.
    pub async fn for_party(pool: &PgPool, actor: Actor) -> Result<Self, StoreError> {
        let id = |id: Option<i32>| id.map(|id| id.to_string()).unwrap_or_default();
        let opening = format!(
            "begin; set local app.credential = ''; set local app.agency = '{}'; set local app.office = '{}'; \
             set local app.agencies = ''; set local app.login = ''; set local app.account = ''",
            id(actor.agency_id()),
            id(actor.office_id())
        );
        Ok(Self {
            tx: pool.begin_with(AssertSqlSafe(opening)).await?,
            actor,
        })
    }

    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }

    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.tx.rollback().await?)
    }
}

impl ScopedTx<'_> {
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The caller's agency. Only the custodian's side asks.
    ///
    /// # Panics
    /// On a transaction of another side: the extractors make that impossible.
    pub fn agency_id(&self) -> i32 {
        self.actor
            .agency_id()
            .expect("a transaction of the custodian's side")
    }

    /// The caller's office. Only the office's side asks.
    ///
    /// # Panics
    /// On a transaction of another side: the extractors make that impossible.
    pub fn office_id(&self) -> i32 {
        self.actor
            .office_id()
            .expect("a transaction of the office's side")
    }
}
