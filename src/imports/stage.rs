//! A chunk of rows on its way into the database: packed for COPY, staged in a temporary table,
//! taken over in one statement. Row security forbids COPY into the table itself.

use std::fmt::Write;

use sqlx::PgConnection;

use super::ddp::{Form, HistoricalDetainer};
use crate::db::StoreError;

// These two name a table that lives for one transaction, so no query macro can check them;
// the tests of `apply` run them.
const STAGING: &str = "create temp table historical_chunk (
    ordinal int, prepared_on date, form text, form_revision text, asks text, lift_reason text,
    lift_reason_raw text, facility text, city text, state text, county_fips text, county_method text,
    county_unresolved text, county_conflict boolean, custodian_kind text, raw_line text, row_hash bytea
) on commit drop";
const TAKE_OVER: &str = "insert into reports.historical_detainer as kept
       (dataset, ordinal, prepared_on, form, form_revision, asks, lift_reason, lift_reason_raw, facility, city,
        state, county_fips, county_method, county_unresolved, county_conflict, custodian_kind, raw_line, row_hash)
select $1, ordinal, prepared_on, form, form_revision, asks, lift_reason, lift_reason_raw, facility, city,
       state, county_fips, county_method, county_unresolved, county_conflict, custodian_kind, raw_line, row_hash
  from pg_temp.historical_chunk
    on conflict (dataset, ordinal) do update
   set prepared_on = excluded.prepared_on, form = excluded.form, form_revision = excluded.form_revision,
       asks = excluded.asks, lift_reason = excluded.lift_reason, lift_reason_raw = excluded.lift_reason_raw,
       facility = excluded.facility, city = excluded.city, state = excluded.state,
       county_fips = excluded.county_fips, county_method = excluded.county_method,
       county_unresolved = excluded.county_unresolved, county_conflict = excluded.county_conflict,
       custodian_kind = excluded.custodian_kind, raw_line = excluded.raw_line, row_hash = excluded.row_hash
 where kept.row_hash <> excluded.row_hash";

/// Writes new and changed rows of a dataset, inside the caller's transaction. Returns how many.
pub async fn take_over(
    conn: &mut PgConnection,
    dataset: &str,
    rows: &[&HistoricalDetainer],
) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    sqlx::query(STAGING).execute(&mut *conn).await?;
    let mut copy = conn
        .copy_in_raw("copy pg_temp.historical_chunk from stdin")
        .await?;
    if let Err(error) = copy.send(packed(rows).as_bytes()).await {
        copy.abort("the chunk could not be sent").await.ok();
        return Err(error.into());
    }
    copy.finish().await?;
    Ok(sqlx::query(TAKE_OVER)
        .bind(dataset)
        .execute(conn)
        .await?
        .rows_affected())
}

/// The rows in PostgreSQL's text form of COPY.
fn packed(rows: &[&HistoricalDetainer]) -> String {
    let mut out = String::with_capacity(rows.len() * 400);
    for row in rows {
        let place = &row.place;
        write!(out, "{}\t{}", row.ordinal, row.prepared_on).expect("a string takes every write");
        for text in [
            row.form.map(Form::as_str),
            row.form_revision.as_deref(),
            Some(row.asks.as_str()),
            row.lift_reason.as_deref(),
            row.lift_reason_raw.as_deref(),
            place.facility.as_deref(),
            place.city.as_deref(),
            place.state.as_deref(),
            place.county.as_deref(),
            Some(place.method.as_str()),
            place.method.unresolved(),
            Some(if place.conflict { "t" } else { "f" }),
            Some(place.custodian_kind.as_str()),
            Some(&row.raw_line),
        ] {
            out.push('\t');
            match text {
                None => out.push_str("\\N"),
                Some(text) => escape(&mut out, text),
            }
        }
        out.push_str("\t\\\\x");
        for byte in row.row_hash {
            out.push(char::from_digit(u32::from(byte >> 4), 16).expect("a nibble"));
            out.push(char::from_digit(u32::from(byte & 15), 16).expect("a nibble"));
        }
        out.push('\n');
    }
    out
}

fn escape(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '\t', '\n', '\r']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'\\' => "\\\\",
            b'\t' => "\\t",
            b'\n' => "\\n",
            _ => "\\r",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_copy_reads_as_a_sign_is_escaped() {
        let mut out = String::new();
        escape(&mut out, "a\\N\tb\r\nc");
        assert_eq!(out, "a\\\\N\\tb\\r\\nc");
    }
}
