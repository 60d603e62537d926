//! `sallyport users create`: also while the service runs.

use std::path::PathBuf;

use sqlx::ConnectOptions;

use super::keys::{check, place};
use super::{Failure, UserArgs, database, migrate};
use crate::config::Config;
use crate::identity::invitations::{self, NewMember, side_of};
use crate::types::{Clock, Role};

pub fn create(config: &Config, data_dir: Option<PathBuf>, args: UserArgs) -> Result<(), Failure> {
    check(&args.place)?;
    if args.place.role == Role::Auditor && args.place.office.is_some() {
        return Err(Failure::Usage(
            "an office's auditor has a key, not an account: sallyport keys create".to_owned(),
        ));
    }
    let database = database::Database::open(config, data_dir)?;
    let path = database::runtime()?.block_on(async {
        if database.is_private {
            migrate::apply(&database.owner).await?;
        }
        make(&database, &args).await
    })?;
    let scheme = if config.http.https { "https" } else { "http" };
    println!("{scheme}://{}{path}", config.http.listen);
    database.close()
}

async fn make(database: &database::Database, args: &UserArgs) -> Result<String, Failure> {
    let mut conn = database
        .owner
        .clone()
        .options([("role", "sallyport_operator")])
        .connect()
        .await?;
    let place = place(&mut conn, &args.place).await?;
    let now = Clock::default().now();
    let member = NewMember {
        role: place.role,
        agency_id: place.agency_id,
        office_id: place.office_id,
        jurisdiction: place.jurisdiction,
        email: args.email.clone(),
        name: args.name.clone(),
    };
    let account = invitations::open(&mut conn, &member, now)
        .await?
        .ok_or_else(|| {
            Failure::Usage(format!(
                "{} has an account already; an operator or a reviewer makes a new link on the page Accounts",
                args.email
            ))
        })?;
    let side = side_of(member.role);
    Ok(invitations::invite(&mut conn, account, side, "command line", now).await?)
}
