//! XML as a workbook's parts need it: events in their order, each of a bounded size, no document
//! types, no entities but the five of XML itself.

use std::io::{self, BufRead, BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::ReadError;
use super::refusal::Refusal;

/// One tag or one text. A cell holds 32,767 letters at most.
const LONGEST_EVENT: usize = 256 * 1024;
const DEEPEST: usize = 64;

pub(super) struct Xml {
    reader: Reader<Guarded>,
    buffer: Vec<u8>,
    depth: usize,
    part: String,
}

impl Xml {
    pub(super) fn new(part: &str, reader: Box<dyn Read + Send>) -> Self {
        let mut reader = Reader::from_reader(Guarded {
            inner: BufReader::with_capacity(1 << 16, reader),
            left: LONGEST_EVENT,
        });
        // An empty element is a beginning and an end.
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            buffer: Vec::with_capacity(1024),
            depth: 0,
            part: part.to_owned(),
        }
    }

    pub(super) fn next(&mut self) -> Result<Event<'_>, ReadError> {
        self.buffer.clear();
        self.reader.get_mut().left = LONGEST_EVENT;
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(source)) => {
                return Err(
                    match source.get_ref().and_then(|inner| inner.downcast_ref()) {
                        Some(refusal) => ReadError::Refused(*refusal),
                        None => ReadError::Broken(format!("{}: {source}", self.part)),
                    },
                );
            }
            Err(error) => return Err(ReadError::Broken(format!("{}: {error}", self.part))),
        };
        match &event {
            Event::Start(_) if self.depth == DEEPEST => return Err(Refusal::DeepXml.into()),
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::DocType(_) => return Err(Refusal::Entities.into()),
            _ => {}
        }
        Ok(event)
    }
}

/// An attribute by its name without a prefix, its references resolved.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element
        .attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|attribute| attribute.key.local_name().as_ref() == name)
        .and_then(|attribute| {
            Some(
                quick_xml::escape::unescape(&attribute.value)
                    .ok()?
                    .into_owned(),
            )
        })
}

/// Adds what an event says to a text; false when it says nothing.
pub(super) fn push_text(event: &Event<'_>, text: &mut String) -> Result<bool, ReadError> {
    match event {
        Event::Text(words) => text.push_str(words),
        Event::CData(words) => text.push_str(words),
        Event::GeneralRef(name) => {
            let name: &str = name;
            let letter = match name {
                "amp" => Some('&'),
                "lt" => Some('<'),
                "gt" => Some('>'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                _ => name.strip_prefix('#').and_then(|number| {
                    let number = match number.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                        None => number.parse().ok()?,
                    };
                    char::from_u32(number).filter(|letter| *letter != '\0')
                }),
            };
            text.push(letter.ok_or(Refusal::Entities)?);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Yields so much between two events and no more.
struct Guarded {
    inner: BufReader<Box<dyn Read + Send>>,
    left: usize,
}

impl Read for Guarded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let read = available.len().min(buffer.len());
        buffer[..read].copy_from_slice(&available[..read]);
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Guarded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(Refusal::OversizedXml.into());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.inner.consume(amount);
    }
}
