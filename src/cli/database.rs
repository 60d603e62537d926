//! Finding the database of a command: DATABASE_URL, or the private server of the data folder.

use std::path::{Path, PathBuf};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::Failure;
use crate::app::{App, Settings};
use crate::config::Config;
use crate::db::pools::{Logins, PoolSize, Pools};
use crate::db::vault::Vault;
use crate::policy::Law;
use crate::postgres::{ConnectInfo, PostgresError, PrivateServer};
use crate::types::Clock;

/// The database of one command; a private server of its own ends with it.
pub struct Database {
    /// The owner's login.
    pub owner: PgConnectOptions,
    pub is_private: bool,
    pub data_dir: PathBuf,
    server: Option<PrivateServer>,
}

/// `./data`, or `/var/lib/sallyport` for root, whose checkouts the server's user cannot walk into.
pub fn default_data_dir() -> PathBuf {
    if nix::unistd::Uid::effective().is_root() {
        "/var/lib/sallyport".into()
    } else {
        "data".into()
    }
}

impl Database {
    /// Connects to the configured server, to a private one that is running, or starts it. Call
    /// it from the main thread, before any runtime.
    pub fn open(config: &Config, data_dir: Option<PathBuf>) -> Result<Self, Failure> {
        let data_dir = data_dir.unwrap_or_else(default_data_dir);
        if !config.database.url.is_empty() {
            let owner = parse("database.url", &config.database.url)?;
            return Ok(Self {
                owner,
                is_private: false,
                data_dir,
                server: None,
            });
        }
        if let Some(info) = PrivateServer::attach(&data_dir).map_err(refused)? {
            return Ok(Self {
                owner: login(&info),
                is_private: true,
                data_dir,
                server: None,
            });
        }
        let server = PrivateServer::start(&data_dir).map_err(refused)?;
        Ok(Self {
            owner: login(server.connect_info()),
            is_private: true,
            data_dir,
            server: Some(server),
        })
    }

    /// The state that handlers are given.
    pub fn app(&self, config: &Config, demo: bool) -> Result<App, Failure> {
        let database = &config.database;
        let side = |name: &str, url: &str| {
            if url.is_empty() {
                Ok(self.owner.clone())
            } else {
                parse(name, url)
            }
        };
        let logins = Logins {
            custodian: side("database.custodian_url", &database.custodian_url)?,
            office: side("database.office_url", &database.office_url)?,
            oversight: side("database.oversight_url", &database.oversight_url)?,
            operator: side("database.operator_url", &database.operator_url)?,
            worker: side("database.worker_url", &database.worker_url)?,
        };
        let size = PoolSize {
            custodian: database.custodian_pool,
            office: database.office_pool,
            other: database.other_pool,
        };
        let pools = Pools::lazy(&PgPoolOptions::new(), &logins, size);
        let vault = self.vault(config)?;
        Ok(App::new(
            pools,
            vault,
            Clock::default(),
            Settings {
                law: Law::of(super::policy::rules(config)?),
                allowances: config.limits,
                demo,
                https: config.http.https,
                trusted_proxies: config.http.trusted_proxies.clone(),
            },
        ))
    }

    fn vault(&self, config: &Config) -> Result<Vault, Failure> {
        let secrets = &config.secrets;
        let vault = if !secrets.data_key.is_empty() {
            Vault::from_hex(&secrets.data_key)
        } else if !secrets.data_key_file.is_empty() {
            Vault::from_hex(&std::fs::read_to_string(&secrets.data_key_file)?)
        } else {
            if !self.is_private {
                tracing::warn!(
                    "the data key is the file data-key in {}; replicas must share it (secrets.data_key_file)",
                    self.data_dir.display()
                );
            }
            Vault::open_or_create(&self.data_dir.join("data-key"))
        };
        vault.map_err(|error| Failure::Usage(error.to_string()))
    }

    /// Ends the private server, if this command started it.
    pub fn close(self) -> Result<(), Failure> {
        if let Some(server) = self.server {
            server.stop().map_err(refused)?;
        }
        Ok(())
    }

    /// Where the data lies, for the start-up lines.
    pub fn place(&self) -> String {
        if self.is_private {
            show(&self.data_dir)
        } else {
            "DATABASE_URL".to_owned()
        }
    }
}

fn show(path: &Path) -> String {
    path.canonicalize()
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}

fn parse(name: &str, url: &str) -> Result<PgConnectOptions, Failure> {
    // The text is not repeated: it holds a password.
    url.parse().map_err(|error| {
        Failure::Usage(format!(
            "{name} (or DATABASE_URL) is no PostgreSQL address: {error}"
        ))
    })
}

fn login(info: &ConnectInfo) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(&info.socket_dir)
        .port(info.port)
        .username(&info.user)
        .password(&info.password)
        .database(&info.database)
}

/// What stops the private server is a matter of set-up: exit code 2.
fn refused(error: PostgresError) -> Failure {
    Failure::Usage(error.to_string())
}

/// A runtime with all its threads; made after the private server has been started.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
}
