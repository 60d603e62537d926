//! A look at the beginning of a file, for a page on which a person says what its columns mean.

use std::fs::File;

use super::unpack::{Kind, Unpacked};
use super::workbook::Workbook;
use super::{Encoding, Format, PREAMBLE, ReadError, Text, Wanted, ndjson, text};

/// Letters that are looked at to tell the encoding: a page does not wait for a whole file.
const SAMPLE: u64 = 1 << 20;

/// The beginning of a file.
#[derive(Debug, Clone)]
pub struct Peek {
    pub format: Format,
    /// Of a text.
    pub encoding: Option<Encoding>,
    /// Of delimited text.
    pub delimiter: Option<char>,
    /// Of a workbook, all of them; the rows are those of the first that has any.
    pub sheets: Vec<String>,
    /// The row that is most likely the heading.
    pub headings: Vec<String>,
    /// The rows below it.
    pub rows: Vec<Vec<String>>,
    pub warnings: Vec<String>,
}

/// The most likely heading of a file and the first rows below it.
pub fn peek(file: File, rows: usize) -> Result<Peek, ReadError> {
    let file = Unpacked::open(file).map_err(|source| ReadError::reading(1, source))?;
    match file.kind {
        Kind::Zip => workbook(&file, rows),
        Kind::Ndjson => objects(&file, rows),
        Kind::Text => delimited(&file, rows),
    }
}

fn delimited(file: &Unpacked, rows: usize) -> Result<Peek, ReadError> {
    let text = Text::of(file, SAMPLE)?;
    let mut warnings = text.warnings();
    let delimiter = text::delimiters(&text.beginning()?)[0];
    let mut records = text::Records::new(text.start()?, text.encoding, delimiter);
    let mut first: Vec<Vec<String>> = Vec::new();
    while first.len() < PREAMBLE + rows
        && let Some(record) = records.next()?
    {
        match record {
            Ok(row) => first.push((0..row.len()).map(|at| row.get(at).to_owned()).collect()),
            Err(reject) => warnings.push(format!("line {}: {}", reject.line, reject.reason)),
        }
        // A file of bad rows is seen as such after a few.
        if warnings.len() > PREAMBLE {
            break;
        }
    }
    let (headings, rows) = headed(first, rows);
    Ok(Peek {
        format: Format::Delimited,
        encoding: Some(text.encoding),
        delimiter: Some(char::from(delimiter)),
        sheets: Vec::new(),
        headings,
        rows,
        warnings,
    })
}

fn objects(file: &Unpacked, rows: usize) -> Result<Peek, ReadError> {
    let text = Text::of(file, SAMPLE)?;
    let mut warnings = text.warnings();
    let wanted = Wanted::default();
    let columns = ndjson::columns(text.start()?, text.encoding, &wanted)?;
    let mut objects = ndjson::Objects::new(text.start()?, text.encoding, &columns, &wanted);
    let mut first = Vec::new();
    while first.len() < rows
        && warnings.len() <= PREAMBLE
        && let Some(object) = objects.next()?
    {
        match object {
            Ok(row) => first.push((0..row.len()).map(|at| row.get(at).to_owned()).collect()),
            Err(reject) => warnings.push(format!("line {}: {}", reject.line, reject.reason)),
        }
    }
    Ok(Peek {
        format: Format::Ndjson,
        encoding: Some(text.encoding),
        delimiter: None,
        sheets: Vec::new(),
        headings: columns.headings().to_vec(),
        rows: first,
        warnings,
    })
}

fn workbook(file: &Unpacked, rows: usize) -> Result<Peek, ReadError> {
    let workbook = Workbook::open(file.file.clone(), file.length)?;
    let mut first: Vec<Vec<String>> = Vec::new();
    for sheet in 0..workbook.sheets.len() {
        let mut read = workbook.rows(sheet)?;
        while first.len() < PREAMBLE + rows
            && let Some(row) = read.next()?
        {
            if row.cells.len() > super::MOST_COLUMNS {
                return Err(ReadError::TooManyColumns {
                    line: u64::from(row.number),
                });
            }
            first.push(row.cells);
        }
        if !first.is_empty() {
            break;
        }
    }
    let (headings, rows) = headed(first, rows);
    Ok(Peek {
        format: Format::Workbook,
        encoding: None,
        delimiter: None,
        sheets: workbook
            .sheets
            .iter()
            .map(|sheet| sheet.name.to_string())
            .collect(),
        headings,
        rows,
        warnings: Vec::new(),
    })
}

/// The heading is the first row that is about as wide as the widest and consists of words.
fn headed(first: Vec<Vec<String>>, most: usize) -> (Vec<String>, Vec<Vec<String>>) {
    let filled = |row: &[String]| row.iter().filter(|cell| !cell.trim().is_empty()).count();
    let widest = first.iter().map(|row| filled(row)).max().unwrap_or(0);
    let wide = |row: &Vec<String>| filled(row) * 10 >= widest * 8 && widest > 0;
    let words = |row: &Vec<String>| {
        row.iter()
            .filter(|cell| !cell.trim().is_empty())
            .all(|cell| cell.chars().any(char::is_alphabetic))
    };
    let early = &first[..first.len().min(PREAMBLE)];
    let at = early
        .iter()
        .position(|row| wide(row) && words(row))
        .or_else(|| early.iter().position(wide));
    let Some(at) = at else {
        return (Vec::new(), Vec::new());
    };
    let mut rest = first.into_iter().skip(at);
    let headings = rest.next().unwrap_or_default();
    let width = headings.len();
    let rows = rest
        .take(most)
        .map(|mut row| {
            // Cells at the end of a sheet's row may be missing.
            if row.len() < width {
                row.resize(width, String::new());
            }
            row
        })
        .collect();
    (headings, rows)
}
