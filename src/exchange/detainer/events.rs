//! Events about papers that either side can cause.

use crate::db::ScopedTx;
use crate::log::Event;
use crate::types::Timestamp;
use crate::types::ids::DetainerId;

/// A newer paper has taken the place of this one; the caller sets the audience.
pub fn superseded(tx: &ScopedTx<'_>, old: DetainerId, new: DetainerId, at: Timestamp) -> Event {
    Event::new("detainer.superseded", at, tx.actor())
        .detainer(old)
        .subject("superseded_by", new.as_uuid())
}
