//! A file in a form: its fields come first, the token among them, so that nobody's half a gigabyte
//! is read before it is known who sends it. The file is the last part and goes to its nameless file
//! as it comes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::request::Parts;
use futures::Stream;
use sha2::{Digest, Sha256};

use super::{Fields, Posted};
use crate::app::App;
use crate::http::Problem;
use crate::http::problem::Slug;
use crate::imports::spool::{FILE_LIMIT, Spool, Spooled, announced, broken_off};
use crate::types::Role;

/// Bytes of everything around the file.
const AROUND: u64 = 64 << 10;
/// Fields before the file.
const MOST_FIELDS: usize = 20;
/// Letters of a file's name that are kept.
const NAME: usize = 200;

/// A form that was sent with a file.
pub struct Upload {
    pub posted: Posted,
    /// The name that the file has at the desk, and the file; or why it was not taken.
    pub file: Result<(Option<String>, Spooled), Problem>,
}

impl Upload {
    /// Reads a form to its file, asks who sends it, and reads the file.
    ///
    /// # Errors
    /// Whatever makes it nobody's form: no session, another's token, another role, no form at all.
    pub async fn read(app: &App, request: Request, roles: &[Role]) -> Result<Self, Problem> {
        announced(request.headers(), FILE_LIMIT + AROUND)?;
        let (parts, body) = request.into_parts();
        let taken = Arc::new(Taken::default());
        let mut form = form_of(&parts, body, &taken).await?;
        let mut pairs: Vec<(String, String)> = Vec::new();
        loop {
            let Some(field) = form.next_field().await.map_err(|_| taken.problem())? else {
                break;
            };
            let name = field.name().unwrap_or_default().to_owned();
            if field.file_name().is_some() {
                return Self::with_file(app, (parts, pairs), roles, field, &taken).await;
            }
            let text = field.text().await.map_err(|_| taken.problem())?;
            if name.contains('\0') || text.contains('\0') || pairs.len() >= MOST_FIELDS {
                return Err(unreadable());
            }
            pairs.push((name, text));
        }
        let posted = Posted::of(app, parts, Fields::new(pairs), [0; 32]).await?;
        Ok(Self {
            posted,
            file: Err(no_file()),
        })
    }

    async fn with_file(
        app: &App,
        (parts, pairs): (Parts, Vec<(String, String)>),
        roles: &[Role],
        field: Field<'_>,
        taken: &Taken,
    ) -> Result<Self, Problem> {
        let said = format!("{pairs:?}");
        let posted = Posted::of(app, parts, Fields::new(pairs), [0; 32]).await?;
        if !roles.contains(&posted.frame.actor.role) {
            return Err(Problem::forbidden("This role hands in no files."));
        }
        let name = field
            .file_name()
            .map(|name| {
                name.replace('\0', "")
                    .chars()
                    .take(NAME)
                    .collect::<String>()
            })
            .filter(|name| !name.is_empty());
        let file = match spooled(field, taken).await {
            // A form without a chosen file sends a nameless empty one.
            Ok(file) if name.is_none() && file.is_empty().unwrap_or_default() => Err(no_file()),
            file => file,
        };
        let hash = Sha256::new()
            .chain_update(said.as_bytes())
            .chain_update(file.as_ref().map_or([0; 32], |file| file.hash))
            .finalize();
        Ok(Self {
            posted: posted.hashed(hash.into()),
            file: file.map(|file| (name, file)),
        })
    }
}

async fn spooled(mut field: Field<'_>, taken: &Taken) -> Result<Spooled, Problem> {
    taken.allow(FILE_LIMIT + AROUND);
    let mut spool = Spool::begin(FILE_LIMIT)?;
    loop {
        match field.chunk().await {
            Ok(Some(data)) => spool.add(&data)?,
            Ok(None) => return Ok(spool.end()),
            Err(_) if taken.over.load(Ordering::Relaxed) => return Err(taken.problem()),
            Err(_) => return Err(broken_off()),
        }
    }
}

fn no_file() -> Problem {
    Problem::field("/file", "missing", "Choose a file.")
}

fn unreadable() -> Problem {
    Problem::new(Slug::InvalidRequest, "The form cannot be read.")
}

async fn form_of(parts: &Parts, body: Body, taken: &Arc<Taken>) -> Result<Multipart, Problem> {
    taken.allow(AROUND);
    let paced = Paced {
        body: body.into_data_stream(),
        taken: taken.clone(),
        rest: false,
    };
    let mut request = Request::new(Body::from_stream(paced));
    *request.headers_mut() = parts.headers.clone();
    Multipart::from_request(request, &()).await.map_err(|_| {
        Problem::new(
            Slug::UnsupportedMediaType,
            "A form with a file is expected: multipart/form-data.",
        )
    })
}

/// How much of a body was taken, and how much may be.
#[derive(Default)]
struct Taken {
    bytes: AtomicU64,
    most: AtomicU64,
    over: AtomicBool,
}

impl Taken {
    /// Lets that many more bytes come.
    fn allow(&self, more: u64) {
        let most = self.bytes.load(Ordering::Relaxed) + more;
        self.most.store(most, Ordering::Relaxed);
    }

    fn problem(&self) -> Problem {
        match self.over.load(Ordering::Relaxed) {
            true => Problem::new(Slug::TooLarge, "This form is larger than it may be."),
            false => unreadable(),
        }
    }
}

/// Gives one piece at a time. The reader of forms keeps in memory all that is ready when it asks, and a part's headers
/// to whatever length they have.
struct Paced {
    body: BodyDataStream,
    taken: Arc<Taken>,
    rest: bool,
}

impl Stream for Paced {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rest) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = std::task::ready!(Pin::new(&mut self.body).poll_next(cx));
        if let Some(Ok(data)) = &next {
            self.rest = true;
            let bytes = data.len() as u64;
            let before = self.taken.bytes.fetch_add(bytes, Ordering::Relaxed);
            if before + bytes > self.taken.most.load(Ordering::Relaxed) {
                self.taken.over.store(true, Ordering::Relaxed);
                return Poll::Ready(Some(Err(axum::Error::new(std::io::Error::other(
                    "larger than it may be",
                )))));
            }
        }
        Poll::Ready(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts {
        let request = Request::builder()
            .header("content-type", "multipart/form-data; boundary=x")
            .body(())
            .unwrap();
        request.into_parts().0
    }

    #[tokio::test]
    async fn a_heading_without_end_is_read_to_the_bound_and_no_further() {
        let asked = Arc::new(AtomicU64::new(0));
        let pieces = futures::stream::repeat_with({
            let asked = asked.clone();
            move || {
                let first = asked.fetch_add(1, Ordering::Relaxed) == 0;
                let text = if first { "--x\r\nX-A: " } else { "a" };
                Ok::<_, std::io::Error>(text.repeat(1 << 10))
            }
        });
        let taken = Arc::new(Taken::default());
        let mut form = form_of(&parts(), Body::from_stream(pieces), &taken)
            .await
            .unwrap();
        assert!(form.next_field().await.is_err());
        assert_eq!(taken.problem().slug, Slug::TooLarge);
        assert!(asked.load(Ordering::Relaxed) < 80);
    }

    #[tokio::test]
    async fn a_file_is_the_same_however_it_was_cut() {
        let text = "--x\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nbookings\r\n--x\r\n\
                    Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\na,b\r\n--\r\n--y\r\n--x--\r\n";
        for size in [1, 2, 7, 1_000] {
            let pieces: Vec<Result<Bytes, std::io::Error>> = text
                .as_bytes()
                .chunks(size)
                .map(|piece| Ok(Bytes::copy_from_slice(piece)))
                .collect();
            let taken = Arc::new(Taken::default());
            let body = Body::from_stream(futures::stream::iter(pieces));
            let mut form = form_of(&parts(), body, &taken).await.unwrap();
            let kind = form.next_field().await.unwrap().unwrap();
            assert_eq!(kind.text().await.unwrap(), "bookings");
            let file = form.next_field().await.unwrap().unwrap();
            let file = spooled(file, &taken)
                .await
                .map_err(|problem| problem.detail);
            assert_eq!(
                std::io::read_to_string(file.unwrap().open().unwrap()).unwrap(),
                "a,b\r\n--\r\n--y"
            );
        }
    }
}
