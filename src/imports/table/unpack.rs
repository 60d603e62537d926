//! From a file to bytes: parts of a file by position, what a file is by its first bytes, gzip
//! with a bound.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::refusal::Refusal;

/// A text may unpack to this many times its size; deflate reaches a thousand, tables thirty.
pub(super) const LARGEST_RATIO: u64 = 200;
/// Below this the ratio says nothing.
pub(super) const ALWAYS_ALLOWED: u64 = 32 << 20;
/// No table of a jail is longer, however it was packed.
const LONGEST_TEXT: u64 = 8 << 30;
/// What is looked at to tell what a file is.
pub(super) const HEAD: usize = 8 * 1024;

/// Some bytes of a file, read by position: several readers share the file and none its place.
#[derive(Debug, Clone)]
pub(super) struct Section {
    file: Arc<File>,
    at: u64,
    end: u64,
    read: Arc<AtomicU64>,
}

impl Section {
    pub(super) fn of(file: Arc<File>, at: u64, length: u64) -> Self {
        Self {
            file,
            at,
            end: at.saturating_add(length),
            read: Arc::default(),
        }
    }

    /// How much of it was read so far, by whoever reads it.
    pub(super) fn progress(&self) -> Arc<AtomicU64> {
        self.read.clone()
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = (self.end - self.at).min(buffer.len() as u64) as usize;
        let read = self.file.read_at(&mut buffer[..wanted], self.at)?;
        self.at += read as u64;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Stops an unpacker as soon as it has yielded more than what it has read can hold of a table.
pub(super) struct Bounded<R> {
    inner: R,
    packed: Arc<AtomicU64>,
    longest: u64,
    yielded: u64,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(inner: R, packed: Arc<AtomicU64>, longest: u64) -> Self {
        Self {
            inner,
            packed,
            longest,
            yielded: 0,
        }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.yielded += read as u64;
        if self.yielded > most_unpacked(self.packed.load(Ordering::Relaxed), self.longest) {
            return Err(Refusal::Bomb.into());
        }
        Ok(read)
    }
}

/// How much may come out of a packed part of this size.
pub(super) fn most_unpacked(packed: u64, longest: u64) -> u64 {
    packed
        .saturating_mul(LARGEST_RATIO)
        .clamp(ALWAYS_ALLOWED, longest)
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Ndjson,
    /// A ZIP archive; whether it is a workbook is seen inside.
    Zip,
}

/// A file, told by its first bytes and never by its name.
pub(super) struct Unpacked {
    pub(super) file: Arc<File>,
    pub(super) length: u64,
    pub(super) gzip: bool,
    pub(super) kind: Kind,
    /// The first bytes of the text.
    pub(super) head: Vec<u8>,
}

impl Unpacked {
    pub(super) fn open(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let mut this = Self {
            file: Arc::new(file),
            length,
            gzip: false,
            kind: Kind::Text,
            head: Vec::new(),
        };
        this.head = this.first_bytes()?;
        if this.head.starts_with(&[0x1f, 0x8b]) {
            this.gzip = true;
            this.head = this.first_bytes()?;
            if this.head.starts_with(&[0x1f, 0x8b]) || this.head.starts_with(b"PK") {
                return Err(Refusal::PackedTwice.into());
            }
        }
        this.kind = told(&this.head, &this)?;
        Ok(this)
    }

    fn first_bytes(&self) -> io::Result<Vec<u8>> {
        let mut head = Vec::with_capacity(HEAD);
        self.text()?.take(HEAD as u64).read_to_end(&mut head)?;
        Ok(head)
    }

    /// The text from its beginning, unpacked.
    pub(super) fn text(&self) -> io::Result<Box<dyn BufRead + Send>> {
        let packed = Section::of(self.file.clone(), 0, self.length);
        if !self.gzip {
            return Ok(Box::new(BufReader::with_capacity(1 << 16, packed)));
        }
        let progress = packed.progress();
        // Several members end to end are one file, as gzip itself reads them.
        let text = flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 16, packed));
        Ok(Box::new(BufReader::with_capacity(
            1 << 16,
            Bounded::new(text, progress, LONGEST_TEXT),
        )))
    }
}

fn told(head: &[u8], file: &Unpacked) -> io::Result<Kind> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        return Ok(Kind::Zip);
    }
    let refusal = if starts(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) {
        Some(compound(file)?)
    } else if starts(b"%PDF") {
        Some(Refusal::Pdf)
    } else if starts(b"\x89PNG")
        || starts(&[0xff, 0xd8, 0xff])
        || starts(b"GIF8")
        || starts(b"II*\0")
        || starts(b"MM\0*")
        || starts(b"RIFF") && head.get(8..12) == Some(b"WEBP")
    {
        Some(Refusal::Image)
    } else if starts(b"{\\rtf") {
        Some(Refusal::RichText)
    } else if head.get(257..262) == Some(b"ustar") {
        Some(Refusal::Tar)
    } else if starts(b"7z\xbc\xaf\x27\x1c")
        || starts(b"BZh")
        || starts(b"\xfd7zXZ\0")
        || starts(&[0x28, 0xb5, 0x2f, 0xfd])
        || starts(b"Rar!\x1a\x07")
    {
        Some(Refusal::Archive)
    } else {
        None
    };
    match refusal {
        Some(refusal) => Err(refusal.into()),
        None => Ok(told_by_text(head)?),
    }
}

fn told_by_text(head: &[u8]) -> Result<Kind, Refusal> {
    // The letters alone: a mark in front and every second byte of UTF-16 left out.
    let letters: Vec<u8> = head
        .iter()
        .copied()
        .filter(|byte| *byte != 0 && *byte < 0x80)
        .skip_while(u8::is_ascii_whitespace)
        .take(256)
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    let starts = |word: &str| letters.starts_with(word.as_bytes());
    if starts("<!doctype html") || starts("<html") || starts("<table") || starts("<head") {
        return Err(Refusal::Html);
    }
    if starts("<?xml") {
        return Err(Refusal::Xml);
    }
    if starts("{") {
        return Ok(Kind::Ndjson);
    }
    let second = letters[1.min(letters.len())..]
        .iter()
        .find(|byte| !byte.is_ascii_whitespace());
    if starts("[") && matches!(second, Some(b'{' | b'[' | b']')) {
        return Err(Refusal::JsonArray);
    }
    let control = head
        .iter()
        .filter(|byte| matches!(byte, 1..=8 | 14..=25 | 27..=31))
        .count();
    if control * 20 > head.len() {
        return Err(Refusal::Binary);
    }
    Ok(Kind::Text)
}

/// A compound file of Microsoft is an old workbook, or a new one with a password around it: the
/// names of its streams tell.
fn compound(file: &Unpacked) -> io::Result<Refusal> {
    let mut bytes = Vec::new();
    file.text()?.take(8 << 20).read_to_end(&mut bytes)?;
    let name: Vec<u8> = "EncryptedPackage"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    Ok(if memchr::memmem::find(&bytes, &name).is_some() {
        Refusal::Encrypted
    } else {
        Refusal::OldWorkbook
    })
}
