//! Persons of whom nothing is known here: numbers that nobody else may open meanwhile, and whether
//! an identifier or a request says that they are no strangers after all.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use crate::app::App;
use crate::custodian::bookings::Keys;
use crate::custodian::bookings::upsert::PersonRequest;
use crate::db::{ScopedTx, StoreError};

/// Locks numbers against others who open bookings of them, in one order.
pub(super) async fn lock_numbers(
    tx: &mut ScopedTx<'_>,
    numbers: &[&str],
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    sqlx::query!(
        r#"select pg_advisory_xact_lock($1, h.key) from (select distinct hashtext(n) as key from unnest($2::text[]) n order by 1) h"#,
        agency,
        numbers as &[&str]
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// A person who is not here yet, as far as anything could be about them.
pub(super) struct Stranger<'r> {
    number: &'r str,
    subject: &'r PersonRequest,
    keys: Keys,
    names: String,
}

impl<'r> Stranger<'r> {
    pub(super) fn new(number: &'r str, subject: &'r PersonRequest, app: &App) -> Self {
        let names = subject.name_parts().join(SEPARATOR);
        Self {
            number,
            subject,
            keys: subject.keys(&app.vault),
            names,
        }
    }

    fn indexes(&self) -> impl Iterator<Item = (&'static str, &Vec<u8>)> {
        [
            ("a_number", &self.keys.a_number),
            ("fbi_number", &self.keys.fbi_number),
            ("state_id", &self.keys.state_id),
        ]
        .into_iter()
        .filter_map(|(kind, index)| Some((kind, index.as_ref()?)))
    }
}

/// Stands between the parts of a name in a text that becomes a list in the database.
pub(super) const SEPARATOR: &str = "\u{1f}";

/// Which of these rows are not plain, for an identifier is known here or stated twice, or a request may be about them.
pub(super) async fn known_or_asked_for(
    tx: &mut ScopedTx<'_>,
    rows: &[Stranger<'_>],
) -> Result<Vec<bool>, StoreError> {
    let agency = tx.agency_id();
    let mut stated: HashMap<(&str, &[u8]), usize> = HashMap::new();
    for (kind, index) in rows.iter().flat_map(Stranger::indexes) {
        *stated.entry((kind, index)).or_default() += 1;
    }
    let (mut kinds, mut indexes) = (Vec::new(), Vec::new());
    for (kind, index) in stated.keys() {
        kinds.push(*kind);
        indexes.push(*index);
    }
    let known: HashSet<(String, Vec<u8>)> = match kinds.is_empty() {
        true => HashSet::new(),
        false => sqlx::query!(
            r#"select i.kind, i.index from unnest($2::text[], $3::bytea[]) as w (kind, index)
                 join custodian.identifier i on i.agency_id = $1 and i.kind = w.kind and i.index = w.index"#,
            agency,
            &kinds as &[&str],
            &indexes as &[&[u8]]
        )
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(|row| (row.kind, row.index))
        .collect(),
    };
    let numbers: Vec<&str> = rows.iter().map(|row| row.number).collect();
    let a_numbers: Vec<Option<&[u8]>> = rows
        .iter()
        .map(|row| row.keys.a_number.as_deref())
        .collect();
    let fbi_numbers: Vec<Option<&[u8]>> = rows
        .iter()
        .map(|row| row.keys.fbi_number.as_deref())
        .collect();
    let state_ids: Vec<Option<&[u8]>> = rows
        .iter()
        .map(|row| row.keys.state_id.as_deref())
        .collect();
    let born: Vec<Option<NaiveDate>> = rows.iter().map(|row| row.subject.date_of_birth).collect();
    let names: Vec<&str> = rows.iter().map(|row| row.names.as_str()).collect();
    let asked = sqlx::query_scalar!(
        r#"select w.n as "n!"
             from unnest($2::text[], $3::bytea[], $4::bytea[], $5::bytea[], $6::date[], $7::text[])
                  with ordinality as w (number, a_number, fbi_number, state_id, born, names, n)
            where exists (select from custodian.case_file c
                           where c.agency_id = $1 and c.status = 'pending' and c.booking_number = w.number)
               or exists (select from custodian.case_file c
                           where c.agency_id = $1 and c.status = 'pending' and c.a_number_index = w.a_number)
               or exists (select from custodian.case_file c
                           where c.agency_id = $1 and c.status = 'pending' and c.fbi_number_index = w.fbi_number)
               or exists (select from custodian.case_file c
                           where c.agency_id = $1 and c.status = 'pending' and c.state_id_index = w.state_id)
               or exists (select from custodian.case_file c
                           where c.agency_id = $1 and c.status = 'pending' and c.booking_id is null
                             and c.date_of_birth = w.born and cardinality(c.name_parts) >= 2
                             and cardinality(string_to_array(w.names, $8)) >= 2
                             and (c.name_parts <@ string_to_array(w.names, $8) or c.name_parts @> string_to_array(w.names, $8)))"#,
        agency,
        &numbers as &[&str],
        &a_numbers as &[Option<&[u8]>],
        &fbi_numbers as &[Option<&[u8]>],
        &state_ids as &[Option<&[u8]>],
        &born as &[Option<NaiveDate>],
        &names as &[&str],
        SEPARATOR
    )
    .fetch_all(tx.conn())
    .await?;
    let mut marks: Vec<bool> = rows
        .iter()
        .map(|row| {
            row.indexes().any(|(kind, index)| {
                stated
                    .get(&(kind, index.as_slice()))
                    .is_some_and(|times| *times > 1)
                    || known.contains(&(kind.to_owned(), index.clone()))
            })
        })
        .collect();
    for place in asked {
        marks[place as usize - 1] = true;
    }
    Ok(marks)
}
