//! The lines of a text, each bounded, however they end: LF, CRLF or CR alone.

use std::collections::VecDeque;
use std::io::BufRead;

use super::ReadError;

/// A record longer than this is a quote that was never closed, or no table at all.
pub(super) const LONGEST_RECORD: usize = 64 * 1024;
/// How often a line may be read again. Without a bound, text that opens a quote in every line
/// would be read thousands of times over.
const MOST_RETURNS: u8 = 8;

/// A line without its end.
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    /// More than `LONGEST_RECORD` of it was skipped.
    pub(super) overlong: bool,
    returns: u8,
}

pub(super) struct Lines {
    reader: Box<dyn BufRead + Send>,
    /// Lines read ahead of the record that turned out not to need them.
    pending: VecDeque<Line>,
    /// The one read last, from 1.
    pub(super) number: u64,
    after_return: bool,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn BufRead + Send>) -> Self {
        Self {
            reader,
            pending: VecDeque::new(),
            number: 0,
            after_return: false,
        }
    }

    /// None at the end of the text.
    pub(super) fn next(&mut self) -> Result<Option<Line>, ReadError> {
        if let Some(line) = self.pending.pop_front() {
            self.number += 1;
            return Ok(Some(line));
        }
        let mut bytes = Vec::with_capacity(160);
        let mut overlong = false;
        loop {
            let number = self.number + 1;
            let buffer = self
                .reader
                .fill_buf()
                .map_err(|source| ReadError::reading(number, source))?;
            if buffer.is_empty() {
                if bytes.is_empty() && !overlong {
                    return Ok(None);
                }
                break;
            }
            // The second half of CRLF, which may stand in another buffer.
            if std::mem::take(&mut self.after_return) && buffer[0] == b'\n' {
                self.reader.consume(1);
                continue;
            }
            let end = memchr::memchr2(b'\n', b'\r', buffer);
            let taken = end.unwrap_or(buffer.len());
            // A line without an end must not fill the memory.
            let room = (LONGEST_RECORD + 1).saturating_sub(bytes.len()).min(taken);
            bytes.extend_from_slice(&buffer[..room]);
            overlong |= room < taken;
            self.after_return = end.is_some_and(|end| buffer[end] == b'\r');
            self.reader.consume(taken + usize::from(end.is_some()));
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        Ok(Some(Line {
            overlong: overlong || bytes.len() > LONGEST_RECORD,
            bytes,
            returns: 0,
        }))
    }

    /// The next line as the continuation of a record; none at the end, and none when it was given
    /// back too often to be asked again.
    pub(super) fn further(&mut self) -> Result<Option<Line>, ReadError> {
        match self.pending.front() {
            Some(line) if line.returns >= MOST_RETURNS => Ok(None),
            _ => self.next(),
        }
    }

    pub(super) fn give_back(&mut self, lines: Vec<Line>) {
        self.number -= lines.len() as u64;
        for line in lines.into_iter().rev() {
            self.pending.push_front(Line {
                returns: line.returns.saturating_add(1),
                ..line
            });
        }
    }
}
