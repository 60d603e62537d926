//! Clients that hang up. sqlx 0.9.0 returns a connection to its pool with the transaction open
//! when a future is dropped inside BEGIN; each request runs in a task of its own, so no client
//! can do that.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::*;

const SOON: &str = "2026-11-29T08:00:00-08:00";
const CLIENTS: usize = 400;

/// Some number below `limit`, from the operating system.
fn random(limit: u64) -> u64 {
    let mut bytes = [0u8; 8];
    sallyport::types::ids::fill(&mut bytes);
    u64::from_le_bytes(bytes) % limit
}

/// Without a birth date, so that hundreds of one name are not candidates of one another.
fn nobody_known(booking_number: &str) -> Value {
    let mut notice = notice(booking_number, "scheduled", SOON);
    notice["subject"]["date_of_birth"] = Value::Null;
    notice
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn clients_that_hang_up_leave_no_transaction_and_lose_nothing_acknowledged(
    _: PgPoolOptions,
    owner: PgConnectOptions,
) {
    // Not the options of the test's own: those close each connection that is given back.
    let app = TestApp::start(PgPoolOptions::new(), owner).await;
    let clerks = [app.submitter(ALDER).await, app.submitter(BIRCH).await];
    let liaisons = [app.liaison(SND).await, app.liaison(HOU).await];
    let acknowledged: Arc<Mutex<Vec<(bool, usize, String)>>> = Arc::default();
    let mut clients = tokio::task::JoinSet::new();
    for at in 0..CLIENTS {
        let tenant = at % 2;
        let of_office = at % 3 == 0;
        let (key, path, body) = if of_office {
            let (office, agency) = [(SND, ALDER), (HOU, BIRCH)][tenant];
            (
                liaisons[tenant].key.clone(),
                "/v1/detainers",
                detainer(office, agency, &format!("A{:09}", at + 1)),
            )
        } else {
            (
                clerks[tenant].key.clone(),
                "/v1/release-notices",
                nobody_known(&format!("26-{at}")),
            )
        };
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nIdempotency-Key: {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            fresh_key(),
            body.len()
        );
        let (address, acknowledged) = (app.address, acknowledged.clone());
        clients.spawn(async move {
            tokio::time::sleep(Duration::from_millis(random(4_000))).await;
            let mut stream = TcpStream::connect(address).await.unwrap();
            // One in eight does not even finish its request.
            let cut = if random(8) == 0 {
                random(request.len() as u64) as usize
            } else {
                request.len()
            };
            stream.write_all(&request.as_bytes()[..cut]).await.unwrap();
            // Some stay for the answer; most are gone within 20 ms.
            let patience = if random(4) == 0 {
                3_000_000
            } else {
                random(20_000)
            };
            let mut answer = Vec::new();
            let mut chunk = [0u8; 4096];
            let _ = tokio::time::timeout(Duration::from_micros(patience), async {
                while let Ok(read @ 1..) = stream.read(&mut chunk).await {
                    answer.extend_from_slice(&chunk[..read]);
                    let text = String::from_utf8_lossy(&answer);
                    if text
                        .split_once("\r\n\r\n")
                        .is_some_and(|(_, body)| serde_json::from_str::<Value>(body).is_ok())
                    {
                        break;
                    }
                }
            })
            .await;
            drop(stream);
            let text = String::from_utf8_lossy(&answer);
            if let Some((head, body)) = text.split_once("\r\n\r\n")
                && head.starts_with("HTTP/1.1 201")
                && let Ok(body) = serde_json::from_str::<Value>(body)
            {
                let id = body["id"].as_str().unwrap().to_owned();
                acknowledged.lock().unwrap().push((of_office, tenant, id));
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    app.settle().await;

    let idle = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    assert_eq!(app.count(idle).await, 0);
    for pool in [&app.app.pools.custodian, &app.app.pools.office] {
        let mut borrowed = Vec::new();
        // Every connection that there is, at the same time.
        let size = pool.size() as usize;
        assert!(size > 0);
        while borrowed.len() < size {
            let mut conn = pool.acquire().await.unwrap();
            let (agency, office, open): (Option<String>, Option<String>, bool) = sqlx::query_as(
                "select current_setting('app.agency', true), current_setting('app.office', true),
                        statement_timestamp() - now() > interval '100 ms'",
            )
            .fetch_one(&mut *conn)
            .await
            .unwrap();
            assert_eq!(agency.unwrap_or_default(), "");
            assert_eq!(office.unwrap_or_default(), "");
            assert!(!open, "a transaction was left open");
            borrowed.push(conn);
        }
    }

    let acknowledged = acknowledged.lock().unwrap().clone();
    let stored = app
        .count("select count(*) from custodian.release_notice")
        .await
        + app.count("select count(*) from exchange.detainer").await;
    println!(
        "{CLIENTS} clients, {} answers seen, {stored} records stored",
        acknowledged.len()
    );
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());
    assert!(stored >= acknowledged.len() as i64);
    for (of_office, tenant, id) in acknowledged {
        let (path, own, other) = if of_office {
            ("detainers", &liaisons[tenant], &liaisons[1 - tenant])
        } else {
            ("release-notices", &clerks[tenant], &clerks[1 - tenant])
        };
        own.get(&format!("/v1/{path}/{id}")).await.expect(200);
        other.get(&format!("/v1/{path}/{id}")).await.expect(404);
    }
    // No state without its event, no event without its state, no key without its answer.
    for sql in [
        "select count(*) from custodian.release_notice n where not exists (select from log.event e where e.id = n.event_id)",
        "select count(*) from exchange.detainer d where (select count(*) from log.event e where e.detainer_id = d.id and e.type = 'detainer.received') <> 1",
        "select count(*) from log.event e where type = 'release_notice.recorded'
            and not exists (select from custodian.release_notice n where n.event_id = e.id)",
        "select count(*) from identity.stored_answer where status is null",
    ] {
        assert_eq!(app.count(sql).await, 0, "{sql}");
    }
    assert_eq!(
        app.count("select count(*) from identity.stored_answer")
            .await,
        stored
    );
    app.stop().await;
}

/// Waves of clients that are gone within the first statements of their request, and a look at
/// each connection after each wave: a later request would hide what was left open.
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_hang_up_in_the_first_statements_leaves_no_transaction_open(
    _: PgPoolOptions,
    owner: PgConnectOptions,
) {
    const WAVES: usize = 60;
    let app = TestApp::start(PgPoolOptions::new(), owner.clone()).await;
    let keys = [
        app.submitter(ALDER).await.key,
        app.submitter(BIRCH).await.key,
        app.liaison(SND).await.key,
        app.liaison(HOU).await.key,
    ];
    // Connections that are there: who hangs up while one is made has none to leave behind.
    for pool in [&app.app.pools.custodian, &app.app.pools.office] {
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(pool.acquire().await.unwrap());
        }
    }
    let mut watcher = app.owner().await;
    let mut left_open = 0;
    for _ in 0..WAVES {
        let mut wave = tokio::task::JoinSet::new();
        for at in 0..8 {
            let (address, key) = (app.address, keys[at % 4].clone());
            // A thread, since a timer of the runtime is no finer than a millisecond.
            wave.spawn_blocking(move || {
                use std::io::Write;
                let mut stream = std::net::TcpStream::connect(address).unwrap();
                let request = format!(
                    "GET /v1/detainers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
                );
                stream.write_all(request.as_bytes()).unwrap();
                std::thread::sleep(Duration::from_micros(random(3_000)));
            });
        }
        while let Some(client) = wave.join_next().await {
            client.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
        let open: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database()
                and state like 'idle in transaction%' and state_change < now() - interval '30 ms'",
        )
        .fetch_one(&mut watcher)
        .await
        .unwrap();
        left_open += open;
    }
    println!("{left_open} transactions left open after {WAVES} waves of 8");
    assert_eq!(left_open, 0);
    app.stop().await;
}

/// The defect itself, on a bare pool: what a handler without a task of its own would do. It
/// asserts only that the router's way is clean; the figure of the bare pool is printed, so that
/// a mended sqlx can be seen (then `own_task` is a precaution and no longer a need).
#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_future_dropped_inside_begin_leaks_on_a_bare_pool_and_not_from_a_task_of_its_own(
    _: PgPoolOptions,
    owner: PgConnectOptions,
) {
    const BEGIN: &str = "begin; set local app.agency = '7'";
    let (mut leaked, mut dropped) = ([0, 0], 0);
    for (way, leaks) in leaked.iter_mut().enumerate() {
        for _ in 0..60 {
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .test_before_acquire(false)
                .connect_lazy_with(owner.clone());
            drop(pool.acquire().await.unwrap());
            tokio::time::sleep(Duration::from_millis(2)).await;
            let begun = pool.clone();
            let work = async move {
                let mut tx = begun.begin_with(BEGIN).await?;
                sqlx::query("select 1").execute(&mut *tx).await?;
                tx.commit().await
            };
            if way == 0 {
                // Some polls later its BEGIN is on the way, and then nobody waits any more.
                let mut work = Box::pin(work);
                for _ in 0..=random(4) {
                    if futures::poll!(&mut work).is_ready() {
                        break;
                    }
                    std::thread::sleep(Duration::from_micros(random(150)));
                    tokio::task::yield_now().await;
                }
                drop(work);
                dropped += 1;
            } else {
                // As `own_task` does it: who hangs up drops the waiting, and not the work.
                drop(tokio::spawn(work));
            }
            let seen: Option<String> =
                sqlx::query_scalar("select current_setting('app.agency', true)")
                    .fetch_one(&pool)
                    .await
                    .unwrap();
            *leaks += usize::from(seen.as_deref() == Some("7"));
            pool.close().await;
        }
    }
    println!(
        "the next borrower saw the other tenant: bare pool {} of {dropped}, own task {} of 60",
        leaked[0], leaked[1]
    );
    assert_eq!(leaked[1], 0);
}
