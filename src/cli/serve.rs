//! `sallyport serve` and `sallyport demo`.

use std::path::PathBuf;

use anyhow::Context;
use tokio::net::TcpListener;

use super::{Failure, database, demo, migrate};
use crate::config::Config;
use crate::{server, telemetry};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Service,
    Demo,
}

pub fn run(config: &Config, data_dir: Option<PathBuf>, what: What) -> Result<(), Failure> {
    let database = database::Database::open(config, data_dir)?;
    // Dropped before the private server, whose stop waits for its clients.
    let runtime = database::runtime()?;
    let outcome = runtime.block_on(serve(config, &database, what));
    drop(runtime);
    database.close()?;
    outcome
}

async fn serve(config: &Config, database: &database::Database, what: What) -> Result<(), Failure> {
    if database.is_private || what == What::Demo {
        migrate::apply(&database.owner).await?;
    } else if !migrate::is_current(&database.owner)
        .await
        .context("the database of DATABASE_URL cannot be reached")?
    {
        return Err(Failure::Usage(
            "the schema in DATABASE_URL is not up to date; run: sallyport migrate".to_owned(),
        ));
    }
    let app = database.app(config, what == What::Demo)?;
    reload_on_hangup(app.law.clone());
    let listener = TcpListener::bind(config.http.listen)
        .await
        .map_err(|error| {
            Failure::Usage(format!("cannot listen on {}: {error}", config.http.listen))
        })?;
    let address = listener.local_addr()?;
    start_metrics(config);
    if what == What::Demo {
        let keys = demo::load(&app, database).await?;
        demo::print(&app, address, &keys);
    } else {
        println!(
            "Sallyport listens on http://{address} (data: {}).",
            database.place()
        );
        println!("Make a key: sallyport keys create --role system_admin --name \"first key\"");
    }
    server::serve(listener, app, stop_signal()).await?;
    Ok(())
}

fn start_metrics(config: &Config) {
    let Ok(listen) = config.metrics.listen.parse() else {
        return;
    };
    let Some(handle) = telemetry::recorder() else {
        return;
    };
    tokio::spawn(async move {
        if let Err(error) = telemetry::serve(listen, handle).await {
            tracing::warn!(error = %error, listen = %listen, "metrics are not served");
        }
    });
}

/// Reads the folder of rules again on SIGHUP; a file that cannot stand changes nothing.
fn reload_on_hangup(law: crate::policy::Law) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        return;
    };
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match law.reload() {
                Ok(()) => tracing::info!("the rules were read again"),
                Err(error) => tracing::error!(error = %error, "the rules stay as they were"),
            }
        }
    });
}

/// Ctrl-C or SIGTERM.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping: answers under way are finished");
}
