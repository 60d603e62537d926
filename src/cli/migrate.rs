//! `sallyport migrate`: roles, schema, months of the log, reference data. In that order, and
//! each step again does nothing.

use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::{Failure, database};
use crate::config::Config;
use crate::registry;
use crate::types::Clock;

/// The migrations in the binary.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

pub fn run(config: &Config, data_dir: Option<PathBuf>) -> Result<(), Failure> {
    let database = database::Database::open(config, data_dir)?;
    database::runtime()?.block_on(apply(&database.owner))?;
    println!(
        "The schema and the reference data in {} are up to date.",
        database.place()
    );
    database.close()
}

/// Applies what is missing.
pub async fn apply(owner: &PgConnectOptions) -> anyhow::Result<()> {
    let mut conn = owner.connect().await?;
    crate::db::roles::ensure(&mut conn).await?;
    // The migrator takes an advisory lock: replicas that start together wait for the first.
    MIGRATIONS.run_direct(None, &mut conn, false).await?;
    // Months ahead, so that the log never needs its default partition.
    sqlx::raw_sql("do $$ begin for ahead in 0..12 loop call log.add_month((date_trunc('month', now()) + make_interval(months => ahead))::date); end loop; end $$")
        .execute(&mut conn)
        .await?;
    registry::load::jurisdictions(&mut conn).await?;
    registry::positions::load(&mut conn).await?;
    registry::load::offices(&mut conn, Clock::default().now()).await?;
    conn.close().await?;
    Ok(())
}

/// Is the schema the one that this binary knows?
pub async fn is_current(owner: &PgConnectOptions) -> anyhow::Result<bool> {
    let mut conn = owner.connect().await?;
    let known: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut conn)
        .await?;
    let last: i64 = if known {
        sqlx::query_scalar("select coalesce(max(version), 0) from _sqlx_migrations where success")
            .fetch_one(&mut conn)
            .await?
    } else {
        0
    };
    conn.close().await?;
    Ok(last
        >= MIGRATIONS
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or_default())
}
