//! The second step of `migrate`: the reference data, from the files in the binary. It is not in
//! the SQL migrations, or every test database would pay for it.

use sqlx::PgConnection;

use crate::db::StoreError;
use crate::types::Timestamp;

const STATES: &str = include_str!("../../config/registry/states.csv");
const COUNTIES: &str = include_str!("../../config/registry/counties.csv");
const OFFICES: &str = include_str!("../../config/registry/offices.csv");
const CITIES: &str = include_str!("../../config/registry/cities.csv");

/// Inserts or renames every jurisdiction; run as the owner.
pub async fn jurisdictions(owner: &mut PgConnection) -> Result<u64, StoreError> {
    let mut ids = vec!["us".to_owned()];
    let mut levels = vec!["federal"];
    let mut names = vec!["United States".to_owned()];
    let mut states: Vec<Option<String>> = vec![None];
    let mut parents: Vec<Option<String>> = vec![None];
    let mut fips: Vec<Option<String>> = vec![None];
    for [code, abbreviation, name] in rows::<3>(STATES, ["fips", "state", "name"])? {
        ids.push(format!("us-{}", abbreviation.to_lowercase()));
        levels.push("state");
        names.push(name);
        states.push(Some(abbreviation));
        parents.push(Some("us".to_owned()));
        fips.push(Some(code));
    }
    for [code, state, name] in rows::<3>(COUNTIES, ["fips", "state", "name"])? {
        parents.push(Some(format!("us-{}", state.to_lowercase())));
        ids.push(code.clone());
        levels.push("county");
        names.push(name);
        states.push(Some(state));
        fips.push(Some(code));
    }
    for [code, state, name, county] in rows::<4>(CITIES, ["fips", "state", "name", "county"])? {
        parents.push(Some(if county.is_empty() {
            format!("us-{}", state.to_lowercase())
        } else {
            county
        }));
        ids.push(code.clone());
        levels.push("city");
        names.push(name);
        states.push(Some(state));
        fips.push(Some(code));
    }
    let levels: Vec<String> = levels.into_iter().map(str::to_owned).collect();
    let result = sqlx::query!(
        r#"insert into registry.jurisdiction (id, level, name, state, parent, fips)
           select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
           on conflict (id) do update set name = excluded.name, parent = excluded.parent
            where (jurisdiction.name, jurisdiction.parent) is distinct from (excluded.name, excluded.parent)"#,
        &ids,
        &levels,
        &names,
        &states as &[Option<String>],
        &parents as &[Option<String>],
        &fips as &[Option<String>]
    )
    .execute(owner)
    .await?;
    Ok(result.rows_affected())
}

/// Lists the field offices that nobody has registered: known by code and address, and without an
/// account here. An office that is registered stays as its operator wrote it. Run as the owner.
pub async fn offices(owner: &mut PgConnection, now: Timestamp) -> Result<u64, StoreError> {
    let mut listed = 0;
    let columns = ["code", "name", "kind", "time_zone", "address"];
    for [code, name, kind, time_zone, address] in rows::<5>(OFFICES, columns)? {
        let label = format!("Office: {address} (no telephone is known)");
        let contacts = serde_json::json!([{"label": label, "order": 1}]);
        listed += sqlx::query!(
            r#"insert into registry.office as held (code, name, kind, time_zone, contacts, connected, created_at, listed)
               values ($1, $2, $3, $4, $5, false, $6, true)
               on conflict (code) do update set name = $2, kind = $3, time_zone = $4, contacts = $5
                where held.listed and (held.name, held.kind, held.time_zone, held.contacts) is distinct from ($2, $3, $4, $5)"#,
            code,
            name,
            kind,
            time_zone,
            contacts,
            now
        )
        .execute(&mut *owner)
        .await?
        .rows_affected();
    }
    Ok(listed)
}

fn rows<const N: usize>(text: &str, columns: [&str; N]) -> Result<Vec<[String; N]>, StoreError> {
    let broken =
        |error: &dyn std::fmt::Display| StoreError::Unreadable(format!("registry file: {error}"));
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| broken(&error))?.clone();
    let mut at = [0; N];
    for (place, column) in at.iter_mut().zip(columns) {
        *place = headers
            .iter()
            .position(|header| header == column)
            .ok_or_else(|| broken(&format!("no column {column}")))?;
    }
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|error| broken(&error))?;
            Ok(at.map(|place| record.get(place).unwrap_or_default().to_owned()))
        })
        .collect()
}
