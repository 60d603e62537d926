//! The masked list: every query names the agencies, and row security holds them once more.

use chrono::NaiveDate;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::detainers::{MaskedAsks, MaskedDetainer, MaskedOutcome, MaskedOutcomes};
use crate::app::App;
use crate::db::{ScopedTx, StoreError};
use crate::exchange::detainer::filter::Filter;
use crate::exchange::detainer::{Stage, Status};
use crate::http::cursor::Place;
use crate::types::Timestamp;

/// A masked request and whose it is.
pub struct MaskedRow {
    pub agency_id: i32,
    pub body: MaskedDetainer,
}

/// What a stage is made of, the earlier ones left out.
const STAGES: [(Stage, &str); 6] = [
    (Stage::Released, "c.released_at is not null"),
    (Stage::HoldRunning, "c.hold_deadline_at is not null"),
    (Stage::ReleaseExpected, "c.release_expected_at is not null"),
    (Stage::Served, "c.served_at is not null"),
    (Stage::Acknowledged, "c.acknowledged_at is not null"),
    (Stage::Received, "true"),
];

/// The ids of a page, in order, and the place where the next begins.
pub async fn page(
    tx: &mut ScopedTx<'_>,
    app: &App,
    agencies: &[i32],
    filter: &Filter,
) -> Result<(Vec<Uuid>, Option<Place>), StoreError> {
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(
        "select c.id, c.issued_on from custodian.case_file c where c.agency_id = any(",
    );
    query.push_bind(agencies.to_vec()).push(")");
    if let Some(status) = filter.status {
        // A literal, so that the partial index of pending ones serves.
        query.push(format!(" and c.status = '{status}'"));
    }
    if let Some(form) = filter.form {
        query.push(" and c.form = ").push_bind(form.as_str());
    }
    if let Some(office) = filter.office_id {
        query.push(" and c.office_id = ").push_bind(office);
    }
    if let Some(wanted) = filter.stage {
        let mut known = false;
        for (stage, holds) in STAGES {
            query.push(if stage == wanted {
                " and "
            } else {
                " and not "
            });
            query.push(holds);
            if stage == wanted {
                known = true;
                break;
            }
        }
        if !known {
            query.push(" and false");
        }
    }
    filter.push_common(&mut query, "c", app);
    let rows: Vec<(Uuid, NaiveDate)> = query.build_query_as().fetch_all(tx.conn()).await?;
    Ok(filter.split(rows))
}

/// The requests with these ids, in the order of the ids.
pub async fn by_ids(
    tx: &mut ScopedTx<'_>,
    agencies: &[i32],
    ids: &[Uuid],
    now: Timestamp,
) -> Result<Vec<MaskedRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.agency_id, a.ori, a.time_zone, a.connected, o.code, c.form, c.issued_on, c.status, c.acknowledged_at,
                  c.served_at, c.release_expected_at, c.released_at, c.hold_deadline_at, c.handed_over_at, c.claim_open,
                  c.duplicate_of, coalesce(d.asks_notify, p.asks_notify, false) as "notify!",
                  coalesce(d.asks_hold, p.asks_hold, false) as "hold!",
                  coalesce(d.asks_transfer, p.asks_transfer, false) as "transfer!",
                  d.cancelled_at as "cancelled_at?", d.lift_reason as "lift_reason?",
                  own.notice as "own_notice?", own.custody as "own_custody?",
                  theirs.notice as "their_notice?", theirs.custody as "their_custody?"
             from custodian.case_file c
                  join registry.agency a on a.id = c.agency_id
                  join registry.office o on o.id = c.office_id
                  left join exchange.detainer d on d.agency_id = c.agency_id and d.id = c.id
                  left join custodian.paper p on p.agency_id = c.agency_id and p.id = c.id
                  left join lateral (select notice, custody from custodian.outcome s
                       where s.agency_id = c.agency_id and s.detainer_id = c.id order by recorded_at desc limit 1) own on true
                  left join lateral (select notice, custody from exchange.outcome s
                       where s.agency_id = c.agency_id and s.detainer_id = c.id and s.side = 'office'
                       order by recorded_at desc limit 1) theirs on true
            where c.agency_id = any($1) and c.id = any($2) order by array_position($2, c.id)"#,
        agencies,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let stage = if row.released_at.is_some() {
                Stage::Released
            } else if row.hold_deadline_at.is_some() {
                Stage::HoldRunning
            } else if row.release_expected_at.is_some() {
                Stage::ReleaseExpected
            } else if row.served_at.is_some() {
                Stage::Served
            } else if row.acknowledged_at.is_some() {
                Stage::Acknowledged
            } else {
                Stage::Received
            };
            let flags = [
                (row.duplicate_of.is_some(), "duplicate"),
                (!row.connected, "custodian_not_connected"),
                (row.claim_open, "citizenship_claim_open"),
            ];
            let outcome = |notice: Option<String>, custody: Option<String>| {
                Some(MaskedOutcome {
                    notice: notice?,
                    custody: custody?,
                })
            };
            let zone = row.time_zone.parse().unwrap_or(chrono_tz::UTC);
            let today = now.with_timezone(&zone).date_naive();
            Ok(MaskedRow {
                agency_id: row.agency_id,
                body: MaskedDetainer {
                    id: row.id,
                    status: row
                        .status
                        .parse::<Status>()
                        .map_err(StoreError::Unreadable)?,
                    stage,
                    form: row.form,
                    issued_on: row.issued_on,
                    office: row.code,
                    custodian: row.ori,
                    asks: MaskedAsks {
                        notify: row.notify,
                        hold: row.hold,
                        transfer: row.transfer,
                    },
                    acknowledged_at: row.acknowledged_at,
                    served_at: row.served_at,
                    release_expected_at: row.release_expected_at,
                    released_at: row.released_at,
                    handed_over_at: row.handed_over_at,
                    cancelled_at: row.cancelled_at,
                    lift_reason: row.lift_reason,
                    flags: flags
                        .into_iter()
                        .filter(|(holds, _)| *holds)
                        .map(|(_, word)| word.to_owned())
                        .collect(),
                    age_days: (today - row.issued_on).num_days().max(0),
                    outcome: MaskedOutcomes {
                        custodian: outcome(row.own_notice, row.own_custody),
                        office: outcome(row.their_notice, row.their_custody),
                    },
                },
            })
        })
        .collect()
}
