//! The one place that reads the machine's clock: everything else is handed an instant.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, SubsecRound, Utc};

/// An instant, to the microsecond that PostgreSQL keeps.
pub type Timestamp = DateTime<Utc>;

/// The service's clock. Tests set it ahead or back; the live one has no offset.
#[derive(Clone, Default)]
pub struct Clock {
    offset_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// The present instant, cut to microseconds so that what is stored equals what was answered.
    pub fn now(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods)] // the one reader of the machine's clock
        let now = Utc::now();
        (now + Duration::seconds(self.offset_seconds.load(Ordering::Relaxed))).trunc_subsecs(6)
    }

    /// Moves this clock and its clones by so many seconds (tests and the demo's past).
    pub fn advance(&self, seconds: i64) {
        self.offset_seconds.fetch_add(seconds, Ordering::Relaxed);
    }
}
