//! The sequencer: empties the queue in the order of its numbers into dense streams.
//!
//! Every process runs one; an advisory lock lets one batch through at a time, so there is no
//! leader to lose. Rows are never skipped: a locked one is waited for, since skipping it would
//! put an effect before its cause.

use std::time::Duration;

use sqlx::PgPool;

use super::Hub;
use crate::db::StoreError;
use crate::types::{Clock, Timestamp};

/// The advisory lock of the sequencers: "sally" in ASCII.
const LOCK: i64 = 0x73_61_6c_6c_79;
const BATCH: i64 = 400;
/// How long commits gather after the first: each batch waits for the disk once, as each commit
/// does, and a batch for every notice would double what intake costs.
const GATHER: Duration = Duration::from_millis(5);
/// How long they gather while more keep coming: on a busy service every batch that waits for the
/// disk makes the next intake wait behind it.
const GATHER_BUSY: Duration = Duration::from_millis(25);

/// Runs until the task is aborted: woken after this process's commits, with a poll each second
/// as the net for those of others.
pub async fn run(pool: PgPool, hub: Hub, clock: Clock) {
    loop {
        match batch(&pool, clock.now()).await {
            Ok(0) => {
                tokio::select! {
                    () = hub.next_commit() => tokio::time::sleep(GATHER).await,
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
            }
            Ok(moved) => {
                hub.sequenced();
                if moved < BATCH as usize {
                    tokio::time::sleep(GATHER_BUSY).await;
                }
            }
            Err(error) => {
                tracing::warn!(error = %error, "the sequencer could not run a batch");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

/// Moves one batch from the queue into the streams; answers how many events it moved.
pub async fn batch(pool: &PgPool, now: Timestamp) -> Result<usize, StoreError> {
    let mut tx = pool.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock($1)", LOCK)
        .fetch_one(&mut *tx)
        .await?;
    // A statement of its own: its snapshot is taken after the lock.
    let moved = sqlx::query!(
        r#"with batch as (
               select seq, event_id from log.queue order by seq limit $1 for update
           ), gone as (
               delete from log.queue where seq = any (array(select seq from batch))
           ), event as (
               -- Each by its key: while a month fills, the planner takes it for as small as it was when it planned.
               select b.seq, e.* from batch b cross join lateral (select * from log.event where id = b.event_id offset 0) e
           ), parties as (
               select 'all' as party, count(*) as n from event having count(*) > 0
               union all
               select 'a:' || agency_id, count(*) from event where agency_id is not null group by agency_id
               union all
               select 'o:' || office_id, count(*) from event where office_id is not null group by office_id
           ), counted as (
               insert into log.counter as c (party, position)
               select party, n from parties order by party
               on conflict (party) do update set position = c.position + excluded.position
               returning party, position
           ), base as (
               select c.party, c.position - p.n as position from counted c join parties p using (party)
           ), placed as (
               select e.*,
                      (select position from base where party = 'all')
                          + row_number() over (order by e.seq) as global_position,
                      case when e.agency_id is not null then
                          (select position from base where party = 'a:' || e.agency_id)
                              + row_number() over (partition by e.agency_id order by e.seq) end as agency_position,
                      case when e.office_id is not null then
                          (select position from base where party = 'o:' || e.office_id)
                              + row_number() over (partition by e.office_id order by e.seq) end as office_position
                 from event e
           ), entries as (
               insert into log.entry (position, event_id, agency_id, agency_position, office_id, office_position, entered_at)
               select global_position, id, agency_id, agency_position, office_id, office_position, $2 from placed
               returning 1
           ), office_entries as (
               insert into log.office_entry (office_id, position, event_id, type, at, acting, detainer_id, subjects,
                                             data, leaf_hash, entered_at)
               select office_id, office_position, id, type, at, acting, detainer_id, subjects, data, leaf_hash, $2
                 from placed where office_id is not null
           ), sent as (
               update exchange.notification n set sent_at = $2
                 from event e
                where n.id = (e.subjects ->> 'notification')::uuid and e.type like '%.disclosed' and n.sent_at is null
                  -- An office without an account here is told by hand, and sent to by nothing else.
                  and exists (select from registry.office o where o.id = n.office_id and o.connected)
           )
           select count(*) as "moved!" from entries"#,
        BATCH,
        now
    )
    .fetch_one(&mut *tx)
    .await?
    .moved;
    if moved > 0 {
        // One for the batch, for readers in other processes: one each transaction would halve intake.
        sqlx::query!("select pg_notify('sallyport_batch', '')")
            .fetch_one(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(moved as usize)
}
