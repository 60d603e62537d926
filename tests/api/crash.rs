//! kill -9 of the service and of PostgreSQL under load: nothing acknowledged is lost, nothing is
//! there by half, and a retry with the same key gets the stored answer. The real program runs.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use reqwest::Method;
use sallyport::types::Role;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

use crate::support::*;

const SOON: &str = "2026-11-29T08:00:00-08:00";

/// The program, serving one database.
struct Service {
    process: Child,
    base: String,
}

fn program(database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sallyport"));
    for (name, _) in std::env::vars()
        .filter(|(name, _)| name.starts_with("SALLYPORT_") || name.starts_with("PG"))
    {
        command.env_remove(name);
    }
    command
        .env("DATABASE_URL", database)
        .env("SALLYPORT__SECRETS__DATA_KEY", "5a".repeat(32))
        .env("SALLYPORT__METRICS__LISTEN", "")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

impl Service {
    fn start(database: &str, listen: &str) -> Self {
        let mut process = program(database)
            .args(["serve", "--listen", listen])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = lines.next().expect("it says where it listens").unwrap();
        let base = first
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .unwrap()
            .to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, base }
    }

    fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// As the kernel does it when memory runs out.
    fn kill_9(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// One notice that a client has sent, and the answer if it got one.
#[derive(Clone)]
struct Sent {
    key: String,
    number: String,
    answer: Option<Answer>,
}

/// Clients that post notices until they are told to stop; a failed connection is a lost answer.
struct Load {
    going: Arc<AtomicBool>,
    sent: Arc<Mutex<Vec<Sent>>>,
    clients: tokio::task::JoinSet<()>,
}

impl Load {
    fn start(base: &str, key: &str, clients: usize) -> Self {
        let mut load = Self {
            going: Arc::new(AtomicBool::new(true)),
            sent: Arc::default(),
            clients: tokio::task::JoinSet::new(),
        };
        for client in 0..clients {
            let (going, sent) = (load.going.clone(), load.sent.clone());
            let (http, base, bearer) = (reqwest::Client::new(), base.to_owned(), key.to_owned());
            load.clients.spawn(async move {
                for at in 0.. {
                    if !going.load(Ordering::Relaxed) {
                        break;
                    }
                    let (key, number) = (fresh_key(), format!("26-{client}-{at}"));
                    let answer = post(&http, &base, &bearer, &key, &number).await;
                    let lost = answer.as_ref().is_none_or(|answer| answer.status != 201);
                    sent.lock().unwrap().push(Sent {
                        key,
                        number,
                        answer,
                    });
                    if lost {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            });
        }
        load
    }

    async fn stop(mut self) -> Vec<Sent> {
        self.going.store(false, Ordering::Relaxed);
        while let Some(client) = self.clients.join_next().await {
            client.unwrap();
        }
        self.sent.lock().unwrap().clone()
    }
}

async fn post(
    http: &reqwest::Client,
    base: &str,
    bearer: &str,
    key: &str,
    number: &str,
) -> Option<Answer> {
    let response = http
        .request(Method::POST, format!("{base}/v1/release-notices"))
        .bearer_auth(bearer)
        .header("idempotency-key", key)
        .json(&notice(number, "scheduled", SOON))
        .timeout(Duration::from_secs(8))
        .send()
        .await
        .ok()?;
    let declared = response.content_length();
    let answer = Answer::read(response).await;
    // An answer cut short is none.
    (declared == Some(answer.text.len() as u64)).then_some(answer)
}

/// Everything acknowledged is there, each retry gets the stored answer, and nothing is there by
/// half. Answers how many were acknowledged and how many of the others had been kept.
async fn nothing_is_lost(
    base: &str,
    bearer: &str,
    owner: &PgConnectOptions,
    sent: &[Sent],
) -> (usize, usize) {
    let http = reqwest::Client::new();
    let (mut acknowledged, mut kept) = (0, 0);
    for sent in sent {
        let again = post(&http, base, bearer, &sent.key, &sent.number)
            .await
            .expect("an answer");
        assert_eq!(again.status, 201, "{}", again.text);
        let replayed = again.header("idempotent-replayed") == "true";
        match &sent.answer {
            Some(first) if first.status == 201 => {
                acknowledged += 1;
                assert!(replayed, "acknowledged and forgotten: {}", first.text);
                assert_eq!(again.text, first.text);
                assert_eq!(again.header("etag"), first.header("etag"));
            }
            _ => kept += usize::from(replayed),
        }
    }
    let mut owner = owner.connect().await.unwrap();
    for (sql, expected) in [
        (
            "select count(*) from custodian.release_notice",
            sent.len() as i64,
        ),
        ("select count(*) from custodian.booking", sent.len() as i64),
        (
            "select count(*) from identity.stored_answer where status = 201",
            sent.len() as i64,
        ),
        (
            "select count(*) from log.event where type = 'release_notice.recorded'",
            sent.len() as i64,
        ),
        (
            "select count(*) from custodian.release_notice n where not exists (select from log.event e where e.id = n.event_id)",
            0,
        ),
        (
            "select count(*) from identity.stored_answer where status is null",
            0,
        ),
    ] {
        let count: i64 = sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap();
        assert_eq!(count, expected, "{sql}");
    }
    // The sequencer gives each event its one place, whatever was cut off.
    for _ in 0..500 {
        let queued: i64 = sqlx::query_scalar("select count(*) from log.queue")
            .fetch_one(&mut owner)
            .await
            .unwrap();
        if queued == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (entries, events, last): (i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from log.entry where agency_position is not null),
                (select count(*) from log.event where agency_id is not null),
                (select coalesce(max(agency_position), 0) from log.entry)",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(
        (entries, last),
        (events, events),
        "a dense stream, each event once"
    );
    (acknowledged, kept)
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn a_killed_service_loses_nothing_that_it_acknowledged(
    options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let app = TestApp::start(options, owner.clone()).await;
    let key = app.key(Role::Submitter, ALDER).await;
    app.stop().await;
    let database = owner.to_url_lossy().to_string();
    let mut service = Service::start(&database, "127.0.0.1:0");
    let (base, listen) = (service.base.clone(), service.address().to_owned());
    let load = Load::start(&base, &key, 6);
    let rounds = 4;
    for round in 0..rounds {
        tokio::time::sleep(Duration::from_millis(700 + 200 * round)).await;
        service.kill_9();
        service = Service::start(&database, &listen);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let sent = load.stop().await;
    let (acknowledged, kept) = nothing_is_lost(&base, &key, &owner, &sent).await;
    let unanswered = sent.len() - acknowledged;
    println!(
        "{rounds} kills, {acknowledged} acknowledged and there; {unanswered} without an answer, {kept} of them kept whole"
    );
    assert!(acknowledged > 20, "{acknowledged}");
    for sent in &sent {
        let status = sent
            .answer
            .as_ref()
            .map_or(201, |answer| answer.status.as_u16());
        assert!([201, 503].contains(&status), "{status}");
    }
}

/// A cluster of the test's own, socket only.
struct Cluster {
    home: PathBuf,
    bin: PathBuf,
    user: Option<User>,
    server: Option<Child>,
}

impl Cluster {
    fn make() -> Self {
        let name: String = fresh_key()[..8].to_owned();
        let home = PathBuf::from("/tmp").join(format!("sallyport-crash-{name}"));
        std::fs::create_dir(&home).unwrap();
        std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700)).unwrap();
        // PostgreSQL refuses root.
        let user = Uid::effective().is_root().then(|| {
            let found = ["postgres", "nobody"]
                .into_iter()
                .find_map(|name| User::from_name(name).ok().flatten());
            found.expect("a user to run PostgreSQL as")
        });
        if let Some(user) = &user {
            chown(&home, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        }
        let mut cluster = Self {
            home,
            bin: programs(),
            user,
            server: None,
        };
        let made = cluster
            .command("initdb")
            .args([
                "--username",
                "postgres",
                "--auth",
                "trust",
                "--encoding",
                "UTF8",
                "--locale",
                "C.UTF-8",
                "--no-sync",
                "--pgdata",
            ])
            .arg(cluster.data())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success(), "initdb");
        cluster.start();
        cluster
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .current_dir("/")
            .stdin(Stdio::null());
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// `fsync` is off, since no power is cut here: a killed process leaves the page cache as it is.
    fn start(&mut self) {
        let log = std::fs::File::create(self.home.join("server.log")).unwrap();
        let server = self
            .command("postgres")
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(&self.home)
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "fsync=off",
                "-c",
                "max_connections=80",
            ])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.server = Some(server);
    }

    /// SIGKILL for the postmaster and each of its processes.
    fn kill_9(&mut self) {
        let mut server = self.server.take().unwrap();
        let postmaster = server.id();
        let children: Vec<i32> = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| {
                std::fs::read_to_string(format!("/proc/{pid}/stat"))
                    .ok()
                    .and_then(|stat| {
                        stat.rsplit_once(')')?
                            .1
                            .split_whitespace()
                            .nth(1)?
                            .parse::<u32>()
                            .ok()
                    })
                    == Some(postmaster)
            })
            .collect();
        server.kill().unwrap();
        for child in children {
            kill(Pid::from_raw(child), Signal::SIGKILL).ok();
        }
        server.wait().unwrap();
    }

    fn options(&self, user: &str, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.home)
            .port(5432)
            .username(user)
            .database(database)
    }

    fn url(&self) -> String {
        let home = sallyport::exchange::detainer::filter::percent(self.home.to_str().unwrap());
        format!("postgres://sallyport@localhost:5432/sallyport?host={home}")
    }

    async fn wait_until_up(&self) {
        for _ in 0..400 {
            if let Ok(conn) = self.options("postgres", "postgres").connect().await {
                conn.close().await.ok();
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let log = std::fs::read_to_string(self.home.join("server.log")).unwrap_or_default();
        panic!("PostgreSQL did not come up: {log}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.server.is_some() {
            self.kill_9();
        }
        std::fs::remove_dir_all(&self.home).ok();
    }
}

/// `SALLYPORT_PG_BIN`, else the newest of the distribution's.
fn programs() -> PathBuf {
    if let Ok(named) = std::env::var("SALLYPORT_PG_BIN") {
        return named.into();
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| Path::new(bin).join("initdb").exists())
        .collect();
    found.sort();
    found
        .pop()
        .expect("PostgreSQL's programs: name their folder in SALLYPORT_PG_BIN")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgresql_is_503_and_then_everything_acknowledged_is_there() {
    let mut cluster = Cluster::make();
    cluster.wait_until_up().await;
    let mut superuser = cluster
        .options("postgres", "postgres")
        .connect()
        .await
        .unwrap();
    sqlx::raw_sql("create role sallyport login noinherit createrole createdb")
        .execute(&mut superuser)
        .await
        .unwrap();
    sqlx::raw_sql("create database sallyport owner sallyport")
        .execute(&mut superuser)
        .await
        .unwrap();
    superuser.close().await.unwrap();
    // Since PostgreSQL 15 the database's owner has that right, but this one inherits nothing.
    let mut granting = cluster
        .options("postgres", "sallyport")
        .connect()
        .await
        .unwrap();
    sqlx::raw_sql("grant create on schema public to sallyport")
        .execute(&mut granting)
        .await
        .unwrap();
    granting.close().await.unwrap();
    let database = cluster.url();
    let migrated = program(&database)
        .arg("migrate")
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert!(
        migrated.status.success(),
        "{}",
        String::from_utf8_lossy(&migrated.stderr)
    );
    let owner = cluster.options("sallyport", "sallyport");
    let mut conn = owner.connect().await.unwrap();
    let fixture = include_str!("../fixtures/two_counties.sql");
    let (_, tenants) = fixture.split_once("insert into registry.agency").unwrap();
    let tenants = format!("insert into registry.agency{tenants}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(tenants))
        .execute(&mut conn)
        .await
        .unwrap();
    conn.close().await.unwrap();
    let made = program(&database)
        .args([
            "keys",
            "create",
            "--role",
            "submitter",
            "--agency",
            ALDER,
            "--name",
            "Test",
        ])
        .output()
        .unwrap();
    let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let service = Service::start(&database, "127.0.0.1:0");
    let http = reqwest::Client::new();
    let ready = format!("{}/readyz", service.base);
    assert_eq!(http.get(&ready).send().await.unwrap().status(), 200);

    let load = Load::start(&service.base, &key, 6);
    tokio::time::sleep(Duration::from_millis(800)).await;
    cluster.kill_9();
    let (mut slowest, mut refused) = (Duration::ZERO, 0);
    let down = Instant::now();
    while down.elapsed() < Duration::from_millis(1_500) {
        let asked = Instant::now();
        let answer = Answer::read(http.get(&ready).send().await.unwrap())
            .await
            .expect(503);
        slowest = slowest.max(asked.elapsed());
        assert!(!answer.header("retry-after").is_empty());
        refused += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // The process itself is well.
    let alive = http
        .get(format!("{}/healthz", service.base))
        .send()
        .await
        .unwrap();
    assert_eq!(alive.status(), 200);
    cluster.start();
    cluster.wait_until_up().await;
    let back = Instant::now();
    while http.get(&ready).send().await.unwrap().status() != 200 {
        assert!(
            back.elapsed() < Duration::from_secs(5),
            "it does not recover by itself"
        );
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let recovered = back.elapsed();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let sent = load.stop().await;

    let mut unavailable = 0;
    for sent in &sent {
        let answer = sent
            .answer
            .as_ref()
            .expect("the service answers while its database is gone");
        match answer.status.as_u16() {
            201 => {}
            503 => {
                unavailable += 1;
                assert_eq!(answer.slug(), "unavailable");
                assert!(!answer.header("retry-after").is_empty());
            }
            other => panic!("{other}: {}", answer.text),
        }
    }
    assert!(unavailable > 0);
    assert!(
        slowest < Duration::from_millis(2_000),
        "/readyz took {slowest:?}"
    );
    let (acknowledged, kept) = nothing_is_lost(&service.base, &key, &owner, &sent).await;
    println!(
        "{acknowledged} acknowledged and there; {unavailable} answered 503, {kept} of them kept whole; \
         /readyz refused {refused} times, the slowest in {slowest:?}; ready {recovered:?} after PostgreSQL was"
    );
    assert!(acknowledged > 20, "{acknowledged}");
}
