//! What lies beside the code against the code: the container files (no image is built here) and
//! what SECURITY.md says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// The instructions of the Dockerfile, continued lines joined: word and rest.
fn instructions() -> Vec<(String, String)> {
    let mut text = String::new();
    for line in read("Dockerfile").lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(part) => text.push_str(part),
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(word, rest)| (word.to_owned(), rest.trim().to_owned()))
        .collect()
}

fn of<'a>(instructions: &'a [(String, String)], word: &str) -> Vec<&'a str> {
    instructions
        .iter()
        .filter(|(found, _)| found == word)
        .map(|(_, rest)| rest.as_str())
        .collect()
}

/// Everything after `key:` in compose.yaml, as written.
fn values(compose: &str, key: &str) -> Vec<String> {
    compose
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix(key))
        .filter_map(|rest| rest.strip_prefix(':'))
        .map(|rest| rest.trim().to_owned())
        .collect()
}

#[test]
fn every_copied_source_exists_and_reaches_the_builder() {
    let sent: BTreeSet<String> = read(".dockerignore")
        .lines()
        .filter_map(|line| line.strip_prefix('!'))
        .map(str::to_owned)
        .collect();
    let mut copied = BTreeSet::new();
    for copy in of(&instructions(), "COPY") {
        if copy.starts_with("--from=") {
            continue;
        }
        let mut places: Vec<&str> = copy.split_whitespace().collect();
        places.pop();
        for source in places {
            assert!(root().join(source).exists(), "COPY {source}");
            copied.insert(source.split('/').next().unwrap().to_owned());
        }
    }
    assert_eq!(copied, sent, "copied, and let through by .dockerignore");
}

#[test]
fn what_the_sources_take_in_is_copied() {
    // include_str! and the like reach these folders; a build without them fails late.
    let copied = of(&instructions(), "COPY").join(" ");
    for needed in [".sqlx", "config", "migrations", "templates", "build.rs"] {
        assert!(
            copied.split_whitespace().any(|word| word == needed),
            "{needed}"
        );
    }
    assert!(copied.contains("/src/assets ./assets"));
}

#[test]
fn the_image_runs_without_a_shell_and_as_nobody() {
    let instructions = instructions();
    let stages = of(&instructions, "FROM");
    assert_eq!(stages.last(), Some(&"scratch"));
    for stage in &stages[..stages.len() - 1] {
        let image = stage.split(' ').next().unwrap();
        let (_, tag) = image.split_once(':').expect("a tag");
        assert!(tag.starts_with(|c: char| c.is_ascii_digit()), "{image}");
    }
    let last = instructions
        .iter()
        .rposition(|(word, _)| word == "FROM")
        .unwrap();
    let run = &instructions[last..];
    let user = of(run, "USER")[0];
    let number: u32 = user.split(':').next().unwrap().parse().expect("a number");
    assert!(number >= 1000, "USER {user}");
    assert_eq!(of(run, "RUN"), Vec::<&str>::new());
    // The form that needs no shell.
    for word in ["ENTRYPOINT", "CMD"] {
        assert!(of(run, word)[0].starts_with('['), "{word}");
    }
    assert!(of(run, "HEALTHCHECK")[0].contains("CMD [\"/usr/bin/sallyport\", \"ready\"]"));
}

#[test]
fn the_image_is_built_with_a_compiler_that_is_new_enough() {
    let manifest = read("Cargo.toml");
    let needed = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = \"1."))
        .and_then(|rest| rest.trim_end_matches('"').parse::<u32>().ok())
        .unwrap();
    let dockerfile = read("Dockerfile");
    let rest = dockerfile.split("FROM rust:1.").nth(1).unwrap();
    let used: u32 = rest.split(['.', '-']).next().unwrap().parse().unwrap();
    assert!(used >= needed, "rust:1.{used} for rust-version 1.{needed}");
}

#[test]
fn compose_names_no_password_and_publishes_to_this_machine_only() {
    let compose = read("compose.yaml");
    assert!(!compose.contains('\t'));
    for image in values(&compose, "image") {
        let (_, tag) = image.split_once(':').expect("a tag");
        assert!(!tag.contains("latest"), "{image}");
    }
    for line in compose.lines().map(str::trim) {
        let key = line.split(": ").next().unwrap_or_default();
        if key.contains("PASSWORD") && line != key {
            assert!(
                line.starts_with("POSTGRES_PASSWORD_FILE: /run/secrets/"),
                "{line}"
            );
        }
        assert!(!line.contains("postgres://"), "{line}");
    }
    let ports: Vec<&str> = compose
        .lines()
        .skip_while(|line| line.trim() != "ports:")
        .skip(1)
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .take_while(|line| line.starts_with("- "))
        .collect();
    assert_eq!(ports.len(), 1);
    assert!(ports[0].starts_with("- \"127.0.0.1:"), "{}", ports[0]);
    // A service that waits for another waits for a condition.
    let conditions = values(&compose, "condition");
    assert!(conditions.contains(&"service_healthy".to_owned()));
    assert!(conditions.contains(&"service_completed_successfully".to_owned()));
}

#[test]
fn the_secrets_that_compose_reads_are_made_fresh_and_never_over_old_ones() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compose-secrets");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("scripts")).unwrap();
    for script in ["lib.sh", "compose-secrets"] {
        std::fs::copy(
            root().join("scripts").join(script),
            folder.join("scripts").join(script),
        )
        .unwrap();
    }
    let make = || {
        Command::new(folder.join("scripts/compose-secrets"))
            .output()
            .unwrap()
    };
    let first = make();
    assert!(first.status.success(), "{first:?}");

    let compose = read("compose.yaml");
    let ignored = read(".gitignore");
    assert!(ignored.lines().any(|line| line == "/secrets/"));
    let mut named = 0;
    for line in compose.lines().filter(|line| line.contains("./secrets/")) {
        let name = line.split("./secrets/").nth(1).unwrap();
        let name = name.split(':').next().unwrap();
        assert!(folder.join("secrets").join(name).is_file(), "{name}");
        named += 1;
    }
    assert_eq!(named, 3);

    let settings = std::fs::read_to_string(folder.join("secrets/sallyport.toml")).unwrap();
    let logins = std::fs::read_to_string(folder.join("secrets/logins.sql")).unwrap();
    let mut passwords = BTreeSet::new();
    for url in settings.lines().filter_map(|line| line.split("://").nth(1)) {
        let (login, rest) = url.split_once(':').unwrap();
        let password = rest.split('@').next().unwrap();
        assert!(password.len() >= 48, "{login}");
        assert!(
            logins.contains(&format!("create role {login} login ")),
            "{login}"
        );
        assert!(logins.contains(password), "{login}");
        passwords.insert(password.to_owned());
    }
    assert_eq!(
        passwords.len(),
        6,
        "a login for the owner and for each side, none alike"
    );

    let again = make();
    assert!(!again.status.success());
    assert_eq!(
        std::fs::read_to_string(folder.join("secrets/sallyport.toml")).unwrap(),
        settings
    );
}

/// The text of every Rust file below a folder.
fn rust_below(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_below(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn the_table_of_hostile_cases_is_whole_and_names_tests_that_exist() {
    let mut code = String::new();
    rust_below(&root().join("src"), &mut code);
    rust_below(&root().join("tests"), &mut code);
    let document = read("SECURITY.md");
    let mut number = 0;
    for row in document.lines() {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if cells.len() != 6 || !cells[1].starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        number += 1;
        assert_eq!(cells[1], number.to_string());
        let tests: Vec<&str> = cells[4]
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| word.matches('_').count() > 3)
            .collect();
        for test in &tests {
            assert!(code.contains(&format!("fn {test}(")), "{number}: {test}");
        }
        match cells[3] {
            "Held" => assert!(!tests.is_empty(), "{number} names no test"),
            "Partly" | "Open" | "Not here" => {}
            other => panic!("{number}: {other}"),
        }
    }
    assert_eq!(number, 54);
}
