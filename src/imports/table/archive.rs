//! The ZIP archive that a workbook is, looked through before anything in it is believed: its
//! directory is read with limits, every part is unpacked once and counted. What is declared of
//! sizes is never relied upon.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::ReadError;
use super::refusal::Refusal;
use super::unpack::{Bounded, Section, most_unpacked};

const MOST_PARTS: usize = 1_000;
/// A directory of `MOST_PARTS` parts with long names is smaller.
const LONGEST_DIRECTORY: u64 = 1 << 20;
/// All parts together, unpacked.
const LONGEST_WORKBOOK: u64 = 2 << 30;
/// What of a part is looked at to tell what it is.
const HEAD: usize = 64 * 1024;

#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) name: String,
    method: u16,
    packed: u64,
    declared: u64,
    header_at: u64,
}

/// The parts of a workbook, each of them readable any number of times.
#[derive(Debug)]
pub(super) struct Archive {
    file: Arc<File>,
    length: u64,
    pub(super) parts: Vec<Part>,
}

fn broken(problem: impl Into<String>) -> ReadError {
    ReadError::Broken(problem.into())
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

impl Archive {
    /// Reads the directory and looks through all parts.
    pub(super) fn open(file: Arc<File>, length: u64) -> Result<Self, ReadError> {
        let mut this = Self {
            file,
            length,
            parts: Vec::new(),
        };
        this.read_directory()?;
        this.judge_names()?;
        this.judge_contents()?;
        Ok(this)
    }

    pub(super) fn part(&self, name: &str) -> Option<&Part> {
        // Names are compared as Windows does it.
        self.parts
            .iter()
            .find(|part| part.name.eq_ignore_ascii_case(name))
    }

    fn bytes(&self, at: u64, length: u64) -> Result<Vec<u8>, ReadError> {
        if at.checked_add(length).is_none_or(|end| end > self.length) {
            return Err(broken("the workbook is cut off"));
        }
        let mut bytes = vec![0; length as usize];
        self.file
            .read_exact_at(&mut bytes, at)
            .map_err(|source| ReadError::reading(0, source))?;
        Ok(bytes)
    }

    fn read_directory(&mut self) -> Result<(), ReadError> {
        // The end record has 22 bytes and a comment of at most 64 KiB behind it.
        let tail_at = self.length.saturating_sub(22 + 0xffff);
        let tail = self.bytes(tail_at, self.length - tail_at)?;
        let end = memchr::memmem::rfind(&tail, b"PK\x05\x06")
            .filter(|at| tail.len() - at >= 22)
            .ok_or_else(|| broken("the workbook is cut off"))?;
        let entries = usize::from(u16_at(&tail, end + 10));
        if entries > MOST_PARTS {
            return Err(Refusal::TooManyParts.into());
        }
        let size = u64::from(u32_at(&tail, end + 12));
        if size > LONGEST_DIRECTORY {
            return Err(broken("its directory is longer than that of any workbook"));
        }
        let directory = self.bytes(u64::from(u32_at(&tail, end + 16)), size)?;
        let mut rest = &directory[..];
        while rest.starts_with(b"PK\x01\x02") && rest.len() >= 46 {
            if self.parts.len() == MOST_PARTS {
                return Err(Refusal::TooManyParts.into());
            }
            let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(rest, at)));
            let length = 46 + name + extra + comment;
            if rest.len() < length {
                return Err(broken("its directory is cut off"));
            }
            if u16_at(rest, 8) & 1 != 0 {
                return Err(Refusal::Encrypted.into());
            }
            let name = std::str::from_utf8(&rest[46..46 + name])
                .map_err(|_| broken("the name of a part is not UTF-8"))?;
            let part = Part {
                name: name.to_owned(),
                method: u16_at(rest, 10),
                packed: u64::from(u32_at(rest, 20)),
                declared: u64::from(u32_at(rest, 24)),
                header_at: u64::from(u32_at(rest, 42)),
            };
            self.parts.push(part);
            rest = &rest[length..];
        }
        if self.parts.len() != entries {
            return Err(broken("its directory does not hold the parts it counts"));
        }
        Ok(())
    }

    fn judge_names(&self) -> Result<(), ReadError> {
        let mut known = HashSet::new();
        for part in &self.parts {
            let name = &part.name;
            let leads_out = name.starts_with('/')
                || name.contains(['\\', ':', '\0'])
                || name.split('/').any(|step| step == "..");
            if leads_out {
                return Err(Refusal::PathTraversal.into());
            }
            if !known.insert(name.to_ascii_lowercase()) {
                return Err(broken(format!("two parts are called {name:?}")));
            }
        }
        let any = |wanted: &dyn Fn(&str) -> bool| known.iter().any(|name| wanted(name));
        let refusal =
            if any(&|name| name.ends_with("vbaproject.bin") || name.contains("/macrosheets/")) {
                Refusal::Macros
            } else if any(&|name| name.contains("/externallinks/")) {
                Refusal::ExternalLinks
            } else if any(&|name| name == "xl/workbook.bin") {
                Refusal::BinaryWorkbook
            } else if any(&|name| name == "mimetype" || name == "meta-inf/manifest.xml") {
                Refusal::OpenDocument
            } else if !any(&|name| name == "[content_types].xml") {
                Refusal::NoWorkbook
            } else {
                return Ok(());
            };
        Err(refusal.into())
    }

    /// Unpacks every part once, to count what comes out and to see what it is.
    fn judge_contents(&self) -> Result<(), ReadError> {
        let most = most_unpacked(self.length, LONGEST_WORKBOOK);
        let declared = self.parts.iter().map(|part| part.declared).sum::<u64>();
        if declared > most {
            return Err(Refusal::Bomb.into());
        }
        let mut unpacked = 0u64;
        let mut buffer = vec![0u8; HEAD];
        for part in &self.parts {
            let mut reader = self.read(part)?;
            let reading = |source| ReadError::part(&part.name, source);
            let mut head = 0;
            while head < HEAD {
                match reader.read(&mut buffer[head..]).map_err(reading)? {
                    0 => break,
                    read => head += read,
                }
            }
            judge_head(&part.name, &buffer[..head])?;
            unpacked += head as u64;
            while head == HEAD && unpacked <= most {
                match reader.read(&mut buffer).map_err(reading)? {
                    0 => break,
                    read => unpacked += read as u64,
                }
            }
            if unpacked > most {
                return Err(Refusal::Bomb.into());
            }
        }
        Ok(())
    }

    /// A part from its beginning, unpacked and bounded.
    pub(super) fn read(&self, part: &Part) -> Result<Box<dyn Read + Send>, ReadError> {
        let header = self.bytes(part.header_at, 30)?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(broken(format!(
                "the part {:?} is not where the directory has it",
                part.name
            )));
        }
        let skipped = 30 + u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
        let at = part.header_at + skipped;
        if at
            .checked_add(part.packed)
            .is_none_or(|end| end > self.length)
        {
            return Err(broken("the workbook is cut off"));
        }
        let packed = Section::of(self.file.clone(), at, part.packed);
        match part.method {
            0 => Ok(Box::new(packed)),
            8 => {
                let progress = packed.progress();
                let packed = BufReader::with_capacity(1 << 16, packed);
                let unpacked = flate2::bufread::DeflateDecoder::new(packed);
                Ok(Box::new(Bounded::new(unpacked, progress, LONGEST_WORKBOOK)))
            }
            other => Err(broken(format!(
                "the part {:?} is packed in a way (method {other}) that no spreadsheet writes",
                part.name
            ))),
        }
    }
}

fn judge_head(name: &str, head: &[u8]) -> Result<(), ReadError> {
    const PACKED: [&[u8]; 5] = [
        b"PK\x03\x04",
        &[0x1f, 0x8b, 0x08],
        &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1],
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07",
    ];
    if PACKED.iter().any(|magic| head.starts_with(magic)) {
        return Err(Refusal::NestedArchive.into());
    }
    let lower = name.to_ascii_lowercase();
    if ![".xml", ".rels", ".vml"]
        .iter()
        .any(|end| lower.ends_with(end))
    {
        return Ok(());
    }
    if head.starts_with(&[0xff, 0xfe])
        || head.starts_with(&[0xfe, 0xff])
        || head.iter().take(4).any(|byte| *byte == 0)
    {
        return Err(broken(format!("the part {name:?} is not UTF-8")));
    }
    judge_prolog(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head))?;
    Ok(())
}

/// A document type stands before the root; nothing else than it declares entities.
fn judge_prolog(head: &[u8]) -> Result<(), Refusal> {
    let mut rest = head.trim_ascii_start();
    loop {
        let end: &[u8] = if rest.starts_with(b"<?") {
            b"?>"
        } else if rest.starts_with(b"<!--") {
            b"-->"
        } else if rest.starts_with(b"<!") {
            return Err(Refusal::Entities);
        } else {
            return Ok(());
        };
        // A prolog that goes on and on hides what follows it.
        let at = memchr::memmem::find(rest, end).ok_or(Refusal::OversizedXml)?;
        rest = rest[at + end.len()..].trim_ascii_start();
        if rest.is_empty() && head.len() == HEAD {
            return Err(Refusal::OversizedXml);
        }
    }
}
