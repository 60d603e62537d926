//! Starts every background loop.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::app::App;
use crate::{delivery, identity, log};

/// The loops of one process; they end when the set is dropped.
pub fn start(app: &App) -> JoinSet<()> {
    let mut set = JoinSet::new();
    set.spawn(log::sequence::run(
        app.pools.worker.clone(),
        app.hub.clone(),
        app.clock.clone(),
    ));
    set.spawn(delivery::consequences::run(app.clone()));
    set.spawn(delivery::timers::run(app.clone()));
    set.spawn(delivery::sweep::run(app.clone()));
    set.spawn(delivery::imports::tidy(app.clone()));
    for lane in [delivery::imports::Lane::Any, delivery::imports::Lane::Small] {
        set.spawn(delivery::imports::run(app.clone(), lane));
    }
    set.spawn(delivery::silence::run(app.clone()));
    set.spawn(listen(app.clone()));
    set.spawn(prune(app.clone()));
    set.spawn(identity::notes::run(app.clone()));
    set
}

/// Batches of other processes wake this one's readers too.
async fn listen(app: App) {
    loop {
        if let Ok(mut listener) = sqlx::postgres::PgListener::connect_with(&app.pools.worker).await
            && listener.listen("sallyport_batch").await.is_ok()
        {
            while listener.recv().await.is_ok() {
                app.hub.sequenced();
            }
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// Forgets idle allowances each minute, and stored answers after their thirty days.
async fn prune(app: App) {
    loop {
        tokio::time::sleep(Duration::from_secs(60)).await;
        app.limits.prune();
        let old = app.clock.now() - chrono::Duration::days(30);
        let forgotten = sqlx::query!(
            "delete from identity.stored_answer where created_at < $1",
            old
        )
        .execute(&app.pools.worker)
        .await;
        if let Err(error) = forgotten {
            tracing::warn!(error = %error, "old stored answers could not be removed");
        }
    }
}
