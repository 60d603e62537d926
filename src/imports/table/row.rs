//! One row as it was read, and one that was not.

use std::ops::Range;
use std::sync::Arc;

/// One record of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawRow {
    /// Counts records below the heading, from 1, the bad ones too, through all sheets: it names
    /// the row for good.
    pub ordinal: u32,
    /// The line on which it begins, from 1; in a workbook the row of its sheet.
    pub line: u64,
    /// Grows from row to row, also where a sheet begins its lines anew: where to go on after a
    /// run that was cut off. The same as `line` but in later sheets.
    pub position: u64,
    /// The sheet of a workbook.
    pub sheet: Option<Arc<str>>,
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
    /// As in `RawRow`.
    pub position: u64,
    pub sheet: Option<Arc<str>>,
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
            position: line,
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
            position: row.position,
            sheet: row.sheet,
            column,
            value,
            reason,
            raw: row.raw,
        }
    }

    /// The reason with the sheet, where there are sheets: the line alone does not find the row.
    pub fn told(&self) -> String {
        match &self.sheet {
            None => self.reason.clone(),
            Some(sheet) => format!("sheet {sheet}: {}", self.reason),
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
