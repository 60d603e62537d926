//! A file that is written while it is sent.

use std::io;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;

use super::Problem;

/// Where a file is written to.
pub struct Pieces(mpsc::Sender<io::Result<Vec<u8>>>);

impl Pieces {
    /// Sends some of it; `false` when nobody reads on.
    pub async fn send(&self, piece: Vec<u8>) -> bool {
        self.0.send(Ok(piece)).await.is_ok()
    }
}

/// Answers with a file of delimited text that `write` writes in a task of its own: a client that hangs up must not drop
/// a transaction half way. What goes wrong breaks the answer off.
pub fn csv<F>(name: &str, write: impl FnOnce(Pieces) -> F) -> Result<Response, Problem>
where
    F: Future<Output = Result<(), Problem>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(2);
    let written = write(Pieces(sender.clone()));
    tokio::spawn(async move {
        if let Err(error) = written.await {
            tracing::warn!(detail = %error.detail, "a file broke off");
            sender.send(Err(io::Error::other("broken off"))).await.ok();
        }
    });
    let stream = futures::stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let mut response = Body::from_stream(stream).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
            .map_err(Problem::internal)?,
    );
    Ok(response)
}
