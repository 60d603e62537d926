//! Sallyport records immigration detainers, custody releases and what came of each request,
//! jurisdiction by jurisdiction. This list is the map.

/// The words that everything else is written in.
pub mod types;

/// Connections: a pool for each side, the scope, the vault.
pub mod db;

/// The private server, where no other is named.
pub mod postgres;

/// Shared state of the handlers.
pub mod app;
/// Problems, strict JSON, idempotency, entity tags, cursors, allowances.
pub mod http;
/// The one append-only log: leaves, the sequencer, each party's stream.
pub mod log;

/// Keys, accounts, sessions, and the extractors that stand for a side.
pub mod identity;
/// The rules as they are served: evaluation, clock, library.
pub mod law;
/// What may be done: pure.
pub mod policy;
/// Jurisdictions, agencies, offices.
pub mod registry;

/// The table between the two sides.
pub mod exchange;

/// The jail's side, behind the wall.
pub mod custodian;
/// The liaison's side.
pub mod office;
/// Admins and auditors: masked lists and the log of their subtree.
pub mod oversight;

/// Pages: layout, forms, sign-in.
pub mod dashboard;
/// Readers of the log: consequences, streams.
pub mod delivery;
/// Files into records.
pub mod imports;
/// Counts and historical records.
pub mod reports;

/// The command line.
pub mod cli;
/// Settings.
pub mod config;
/// Probes of the process.
pub mod health;
/// The OpenAPI document.
pub mod openapi;
/// All routes and the order of middleware.
pub mod router;
/// Serving: the listener, the loops, a clean end.
pub mod server;
/// Logs and metrics.
pub mod telemetry;
/// Starts every background loop.
pub mod workers;
