//! What every handler is given: pools, clock, keys, allowances. No capability lives here.

use std::sync::Arc;

use crate::db::Pools;
use crate::db::vault::Vault;
use crate::http::limits::Limits;
use crate::http::once::InFlight;
use crate::http::source::SignIns;
use crate::http::uses::KeyUses;
use crate::log::Hub;
use crate::policy::Law;
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
    pub law: Law,
    pub sign_ins: SignIns,
    pub key_uses: KeyUses,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Arc<[std::net::IpAddr]>,
    /// Shows the demonstration's band and its sign-in hints.
    pub demo: bool,
    /// Reached over https: cookies are marked Secure.
    pub https: bool,
    /// What long-lived answers (SSE) watch to end with the service.
    pub shutdown: Arc<tokio::sync::watch::Sender<bool>>,
}

/// The settings that an `App` is built from.
pub struct Settings {
    pub law: Law,
    pub allowances: crate::http::limits::Allowances,
    pub demo: bool,
    pub https: bool,
    pub trusted_proxies: Vec<std::net::IpAddr>,
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
            law: settings.law,
            sign_ins: SignIns::default(),
            key_uses: KeyUses::default(),
            trusted_proxies: settings.trusted_proxies.into(),
            demo: settings.demo,
            https: settings.https,
            shutdown: Arc::new(tokio::sync::watch::channel(false).0),
        }
    }
}
