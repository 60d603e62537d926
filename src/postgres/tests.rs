//! Against real servers: these need PostgreSQL's programs, as everything here does.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::*;

/// A folder of a test's own, open to the user whom root's server runs as.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = nix::unistd::mkdtemp("/tmp/sallyport-test-XXXXXX").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn psql(info: &ConnectInfo, password: &str, statement: &str) -> Output {
    let psql = find::programs(None).unwrap().bin.join("psql");
    Command::new(psql)
        .env_clear()
        .env("PGPASSWORD", password)
        .arg("--host")
        .arg(&info.socket_dir)
        .args(["--port", &info.port.to_string(), "--username", &info.user])
        .args([
            "--no-psqlrc",
            "-At",
            "--dbname",
            &info.database,
            "-c",
            statement,
        ])
        .output()
        .unwrap()
}

fn ask(info: &ConnectInfo, statement: &str) -> String {
    let output = psql(info, &info.password, statement);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_server_starts_keeps_its_data_and_stops() {
    let folder = Folder::new();
    let data = folder.0.join("data");
    assert!(PrivateServer::attach(&data).unwrap().is_none());

    let server = PrivateServer::start(&data).unwrap();
    let info = server.connect_info().clone();
    let attributes = "select rolsuper, rolcreaterole, rolcreatedb, rolinherit, rolbypassrls
                        from pg_roles where rolname = current_user";
    assert_eq!(ask(&info, attributes), "f|t|t|f|f");
    let settings = "select current_setting('listen_addresses'), current_setting('data_checksums'),
                           current_setting('fsync'), pg_encoding_to_char(encoding)
                      from pg_database where datname = current_database()";
    assert_eq!(ask(&info, settings), "|on|on|UTF8");
    ask(&info, "create table kept as select 1 as one");
    assert_eq!(
        ask(&server.superuser_info().unwrap(), "show is_superuser"),
        "on"
    );

    assert!(!psql(&info, "wrong", "select 1").status.success());
    assert_eq!(mode(&data.join("password")), 0o600);
    assert_eq!(mode(&data.join("superuser-password")), 0o600);
    assert_eq!(mode(&data.join("postgres")), 0o700);
    assert_eq!(mode(&info.socket_dir), 0o700);

    let attached = PrivateServer::attach(&data).unwrap().unwrap();
    assert_eq!(ask(&attached, "select one from kept"), "1");
    assert!(matches!(
        PrivateServer::start(&data),
        Err(PostgresError::InUse(_))
    ));

    server.stop().unwrap();
    assert!(PrivateServer::attach(&data).unwrap().is_none());
    let again = PrivateServer::start(&data).unwrap();
    assert_eq!(ask(again.connect_info(), "select one from kept"), "1");
}

#[test]
fn a_path_too_long_for_a_socket_gets_a_short_one() {
    let folder = Folder::new();
    let data = folder.0.join("with, \"odd\" signs").join("deep".repeat(30));
    let server = PrivateServer::start(&data).unwrap();
    let socket_dir = server.connect_info().socket_dir.clone();
    assert!(!socket_dir.starts_with(&data));
    let attached = PrivateServer::attach(&data).unwrap().unwrap();
    assert_eq!(ask(&attached, "select 1"), "1");
    drop(server);
    assert!(!socket_dir.exists());
}

#[test]
fn data_of_another_version_is_left_alone() {
    let folder = Folder::new();
    fs::create_dir(folder.0.join("postgres")).unwrap();
    fs::write(folder.0.join("postgres/PG_VERSION"), "14\n").unwrap();
    let error = PrivateServer::start(&folder.0).err().unwrap();
    assert!(
        matches!(error, PostgresError::VersionMismatch { made_by: 14, .. }),
        "{error}"
    );
}

#[test]
fn a_cluster_left_half_made_is_made_anew() {
    let folder = Folder::new();
    fs::create_dir(folder.0.join("postgres.new")).unwrap();
    fs::write(folder.0.join("postgres.new/PG_VERSION"), "15\n").unwrap();
    fs::write(folder.0.join("password"), "of an earlier try\n").unwrap();
    let server = PrivateServer::start(&folder.0).unwrap();
    assert_eq!(ask(server.connect_info(), "select 1"), "1");
}

#[test]
fn a_folder_closed_to_the_servers_user_is_named() {
    let folder = Folder::new();
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    let started = PrivateServer::start(&folder.0.join("data"));
    if Uid::effective().is_root() {
        let error = started.err().unwrap();
        assert!(
            matches!(error, PostgresError::DataUnreachable { .. }),
            "{error}"
        );
    } else {
        // An ordinary user's server runs as that user, whose folder it is.
        assert!(started.is_ok());
    }
}

#[test]
fn without_programs_the_three_ways_are_told() {
    let text = PostgresError::NotFound {
        too_old: Vec::new(),
    }
    .to_string();
    for way in [
        "DATABASE_URL",
        "apt-get install postgresql",
        "scripts/get-postgres",
    ] {
        assert!(text.contains(way), "{text}");
    }
}
