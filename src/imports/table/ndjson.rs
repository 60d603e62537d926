//! One JSON object a line. Nested keys become dotted columns, items of a list numbered ones:
//! `subject.family_name`, `charges.0.code`.

use std::collections::HashMap;
use std::io::BufRead;

use serde_json::Value;

use super::encoding::Encoding;
use super::lines::{LONGEST_RECORD, Lines};
use super::{Columns, MOST_COLUMNS, RawRow, ReadError, Reject, Wanted, folded};
use crate::http::json;

/// Objects of the beginning whose keys are the columns: an object need not have every key.
const SAMPLE: usize = 200;

pub(super) struct Objects {
    lines: Lines,
    encoding: Encoding,
    columns: usize,
    /// The place of a key, in any of its spellings.
    places: HashMap<String, usize>,
    /// A key that came too late to be a column.
    pub(super) unread: Option<(u64, String)>,
}

/// The columns of a text of objects: the keys of the first of them, then each wanted field that
/// none of these has, for a later one may.
pub(super) fn columns(
    text: Box<dyn BufRead + Send>,
    encoding: Encoding,
    wanted: &Wanted,
) -> Result<Columns, ReadError> {
    let mut headings: Vec<String> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut lines = Lines::new(encoding.read(text));
    let mut seen = 0;
    while seen < SAMPLE
        && let Some(line) = lines.next()?
    {
        seen += 1;
        let Ok(fields) = object(&line.bytes) else {
            continue;
        };
        for (key, _) in fields {
            known.entry(folded(&key)).or_insert_with(|| {
                headings.push(key);
                headings.len() - 1
            });
        }
        if headings.len() > MOST_COLUMNS {
            return Err(ReadError::TooManyColumns { line: lines.number });
        }
    }
    let found = Columns::find(headings, &wanted.fields);
    found.must_name(&wanted.required)?;
    let mut columns = found;
    for (field, spellings) in &wanted.fields {
        if columns.place(field).is_none()
            && let Some(spelling) = spellings.first()
        {
            columns.add(field, spelling);
        }
    }
    Ok(columns)
}

impl Objects {
    pub(super) fn new(
        text: Box<dyn BufRead + Send>,
        encoding: Encoding,
        columns: &Columns,
        wanted: &Wanted,
    ) -> Self {
        let mut places = HashMap::new();
        for at in 0..columns.len() {
            places.entry(folded(columns.heading(at))).or_insert(at);
        }
        for (field, spellings) in &wanted.fields {
            if let Some(place) = columns.place(field) {
                for spelling in spellings {
                    places.entry(folded(spelling)).or_insert(place);
                }
            }
        }
        Self {
            lines: Lines::new(encoding.read(text)),
            encoding,
            columns: columns.len(),
            places,
            unread: None,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Result<RawRow, Reject>>, ReadError> {
        let line = loop {
            match self.lines.next()? {
                None => return Ok(None),
                Some(line) if !line.overlong && line.bytes.iter().all(u8::is_ascii_whitespace) => {}
                Some(line) => break line,
            }
        };
        let number = self.lines.number;
        let refuse =
            |bytes: &[u8], reason: &str| Ok(Some(Err(Reject::of_line(number, bytes, reason))));
        if line.overlong {
            return refuse(
                &line.bytes[..200.min(LONGEST_RECORD)],
                "the line is longer than 64 KiB",
            );
        }
        let raw = match String::from_utf8(line.bytes) {
            Ok(raw) => raw,
            Err(error) => {
                return refuse(error.as_bytes(), &format!("not {}", self.encoding.as_str()));
            }
        };
        let fields = match object(raw.as_bytes()) {
            Ok(fields) => fields,
            Err(reason) => return refuse(raw.as_bytes(), &reason),
        };
        let mut values = vec![None; self.columns];
        for (key, value) in fields {
            match self.places.get(&folded(&key)) {
                Some(&place) if values[place].is_some() => {
                    return refuse(
                        raw.as_bytes(),
                        &format!("{key} is given twice, in two spellings"),
                    );
                }
                Some(&place) => values[place] = Some(value),
                None if self.unread.is_none() => self.unread = Some((number, key)),
                None => {}
            }
        }
        let mut row = RawRow::of(
            values
                .iter()
                .map(|value| value.as_deref().unwrap_or_default()),
        );
        (row.line, row.raw) = (number, raw);
        Ok(Some(Ok(row)))
    }
}

/// The fields of an object, nested ones with dots.
fn object(line: &[u8]) -> Result<Vec<(String, String)>, String> {
    let value = json::strict(line).map_err(|problem| problem.detail)?;
    if !value.is_object() {
        return Err("not a JSON object".to_owned());
    }
    let mut fields = Vec::new();
    flatten(String::new(), value, &mut fields);
    Ok(fields)
}

// As deep as the strict reader allows.
fn flatten(key: String, value: Value, fields: &mut Vec<(String, String)>) {
    let under = |name: &str| {
        if key.is_empty() {
            name.to_owned()
        } else {
            format!("{key}.{name}")
        }
    };
    match value {
        Value::Null => fields.push((key, String::new())),
        Value::Bool(value) => fields.push((key, value.to_string())),
        Value::Number(value) => fields.push((key, value.to_string())),
        Value::String(value) => fields.push((key, value)),
        Value::Array(values) => {
            for (at, value) in values.into_iter().enumerate() {
                flatten(under(&at.to_string()), value, fields);
            }
        }
        Value::Object(values) => {
            for (name, value) in values {
                flatten(under(&name), value, fields);
            }
        }
    }
}
