//! What every handler is given: pools, clock, keys, allowances. No capability lives here.

use std::sync::Arc;

use crate::db::Pools;
use crate::db::vault::Vault;
use crate::http::limits::Limits;
use crate::http::once::InFlight;
use crate::log::Hub;
use crate::types::Clock;

/// The application's shared state. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub pools: Pools,
    pub vault: Vault,
    pub clock: Clock,
    pub hub: Hub,
    pub limits: Limits,
    pub in_flight: InFlight,
    /// Shows the demonstration's band and its sign-in hints.
    pub demo: bool,
    /// What long-lived answers (SSE) watch to end with the service.
    pub shutdown: Arc<tokio::sync::watch::Sender<bool>>,
}
