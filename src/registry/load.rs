//! The second step of `migrate`: the reference data, from the files in the binary. It is not in
//! the SQL migrations, or every test database would pay for it.

use sqlx::PgConnection;

use crate::db::StoreError;

const STATES: &str = include_str!("../../config/registry/states.csv");
const COUNTIES: &str = include_str!("../../config/registry/counties.csv");
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
