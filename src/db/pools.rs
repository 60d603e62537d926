//! A pool per side, each starting as its side's own role. No SQL of ours changes the role:
//! what a connection may do is decided before its first statement.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::types::Side;

/// The pools of one process. Cheap to clone.
#[derive(Clone)]
pub struct Pools {
    pub custodian: PgPool,
    pub office: PgPool,
    pub oversight: PgPool,
    pub operator: PgPool,
    /// Queue, streams, readers' cursors: ids and instants.
    pub worker: PgPool,
}

/// Where each side connects. Separate logins are the production default; the private server
/// has one login, which is a member of every side's role.
#[derive(Clone)]
pub struct Logins {
    pub custodian: PgConnectOptions,
    pub office: PgConnectOptions,
    pub oversight: PgConnectOptions,
    pub operator: PgConnectOptions,
    pub worker: PgConnectOptions,
}

impl Logins {
    /// One login for every side.
    pub fn single(login: PgConnectOptions) -> Self {
        Self {
            custodian: login.clone(),
            office: login.clone(),
            oversight: login.clone(),
            operator: login.clone(),
            worker: login,
        }
    }
}

/// Connections of each side's pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolSize {
    pub custodian: u32,
    pub office: u32,
    pub other: u32,
}

impl Pools {
    /// Pools that connect when first used.
    pub fn lazy(base: &PgPoolOptions, logins: &Logins, size: PoolSize) -> Self {
        let pool = |login: &PgConnectOptions, role: &str, connections: u32| {
            base.clone()
                .max_connections(connections)
                .min_connections(0)
                .acquire_timeout(Duration::from_millis(1_900))
                .test_before_acquire(false)
                .connect_lazy_with(
                    login
                        .clone()
                        .statement_cache_capacity(256)
                        .application_name(&format!("sallyport {role}"))
                        .options([
                            ("role", format!("sallyport_{role}").as_str()),
                            ("statement_timeout", "30s"),
                            ("lock_timeout", "2s"),
                            ("idle_in_transaction_session_timeout", "15s"),
                            ("timezone", "UTC"),
                            // Compiling a plan took two seconds where running it takes two milliseconds.
                            ("jit", "off"),
                        ]),
                )
        };
        Self {
            custodian: pool(&logins.custodian, "custodian", size.custodian),
            office: pool(&logins.office, "office", size.office),
            oversight: pool(&logins.oversight, "oversight", size.other),
            operator: pool(&logins.operator, "operator", size.other),
            worker: pool(&logins.worker, "worker", size.other),
        }
    }

    pub fn of(&self, side: Side) -> &PgPool {
        match side {
            Side::Custodian => &self.custodian,
            Side::Office => &self.office,
            Side::Oversight => &self.oversight,
            Side::Operator => &self.operator,
        }
    }

    pub async fn close(&self) {
        for pool in [
            &self.custodian,
            &self.office,
            &self.oversight,
            &self.operator,
            &self.worker,
        ] {
            pool.close().await;
        }
    }
}
