//! What every handler is given: pools, clock, keys, allowances. No capability lives here.

use std::sync::Arc;

use crate::db::Pools;
use crate::db::vault::Vault;
use crate::http::limits::Limits;
use crate::http::once::InFlight;
use crate::log::Hub;
use crate::policy::load::Rules;
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
    /// The rules that are loaded; `cli::serve` puts those of a folder in their place.
    pub rules: Rules,
    /// Shows the demonstration's band and its sign-in hints.
    pub demo: bool,
    /// Reached over https: cookies are marked Secure.
    pub https: bool,
    /// What long-lived answers (SSE) watch to end with the service.
    pub shutdown: Arc<tokio::sync::watch::Sender<bool>>,
}

/// The settings that an `App` is built from.
pub struct Settings {
    pub allowances: crate::http::limits::Allowances,
    pub demo: bool,
    pub https: bool,
}

impl App {
    pub fn new(pools: Pools, vault: Vault, clock: Clock, settings: Settings) -> Self {
        Self {
            pools,
            vault,
            clock,
            hub: Hub::default(),
            limits: Limits::new(settings.allowances),
            in_flight: InFlight::default(),
            rules: Rules::built_in().expect("a test reads every rule in the binary"),
            demo: settings.demo,
            https: settings.https,
            shutdown: Arc::new(tokio::sync::watch::channel(false).0),
        }
    }
}
