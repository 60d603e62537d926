//! The letters of a text: which encoding it has, and its bytes as UTF-8.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How the letters of a text are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    /// Latin-1 and what Windows adds to it.
    Windows1252,
}

impl Encoding {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 LE",
            Self::Utf16Be => "UTF-16 BE",
            Self::Windows1252 => "Windows-1252",
        }
    }

    /// The encoding of a text and the length of its mark. Without a mark, the text is asked: all
    /// of it, for the first letter outside ASCII may stand in its last row. `most` bounds that.
    pub(super) fn of(
        head: &[u8],
        text: impl FnOnce() -> io::Result<Box<dyn BufRead + Send>>,
        most: u64,
    ) -> io::Result<(Self, usize)> {
        Ok(match head {
            [0xef, 0xbb, 0xbf, ..] => (Self::Utf8, 3),
            [0xff, 0xfe, ..] => (Self::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Self::Utf16Be, 2),
            _ => match by_zeros(head) {
                Some(found) => (found, 0),
                None if mostly_utf8(&mut text()?.take(most))? => (Self::Utf8, 0),
                None => (Self::Windows1252, 0),
            },
        })
    }

    /// The text as UTF-8. UTF-8 goes through as it is, so that each broken row is found where it
    /// stands; what is broken in another encoding becomes a byte that UTF-8 never has.
    pub(super) fn read(self, text: Box<dyn BufRead + Send>) -> Box<dyn BufRead + Send> {
        let decoder = match self {
            Self::Utf8 => return text,
            Self::Utf16Le => UTF_16LE.new_decoder_without_bom_handling(),
            Self::Utf16Be => UTF_16BE.new_decoder_without_bom_handling(),
            Self::Windows1252 => WINDOWS_1252.new_decoder_without_bom_handling(),
        };
        Box::new(BufReader::with_capacity(
            1 << 16,
            Decoded {
                text,
                decoder,
                ready: Vec::with_capacity(1 << 16),
                given: 0,
                ended: false,
            },
        ))
    }
}

/// Western text in UTF-16 without a mark has a zero in every second byte.
fn by_zeros(head: &[u8]) -> Option<Encoding> {
    let pairs = head.len() / 2;
    if pairs < 2 {
        return None;
    }
    let zeros = |offset: usize| {
        head.chunks_exact(2)
            .filter(|pair| pair[offset] == 0)
            .count()
    };
    let (first, second) = (zeros(0), zeros(1));
    if second * 10 > pairs * 6 && first * 10 < pairs {
        Some(Encoding::Utf16Le)
    } else if first * 10 > pairs * 6 && second * 10 < pairs {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

/// The letters outside ASCII of valid UTF-8: each begins with such a byte.
fn letters(text: &[u8]) -> u64 {
    if text.is_ascii() {
        return 0;
    }
    text.iter().filter(|byte| **byte >= 0xc0).count() as u64
}

/// Whether the letters outside ASCII are UTF-8, but for fewer broken ones than good ones.
fn mostly_utf8(text: &mut impl Read) -> io::Result<bool> {
    let (mut good, mut broken) = (0u64, 0u64);
    let mut buffer = vec![0u8; 1 << 16];
    let mut held = 0;
    loop {
        let read = text.read(&mut buffer[held..])?;
        let filled = held + read;
        let mut rest = &buffer[..filled];
        loop {
            match std::str::from_utf8(rest) {
                Ok(_) => {
                    good += letters(rest);
                    rest = &[];
                    break;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    good += letters(valid);
                    match error.error_len() {
                        Some(length) => {
                            broken += 1;
                            rest = &after[length..];
                        }
                        // Cut in the middle of a letter: the next bytes complete it.
                        None => {
                            rest = after;
                            break;
                        }
                    }
                }
            }
        }
        if read == 0 {
            broken += u64::from(!rest.is_empty());
            return Ok(broken == 0 || good > broken);
        }
        held = rest.len();
        let start = filled - held;
        buffer.copy_within(start..filled, 0);
    }
}

struct Decoded {
    text: Box<dyn BufRead + Send>,
    decoder: Decoder,
    ready: Vec<u8>,
    given: usize,
    ended: bool,
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && !self.ended {
            self.ready.resize(1 << 16, 0);
            let input = self.text.fill_buf()?;
            let last = input.is_empty();
            // Room is left for the byte that marks a broken letter.
            let room = self.ready.len() - 1;
            let (result, used, mut written) = self.decoder.decode_to_utf8_without_replacement(
                input,
                &mut self.ready[..room],
                last,
            );
            self.text.consume(used);
            match result {
                DecoderResult::Malformed(..) => {
                    self.ready[written] = 0xff;
                    written += 1;
                }
                DecoderResult::InputEmpty => self.ended = last,
                DecoderResult::OutputFull => {}
            }
            self.ready.truncate(written);
            self.given = 0;
        }
        let given = (self.ready.len() - self.given).min(buffer.len());
        buffer[..given].copy_from_slice(&self.ready[self.given..self.given + given]);
        self.given += given;
        Ok(given)
    }
}
