//! The one append-only log. Every change appends its event in its own transaction; the
//! sequencer gives each party a dense stream of what concerns it.

pub mod append;
pub mod leaf;
pub mod read;
pub mod sequence;

pub use append::{Event, Receipt, append};

use std::sync::Arc;

use tokio::sync::{Notify, watch};

/// Wakes the sequencer after our own commits, and readers after a batch.
#[derive(Clone)]
pub struct Hub {
    committed: Arc<Notify>,
    batches: Arc<watch::Sender<u64>>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            committed: Arc::default(),
            batches: Arc::new(watch::channel(0).0),
        }
    }
}

impl Hub {
    /// A transaction with events has committed.
    pub fn committed(&self) {
        self.committed.notify_one();
    }

    /// A batch has entered the streams (here or in another process).
    pub fn sequenced(&self) {
        self.batches.send_modify(|count| *count += 1);
    }

    /// Changes after each batch.
    pub fn batches(&self) -> watch::Receiver<u64> {
        self.batches.subscribe()
    }

    pub(crate) async fn next_commit(&self) {
        self.committed.notified().await;
    }
}
