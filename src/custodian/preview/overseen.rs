//! A draft over the decisions of a whole jurisdiction. The admin chooses the draft, so an answer
//! about one decision would be an answer about one person's facts, which no admin may read: a
//! draft that prohibits where somebody was convicted would say who was. What goes out are counts
//! alone, by agency, act and change: rounded down to tens, over whole months, of drafts that pick
//! nobody out, so many a day, each kept in the log of every agency that was asked about.
//! docs/POLICY.md says what this holds off, and what it does not.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, header};
use chrono::{Datelike, Duration};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::api::PreviewRequest;
use super::ask::{self, Books, Span};
use super::store::{self, Whose};
use crate::app::App;
use crate::custodian::readers;
use crate::db::ScopedTx;
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::log::{self, Event};
use crate::policy::preview::{ends_a_month, singles_out};
use crate::policy::{Act, Disposition};
use crate::registry::agencies;
use crate::types::actor::Tenant;

/// Counts are multiples of it; below it they are 0.
const STEP: u64 = 10;
/// Previews of one jurisdiction in 24 hours.
const MOST_A_DAY: i64 = 20;

/// Decisions of one agency whose disposition would change alike.
#[derive(Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct OverseenChange {
    /// ORI.
    pub agency: String,
    #[schema(value_type = String)]
    pub act: Act,
    /// By the rules that are loaded, as they were in force that day.
    pub now: Disposition,
    pub would_be: Disposition,
    /// Rounded down to tens; what comes to fewer than ten is not listed.
    pub count: u64,
}

/// What an admin reads: no decision, no request, no person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OverseenPreview {
    pub items: Vec<OverseenChange>,
    /// Rounded down to tens: 0 is fewer than ten.
    pub assessed: u64,
    pub changed: u64,
    /// What counts are rounded down to multiples of.
    pub rounded_to: u64,
    pub basis: &'static str,
}

const BASIS: &str = "Facts as they had been stated by the time of the decision; the paper, its service, the booking \
                     and the adopted positions as they are now. Restricted records are left out. Counts are rounded \
                     down to tens, so that no draft says anything about one person; 0 is fewer than ten.";

/// Is it a draft that an admin may ask about, over whole months?
///
/// # Errors
/// 422 with what would pick somebody out.
pub fn fits(request: &PreviewRequest, books: &Books) -> Result<(), Problem> {
    if request.from.day() != 1 {
        return Err(Problem::field(
            "/from",
            "whole_months",
            "An admin counts over whole months: the first day of one is expected.",
        ));
    }
    if !ends_a_month(request.to) {
        return Err(Problem::field(
            "/to",
            "whole_months",
            "An admin counts over whole months: the last day of one is expected.",
        ));
    }
    match singles_out(&books.now, &books.draft) {
        None => Ok(()),
        Some(words) => Err(Problem::field(
            "/draft",
            "singles_out",
            format!(
                "{words} could pick out single requests, and no loaded version of this rule has it: an admin's draft \
                 leaves it out."
            ),
        )),
    }
}

/// Counts the question among the day's and tells every agency of the subtree of it.
///
/// # Errors
/// 429 when the jurisdiction has asked too often.
pub async fn begin(
    tx: &mut ScopedTx<'_>,
    app: &App,
    request: &PreviewRequest,
) -> Result<Vec<Tenant>, Problem> {
    let now = app.clock.now();
    let jurisdiction = tx.actor().jurisdiction.clone().unwrap_or_default();
    let tenants = agencies::tenants_of_subtree(tx.conn(), &jurisdiction).await?;
    let ids: Vec<i32> = tenants.iter().map(|agency| agency.id).collect();
    let since = now - Duration::hours(24);
    // One after another, or many at once would each be the first.
    store::lock_previews(tx, &jurisdiction).await?;
    if store::previews_since(tx, &ids, &jurisdiction, since).await? >= MOST_A_DAY {
        let mut problem = Problem::new(
            Slug::RateLimited,
            format!(
                "{MOST_A_DAY} previews were asked for {jurisdiction} in the last 24 hours. Each is a look at what \
                 agencies decided, so there are no more for now."
            ),
        );
        problem
            .headers
            .push((header::RETRY_AFTER, HeaderValue::from(3_600)));
        return Err(problem);
    }
    // A draft is no secret, but it is free text: its hash lets anybody who has it find it here.
    let draft = hex::encode(Sha256::digest(request.draft.as_bytes()));
    let events = tenants
        .iter()
        .map(|agency| {
            Event::new("oversight.previewed", now, tx.actor())
                .also_for_agency(agency.id)
                .data("jurisdiction", jurisdiction.clone())
                .data("draft_hash", draft.clone())
                .data("from", request.from.to_string())
                .data("to", request.to.to_string())
        })
        .collect();
    log::append(tx, events).await?;
    Ok(tenants)
}

/// Asks about what each agency decided, in that agency's own scope: the admin's role reads no fact.
pub async fn count(
    app: &App,
    agencies: Vec<Tenant>,
    books: Books,
    span: Span,
) -> Result<OverseenPreview, Problem> {
    let mut cells: BTreeMap<(String, &'static str, &'static str, &'static str), u64> =
        BTreeMap::new();
    let (mut assessed, mut changed) = (0, 0);
    for agency in agencies {
        let ori = agency.code.clone();
        let mut tx = ScopedTx::for_party(&app.pools.custodian, readers::service(agency)).await?;
        ask::each(
            &mut tx,
            app,
            books.clone(),
            span,
            Whose::Unrestricted,
            |asked| {
                assessed += 1;
                if let Some(change) = asked.change {
                    changed += 1;
                    let cell = (
                        ori.clone(),
                        asked.act.as_str(),
                        change.now.as_str(),
                        change.would_be.as_str(),
                    );
                    *cells.entry(cell).or_default() += 1;
                }
            },
        )
        .await?;
        tx.rollback().await?;
    }
    let items = cells
        .into_iter()
        .filter(|(_, count)| *count >= STEP)
        .filter_map(|((agency, act, now, would_be), count)| {
            Some(OverseenChange {
                agency,
                act: Act::parse(act)?,
                now: Disposition::parse(now)?,
                would_be: Disposition::parse(would_be)?,
                count: rounded(count),
            })
        })
        .collect();
    Ok(OverseenPreview {
        items,
        assessed: rounded(assessed),
        changed: rounded(changed),
        rounded_to: STEP,
        basis: BASIS,
    })
}

fn rounded(count: u64) -> u64 {
    count - count % STEP
}
