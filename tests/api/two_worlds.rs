//! Non-interference: two worlds that differ only in what a jail has not told look the same to the
//! liaison, byte for byte, with ids and instants compared by order of appearance and entity tags
//! with themselves.
//!
//! `SALLYPORT_WORLDS=N` runs N sequences, `SALLYPORT_SEED=N` another set of them. They run in
//! `SALLYPORT_LANES=N` lanes side by side, each with two worlds of its own.

mod leaks;
mod names;

use std::collections::{HashSet, VecDeque};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reqwest::Method;
use sallyport::policy::{Disposition, Law, unaddressed};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::import_mappings::{MAPPING, put as put_mapping};
use crate::imports::{ended as file_ended, send as send_file};
use crate::support::more::steady;
use crate::support::*;
use names::Names;

// ---------------------------------------------------------------------------------------------
// What is done

/// One step. Numbers pick among what there is, modulo its count.
#[derive(Debug, Clone)]
enum Act {
    /// The liaison's: in both worlds, its answer compared.
    Liaison(Liaison),
    /// What the jail tells: in both worlds, if the jail of world B can still do it.
    Told(Told),
    /// What only the jail knows: in world B alone.
    Hidden(Hidden),
    /// Everything that the liaison can see, compared.
    Observe,
}

#[derive(Debug, Clone)]
enum Liaison {
    Lodge { person: usize, form: usize },
    Replay,
    LodgeBad(usize),
    Cancel(usize),
    CancelMany(usize),
    CancelByForm { person: usize, form: usize },
    CancelUnknown,
    Receipt(usize),
    Outcome(usize, usize),
    Handover(usize),
    List(usize),
    Probe(usize),
}

#[derive(Debug, Clone)]
enum Told {
    Acknowledge(usize),
    /// Paper that came by fax, typed in and acknowledged.
    Paper {
        person: usize,
        form: usize,
    },
    Serve(usize),
    Release {
        at: usize,
        kind: usize,
    },
    Outcome(usize),
    Handover(usize),
    Hold(usize),
    /// A decline of an interview, told.
    Decision(usize),
    /// A call to the office about what it was told.
    Attempt(usize),
}

#[derive(Debug, Clone)]
enum Hidden {
    Book {
        person: usize,
        version: usize,
    },
    BookStranger(usize),
    Notice {
        person: usize,
        kind: usize,
    },
    Decline(usize),
    AllowInterview(usize),
    RefusedHold(usize),
    ServeQuietly(usize),
    Outcome(usize),
    Facts(usize),
    Claim(usize),
    Resolve(usize),
    Hold(usize),
    EndHold(usize),
    Duty(usize),
    Key,
    ForeignRequest(usize),
    Look(usize),
    /// Typed in and kept; acknowledged only where that is refused or tells nobody.
    Paper {
        person: usize,
        form: usize,
    },
    NcicHit(usize),
    Relay(usize),
    Restrict(usize),
    RestrictBooking(usize),
    /// What a governing body adopted is public; what the office sees of its requests stays.
    Position(usize),
    Standing,
    LookAround(usize),
    /// Booked under the name and birth date of a request; the candidate waits, or is another.
    Namesake(usize),
    /// Taken off the booking by hand, and put back or not.
    Unlink(usize),
    /// A notice among others in one body.
    Batch(usize),
    /// A heartbeat; or a message of the feed that comes again with other content.
    Feed(usize),
    /// A file: of bookings, of notices that tell no release, or of paper that is kept.
    File {
        person: usize,
        kind: usize,
    },
    /// How files are read from now on; saved, read and deleted again.
    Mapping(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let n = 0..64usize;
    let liaison = prop_oneof![
        5 => (0..PERSONS, n.clone()).prop_map(|(person, form)| Liaison::Lodge { person, form }),
        1 => Just(Liaison::Replay),
        1 => n.clone().prop_map(Liaison::LodgeBad),
        2 => n.clone().prop_map(Liaison::Cancel),
        1 => n.clone().prop_map(Liaison::CancelMany),
        1 => (0..PERSONS, n.clone()).prop_map(|(person, form)| Liaison::CancelByForm { person, form }),
        1 => Just(Liaison::CancelUnknown),
        3 => n.clone().prop_map(Liaison::Receipt),
        1 => (n.clone(), n.clone()).prop_map(|(at, which)| Liaison::Outcome(at, which)),
        2 => n.clone().prop_map(Liaison::Handover),
        2 => n.clone().prop_map(Liaison::List),
        1 => n.clone().prop_map(Liaison::Probe),
    ];
    let told = prop_oneof![
        2 => n.clone().prop_map(Told::Acknowledge),
        1 => (0..PERSONS, n.clone()).prop_map(|(person, form)| Told::Paper { person, form: form & !1 }),
        1 => n.clone().prop_map(Told::Serve),
        3 => (n.clone(), n.clone()).prop_map(|(at, kind)| Told::Release { at, kind }),
        1 => n.clone().prop_map(Told::Outcome),
        1 => n.clone().prop_map(Told::Handover),
        1 => n.clone().prop_map(Told::Hold),
        1 => n.clone().prop_map(Told::Decision),
        1 => n.clone().prop_map(Told::Attempt),
    ];
    let hidden = prop_oneof![
        3 => (0..PERSONS, n.clone()).prop_map(|(person, version)| Hidden::Book { person, version }),
        1 => n.clone().prop_map(Hidden::BookStranger),
        6 => (0..PERSONS, n.clone()).prop_map(|(person, kind)| Hidden::Notice { person, kind }),
        2 => n.clone().prop_map(Hidden::Decline),
        1 => n.clone().prop_map(Hidden::AllowInterview),
        1 => n.clone().prop_map(Hidden::RefusedHold),
        2 => n.clone().prop_map(Hidden::ServeQuietly),
        2 => n.clone().prop_map(Hidden::Outcome),
        2 => n.clone().prop_map(Hidden::Facts),
        1 => n.clone().prop_map(Hidden::Claim),
        1 => n.clone().prop_map(Hidden::Resolve),
        3 => n.clone().prop_map(Hidden::Hold),
        1 => n.clone().prop_map(Hidden::EndHold),
        1 => n.clone().prop_map(Hidden::Duty),
        1 => Just(Hidden::Key),
        1 => n.clone().prop_map(Hidden::ForeignRequest),
        1 => n.clone().prop_map(Hidden::Look),
        3 => (0..PERSONS, n.clone()).prop_map(|(person, form)| Hidden::Paper { person, form }),
        1 => n.clone().prop_map(Hidden::NcicHit),
        2 => n.clone().prop_map(Hidden::Relay),
        1 => n.clone().prop_map(Hidden::Restrict),
        1 => n.clone().prop_map(Hidden::RestrictBooking),
        1 => n.clone().prop_map(Hidden::Position),
        1 => Just(Hidden::Standing),
        1 => n.clone().prop_map(Hidden::LookAround),
        2 => n.clone().prop_map(Hidden::Namesake),
        1 => n.clone().prop_map(Hidden::Unlink),
        1 => n.clone().prop_map(Hidden::Batch),
        2 => n.clone().prop_map(Hidden::Feed),
        2 => (0..PERSONS, n.clone()).prop_map(|(person, kind)| Hidden::File { person, kind }),
        1 => n.clone().prop_map(Hidden::Mapping),
    ];
    prop_oneof![
        8 => liaison.prop_map(Act::Liaison),
        6 => told.prop_map(Act::Told),
        10 => hidden.prop_map(Act::Hidden),
        2 => Just(Act::Observe),
    ]
}

/// A request first, so that there is something to act on.
fn sequence() -> impl Strategy<Value = Vec<Act>> {
    let first = (0..PERSONS, 0..64usize)
        .prop_map(|(person, form)| Act::Liaison(Liaison::Lodge { person, form }));
    (first, prop::collection::vec(act(), 9..15)).prop_map(|(first, rest)| {
        let mut acts = vec![first];
        acts.extend(rest);
        acts
    })
}

/// How many sequences run unless the environment says otherwise; `make test` asks for a thousand.
const SEQUENCES: u64 = 100;

const PERSONS: usize = 3;
const JAILS: [&str; 2] = [ALDER, BIRCH];
const RELEASE: [&str; 6] = [
    "scheduled",
    "rescheduled",
    "immediate",
    "cancelled",
    "actual",
    "correction",
];
const STATUS: [&str; 5] = ["transfer", "escape", "death", "hospitalised", "returned"];

// ---------------------------------------------------------------------------------------------
// What is seen

/// One of the two worlds, as its liaison and its jails meet it.
struct World {
    app: TestApp,
    owner: PgConnection,
    jailers: Vec<Client>,
    foreign: Client,
    // Of the sequence that runs.
    liaison: Client,
    key_id: String,
    office: String,
    names: Names,
    seen: Vec<String>,
    detainers: Vec<(String, usize)>,
    last_key: (String, Value),
    list_tag: String,
    /// Requests whose outcome the jail keeps back: a hand-over would let it cross.
    kept_back: HashSet<String>,
    /// Requests on which the jail's hand-over was told: an outcome crosses from then on.
    handed_over: HashSet<String>,
    /// Requests on which a hold was told, which runs in both worlds.
    held: HashSet<String>,
    /// Requests that were passed on without a word: a told transfer would show the copy.
    passed_on: HashSet<String>,
    /// Requests whose transfer was told: passing them on would show the copy.
    moved: HashSet<String>,
    /// When the jail worked unseen, in milliseconds.
    unseen: Vec<(i64, i64)>,
    /// A leak that a test plants in what this world answers: in an entity tag or in a body.
    leak: Option<fn(&World, Part, &str) -> String>,
}

/// Where a leak may be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Tag,
    Body,
}

/// Birch may hold a person past release, Alder may not.
fn law() -> Law {
    Law::answering(|question| {
        let mut assessment = unaddressed();
        if question.place.agency.as_deref() == Some(BIRCH) {
            assessment.hold_past_release.disposition = Disposition::Permitted;
        }
        assessment
    })
}

impl World {
    async fn start(options: PgPoolOptions, owner: PgConnectOptions) -> Self {
        let app = TestApp::start_under(options, owner.clone(), law()).await;
        let mut jailers = Vec::new();
        for jail in JAILS {
            jailers.push(app.reviewer(jail).await);
        }
        Self {
            foreign: app.liaison(HOU).await,
            liaison: app.liaison(SND).await,
            key_id: String::new(),
            office: SND.to_owned(),
            owner: owner.connect().await.unwrap(),
            app,
            jailers,
            names: Names::default(),
            seen: Vec::new(),
            detainers: Vec::new(),
            last_key: (fresh_key(), Value::Null),
            list_tag: String::new(),
            kept_back: HashSet::new(),
            handed_over: HashSet::new(),
            held: HashSet::new(),
            passed_on: HashSet::new(),
            moved: HashSet::new(),
            unseen: Vec::new(),
            leak: None,
        }
    }

    /// A new office, so that each sequence begins with an empty table.
    async fn begin(&mut self, office: &str) {
        sqlx::query("insert into registry.office (code, name, kind, time_zone, created_at) values ($1, 'A Field Office', 'ice_field_office', 'America/Los_Angeles', '2026-01-01T00:00:00Z')")
            .bind(office).execute(&mut self.owner).await.unwrap();
        self.liaison = self.app.liaison(office).await;
        let key_id = self.liaison.key.split('_').nth(1).unwrap();
        self.key_id = key_id.to_owned();
        self.office = office.to_owned();
        self.names = Names::default();
        self.seen.clear();
        self.detainers.clear();
        self.list_tag.clear();
        self.kept_back.clear();
        self.handed_over.clear();
        self.held.clear();
        self.passed_on.clear();
        self.moved.clear();
        self.unseen.clear();
    }

    /// As the liaison gets it, with the leak that a test has planted.
    fn leaking(&self, part: Part, text: &str) -> String {
        match self.leak {
            Some(leak) => leak(self, part, text),
            None => text.to_owned(),
        }
    }

    fn note(&mut self, what: &str, answer: &Answer) {
        let mut text = format!("{what}\n{}\n", answer.status);
        let mut headers: Vec<_> = answer.headers.iter().collect();
        headers.sort_by_key(|(name, _)| name.as_str().to_owned());
        for (name, value) in headers {
            let value = value.to_str().unwrap_or_default();
            match name.as_str() {
                // The clock; the body is compared itself; the allowance is this key's own and
                // refills with time.
                "date" | "content-length" | "ratelimit" => {}
                "etag" => {
                    let value = self.leaking(Part::Tag, value);
                    writeln!(text, "etag: {}", self.names.name("etag", &value)).unwrap();
                }
                other => writeln!(text, "{other}: {}", self.names.normalise(value)).unwrap(),
            }
        }
        // Random, and its own.
        let body = self.leaking(Part::Body, &answer.text);
        let body = body.replace(&self.key_id, "<own key>");
        text += &self.names.normalise(&body);
        self.seen.push(text);
    }

    async fn get(&mut self, what: &str, path: &str) -> Answer {
        let answer = self.liaison.look(path).await;
        self.note(what, &answer);
        answer
    }

    fn detainer(&self, at: usize) -> Option<(String, usize)> {
        let count = self.detainers.len();
        (count > 0).then(|| self.detainers[at % count].clone())
    }

    /// What the liaison does, in this world.
    async fn liaison(&mut self, act: &Liaison, sequence: usize) {
        let liaison = self.liaison.clone();
        match act {
            Liaison::Lodge { person, form } => {
                let body = request(&self.office, sequence, *person, *form);
                let key = fresh_key();
                let answer = liaison
                    .post_with_key("/v1/detainers", &key, body.clone())
                    .await;
                if answer.status.as_u16() == 201 {
                    let id = answer.json()["id"].as_str().unwrap().to_owned();
                    self.detainers.push((id, *person));
                }
                self.last_key = (key, body);
                self.note("lodge", &answer);
            }
            Liaison::Replay => {
                let (key, body) = self.last_key.clone();
                let answer = liaison.post_with_key("/v1/detainers", &key, body).await;
                if answer.status.as_u16() == 201 && answer.header("idempotent-replayed") != "true" {
                    let id = answer.json()["id"].as_str().unwrap().to_owned();
                    self.detainers.push((id, 0));
                }
                self.note("replay", &answer);
            }
            Liaison::LodgeBad(which) => {
                let mut body = request(&self.office, sequence, 0, 0);
                match which % 4 {
                    0 => body["office"] = json!("HOU"),
                    1 => body["custodian"] = json!("CA0000000"),
                    2 => body["surprise"] = json!(1),
                    _ => body["issued_on"] = json!("2026-02-31"),
                }
                let answer = liaison.steadily("/v1/detainers", body).await;
                self.note("lodge badly", &answer);
            }
            Liaison::Cancel(at) => {
                if let Some((id, _)) = self.detainer(*at) {
                    let body = json!({"reason": "entered twice", "lift_reason": "entered_in_error", "cancelled_on": "2026-11-01"});
                    let answer = liaison
                        .steadily(&format!("/v1/detainers/{id}/cancellation"), body)
                        .await;
                    self.note("cancel", &answer);
                }
            }
            Liaison::CancelMany(at) => {
                let ids: Vec<String> = self
                    .detainers
                    .iter()
                    .skip(at % 3)
                    .map(|(id, _)| id.clone())
                    .chain(["01935f00-0000-7000-8000-000000000001".to_owned()])
                    .collect();
                let body = json!({"detainers": ids, "reason": "off the list", "cancelled_on": "2026-11-02"});
                let answer = liaison.steadily("/v1/detainers:cancel", body).await;
                self.note("cancel many", &answer);
            }
            Liaison::CancelByForm { person, form } => {
                let mut body = request(&self.office, sequence, *person, *form);
                body["cancels_issued_on"] = body["issued_on"].clone();
                body["issued_on"] = json!("2026-11-21");
                let answer = liaison.steadily("/v1/detainers", body).await;
                self.note("cancel by form", &answer);
            }
            Liaison::CancelUnknown => {
                let id = "01935f00-0000-7000-8000-000000000001";
                let body = json!({"reason": "unknown", "cancelled_on": "2026-11-01"});
                let answer = liaison
                    .steadily(&format!("/v1/detainers/{id}/cancellation"), body)
                    .await;
                self.note("cancel an unknown one", &answer);
            }
            Liaison::Receipt(at) => {
                self.app.settle().await;
                let told = self.get("what was told", "/v1/notifications").await.json();
                let items = told["items"].as_array().cloned().unwrap_or_default();
                if !items.is_empty() {
                    let id = items[at % items.len()]["id"].as_str().unwrap().to_owned();
                    let answer = liaison
                        .steadily(
                            &format!("/v1/notifications/{id}/acknowledgement"),
                            json!({"by": "C. Officer"}),
                        )
                        .await;
                    self.note("receipt", &answer);
                }
            }
            Liaison::Outcome(at, which) => {
                if let Some((id, _)) = self.detainer(*at) {
                    let answer = liaison
                        .steadily(
                            &format!("/v1/detainers/{id}/outcome"),
                            outcome(*which, None),
                        )
                        .await;
                    self.note("outcome", &answer);
                }
            }
            Liaison::Handover(at) => {
                if let Some((id, _)) = self.detainer(*at) {
                    let answer = liaison
                        .steadily(&format!("/v1/detainers/{id}/handover"), taken(*at))
                        .await;
                    self.note("hand-over", &answer);
                }
            }
            Liaison::List(which) => {
                let path = FILTERS[which % FILTERS.len()];
                let number = format!("A{}", a_number(sequence, which % PERSONS));
                self.get(path, &path.replace("NUMBER", &number)).await;
            }
            Liaison::Probe(which) => {
                let id = self
                    .detainer(*which)
                    .map_or_else(|| "none".to_owned(), |(id, _)| id);
                let path = [
                    format!("/v1/detainers/{id}/determinations"),
                    format!("/v1/detainers/{id}/assessment"),
                    format!("/v1/detainers/{id}/facts"),
                    format!("/v1/detainers/{id}/hold"),
                    format!("/v1/detainers/{id}/citizenship-claims"),
                    format!("/v1/detainers/{id}/duties"),
                    format!("/v1/bookings/{}", booking_number(sequence, which % PERSONS)),
                    "/v1/bookings".to_owned(),
                    "/v1/release-notices".to_owned(),
                    "/v1/keys".to_owned(),
                    "/v1/whoami".to_owned(),
                ][which % 11]
                    .clone();
                self.get("probe", &path).await;
            }
        }
    }

    /// The same with what hardly ever changes.
    async fn observe_all(&mut self) {
        self.observe().await;
        for path in [
            "/v1/whoami",
            "/v1/statistics/detainers?source=operational&by=month,form",
        ] {
            self.get(path, path).await;
        }
        let path = format!("/v1/offices/{}", self.office);
        self.get("own office", &path).await;
    }

    /// Everything that the liaison can observe of its requests.
    async fn observe(&mut self) {
        self.app.settle().await;
        let list = steady(async || {
            let request = self.liaison.request(Method::GET, "/v1/detainers?limit=200");
            let request = if self.list_tag.is_empty() {
                request
            } else {
                request.header("if-none-match", &self.list_tag)
            };
            Answer::read(request.send().await.unwrap()).await
        })
        .await;
        self.list_tag = list.header("etag");
        self.note("list unless known", &list);
        for path in [
            "/v1/detainers?status=pending",
            "/v1/detainers?stage=notified",
            "/v1/detainers?stage=handed_over",
            "/v1/detainers?stage=served&sort=issued_on",
        ] {
            self.get(path, path).await;
        }
        let mut path = "/v1/detainers?limit=2".to_owned();
        loop {
            let page = self.get("a page", &path).await.json();
            match page["next"].as_str() {
                Some(next) => path = format!("/v1/detainers?limit=2&cursor={next}"),
                None => break,
            }
        }
        for (id, _) in self.detainers.clone() {
            self.get("item", &format!("/v1/detainers/{id}")).await;
            self.get("timeline", &format!("/v1/detainers/{id}/timeline"))
                .await;
            self.get("hand-overs", &format!("/v1/detainers/{id}/handover"))
                .await;
        }
        let told = self.get("told", "/v1/notifications").await.json();
        self.get("told, waiting", "/v1/notifications?status=sent&limit=1")
            .await;
        for item in told["items"].as_array().cloned().unwrap_or_default() {
            let id = item["id"].as_str().unwrap();
            self.get("one told", &format!("/v1/notifications/{id}"))
                .await;
        }
        let last: i64 = sqlx::query_scalar("select coalesce(max(position), 0) from log.office_entry e join registry.office o on o.id = e.office_id where o.code = $1")
            .bind(&self.office).fetch_one(&mut self.owner).await.unwrap();
        for after in [0, last / 2] {
            let text = events(&self.liaison, after, last).await;
            let text = self.leaking(Part::Body, &text);
            let text = self.names.normalise(&text);
            self.seen.push(format!("stream after {after}\n{text}"));
        }
    }

    async fn told(&mut self, act: &Told, sequence: usize, comply: bool) -> Outcome {
        match act {
            Told::Acknowledge(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return Outcome::default();
                };
                let answer = self.jailers[person % 2]
                    .steadily(
                        &format!("/v1/detainers/{id}/acknowledgement"),
                        json!({"by": "B. Clerk"}),
                    )
                    .await;
                Outcome::of(&answer)
            }
            Told::Paper { person, form } => {
                let jailer = self.jailers[person % 2].clone();
                let typed = jailer
                    .steadily("/v1/detainers", fax(&self.office, sequence, *person, *form))
                    .await;
                assert_eq!(typed.status, 201, "{}", typed.text);
                let id = typed.json()["id"].as_str().unwrap().to_owned();
                let answer = jailer
                    .steadily(
                        &format!("/v1/detainers/{id}/acknowledgement"),
                        json!({"by": "B. Clerk"}),
                    )
                    .await;
                if answer.status.is_success() {
                    self.detainers.push((id, *person));
                }
                Outcome::of(&answer)
            }
            Told::Serve(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return Outcome::default();
                };
                let answer = self.jailers[person % 2]
                    .steadily(&format!("/v1/detainers/{id}/service"), service(true))
                    .await;
                Outcome::of(&answer)
            }
            Told::Outcome(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return Outcome::default();
                };
                let answer = self.jailers[person % 2]
                    .steadily(
                        &format!("/v1/detainers/{id}/outcome"),
                        outcome(*at, Some(true)),
                    )
                    .await;
                Outcome::of(&answer)
            }
            Told::Handover(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return Outcome::default();
                };
                if self.kept_back.contains(&id) {
                    return Outcome::default();
                }
                let answer = self.jailers[person % 2]
                    .steadily(&format!("/v1/detainers/{id}/handover"), taken(at / 2))
                    .await;
                if answer.status.is_success() {
                    self.handed_over.insert(id);
                }
                Outcome::of(&answer)
            }
            Told::Hold(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return Outcome::default();
                };
                // Served in both worlds, and no hold of this kind before: what a jail ended without
                // a word in one world still runs in the other.
                let path = format!("/v1/detainers/{id}");
                let seen = self.liaison.get(&path).await.json();
                if seen["served_at"].is_null() || self.held.contains(&id) {
                    return Outcome::default();
                }
                let answer = self.jailers[person % 2]
                    .steadily(&format!("{path}/hold"), hold(true))
                    .await;
                if answer.status.is_success() {
                    self.held.insert(id);
                }
                Outcome::of(&answer)
            }
            Told::Decision(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return Outcome::default();
                };
                let body = json!({"act": "allow_interview", "decision": "decline", "reason_code": "agency_policy",
                                  "note": "not here", "tell_office": true});
                let answer = self.jailers[person % 2]
                    .steadily(&format!("/v1/detainers/{id}/determinations"), body)
                    .await;
                Outcome::of(&answer)
            }
            Told::Attempt(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return Outcome::default();
                };
                let jailer = self.jailers[person % 2].clone();
                let told = jailer
                    .get(&format!("/v1/notifications?detainer={id}"))
                    .await
                    .json();
                let Some(told) = told["items"][0]["id"].as_str() else {
                    return Outcome::default();
                };
                let result = ["reached", "left_message", "no_answer"][at % 3];
                let now = sallyport::types::Clock::default().now().to_rfc3339();
                let body = json!({"channel": "phone", "at": now, "to": "Duty officer", "by": "B. Clerk", "result": result});
                let answer = jailer
                    .steadily(&format!("/v1/notifications/{told}/attempts"), body)
                    .await;
                Outcome::of(&answer)
            }
            Told::Release { at, kind } => {
                let Some((id, person)) = self.detainer(*at) else {
                    return Outcome::default();
                };
                let jailer = self.jailers[person % 2].clone();
                let number = booking_number(sequence, person);
                let kind = RELEASE.iter().chain(&STATUS).nth(kind % 11).unwrap();
                if *kind == "transfer" {
                    if self.passed_on.contains(&id) {
                        return Outcome::default();
                    }
                    self.moved.insert(id.clone());
                }
                let path = format!("/v1/bookings/{number}");
                let put = steady(async || jailer.put(&path, book(sequence, person, 0)).await).await;
                assert!(put.status.is_success(), "{}", put.text);
                let recorded = jailer
                    .steadily("/v1/release-notices", statement(&number, kind))
                    .await;
                assert_eq!(recorded.status, 201, "{}", recorded.text);
                let notice = recorded.json();
                let own: HashSet<String> =
                    self.detainers.iter().map(|(id, _)| id.clone()).collect();
                let mut outcome = Outcome::default();
                for found in notice["matches"].as_array().unwrap() {
                    if found["action"] == "notified"
                        && own.contains(found["detainer"].as_str().unwrap())
                    {
                        outcome.told = true;
                    }
                }
                if comply {
                    let decision = json!({"act": "notify_release", "decision": "comply", "reason_code": "law_permits", "notice": notice["id"]});
                    let decided = jailer
                        .steadily(&format!("/v1/detainers/{id}/determinations"), decision)
                        .await;
                    assert!(decided.status.as_u16() < 500, "{}", decided.text);
                    outcome.complied = decided.status.is_success();
                    outcome.told |= decided.json()["notification"].is_string();
                }
                outcome
            }
        }
    }

    /// What the jail does without a word; answers whether it took effect.
    async fn hidden(&mut self, act: &Hidden, sequence: usize, covered: &HashSet<usize>) -> bool {
        let jailers = self.jailers.clone();
        let jailer = |person: usize| jailers[person % 2].clone();
        let answer = match act {
            Hidden::Book { person, version } => {
                jailer(*person)
                    .put(
                        &format!("/v1/bookings/{}", booking_number(sequence, *person)),
                        book(sequence, *person, *version),
                    )
                    .await
            }
            Hidden::BookStranger(n) => {
                jailer(*n)
                    .put(
                        &format!("/v1/bookings/X{sequence}-{n}"),
                        book(50_000 + sequence, *n, *n),
                    )
                    .await
            }
            Hidden::Notice { person, kind } => {
                // Once a comply covers the booking, what follows about its release is told.
                let kinds: Vec<&str> = if covered.contains(person) {
                    STATUS.to_vec()
                } else {
                    RELEASE.iter().chain(&STATUS).copied().collect()
                };
                jailer(*person)
                    .steadily(
                        "/v1/release-notices",
                        statement(
                            &booking_number(sequence, *person),
                            kinds[kind % kinds.len()],
                        ),
                    )
                    .await
            }
            Hidden::Decline(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                if covered.contains(&person) {
                    return false;
                }
                let body = json!({"act": "notify_release", "decision": "decline", "reason_code": "agency_policy", "note": "not told"});
                jailer(person)
                    .steadily(&format!("/v1/detainers/{id}/determinations"), body)
                    .await
            }
            Hidden::AllowInterview(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                let body = json!({"act": "allow_interview", "decision": "comply", "reason_code": "law_permits"});
                jailer(person)
                    .steadily(&format!("/v1/detainers/{id}/determinations"), body)
                    .await
            }
            Hidden::RefusedHold(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                let body = json!({"act": "hold_past_release", "decision": "comply", "reason_code": "other"});
                let answer = jailer(person)
                    .steadily(&format!("/v1/detainers/{id}/determinations"), body)
                    .await;
                if person % 2 == 1 {
                    // Birch's law lets it; a decision tells nothing.
                    return answer.status.is_success();
                }
                assert_eq!(answer.status, 409, "{}", answer.text);
                return answer.slug() == "policy-prohibits";
            }
            Hidden::ServeQuietly(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                jailer(person)
                    .steadily(&format!("/v1/detainers/{id}/service"), service(false))
                    .await
            }
            Hidden::Outcome(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                if self.handed_over.contains(&id) {
                    return false;
                }
                let answer = jailer(person)
                    .steadily(&format!("/v1/detainers/{id}/outcome"), outcome(*at, None))
                    .await;
                if answer.status.is_success() {
                    self.kept_back.insert(id);
                }
                answer
            }
            Hidden::Facts(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                let path = format!("/v1/detainers/{id}/facts");
                let tag = jailer(person).get(&path).await.header("etag");
                let patch = json!({"convictions": [], "tsdb_match": at % 2 == 0, "age": at % 90});
                jailer(person).patch(&path, &tag, patch).await
            }
            Hidden::Claim(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                let body = json!({"kind": "us_citizen", "claimed_at": "2026-11-21T09:00:00-08:00"});
                jailer(person)
                    .steadily(&format!("/v1/detainers/{id}/citizenship-claims"), body)
                    .await
            }
            Hidden::Resolve(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                let path = format!("/v1/detainers/{id}");
                let claims = format!("{path}/citizenship-claims");
                let open = jailer(person).get(&claims).await.json();
                let Some(claim) = open["items"]
                    .as_array()
                    .and_then(|items| items.last())
                    .cloned()
                else {
                    return false;
                };
                let tag = jailer(person).get(&path).await.header("etag");
                let result = ["confirmed", "not_confirmed", "withdrawn"][at % 3];
                let body = json!({"result": result, "resolved_at": "2026-11-22T09:00:00-08:00", "source": "a register"});
                let one = format!("{claims}/{}", claim["id"].as_str().unwrap());
                jailer(person).patch(&one, &tag, body).await
            }
            Hidden::Hold(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                let path = format!("/v1/detainers/{id}");
                jailer(person)
                    .steadily(&format!("{path}/service"), service(false))
                    .await;
                let answer = jailer(person)
                    .steadily(&format!("{path}/hold"), hold(false))
                    .await;
                // A refusal is a hidden fact too.
                return answer.status.is_success() || answer.slug() == "policy-prohibits";
            }
            Hidden::EndHold(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                if self.held.contains(&id) {
                    return false;
                }
                let body = json!({"ended_at": "2026-11-21T09:00:00-08:00", "reason": "no need"});
                jailer(person)
                    .steadily(&format!("/v1/detainers/{id}/hold/end"), body)
                    .await
            }
            Hidden::Duty(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                let path = format!("/v1/detainers/{id}/duties");
                let listed = jailer(person).get(&path).await.json();
                let Some(duty) = listed["items"][0]["id"].as_str().map(str::to_owned) else {
                    return false;
                };
                let one = format!("{path}/{duty}");
                let tag = jailer(person).get(&one).await.header("etag");
                let body = json!({"evidence": format!("receipt {at}")});
                jailer(person).patch(&one, &tag, body).await
            }
            Hidden::Key => {
                jailer(0)
                    .steadily(
                        "/v1/keys",
                        json!({"role": "submitter", "agency": ALDER, "name": "Night shift"}),
                    )
                    .await
            }
            Hidden::ForeignRequest(n) => {
                self.foreign
                    .steadily("/v1/detainers", request(HOU, sequence, n % PERSONS, *n))
                    .await
            }
            Hidden::Paper { person, form } => {
                let typed = jailer(*person)
                    .steadily("/v1/detainers", fax(&self.office, sequence, *person, *form))
                    .await;
                // The same request has crossed: acknowledging this one is refused, unseen.
                let crossed = self.detainers.iter().map(|(id, _)| id.as_str());
                let body = typed.json();
                if body["duplicate_of"]
                    .as_str()
                    .is_some_and(|id| crossed.into_iter().any(|known| known == id))
                {
                    let path = format!(
                        "/v1/detainers/{}/acknowledgement",
                        body["id"].as_str().unwrap()
                    );
                    let refused = jailer(*person)
                        .steadily(&path, json!({"by": "B. Clerk"}))
                        .await;
                    assert_eq!(refused.status, 409, "{}", refused.text);
                }
                typed
            }
            Hidden::NcicHit(n) => {
                let mut body = fax(&self.office, sequence, n % PERSONS, *n);
                body["form"] = json!("NCIC-hit");
                body["channel"] = json!("ncic");
                let typed = jailer(n % PERSONS).steadily("/v1/detainers", body).await;
                let id = typed.json()["id"].as_str().unwrap_or_default().to_owned();
                jailer(n % PERSONS)
                    .steadily(
                        &format!("/v1/detainers/{id}/acknowledgement"),
                        json!({"by": "B. Clerk"}),
                    )
                    .await
            }
            Hidden::Relay(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                if self.moved.contains(&id) {
                    return false;
                }
                self.passed_on.insert(id.clone());
                jailer(person)
                    .steadily(
                        &format!("/v1/detainers/{id}/relay"),
                        json!({"to_custodian": JAILS[(person + 1) % 2]}),
                    )
                    .await
            }
            Hidden::Restrict(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                let path = format!("/v1/detainers/{id}");
                return restrict(&jailer(person), &path, at % 2 == 0).await;
            }
            Hidden::RestrictBooking(at) => {
                let number = booking_number(sequence, at % PERSONS);
                let path = format!("/v1/bookings/{number}");
                return restrict(&jailer(at % PERSONS), &path, at % 2 == 0).await;
            }
            Hidden::Position(at) => {
                let path = format!(
                    "/v1/agencies/{}/adopted-positions/notify_release",
                    JAILS[at % 2]
                );
                let reading = ["permitted", "prohibited"][at / 2 % 2];
                let body = json!({"rule": "us/8-usc-1373", "reading": reading, "signed_by": "Sheriff Example", "reason": "advice"});
                return write_down(&jailer(*at), &path, &body).await;
            }
            Hidden::Standing => {
                let path = format!("/v1/agencies/{ALDER}/standing-decisions");
                let body = json!({"notify_release": "when_required", "signed_by": "Sheriff Example", "reason": "Board order 7"});
                return write_down(&jailer(0), &path, &body).await;
            }
            Hidden::LookAround(at) => {
                let number = a_number(sequence, at % PERSONS);
                let purpose = [("purpose", "report to the county board")];
                let path = format!("/v1/persons?a_number=A{number}");
                let found = jailer(at % PERSONS)
                    .send(Method::GET, &path, &purpose, "")
                    .await;
                let person = found.json()["items"][0]["id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                let path = format!("/v1/persons/{person}/history");
                jailer(at % PERSONS)
                    .send(Method::GET, &path, &purpose, "")
                    .await
            }
            Hidden::Namesake(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                let jailer = jailer(person);
                let mut other = book(sequence, person, 0);
                other["subject"]["a_number"] = Value::Null;
                let path = format!("/v1/bookings/N{sequence}-{person}");
                let booked = steady(async || jailer.put(&path, other.clone()).await).await;
                assert!(booked.status.is_success(), "{}", booked.text);
                self.app.settle().await;
                let path = format!("/v1/matches?status=open&detainer={id}");
                let open = jailer.get(&path).await.json();
                let Some(found) = open["items"][0]["id"].as_str() else {
                    return true;
                };
                if at % 3 == 0 {
                    return true;
                }
                let body = json!({"same_person": false, "note": "another person"});
                jailer
                    .steadily(&format!("/v1/matches/{found}/decision"), body)
                    .await
            }
            Hidden::Unlink(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                let jailer = jailer(person);
                let mut answer = link(&jailer, &id, None).await;
                if at % 2 == 0 {
                    let number = booking_number(sequence, person);
                    answer = link(&jailer, &id, Some(&number)).await;
                }
                answer
            }
            Hidden::Batch(at) => {
                let person = at % PERSONS;
                let number = booking_number(sequence, person);
                let mut notice = statement(&number, STATUS[1 + at % (STATUS.len() - 1)]);
                notice["source_message_id"] = json!(format!("batch-{sequence}-{at}"));
                let headers = [
                    ("idempotency-key", fresh_key()),
                    ("content-type", "application/x-ndjson".to_owned()),
                ];
                let headers = headers
                    .each_ref()
                    .map(|(name, value)| (*name, value.as_str()));
                jailer(person)
                    .send(
                        Method::POST,
                        "/v1/release-notices:batch",
                        &headers,
                        notice.to_string(),
                    )
                    .await
            }
            Hidden::Feed(at) => {
                let jailer = jailer(at % PERSONS);
                let beat = json!({"expected_every_minutes": 1 + at % 3});
                if at % 2 == 0 {
                    return steady(async || jailer.put("/v1/feeds/jms", beat.clone()).await)
                        .await
                        .status
                        .is_success();
                }
                let mut message = statement(&format!("F{sequence}-{at}"), "scheduled");
                message["feed"] = json!("jms");
                message["source_message_id"] = json!(format!("feed-{sequence}-{at}"));
                jailer
                    .steadily("/v1/release-notices", message.clone())
                    .await;
                message["note"] = json!("corrected without saying so");
                jailer.steadily("/v1/release-notices", message).await
            }
            Hidden::File { person, kind } => {
                let number = booking_number(sequence, *person);
                let (of, mut line) = match kind % 3 {
                    0 => ("bookings", book(sequence, *person, *kind)),
                    1 => {
                        let kinds: Vec<&str> = match covered.contains(person) {
                            true => STATUS.to_vec(),
                            false => RELEASE.iter().chain(&STATUS).copied().collect(),
                        };
                        let kind = kinds[kind / 3 % kinds.len()];
                        ("release_notices", statement(&number, kind))
                    }
                    _ => ("detainers", fax(&self.office, sequence, *person, *kind)),
                };
                if of == "bookings" {
                    line["booking_number"] = json!(number);
                }
                let (query, file) = (format!("kind={of}"), line.to_string());
                let jailer = jailer(*person);
                let sent = steady(async || send_file(&jailer, &query, file.clone()).await).await;
                if sent.status == 202 {
                    let done = file_ended(&jailer, sent.json()["id"].as_str().unwrap()).await;
                    return done["accepted"] == 1;
                }
                sent
            }
            Hidden::Mapping(at) => {
                let jailer = jailer(at % PERSONS);
                let path = format!("/v1/imports/mappings/nightly-{sequence}");
                match at % 3 {
                    0 => jailer.get("/v1/imports/mappings").await,
                    1 => jailer.send(Method::DELETE, &path, &[], "").await,
                    _ => {
                        let name = format!("nightly-{sequence}");
                        steady(async || put_mapping(&jailer, &name, "text/plain", MAPPING).await)
                            .await
                    }
                }
            }
            Hidden::Look(at) => {
                let Some((id, person)) = self.detainer(*at) else {
                    return false;
                };
                jailer(person).get(&format!("/v1/detainers/{id}")).await
            }
        };
        // A service that is busy has done nothing.
        let busy = answer.status.as_u16() == 503;
        assert!(busy || answer.status.as_u16() < 500, "{}", answer.text);
        answer.status.is_success()
    }
}

/// Sets a restriction, or lifts it.
async fn restrict(jailer: &Client, path: &str, set: bool) -> bool {
    let tag = jailer.get(path).await.header("etag");
    let kind = if set { json!("sealed") } else { Value::Null };
    let body = json!({"kind": kind, "reason": "an order of the court"});
    let headers = [
        ("if-match", tag.as_str()),
        ("content-type", "application/json"),
    ];
    let path = format!("{path}/restriction");
    let answer = jailer
        .send(Method::PUT, &path, &headers, body.to_string())
        .await;
    assert!(answer.status.as_u16() < 500, "{}", answer.text);
    answer.status.is_success()
}

/// Writes the first version of what an agency has settled for itself, or another.
async fn write_down(jailer: &Client, path: &str, body: &Value) -> bool {
    let tag = jailer.get(path).await.header("etag");
    for (name, value) in [("if-none-match", "*"), ("if-match", tag.as_str())] {
        let headers = [(name, value), ("content-type", "application/json")];
        let answer = jailer
            .send(Method::PUT, path, &headers, body.to_string())
            .await;
        assert!(answer.status.as_u16() < 500, "{}", answer.text);
        if answer.status.is_success() {
            return true;
        }
    }
    false
}

#[derive(Debug, Default, Clone, Copy)]
struct Outcome {
    /// Something was told to the office.
    told: bool,
    complied: bool,
}

impl Outcome {
    fn of(answer: &Answer) -> Self {
        assert!(answer.status.as_u16() < 500, "{}", answer.text);
        Self {
            told: answer.status.is_success(),
            complied: false,
        }
    }
}

const FILTERS: [&str; 9] = [
    "/v1/detainers",
    "/v1/detainers?status=pending",
    "/v1/detainers?status=closed",
    "/v1/detainers?status=cancelled",
    "/v1/detainers?stage=notified",
    "/v1/detainers?stage=released",
    "/v1/detainers?custodian=CA0990100&form=I-247A",
    "/v1/detainers?a_number=NUMBER",
    "/v1/notifications?status=acknowledged",
];

fn a_number(sequence: usize, person: usize) -> String {
    format!("{:09}", 200_000_000 + sequence * 10 + person)
}

fn booking_number(sequence: usize, person: usize) -> String {
    format!("S{sequence}-{person}")
}

fn request(office: &str, sequence: usize, person: usize, form: usize) -> Value {
    let mut body = detainer(
        office,
        JAILS[person % 2],
        &format!("A{}", a_number(sequence, person)),
    );
    body["subject"]["given_name"] = json!(given_name(sequence, person));
    // Dates in turn, so that the order of the list is not that of lodging.
    body["issued_on"] = json!(format!("2026-11-{:02}", 10 + form % 7));
    if form % 5 == 4 {
        body["form"] = json!("I-247G");
        body["asks"]["hold"] = json!(false);
        body["asks"]["transfer"] = json!(false);
    }
    if form.is_multiple_of(3) {
        body["subject"]["booking_number"] = json!(booking_number(sequence, person));
    }
    body
}

/// The same paper as it reaches a jail by fax, with what only the jail knows of it.
fn fax(office: &str, sequence: usize, person: usize, form: usize) -> Value {
    let mut body = request(office, sequence, person, form);
    // Its own dates, one for each person and paper: the ids of typed-in paper are random, and so would be
    // the order of two of one day. Half of the kept ones are like a request that was lodged.
    if form.is_multiple_of(2) {
        let days = chrono::Duration::days((form / 2 * PERSONS + person) as i64);
        let first = chrono::NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
        body["issued_on"] = json!(first + days);
    }
    body["channel"] = json!("fax");
    body["source_id"] = json!(format!("fax-{sequence}-{form}"));
    body["subject"]["booking_number"] = json!(booking_number(sequence, person));
    body["victim_or_witness"] = json!(form.is_multiple_of(2));
    body
}

fn book(sequence: usize, person: usize, version: usize) -> Value {
    let mut body = booking(&format!("A{}", a_number(sequence, person)));
    body["subject"]["given_name"] = json!(given_name(sequence, person));
    if !version.is_multiple_of(4) {
        body["charges"][0]["description"] = json!(format!("Burglary, count {}", version % 4));
        body["otherwise_releasable_at"] = json!("2026-12-19T00:00:00-08:00");
    }
    body
}

/// A name of its own, so that only those who are to be are candidates of one another.
fn given_name(sequence: usize, person: usize) -> String {
    format!("Ana{}", sequence * PERSONS + person)
}

/// Links a request by hand.
async fn link(jailer: &Client, id: &str, number: Option<&str>) -> Answer {
    let path = format!("/v1/detainers/{id}");
    let tag = jailer.get(&path).await.header("etag");
    let headers = [
        ("if-match", tag.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({ "booking_number": number }).to_string();
    jailer
        .send(Method::PUT, &format!("{path}/booking"), &headers, body)
        .await
}

fn statement(number: &str, kind: &str) -> Value {
    let at = if matches!(kind, "scheduled" | "rescheduled" | "correction") {
        "2026-12-20T08:00:00-08:00"
    } else {
        "2026-11-20T08:03:00-08:00"
    };
    notice(number, kind, at)
}

fn service(tell_office: bool) -> Value {
    json!({"served_at": "2026-11-20T10:00:00-08:00", "method": "in_person", "language": "es", "officer": "B. Clerk", "tell_office": tell_office})
}

fn outcome(which: usize, disclose: Option<bool>) -> Value {
    let custody = [
        "unknown",
        "dhs_arrest_at_release_no_hold",
        "released_no_hold_requested",
    ][which % 3];
    let mut body = json!({"notice": "notified_before", "custody": custody, "stated_at": "2026-11-21T09:00:00-08:00"});
    if let Some(disclose) = disclose {
        body["disclose"] = json!(disclose);
    }
    body
}

/// A hand-over; the two sides' places and times differ at times.
fn taken(which: usize) -> Value {
    let place = ["Sally port", "sally PORT", "Court house"][which % 3];
    custody::handover("2026-11-21T08:00:00-08:00", place)
}

/// A hold that runs for as long as the test does.
fn hold(tell_office: bool) -> Value {
    let mut body = custody::hold("2026-12-18T08:00:00-08:00");
    body["tell_office"] = json!(tell_office);
    body
}

/// The stream after a position, up to one that is known to be there.
pub async fn events(client: &Client, after: i64, last: i64) -> String {
    let request = client.request(Method::GET, "/v1/events");
    let request = if after > 0 {
        request.header("last-event-id", after.to_string())
    } else {
        request
    };
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut text = String::new();
    let end = format!("id: {last}\n");
    loop {
        let chunk = tokio::time::timeout(Duration::from_secs(10), response.chunk())
            .await
            .expect("the stream stalled")
            .unwrap();
        text += std::str::from_utf8(&chunk.expect("the stream ended")).unwrap();
        let complete = last <= after || text.contains(&end) || text.starts_with(&end);
        if complete && text.ends_with("\n\n") {
            return text;
        }
    }
}

/// The first difference, if there is one.
fn compare(a: &World, b: &World) -> Result<(), String> {
    for (at, (left, right)) in a.seen.iter().zip(&b.seen).enumerate() {
        if left != right {
            return Err(format!(
                "observation {at}\nwithout the hidden facts:\n{left}\n\nwith them:\n{right}"
            ));
        }
    }
    if a.seen.len() != b.seen.len() {
        return Err(format!(
            "{} observations against {}",
            a.seen.len(),
            b.seen.len()
        ));
    }
    b.names.ids_say_nothing(&b.unseen)
}

#[derive(Default, Debug)]
struct Tally {
    acts: usize,
    told: usize,
    hidden: usize,
    observations: usize,
    /// Sequences that ended early, because only one jail could still tell something.
    parted: usize,
}

impl Tally {
    fn and(&self, other: &Self) -> Self {
        Self {
            acts: self.acts + other.acts,
            told: self.told + other.told,
            hidden: self.hidden + other.hidden,
            observations: self.observations + other.observations,
            parted: self.parted + other.parted,
        }
    }
}

fn millis() -> i64 {
    sallyport::types::Clock::default().now().timestamp_millis()
}

/// Runs a sequence in both worlds.
async fn run(
    a: &mut World,
    b: &mut World,
    sequence: usize,
    acts: &[Act],
    tally: &mut Tally,
) -> Result<(), String> {
    let office = format!("W{sequence}");
    a.begin(&office).await;
    b.begin(&office).await;
    let mut covered = HashSet::new();
    // Did the last act leave something for the readers that the liaison might see?
    let mut open = false;
    for act in acts {
        tally.acts += 1;
        match act {
            Act::Liaison(act) => {
                tokio::join!(a.liaison(act, sequence), b.liaison(act, sequence));
            }
            Act::Told(act) => {
                // What follows from a request has followed in both, or a jail could still do in
                // the one what it can no longer do in the other.
                tokio::join!(a.app.settle(), b.app.settle());
                // The jail with the hidden facts goes first: what it can no longer do is not done.
                let with = b.told(act, sequence, true).await;
                if let Told::Release { at, .. } = act
                    && let Some((_, person)) = b.detainer(*at)
                {
                    covered.insert(person);
                }
                if with.told {
                    tally.told += 1;
                    let without = a.told(act, sequence, with.complied).await;
                    if !without.told {
                        // A hidden fact let the jail tell what it could not tell without it: a
                        // return opens what a release closed. The worlds are told different things.
                        tally.parted += 1;
                        return Ok(());
                    }
                    if (with.told, with.complied) != (without.told, without.complied) {
                        return Err(format!(
                            "{act:?}: {without:?} without the hidden facts, {with:?} with them"
                        ));
                    }
                }
            }
            Act::Hidden(act) => {
                // What was told before has been carried out: an id that is made from here on is not its.
                if open {
                    b.app.settle().await;
                }
                let from = millis();
                if b.hidden(act, sequence, &covered).await {
                    tally.hidden += 1;
                }
                b.unseen.push((from, millis()));
            }
            Act::Observe => {
                tokio::join!(a.observe(), b.observe());
            }
        }
        open = matches!(act, Act::Liaison(_) | Act::Told(_));
        compare(a, b)?;
    }
    tokio::join!(a.observe_all(), b.observe_all());
    tally.observations += a.seen.len();
    compare(a, b)
}

/// A copy of the database before anything happened in it.
async fn copy(owner: &PgConnectOptions, word: &str) -> PgConnectOptions {
    let name = owner.get_database().unwrap().to_owned();
    // A name has at most 63 characters, and these use them all.
    let copy = name.replacen("_sqlx_test_", word, 1);
    assert!(copy != name && word.len() <= "_sqlx_test_".len());
    let mut conn = owner.clone().database("postgres").connect().await.unwrap();
    for sql in [
        format!(r#"drop database if exists "{copy}" with (force)"#),
        format!(r#"create database "{copy}" template "{name}""#),
    ] {
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut conn)
            .await
            .unwrap();
    }
    conn.close().await.unwrap();
    owner.clone().database(&copy)
}

/// Stops a world and takes its database away.
async fn remove(world: World) {
    let owner = world.app.owner.clone();
    world.owner.close().await.unwrap();
    world.app.stop().await;
    let name = owner.get_database().unwrap().to_owned();
    let mut conn = owner.database("postgres").connect().await.unwrap();
    sqlx::query(AssertSqlSafe(format!(
        r#"drop database if exists "{name}" with (force)"#
    )))
    .execute(&mut conn)
    .await
    .unwrap();
}

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// Two worlds that take sequence after sequence until none is left, or one was told apart.
async fn lane(
    (first, second): (PgConnectOptions, PgConnectOptions),
    waiting: &Mutex<VecDeque<(usize, Vec<Act>)>>,
    apart: &Mutex<Option<String>>,
) -> Tally {
    let mut a = World::start(PgPoolOptions::new(), first).await;
    let mut b = World::start(PgPoolOptions::new(), second).await;
    let mut tally = Tally::default();
    while apart.lock().unwrap().is_none() {
        let next = waiting.lock().unwrap().pop_front();
        let Some((n, acts)) = next else { break };
        if let Err(difference) = run(&mut a, &mut b, n, &acts, &mut tally).await {
            let found = format!("sequence {n}:\n{acts:#?}\n{difference}");
            apart.lock().unwrap().get_or_insert(found);
        }
    }
    remove(a).await;
    remove(b).await;
    tally
}

#[sqlx::test(fixtures(path = "../fixtures", scripts("two_counties")))]
async fn two_worlds_that_differ_in_hidden_facts_look_the_same(
    _options: PgPoolOptions,
    owner: PgConnectOptions,
) {
    let seed = number("SALLYPORT_SEED", 20_261_120);
    let count = number("SALLYPORT_WORLDS", SEQUENCES) as usize;
    let lanes = number("SALLYPORT_LANES", 4).clamp(1, 16) as usize;
    println!("SALLYPORT_SEED={seed} SALLYPORT_WORLDS={count} SALLYPORT_LANES={lanes}");
    let mut bytes = [0u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let waiting: VecDeque<_> = (0..count)
        .map(|n| (n, sequence().new_tree(&mut runner).unwrap().current()))
        .collect();
    let waiting = Mutex::new(waiting);
    let apart = Mutex::new(None);
    // Before anybody connects to it: what is copied is at rest.
    let mut pairs = Vec::new();
    for n in 0..lanes {
        pairs.push((
            copy(&owner, &format!("_w{n}a_")).await,
            copy(&owner, &format!("_w{n}b_")).await,
        ));
    }
    let started = Instant::now();
    let tally = std::thread::scope(|scope| {
        let lanes: Vec<_> = pairs
            .into_iter()
            .map(|pair| {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .unwrap();
                    runtime.block_on(lane(pair, &waiting, &apart))
                })
            })
            .collect();
        lanes.into_iter().fold(Tally::default(), |sum, lane| {
            sum.and(&lane.join().expect("a lane failed"))
        })
    });
    println!("{count} sequences, {tally:?}, {:?}", started.elapsed());
    if let Some(difference) = apart.into_inner().unwrap() {
        panic!(
            "the liaison can tell the worlds apart (SALLYPORT_SEED={seed} SALLYPORT_WORLDS={count}) in {difference}"
        );
    }
    // The sequences were not empty of what they are about.
    assert!(
        tally.hidden >= 2 * count && tally.told >= count / 2 && tally.parted <= 1 + count / 10,
        "{tally:?}"
    );
}
