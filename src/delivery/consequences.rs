//! The reader that carries consequences to the jails. Its cursor is a row: the process that
//! locks it reads on, so several may run and one does the work.

use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use crate::custodian::readers::{self, Entry};
use crate::db::StoreError;
use crate::http::problem::Slug;
use crate::policy::place::Place;
use crate::types::actor::Tenant;

const READER: &str = "consequences";
const BATCH: i64 = 100;
/// Attempts at one entry before it is set aside, so that it cannot stop the rest.
const MAX_ATTEMPTS: i32 = 8;

/// Runs until the task is aborted.
pub async fn run(app: App) {
    let mut batches = app.hub.batches();
    loop {
        match batch(&app).await {
            Ok(0) => {
                tokio::select! {
                    _ = batches.changed() => {}
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = %error, "the reader of consequences could not go on");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

/// Carries out the next entries; answers how many it passed.
pub async fn batch(app: &App) -> Result<usize, StoreError> {
    let mut tx = app.pools.worker.begin().await?;
    sqlx::query!(
        "insert into delivery.reader (name, position) values ($1, 0) on conflict do nothing",
        READER
    )
    .execute(&mut *tx)
    .await?;
    let Some(position) = sqlx::query_scalar!(
        "select position from delivery.reader where name = $1 for update skip locked",
        READER
    )
    .fetch_optional(&mut *tx)
    .await?
    else {
        return Ok(0);
    };
    let rows = sqlx::query!(
        r#"select n.position, n.event_id, e.type as kind, e.detainer_id, e.subjects, e.at,
                  e.data ->> 'kind' as told, e.data -> 'facts' as facts,
                  a.id as "agency_id?", a.ori as "ori?", a.name as "name?", a.time_zone as "time_zone?",
                  a.jurisdiction as "jurisdiction?", a.kind as "agency_kind?"
             from log.entry n join log.event e on e.id = n.event_id left join registry.agency a on a.id = n.agency_id
            where n.position > $1 order by n.position limit $2"#,
        position,
        BATCH
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut entries: Vec<(i64, Uuid, Option<Entry>)> = rows
        .into_iter()
        .map(|row| {
            let place = row
                .jurisdiction
                .as_deref()
                .zip(row.agency_kind.as_deref())
                .and_then(|(jurisdiction, kind)| {
                    Place::new(jurisdiction, kind, row.ori.as_deref())
                });
            // An entry of no agency has no consequences here.
            let agency = (|| {
                Some(Tenant {
                    id: row.agency_id?,
                    code: row.ori?,
                    name: row.name?,
                    time_zone: row.time_zone?,
                })
            })();
            let entry = agency.map(|agency| Entry {
                kind: row.kind,
                agency,
                place,
                at: row.at,
                detainer: row.detainer_id.map(Into::into),
                subjects: row.subjects,
                told: row.told,
                facts: row.facts.unwrap_or_default(),
                idle: false,
            });
            (row.position, row.event_id, entry)
        })
        .collect();
    let mut known: Vec<&mut Entry> = entries
        .iter_mut()
        .filter_map(|(.., entry)| entry.as_mut())
        .collect();
    readers::mark_idle(app, &mut known).await?;
    let mut passed = 0;
    let mut reached = position;
    for (at, event, entry) in &entries {
        if let Some(entry) = entry
            && let Err(problem) = readers::handle(app, entry).await
        {
            // An outage says nothing about the entry: it waits, however long that takes. To pass
            // it over would lose what follows from something that was accepted.
            let outage = problem.slug == Slug::Unavailable;
            if outage || !set_aside(app, *at, *event, &problem.detail).await? {
                break;
            }
        }
        reached = *at;
        passed += 1;
    }
    if passed > 0 {
        sqlx::query!(
            "update delivery.reader set position = $2 where name = $1",
            READER,
            reached
        )
        .execute(&mut *tx)
        .await?;
        // Lost in a crash, the place is an older one and the entries are carried out again, which changes nothing:
        // no intake need wait for this to reach the disk.
        sqlx::query!("set local synchronous_commit = off")
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    if passed < entries.len() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(passed)
}

/// Counts a failed attempt; `true` once the entry is to be passed over.
async fn set_aside(app: &App, position: i64, event: Uuid, error: &str) -> Result<bool, StoreError> {
    let row = sqlx::query!(
        r#"insert into delivery.reader_failure as f (reader, position, event_id, attempts, error, failed_at)
           values ($1, $2, $3, 1, $4, $5)
           on conflict (reader, position) do update
               set attempts = f.attempts + 1, error = excluded.error, failed_at = excluded.failed_at,
                   given_up = f.attempts + 1 >= $6
           returning attempts, given_up"#,
        READER,
        position,
        event,
        error,
        app.clock.now(),
        MAX_ATTEMPTS
    )
    .fetch_one(&app.pools.worker)
    .await?;
    if row.given_up {
        tracing::error!(position, event = %event, error, "an entry was set aside after {} attempts", row.attempts);
    }
    Ok(row.given_up)
}
