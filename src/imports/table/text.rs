//! Delimited text as a stream of records. A bad record is reported and the next one is read: one
//! broken line never costs the rest of the file.

use std::io::BufRead;

use super::encoding::Encoding;
use super::lines::{LONGEST_RECORD, Line, Lines};
use super::{MOST_COLUMNS, RawRow, ReadError, Reject};

/// What a field may end with, in the order in which equals are preferred.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Records of the beginning that tell the delimiter.
const SAMPLE: usize = 30;

/// Splits text into records. Quoted fields may hold delimiters and line ends.
pub(super) struct Records {
    lines: Lines,
    delimiter: u8,
    encoding: Encoding,
    /// Fields of a record; none while the heading is looked for, for title lines have fewer.
    pub(super) width: Option<usize>,
}

impl Records {
    /// Reads text whose mark, if it had one, is passed.
    pub(super) fn new(text: Box<dyn BufRead + Send>, encoding: Encoding, delimiter: u8) -> Self {
        Self {
            lines: Lines::new(encoding.read(text)),
            delimiter,
            encoding,
            width: None,
        }
    }

    pub(super) fn next(&mut self) -> Result<Option<Result<RawRow, Reject>>, ReadError> {
        let first = loop {
            match self.lines.next()? {
                None => return Ok(None),
                Some(Line {
                    bytes,
                    overlong: false,
                    ..
                }) if bytes.iter().all(u8::is_ascii_whitespace) => continue,
                Some(found) => break found,
            }
        };
        let line = self.lines.number;
        if self.width.is_none()
            && memchr::memchr_iter(self.delimiter, &first.bytes)
                .nth(MOST_COLUMNS - 1)
                .is_some()
        {
            return Err(ReadError::TooManyColumns { line });
        }
        if first.overlong {
            return Ok(Some(Err(reject(
                line,
                &first.bytes[..200],
                "the line is longer than 64 KiB",
            ))));
        }
        let delimiter = self.delimiter;
        let mut bytes = first.bytes;
        let first_length = bytes.len();
        // The lines that a quoted field reaches into; given back if the record does not hold.
        let mut further: Vec<Line> = Vec::new();
        let mut at = follow(At::FieldStart, &bytes, delimiter);
        while at == At::Quoted {
            let more = if bytes.len() > LONGEST_RECORD {
                None
            } else {
                self.lines.further()?
            };
            let Some(next) = more else {
                bytes.truncate(first_length);
                self.lines.give_back(further);
                return Ok(Some(Err(reject(
                    line,
                    &bytes,
                    "a quote opens and never closes",
                ))));
            };
            at = follow(at, &next.bytes, delimiter);
            bytes.push(b'\n');
            bytes.extend_from_slice(&next.bytes);
            further.push(next);
        }
        let read = split(line, &bytes, delimiter, self.encoding).and_then(|row| match self.width {
            Some(width) if row.len() != width => Err(reject(
                line,
                &bytes,
                &format!("{} fields where the heading has {width}", row.len()),
            )),
            _ => Ok(row),
        });
        if read.is_err() && !further.is_empty() {
            // A stray quote swallowed good lines: only the line where it opened is bad.
            bytes.truncate(first_length);
            self.lines.give_back(further);
            return Ok(Some(Err(reject(
                line,
                &bytes,
                "a quote opens here and closes on another line",
            ))));
        }
        Ok(Some(read))
    }
}

/// The delimiters a text may have, the likeliest first: the one that the most records of the
/// beginning hold equally often. `head` is UTF-8.
pub(super) fn delimiters(head: &[u8]) -> Vec<u8> {
    // Spreadsheets write and read such a line before the heading.
    let said = head.strip_prefix(b"sep=").and_then(|rest| match rest {
        [delimiter, b'\r' | b'\n', ..]
            if delimiter.is_ascii() && !delimiter.is_ascii_alphanumeric() && *delimiter != b'"' =>
        {
            Some(*delimiter)
        }
        _ => None,
    });
    let mut ranked = DELIMITERS;
    // Sorting is stable: of equals, the earlier one stays first.
    ranked.sort_by_key(|&delimiter| std::cmp::Reverse(consistency(head, delimiter)));
    let mut all: Vec<u8> = said.into_iter().collect();
    all.extend(
        ranked
            .into_iter()
            .filter(|delimiter| Some(*delimiter) != said),
    );
    all
}

/// How many records hold the delimiter as often as most that hold it, and how often that is.
fn consistency(head: &[u8], delimiter: u8) -> (usize, usize) {
    let mut counts: Vec<usize> = Vec::with_capacity(SAMPLE);
    let (mut at, mut count) = (At::FieldStart, 0);
    for line in head.split(|byte| matches!(byte, b'\n' | b'\r')) {
        for &byte in line {
            at = step(at, byte, delimiter);
            count += usize::from(at == At::FieldStart);
        }
        if at != At::Quoted {
            counts.push(std::mem::take(&mut count));
            at = At::FieldStart;
        }
        if counts.len() == SAMPLE {
            break;
        }
    }
    let mode = |wanted: usize| counts.iter().filter(|count| **count == wanted).count();
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|&count| (mode(count), count))
        .max()
        .unwrap_or_default()
}

/// Where a reader stands in a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    FieldStart,
    Bare,
    Quoted,
    /// A quote in a quoted field: its end, or the first of two that stand for one.
    Quote,
}

/// Follows the quotes through some bytes. One opens a field only where the field begins.
fn follow(from: At, bytes: &[u8], delimiter: u8) -> At {
    if from != At::Quoted && !bytes.contains(&b'"') {
        return At::Bare;
    }
    bytes
        .iter()
        .fold(from, |at, &byte| step(at, byte, delimiter))
}

fn step(at: At, byte: u8, delimiter: u8) -> At {
    match (at, byte) {
        (At::FieldStart | At::Quote, b'"') => At::Quoted,
        (At::Quoted, b'"') => At::Quote,
        (At::Quoted, _) => At::Quoted,
        (_, byte) if byte == delimiter => At::FieldStart,
        _ => At::Bare,
    }
}

fn split(line: u64, bytes: &[u8], delimiter: u8, encoding: Encoding) -> Result<RawRow, Reject> {
    let Ok(raw) = std::str::from_utf8(bytes) else {
        return Err(reject(line, bytes, &format!("not {}", encoding.as_str())));
    };
    if bytes.contains(&0) {
        return Err(reject(line, bytes, "holds a NUL byte"));
    }
    let mut text = String::with_capacity(raw.len());
    let mut fields = Vec::with_capacity(8);
    let mut rest = raw;
    loop {
        let start = text.len();
        let after = if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let Some(end) = quoted.find('"') else {
                    return Err(reject(line, bytes, "a quote opens and never closes"));
                };
                text.push_str(&quoted[..end]);
                quoted = &quoted[end + 1..];
                match quoted.strip_prefix('"') {
                    Some(again) => {
                        text.push('"');
                        quoted = again;
                    }
                    None if quoted.is_empty() || quoted.as_bytes()[0] == delimiter => break quoted,
                    None => return Err(reject(line, bytes, "text after a closing quote")),
                }
            }
        } else {
            rest
        };
        let end = memchr::memchr(delimiter, after.as_bytes()).unwrap_or(after.len());
        text.push_str(&after[..end]);
        fields.push(start..text.len());
        if end == after.len() {
            break;
        }
        rest = &after[end + 1..];
    }
    Ok(RawRow {
        line,
        raw: raw.to_owned(),
        text,
        fields,
        ..RawRow::default()
    })
}

fn reject(line: u64, bytes: &[u8], reason: &str) -> Reject {
    Reject::of_line(line, bytes, reason)
}
