//! The file of an import: taken from the request into a nameless file, looked at there, and kept
//! in sealed pieces in the database until it is taken in. A file that is refused leaves nothing.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use axum::body::Body;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::store;
use crate::app::App;
use crate::db::{ScopedTx, StoreError};
use crate::http::Problem;
use crate::http::problem::Slug;

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
        let too_large = || {
            Problem::new(
                Slug::TooLarge,
                format!(
                    "A file may have {} MiB; split it, or compress it with gzip.",
                    FILE_LIMIT >> 20
                ),
            )
        };
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
        if declared.is_some_and(|length| length > FILE_LIMIT) {
            return Err(too_large());
        }
        let mut spool = Self::begin()?;
        let mut hash = Sha256::new();
        let mut body = body;
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| {
                Problem::new(
                    Slug::InvalidBody,
                    "The file ended before it was complete; send it again.",
                )
            })?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            length += data.len() as u64;
            if length > FILE_LIMIT {
                return Err(too_large());
            }
            hash.update(&data);
            // A write of a few kilobytes into the page cache: handing it to another thread would cost more.
            spool
                .file
                .write_all(&data)
                .map_err(|error| unwritten(&error))?;
        }
        spool.hash = hash.finalize().into();
        Ok(spool)
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

    /// The file of a job, out of its pieces.
    pub async fn of_job(tx: &mut ScopedTx<'_>, app: &App, job: Uuid) -> Result<Self, StoreError> {
        let unwritten =
            |error: io::Error| StoreError::Unreadable(format!("the temporary file: {error}"));
        let mut file = tempfile::tempfile().map_err(unwritten)?;
        let mut at = 0;
        while let Some(piece) = store::piece(tx, &app.vault, job, at).await? {
            file.write_all(&piece).map_err(unwritten)?;
            at += 1;
        }
        Ok(Self {
            file,
            hash: [0; 32],
        })
    }

    fn begin() -> Result<Self, Problem> {
        let file = tempfile::tempfile().map_err(|error| unwritten(&error))?;
        Ok(Self {
            file,
            hash: [0; 32],
        })
    }

    /// Another handle, at the beginning of the file. All handles share one place: use one at a time.
    pub fn open(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }

    /// Keeps the file in the database, piece by piece.
    pub async fn keep(&self, tx: &mut ScopedTx<'_>, app: &App, job: Uuid) -> Result<(), Problem> {
        let mut file = self.open().map_err(|error| unwritten(&error))?;
        let mut piece = vec![0; PIECE];
        for at in 0.. {
            let mut filled = 0;
            while filled < PIECE {
                match file
                    .read(&mut piece[filled..])
                    .map_err(|error| unwritten(&error))?
                {
                    0 => break,
                    read => filled += read,
                }
            }
            if filled == 0 {
                break;
            }
            store::put_piece(tx, &app.vault, job, at, &piece[..filled]).await?;
        }
        Ok(())
    }
}

fn unwritten(error: &io::Error) -> Problem {
    tracing::error!(error = %error, "a file could not be put by");
    Problem::unavailable()
}
