//! Finds the server's programs on this machine.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{OLDEST_MAJOR, PostgresError};

/// A folder that holds `initdb` and `postgres`.
#[derive(Debug)]
pub(super) struct Programs {
    pub bin: PathBuf,
    major: u32,
    version: String,
}

/// The programs to use; for a cluster that exists, those of the major version that made it.
pub(super) fn programs(wanted: Option<&(PathBuf, u32)>) -> Result<Programs, PostgresError> {
    let mut too_old = Vec::new();
    let mut others = Vec::new();
    for bin in candidates()? {
        let Some(found) = inspect(bin) else { continue };
        if found.major < OLDEST_MAJOR {
            too_old.push(found.bin);
        } else if wanted.is_none_or(|(_, major)| *major == found.major) {
            return Ok(found);
        } else {
            others.push(found.version);
        }
    }
    match (wanted, env::var_os("SALLYPORT_PG_BIN")) {
        (Some((cluster, made_by)), _) if !others.is_empty() => {
            others.dedup();
            Err(PostgresError::VersionMismatch {
                cluster: cluster.clone(),
                made_by: *made_by,
                found: others.join(", "),
            })
        }
        (_, Some(named)) => Err(PostgresError::NotInNamedFolder(named.into())),
        _ => Err(PostgresError::NotFound { too_old }),
    }
}

/// Folders to look in, best first. One that the operator names is the only one.
fn candidates() -> Result<Vec<PathBuf>, PostgresError> {
    if let Some(named) = env::var_os("SALLYPORT_PG_BIN") {
        let named = PathBuf::from(named);
        let bin = named
            .canonicalize()
            .map_err(|_| PostgresError::NotInNamedFolder(named))?;
        return Ok(vec![bin]);
    }
    let mut found: Vec<PathBuf> = Vec::new();
    found.extend(on_path(&env::var_os("PATH").unwrap_or_default()));
    found.extend(pg_config());
    found.extend(newest_first(Path::new("/usr/lib/postgresql")));
    for tools in tool_folders() {
        found.extend(newest_first(&tools.join("postgres")));
    }
    Ok(found)
}

/// PATH may hold links to single programs; the folder they lead to holds them all.
fn on_path(path: &OsStr) -> impl Iterator<Item = PathBuf> {
    env::split_paths(path).filter_map(|folder| {
        let initdb = folder.join("initdb").canonicalize().ok()?;
        initdb.parent().map(Path::to_owned)
    })
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config")
        .arg("--bindir")
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let bin = String::from_utf8(output.stdout).ok()?;
    PathBuf::from(bin.trim()).canonicalize().ok()
}

/// `15/bin`, `9.6/bin`, ... below `root`, by number and not by letter.
fn newest_first(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root) else {
        return Vec::new();
    };
    let mut versions: Vec<(Vec<u32>, PathBuf)> = entries
        .flatten()
        .map(|entry| {
            let name = entry.file_name();
            let numbers = name
                .to_string_lossy()
                .split('.')
                .map_while(|part| part.parse().ok())
                .collect();
            (numbers, entry.path().join("bin"))
        })
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, bin)| bin).collect()
}

/// Where `scripts/get-postgres` puts what it fetches.
fn tool_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("SALLYPORT_TOOLS")
        .map(PathBuf::from)
        .into_iter()
        .collect();
    // Only the checkout that built this program: a `.tools` in whatever folder somebody stands
    // in is not ours to run.
    if let Ok(program) = env::current_exe() {
        let checkout = program
            .ancestors()
            .find(|folder| folder.file_name() == Some(OsStr::new("target")))
            .and_then(Path::parent);
        folders.extend(checkout.map(|checkout| checkout.join(".tools")));
    }
    folders.push(PathBuf::from("/var/cache/sallyport"));
    folders
}

fn inspect(bin: PathBuf) -> Option<Programs> {
    if !bin.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(bin.join("postgres"))
        .arg("-V")
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let (version, major) = parse_version(&String::from_utf8_lossy(&output.stdout))?;
    Some(Programs {
        bin,
        major,
        version,
    })
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 15.18, major 15.
fn parse_version(text: &str) -> Option<(String, u32)> {
    let version = text
        .split("(PostgreSQL) ")
        .nth(1)?
        .split_whitespace()
        .next()?;
    // A pre-release has no dot: `19beta1`.
    let end = version
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(version.len());
    Some((version.to_owned(), version[..end].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_the_server_prints() {
        let of = |text| parse_version(text).map(|(_, major)| major);
        assert_eq!(
            of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(of("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(of("9.6"), None);
    }

    #[test]
    fn folders_are_ordered_by_number() {
        let root = tempfile_dir();
        for version in ["9.6", "15", "17.10.0"] {
            fs::create_dir_all(root.join(version)).unwrap();
        }
        let names: Vec<_> = newest_first(&root)
            .iter()
            .map(|bin| bin.strip_prefix(&root).unwrap().to_owned())
            .collect();
        assert_eq!(
            names,
            ["17.10.0/bin", "15/bin", "9.6/bin"].map(PathBuf::from)
        );
        fs::remove_dir_all(root).unwrap();
    }

    fn tempfile_dir() -> PathBuf {
        nix::unistd::mkdtemp(&env::temp_dir().join("sallyport-XXXXXX")).unwrap()
    }
}
