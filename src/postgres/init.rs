//! Makes a cluster, once: `initdb` and the login and database of the service.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::{
        fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::unistd::{Uid, User};

use super::{DATABASE, LOGIN, Layout, PostgresError, SUPERUSER, find::Programs, io_error};

/// Whom the server runs as.
pub(super) struct ServerUser {
    name: String,
    /// Set when we are root and the server must not be.
    ids: Option<(u32, u32)>,
}

impl ServerUser {
    pub fn choose(cluster: &Path) -> Result<Self, PostgresError> {
        let me = Uid::effective();
        let owner = fs::metadata(cluster).ok();
        if !me.is_root() {
            return match owner {
                Some(owner) if owner.uid() != me.as_raw() => Err(PostgresError::NotOurs {
                    cluster: cluster.to_owned(),
                    owner: owner.uid(),
                }),
                _ => Ok(Self {
                    name: me.to_string(),
                    ids: None,
                }),
            };
        }
        // A cluster stays with the user who has it: an ordinary user's folder works for root too.
        if let Some(owner) = owner.filter(|owner| owner.uid() != 0) {
            return Ok(Self {
                name: owner.uid().to_string(),
                ids: Some((owner.uid(), owner.gid())),
            });
        }
        let user = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .ok_or(PostgresError::NoServerUser)?;
        Ok(Self {
            name: user.name,
            ids: Some((user.uid.as_raw(), user.gid.as_raw())),
        })
    }

    /// One of the server's programs, run as the server's user in an environment of its own: the
    /// operator's PG* variables mean other servers.
    pub fn command(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC")])
            .current_dir("/")
            .stdin(Stdio::null());
        if let Some((uid, gid)) = self.ids {
            command.uid(uid).gid(gid);
        }
        command
    }

    pub fn own(&self, path: &Path) -> Result<(), PostgresError> {
        match self.ids {
            Some((uid, gid)) => {
                chown(path, Some(uid), Some(gid)).map_err(io_error("hand over", path))
            }
            None => Ok(()),
        }
    }

    /// Checks, as that user, the two walks that would fail later with a bare "Permission denied".
    pub fn can_reach(&self, programs: &Programs, data: &Path) -> Result<(), PostgresError> {
        let walks = |folder: &Path| {
            let mut command = self.command(programs.bin.join("postgres"));
            command.arg("-V").current_dir(folder).stdout(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        if !walks(Path::new("/")) {
            return Err(PostgresError::ProgramsUnreachable {
                user: self.name.clone(),
                path: programs.bin.clone(),
            });
        }
        if !walks(data) {
            return Err(PostgresError::DataUnreachable {
                user: self.name.clone(),
                path: data.to_owned(),
            });
        }
        Ok(())
    }
}

/// The major version that made the cluster; none where there is no cluster yet.
pub(super) fn version_of_cluster(cluster: &Path) -> Result<Option<(PathBuf, u32)>, PostgresError> {
    let file = cluster.join("PG_VERSION");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io_error("read", &file)(source)),
    };
    let major = text.trim().parse().map_err(|_| {
        io_error("understand", &file)(io::Error::new(io::ErrorKind::InvalidData, "no version"))
    })?;
    Ok(Some((cluster.to_owned(), major)))
}

pub(super) fn create_cluster(
    layout: &Layout,
    programs: &Programs,
    user: &ServerUser,
) -> Result<(), PostgresError> {
    let unfinished = layout.root.join("postgres.new");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(io_error("clear", &unfinished))?;
    }
    make_private_dir(&unfinished, user)?;
    // Both secrets lie there before the cluster does, so no cluster is without them.
    let password = write_secret(&layout.password())?;
    write_secret(&layout.superuser_password())?;
    user.own(&layout.superuser_password())?; // initdb reads it

    let mut initdb = user.command(programs.bin.join("initdb"));
    initdb
        .arg("--pgdata")
        .arg(&unfinished)
        .arg("--pwfile")
        .arg(layout.superuser_password())
        .args([
            "--username",
            SUPERUSER,
            "--auth=scram-sha-256",
            "--data-checksums",
        ])
        .args(["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
    run("initdb", initdb, "")?;

    // In single-user mode nobody else can connect yet, and no password travels.
    let mut single = user.command(programs.bin.join("postgres"));
    single
        .args(["--single", "-c", "exit_on_error=on", "-D"])
        .arg(&unfinished)
        .arg("template1");
    // NOINHERIT: as a member of each side's role, an owner that inherited would see what they see.
    // It does not inherit what an owner may do in `public` either; granted in the template, that
    // holds in each database it makes.
    let statements = format!(
        "create role {LOGIN} login noinherit createrole createdb password '{password}'\n\
         grant create on schema public to {LOGIN}\n\
         create database {DATABASE} owner {LOGIN}\n"
    );
    run("postgres --single", single, &statements)?;

    // initdb left out its own sync, so that one sync covers the database made since.
    let mut sync = user.command(programs.bin.join("initdb"));
    sync.arg("--sync-only").arg("--pgdata").arg(&unfinished);
    run("initdb --sync-only", sync, "")?;

    // Last: a half-made cluster never bears the name of a whole one.
    let cluster = layout.cluster();
    fs::rename(&unfinished, &cluster).map_err(io_error("name", &cluster))?;
    sync_folder(&layout.root)
}

pub(super) fn make_private_dir(path: &Path, user: &ServerUser) -> Result<(), PostgresError> {
    fs::create_dir_all(path).map_err(io_error("make", path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        .map_err(io_error("close", path))?;
    user.own(path)
}

fn run(program: &'static str, mut command: Command, input: &str) -> Result<(), PostgresError> {
    let spawned = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let failed = |output: String| PostgresError::Init { program, output };
    let mut child = spawned.map_err(|error| failed(error.to_string()))?;
    // A broken pipe means that the program ended early; its own message says more.
    let _ = child
        .stdin
        .take()
        .map(|mut stdin| stdin.write_all(input.as_bytes()));
    let output = child
        .wait_with_output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(failed(text.trim().to_owned()))
}

/// A new random password, in a file that only its owner can read.
fn write_secret(path: &Path) -> Result<String, PostgresError> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| {
        io_error("make a password for", path)(io::Error::other(error.to_string()))
    })?;
    let secret = hex::encode(bytes);
    // Removed and made anew: an older file may have another owner or mode.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error("replace", path)(error));
        }
        _ => {}
    }
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        writeln!(file, "{secret}")?;
        file.sync_all()
    };
    write().map_err(io_error("write", path))?;
    Ok(secret)
}

fn sync_folder(path: &Path) -> Result<(), PostgresError> {
    fs::File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(io_error("sync", path))
}
