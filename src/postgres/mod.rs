//! The private PostgreSQL server: what `sallyport` runs when no `DATABASE_URL` names another.
//!
//! It lives below the data folder, listens on a socket only and ends with this process. A folder
//! made by it holds:
//!
//! ```text
//! postgres/            the cluster, owned by the server's user
//! password             of the login `sallyport`, mode 0600
//! superuser-password   of the login `postgres`, mode 0600: for dumps, which row security refuses
//! socket/              unless the path is too long for a socket; then in the system's temp folder
//! postgres.log         the server's messages
//! lock                 held while a process of ours owns the server
//! ```
//!
//! PostgreSQL refuses to run as root. There the server runs as `postgres`, else as `nobody`.

mod find;
mod init;
mod run;

use std::{
    fmt,
    fs::{self, File},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Child,
};

use nix::{fcntl::Flock, unistd::Uid};

use self::init::ServerUser;

/// The oldest major version that the migrations are tried on.
const OLDEST_MAJOR: u32 = 15;
const LOGIN: &str = "sallyport";
const SUPERUSER: &str = "postgres";
const DATABASE: &str = "sallyport";

/// How to connect to a private server.
#[derive(Clone)]
pub struct ConnectInfo {
    pub socket_dir: PathBuf,
    pub port: u16,
    pub user: String,
    pub password: String,
    pub database: String,
}

impl fmt::Debug for ConnectInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectInfo")
            .field("socket_dir", &self.socket_dir)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// Where things lie below one data folder.
struct Layout {
    root: PathBuf,
}

impl Layout {
    fn at(data_dir: &Path) -> Result<Self, PostgresError> {
        if !data_dir.exists() {
            make_data_dir(data_dir).map_err(io_error("make the data folder", data_dir))?;
        }
        // The server starts in `/`, so a relative path would mean another folder to it.
        let root = data_dir
            .canonicalize()
            .map_err(io_error("find the data folder", data_dir))?;
        Ok(Self { root })
    }

    fn cluster(&self) -> PathBuf {
        self.root.join("postgres")
    }

    fn password(&self) -> PathBuf {
        self.root.join("password")
    }

    fn superuser_password(&self) -> PathBuf {
        self.root.join("superuser-password")
    }

    fn log(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The database that programs use, given where its server listens.
    fn connect_info(&self, socket_dir: PathBuf, port: u16) -> Result<ConnectInfo, PostgresError> {
        Ok(ConnectInfo {
            socket_dir,
            port,
            user: LOGIN.to_owned(),
            password: read_secret(&self.password())?,
            database: DATABASE.to_owned(),
        })
    }
}

/// A running server. It stops when this is dropped, and when the process dies.
pub struct PrivateServer {
    child: Option<Child>,
    info: ConnectInfo,
    layout: Layout,
    /// Made outside the data folder because that path was too long; removed at the end.
    temporary_socket_dir: Option<PathBuf>,
    // Dropped last, so nobody starts a second server before this one has ended.
    _lock: Flock<File>,
}

impl PrivateServer {
    /// Starts the server of `data_dir`, creating the cluster when there is none.
    ///
    /// Blocks until connections are accepted. Call it from the main thread before any runtime
    /// starts: the server is told to end when the *thread* that started it ends.
    pub fn start(data_dir: &Path) -> Result<Self, PostgresError> {
        let layout = Layout::at(data_dir)?;
        let lock = run::take_lock(&layout)?;
        let existing = init::version_of_cluster(&layout.cluster())?;
        let programs = find::programs(existing.as_ref())?;
        let user = ServerUser::choose(&layout.cluster())?;
        user.can_reach(&programs, &layout.root)?;
        if existing.is_none() {
            init::create_cluster(&layout, &programs, &user)?;
        }
        run::start(layout, lock, &programs, &user)
    }

    /// The way to a server that another process already runs on `data_dir`; none if it is down.
    pub fn attach(data_dir: &Path) -> Result<Option<ConnectInfo>, PostgresError> {
        if !data_dir.exists() {
            return Ok(None);
        }
        let layout = Layout::at(data_dir)?;
        // Asked for its error: somebody else's cluster is not the same as none.
        match init::version_of_cluster(&layout.cluster())? {
            Some(_) => run::attach(&layout),
            None => Ok(None),
        }
    }

    pub fn connect_info(&self) -> &ConnectInfo {
        &self.info
    }

    /// The superuser's way in. A dump needs it: row security is forced on the owner too.
    pub fn superuser_info(&self) -> Result<ConnectInfo, PostgresError> {
        Ok(ConnectInfo {
            user: SUPERUSER.to_owned(),
            password: read_secret(&self.layout.superuser_password())?,
            ..self.info.clone()
        })
    }

    /// Ends the server cleanly and waits until it has.
    pub fn stop(mut self) -> Result<(), PostgresError> {
        self.shut_down()
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        // Nobody is left to tell; the next start recovers from whatever this leaves.
        let _ = self.shut_down();
    }
}

#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    #[error("{}", NotFoundText(.too_old))]
    NotFound { too_old: Vec<PathBuf> },
    #[error(
        "SALLYPORT_PG_BIN names {}, which lacks initdb or postgres of version {OLDEST_MAJOR} or newer",
        .0.display()
    )]
    NotInNamedFolder(PathBuf),
    #[error(
        "the data in {} was made by PostgreSQL {made_by}, and only {found} was found here. \
         Install version {made_by}, or move the data with pg_upgrade",
        cluster.display()
    )]
    VersionMismatch {
        cluster: PathBuf,
        made_by: u32,
        found: String,
    },
    #[error(
        "another process already runs the server of {}. Stop it, or choose another --data-dir",
        .0.display()
    )]
    InUse(PathBuf),
    #[error(
        "the server runs as user `{user}`, who cannot reach {}: a folder above it is closed to others. \
         Choose a --data-dir that is open on the way, such as /var/lib/sallyport",
        path.display()
    )]
    DataUnreachable { user: String, path: PathBuf },
    #[error(
        "the server runs as user `{user}`, who cannot run the programs in {}. \
         Set SALLYPORT_PG_BIN to a folder that everybody can reach",
        path.display()
    )]
    ProgramsUnreachable { user: String, path: PathBuf },
    #[error("{} belongs to user {owner}. Run sallyport as that user or as root", cluster.display())]
    NotOurs { cluster: PathBuf, owner: u32 },
    #[error("root needs a user to run PostgreSQL as: neither `postgres` nor `nobody` exists here")]
    NoServerUser,
    #[error("{program} failed while making the database:\n{output}")]
    Init {
        program: &'static str,
        output: String,
    },
    #[error("PostgreSQL {what}. Its last messages:\n{log}")]
    Server { what: &'static str, log: String },
    #[error("could not {what} {}: {source}", path.display())]
    Io {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

struct NotFoundText<'a>(&'a [PathBuf]);

impl fmt::Display for NotFoundText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no PostgreSQL server (version {OLDEST_MAJOR} or newer) was found. Three ways on:\n  \
             1. Use a server that runs elsewhere: set DATABASE_URL=postgres://user:password@host/database\n  \
             2. Install the distribution's package, such as: apt-get install postgresql\n  \
             3. Fetch the programs without installing: scripts/get-postgres\n\
             SALLYPORT_PG_BIN may name the folder that holds initdb and postgres."
        )?;
        for bin in self.0 {
            write!(f, "\nToo old: {}", bin.display())?;
        }
        Ok(())
    }
}

fn make_data_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    // Whatever the umask is, another user's server must be able to walk through root's folder.
    // The secrets in it are closed one by one.
    if Uid::effective().is_root() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o711))?;
    }
    Ok(())
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PostgresError {
    let path = path.to_owned();
    move |source| PostgresError::Io { what, path, source }
}

fn read_secret(path: &Path) -> Result<String, PostgresError> {
    let text = fs::read_to_string(path).map_err(io_error("read", path))?;
    Ok(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests;
