//! Serving: the listener, the background loops, and a clean end.

use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::util::MapRequest;

use crate::app::App;
use crate::http::source::Peer;
use crate::{identity, router, workers};

/// Headers must be complete within this time: a slow client holds a socket, not a worker.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long answers under way may take once the service stops.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until `stop` resolves, then lets the answers under way finish.
pub async fn serve(
    listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let mut loops = workers::start(&app);
    let service: Router = router::router(app.clone());
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(64 * 1024);
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, say: wait for some to come back.
                    tracing::warn!(error = %error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        // Small answers must not wait for a delayed acknowledgement.
        stream.set_nodelay(true).ok();
        let connection = http.serve_connection(
            TokioIo::new(stream),
            TowerToHyperService::new(MapRequest::new(
                service.clone(),
                move |mut request: axum::http::Request<_>| {
                    request.extensions_mut().insert(Peer(address.ip()));
                    request
                },
            )),
        );
        let connection = graceful.watch(connection.into_owned());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a connection ended early");
            }
        });
    }
    app.shutdown.send_replace(true);
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(DRAIN) => tracing::warn!("some answers were cut off after {} s", DRAIN.as_secs()),
    }
    loops.shutdown().await;
    // The present minute too: nobody comes back for it.
    let end = app.clock.now() + chrono::Duration::minutes(1);
    identity::notes::write(&app, end).await;
    app.pools.close().await;
    Ok(())
}
