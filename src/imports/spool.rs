//! The file of an import, whoever hands it in: taken from the request into a nameless file, looked
//! at there, and kept in sealed pieces in the database until it is taken in. A file that is refused
//! leaves nothing.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use super::answer;
use crate::db::StoreError;
use crate::http::problem::Slug;
use crate::http::{Once, Problem};

/// The limit of a file.
pub const FILE_LIMIT: u64 = 512 << 20;
const PIECE: usize = 1 << 20;

/// A file without a name, and its hash. The system forgets it with the last handle, also after a kill.
pub struct Spooled {
    file: File,
    pub hash: [u8; 32],
}

impl Spooled {
    /// Reads a request's body to its end.
    ///
    /// # Errors
    /// A body that is too large, compressed on the way, or broken off.
    pub async fn of_body(headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        announced(headers, FILE_LIMIT)?;
        Self::of_frames(body, FILE_LIMIT).await
    }

    async fn of_frames(mut body: Body, limit: u64) -> Result<Self, Problem> {
        let mut spool = Spool::begin(limit)?;
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.map_err(|_| broken_off())?.into_data() {
                spool.add(&data)?;
            }
        }
        Ok(spool.end())
    }

    /// A file of this machine, as the command line is given it.
    pub fn of_file(path: &std::path::Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => hash.update(&buffer[..read]),
            }
        }
        Ok(Self {
            file,
            hash: hash.finalize().into(),
        })
    }

    pub fn is_empty(&self) -> io::Result<bool> {
        Ok(self.file.metadata()?.len() == 0)
    }

    /// Another handle, at the beginning of the file. All handles share one place: use one at a time.
    pub fn open(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }

    /// # Errors
    /// 422 for a file with nothing in it.
    pub fn must_say_something(&self) -> Result<(), Problem> {
        match self.is_empty().map_err(Problem::internal)? {
            true => Err(refused("The file is empty.")),
            false => Ok(()),
        }
    }
}

/// A file out of its pieces.
pub struct Pieces(File);

impl Pieces {
    pub fn begin() -> Result<Self, StoreError> {
        Ok(Self(tempfile::tempfile().map_err(|error| unread(&error))?))
    }

    pub fn add(&mut self, piece: &[u8]) -> Result<(), StoreError> {
        self.0.write_all(piece).map_err(|error| unread(&error))
    }

    pub fn end(self) -> Spooled {
        Spooled {
            file: self.0,
            hash: [0; 32],
        }
    }
}

/// The next piece of a file that is put by; none at its end.
pub fn piece(file: &mut File) -> Result<Option<Vec<u8>>, StoreError> {
    let mut piece = Vec::with_capacity(PIECE);
    let read = file.take(PIECE as u64).read_to_end(&mut piece);
    let read = read.map_err(|error| unread(&error))?;
    Ok((read > 0).then_some(piece))
}

fn unread(error: &io::Error) -> StoreError {
    StoreError::Unreadable(format!("the temporary file: {error}"))
}

/// Reads a file that is a request's body, with what its query asks for. Whatever is wrong with either is told where the
/// command runs, once for its idempotency key.
pub async fn sent<T>(
    request: Request,
    said: &str,
    asked: Result<T, Problem>,
) -> Once<(Spooled, T)> {
    let (parts, stream) = request.into_parts();
    let spooled = match answer::media_type(&parts.headers) {
        Ok(()) => Spooled::of_body(&parts.headers, stream).await,
        Err(problem) => Err(problem),
    };
    let hash = Sha256::new()
        .chain_update(said.as_bytes())
        .chain_update(spooled.as_ref().map_or([0; 32], |spooled| spooled.hash))
        .finalize()
        .into();
    Once::of_parts(
        &parts,
        spooled.and_then(|spooled| Ok((spooled, asked?))),
        hash,
    )
}

/// The file itself is at fault.
pub fn refused(detail: &str) -> Problem {
    Problem::new(Slug::Validation, detail.to_owned()).with_error("", "file")
}

/// A file on its way, piece by piece.
pub struct Spool {
    file: File,
    hash: Sha256,
    length: u64,
    limit: u64,
}

impl Spool {
    pub fn begin(limit: u64) -> Result<Self, Problem> {
        Ok(Self {
            file: tempfile::tempfile().map_err(|error| unwritten(&error))?,
            hash: Sha256::new(),
            length: 0,
            limit,
        })
    }

    /// # Errors
    /// The file is larger than it may be.
    pub fn add(&mut self, data: &[u8]) -> Result<(), Problem> {
        self.length += data.len() as u64;
        if self.length > self.limit {
            return Err(too_large(self.limit));
        }
        self.hash.update(data);
        // A write of a few kilobytes into the page cache: handing it to another thread would cost more.
        self.file.write_all(data).map_err(|error| unwritten(&error))
    }

    pub fn end(self) -> Spooled {
        Spooled {
            file: self.file,
            hash: self.hash.finalize().into(),
        }
    }
}

/// Refuses by its headers a body that is compressed on the way, or that says itself that it is too large.
pub fn announced(headers: &HeaderMap, limit: u64) -> Result<(), Problem> {
    if headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| value != "identity")
    {
        return Err(Problem::new(
            Slug::UnsupportedMediaType,
            "Send the file without Content-Encoding. A file that is itself gzip is fine as it is.",
        ));
    }
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match declared.is_some_and(|length| length > limit) {
        true => Err(too_large(limit)),
        false => Ok(()),
    }
}

fn too_large(limit: u64) -> Problem {
    let limit = limit.min(FILE_LIMIT) >> 20;
    Problem::new(
        Slug::TooLarge,
        format!("A file may have {limit} MiB; split it, or compress it with gzip."),
    )
}

pub fn broken_off() -> Problem {
    Problem::new(
        Slug::InvalidBody,
        "The file ended before it was complete; send it again.",
    )
}

fn unwritten(error: &io::Error) -> Problem {
    tracing::error!(error = %error, "a file could not be put by");
    Problem::unavailable()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_body_without_end_is_read_to_the_bound_and_no_further() {
        let asked = Arc::new(AtomicU64::new(0));
        let pieces = futures::stream::repeat_with({
            let asked = asked.clone();
            move || {
                asked.fetch_add(1, Ordering::Relaxed);
                Ok::<_, io::Error>(vec![b'x'; 1 << 10])
            }
        });
        let refused = Spooled::of_frames(Body::from_stream(pieces), 8 << 10).await;
        assert_eq!(
            refused.err().map(|problem| problem.slug),
            Some(Slug::TooLarge)
        );
        assert_eq!(asked.load(Ordering::Relaxed), 9);
    }
}
