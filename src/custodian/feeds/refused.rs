//! A message id that came again with other content. The command that refuses it rolls back, so it
//! is logged, and counted at its feed, in a second transaction.

use super::store;
use crate::app::App;
use crate::db::scope::Access;
use crate::http::problem::Refusal;
use crate::http::{Caller, Problem};
use crate::log::{self, Event};

/// Keeps what a refused notice leaves behind, if it leaves anything.
pub async fn keep<C: Caller>(app: &App, caller: &C, problem: &Problem) -> Result<(), Problem> {
    let Some(Refusal::Message { known, feed }) = &problem.refusal else {
        return Ok(());
    };
    let mut tx = caller.open(app, Access::Write).await?;
    let now = app.clock.now();
    if let Some(feed) = feed {
        store::seen(&mut tx, feed, 0, 0, 1, now).await?;
    }
    let event = Event::new("refused", now, tx.actor())
        .subject("release_notice", *known)
        .data("act", "record_release_notice")
        .data("problem", problem.slug.as_str());
    log::append(&mut tx, vec![event]).await?;
    tx.commit().await?;
    app.hub.committed();
    Ok(())
}
