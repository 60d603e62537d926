//! `GET /v1/events`: a party's own stream, as server-sent events. Read from the table after the
//! position that the client names, never from memory.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use tokio::sync::{mpsc, watch};

use crate::app::App;
use crate::db::scope::Access;
use crate::http::problem::Slug;
use crate::http::{Caller, Problem};
use crate::identity::{AnyCaller, callers::wrong_side};
use crate::log::read::{self, StreamEntry};
use crate::types::Side;

const BATCH: i64 = 200;

/// The stream from `Last-Event-ID` (or from the beginning), with a heartbeat each 15 s. It ends
/// when the key is revoked or the service stops.
pub async fn get(
    State(app): State<App>,
    caller: AnyCaller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !matches!(caller.0.side, Side::Custodian | Side::Office) {
        caller.open(&app, Access::Read).await?.rollback().await?;
        return Err(wrong_side());
    }
    let after = match headers.get("last-event-id") {
        None => 0,
        Some(value) => value
            .to_str()
            .ok()
            .and_then(|text| text.parse::<i64>().ok())
            .filter(|position| *position >= 0)
            .ok_or_else(|| {
                Problem::new(
                    Slug::InvalidRequest,
                    "Last-Event-ID is the id of an event of this stream.",
                )
            })?,
    };
    // Subscribed before the first read, so that nothing falls between.
    let batches = app.hub.batches();
    // The first read answers for the key: 401 before a stream begins.
    let first = entries(&app, &caller, after).await?;
    let (sender, mut receiver) = tokio::sync::mpsc::channel(64);
    // A task of its own: a client that hangs up drops the receiver, never a database future.
    tokio::spawn(follow(app, caller, after, first, batches, sender));
    let stream = futures::stream::poll_fn(move |context| receiver.poll_recv(context))
        .map(Ok::<_, Infallible>);
    let keep_alive = KeepAlive::new()
        .interval(Duration::from_secs(15))
        .text("heartbeat");
    Ok(Sse::new(stream).keep_alive(keep_alive).into_response())
}

/// Sends entries until the client, the key or the service ends.
async fn follow(
    app: App,
    caller: AnyCaller,
    mut after: i64,
    mut entries: Vec<StreamEntry>,
    mut batches: watch::Receiver<u64>,
    sender: mpsc::Sender<Event>,
) {
    let mut shutdown = app.shutdown.subscribe();
    let opening = Event::default()
        .retry(Duration::from_secs(3))
        .comment("sallyport");
    if sender.send(opening).await.is_err() {
        return;
    }
    while !*shutdown.borrow() {
        let full = entries.len() as i64 == BATCH;
        for entry in entries.drain(..) {
            after = entry.position;
            if sender.send(event(&entry)).await.is_err() {
                return;
            }
        }
        if !full {
            tokio::select! {
                changed = batches.changed() => if changed.is_err() { return },
                _ = shutdown.changed() => return,
                () = sender.closed() => return,
                // The net, should a wake-up from another process be missed.
                () = tokio::time::sleep(Duration::from_secs(5)) => {}
            }
        }
        match self::entries(&app, &caller, after).await {
            Ok(read) => entries = read,
            Err(problem) if problem.slug == Slug::Unavailable => {
                tokio::time::sleep(Duration::from_secs(1)).await
            }
            Err(_) => return,
        }
    }
}

async fn entries(app: &App, caller: &AnyCaller, after: i64) -> Result<Vec<StreamEntry>, Problem> {
    let mut tx = caller.open(app, Access::Read).await?;
    let entries = read::stream(&mut tx, after, BATCH).await?;
    tx.rollback().await?;
    Ok(entries)
}

fn event(entry: &StreamEntry) -> Event {
    let data = serde_json::to_string(&entry.event).unwrap_or_default();
    Event::default()
        .id(entry.position.to_string())
        .event(&entry.event.kind)
        .data(data)
}
