//! Starts the server of a cluster, finds one that runs, and stops it.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::{net::UnixStream, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
    sys::signal::{Signal, kill},
    unistd::{Pid, mkdtemp},
};

use super::{
    ConnectInfo, Layout, PostgresError, PrivateServer,
    find::Programs,
    init::{ServerUser, make_private_dir},
    io_error,
};

/// The kernel takes 107 bytes for `<folder>/.s.PGSQL.5432.lock`; this leaves room.
const LONGEST_SOCKET_DIR: usize = 80;
/// Only part of the socket's name, since the server listens on no network.
const PORT: u16 = 5432;
const POLL: Duration = Duration::from_millis(10);
/// Crash recovery of a large database takes its time; a server that gives up ends by itself.
const START_LIMIT: Duration = Duration::from_secs(600);
const STOP_LIMIT: Duration = Duration::from_secs(20);
const LARGEST_LOG: u64 = 8 << 20;

/// Fails at once while another process of ours owns the server of this folder.
pub(super) fn take_lock(layout: &Layout) -> Result<Flock<File>, PostgresError> {
    let path = layout.lock();
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(io_error("open", &path))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
        Errno::EWOULDBLOCK => PostgresError::InUse(layout.root.clone()),
        other => io_error("lock", &path)(other.into()),
    })
}

pub(super) fn start(
    layout: Layout,
    lock: Flock<File>,
    programs: &Programs,
    user: &ServerUser,
) -> Result<PrivateServer, PostgresError> {
    let cluster = layout.cluster();
    // We hold the lock, so a server that still lives lost its process and is shutting down.
    // PostgreSQL's own lock refuses a second one if it should not end.
    wait_until(STOP_LIMIT, || !is_alive(&cluster));

    let (socket_dir, temporary_socket_dir) = socket_dir(&layout, user)?;
    let info = layout.connect_info(socket_dir, PORT)?;
    let child = spawn(&layout, &info.socket_dir, programs, user)?;
    let mut server = PrivateServer {
        child: Some(child),
        info,
        layout,
        temporary_socket_dir,
        _lock: lock,
    };
    // From here on a failure drops `server`, which ends what was started.
    server.wait_until_ready()?;
    Ok(server)
}

pub(super) fn attach(layout: &Layout) -> Result<Option<ConnectInfo>, PostgresError> {
    let cluster = layout.cluster();
    // One that is starting or recovering right now is worth a short wait.
    wait_until(Duration::from_secs(5), || {
        !is_alive(&cluster) || Postmaster::read(&cluster).is_some_and(|p| p.ready)
    });
    match Postmaster::read(&cluster) {
        Some(running) if running.ready && running.answers() => layout
            .connect_info(running.socket_dir, running.port)
            .map(Some),
        _ => Ok(None),
    }
}

impl PrivateServer {
    fn wait_until_ready(&mut self) -> Result<(), PostgresError> {
        let cluster = self.layout.cluster();
        let Some(child) = self.child.as_mut() else {
            return Ok(());
        };
        let id = child.id();
        let mut ended = false;
        let ready = wait_until(START_LIMIT, || {
            ended = !matches!(child.try_wait(), Ok(None));
            ended
                || Postmaster::read(&cluster)
                    .is_some_and(|p| p.ready && p.pid.as_raw() as u32 == id)
        });
        let what = match (ended, ready) {
            (false, true) => return Ok(()),
            (true, _) => "did not start",
            (false, false) => "took too long to start",
        };
        Err(self.server_error(what))
    }

    pub(super) fn shut_down(&mut self) -> Result<(), PostgresError> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        // Fast shutdown: open transactions roll back, and a checkpoint makes the next start quick.
        let clean = end(&mut child, Signal::SIGINT, STOP_LIMIT)
            || end(&mut child, Signal::SIGQUIT, Duration::from_secs(5));
        if !clean {
            let _ = child.kill();
            let _ = child.wait();
        }
        if let Some(folder) = self.temporary_socket_dir.take() {
            let _ = fs::remove_dir_all(folder);
        }
        if clean {
            Ok(())
        } else {
            Err(self.server_error("had to be killed"))
        }
    }

    fn server_error(&self, what: &'static str) -> PostgresError {
        PostgresError::Server {
            what,
            log: last_lines(&self.layout.log()),
        }
    }
}

fn spawn(
    layout: &Layout,
    socket_dir: &Path,
    programs: &Programs,
    user: &ServerUser,
) -> Result<Child, PostgresError> {
    let postgres = programs.bin.join("postgres");
    let log = open_log(&layout.log())?;
    let mut command = user.command(postgres.clone());
    command
        .arg("-D")
        .arg(layout.cluster())
        .args([
            "-c",
            "listen_addresses=",
            "-c",
            "unix_socket_permissions=0700",
            // Of a jail whose first file is coming in the statistics know nothing, and a minute of plans for one row costs
            // a third of the file's rate.
            "-c",
            "autovacuum_naptime=10s",
        ])
        .args(["-c", &format!("port={PORT}"), "-c"])
        .arg(format!("unix_socket_directories={}", quoted(socket_dir)))
        .stdout(Stdio::null())
        .stderr(log)
        // Ctrl-C is for us: the server ends after the last request, not beside it.
        .process_group(0);
    end_with_us(&mut command);
    command.spawn().map_err(io_error("start", &postgres))
}

/// Has the kernel end the server when we die in a way that runs no code of ours.
fn end_with_us(command: &mut std::process::Command) {
    #[cfg(target_os = "linux")]
    #[allow(unsafe_code)]
    // Between fork and exec: one prctl, which allocates and locks nothing.
    unsafe {
        command
            .pre_exec(|| nix::sys::prctl::set_pdeathsig(Signal::SIGINT).map_err(io::Error::from));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

fn socket_dir(
    layout: &Layout,
    user: &ServerUser,
) -> Result<(PathBuf, Option<PathBuf>), PostgresError> {
    let beside = layout.root.join("socket");
    if beside.as_os_str().len() <= LONGEST_SOCKET_DIR {
        make_private_dir(&beside, user)?;
        return Ok((beside, None));
    }
    // Not TMPDIR, which may be as long, or closed to the server's user.
    let template = Path::new("/tmp/sallyport-XXXXXX");
    let short = mkdtemp(template).map_err(|errno| io_error("make", template)(errno.into()))?;
    user.own(&short)?;
    Ok((short.clone(), Some(short)))
}

/// The setting is a list, in which a quoted entry may hold commas and spaces.
fn quoted(folder: &Path) -> String {
    format!("\"{}\"", folder.display().to_string().replace('"', "\"\""))
}

fn open_log(path: &Path) -> Result<File, PostgresError> {
    if fs::metadata(path).is_ok_and(|log| log.len() > LARGEST_LOG) {
        let _ = fs::rename(path, path.with_extension("log.1"));
    }
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .create(true)
        .append(true)
        .open(path)
        .map_err(io_error("open", path))
}

fn last_lines(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

fn end(child: &mut Child, signal: Signal, limit: Duration) -> bool {
    let _ = kill(Pid::from_raw(child.id() as i32), signal);
    wait_until(limit, || !matches!(child.try_wait(), Ok(None)))
}

fn is_alive(cluster: &Path) -> bool {
    // A file left by a crash may name a process id that is somebody else's by now, so the socket
    // has the last word.
    Postmaster::read(cluster).is_some_and(|running| running.answers())
}

fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !done() {
        if start.elapsed() >= limit {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}

/// What a server writes about itself into `postmaster.pid`, line by line.
#[derive(Debug, PartialEq)]
struct Postmaster {
    pid: Pid,
    port: u16,
    socket_dir: PathBuf,
    ready: bool,
}

impl Postmaster {
    fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        // pid, data folder, start, port, socket folder, address, shared memory, status
        let lines: Vec<&str> = text.lines().collect();
        Some(Self {
            pid: Pid::from_raw(lines.first()?.trim().parse().ok()?),
            port: lines.get(3).and_then(|port| port.trim().parse().ok())?,
            socket_dir: lines.get(4)?.into(),
            ready: lines.get(7).is_some_and(|status| status.trim() == "ready"),
        })
    }

    fn answers(&self) -> bool {
        UnixStream::connect(self.socket_dir.join(format!(".s.PGSQL.{}", self.port))).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_still_starting_is_not_ready() {
        let starting = "4711\n/data/postgres\n1790000000\n5432\n/data/socket\n\n 1 2\nstarting\n";
        let running = Postmaster::parse(starting).unwrap();
        assert!(!running.ready);
        let running = Postmaster::parse(&starting.replace("starting", "ready   ")).unwrap();
        assert!(running.ready);
        assert_eq!(running.socket_dir, Path::new("/data/socket"));
        // The first moment of a start: the file has no status line yet.
        assert_eq!(Postmaster::parse("4711\n"), None);
    }

    #[test]
    fn a_socket_folder_may_hold_commas_and_quotes() {
        assert_eq!(quoted(Path::new("/a, \"b\"")), "\"/a, \"\"b\"\"\"");
    }
}
