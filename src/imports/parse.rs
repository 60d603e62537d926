//! Reading delimited text as a stream: each record with its ordinal, its line, its words as they
//! stood and its fields. A bad record is reported and the next one is read: one broken line never
//! costs the rest of the file. Knows nothing of what the columns mean.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

/// A record longer than this is a quote that was never closed, or no table at all.
const LONGEST_RECORD: usize = 64 * 1024;
/// Workbooks saved as text begin with a few lines of title before their heading.
const PREAMBLE: usize = 20;

/// One record of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RawRow {
    /// Counts records below the heading, from 1, the bad ones too: it names the row for good.
    pub ordinal: u32,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The words as they stood, without the line's end.
    pub raw: String,
    text: String,
    fields: Vec<Range<usize>>,
}

impl RawRow {
    /// A row that could not be taken apart: its place and its words.
    pub fn unsplit(reject: &Reject) -> Self {
        Self {
            ordinal: reject.ordinal,
            line: reject.line,
            raw: reject.raw.clone(),
            ..Self::default()
        }
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    pub ordinal: u32,
    pub line: u64,
    /// The heading of the column, as the file writes it; none when the whole row is at fault.
    pub column: Option<String>,
    pub value: Option<String>,
    pub reason: String,
    /// As it stood; bytes that are no UTF-8 are replaced.
    pub raw: String,
}

/// The file itself is at fault: nothing more can be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("line {line}: {source}")]
    Io { line: u64, source: io::Error },
    #[error("the text is UTF-16: save it as UTF-8")]
    Utf16,
    #[error("no heading in the first {PREAMBLE} rows names {missing}; they name {found}")]
    NoHeading { missing: String, found: String },
    #[error("more than {} rows", i32::MAX)]
    TooManyRows,
}

/// Plain or gzip, told apart by the first bytes and not by the name.
pub fn unpacked(file: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    if file.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        // Several members end to end are one file, as gzip itself reads them.
        return Ok(Box::new(BufReader::with_capacity(
            1 << 16,
            flate2::bufread::MultiGzDecoder::new(file),
        )));
    }
    Ok(Box::new(file))
}

/// Headings are the same when their letters and digits are.
pub fn folded(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Which column holds which field.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    headings: Vec<String>,
    places: HashMap<String, usize>,
}

impl Columns {
    /// The place of a field, if the file has it.
    pub fn place(&self, field: &str) -> Option<usize> {
        self.places.get(field).copied()
    }

    /// The headings, as the file writes them.
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    /// The heading as the file writes it.
    pub fn heading(&self, place: usize) -> &str {
        self.headings.get(place).map_or("", String::as_str)
    }

    fn find<'a>(headings: &RawRow, fields: impl Iterator<Item = (&'a str, &'a [String])>) -> Self {
        let headings: Vec<String> = (0..headings.len())
            .map(|at| headings.get(at).to_owned())
            .collect();
        let known: Vec<String> = headings.iter().map(|heading| folded(heading)).collect();
        let places = fields
            .filter_map(|(field, spellings)| {
                let place = spellings.iter().find_map(|spelling| {
                    known
                        .iter()
                        .position(|heading| *heading == folded(spelling))
                })?;
                Some((field.to_owned(), place))
            })
            .collect();
        Self { headings, places }
    }
}

/// A table below its heading: the rows, one by one.
pub struct Table<R> {
    records: Records<R>,
    pub columns: Columns,
    ordinal: u32,
}

impl<R: BufRead> Table<R> {
    /// Finds the heading: the first of the early rows that names every required field.
    pub fn open<'a>(
        reader: R,
        fields: impl Iterator<Item = (&'a str, &'a [String])> + Clone,
        required: &[String],
    ) -> Result<Self, ReadError> {
        let mut records = Records::new(reader)?;
        let mut best: Option<(Vec<String>, String)> = None;
        for _ in 0..PREAMBLE {
            let Some(record) = records.next()? else { break };
            let Ok(row) = record else { continue };
            let columns = Columns::find(&row, fields.clone());
            let missing: Vec<String> = required
                .iter()
                .filter(|f| columns.place(f).is_none())
                .cloned()
                .collect();
            if missing.is_empty() {
                records.width = Some(columns.headings.len());
                return Ok(Self {
                    records,
                    columns,
                    ordinal: 0,
                });
            }
            if best
                .as_ref()
                .is_none_or(|(fewest, _)| missing.len() < fewest.len())
            {
                best = Some((missing, columns.headings.join(", ")));
            }
        }
        let (missing, found) = best.unwrap_or_else(|| (required.to_vec(), "nothing".to_owned()));
        Err(ReadError::NoHeading {
            missing: missing.join(", "),
            found,
        })
    }

    /// The next row, good or bad; none at the end.
    pub fn next_row(&mut self) -> Result<Option<Result<RawRow, Reject>>, ReadError> {
        let Some(record) = self.records.next()? else {
            return Ok(None);
        };
        // Ordinals are `int` in the database.
        self.ordinal = Some(self.ordinal + 1)
            .filter(|next| *next <= i32::MAX as u32)
            .ok_or(ReadError::TooManyRows)?;
        Ok(Some(match record {
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

/// Splits text into records. Quoted fields may hold delimiters and line ends.
struct Records<R> {
    reader: R,
    /// Of the record read last; fixed once the heading is found, for title lines have none.
    delimiter: u8,
    width: Option<usize>,
    /// Lines read ahead of the record that turned out not to need them.
    pending: std::collections::VecDeque<Vec<u8>>,
    line: u64,
}

impl<R: BufRead> Records<R> {
    fn new(mut reader: R) -> Result<Self, ReadError> {
        let start = reader
            .fill_buf()
            .map_err(|source| ReadError::Io { line: 1, source })?;
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            return Err(ReadError::Utf16);
        }
        let mark = if start.starts_with(&[0xef, 0xbb, 0xbf]) {
            3
        } else {
            0
        };
        reader.consume(mark);
        Ok(Self {
            reader,
            delimiter: b',',
            width: None,
            pending: Default::default(),
            line: 0,
        })
    }

    /// A physical line without its end, and whether more than `LONGEST_RECORD` of it was skipped;
    /// none at the end of the text.
    fn read_line(&mut self) -> Result<Option<(Vec<u8>, bool)>, ReadError> {
        if let Some(line) = self.pending.pop_front() {
            self.line += 1;
            return Ok(Some((line, false)));
        }
        let mut bytes = Vec::with_capacity(160);
        let mut overlong = false;
        loop {
            let line = self.line + 1;
            let buffer = self
                .reader
                .fill_buf()
                .map_err(|source| ReadError::Io { line, source })?;
            if buffer.is_empty() {
                if bytes.is_empty() && !overlong {
                    return Ok(None);
                }
                break;
            }
            let end = memchr_newline(buffer);
            let taken = end.unwrap_or(buffer.len());
            // A line without an end must not fill the memory.
            let room = (LONGEST_RECORD + 1).saturating_sub(bytes.len()).min(taken);
            bytes.extend_from_slice(&buffer[..room]);
            overlong |= room < taken;
            let used = taken + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        self.line += 1;
        Ok(Some((bytes, overlong)))
    }

    fn next(&mut self) -> Result<Option<Result<RawRow, Reject>>, ReadError> {
        let (first, overlong) = loop {
            match self.read_line()? {
                None => return Ok(None),
                Some((line, false)) if line.iter().all(u8::is_ascii_whitespace) => continue,
                Some(found) => break found,
            }
        };
        let line = self.line;
        if overlong || first.len() > LONGEST_RECORD {
            return Ok(Some(Err(reject(
                line,
                &first[..200.min(first.len())],
                "the line is longer than 64 KiB",
            ))));
        }
        if self.width.is_none() {
            self.delimiter = likely_delimiter(&first);
        }
        let delimiter = self.delimiter;
        let mut bytes = first;
        let first_length = bytes.len();
        // The lines that a quoted field reaches into; given back if the record does not hold.
        let mut further: Vec<Vec<u8>> = Vec::new();
        let mut at = follow(At::FieldStart, &bytes, delimiter);
        while at == At::Quoted {
            let more = if bytes.len() > LONGEST_RECORD {
                None
            } else {
                self.read_line()?
            };
            let Some((next, _)) = more else {
                bytes.truncate(first_length);
                self.give_back(further);
                return Ok(Some(Err(reject(
                    line,
                    &bytes,
                    "a quote opens and never closes",
                ))));
            };
            at = follow(at, &next, delimiter);
            bytes.push(b'\n');
            bytes.extend_from_slice(&next);
            further.push(next);
        }
        let read = split(line, &bytes, delimiter).and_then(|row| match self.width {
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
            self.give_back(further);
            return Ok(Some(Err(reject(
                line,
                &bytes,
                "a quote opens here and closes on another line",
            ))));
        }
        Ok(Some(read))
    }

    fn give_back(&mut self, lines: Vec<Vec<u8>>) {
        self.line -= lines.len() as u64;
        for line in lines.into_iter().rev() {
            self.pending.push_front(line);
        }
    }
}

fn memchr_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == b'\n')
}

fn likely_delimiter(heading: &[u8]) -> u8 {
    let count = |wanted: u8| heading.iter().filter(|&&byte| byte == wanted).count();
    // `max_by_key` takes the last of equals: a comma, unless another one occurs more often.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|&delimiter| count(delimiter))
        .unwrap_or(b',')
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
    bytes.iter().fold(from, |at, &byte| match (at, byte) {
        (At::FieldStart | At::Quote, b'"') => At::Quoted,
        (At::Quoted, b'"') => At::Quote,
        (At::Quoted, _) => At::Quoted,
        (_, byte) if byte == delimiter => At::FieldStart,
        _ => At::Bare,
    })
}

fn split(line: u64, bytes: &[u8], delimiter: u8) -> Result<RawRow, Reject> {
    let Ok(raw) = std::str::from_utf8(bytes) else {
        return Err(reject(line, bytes, "not UTF-8"));
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
        let end = after
            .bytes()
            .position(|byte| byte == delimiter)
            .unwrap_or(after.len());
        text.push_str(&after[..end]);
        fields.push(start..text.len());
        if end == after.len() {
            break;
        }
        rest = &after[end + 1..];
    }
    Ok(RawRow {
        ordinal: 0,
        line,
        raw: raw.to_owned(),
        text,
        fields,
    })
}

fn reject(line: u64, bytes: &[u8], reason: &str) -> Reject {
    // The raw words go into a text column, which cannot hold a NUL.
    let raw = String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}");
    Reject {
        ordinal: 0,
        line,
        column: None,
        value: None,
        reason: reason.to_owned(),
        raw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [(&str, [&str; 2]); 2] = [
        ("day", ["Prepare Date", "day"]),
        ("place", ["Place", "place"]),
    ];

    fn open(text: &[u8]) -> Result<Table<&[u8]>, ReadError> {
        let fields: Vec<(&str, Vec<String>)> = FIELDS
            .iter()
            .map(|(field, names)| (*field, names.map(str::to_owned).to_vec()))
            .collect();
        Table::open(
            text,
            fields.iter().map(|(f, n)| (*f, n.as_slice())),
            &["day".to_owned(), "place".to_owned()],
        )
    }

    fn rows(text: &[u8]) -> Vec<Result<RawRow, Reject>> {
        let mut table = open(text).unwrap();
        std::iter::from_fn(|| table.next_row().unwrap()).collect()
    }

    fn values(text: &[u8]) -> Vec<(u32, u64, Result<Vec<String>, String>)> {
        rows(text)
            .into_iter()
            .map(|row| match row {
                Ok(row) => (
                    row.ordinal,
                    row.line,
                    Ok((0..row.len()).map(|at| row.get(at).to_owned()).collect()),
                ),
                Err(reject) => (reject.ordinal, reject.line, Err(reject.reason)),
            })
            .collect()
    }

    #[test]
    fn a_quoted_field_holds_delimiters_quotes_and_line_ends() {
        let read =
            values(b"Prepare Date,Place\r\n1/2/15,\"A, \"\"B\"\"\nC\"\r\n\r\n3/4/15, D \r\n");
        assert_eq!(
            read[0],
            (1, 2, Ok(vec!["1/2/15".into(), "A, \"B\"\nC".into()]))
        );
        assert_eq!(read[1], (2, 5, Ok(vec!["3/4/15".into(), "D".into()])));
    }

    #[test]
    fn a_byte_order_mark_title_lines_and_other_spellings_are_understood() {
        let read = values(
            b"\xef\xbb\xbfFOIA release\nall offices;of the year\nPLACE;prepare_date\nX;1/1/15\n",
        );
        assert_eq!(read, vec![(1, 4, Ok(vec!["X".into(), "1/1/15".into()]))]);
    }

    #[test]
    fn a_bad_row_costs_itself_alone_and_keeps_its_ordinal() {
        let read = values(b"Prepare Date,Place\na,b,c\n\xff,x\nd\0,e\nf,g");
        let reasons: Vec<_> = read
            .iter()
            .map(|(ordinal, line, row)| (*ordinal, *line, row.clone().err()))
            .collect();
        assert_eq!(
            reasons,
            vec![
                (1, 2, Some("3 fields where the heading has 2".into())),
                (2, 3, Some("not UTF-8".into())),
                (3, 4, Some("holds a NUL byte".into())),
                (4, 5, None),
            ]
        );
    }

    #[test]
    fn a_stray_quote_swallows_no_good_line() {
        let read = values(b"Prepare Date,Place\n1,\"open\n2,b\n3,c\n");
        assert_eq!(read.len(), 3);
        assert_eq!(read[0].2, Err("a quote opens and never closes".into()));
        assert_eq!(read[1], (2, 3, Ok(vec!["2".into(), "b".into()])));
        let read = values(b"Prepare Date,Place\n1,\"open\n2,b\n3,\"c\"\n4,d\n");
        assert_eq!(
            read.iter()
                .map(|row| (row.1, row.2.is_ok()))
                .collect::<Vec<_>>(),
            vec![(2, false), (3, true), (4, true), (5, true)]
        );
    }

    #[test]
    fn a_quote_inside_a_bare_field_is_a_letter() {
        assert_eq!(
            values(b"Prepare Date,Place\n1,5\" PIPE\n2,b\n")[0].2,
            Ok(vec!["1".into(), "5\" PIPE".into()])
        );
    }

    #[test]
    fn the_raw_words_are_kept_as_they_stood() {
        let read = rows(b"Prepare Date,Place\n1/2/15 ,\"A  B\"\r\n");
        assert_eq!(read[0].as_ref().unwrap().raw, "1/2/15 ,\"A  B\"");
    }

    #[test]
    fn an_overlong_line_is_rejected_and_skipped() {
        let mut text = b"Prepare Date,Place\n1,".to_vec();
        text.extend(std::iter::repeat_n(b'x', 3 * LONGEST_RECORD));
        text.extend_from_slice(b"\n2,b\n");
        let read = values(&text);
        assert_eq!((read.len(), read[1].1, read[1].2.is_ok()), (2, 3, true));
    }

    #[test]
    fn a_missing_column_is_named_with_what_was_found() {
        let error = open(b"Prepare Date,Town\n1,2\n").err().unwrap().to_string();
        assert!(
            error.contains("names place; they name Prepare Date, Town"),
            "{error}"
        );
        assert!(matches!(open(b"\xff\xfeP\0"), Err(ReadError::Utf16)));
        assert!(open(b"").is_err());
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes_and_a_cut_file_is_an_error() {
        use std::io::Write;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"Prepare Date,Place\n1,2\n").unwrap();
        let packed = packed.finish().unwrap();
        let names: Vec<String> = vec!["Prepare Date".into()];
        let whole = unpacked(io::Cursor::new(packed.clone())).unwrap();
        let mut table = Table::open(
            whole,
            [("day", names.as_slice())].into_iter(),
            &["day".to_owned()],
        )
        .unwrap();
        assert!(table.next_row().unwrap().unwrap().is_ok());
        assert!(table.next_row().unwrap().is_none());
        let cut = unpacked(io::Cursor::new(packed[..packed.len() - 6].to_vec())).unwrap();
        let read = Table::open(
            cut,
            [("day", names.as_slice())].into_iter(),
            &["day".to_owned()],
        );
        let failed = match read {
            Err(_) => true,
            Ok(mut table) => loop {
                match table.next_row() {
                    Err(_) => break true,
                    Ok(None) => break false,
                    Ok(Some(_)) => {}
                }
            },
        };
        assert!(failed);
    }
}
