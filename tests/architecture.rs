//! Who imports whom, read from the sources: the wall between office and custodian is a matter of
//! grants in the database (tests/api/wall.rs) and of these lines.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One source file, without its unit tests and comments.
struct Source {
    /// Below `src/`, such as `office/detainers/api.rs`.
    path: String,
    text: String,
}

impl Source {
    /// The folder (or file) directly under `src/` that it belongs to.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Every module of ours that it names, in a `use` line or in place.
    fn names(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (at, _) in self.text.match_indices("crate::") {
            // `$crate::` and `other_crate::` are not ours.
            if self.text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let rest = &self.text[at + "crate::".len()..];
            match rest.strip_prefix('{') {
                Some(group) => found.extend(first_words(group)),
                None => found.extend(first_word(rest)),
            }
        }
        found
    }
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text
        .trim_start()
        .chars()
        .take_while(|c| c.is_ascii_lowercase() || *c == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}

/// The first word of each item of a `{…}` group, whatever is nested in it.
fn first_words(group: &str) -> Vec<String> {
    let (mut depth, mut item, mut words) = (0, String::new(), Vec::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                words.extend(first_word(&item));
                item.clear();
                continue;
            }
            _ => {}
        }
        item.push(c);
    }
    words.extend(first_word(&item));
    words
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    assert!(found.len() > 50, "the sources were not found");
    found
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let lines = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            Source {
                path: path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned(),
                text: lines.collect::<Vec<_>>().join("\n"),
            }
        })
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// What each module may name, besides itself. A line added here is a decision.
const MAY: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("db", &["types"]),
    // The allowances are both a section and what the limits are built from.
    ("config", &["types", "http"]),
    ("postgres", &["types", "db", "config"]),
    ("telemetry", &["types", "config"]),
    ("log", &["types", "db"]),
    ("app", &["types", "db", "http", "log", "policy"]),
    ("http", &["types", "db", "log", "app"]),
    // The registry's own pages of the API take callers by identity's extractors.
    (
        "registry",
        &["types", "db", "http", "log", "app", "identity", "policy"],
    ),
    (
        "identity",
        &["types", "db", "http", "log", "app", "registry"],
    ),
    ("policy", &["types"]),
    // Its pages are public.
    (
        "law",
        &[
            "types",
            "db",
            "http",
            "log",
            "app",
            "registry",
            "policy",
            "dashboard",
        ],
    ),
    (
        "exchange",
        &[
            "types", "db", "http", "log", "app", "registry", "identity", "policy",
        ],
    ),
    (
        "office",
        &[
            "types",
            "db",
            "http",
            "log",
            "app",
            "registry",
            "identity",
            "policy",
            "exchange",
            "dashboard",
        ],
    ),
    (
        "custodian",
        &[
            "imports",
            "types",
            "db",
            "http",
            "log",
            "app",
            "registry",
            "identity",
            "policy",
            "exchange",
            "dashboard",
        ],
    ),
    (
        "oversight",
        &[
            "types", "db", "http", "log", "app", "registry", "identity", "policy", "exchange",
        ],
    ),
    (
        "delivery",
        &[
            "types",
            "db",
            "http",
            "log",
            "app",
            "registry",
            "identity",
            "policy",
            "exchange",
            "custodian",
            "office",
            // The loop that carries files on has releases too.
            "imports",
        ],
    ),
    // Pure, but for what releases say about the past.
    ("imports", &["types", "db", "log", "http", "registry"]),
    (
        "reports",
        &[
            "types", "db", "http", "log", "app", "registry", "identity", "policy", "exchange",
            // A release is handed in as a jail's file is, and answered alike.
            "imports",
        ],
    ),
];

/// These put the rest together and see everything.
const SEE_ALL: &[&str] = &[
    "main",
    "lib",
    "cli",
    "router",
    "workers",
    "server",
    "openapi",
    "health",
    "dashboard",
];

#[test]
fn a_module_names_only_those_before_it() {
    let mut wrong = Vec::new();
    for source in sources() {
        let module = source.module();
        if SEE_ALL.contains(&module) {
            continue;
        }
        let Some((_, may)) = MAY.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: a module that MAY does not know", source.path));
            continue;
        };
        for named in source.names() {
            if named != module && !may.contains(&named.as_str()) {
                wrong.push(format!("{} names crate::{named}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn office_and_custodian_never_name_each_other() {
    for source in sources() {
        for (side, other) in [("office", "custodian"), ("custodian", "office")] {
            if source.module() == side {
                assert!(
                    !source.names().contains(other),
                    "{} names {other}",
                    source.path
                );
            }
        }
    }
}

#[test]
fn each_side_takes_connections_of_its_own_pool() {
    for source in sources() {
        for (side, other) in [("office", "custodian"), ("custodian", "office")] {
            if source.module() == side {
                for pool in [other, "worker", "operator", "oversight"] {
                    assert!(
                        !source.text.contains(&format!("pools.{pool}")),
                        "{} takes a connection of the {pool} pool",
                        source.path
                    );
                }
            }
        }
    }
}

#[test]
fn the_office_writes_no_query_on_the_custodians_schema() {
    for source in sources() {
        if matches!(source.module(), "office" | "exchange") {
            for table in [
                "from custodian.",
                "join custodian.",
                "into custodian.",
                "update custodian.",
            ] {
                assert!(!source.text.contains(table), "{}: {table}", source.path);
            }
        }
    }
}

#[test]
fn a_model_runs_no_query_and_reads_no_clock() {
    for source in sources() {
        let pure = source.path.ends_with("/model.rs")
            || source.path.ends_with("/matching.rs")
            || source.path == "custodian/release_notices/state.rs"
            || source.path == "log/leaf.rs"
            || (source.module() == "policy" && !source.path.starts_with("policy/load"));
        if pure {
            for word in [
                "sqlx",
                "ScopedTx",
                ".await",
                "async fn",
                "axum",
                "std::fs",
                "tokio",
                "clock.now",
            ] {
                assert!(!source.text.contains(word), "{}: {word}", source.path);
            }
        }
    }
}

#[test]
fn a_handler_has_no_sql() {
    for source in sources() {
        let handler = source.path.ends_with("/api.rs")
            || source.path.contains("/pages/")
            || source.path.ends_with("/pages.rs");
        // Registry and reports write their own reads beside their handlers.
        if handler && !matches!(source.module(), "reports") {
            assert!(!source.text.contains("sqlx::query"), "{}", source.path);
            assert!(!source.text.contains("QueryBuilder"), "{}", source.path);
        }
    }
}

#[test]
fn a_store_knows_no_http() {
    for source in sources() {
        if source.path.ends_with("/store.rs") {
            for word in ["axum", "Response", "StatusCode", "crate::http::Problem"] {
                assert!(!source.text.contains(word), "{}: {word}", source.path);
            }
        }
    }
}

#[test]
fn no_statement_of_ours_changes_the_role() {
    for source in sources() {
        let text = source.text.to_lowercase();
        for word in [
            "set role",
            "set local role",
            "set session role",
            "reset role",
            "reset all",
            "discard all",
            "session authorization",
            "set_config('role'",
        ] {
            assert!(!text.contains(word), "{}: {word}", source.path);
        }
    }
}

#[test]
fn the_clock_is_read_in_one_place() {
    for source in sources() {
        if source.path != "types/clock.rs" {
            for word in [
                "Utc::now",
                "Local::now",
                "SystemTime::now",
                "now_v7",
                "new_v4",
            ] {
                assert!(!source.text.contains(word), "{}: {word}", source.path);
            }
            // The database's clock is a second one. The months that `migrate` makes ahead are no facts.
            if source.path == "cli/migrate.rs" {
                continue;
            }
            for word in [
                "now()::",
                "select now()",
                "current_timestamp",
                "clock_timestamp()",
                "= now()",
                ", now()",
            ] {
                assert!(!source.text.contains(word), "{}: {word}", source.path);
            }
        }
    }
}

#[test]
fn the_sequencer_skips_no_row() {
    let sources = sources();
    let sequencer = sources
        .iter()
        .find(|source| source.path == "log/sequence.rs")
        .unwrap();
    assert!(!sequencer.text.contains("skip locked"));
}
