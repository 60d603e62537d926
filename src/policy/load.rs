//! The only part of the law that does I/O: the files in the binary, or those of a folder. A file
//! that cannot stand is named with its line and field; what was loaded before it stays in force.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, RwLock};

use chrono::NaiveDate;
use rust_embed::RustEmbed;
use serde::Deserialize;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};

use super::cases::CaseFile;
use super::clock::Calendar;
use super::evaluate::Book;
use super::offense::{ListText, OffenseList};
use super::rule::{Rule, RuleText};
use super::wrong::Wrong;

#[derive(RustEmbed)]
#[folder = "config/policies/"]
struct Policies;

#[derive(RustEmbed)]
#[folder = "config/offenses/"]
struct Offenses;

#[derive(RustEmbed)]
#[folder = "config/holidays/"]
struct Holidays;

/// A file that keeps the law from being loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct LoadError {
    pub file: String,
    /// From 1; 0 where the file as a whole is meant.
    pub line: u64,
    pub column: u64,
    /// Such as `acts.notify_release[1].when`; empty where the text is no YAML.
    pub field: String,
    pub reason: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// The texts of one set of law, by kind: path below `config/` and content.
#[derive(Debug, Default)]
pub struct Files {
    pub rules: Vec<(String, String)>,
    pub cases: Vec<(String, String)>,
    pub lists: Vec<(String, String)>,
    pub calendars: Vec<(String, String)>,
}

impl Files {
    /// Those in the binary.
    pub fn built_in() -> Self {
        let mut files = Self::default();
        files.embedded::<Policies>("policies");
        files.embedded::<Offenses>("offenses");
        files.embedded::<Holidays>("holidays");
        files
    }

    /// Those of a folder that is made like `config/`; where it has no `policies`, the folder is
    /// taken for that one, beside the lists and calendars of the binary.
    ///
    /// # Errors
    /// A folder or file that cannot be read.
    pub fn of_folder(folder: &Path) -> Result<Self, LoadError> {
        let mut files = Self::default();
        if folder.join("policies").is_dir() {
            for name in ["policies", "offenses", "holidays"] {
                files.walk(&folder.join(name), name)?;
            }
        } else {
            files.embedded::<Offenses>("offenses");
            files.embedded::<Holidays>("holidays");
            files.walk(folder, "policies")?;
        }
        Ok(files)
    }

    fn embedded<E: RustEmbed>(&mut self, kind: &str) {
        for path in E::iter() {
            if let Some(file) = E::get(&path) {
                let text = String::from_utf8_lossy(&file.data).into_owned();
                self.add(kind, format!("{kind}/{path}"), text);
            }
        }
    }

    fn walk(&mut self, folder: &Path, kind: &str) -> Result<(), LoadError> {
        let failed = |path: &Path, error: &std::io::Error| {
            whole(&path.display().to_string(), &error.to_string())
        };
        if !folder.is_dir() && kind != "policies" {
            return Ok(());
        }
        let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
        let mut paths = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<PathBuf>, _>>()
            .map_err(|error| failed(folder, &error))?;
        paths.sort();
        for path in paths {
            if path.is_dir() {
                self.walk(&path, kind)?;
            } else {
                let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
                self.add(kind, path.display().to_string(), text);
            }
        }
        Ok(())
    }

    fn add(&mut self, kind: &str, path: String, text: String) {
        if !path.ends_with(".yaml") {
            return;
        }
        let files = match kind {
            "offenses" => &mut self.lists,
            "holidays" => &mut self.calendars,
            _ if path.ends_with(".cases.yaml") => &mut self.cases,
            _ => &mut self.rules,
        };
        files.push((path, text));
    }

    /// Compiles them all.
    ///
    /// # Errors
    /// The first file that cannot stand.
    pub fn read(&self) -> Result<Book, LoadError> {
        let mut lists = BTreeMap::new();
        for (file, text) in &self.lists {
            let list = parse::<ListText>(file, text)?;
            let id = list.id.clone();
            let list = OffenseList::compile(list).map_err(|wrong| at(file, text, wrong))?;
            if lists.insert(id.clone(), Arc::new(list)).is_some() {
                return Err(at(
                    file,
                    text,
                    super::wrong::wrong("id", &format!("{id} is there twice")),
                ));
            }
        }
        let mut calendar = Calendar::default();
        for (at, (file, text)) in self.calendars.iter().enumerate() {
            calendar = parse::<CalendarText>(file, text)?.into();
            // Of two, the order of the files would choose.
            if at > 0 {
                return Err(whole(
                    file,
                    &format!("the calendar stands in {} already", self.calendars[0].0),
                ));
            }
        }
        let mut rules: Vec<(&String, &String, Rule)> = Vec::new();
        for (file, text) in &self.rules {
            let parsed = parse::<RuleText>(file, text)?;
            let rule = Rule::compile(parsed, text.clone(), &lists)
                .map_err(|wrong| at(file, text, wrong))?;
            check(&rule, file, &rules).map_err(|wrong| at(file, text, wrong))?;
            rules.push((file, text, rule));
        }
        Ok(Book::new(
            rules.into_iter().map(|(_, _, rule)| rule).collect(),
            lists,
            calendar,
        ))
    }

    /// The test cases beside the rules.
    ///
    /// # Errors
    /// The first file that cannot be read.
    pub fn read_cases(&self) -> Result<Vec<(String, CaseFile)>, LoadError> {
        self.cases
            .iter()
            .map(|(file, text)| Ok((file.clone(), parse(file, text)?)))
            .collect()
    }
}

/// What one file cannot see of another.
fn check(rule: &Rule, file: &str, before: &[(&String, &String, Rule)]) -> Result<(), Wrong> {
    let folder = file.rsplit('/').nth(1).unwrap_or_default();
    if rule.text.id.split('/').next() != Some(folder) || rule.text.id.split('/').count() != 2 {
        return Err(super::wrong::wrong(
            "id",
            &format!("begins with the name of its folder: {folder}/…"),
        ));
    }
    let last = |rule: &Rule| rule.text.effective_until.unwrap_or(NaiveDate::MAX);
    for (other_file, _, other) in before
        .iter()
        .filter(|(_, _, other)| other.text.id == rule.text.id)
    {
        if other.text.version == rule.text.version {
            return Err(super::wrong::wrong(
                "version",
                &format!("stands in {other_file} too"),
            ));
        }
        if rule.text.effective_from <= last(other) && other.text.effective_from <= last(rule) {
            return Err(super::wrong::wrong(
                "effective_from",
                &format!(
                    "version {} in {other_file} is in force on the same days",
                    other.text.version
                ),
            ));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarText {
    id: String,
    version: String,
    #[serde(rename = "citations")]
    _citations: Vec<String>,
    first_year: i32,
    last_year: i32,
    closures: Vec<Closure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Closure {
    on: NaiveDate,
    name: String,
    #[serde(rename = "cite")]
    _cite: String,
}

impl From<CalendarText> for Calendar {
    fn from(text: CalendarText) -> Self {
        Self {
            id: text.id,
            version: text.version,
            first_year: text.first_year,
            last_year: text.last_year,
            closures: text
                .closures
                .into_iter()
                .map(|closure| (closure.on, closure.name))
                .collect(),
        }
    }
}

/// Reads one file, with the field and line of the first complaint.
fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, LoadError> {
    let mut field = String::new();
    serde_saphyr::with_deserializer_from_str(text, |deserializer| {
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            field = error.path().to_string();
            error.into_inner()
        })
    })
    .map_err(|error| {
        let place = error.location();
        let reason = error.without_snippet().to_string();
        LoadError {
            file: file.to_owned(),
            line: place.map_or(0, |place| place.line()),
            column: place.map_or(0, |place| place.column()),
            field: if field == "." { String::new() } else { field },
            // The place stands in front.
            reason: reason
                .lines()
                .next()
                .and_then(|line| line.split(" at line ").next())
                .unwrap_or_default()
                .to_owned(),
        }
    })
}

fn whole(file: &str, reason: &str) -> LoadError {
    LoadError {
        file: file.to_owned(),
        line: 0,
        column: 0,
        field: String::new(),
        reason: reason.to_owned(),
    }
}

/// Looks a field up in its file: only a file that cannot stand is read twice.
fn at(file: &str, text: &str, wrong: Wrong) -> LoadError {
    let mut found = (0, 0);
    if let Ok(tree) = serde_saphyr::from_str::<serde_saphyr::Spanned<Node>>(text) {
        let mut here = &tree;
        found = (here.referenced.line(), here.referenced.column());
        for step in wrong.field.split(['.', '[']) {
            let next = match (&here.value, step.strip_suffix(']')) {
                (Node::List(items), Some(index)) => {
                    index.parse().ok().and_then(|at: usize| items.get(at))
                }
                (Node::Map(fields), _) => fields
                    .iter()
                    .find(|(name, _)| name == step)
                    .map(|(_, node)| node),
                _ => None,
            };
            let Some(next) = next else { break };
            here = next;
            found = (here.referenced.line(), here.referenced.column());
        }
    }
    LoadError {
        file: file.to_owned(),
        line: found.0,
        column: found.1,
        field: wrong.field,
        reason: wrong.reason,
    }
}

/// A YAML tree that knows where its parts stand.
enum Node {
    Map(Vec<(String, serde_saphyr::Spanned<Node>)>),
    List(Vec<serde_saphyr::Spanned<Node>>),
    Scalar,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("YAML")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Node::Map(fields))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Node::List(items))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
            fn visit_str<E>(self, _: &str) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Scalar)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// The law in force for this process. Cheap to clone.
#[derive(Clone)]
pub struct Rules {
    book: Arc<RwLock<Arc<Book>>>,
    folder: Option<Arc<Path>>,
}

static BUILT_IN: LazyLock<Result<Arc<Book>, LoadError>> =
    LazyLock::new(|| Files::built_in().read().map(Arc::new));

impl Rules {
    /// Those in the binary.
    ///
    /// # Errors
    /// A file that cannot stand; a test keeps such a binary from being made.
    pub fn built_in() -> Result<Self, LoadError> {
        Ok(Self {
            book: Arc::new(RwLock::new(BUILT_IN.clone()?)),
            folder: None,
        })
    }

    /// Those of a folder.
    ///
    /// # Errors
    /// The first file that cannot stand: the service does not start with it.
    pub fn of_folder(folder: &Path) -> Result<Self, LoadError> {
        Ok(Self {
            book: Arc::new(RwLock::new(Arc::new(Files::of_folder(folder)?.read()?))),
            folder: Some(folder.into()),
        })
    }

    /// The rules as they stand now; whoever holds them goes on with them over a reload.
    pub fn book(&self) -> Arc<Book> {
        match self.book.read() {
            Ok(book) => book.clone(),
            // The lock is held for an assignment alone.
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    /// The rules with a draft among them, in the place of the versions of its id that are in
    /// force on the same days. Nothing that runs is changed.
    ///
    /// # Errors
    /// A draft that cannot stand, as it would be refused in a folder.
    pub fn with_draft(&self, text: &str) -> Result<Book, LoadError> {
        const DRAFT: &str = "draft";
        let draft: RuleText = parse(DRAFT, text)?;
        let last = |rule: &RuleText| rule.effective_until.unwrap_or(NaiveDate::MAX);
        let mut files = match &self.folder {
            Some(folder) => Files::of_folder(folder)?,
            None => Files::built_in(),
        };
        let mut kept = Vec::with_capacity(files.rules.len() + 1);
        for (file, text) in std::mem::take(&mut files.rules) {
            let rule: RuleText = parse(&file, &text)?;
            let replaced = rule.id == draft.id
                && (rule.version == draft.version
                    || (draft.effective_from <= last(&rule)
                        && rule.effective_from <= last(&draft)));
            if !replaced {
                kept.push((file, text));
            }
        }
        let folder = draft.id.split('/').next().unwrap_or_default();
        kept.push((format!("policies/{folder}/{DRAFT}.yaml"), text.to_owned()));
        files.rules = kept;
        files.read()
    }

    /// Reads the folder again. What was in force stays so when a file cannot stand.
    ///
    /// # Errors
    /// The first file that cannot stand.
    pub fn reload(&self) -> Result<(), LoadError> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let read = Arc::new(Files::of_folder(folder)?.read()?);
        match self.book.write() {
            Ok(mut book) => *book = read,
            Err(poisoned) => *poisoned.into_inner() = read,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
