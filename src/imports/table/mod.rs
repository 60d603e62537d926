//! Reading a table as a stream, whatever file it comes in: delimited text in any of four
//! encodings, a workbook, one JSON object a line, the texts also packed with gzip. Each row comes
//! with its ordinal, its line, its words as they stood and its fields. What the file is, its first
//! bytes tell and never its name. Knows nothing of what the columns mean.
//!
//! Files come from strangers. Whatever they hold, the memory stays flat, nothing is written to
//! disk, and a file that is refused is refused by name (`Refusal`) before its first row.

mod archive;
mod columns;
mod encoding;
mod lines;
mod ndjson;
mod peek;
mod refusal;
mod row;
mod sheet;
mod text;
mod unpack;
mod workbook;
mod xml;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use self::tests::file_of;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

pub use self::columns::{Columns, folded};
pub use self::encoding::Encoding;
pub use self::peek::{Peek, peek};
pub use self::refusal::Refusal;
pub use self::row::{RawRow, Reject, Sheet};
use self::sheet::{SheetRow, SheetRows};
use self::unpack::{Kind, Unpacked};
use self::workbook::Workbook;

/// Files that were made for people begin with a few lines of title before their heading.
const PREAMBLE: usize = 20;
/// A table that a jail fills has not so many; a file that has them is refused.
pub const MOST_COLUMNS: usize = 1_024;

/// The columns that a reader looks for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Each field with the spellings of its heading, the first that is found serves.
    pub fields: Vec<(String, Vec<String>)>,
    /// Fields without which no row is a heading.
    pub required: Vec<String>,
}

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    Delimited,
    Workbook,
    Ndjson,
}

impl Format {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delimited => "delimited",
            Self::Workbook => "workbook",
            Self::Ndjson => "ndjson",
        }
    }
}

/// The file itself is at fault: nothing more can be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("line {line}: {source}")]
    Io { line: u64, source: io::Error },
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the workbook is damaged ({0}): save it again from a spreadsheet, or as CSV")]
    Broken(String),
    #[error("line {line}: more than {MOST_COLUMNS} columns")]
    TooManyColumns { line: u64 },
    #[error("no heading in the first {PREAMBLE} rows names {missing}; they name {found}")]
    NoHeading { missing: String, found: String },
    #[error("more than {} rows", i32::MAX)]
    TooManyRows,
}

impl ReadError {
    fn reading(line: u64, source: io::Error) -> Self {
        match source.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(refusal) => Self::Refused(*refusal),
            None => Self::Io { line, source },
        }
    }

    fn part(name: &str, source: io::Error) -> Self {
        match Self::reading(0, source) {
            Self::Io { source, .. } => Self::Broken(format!("{name}: {source}")),
            other => other,
        }
    }
}

/// What a file is, by its first bytes.
pub fn format_of(file: File) -> Result<Format, ReadError> {
    let file = Unpacked::open(file).map_err(|source| ReadError::reading(1, source))?;
    Ok(match file.kind {
        Kind::Zip => Format::Workbook,
        Kind::Ndjson => Format::Ndjson,
        Kind::Text => Format::Delimited,
    })
}

/// A table below its heading: the rows, one by one.
pub struct Table {
    source: Source,
    pub columns: Columns,
    ordinal: u32,
    format: Format,
    warnings: Vec<String>,
}

enum Source {
    Text(text::Records),
    Objects(ndjson::Objects),
    Sheets(Box<Sheets>),
}

/// The sheets of a workbook that have the heading, one after another.
struct Sheets {
    workbook: Workbook,
    coming: VecDeque<Headed>,
    current: Option<(Headed, SheetRows)>,
}

/// A sheet with the heading that was found in it.
struct Headed {
    sheet: Arc<Sheet>,
    heading_row: u32,
    /// For each column of the sheet, the column of the table.
    places: Vec<usize>,
}

impl Table {
    /// Opens a file and finds the heading: the first of the early rows that names every required
    /// field; in a workbook that of each sheet that has one.
    pub fn open(file: File, wanted: &Wanted) -> Result<Self, ReadError> {
        let file = Unpacked::open(file).map_err(|source| ReadError::reading(1, source))?;
        match file.kind {
            Kind::Zip => open_workbook(file, wanted),
            Kind::Ndjson => open_objects(&file, wanted),
            Kind::Text => open_text(&file, wanted),
        }
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// What a person should know about how the file was read. After the last row all of it is known.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings.clone();
        if let Source::Objects(objects) = &self.source
            && let Some((line, key)) = &objects.unread
        {
            warnings.push(format!(
                "line {line}: the key {key} stands in none of the first objects; it was not read"
            ));
        }
        warnings
    }

    /// The next row, good or bad; none at the end.
    pub fn next_row(&mut self) -> Result<Option<Result<RawRow, Reject>>, ReadError> {
        let row = match &mut self.source {
            Source::Text(records) => records.next()?,
            Source::Objects(objects) => objects.next()?,
            Source::Sheets(sheets) => sheets.next(&self.columns)?,
        };
        let Some(row) = row else {
            return Ok(None);
        };
        // Ordinals are `int` in the database.
        self.ordinal = Some(self.ordinal + 1)
            .filter(|next| *next <= i32::MAX as u32)
            .ok_or(ReadError::TooManyRows)?;
        Ok(Some(match row {
            Ok(row) => Ok(RawRow {
                ordinal: self.ordinal,
                ..row
            }),
            Err(reject) => Err(Reject {
                ordinal: self.ordinal,
                ..reject
            }),
        }))
    }
}

/// A text: how its letters are written, and it from its beginning, as often as one likes.
struct Text<'f> {
    file: &'f Unpacked,
    encoding: Encoding,
    mark: usize,
}

impl<'f> Text<'f> {
    /// Tells the encoding, by `most` bytes of the text.
    fn of(file: &'f Unpacked, most: u64) -> Result<Self, ReadError> {
        let (encoding, mark) = Encoding::of(&file.head, || file.text(), most)
            .map_err(|source| ReadError::reading(1, source))?;
        Ok(Self {
            file,
            encoding,
            mark,
        })
    }

    fn warnings(&self) -> Vec<String> {
        let warning = "The text is not UTF-8; it was read as Windows-1252 (Latin-1). Look at the names with accents.";
        match self.encoding {
            Encoding::Windows1252 => vec![warning.to_owned()],
            _ => Vec::new(),
        }
    }

    /// The text behind its mark, in its own encoding.
    fn start(&self) -> Result<Box<dyn BufRead + Send>, ReadError> {
        let reading = |source| ReadError::reading(1, source);
        let mut text = self.file.text().map_err(reading)?;
        let mut left = self.mark;
        while left > 0 {
            let here = text.fill_buf().map_err(reading)?.len().min(left);
            if here == 0 {
                break;
            }
            text.consume(here);
            left -= here;
        }
        Ok(text)
    }

    /// Its beginning as UTF-8.
    fn beginning(&self) -> Result<Vec<u8>, ReadError> {
        let mut head = Vec::with_capacity(unpack::HEAD);
        self.encoding
            .read(self.start()?)
            .take(4 * unpack::HEAD as u64)
            .read_to_end(&mut head)
            .map_err(|source| ReadError::reading(1, source))?;
        Ok(head)
    }
}

fn open_text(file: &Unpacked, wanted: &Wanted) -> Result<Table, ReadError> {
    let text = Text::of(file, u64::MAX)?;
    let mut first_error = None;
    // The heading that is looked for decides in the end which delimiter it is.
    for delimiter in text::delimiters(&text.beginning()?) {
        let mut records = text::Records::new(text.start()?, text.encoding, delimiter);
        match find_heading(&mut records, wanted) {
            Ok(columns) => {
                records.width = Some(columns.len());
                return Ok(Table {
                    source: Source::Text(records),
                    columns,
                    ordinal: 0,
                    format: Format::Delimited,
                    warnings: text.warnings(),
                });
            }
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(ReadError::NoHeading {
        missing: wanted.required.join(", "),
        found: "nothing".to_owned(),
    }))
}

fn find_heading(records: &mut text::Records, wanted: &Wanted) -> Result<Columns, ReadError> {
    let mut nearest = columns::Nearest::default();
    for _ in 0..PREAMBLE {
        let Some(record) = records.next()? else { break };
        let Ok(row) = record else { continue };
        let headings = (0..row.len()).map(|at| row.get(at).to_owned()).collect();
        match nearest.judge(headings, wanted) {
            Some(columns) => return Ok(columns),
            None => continue,
        }
    }
    Err(nearest.missing(wanted))
}

fn open_objects(file: &Unpacked, wanted: &Wanted) -> Result<Table, ReadError> {
    let text = Text::of(file, u64::MAX)?;
    let columns = ndjson::columns(text.start()?, text.encoding, wanted)?;
    Ok(Table {
        source: Source::Objects(ndjson::Objects::new(
            text.start()?,
            text.encoding,
            &columns,
            wanted,
        )),
        columns,
        ordinal: 0,
        format: Format::Ndjson,
        warnings: text.warnings(),
    })
}

fn open_workbook(file: Unpacked, wanted: &Wanted) -> Result<Table, ReadError> {
    let workbook = Workbook::open(file.file.clone(), file.length)?;
    let mut nearest = columns::Nearest::default();
    let (mut found, mut warnings) = (Vec::new(), Vec::new());
    for (at, sheet) in workbook.sheets.iter().enumerate() {
        match headed(&workbook, at, &mut nearest, wanted)? {
            Some((row, columns)) => {
                if sheet.hidden {
                    warnings.push(format!("The sheet {} is hidden; it was read.", sheet.name));
                }
                found.push((at, row, columns));
            }
            None => warnings.push(format!(
                "The sheet {} has no such heading; it was not read.",
                sheet.name
            )),
        }
    }
    let Some((_, _, first)) = found.first() else {
        return Err(nearest.missing(wanted));
    };
    // Later sheets may have other columns in another order: all rows come with those of the table.
    let mut columns = first.clone();
    let mut coming = VecDeque::with_capacity(found.len());
    for (sheet, heading_row, own) in &found {
        coming.push_back(Headed {
            sheet: Arc::new(Sheet {
                index: *sheet as u32,
                name: workbook.sheets[*sheet].name.to_string(),
            }),
            heading_row: *heading_row,
            places: columns.take_in(own),
        });
    }
    if columns.len() > MOST_COLUMNS {
        return Err(ReadError::TooManyColumns { line: 1 });
    }
    Ok(Table {
        source: Source::Sheets(Box::new(Sheets {
            workbook,
            coming,
            current: None,
        })),
        columns,
        ordinal: 0,
        format: Format::Workbook,
        warnings,
    })
}

fn headed(
    workbook: &Workbook,
    sheet: usize,
    nearest: &mut columns::Nearest,
    wanted: &Wanted,
) -> Result<Option<(u32, Columns)>, ReadError> {
    let mut rows = workbook.rows(sheet)?;
    for _ in 0..PREAMBLE {
        let Some(row) = rows.next()? else { break };
        if row.cells.len() > MOST_COLUMNS {
            return Err(ReadError::TooManyColumns {
                line: u64::from(row.number),
            });
        }
        let headings = row
            .cells
            .iter()
            .map(|cell| cell.trim().to_owned())
            .collect();
        if let Some(columns) = nearest.judge(headings, wanted) {
            return Ok(Some((row.number, columns)));
        }
    }
    Ok(None)
}

impl Sheets {
    fn next(&mut self, columns: &Columns) -> Result<Option<Result<RawRow, Reject>>, ReadError> {
        loop {
            if self.current.is_none() {
                let Some(headed) = self.coming.pop_front() else {
                    return Ok(None);
                };
                let rows = self.workbook.rows(headed.sheet.index as usize)?;
                self.current = Some((headed, rows));
            }
            let Some((headed, rows)) = &mut self.current else {
                return Ok(None);
            };
            match rows.next()? {
                None => self.current = None,
                Some(row) if row.number <= headed.heading_row => {}
                Some(row) => return Ok(Some(headed.row(row, columns.len()))),
            }
        }
    }
}

impl Headed {
    fn row(&self, row: SheetRow, width: usize) -> Result<RawRow, Reject> {
        let line = u64::from(row.number);
        let raw = row::delimited(&row.cells);
        let beyond = (row.cells.len() > self.places.len()).then(|| {
            format!(
                "a value stands beyond the heading's {} columns",
                self.places.len()
            )
        });
        if let Some(reason) = row.problem.map(str::to_owned).or(beyond) {
            return Err(Reject {
                sheet: Some(self.sheet.clone()),
                ..Reject::of_line(line, raw.as_bytes(), &reason)
            });
        }
        let mut values = vec![""; width];
        for (cell, place) in row.cells.iter().zip(&self.places) {
            values[*place] = cell;
        }
        let mut read = RawRow::of(values.into_iter());
        (read.line, read.raw) = (line, raw.replace('\0', "\u{fffd}"));
        read.sheet = Some(self.sheet.clone());
        Ok(read)
    }
}
