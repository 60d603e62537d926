//! Rows of a file into bodies of the API, by a mapping. What a body means, and whether it may be
//! written, is not known here.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::fields::{Kind, Reads};
use super::mapping::{Mapping, Rows, Source};
use super::table::{RawRow, ReadError, Reject, Table, Wanted, folded};
use super::values;
use crate::types::Timestamp;

/// What one row, or the rows of one booking, say.
#[derive(Debug, Clone)]
pub struct Record {
    /// The rows as they stood, in order.
    pub rows: Vec<RawRow>,
    /// The API's body.
    pub body: Value,
    /// What the same rows say of the release, as a notice's fields.
    pub release: Option<Value>,
    /// The jail's own records of a federal detainer.
    pub local_holds: Vec<LocalHold>,
}

/// The jail's own record of a federal detainer, as its file has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LocalHold {
    pub closed_at: Option<Timestamp>,
    /// How it ended, as the mapping reads it.
    pub ending: Option<String>,
    pub raw: Option<String>,
}

/// Rows that were not taken. Those of one booking stand or fall together.
pub type Rejects = Vec<(RawRow, Fault)>;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The heading, as the file writes it.
    pub column: Option<String>,
    pub value: Option<String>,
    pub reason: String,
}

impl Fault {
    /// Of the whole row.
    pub fn of_row(reason: impl Into<String>) -> Self {
        Self {
            column: None,
            value: None,
            reason: reason.into(),
        }
    }
}

/// Reads a file through a mapping.
pub struct Records<'m> {
    mapping: &'m Mapping,
    table: Table,
    columns: Vec<Placed<'m>>,
    when: Option<(usize, Vec<String>)>,
    closed_at: Option<Placed<'m>>,
    ending: Option<Placed<'m>>,
    zone: Tz,
    today: NaiveDate,
    /// The first row of the next booking, already read.
    ahead: Option<RawRow>,
    /// Numbers whose rows have ended: one that comes again would overwrite its booking.
    ended: HashSet<u64>,
    warnings: BTreeMap<String, u64>,
}

/// A field in this file.
struct Placed<'m> {
    path: &'m str,
    segments: &'m [String],
    reads: Reads,
    required: bool,
    place: Option<usize>,
    time: Option<usize>,
    constant: Option<&'m str>,
    values: HashMap<String, &'m str>,
    otherwise: Option<&'m str>,
}

impl<'m> Placed<'m> {
    fn new(
        path: &'m str,
        segments: &'m [String],
        reads: Reads,
        required: bool,
        source: &'m Source,
        known: &Known,
    ) -> Self {
        Self {
            path,
            segments,
            reads,
            required,
            place: known.place(&source.columns),
            time: known.place(&source.time),
            constant: source.constant.as_deref(),
            values: source
                .values
                .iter()
                .map(|(from, to)| (folded(from), to.as_str()))
                .collect(),
            otherwise: source.otherwise.as_deref(),
        }
    }
}

/// The headings of the file.
struct Known(Vec<String>);

impl Known {
    fn place(&self, spellings: &[String]) -> Option<usize> {
        spellings.iter().find_map(|spelling| {
            self.0
                .iter()
                .position(|heading| *heading == folded(spelling))
        })
    }
}

impl<'m> Records<'m> {
    /// Opens a file. Local times are those of `zone`; `today` settles years of two digits.
    ///
    /// # Errors
    /// A file that is no table, or whose heading lacks a required field.
    pub fn open(
        file: File,
        mapping: &'m Mapping,
        zone: Tz,
        today: NaiveDate,
    ) -> Result<Self, ReadError> {
        let wanted = Wanted {
            fields: mapping
                .columns
                .iter()
                .map(|column| (column.path.clone(), column.source.columns.clone()))
                .collect(),
            required: mapping
                .columns
                .iter()
                .filter(|column| column.required)
                .map(|column| column.path.clone())
                .collect(),
        };
        let table = Table::open(file, &wanted)?;
        let known = Known(
            table
                .columns
                .headings()
                .iter()
                .map(|heading| folded(heading))
                .collect(),
        );
        let columns: Vec<Placed<'m>> = mapping
            .columns
            .iter()
            .map(|column| {
                Placed::new(
                    &column.path,
                    &column.segments,
                    column.reads,
                    column.required,
                    &column.source,
                    &known,
                )
            })
            .filter(|placed| placed.place.is_some() || placed.constant.is_some())
            .collect();
        let hold = mapping.local_hold.as_ref();
        let of_hold = |source: Option<&'m Source>, reads| {
            source.map(|source| Placed::new("local_hold", &[], reads, false, source, &known))
        };
        let when = hold.and_then(|hold| {
            let place = known.place(&hold.when.columns)?;
            Some((
                place,
                hold.when.is.iter().map(|text| folded(text)).collect(),
            ))
        });
        let mut records = Self {
            mapping,
            columns,
            when,
            closed_at: of_hold(
                hold.and_then(|hold| hold.closed_at.as_ref()),
                Reads::Instant,
            ),
            ending: of_hold(hold.and_then(|hold| hold.ending.as_ref()), Reads::Text),
            table,
            zone,
            today,
            ahead: None,
            ended: HashSet::new(),
            warnings: BTreeMap::new(),
        };
        records.name_unused();
        Ok(records)
    }

    /// The headings, as the file writes them.
    pub fn headings(&self) -> &[String] {
        self.table.columns.headings()
    }

    /// What was kept but not understood, and how often; columns that no field uses; how the file was read.
    pub fn warnings(&self) -> BTreeMap<String, u64> {
        let mut warnings = self.warnings.clone();
        warnings.extend(
            self.table
                .warnings()
                .into_iter()
                .map(|warning| (warning, 1)),
        );
        warnings
    }

    fn name_unused(&mut self) {
        let placed = self
            .columns
            .iter()
            .chain(&self.closed_at)
            .chain(&self.ending);
        let mut used: HashSet<usize> = placed
            .flat_map(|column| [column.place, column.time])
            .flatten()
            .collect();
        used.extend(self.when.iter().map(|(place, _)| *place));
        let unused: Vec<&str> = self
            .headings()
            .iter()
            .enumerate()
            .filter(|(place, heading)| !used.contains(place) && !heading.is_empty())
            .map(|(_, heading)| heading.as_str())
            .collect();
        if !unused.is_empty() {
            let warning = format!("columns that are not used: {}", unused.join(", "));
            self.warnings.insert(warning, 1);
        }
    }

    /// The column of each field that comes from one.
    pub fn places(&self) -> BTreeMap<String, usize> {
        self.columns
            .iter()
            .filter_map(|column| Some((column.path.to_owned(), column.place?)))
            .collect()
    }

    /// The next record, or rows that are none; nothing at the end.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub fn next_record(&mut self) -> Result<Option<Result<Record, Rejects>>, ReadError> {
        let first = match self.ahead.take() {
            Some(row) => row,
            None => match self.table.next_row()? {
                None => return Ok(None),
                Some(Err(reject)) => return Ok(Some(Err(vec![unreadable(reject)]))),
                Some(Ok(row)) => row,
            },
        };
        let mut rows = vec![first];
        let mut broken = None;
        if self.mapping.rows == Rows::Charge {
            let key = self.key(&rows[0]).to_owned();
            while let Some(next) = self.table.next_row()? {
                match next {
                    Ok(row) if self.key(&row) == key && rows.len() < MOST_ROWS => rows.push(row),
                    Ok(row) => {
                        self.ahead = Some(row);
                        break;
                    }
                    // Whose row it was cannot be known; it stands by itself.
                    Err(reject) => {
                        broken = Some(unreadable(reject));
                        break;
                    }
                }
            }
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            if !self.ended.insert(hasher.finish()) {
                let fault = Fault {
                    column: self.key_heading(),
                    value: Some(key),
                    reason:
                        "rows of this booking stand further up too; sort the file by booking number"
                            .to_owned(),
                };
                return Ok(Some(Err(rejected(rows, 0, fault)
                    .into_iter()
                    .chain(broken)
                    .collect())));
            }
        }
        let record = self.understand(rows);
        Ok(Some(match (record, broken) {
            (record, None) => record,
            (Err(mut rejects), Some(broken)) => {
                rejects.push(broken);
                Err(rejects)
            }
            // The group may have gone on in the broken row: nothing is lost by asking for all of it again.
            (Ok(record), Some(broken)) => {
                let fault = Fault::of_row(
                    "the row behind it, which may belong to the same booking, cannot be read",
                );
                Err(rejected(record.rows, usize::MAX, fault)
                    .into_iter()
                    .chain([broken])
                    .collect())
            }
        }))
    }

    fn key<'r>(&self, row: &'r RawRow) -> &'r str {
        let column = self
            .columns
            .iter()
            .find(|column| column.path == "booking_number");
        column
            .and_then(|column| column.place)
            .map_or("", |place| row.get(place))
    }

    fn key_heading(&self) -> Option<String> {
        let column = self
            .columns
            .iter()
            .find(|column| column.path == "booking_number")?;
        Some(self.table.columns.heading(column.place?).to_owned())
    }

    fn understand(&mut self, rows: Vec<RawRow>) -> Result<Record, Rejects> {
        let mut body = Map::new();
        let mut release = Map::new();
        let mut charges = Vec::new();
        let mut local_holds = Vec::new();
        let mut warnings = Vec::new();
        let mut fault = None;
        'rows: for (at, row) in rows.iter().enumerate() {
            let is_hold = self
                .when
                .as_ref()
                .is_some_and(|(place, texts)| texts.contains(&folded(row.get(*place))));
            if is_hold {
                match self.local_hold(row) {
                    Ok(hold) => local_holds.push(hold),
                    Err(found) => {
                        fault = Some((at, found));
                        break;
                    }
                }
            }
            let mut charge = Map::new();
            for column in &self.columns {
                let of_charge = column.segments[0] == "charges" && column.segments.len() == 2;
                // What is said of the booking as a whole is taken from its first row.
                if (of_charge && is_hold) || (!of_charge && at > 0) {
                    continue;
                }
                let value = match self.value(column, row, &mut warnings) {
                    Ok(Some(value)) => value,
                    Ok(None) => continue,
                    Err(found) => {
                        fault = Some((at, found));
                        break 'rows;
                    }
                };
                match column.segments {
                    [_, leaf] if of_charge => {
                        charge.insert(leaf.clone(), value);
                    }
                    [head, leaf] if head == "release" => {
                        release.insert(leaf.clone(), value);
                    }
                    _ => put(&mut body, column.segments, value),
                }
                if column
                    .segments
                    .last()
                    .is_some_and(|leaf| leaf == "release_basis")
                    && !column.values.is_empty()
                {
                    // The code of the file is kept beside the code that it was read as.
                    let said = column.place.map_or("", |place| row.get(place));
                    let target = if column.segments.len() > 1 {
                        &mut release
                    } else {
                        &mut body
                    };
                    target
                        .entry("note")
                        .or_insert_with(|| format!("As the file has it: {said}").into());
                }
            }
            if !charge.is_empty() {
                charges.push(Value::Object(charge));
            }
        }
        for warning in warnings {
            self.warn(warning);
        }
        if let Some((at, fault)) = fault {
            return Err(rejected(rows, at, fault));
        }
        if !charges.is_empty() {
            body.insert("charges".to_owned(), Value::Array(charges));
        }
        compact_charges(&mut body);
        if self.mapping.kind == Kind::Detainers {
            warrants(&mut body);
        }
        let release = release
            .contains_key("effective_at")
            .then_some(Value::Object(release));
        Ok(Record {
            rows,
            body: Value::Object(body),
            release,
            local_holds,
        })
    }

    fn local_hold(&self, row: &RawRow) -> Result<LocalHold, Fault> {
        let mut ignored = Vec::new();
        let closed_at = match &self.closed_at {
            Some(column) => self.value(column, row, &mut ignored)?,
            None => None,
        };
        let ending = match &self.ending {
            Some(column) => self.value(column, row, &mut ignored)?,
            None => None,
        };
        let raw = self
            .ending
            .as_ref()
            .and_then(|column| column.place)
            .map(|place| row.get(place).to_owned());
        Ok(LocalHold {
            closed_at: closed_at.and_then(|value| value.as_str()?.parse().ok()),
            ending: ending.and_then(|value| value.as_str().map(str::to_owned)),
            raw: raw.filter(|text| !text.is_empty()),
        })
    }

    /// The value of a field in a row; none when the file says nothing.
    fn value(
        &self,
        column: &Placed<'m>,
        row: &RawRow,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Value>, Fault> {
        let mut text = match column.place {
            Some(place) => row.get(place),
            None => "",
        };
        // A spreadsheet's mark before a cell that must not run as a formula, as our own exports write it.
        if let Some(rest) = text.strip_prefix('\'')
            && rest.starts_with(['=', '+', '-', '@'])
        {
            text = rest;
        }
        if self.is_missing(text) {
            text = column.constant.unwrap_or_default();
        }
        let fault = |reason: String| Fault {
            column: column
                .place
                .map(|place| self.table.columns.heading(place).to_owned()),
            value: column.place.map(|place| row.get(place).to_owned()),
            reason,
        };
        if text.is_empty() {
            return match column.required {
                true => Err(fault(format!(
                    "{} is required and this cell is empty",
                    column.path
                ))),
                false => Ok(None),
            };
        }
        if !column.values.is_empty() {
            text = match (column.values.get(&folded(text)), column.otherwise) {
                (Some(meant), _) => meant,
                (None, Some(otherwise)) => {
                    warnings.push(format!("{}: “{text}” is kept as {otherwise}", column.path));
                    otherwise
                }
                (None, None) => text,
            };
            if text.is_empty() {
                return Ok(None);
            }
        }
        let joined;
        if let Some(time) = column.time {
            joined = format!(
                "{} {}",
                text.split([' ', 'T']).next().unwrap_or(text),
                row.get(time)
            );
            text = joined.trim_end();
        }
        let dates = self.mapping.dates;
        let value = match column.reads {
            Reads::Text => Value::from(text),
            Reads::Day => values::day(text, dates, self.today)
                .map_err(fault)?
                .to_string()
                .into(),
            Reads::Instant => {
                let at = values::instant(text, self.zone, dates, self.today).map_err(fault)?;
                crate::log::append::instant(at).into()
            }
            Reads::Truth => values::truth(text).map_err(fault)?.into(),
            Reads::List => text
                .split(';')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .collect(),
        };
        Ok(Some(value))
    }

    fn is_missing(&self, text: &str) -> bool {
        text.is_empty() || text.len() <= 40 && self.mapping.missing.contains(&folded(text))
    }

    fn warn(&mut self, warning: String) {
        if self.warnings.len() < 1_000 || self.warnings.contains_key(&warning) {
            *self.warnings.entry(warning).or_default() += 1;
        }
    }
}

/// Rows of one booking beyond which a key column is no key.
const MOST_ROWS: usize = 200;

fn unreadable(reject: Reject) -> (RawRow, Fault) {
    let row = RawRow::unsplit(&reject);
    (
        row,
        Fault {
            column: reject.column,
            value: reject.value,
            reason: reject.reason,
        },
    )
}

/// All rows of a booking, one of which is at fault.
pub fn rejected(rows: Vec<RawRow>, at: usize, fault: Fault) -> Rejects {
    let at_fault = rows.get(at).map(|row| row.line);
    rows.into_iter()
        .enumerate()
        .map(|(place, row)| match at_fault {
            Some(line) if place != at => (
                row,
                Fault::of_row(format!("line {line}, of the same booking, is at fault")),
            ),
            _ => (row, fault.clone()),
        })
        .collect()
}

/// `charges.3.statute` → `charges.statute`.
pub fn without_numbers(path: &str) -> String {
    let parts: Vec<&str> = path
        .split('.')
        .filter(|part| part.parse::<usize>().is_err())
        .collect();
    parts.join(".")
}

fn put(body: &mut Map<String, Value>, segments: &[String], value: Value) {
    let [head, rest @ ..] = segments else { return };
    if rest.is_empty() {
        body.insert(head.clone(), value);
        return;
    }
    let inner = body
        .entry(head.as_str())
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

/// Numbered charges were put as fields named by their numbers.
fn compact_charges(body: &mut Map<String, Value>) {
    if let Some(Value::Object(numbered)) = body.get_mut("charges") {
        let mut charges: Vec<(usize, Value)> = std::mem::take(numbered)
            .into_iter()
            .filter_map(|(at, charge)| Some((at.parse().ok()?, charge)))
            .collect();
        charges.sort_by_key(|(at, _)| *at);
        body.insert(
            "charges".to_owned(),
            charges.into_iter().map(|(_, charge)| charge).collect(),
        );
    }
}

/// A list of kinds is a list of warrants of which nothing else is known.
fn warrants(body: &mut Map<String, Value>) {
    if let Some(Value::Array(kinds)) = body.get_mut("warrants") {
        for kind in kinds {
            *kind = serde_json::json!({"kind": kind.take()});
        }
    }
}
