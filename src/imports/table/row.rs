//! One row as it was read, and one that was not.

use std::ops::Range;
use std::sync::Arc;

/// Which sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Counts the sheets, from 0.
    pub index: u32,
    pub name: String,
}

/// Grows from row to row, also where a sheet begins its lines anew.
fn position(sheet: Option<&Sheet>, line: u64) -> u64 {
    let index = sheet.map_or(0, |sheet| u64::from(sheet.index));
    (index << 32) | line
}

/// One record of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawRow {
    /// Counts records below the heading, from 1, the bad ones too, through all sheets: it names
    /// the row for good.
    pub ordinal: u32,
    /// The line on which it begins, from 1; in a workbook the row of its sheet.
    pub line: u64,
    /// The sheet of a workbook.
    pub sheet: Option<Arc<Sheet>>,
    /// The words as they stood, without the line's end; the cells of a sheet with commas between.
    pub raw: String,
    pub(super) text: String,
    pub(super) fields: Vec<Range<usize>>,
}

impl RawRow {
    pub(super) fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut row = Self::default();
        for value in values {
            let start = row.text.len();
            row.text.push_str(value);
            row.fields.push(start..row.text.len());
        }
        row
    }

    /// A row that could not be taken apart: its place and its words.
    pub fn unsplit(reject: &Reject) -> Self {
        Self {
            ordinal: reject.ordinal,
            line: reject.line,
            sheet: reject.sheet.clone(),
            raw: reject.raw.clone(),
            ..Self::default()
        }
    }

    /// Where to go on after a run that was cut off: the line, but in later sheets, whose rows come
    /// after those of earlier ones.
    pub fn position(&self) -> u64 {
        position(self.sheet.as_deref(), self.line)
    }

    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The field of a column, without blanks at its ends.
    pub fn get(&self, column: usize) -> &str {
        self.fields
            .get(column)
            .map_or("", |range| self.text[range.clone()].trim())
    }
}

/// A row that was not taken, and why: enough to find and mend it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reject {
    pub ordinal: u32,
    pub line: u64,
    pub sheet: Option<Arc<Sheet>>,
    /// The heading of the column, as the file writes it; none when the whole row is at fault.
    pub column: Option<String>,
    pub value: Option<String>,
    pub reason: String,
    /// As it stood; bytes that are no UTF-8 are replaced.
    pub raw: String,
}

impl Reject {
    /// A row that is bad as a whole.
    pub(super) fn of_line(line: u64, bytes: &[u8], reason: &str) -> Self {
        Self {
            line,
            reason: reason.to_owned(),
            // The raw words go into a text column, which cannot hold a NUL.
            raw: String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}"),
            ..Self::default()
        }
    }

    /// A row that was read but cannot be taken, for a value in it or as a whole.
    pub fn of_row(
        row: RawRow,
        column: Option<String>,
        value: Option<String>,
        reason: String,
    ) -> Self {
        Self {
            ordinal: row.ordinal,
            line: row.line,
            sheet: row.sheet,
            column,
            value,
            reason,
            raw: row.raw,
        }
    }

    /// As of a row that was read.
    pub fn position(&self) -> u64 {
        position(self.sheet.as_deref(), self.line)
    }

    /// The reason with the sheet, where there are sheets: the line alone does not find the row.
    pub fn told(&self) -> String {
        match &self.sheet {
            None => self.reason.clone(),
            Some(sheet) => format!("sheet {}: {}", sheet.name, self.reason),
        }
    }
}

/// Cells as a line of delimited text.
pub(super) fn delimited(cells: &[String]) -> String {
    let mut line = String::with_capacity(cells.iter().map(|cell| cell.len() + 1).sum());
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(cell);
        }
    }
    line
}
