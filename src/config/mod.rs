//! Settings: defaults in the binary, then a file, then the environment, then flags.

use std::net::SocketAddr;
use std::path::Path;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

use crate::http::limits::Allowances;

const DEFAULTS: &str = include_str!("../../config/default.toml");

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub http: Http,
    pub metrics: Metrics,
    pub limits: Allowances,
    pub database: Database,
    pub secrets: Secrets,
    pub policies: Policies,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub listen: SocketAddr,
    pub https: bool,
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    pub listen: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: String,
    pub custodian_url: String,
    pub office_url: String,
    pub oversight_url: String,
    pub operator_url: String,
    pub worker_url: String,
    pub custodian_pool: u32,
    pub office_pool: u32,
    pub other_pool: u32,
}

/// Addresses hold passwords: never printed.
impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("custodian_pool", &self.custodian_pool)
            .finish_non_exhaustive()
    }
}

/// Where the law comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    pub folder: String,
}

impl Policies {
    /// The folder, where one is named.
    pub fn folder(&self) -> Option<std::path::PathBuf> {
        (!self.folder.is_empty()).then(|| self.folder.clone().into())
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    pub data_key: String,
    pub data_key_file: String,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

/// Reads the settings.
///
/// # Errors
/// Names the setting and where it came from: an unknown key, a wrong type, an unreadable file.
#[allow(clippy::result_large_err)] // read once, at the start
pub fn load(file: Option<&Path>) -> Result<Config, figment::Error> {
    let mut figment = Figment::from(Toml::string(DEFAULTS));
    if let Some(file) = file {
        figment = figment.merge(Toml::file_exact(file));
    }
    let mut config: Config = figment
        .merge(Env::prefixed("SALLYPORT__").split("__"))
        .extract()?;
    if config.database.url.is_empty() {
        config.database.url = std::env::var("DATABASE_URL").unwrap_or_default();
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_an_unknown_key_is_an_error() {
        let config: Config = Figment::from(Toml::string(DEFAULTS)).extract().unwrap();
        assert_eq!(config.http.listen.port(), 8080);
        let unknown =
            Figment::from(Toml::string(DEFAULTS)).merge(Toml::string("[http]\nlisten_on = 1"));
        assert!(unknown.extract::<Config>().is_err());
    }
}
