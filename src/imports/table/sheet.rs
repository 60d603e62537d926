//! The rows of one sheet, cell by cell: never more than one row is held.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use quick_xml::events::Event;

use super::ReadError;
use super::lines::LONGEST_RECORD;
use super::workbook::Book;
use super::xml::{Xml, attribute, push_text};

/// As many as a sheet can have.
const LAST_ROW: u32 = 1_048_576;
const LAST_COLUMN: usize = 16_384;

/// A row of a sheet that holds something.
#[derive(Debug, Default)]
pub(super) struct SheetRow {
    /// As the sheet counts it, from 1.
    pub(super) number: u32,
    /// Up to the last cell that holds something.
    pub(super) cells: Vec<String>,
    pub(super) problem: Option<&'static str>,
}

pub(super) struct SheetRows {
    xml: Xml,
    book: Arc<Book>,
    name: Arc<str>,
    row: u32,
    ended: bool,
}

impl SheetRows {
    pub(super) fn new(xml: Xml, book: Arc<Book>, name: Arc<str>) -> Result<Self, ReadError> {
        let mut this = Self {
            xml,
            book,
            name,
            row: 0,
            ended: false,
        };
        loop {
            match this.xml.next()? {
                Event::Start(start) if start.local_name().as_ref() == "sheetData" => break,
                Event::Eof => {
                    this.ended = true;
                    break;
                }
                _ => {}
            }
        }
        Ok(this)
    }

    fn broken(&self, problem: &str) -> ReadError {
        ReadError::Broken(format!("sheet {}, row {}: {problem}", self.name, self.row))
    }

    pub(super) fn next(&mut self) -> Result<Option<SheetRow>, ReadError> {
        while !self.ended {
            match self.xml.next()? {
                Event::Start(start) if start.local_name().as_ref() == "row" => {
                    let number = match attribute(&start, "r") {
                        Some(text) => text.parse().unwrap_or(0),
                        None => self.row + 1,
                    };
                    if number <= self.row || number > LAST_ROW {
                        return Err(self.broken("the rows are out of order"));
                    }
                    self.row = number;
                    let row = self.cells()?;
                    if !row.cells.is_empty() || row.problem.is_some() {
                        return Ok(Some(row));
                    }
                }
                Event::End(end) if end.local_name().as_ref() == "sheetData" => self.ended = true,
                Event::Eof => return Err(self.broken("the sheet is cut off")),
                _ => {}
            }
        }
        Ok(None)
    }

    fn cells(&mut self) -> Result<SheetRow, ReadError> {
        let mut row = SheetRow {
            number: self.row,
            ..SheetRow::default()
        };
        let (mut next, mut length) = (0, 0);
        loop {
            match self.xml.next()? {
                Event::Start(start) if start.local_name().as_ref() == "c" => {
                    let at = match attribute(&start, "r") {
                        Some(place) => column(&place).unwrap_or(LAST_COLUMN),
                        None => next,
                    };
                    if at >= LAST_COLUMN {
                        return Err(self.broken("a cell stands beyond the last column"));
                    }
                    next = at + 1;
                    let kind = attribute(&start, "t").unwrap_or_default();
                    let style = attribute(&start, "s").and_then(|style| style.parse().ok());
                    let value = self.value(&kind, style)?;
                    if value.is_empty() {
                        continue;
                    }
                    length += value.len() + 1;
                    if length > LONGEST_RECORD {
                        row.problem = Some("the row is longer than 64 KiB");
                        continue;
                    }
                    if row.cells.len() <= at {
                        row.cells.resize(at + 1, String::new());
                    }
                    if !row.cells[at].is_empty() {
                        row.problem = Some("a cell is given twice");
                    }
                    row.cells[at] = value;
                }
                Event::End(end) if end.local_name().as_ref() == "row" => return Ok(row),
                Event::Eof => return Err(self.broken("the sheet is cut off")),
                _ => {}
            }
        }
    }

    /// What a cell shows, but for the way in which dates and numbers are written.
    fn value(&mut self, kind: &str, style: Option<usize>) -> Result<String, ReadError> {
        let mut text = String::new();
        let (mut taken, mut phonetic) = (false, 0usize);
        loop {
            let event = self.xml.next()?;
            match &event {
                Event::Start(start) => match start.local_name().as_ref() {
                    "v" => taken = true,
                    "t" => taken = phonetic == 0,
                    "rPh" => phonetic += 1,
                    _ => {}
                },
                Event::End(end) => match end.local_name().as_ref() {
                    "v" | "t" => taken = false,
                    "rPh" => phonetic = phonetic.saturating_sub(1),
                    "c" => break,
                    _ => {}
                },
                Event::Eof => return Err(self.broken("the sheet is cut off")),
                // Longer than the row may be: it is reported there.
                other if taken && text.len() <= LONGEST_RECORD => {
                    push_text(other, &mut text)?;
                }
                _ => {}
            }
        }
        Ok(match kind {
            "s" => {
                let shared = text
                    .trim()
                    .parse()
                    .ok()
                    .and_then(|at| self.book.strings.get(at));
                match shared {
                    Some(shared) => unescaped(shared),
                    None => return Err(self.broken("a cell names a shared text that is not there")),
                }
            }
            "inlineStr" | "str" => unescaped(&text),
            "b" => match text.trim() {
                "1" | "true" => "TRUE".to_owned(),
                "" => String::new(),
                _ => "FALSE".to_owned(),
            },
            // An error says that the value is not known.
            "e" => String::new(),
            "d" => text.trim().to_owned(),
            _ => {
                let is_date = style.is_some_and(|style| self.book.dates.get(style) == Some(&true));
                number(text.trim(), is_date, self.book.from_1904)
            }
        })
    }
}

/// `AB12` is column 27, counted from 0.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let (mut column, mut seen) = (0usize, 0);
    for letter in letters.take(4) {
        column = column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        seen += 1;
    }
    (1..=3).contains(&seen).then(|| column - 1)
}

/// `_x000D_` stands for a letter that XML does not take.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let letter = rest
            .get(at + 2..at + 7)
            .and_then(|code| code.strip_suffix('_'))
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32);
        out.push_str(&rest[..at]);
        match letter {
            Some(letter) => {
                // A NUL cannot be kept.
                out.push(if letter == '\0' { '\u{fffd}' } else { letter });
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A number as one would type it, a date as ISO 8601.
fn number(text: &str, is_date: bool, from_1904: bool) -> String {
    let Ok(value) = text.parse::<f64>() else {
        return text.to_owned();
    };
    if is_date && let Some(date) = date(value, from_1904) {
        return date;
    }
    // All digits of a whole number are kept, a `.0` or an exponent is not.
    if text.bytes().all(|byte| byte.is_ascii_digit()) || !value.is_finite() || value.abs() > 1e15 {
        return text.to_owned();
    }
    value.to_string()
}

fn date(days: f64, from_1904: bool) -> Option<String> {
    if !(0.0..2_958_466.0).contains(&days) {
        return None;
    }
    // 1900 has a 29 February in this count, which it had not: days before it are one later.
    let (year, month, day) = match from_1904 {
        true => (1904, 1, 1),
        false if days < 60.0 => (1899, 12, 31),
        false => (1899, 12, 30),
    };
    let start: NaiveDateTime = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(0, 0, 0)?;
    let seconds = (days * 86_400.0).round() as i64;
    let moment = start.checked_add_signed(TimeDelta::try_seconds(seconds)?)?;
    let form = match (days < 1.0, seconds % 86_400) {
        (_, 0) => "%Y-%m-%d",
        (true, _) => "%H:%M:%S",
        (false, _) => "%Y-%m-%dT%H:%M:%S",
    };
    Some(moment.format(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_written_as_one_would_type_them() {
        for (text, is_date, from_1904, wanted) in [
            ("42", false, false, "42"),
            ("42.0", false, false, "42"),
            ("4.2E1", false, false, "42"),
            ("0.1", false, false, "0.1"),
            ("12345678901234567890", false, false, "12345678901234567890"),
            ("42132", true, false, "2015-05-08"),
            ("42132.5", true, false, "2015-05-08T12:00:00"),
            ("40670", true, true, "2015-05-08"),
            ("59", true, false, "1900-02-28"),
            ("61", true, false, "1900-03-01"),
            ("0.75", true, false, "18:00:00"),
            ("-3", true, false, "-3"),
            ("9e99", true, false, "9e99"),
            ("NaN", true, false, "NaN"),
        ] {
            assert_eq!(number(text, is_date, from_1904), wanted, "{text}");
        }
    }

    #[test]
    fn places_and_escapes_are_read() {
        assert_eq!(column("A1"), Some(0));
        assert_eq!(column("AB12"), Some(27));
        assert_eq!(column("XFD1"), Some(16_383));
        assert_eq!((column("12"), column("AAAA1")), (None, None));
        assert_eq!(unescaped("a_x000D_b_x_c_x00"), "a\rb_x_c_x00");
    }
}
