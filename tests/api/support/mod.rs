//! A running service over a test's own database: a real listener, each side in its own role, so
//! that every test meets row security.

pub mod custody;
pub mod more;
mod pdf;

use std::net::SocketAddr;

use reqwest::{Method, Response, StatusCode};
use sallyport::app::{App, Settings};
use sallyport::db::pools::{Logins, PoolSize, Pools};
use sallyport::db::vault::Vault;
use sallyport::http::limits::Allowances;
use sallyport::identity::keys_api::{self, Place};
use sallyport::policy::Law;
use sallyport::types::actor::Tenant;
use sallyport::types::{Actor, Clock, Role, Side};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

/// The two jails and offices of `fixtures/two_counties.sql`.
pub const ALDER: &str = "CA0990100";
pub const BIRCH: &str = "TX0990200";
pub const SND: &str = "SND";
pub const HOU: &str = "HOU";

pub struct TestApp {
    pub app: App,
    pub address: SocketAddr,
    pub owner: PgConnectOptions,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// One caller with its key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub base: String,
    pub key: String,
}

/// An answer, read.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn read(response: Response) -> Self {
        let status = response.status();
        let headers = response.headers().clone();
        Self {
            status,
            headers,
            text: match response.bytes().await.unwrap_or_default() {
                pdf if pdf.starts_with(b"%PDF-") => pdf::text(&pdf),
                text => String::from_utf8_lossy(&text).into_owned(),
            },
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// The slug of a problem.
    pub fn slug(&self) -> String {
        self.json()["type"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches("/problems/")
            .to_owned()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    }
}

impl Client {
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.key)
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::read(self.request(Method::GET, path).send().await.unwrap()).await
    }

    /// A POST with a fresh idempotency key.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_with_key(path, &fresh_key(), body).await
    }

    pub async fn post_with_key(&self, path: &str, key: &str, body: Value) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header("idempotency-key", key)
            .json(&body);
        Answer::read(request.send().await.unwrap()).await
    }

    /// A POST of these very bytes as JSON.
    pub async fn post_bytes(&self, path: &str, bytes: Vec<u8>) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header("idempotency-key", fresh_key())
            .header("content-type", "application/json")
            .body(bytes);
        Answer::read(request.send().await.unwrap()).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::read(
            self.request(Method::PUT, path)
                .json(&body)
                .send()
                .await
                .unwrap(),
        )
        .await
    }
}

pub fn fresh_key() -> String {
    sallyport::types::ids::salt()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl TestApp {
    /// Starts the service with each side's pool in its own role.
    pub async fn start(options: PgPoolOptions, owner: PgConnectOptions) -> Self {
        Self::start_under(options, owner, Law::unaddressed()).await
    }

    /// The same with allowances that a test can use up.
    pub async fn start_with(
        options: PgPoolOptions,
        owner: PgConnectOptions,
        allowances: Allowances,
    ) -> Self {
        Self::start_as(options, owner, allowances, Law::unaddressed()).await
    }

    /// The same under a law that answers as a test wants it.
    pub async fn start_under(options: PgPoolOptions, owner: PgConnectOptions, law: Law) -> Self {
        let generous = 1_000_000.try_into().unwrap();
        let allowances = Allowances {
            intake_per_minute: generous,
            other_per_minute: generous,
        };
        Self::start_as(options, owner, allowances, law).await
    }

    async fn start_as(
        options: PgPoolOptions,
        owner: PgConnectOptions,
        allowances: Allowances,
        law: Law,
    ) -> Self {
        let size = PoolSize {
            custodian: 8,
            office: 8,
            other: 4,
        };
        let pools = Pools::lazy(&options, &Logins::single(owner.clone()), size);
        let settings = Settings {
            law,
            allowances,
            demo: false,
            https: false,
            trusted_proxies: Vec::new(),
        };
        let vault = Vault::from_hex(&"5a".repeat(32)).unwrap();
        let app = App::new(pools, vault, Clock::default(), settings);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let server = tokio::spawn(sallyport::server::serve(listener, app.clone(), async {
            stopped.await.ok();
        }));
        Self {
            app,
            address,
            owner,
            stop: Some(stop),
            server,
        }
    }

    /// Stops the service as a signal would.
    pub async fn stop(mut self) {
        self.stop.take().map(|stop| stop.send(()));
        (&mut self.server).await.unwrap().unwrap();
    }

    pub fn client(&self, key: String) -> Client {
        Client {
            http: reqwest::Client::new(),
            base: format!("http://{}", self.address),
            key,
        }
    }

    /// A key of a role at an agency (ORI) or an office (code).
    pub async fn key(&self, role: Role, place: &str) -> String {
        let mut conn = self.app.pools.operator.acquire().await.unwrap();
        let agency = sqlx::query_scalar::<_, i32>("select id from registry.agency where ori = $1")
            .bind(place)
            .fetch_optional(&mut *conn)
            .await
            .unwrap();
        let office = sqlx::query_scalar::<_, i32>("select id from registry.office where code = $1")
            .bind(place)
            .fetch_optional(&mut *conn)
            .await
            .unwrap();
        let place = Place {
            role,
            agency_id: agency,
            office_id: office,
            jurisdiction: matches!(role, Role::JurisdictionAdmin | Role::Auditor)
                .then(|| place.to_owned()),
        };
        keys_api::insert(&mut conn, &place, "Test", None, self.app.clock.now())
            .await
            .unwrap()
            .1
    }

    pub async fn submitter(&self, agency: &str) -> Client {
        self.client(self.key(Role::Submitter, agency).await)
    }

    pub async fn reviewer(&self, agency: &str) -> Client {
        self.client(self.key(Role::Reviewer, agency).await)
    }

    pub async fn liaison(&self, office: &str) -> Client {
        self.client(self.key(Role::Liaison, office).await)
    }

    pub async fn operator(&self) -> Client {
        self.client(self.key(Role::SystemAdmin, "").await)
    }

    /// An agency's reviewer, for commands of the library in a transaction that a test holds open.
    pub async fn actor_at(&self, agency: &str) -> Actor {
        let (id, name, time_zone) =
            sqlx::query_as("select id, name, time_zone from registry.agency where ori = $1")
                .bind(agency)
                .fetch_one(&self.app.pools.operator)
                .await
                .unwrap();
        Actor {
            side: Side::Custodian,
            role: Role::Reviewer,
            agency: Some(Tenant {
                id,
                code: agency.to_owned(),
                name,
                time_zone,
            }),
            office: None,
            jurisdiction: None,
            credential: "test".to_owned(),
            name: "D. Reviewer".to_owned(),
        }
    }

    /// An office's liaison, for the same.
    pub async fn actor_of_office(&self, office: &str) -> Actor {
        let (id, name, time_zone) =
            sqlx::query_as("select id, name, time_zone from registry.office where code = $1")
                .bind(office)
                .fetch_one(&self.app.pools.operator)
                .await
                .unwrap();
        Actor {
            side: Side::Office,
            role: Role::Liaison,
            agency: None,
            office: Some(Tenant {
                id,
                code: office.to_owned(),
                name,
                time_zone,
            }),
            jurisdiction: None,
            credential: "test".to_owned(),
            name: "C. Officer".to_owned(),
        }
    }

    /// Waits until the sequencer and the readers have nothing left to do.
    pub async fn settle(&self) {
        for _ in 0..400 {
            self.app.hub.committed();
            let idle: bool = sqlx::query_scalar(
                "select not exists (select from log.queue)
                    and coalesce((select position from log.counter where party = 'all'), 0)
                        = coalesce((select position from delivery.reader where name = 'consequences'), 0)",
            )
            .fetch_one(&self.app.pools.worker)
            .await
            .unwrap();
            if idle {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the log did not come to rest");
    }
}

/// A request for a fictional person.
pub fn detainer(office: &str, custodian: &str, a_number: &str) -> Value {
    json!({
        "form": "I-247A", "form_revision": "03/17", "issued_on": "2026-11-20", "office": office, "custodian": custodian,
        "subject": {"family_name": "Example", "given_name": "Ana", "date_of_birth": "1990-02-03", "sex": "F",
                    "citizenship": "MEX", "a_number": a_number},
        "asks": {"notify": true, "hold": true, "transfer": true, "interview": false, "relay": true, "status_events": true},
        "basis": {"biometric_records": true},
        "warrants": [{"kind": "administrative_i200", "signed_on": "2026-11-20", "signer": "A. Officer", "copy_present": true}]
    })
}

pub fn booking(a_number: &str) -> Value {
    json!({
        "booked_at": "2026-11-19T22:10:00-08:00",
        "subject": {"family_name": "Example", "given_name": "Ana", "date_of_birth": "1990-02-03", "a_number": a_number},
        "charges": [{"statute": "PC 459", "state": "CA", "description": "Burglary", "level": "felony", "charged_on": "2026-11-19"}],
        "custody_basis": "local_charge"
    })
}

pub fn notice(booking_number: &str, kind: &str, effective_at: &str) -> Value {
    json!({
        "booking_number": booking_number, "kind": kind, "effective_at": effective_at, "release_basis": "sentence_complete",
        "subject": {"family_name": "Example", "given_name": "Ana", "date_of_birth": "1990-02-03"}
    })
}
