//! `sallyport keys create`: also while the service runs.

use std::path::PathBuf;

use sqlx::ConnectOptions;

use super::{Failure, KeyArgs, PlaceArgs, database, migrate};
use crate::config::Config;
use crate::identity::keys_api::{Place, insert};
use crate::registry::{agencies, jurisdictions, offices};
use crate::types::{Clock, Role};

pub fn create(config: &Config, data_dir: Option<PathBuf>, args: KeyArgs) -> Result<(), Failure> {
    check(&args.place)?;
    let database = database::Database::open(config, data_dir)?;
    let key = database::runtime()?.block_on(async {
        if database.is_private {
            migrate::apply(&database.owner).await?;
        }
        make(&database, &args).await
    })?;
    println!("{key}");
    database.close()
}

/// Does the role stand where it is said to?
pub fn check(args: &PlaceArgs) -> Result<(), Failure> {
    if args.jurisdiction.as_deref() == Some("us") {
        return Err(Failure::Usage(
            "no admin or auditor stands over the whole country (--jurisdiction us)".to_owned(),
        ));
    }
    let given = (
        args.agency.is_some(),
        args.office.is_some(),
        args.jurisdiction.is_some(),
    );
    let fits = match args.role {
        Role::Submitter | Role::Reviewer => given == (true, false, false),
        Role::Liaison => given == (false, true, false),
        Role::JurisdictionAdmin => given == (false, false, true),
        Role::Auditor => given == (false, false, true) || given == (false, true, false),
        Role::SystemAdmin => given == (false, false, false),
    };
    if fits {
        return Ok(());
    }
    let wanted = match args.role {
        Role::Submitter | Role::Reviewer => "--agency ORI",
        Role::Liaison => "--office CODE",
        Role::JurisdictionAdmin => "--jurisdiction ID",
        Role::Auditor => "--jurisdiction ID or --office CODE",
        Role::SystemAdmin => "none of --agency, --office, --jurisdiction",
    };
    Err(Failure::Usage(format!(
        "the role {} takes {wanted}",
        args.role
    )))
}

async fn make(database: &database::Database, args: &KeyArgs) -> Result<String, Failure> {
    let mut conn = database
        .owner
        .clone()
        .options([("role", "sallyport_operator")])
        .connect()
        .await?;
    let place = place(&mut conn, &args.place).await?;
    Ok(
        insert(&mut conn, &place, &args.name, None, Clock::default().now())
            .await?
            .1,
    )
}

/// Looks the place up.
pub async fn place(conn: &mut sqlx::PgConnection, args: &PlaceArgs) -> Result<Place, Failure> {
    let mut place = Place {
        role: args.role,
        agency_id: None,
        office_id: None,
        jurisdiction: args.jurisdiction.clone(),
    };
    if let Some(ori) = &args.agency {
        let found = agencies::by_ori(conn, ori).await?;
        place.agency_id = Some(
            found
                .ok_or_else(|| {
                    Failure::Usage(format!("no agency is registered under the ORI {ori}"))
                })?
                .id,
        );
    }
    if let Some(code) = &args.office {
        let found = offices::by_code(conn, code).await?;
        place.office_id = Some(
            found
                .ok_or_else(|| {
                    Failure::Usage(format!("no office is registered under the code {code}"))
                })?
                .id,
        );
    }
    if let Some(id) = &args.jurisdiction
        && !jurisdictions::exists(conn, id).await?
    {
        return Err(Failure::Usage(format!("no jurisdiction has the id {id}")));
    }
    Ok(place)
}
