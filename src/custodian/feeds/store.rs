//! All SQL on feeds. A feed's row is the last that a transaction locks before it appends: many
//! transactions of one agency meet there.

use uuid::Uuid;

use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::types::{Timestamp, ids};

/// A feed and its health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    pub id: Uuid,
    pub name: String,
    pub last_at: Timestamp,
    pub expected_every_minutes: Option<i32>,
    /// From here on it is silent; none while nobody said how often it sends.
    pub silent_from: Option<Timestamp>,
    pub rows: i64,
    pub rejects: i64,
    pub conflicts: i64,
}

impl Feed {
    pub fn is_silent(&self, now: Timestamp) -> bool {
        self.silent_from.is_some_and(|from| from < now)
    }
}

/// A page of feeds by name.
pub async fn list(
    tx: &mut ScopedTx<'_>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Feed>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_as!(
        Feed,
        r#"select id, name, last_at, expected_every_minutes, silent_from, rows, rejects, conflicts from custodian.feed
            where agency_id = $1 and ($2::text is null or name > $2) order by name limit $3"#,
        agency,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Opens a feed if it is new, and locks it. Answers whether it was new.
pub async fn open(
    tx: &mut ScopedTx<'_>,
    name: &str,
    now: Timestamp,
) -> Result<(Feed, bool), StoreError> {
    let agency = tx.agency_id();
    let opened = sqlx::query!(
        "insert into custodian.feed (agency_id, name, id, last_at) values ($1, $2, $3, $4) on conflict do nothing",
        agency,
        name,
        ids::new_v7(now),
        now
    )
    .execute(tx.conn())
    .await?
    .rows_affected()
        == 1;
    let feed = sqlx::query_as!(
        Feed,
        r#"select id, name, last_at, expected_every_minutes, silent_from, rows, rejects, conflicts from custodian.feed
            where agency_id = $1 and name = $2 for no key update"#,
        agency,
        name
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((feed, opened))
}

/// Writes a heartbeat down: it ends a silence.
pub async fn heard(tx: &mut ScopedTx<'_>, feed: &Feed) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        r#"update custodian.feed set last_at = $3, expected_every_minutes = $4, silent_from = $5, silence_recorded_at = null
            where agency_id = $1 and name = $2"#,
        agency,
        feed.name,
        feed.last_at,
        feed.expected_every_minutes,
        feed.silent_from
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// Adds to a feed's counts and hears from it, in the caller's transaction: for whatever takes
/// rows in. Call it after every other lock, before `log::append`.
pub async fn seen(
    tx: &mut ScopedTx<'_>,
    name: &str,
    rows: i64,
    rejects: i64,
    conflicts: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"insert into custodian.feed as held (agency_id, name, id, last_at, rows, rejects, conflicts)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (agency_id, name) do update set
               rows = held.rows + excluded.rows, rejects = held.rejects + excluded.rejects,
               conflicts = held.conflicts + excluded.conflicts,
               last_at = greatest(held.last_at, excluded.last_at),
               silent_from = greatest(held.last_at, excluded.last_at) + make_interval(mins => 3 * held.expected_every_minutes),
               silence_recorded_at = case when excluded.last_at > held.last_at then null else held.silence_recorded_at end"#,
        agency,
        name,
        ids::new_v7(now),
        now,
        rows,
        rejects,
        conflicts
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts notices at the feeds that they name. `positions` are their events' places in the log,
/// beyond what a feed has counted already.
pub async fn count_notices(
    tx: &mut ScopedTx<'_>,
    notices: &[Uuid],
    positions: &[i64],
    now: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    // An id for each feed that may be new.
    let fresh: Vec<Uuid> = notices.iter().map(|_| ids::new_v7(now)).collect();
    sqlx::query!(
        r#"insert into custodian.feed as held (agency_id, name, id, last_at, rows, counted_to)
           select $1, n.feed, (array_agg(said.fresh))[1], max(n.recorded_at), count(*), max(said.position)
             from unnest($2::uuid[], $3::bigint[], $4::uuid[]) as said (notice, position, fresh)
             join custodian.release_notice n on n.agency_id = $1 and n.id = said.notice
             left join custodian.feed f on f.agency_id = $1 and f.name = n.feed
            where n.feed is not null and said.position > coalesce(f.counted_to, 0)
            group by n.feed order by n.feed
           on conflict (agency_id, name) do update set
               rows = held.rows + excluded.rows, counted_to = excluded.counted_to,
               last_at = greatest(held.last_at, excluded.last_at),
               silent_from = greatest(held.last_at, excluded.last_at) + make_interval(mins => 3 * held.expected_every_minutes),
               silence_recorded_at = case when excluded.last_at > held.last_at then null else held.silence_recorded_at end"#,
        agency,
        notices,
        positions,
        &fresh
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks the silences that have no alarm yet, and answers them. Under the rows' locks: of two
/// processes the second finds nothing left.
pub async fn fall_silent(
    tx: &mut ScopedTx<'_>,
    now: Timestamp,
) -> Result<Vec<(Uuid, Timestamp, i32)>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query!(
        r#"with due as (
               select name from custodian.feed
                where agency_id = $1 and silent_from < $2 and silence_recorded_at is null
                order by name for no key update
           )
           update custodian.feed f set silence_recorded_at = $2 from due
            where f.agency_id = $1 and f.name = due.name
           returning f.id, f.last_at, f.expected_every_minutes as "expected_every_minutes!""#,
        agency,
        now
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.last_at, row.expected_every_minutes))
        .collect())
}
