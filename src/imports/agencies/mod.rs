//! A list of agencies by ORI, row by row: where each stands, what kind it is, what time it keeps.
//! Pure: nothing is written here. What the columns and types mean is said by a mapping file.

pub mod take;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;

use figment::Figment;
use figment::providers::{Format as _, Toml};
use serde::Deserialize;

use super::place::{BrokenList, bare, letters};
use super::table::{RawRow, ReadError, Reject, Table, Wanted, folded};
use crate::registry::agencies::{AgencyBody, AgencyKind};
use crate::types::ori::Ori;

/// A mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    required: Vec<String>,
    columns: BTreeMap<String, Vec<String>>,
    missing: Missing,
    states: BTreeMap<String, String>,
    kinds: Vec<KindRule>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Missing {
    texts: Vec<String>,
}

/// What an agency is, by the words for its type and in its name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct KindRule {
    #[serde(rename = "type")]
    of_type: Option<String>,
    #[serde(default)]
    words: Vec<String>,
    kind: Option<AgencyKind>,
    #[serde(default)]
    under: Under,
    name: Option<String>,
    refuse: Option<String>,
}

/// Whose rules hold there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Under {
    #[default]
    County,
    State,
}

#[derive(Debug, thiserror::Error)]
pub enum AgencyListError {
    #[error("the mapping is unreadable: {0}")]
    Mapping(String),
    #[error(transparent)]
    List(#[from] BrokenList),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A state or county of the registry.
struct Area {
    id: String,
    name: String,
    zone: String,
}

struct State {
    id: String,
    zone: String,
    /// Some of its counties keep another time.
    split: bool,
}

/// The lists of places that the binary carries.
struct Places {
    /// By postal code.
    states: HashMap<String, State>,
    /// By postal code and the letters of the name, with and without the word for its kind.
    counties: HashMap<(String, String), Area>,
    /// Cities with rules or a position of their own.
    cities: HashMap<(String, String), String>,
}

impl Places {
    fn embedded() -> Result<Self, BrokenList> {
        let mut zones: HashMap<String, (String, bool)> = HashMap::new();
        for [fips, _, _, zone, split] in list(
            "time_zones.csv",
            include_str!("../../../config/registry/time_zones.csv"),
        )? {
            zones.insert(fips, (zone, split == "1"));
        }
        let mut states = HashMap::new();
        for [fips, code, _] in list(
            "states.csv",
            include_str!("../../../config/registry/states.csv"),
        )? {
            let Some((zone, split)) = zones.get(&fips).cloned() else {
                return Err(BrokenList {
                    list: "time_zones.csv",
                    problem: format!("no zone of {code}"),
                });
            };
            let id = format!("us-{}", code.to_lowercase());
            states.insert(code, State { id, zone, split });
        }
        let mut counties = HashMap::new();
        for [fips, state, name] in list(
            "counties.csv",
            include_str!("../../../config/registry/counties.csv"),
        )? {
            let zone = zones
                .get(&fips)
                .map(|(zone, _)| zone.clone())
                .or_else(|| states.get(&state).map(|state| state.zone.clone()))
                .unwrap_or_default();
            // The whole name is one county's alone; the bare one is the county's, where an
            // independent city is called alike: those have the codes from 510 and come later.
            for key in [letters(&name), letters(bare(&name))] {
                counties
                    .entry((state.clone(), key))
                    .or_insert_with(|| Area {
                        id: fips.clone(),
                        name: name.clone(),
                        zone: zone.clone(),
                    });
            }
        }
        let mut cities = HashMap::new();
        for [fips, state, name, _] in list(
            "cities.csv",
            include_str!("../../../config/registry/cities.csv"),
        )? {
            cities.insert((state, letters(&name)), fips);
        }
        Ok(Self {
            states,
            counties,
            cities,
        })
    }

    fn county(&self, state: &str, written: &str) -> Option<&Area> {
        self.counties.get(&(state.to_owned(), letters(written)))
    }

    /// A city of its own rules, by its name with or without "City".
    fn city(&self, state: &str, name: &str) -> Option<&String> {
        let key = letters(name);
        self.cities
            .get(&(state.to_owned(), key.clone()))
            .or_else(|| self.cities.get(&(state.to_owned(), format!("{key}CITY"))))
    }
}

/// The rows of a list in the binary.
fn list<const N: usize>(list: &'static str, text: &str) -> Result<Vec<[String; N]>, BrokenList> {
    let broken = |problem: String| BrokenList { list, problem };
    csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(text.as_bytes())
        .records()
        .map(|record| {
            let record = record.map_err(|error| broken(error.to_string()))?;
            if record.len() < N {
                return Err(broken(format!("unreadable: {record:?}")));
            }
            Ok(std::array::from_fn(|at| record[at].trim().to_owned()))
        })
        .collect()
}

/// A mapping and the lists of places.
pub struct AgencyList {
    mapping: Mapping,
    missing: Vec<String>,
    places: Places,
}

impl AgencyList {
    /// The mapping that the binary carries.
    pub fn embedded() -> Result<Self, AgencyListError> {
        Self::new(include_str!("../../../config/mappings/agencies-fbi.toml"))
    }

    /// Another mapping, in the same form.
    pub fn new(mapping: &str) -> Result<Self, AgencyListError> {
        let mapping: Mapping = Figment::from(Toml::string(mapping))
            .extract()
            .map_err(|error| AgencyListError::Mapping(error.to_string()))?;
        for field in ["ori", "name", "state", "type"] {
            if !mapping.columns.contains_key(field) {
                return Err(AgencyListError::Mapping(format!("{field} has no column")));
            }
        }
        if let Some(rule) = mapping
            .kinds
            .iter()
            .find(|rule| rule.kind.is_some() == rule.refuse.is_some())
        {
            return Err(AgencyListError::Mapping(format!(
                "a rule of [[kinds]] has either a kind or a reason to refuse: {rule:?}"
            )));
        }
        let texts = &mapping.missing.texts;
        Ok(Self {
            missing: texts.iter().map(|text| folded(text)).collect(),
            mapping,
            places: Places::embedded()?,
        })
    }

    /// The rows of a file.
    pub fn read(&self, file: File) -> Result<Rows<'_>, AgencyListError> {
        let wanted = Wanted {
            fields: self.mapping.columns.clone().into_iter().collect(),
            required: self.mapping.required.clone(),
        };
        Ok(Rows {
            table: Table::open(file, &wanted)?,
            list: self,
            known: HashSet::new(),
            warnings: BTreeMap::new(),
        })
    }
}

/// A file being read: an iterator of agencies and rejected rows.
pub struct Rows<'l> {
    list: &'l AgencyList,
    table: Table,
    known: HashSet<String>,
    warnings: BTreeMap<String, u64>,
}

impl Rows<'_> {
    /// What was taken although it does not say all, and how often.
    pub fn warnings(&self) -> &BTreeMap<String, u64> {
        &self.warnings
    }

    fn understand(&mut self, row: RawRow) -> Result<AgencyBody, Reject> {
        let text = |field| {
            let column = self.table.columns.place(field);
            column.map_or("", |column| row.get(column))
        };
        let ori: Ori = match text("ori").parse() {
            Ok(ori) => ori,
            Err(reason) => return Err(self.reject(&row, "ori", &reason)),
        };
        let name = text("name").trim_end_matches([':', ',', ' ']).to_owned();
        if name.is_empty() || name.chars().count() > 200 {
            return Err(self.reject(&row, "name", "a name has 1 to 200 characters"));
        }
        let (of_type, upper) = (folded(text("type")), name.to_lowercase());
        let rule = self.list.mapping.kinds.iter().find(|rule| {
            rule.of_type
                .as_ref()
                .is_none_or(|wanted| folded(wanted) == of_type)
                && (rule.words.is_empty()
                    || rule.words.iter().any(|word| upper.contains(word.as_str())))
        });
        let Some(rule) = rule else {
            return Err(self.reject(
                &row,
                "type",
                "no rule of the mapping says what kind this is",
            ));
        };
        let Some(kind) = rule.kind else {
            let reason = rule.refuse.clone().unwrap_or_default();
            return Err(self.reject(&row, "type", &reason));
        };
        let written = text("state").to_ascii_uppercase();
        let code = self
            .list
            .mapping
            .states
            .get(&written)
            .cloned()
            .unwrap_or(written);
        let Some(state) = self.list.places.states.get(&code) else {
            return Err(self.reject(&row, "state", "no state has this postal code"));
        };
        let mut counties = Vec::new();
        for cell in text("county").split([',', ';']).map(str::trim) {
            if cell.is_empty() || self.list.missing.contains(&folded(cell)) {
                continue;
            }
            match self.list.places.county(&code, cell) {
                Some(county) => counties.push(county),
                None => {
                    let reason = format!("{code} has no county called {cell}");
                    return Err(self.reject(&row, "county", &reason));
                }
            }
        }
        if !self.known.insert(ori.as_str().to_owned()) {
            return Err(self.reject(&row, "ori", "this ORI stands further up in the file too"));
        }
        let one = match counties.as_slice() {
            [county] => Some(*county),
            _ => None,
        };
        let city = match rule.under {
            Under::County => self.list.places.city(&code, &name),
            Under::State => None,
        };
        // Only a police department is its city's; a sheriff or campus there is not.
        let city = city.filter(|_| kind == AgencyKind::Police);
        let mut warnings = Vec::new();
        let jurisdiction = match (rule.under, city, one) {
            (Under::County, Some(city), _) => city.clone(),
            (Under::County, None, Some(county)) => county.id.clone(),
            (Under::County, None, None) => {
                warnings.push(if counties.is_empty() {
                    "no county is given: placed in the state"
                } else {
                    "several counties are given: placed in the state"
                });
                state.id.clone()
            }
            (Under::State, ..) => state.id.clone(),
        };
        let time_zone = match counties.split_first() {
            Some((first, rest)) if rest.iter().all(|other| other.zone == first.zone) => {
                first.zone.clone()
            }
            other => {
                if state.split || other.is_some() {
                    warnings.push(
                        "the state has several time zones and the county does not settle which: most of its counties' zone",
                    );
                }
                state.zone.clone()
            }
        };
        let name = match &rule.name {
            Some(pattern) => called(pattern, &name, one),
            None => name,
        };
        for warning in warnings {
            *self.warnings.entry(warning.to_owned()).or_default() += 1;
        }
        Ok(AgencyBody {
            ori: ori.to_string(),
            name,
            kind: kind.to_string(),
            jurisdiction,
            time_zone,
            place: None,
            connected: false,
        })
    }

    fn reject(&self, row: &RawRow, field: &str, reason: &str) -> Reject {
        let place = self.table.columns.place(field);
        Reject {
            ordinal: row.ordinal,
            line: row.line,
            column: place.map(|place| self.table.columns.heading(place).to_owned()),
            value: place.map(|place| row.get(place).to_owned()),
            reason: reason.to_owned(),
            raw: row.raw.clone(),
            sheet: row.sheet.clone(),
        }
    }
}

/// A name by a pattern of the mapping. Where no one county is known its part falls away.
fn called(pattern: &str, name: &str, county: Option<&Area>) -> String {
    match county {
        Some(county) => pattern
            .replace("{county}", &county.name)
            .replace("{name}", name),
        None if pattern.contains("{name}") => pattern
            .replace(", {county}", "")
            .replace("{county}", "")
            .replace("{name}", name),
        None => pattern.replace("{county}", name),
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Result<AgencyBody, Reject>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.table.next_row().transpose()?;
        Some(row.map(|row| row.and_then(|row| self.understand(row))))
    }
}

#[cfg(test)]
mod tests;
