//! The demonstration: fictional people, labelled so, in real places, in every state that the
//! service knows. Everything goes through the commands of the two sides, on a clock of its own
//! that starts years ago, so that log, streams and pages show what a real history would.

mod doors;
mod lives;
mod steps;
mod stories;

use std::collections::HashMap;
use std::net::SocketAddr;

use chrono::{Duration, NaiveDate};
use serde_json::json;

use self::stories::{Places, STORIES, Step};
use super::database::Database;
use crate::app::App;
use crate::dashboard::demo_accounts::{ACCOUNTS, PASSWORD};
use crate::delivery::consequences;
use crate::identity::accounts::{self, NewAccount};
use crate::identity::keys_api::{Place, insert};
use crate::log::sequence;
use crate::registry::adopted::{self, AdoptedPosition};
use crate::registry::agencies::{self, AgencyBody};
use crate::registry::offices::{self, OfficeBody};
use crate::types::actor::Tenant;
use crate::types::ids::DetainerId;
use crate::types::{Clock, Role, Timestamp};

/// What is printed once: the keys cannot be read again.
pub struct Keys {
    fresh: Vec<(&'static str, String)>,
}

/// Names, codes and counties are public facts; every person and every act of the demonstration is
/// made up.
struct Registered {
    ori: &'static str,
    name: &'static str,
    kind: &'static str,
    jurisdiction: &'static str,
    zone: &'static str,
    office: &'static str,
    places: &'static [Places],
}

const fn jail(
    ori: &'static str,
    name: &'static str,
    jurisdiction: &'static str,
    zone: &'static str,
    office: &'static str,
    places: &'static [Places],
) -> Registered {
    Registered {
        ori,
        name,
        kind: "jail",
        jurisdiction,
        zone,
        office,
        places,
    }
}

const PACIFIC: &str = "America/Los_Angeles";
const CENTRAL: &str = "America/Chicago";

#[rustfmt::skip]
const AGENCIES: &[Registered] = &[
    jail("CA0370000", "San Diego Central Jail", "06073", PACIFIC, "SND", &[Places::Jails]),
    jail("CA0300000", "Orange County Jail", "06059", PACIFIC, "LOS", &[Places::Jails]),
    jail("CA0380000", "San Francisco County Jail", "06075", PACIFIC, "SFR", &[Places::Jails]),
    jail("TX1010000", "Harris County Jail", "48201", CENTRAL, "HOU", &[Places::Jails, Places::Cooperating]),
    jail("IL0160000", "Cook County Jail", "17031", CENTRAL, "CHI", &[Places::Jails]),
    Registered {
        ori: "CA0301300", name: "Los Alamitos Police Department", kind: "police", jurisdiction: "0643224", zone: PACIFIC,
        office: "LOS", places: &[],
    },
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
        let now = app.clock.now();
        loader.positions().await?;
        loader.lives().await.map_err(told)?;
        loader.at(now);
        loader.people().await?;
        loader.doors().await.map_err(told)?;
        loader.catch_up().await?;
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
    for Registered {
        ori,
        name,
        kind,
        jurisdiction,
        zone,
        ..
    } in AGENCIES
    {
        let body = AgencyBody {
            ori: (*ori).into(),
            name: (*name).into(),
            kind: (*kind).into(),
            jurisdiction: (*jurisdiction).into(),
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
    /// Moves the demonstration's clock to an instant.
    fn at(&self, instant: Timestamp) {
        let clock = &self.app.clock;
        clock.advance((instant - clock.now()).num_seconds());
    }

    /// How San Diego's jail reads the county's policy, which is contested for it: fictional. The
    /// transfer is left open, as it may be.
    async fn positions(&self) -> anyhow::Result<()> {
        let mut tx = self.jail(0).await.map_err(told)?;
        let position = AdoptedPosition {
            act: crate::policy::Act::NotifyRelease,
            version: 1,
            rule: "us-ca-san-diego/policy-l-2".into(),
            reading: crate::policy::evaluate::Reading::Permitted,
            signed_by: "S. Example, for the demonstration".into(),
            reason: "Fictional: shows how a contested rule is read.".into(),
            recorded_at: self.app.clock.now(),
        };
        adopted::adopt(&mut tx, &position).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn people(&self) -> anyhow::Result<()> {
        let now = self.app.clock.now();
        let mut people = Vec::new();
        let mut steps: Vec<(i64, usize, Step)> = Vec::new();
        for (agency, place) in AGENCIES.iter().enumerate() {
            let here = STORIES
                .iter()
                .enumerate()
                .filter(|(_, story)| place.places.contains(&story.places));
            for (story, told) in here {
                let at = people.len();
                people.push(Person {
                    agency,
                    form: told.form,
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
                    told.acts
                        .iter()
                        .map(|(hours, step)| (hours * 60 - agency as i64 * 7, at, *step)),
                );
            }
        }
        steps.sort_by_key(|(minutes_ago, at, _)| (-minutes_ago, *at));
        for (minutes_ago, at, step) in steps {
            self.at(now - Duration::minutes(minutes_ago));
            self.step(&mut people[at], step).await.map_err(|problem| {
                let person = &people[at];
                anyhow::anyhow!(
                    "{} of {} at {}, {minutes_ago} minutes ago: {}",
                    person.given,
                    person.booking_number,
                    AGENCIES[person.agency].name,
                    problem.detail
                )
            })?;
            self.catch_up().await?;
        }
        self.at(now);
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
}

fn told(problem: crate::http::Problem) -> anyhow::Error {
    anyhow::anyhow!("{}", problem.detail)
}
