//! A form with a file: the session is opened and the form's token compared before a byte of the
//! file is taken.

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request};
use axum::http::HeaderMap;
use sha2::{Digest, Sha256};

use super::{Fields, Posted, Visitor};
use crate::app::App;
use crate::custodian::imports::source::Spooled;
use crate::http::Problem;
use crate::http::problem::Slug;

/// All fields beside the file together.
const FIELDS_LIMIT: usize = 64 << 10;

/// A form that was sent with a file. Its tokens and words stand before the file.
pub struct Upload {
    pub posted: Posted,
    /// The file and its name; none where nothing was chosen.
    pub file: Option<(String, Spooled)>,
}

impl FromRequest<App> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, app).await?;
        let (tx, frame) = visitor.enter(app).await?;
        tx.rollback().await?;
        let whole = Request::from_parts(parts.clone(), body);
        let mut form = Multipart::from_request(whole, app).await.map_err(|_| {
            let says = "A form with a file is expected: multipart/form-data.";
            Problem::new(Slug::UnsupportedMediaType, says)
        })?;
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut hash = Sha256::new();
        let mut read = 0;
        let mut file = None;
        while let Some(mut field) = form.next_field().await.map_err(|_| broken())? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "file" {
                frame.genuine(&Fields::new(pairs.clone()))?;
                let called = field.file_name().unwrap_or_default().to_owned();
                let spooled = spooled(field).await?;
                hash.update(spooled.hash);
                let length = spooled.open().and_then(|file| file.metadata());
                if length.map_err(Problem::internal)?.len() > 0 {
                    file = Some((called, spooled));
                }
                continue;
            }
            let mut text = Vec::new();
            while let Some(piece) = field.chunk().await.map_err(|_| broken())? {
                read += piece.len();
                if read > FIELDS_LIMIT {
                    return Err(Problem::new(
                        Slug::TooLarge,
                        "The form's fields are too long.",
                    ));
                }
                text.extend_from_slice(&piece);
            }
            let text = String::from_utf8(text)
                .ok()
                .filter(|text| !text.contains('\0'));
            let text = text.ok_or_else(broken)?;
            hash.update(format!("{name}={text}\n"));
            pairs.push((name, text));
        }
        let fields = Fields::new(pairs);
        Ok(Self {
            posted: Posted::of_fields(visitor, frame, &parts, fields, hash.finalize().into())?,
            file,
        })
    }
}

/// The file on its way into a nameless one, with the bound of every file.
async fn spooled(mut field: Field<'_>) -> Result<Spooled, Problem> {
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    let body = Body::from_stream(futures::stream::unfold(
        receiver,
        async |mut receiver: tokio::sync::mpsc::Receiver<_>| {
            receiver.recv().await.map(|piece| (piece, receiver))
        },
    ));
    let fed = async move {
        loop {
            let piece = match field.chunk().await {
                Ok(None) => break,
                Ok(Some(piece)) => Ok(piece),
                Err(error) => Err(std::io::Error::other(error)),
            };
            // Whoever stopped reading says why.
            if sender.send(piece).await.is_err() {
                break;
            }
        }
    };
    let none = HeaderMap::new();
    let (spooled, ()) = tokio::join!(Spooled::of_body(&none, body), fed);
    spooled
}

fn broken() -> Problem {
    Problem::new(
        Slug::InvalidBody,
        "The form ended before it was complete; send it again.",
    )
}
