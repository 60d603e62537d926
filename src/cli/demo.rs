//! The demonstration: fictional people, labelled so, in real places, in every state that the
//! thread knows. Everything goes through the commands of the two sides, on a clock of its own
//! that starts some days ago, so that log, streams and pages show what a real week would.

use std::collections::HashMap;
use std::net::SocketAddr;

use chrono::{Duration, NaiveDate};
use serde_json::json;

use super::database::Database;
use crate::app::App;
use crate::custodian::bookings::upsert::{BookingRequest, upsert};
use crate::custodian::detainers::acknowledge::{Acknowledge, acknowledge};
use crate::custodian::detainers::case_file;
use crate::custodian::detainers::serve::{Serve, serve};
use crate::custodian::determinations::decide::{DeterminationRequest, decide};
use crate::custodian::release_notices::record::{NoticeRequest, record};
use crate::dashboard::demo_accounts::{ACCOUNTS, PASSWORD};
use crate::db::ScopedTx;
use crate::delivery::consequences;
use crate::exchange::detainer::model::{Service, ServiceMethod};
use crate::exchange::detainer::request::DetainerRequest;
use crate::exchange::outcome::OutcomeRequest;
use crate::http::{Problem, json};
use crate::identity::accounts::{self, NewAccount};
use crate::identity::keys_api::{Place, insert};
use crate::log::sequence;
use crate::office::detainers::cancel::{CancellationRequest, cancel};
use crate::office::detainers::issue::issue;
use crate::registry::agencies::{self, AgencyBody};
use crate::registry::offices::{self, OfficeBody};
use crate::types::actor::Tenant;
use crate::types::ids::{DetainerId, NotificationId};
use crate::types::{Actor, Clock, Role, Side, Timestamp};
use crate::{custodian, office};

/// What is printed once: the keys cannot be read again.
pub struct Keys {
    fresh: Vec<(&'static str, String)>,
}

/// ORI, name, county, zone, office. Names, codes and counties are public facts; every person and
/// every act of the demonstration is made up.
const AGENCIES: &[(&str, &str, &str, &str, &str)] = &[
    (
        "CA0370000",
        "San Diego Central Jail",
        "06073",
        "America/Los_Angeles",
        "SND",
    ),
    (
        "CA0300000",
        "Orange County Jail",
        "06059",
        "America/Los_Angeles",
        "LOS",
    ),
    (
        "CA0380000",
        "San Francisco County Jail",
        "06075",
        "America/Los_Angeles",
        "SFR",
    ),
    (
        "TX1010000",
        "Harris County Jail",
        "48201",
        "America/Chicago",
        "HOU",
    ),
    (
        "IL0160000",
        "Cook County Jail",
        "17031",
        "America/Chicago",
        "CHI",
    ),
];

const OFFICES: &[(&str, &str, &str)] = &[
    ("SND", "San Diego Field Office", "America/Los_Angeles"),
    ("LOS", "Los Angeles Field Office", "America/Los_Angeles"),
    ("SFR", "San Francisco Field Office", "America/Los_Angeles"),
    ("HOU", "Houston Field Office", "America/Chicago"),
    ("CHI", "Chicago Field Office", "America/Chicago"),
];

const FAMILY: &[&str] = &["Example", "Sample", "Specimen", "Placeholder", "Fictional"];
const GIVEN: &[&str] = &[
    "Ana", "Luis", "Maria", "Omar", "Linh", "José", "Wei", "Amara", "Ivan", "Rosa", "Samir",
    "Elena",
];

#[derive(Clone, Copy)]
enum Step {
    Lodge,
    Acknowledge,
    /// Told to the office or not.
    Serve(bool),
    Book,
    /// Kind, and hours from the notice to the release (negative: before it).
    Notice(&'static str, i64),
    Comply,
    Decline,
    /// The office confirms its latest notification.
    Read,
    /// Notice axis, custody axis, disclosed.
    JailStates(&'static str, &'static str, bool),
    OfficeStates(&'static str, &'static str),
    Cancel(&'static str),
}
use Step::*;

/// Each state of the thread: hours ago, and what happened.
const STORIES: &[(&str, &[(i64, Step)])] = &[
    ("I-247A", &[(3, Lodge)]),
    ("I-247A", &[(52, Lodge), (50, Acknowledge)]),
    (
        "I-247G",
        &[
            (49, Book),
            (48, Lodge),
            (47, Acknowledge),
            (45, Serve(true)),
        ],
    ),
    (
        "I-247A",
        &[
            (73, Book),
            (72, Lodge),
            (70, Acknowledge),
            (69, Serve(true)),
            (5, Notice("scheduled", 26)),
        ],
    ),
    (
        "I-247A",
        &[
            (97, Lodge),
            (96, Acknowledge),
            (95, Serve(false)),
            (94, Book),
            (8, Notice("scheduled", 12)),
            (2, Notice("rescheduled", 30)),
        ],
    ),
    (
        "I-247A",
        &[
            (99, Book),
            (98, Lodge),
            (96, Acknowledge),
            (95, Serve(true)),
            (20, Notice("scheduled", 25)),
            (18, Comply),
        ],
    ),
    (
        "I-247A",
        &[
            (101, Book),
            (100, Lodge),
            (98, Acknowledge),
            (97, Serve(true)),
            (40, Notice("scheduled", 44)),
            (38, Comply),
            (37, Read),
        ],
    ),
    (
        "I-247G",
        &[
            (80, Book),
            (79, Lodge),
            (78, Acknowledge),
            (77, Serve(true)),
            (30, Notice("scheduled", 24)),
            (28, Decline),
            (6, Notice("actual", 0)),
            (
                5,
                JailStates(
                    "not_notified_declined_by_choice",
                    "released_no_hold_requested",
                    false,
                ),
            ),
        ],
    ),
    (
        "I-247A",
        &[
            (120, Book),
            (119, Lodge),
            (118, Acknowledge),
            (117, Serve(true)),
            (60, Notice("scheduled", 30)),
            (58, Comply),
            (57, Read),
            (30, Notice("actual", 0)),
            (
                28,
                JailStates("notified_before", "dhs_arrest_at_release_no_hold", true),
            ),
            (
                26,
                OfficeStates("notified_before", "dhs_arrest_at_release_no_hold"),
            ),
        ],
    ),
    (
        "I-247A",
        &[
            (122, Book),
            (121, Lodge),
            (119, Acknowledge),
            (118, Serve(true)),
            (62, Notice("immediate", 1)),
            (61, Comply),
            (60, Notice("actual", 0)),
            (
                50,
                JailStates("notified_before", "released_no_hold_requested", true),
            ),
            (
                48,
                OfficeStates("notified_after_release", "dhs_no_show_hold_expired"),
            ),
        ],
    ),
    (
        "I-247A",
        &[
            (90, Lodge),
            (88, Acknowledge),
            (12, Cancel("usc_or_presumptive_claim")),
        ],
    ),
    (
        "I-247A",
        &[(75, Book), (70, Notice("scheduled", 90)), (60, Lodge)],
    ),
];

struct Person {
    agency: usize,
    form: &'static str,
    family: &'static str,
    given: &'static str,
    born: NaiveDate,
    a_number: String,
    booking_number: String,
    detainer: Option<DetainerId>,
}

struct Loader {
    app: App,
    agencies: Vec<Tenant>,
    offices: HashMap<&'static str, Tenant>,
}

/// Loads the scenario once, and makes fresh keys at every start.
pub async fn load(app: &App, database: &Database) -> anyhow::Result<Keys> {
    let mut conn = app.pools.operator.acquire().await?;
    let (loaded, begun): (bool, bool) = sqlx::query_as(
        "select exists (select from identity.account), exists (select from registry.agency)",
    )
    .fetch_one(&mut *conn)
    .await?;
    if begun && !loaded {
        anyhow::bail!(
            "the demonstration in {} was only half loaded; remove it and start again",
            database.place()
        );
    }
    let loader = registry(app).await?;
    if !loaded {
        eprintln!("Loading the demonstration: fictional people in five real counties.");
        loader.people().await?;
        let now = app.clock.now();
        for account in ACCOUNTS {
            let agency = loader
                .agencies
                .iter()
                .find(|agency| Some(agency.code.as_str()) == account.place);
            let new = NewAccount {
                side: account.side,
                role: account.role,
                agency_id: agency.map(|agency| agency.id),
                office_id: account
                    .place
                    .and_then(|code| loader.offices.get(code))
                    .map(|office| office.id),
                jurisdiction: None,
                email: account.email,
                name: account.name,
                password: PASSWORD,
            };
            accounts::create(&mut conn, new, now).await?;
        }
    }
    let mut fresh = Vec::new();
    for (label, role, agency, office) in [
        (
            "reviewer of San Diego Central Jail",
            Role::Reviewer,
            Some(0),
            None,
        ),
        (
            "liaison of the San Diego office (SND)",
            Role::Liaison,
            None,
            Some("SND"),
        ),
    ] {
        let place = Place {
            role,
            agency_id: agency.map(|at: usize| loader.agencies[at].id),
            office_id: office.map(|code| loader.offices[code].id),
            jurisdiction: None,
        };
        let in_a_week = Some(app.clock.now() + Duration::days(7));
        fresh.push((
            label,
            insert(
                &mut conn,
                &place,
                "demonstration",
                in_a_week,
                app.clock.now(),
            )
            .await?
            .1,
        ));
    }
    Ok(Keys { fresh })
}

/// Prints the address, the logins and the keys.
pub fn print(_: &App, address: SocketAddr, keys: &Keys) {
    println!("\nSallyport demonstration: http://{address}/   (every person in it is fictional)");
    println!("\nSign in with the password \"{PASSWORD}\" as");
    for account in ACCOUNTS {
        println!(
            "  {:<28} {:<13} {}",
            account.email,
            account.role.as_str(),
            account.place.unwrap_or_default()
        );
    }
    println!("\nAPI keys (shown once, good for a week)");
    for (label, key) in &keys.fresh {
        println!("  {key}   {label}");
    }
    println!(
        "\nTry:  curl -H \"Authorization: Bearer {}\" http://{address}/v1/detainers?status=pending\n",
        keys.fresh[0].1
    );
}

/// The places, registered once.
async fn registry(app: &App) -> anyhow::Result<Loader> {
    let now = app.clock.now();
    let mut conn = app.pools.operator.acquire().await?;
    let mut offices_by_code = HashMap::new();
    for (code, name, zone) in OFFICES {
        let contacts = json!([{"label": "Duty officer (fictional)", "phone": "555-0100", "hours": "24 h", "order": 1}]);
        let body = OfficeBody {
            code: (*code).into(),
            name: (*name).into(),
            kind: "ice_field_office".into(),
            time_zone: (*zone).into(),
            contacts: Some(contacts),
            connected: true,
        };
        offices::insert(&mut conn, &body, now).await?;
        let office = offices::by_code(&mut conn, code)
            .await?
            .ok_or_else(|| anyhow::anyhow!("office {code}"))?;
        let tenant = Tenant {
            id: office.id,
            code: office.code,
            name: office.name,
            time_zone: office.time_zone,
        };
        offices_by_code.insert(*code, tenant);
    }
    let mut found = Vec::new();
    for (ori, name, county, zone, _) in AGENCIES {
        let body = AgencyBody {
            ori: (*ori).into(),
            name: (*name).into(),
            kind: "jail".into(),
            jurisdiction: (*county).into(),
            time_zone: (*zone).into(),
            place: None,
            connected: true,
        };
        agencies::insert(&mut conn, &body, now).await?;
        let agency = agencies::by_ori(&mut conn, ori)
            .await?
            .ok_or_else(|| anyhow::anyhow!("agency {ori}"))?;
        found.push(Tenant {
            id: agency.id,
            code: agency.ori,
            name: agency.name,
            time_zone: agency.time_zone,
        });
    }
    // A clock of its own: the scenario begins in the past.
    let app = App {
        clock: Clock::default(),
        ..app.clone()
    };
    Ok(Loader {
        app,
        agencies: found,
        offices: offices_by_code,
    })
}

impl Loader {
    async fn people(&self) -> anyhow::Result<()> {
        let mut people = Vec::new();
        let mut steps: Vec<(i64, usize, Step)> = Vec::new();
        for agency in 0..AGENCIES.len() {
            for (story, (form, acts)) in STORIES.iter().enumerate() {
                let at = people.len();
                people.push(Person {
                    agency,
                    form,
                    family: FAMILY[(at + story) % FAMILY.len()],
                    given: GIVEN[(at * 5 + agency) % GIVEN.len()],
                    born: NaiveDate::from_ymd_opt(
                        1975 + (at as i32 * 7) % 28,
                        1 + (at as u32 * 5) % 12,
                        1 + (at as u32 * 11) % 28,
                    )
                    .unwrap_or_default(),
                    a_number: format!("A000{:06}", 100_000 + at * 37),
                    booking_number: format!("26-{:06}", 1_000 + at * 13),
                    detainer: None,
                });
                // Each county a little later, so that no two look alike.
                steps.extend(
                    acts.iter()
                        .map(|(hours, step)| (hours * 60 - agency as i64 * 7, at, *step)),
                );
            }
        }
        steps.sort_by_key(|(minutes_ago, at, _)| (-minutes_ago, *at));
        let mut offset = 0;
        for (minutes_ago, at, step) in steps {
            let wanted = -minutes_ago * 60;
            self.app.clock.advance(wanted - offset);
            offset = wanted;
            self.step(&mut people[at], step).await.map_err(|problem| {
                anyhow::anyhow!(
                    "{} of {}: {}",
                    people[at].given,
                    people[at].booking_number,
                    problem.detail
                )
            })?;
            self.catch_up().await?;
        }
        Ok(())
    }

    /// Sequencer and readers, in step with the scenario's clock.
    async fn catch_up(&self) -> anyhow::Result<()> {
        loop {
            let moved = sequence::batch(&self.app.pools.worker, self.app.clock.now()).await?;
            if moved + consequences::batch(&self.app).await? == 0 {
                return Ok(());
            }
        }
    }

    async fn jail(&self, agency: usize) -> Result<ScopedTx<'static>, Problem> {
        let actor = Actor {
            side: Side::Custodian,
            role: Role::Reviewer,
            agency: Some(self.agencies[agency].clone()),
            office: None,
            jurisdiction: None,
            credential: "demonstration".into(),
            name: "R. Reviewer".into(),
        };
        Ok(ScopedTx::for_party(&self.app.pools.custodian, actor).await?)
    }

    async fn office(&self, agency: usize) -> Result<ScopedTx<'static>, Problem> {
        let actor = Actor {
            side: Side::Office,
            role: Role::Liaison,
            agency: None,
            office: Some(self.offices[AGENCIES[agency].4].clone()),
            jurisdiction: None,
            credential: "demonstration".into(),
            name: "L. Liaison".into(),
        };
        Ok(ScopedTx::for_party(&self.app.pools.office, actor).await?)
    }

    async fn step(&self, person: &mut Person, step: Step) -> Result<(), Problem> {
        let (app, now) = (&self.app, self.app.clock.now());
        let id = || person.detainer.ok_or_else(Problem::not_found);
        let text = |at: Timestamp| at.to_rfc3339();
        let subject = json!({"family_name": person.family, "given_name": person.given, "date_of_birth": person.born, "a_number": person.a_number});
        match step {
            Lodge => {
                let notice_only = person.form == "I-247G";
                let request: DetainerRequest = json::read(json!({
                    "form": person.form, "form_revision": if notice_only { "02/17" } else { "03/17" },
                    "issued_on": now.date_naive(), "office": AGENCIES[person.agency].4, "custodian": AGENCIES[person.agency].0,
                    "subject": subject,
                    "asks": {"notify": true, "hold": !notice_only, "transfer": !notice_only, "relay": true, "status_events": true},
                    "basis": {"biometric_records": true, "final_order": person.born.to_string().ends_with('5')},
                    "warrants": if notice_only { json!([]) } else { json!([{"kind": "administrative_i200", "signed_on": now.date_naive(), "signer": "S. Signer", "copy_present": true}]) },
                }))?;
                let mut tx = self.office(person.agency).await?;
                person.detainer = Some(issue(&mut tx, app, request).await?.paper().id);
                tx.commit().await?;
            }
            Acknowledge => {
                let id = id()?;
                let mut tx = self.jail(person.agency).await?;
                let case = case_file::lock(&mut tx, id)
                    .await?
                    .ok_or_else(Problem::not_found)?;
                acknowledge(
                    &mut tx,
                    app,
                    case,
                    self::Acknowledge {
                        id,
                        by: "C. Clerk".into(),
                    },
                )
                .await?;
                tx.commit().await?;
            }
            Serve(tell_office) => {
                let id = id()?;
                let mut tx = self.jail(person.agency).await?;
                let case = case_file::lock(&mut tx, id)
                    .await?
                    .ok_or_else(Problem::not_found)?;
                let service = Service {
                    served_at: now,
                    method: ServiceMethod::InPerson,
                    method_other: None,
                    language: Some("es".into()),
                    officer: Some("C. Clerk".into()),
                };
                serve(
                    &mut tx,
                    app,
                    case,
                    self::Serve {
                        id,
                        service,
                        tell_office,
                    },
                )
                .await?;
                tx.commit().await?;
            }
            Book => {
                let request: BookingRequest = json::read(json!({
                    "booked_at": text(now - Duration::hours(2)), "subject": subject, "custody_basis": "local_charge",
                    "charges": [{"statute": "PC 459", "state": "CA", "description": "Burglary (fictional)", "level": "misdemeanor", "charged_on": now.date_naive()}],
                }))?;
                let mut tx = self.jail(person.agency).await?;
                upsert(&mut tx, app, &person.booking_number, &request).await?;
                tx.commit().await?;
            }
            Notice(kind, in_hours) => {
                let request: NoticeRequest = json::read(json!({
                    "booking_number": person.booking_number, "kind": kind, "effective_at": text(now + Duration::hours(in_hours)),
                    "release_basis": "sentence_complete", "subject": subject, "note": "Fictional.",
                }))?;
                let mut tx = self.jail(person.agency).await?;
                record(&mut tx, app, &request).await?;
                tx.commit().await?;
            }
            Comply | Decline => {
                let complies = matches!(step, Comply);
                let request: DeterminationRequest = json::read(json!({
                    "act": "notify_release", "decision": if complies { "comply" } else { "decline" },
                    "reason_code": if complies { "law_permits" } else { "agency_policy" }, "note": "Fictional.",
                }))?;
                let mut tx = self.jail(person.agency).await?;
                let case = case_file::lock(&mut tx, id()?)
                    .await?
                    .ok_or_else(Problem::not_found)?;
                decide(&mut tx, app, case, request).await?;
                tx.commit().await?;
            }
            Read => {
                let mut tx = self.office(person.agency).await?;
                let told = crate::exchange::notification::list(&mut tx, None, Some(id()?), None, 1)
                    .await?;
                let latest = told.first().ok_or_else(Problem::not_found)?;
                office::notifications::acknowledge(
                    &mut tx,
                    app,
                    NotificationId::from(latest.id),
                    "L. Liaison",
                )
                .await?;
                tx.commit().await?;
            }
            JailStates(notice, custody, disclose) => {
                let request = outcome(notice, custody, now, Some(disclose))?;
                let mut tx = self.jail(person.agency).await?;
                let case = case_file::lock(&mut tx, id()?)
                    .await?
                    .ok_or_else(Problem::not_found)?;
                custodian::outcomes::state(&mut tx, app, case, &request).await?;
                tx.commit().await?;
            }
            OfficeStates(notice, custody) => {
                let request = outcome(notice, custody, now, None)?;
                let mut tx = self.office(person.agency).await?;
                let paper = crate::exchange::detainer::store::get(&mut tx, &app.vault, id()?)
                    .await?
                    .ok_or_else(Problem::not_found)?;
                office::outcomes::state(&mut tx, app, &paper, &request).await?;
                tx.commit().await?;
            }
            Cancel(lift_reason) => {
                let request: CancellationRequest = json::read(json!({
                    "reason": "Fictional.", "lift_reason": lift_reason, "cancelled_on": now.date_naive(),
                }))?;
                let mut tx = self.office(person.agency).await?;
                cancel(&mut tx, app, id()?, request).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

fn outcome(
    notice: &str,
    custody: &str,
    at: Timestamp,
    disclose: Option<bool>,
) -> Result<OutcomeRequest, Problem> {
    json::read(
        json!({"notice": notice, "custody": custody, "stated_at": at.to_rfc3339(), "note": "Fictional.", "disclose": disclose}),
    )
}
