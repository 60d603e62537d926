//! What this process remembers of keys and sign-ins, written down once a minute by a task of its
//! own and at the end of the service. A kill loses at most the last minute of it.

use std::time::Duration;

use crate::app::App;
use crate::db::{ScopedTx, StoreError};
use crate::log::{self, Event};
use crate::types::{Actor, Role, Side, Timestamp};

const EVERY: Duration = Duration::from_secs(60);

/// Writes down what there is, each minute, until the task is aborted.
pub async fn run(app: App) {
    loop {
        tokio::time::sleep(EVERY).await;
        write(&app, app.clock.now()).await;
    }
}

/// Writes down the uses of keys, and the failed sign-ins of the minutes before `now`. What cannot
/// be written is kept for the next time.
pub async fn write(app: &App, now: Timestamp) {
    if let Err(error) = key_uses(app).await {
        tracing::warn!(error = %error, "the last uses of keys could not be written down");
    }
    if let Err(error) = failed_sign_ins(app, now).await {
        tracing::warn!(error = %error, "failed sign-ins could not be written down");
    }
}

async fn key_uses(app: &App) -> Result<(), StoreError> {
    let mut uses: Vec<_> = app.key_uses.take().into_iter().collect();
    if uses.is_empty() {
        return Ok(());
    }
    // In one order, so that two processes do not wait for each other crosswise.
    uses.sort();
    let (ids, ats): (Vec<_>, Vec<_>) = uses.iter().cloned().unzip();
    let written = sqlx::query!(
        r#"update identity.api_key as k set last_used_at = u.at
             from unnest($1::text[], $2::timestamptz[]) as u (id, at)
            where k.id = u.id and (k.last_used_at is null or k.last_used_at < u.at)"#,
        &ids,
        &ats
    )
    .execute(&app.pools.operator)
    .await;
    if let Err(error) = written {
        for (id, at) in uses {
            app.key_uses.note(&id, at);
        }
        return Err(error.into());
    }
    Ok(())
}

/// One event for each source and minute: the source as a keyed hash, and how many.
async fn failed_sign_ins(app: &App, now: Timestamp) -> Result<(), StoreError> {
    let ended = app.sign_ins.take_ended(now);
    if ended.is_empty() {
        return Ok(());
    }
    let actor = Actor {
        side: Side::Operator,
        role: Role::SystemAdmin,
        agency: None,
        office: None,
        jurisdiction: None,
        credential: "service".to_owned(),
        name: "The service".to_owned(),
    };
    let events = ended
        .iter()
        .map(|(source, minute, failures)| {
            let source = app.vault.tag("sign-in source", &source.bytes());
            Event::new("sign_in.failed", now, &actor)
                .data("source", hex::encode(source))
                .instant("minute", *minute)
                .data("failed", failures.failed)
                .data("refused", failures.refused)
        })
        .collect();
    let written = async {
        let mut tx = ScopedTx::for_party(&app.pools.operator, actor.clone()).await?;
        log::append(&mut tx, events).await?;
        tx.commit().await
    };
    if let Err(error) = written.await {
        app.sign_ins.put_back(&ended);
        return Err(error);
    }
    app.hub.committed();
    Ok(())
}
