//! Where an agency stands: its chain of jurisdictions, from its own to the nation. The places
//! are those of the registry's reference files, so no database is asked.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::types::actor::words;

words! {
    /// The order in which rules are combined.
    #[schema(as = PolicyLevel)]
    Level {
        CourtOrder = "court_order", Federal = "federal", State = "state", County = "county", City = "city", Agency = "agency",
    }
}

impl Level {
    /// The level of a jurisdiction, by the form of its id.
    pub fn of(jurisdiction: &str) -> Option<Self> {
        let digits = jurisdiction.bytes().all(|b| b.is_ascii_digit());
        match jurisdiction.len() {
            2 if jurisdiction == "us" => Some(Level::Federal),
            5 if digits => Some(Level::County),
            5 if jurisdiction.starts_with("us-") => Some(Level::State),
            7 if digits => Some(Level::City),
            _ => None,
        }
    }
}

/// An agency, as rules look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// From its own jurisdiction to `us`.
    pub chain: Vec<String>,
    pub agency_kind: String,
    /// ORI, of a registered agency.
    pub agency: Option<String>,
}

impl Place {
    /// `None` for a jurisdiction that is in no reference file.
    pub fn new(jurisdiction: &str, agency_kind: &str, agency: Option<&str>) -> Option<Self> {
        Some(Self {
            chain: chain(jurisdiction)?,
            agency_kind: agency_kind.to_owned(),
            agency: agency.map(str::to_owned),
        })
    }
}

/// A jurisdiction and those that it lies in.
pub fn chain(jurisdiction: &str) -> Option<Vec<String>> {
    let mut chain = vec![jurisdiction.to_owned()];
    while chain.last().is_some_and(|last| last != "us") {
        let parent = PARENTS.get(chain.last()?.as_str())?;
        chain.push(parent.clone());
    }
    Some(chain)
}

static PARENTS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut parents = HashMap::with_capacity(4_000);
    for line in rows(include_str!("../../config/registry/states.csv")) {
        if let [_, state, ..] = line[..] {
            parents.insert(format!("us-{}", state.to_lowercase()), "us".to_owned());
        }
    }
    for line in rows(include_str!("../../config/registry/counties.csv")) {
        if let [county, state, ..] = line[..] {
            parents.insert(county.to_owned(), format!("us-{}", state.to_lowercase()));
        }
    }
    for line in rows(include_str!("../../config/registry/cities.csv")) {
        if let [city, state, .., county] = line[..] {
            let parent = match county {
                "" => format!("us-{}", state.to_lowercase()),
                _ => county.to_owned(),
            };
            parents.insert(city.to_owned(), parent);
        }
    }
    parents
});

/// The rows of a reference file; names may be quoted, but only in columns that are not read.
fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .skip(1)
        .map(|line| line.split(',').map(str::trim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_goes_up_to_the_nation() {
        let up = |id| chain(id).unwrap().join(" ");
        assert_eq!(up("0643224"), "0643224 06059 us-ca us");
        assert_eq!(up("3651000"), "3651000 us-ny us");
        assert_eq!(up("06073"), "06073 us-ca us");
        assert_eq!(up("us-tx"), "us-tx us");
        assert_eq!(up("us"), "us");
        assert_eq!(chain("99999"), None);
    }
}
