//! The command line. Exit codes: 0 done, 1 failed, 2 wrong usage or missing set-up.

mod database;
mod demo;
mod import;
mod import_jail;
mod keys;
mod migrate;
mod policy;
mod ready;
mod serve;
mod users;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::imports::fields::Kind;
use crate::types::Role;

/// Records immigration detainers, custody releases and what came of each request.
#[derive(Parser)]
#[command(name = "sallyport", version, about, propagate_version = true)]
#[command(
    after_help = "With no DATABASE_URL, each command uses a private PostgreSQL below --data-dir."
)]
struct Cli {
    /// Settings file (TOML); see config/default.toml.
    #[arg(long, global = true, env = "SALLYPORT_CONFIG")]
    config: Option<PathBuf>,
    /// Folder of the private PostgreSQL and the data key [default: ./data; for root /var/lib/sallyport].
    #[arg(long, global = true, env = "SALLYPORT_DATA_DIR")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the API and the dashboard (the default).
    Serve(ServeArgs),
    /// Loads a labelled synthetic scenario, then serves it.
    Demo(ServeArgs),
    /// Brings the database's schema and the reference data up to date.
    Migrate,
    /// Asks the running service whether it is ready: exit code 0 or 1 (for health checks).
    Ready(ServeArgs),
    /// Makes API keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Invites people to the dashboard.
    #[command(subcommand)]
    Users(UsersCommand),
    /// Reads files in.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Tests the rules of law, or asks them.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Prints the OpenAPI document.
    Openapi,
}

#[derive(Args, Default)]
struct ServeArgs {
    /// Address to listen on, such as 127.0.0.1:8080.
    #[arg(long)]
    listen: Option<SocketAddr>,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Makes a key and prints it, alone, on standard output. It is shown once.
    Create(KeyArgs),
}

#[derive(Subcommand)]
enum UsersCommand {
    /// Opens an account and prints a link, alone, on standard output: it works once, for a week,
    /// and lets its bearer choose a password.
    Create(UserArgs),
}

#[derive(Args)]
struct UserArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// What the person signs in with.
    #[arg(long)]
    email: String,
    /// The person's name, as the log and the other side will read it.
    #[arg(long)]
    name: String,
}

#[derive(Args)]
struct KeyArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// What the key is for.
    #[arg(long)]
    name: String,
}

/// A role and where it holds.
#[derive(Args)]
struct PlaceArgs {
    /// submitter, reviewer, liaison, jurisdiction_admin, system_admin or auditor.
    #[arg(long)]
    role: Role,
    /// ORI, for a submitter or reviewer.
    #[arg(long)]
    agency: Option<String>,
    /// DHS code, for a liaison or an office's auditor.
    #[arg(long)]
    office: Option<String>,
    /// Id such as us-ca or 06073, for a jurisdiction_admin or auditor.
    #[arg(long)]
    jurisdiction: Option<String>,
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// Loads every rule and runs the cases beside it.
    Test {
        /// A folder made like config/, or one of rules alone [default: the rules in the binary].
        folder: Option<PathBuf>,
    },
    /// Answers a request of POST /v1/policies/evaluate on standard input.
    Evaluate,
}

#[derive(Subcommand)]
enum ImportCommand {
    /// Reads a release of federal detainer rows into historical records.
    Detainers(ImportArgs),
    /// Registers the agencies of a list by ORI, as not connected; those that are registered stay
    /// as they are.
    Agencies(AgencyListArgs),
    /// Takes in a jail's file of bookings: the nightly roster, or an export.
    Bookings(JailFileArgs),
    /// Takes in a jail's file of release notices.
    ReleaseNotices(JailFileArgs),
    /// Takes in requests that a jail received on paper and has listed in a file.
    Papers(JailFileArgs),
    /// Shows how a file would be read: its headings, its first rows, and on standard output the mapping
    /// that its headings suggest.
    Look {
        /// bookings, release_notices or detainers.
        kind: Kind,
        file: PathBuf,
    },
    /// Saves a mapping for an agency, so that `--mapping NAME` and `mapping=NAME` find it.
    Mapping {
        /// Its name: letters, digits, dots and dashes.
        name: String,
        /// The mapping (TOML).
        file: PathBuf,
        /// The agency (ORI).
        #[arg(long)]
        agency: String,
    },
    /// Prints the fields that a file may have; without a mapping they are its headings.
    Fields {
        /// bookings, release_notices or detainers.
        kind: Kind,
    },
}

#[derive(Args)]
struct JailFileArgs {
    /// The file: CSV in any form, XLSX or NDJSON, also packed with gzip.
    file: PathBuf,
    /// The agency whose file it is (ORI).
    #[arg(long)]
    agency: String,
    /// A mapping of its columns: a name, or a file (TOML) [default: the headings are the names of the fields].
    #[arg(long)]
    mapping: Option<String>,
    /// The feed that sent it.
    #[arg(long)]
    feed: Option<String>,
    /// The file names everybody in custody: who is missing is reported.
    #[arg(long, requires = "feed")]
    roster: bool,
    /// Somebody has looked at what the file would change.
    #[arg(long)]
    confirmed: bool,
    /// Where rejected rows are written [default: FILE.rejects.csv, only when there are any].
    #[arg(long)]
    rejects: Option<PathBuf>,
}

#[derive(Args)]
struct AgencyListArgs {
    /// The file: .csv or .csv.gz.
    file: PathBuf,
    /// Mapping of its columns and types (TOML) [default: the FBI's list; config/mappings/agencies-fbi.toml].
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// Where rejected rows are written [default: FILE.rejects.csv, only when there are any].
    #[arg(long)]
    rejects: Option<PathBuf>,
}

#[derive(Args)]
struct ImportArgs {
    /// The file: .csv or .csv.gz.
    file: PathBuf,
    /// The layout: ddp (releases as the Deportation Data Project publishes them).
    #[arg(long, value_parser = ["ddp"])]
    format: String,
    /// Name of the data set [default: the file's name].
    #[arg(long)]
    dataset: Option<String>,
    /// Where rejected rows are written [default: FILE.rejects.csv, only when there are any].
    #[arg(long)]
    rejects: Option<PathBuf>,
}

/// What a command ends with.
enum Failure {
    /// 2: the call or the set-up is wrong; the text says what to do.
    Usage(String),
    /// 1.
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    crate::telemetry::init(!std::io::IsTerminal::is_terminal(&std::io::stderr()));
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(text)) => {
            eprintln!("sallyport: {text}");
            ExitCode::from(2)
        }
        Err(Failure::Failed(error)) => {
            eprintln!("sallyport: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let command = cli.command.unwrap_or(Command::Serve(ServeArgs::default()));
    if let Command::Openapi = command {
        println!("{}", crate::openapi::document());
        return Ok(());
    }
    let mut config = crate::config::load(cli.config.as_deref())
        .map_err(|error| Failure::Usage(format!("settings: {error}")))?;
    match command {
        Command::Openapi => Ok(()),
        Command::Serve(args) => {
            config.http.listen = args.listen.unwrap_or(config.http.listen);
            serve::run(&config, cli.data_dir, serve::What::Service)
        }
        Command::Demo(args) => {
            config.http.listen = args.listen.unwrap_or(config.http.listen);
            let data_dir = cli
                .data_dir
                .unwrap_or_else(|| database::default_data_dir().join("demo"));
            serve::run(&config, Some(data_dir), serve::What::Demo)
        }
        Command::Migrate => migrate::run(&config, cli.data_dir),
        Command::Ready(args) => {
            config.http.listen = args.listen.unwrap_or(config.http.listen);
            ready::run(&config)
        }
        Command::Keys(KeysCommand::Create(args)) => keys::create(&config, cli.data_dir, args),
        Command::Users(UsersCommand::Create(args)) => users::create(&config, cli.data_dir, args),
        Command::Policy(PolicyCommand::Test { folder }) => policy::test(&config, folder),
        Command::Policy(PolicyCommand::Evaluate) => policy::evaluate(&config, cli.data_dir),
        Command::Import(ImportCommand::Detainers(args)) => {
            import::detainers(&config, cli.data_dir, args)
        }
        Command::Import(ImportCommand::Bookings(args)) => {
            import_jail::run(&config, cli.data_dir, Kind::Bookings, args)
        }
        Command::Import(ImportCommand::ReleaseNotices(args)) => {
            import_jail::run(&config, cli.data_dir, Kind::ReleaseNotices, args)
        }
        Command::Import(ImportCommand::Papers(args)) => {
            import_jail::run(&config, cli.data_dir, Kind::Detainers, args)
        }
        Command::Import(ImportCommand::Look { kind, file }) => import_jail::look(kind, &file),
        Command::Import(ImportCommand::Mapping { name, file, agency }) => {
            import_jail::save_mapping(&config, cli.data_dir, &name, &file, &agency)
        }
        Command::Import(ImportCommand::Fields { kind }) => {
            import_jail::print_fields(kind);
            Ok(())
        }
        Command::Import(ImportCommand::Agencies(args)) => {
            import::agencies(&config, cli.data_dir, args)
        }
    }
}
