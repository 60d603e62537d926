//! Where a facility stands and who runs it, from what a release writes about it. Pure: the lists
//! are in the binary. A county is found by a rule or not at all, and the rule is kept with it.

use std::collections::HashMap;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How the county was found, in the order in which the rules are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CountyMethod {
    /// A table of facility codes.
    ByCode,
    /// `X COUNTY` at the start of the name, X being a county of that state.
    ByName,
    /// The city's agencies all stand in one county.
    ByCity,
    Unresolved(Unresolved),
}

/// Why no county was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unresolved {
    FacilityBlank,
    NoUsableState,
    CityUnknown,
    CityAmbiguous,
}

impl CountyMethod {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ByCode => "by_code",
            Self::ByName => "by_name",
            Self::ByCity => "by_city",
            Self::Unresolved(_) => "unresolved",
        }
    }

    /// Why not, when unresolved.
    pub fn unresolved(self) -> Option<&'static str> {
        match self {
            Self::Unresolved(Unresolved::FacilityBlank) => Some("facility_blank"),
            Self::Unresolved(Unresolved::NoUsableState) => Some("no_usable_state"),
            Self::Unresolved(Unresolved::CityUnknown) => Some("city_unknown"),
            Self::Unresolved(Unresolved::CityAmbiguous) => Some("city_ambiguous"),
            _ => None,
        }
    }
}

/// Who runs the place. Only `Local` makes a local decision; `Unknown` is not a guess at one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CustodianKind {
    Local,
    State,
    Federal,
    Private,
    Unknown,
}

impl CustodianKind {
    pub const ALL: [Self; 5] = [
        Self::Local,
        Self::State,
        Self::Federal,
        Self::Private,
        Self::Unknown,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::State => "state",
            Self::Federal => "federal",
            Self::Private => "private",
            Self::Unknown => "unknown",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A facility: name, city and state together are its key, for 120 names occur in several places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub facility: Option<String>,
    pub city: Option<String>,
    /// Postal code.
    pub state: Option<Arc<str>>,
    /// Five digits.
    pub county: Option<Arc<str>>,
    pub method: CountyMethod,
    /// The name says one county and the city another; the name was taken.
    pub conflict: bool,
    pub custodian_kind: CustodianKind,
}

/// A list in the binary that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{list}: {problem}")]
pub struct BrokenList {
    pub list: &'static str,
    pub problem: String,
}

struct KindRule {
    kind: CustodianKind,
    state: Option<String>,
    words: Vec<Word>,
}

enum Word {
    Whole(String),
    Start(String),
}

/// The lists by which places are resolved.
pub struct Gazetteer {
    states: HashMap<String, Arc<str>>,
    counties: HashMap<(Arc<str>, String), Arc<str>>,
    /// None: the city's agencies stand in several counties.
    cities: HashMap<(Arc<str>, String), Option<Arc<str>>>,
    codes: HashMap<String, Arc<str>>,
    kinds: Vec<KindRule>,
}

impl Gazetteer {
    /// The lists that the binary carries.
    pub fn embedded() -> Result<Self, BrokenList> {
        let mut gazetteer = Self {
            states: HashMap::new(),
            counties: HashMap::new(),
            cities: HashMap::new(),
            codes: HashMap::new(),
            kinds: Vec::new(),
        };
        for [_, code, name] in rows(
            "states.csv",
            include_str!("../../config/registry/states.csv"),
        )? {
            let shared: Arc<str> = code.as_str().into();
            gazetteer.states.insert(upper(&name), shared.clone());
            gazetteer.states.insert(code, shared);
        }
        // Releases write the islands' names in more than one way.
        for (written, code) in [
            ("COMMONWEALTH OF THE NORTHERN MARIANA ISLANDS", "MP"),
            ("UNITED STATES VIRGIN ISLANDS", "VI"),
        ] {
            gazetteer.states.insert(written.to_owned(), code.into());
        }
        for [fips, state, name] in rows(
            "counties.csv",
            include_str!("../../config/registry/counties.csv"),
        )? {
            let Some(state) = gazetteer.states.get(&state).cloned() else {
                return Err(BrokenList {
                    list: "counties.csv",
                    problem: format!("{fips}: no state {state}"),
                });
            };
            if name.ends_with("Planning Region") {
                continue; // no jail is called after one
            }
            // "FAIRFAX COUNTY JAIL" is the county's although a city of that name is one too: the
            // independent cities have the codes from 510 and come after the counties.
            gazetteer
                .counties
                .entry((state, letters(bare(&name))))
                .or_insert_with(|| fips.as_str().into());
        }
        for [state, city, county] in rows(
            "city_county.csv",
            include_str!("../../config/registry/city_county.csv"),
        )? {
            let state = gazetteer
                .states
                .get(&state)
                .cloned()
                .unwrap_or_else(|| state.as_str().into());
            gazetteer.cities.insert(
                (state, city),
                (!county.is_empty()).then(|| county.as_str().into()),
            );
        }
        for [kind, state, words] in rows(
            "custodian-kinds.csv",
            include_str!("../../config/mappings/custodian-kinds.csv"),
        )? {
            let Some(kind) = CustodianKind::parse(&kind) else {
                return Err(BrokenList {
                    list: "custodian-kinds.csv",
                    problem: format!("no kind {kind}"),
                });
            };
            let words = words
                .split_whitespace()
                .map(|word| match word.strip_suffix('*') {
                    Some(start) => Word::Start(start.to_owned()),
                    None => Word::Whole(word.to_owned()),
                })
                .collect();
            gazetteer.kinds.push(KindRule {
                kind,
                state: (!state.is_empty()).then_some(state),
                words,
            });
        }
        Ok(gazetteer)
    }

    /// Adds a table of facility codes (code to county), which goes before every other rule.
    pub fn with_codes(mut self, codes: impl IntoIterator<Item = (String, String)>) -> Self {
        self.codes.extend(
            codes
                .into_iter()
                .map(|(code, county)| (upper(&code), county.into())),
        );
        self
    }

    /// The postal code of a state, written out or short.
    pub fn state(&self, written: &str) -> Option<&Arc<str>> {
        self.states.get(&upper(written))
    }

    /// Resolves what a row says about its facility. Blank texts are missing ones.
    pub fn resolve(&self, code: &str, facility: &str, city: &str, state: &str) -> Place {
        let facility = normalised(facility);
        let city = normalised(city);
        let state = self.state(state).cloned();
        let by_code = self.codes.get(&upper(code)).cloned();
        let by_name = match (&facility, &state) {
            (Some(facility), Some(state)) => self.county_in_name(facility, state),
            _ => None,
        };
        let by_city = match (&city, &state) {
            (Some(city), Some(state)) => self.cities.get(&(state.clone(), city.clone())),
            _ => None,
        };
        let conflict = match (&by_name, by_city) {
            (Some(name), Some(Some(city))) => name != city,
            _ => false,
        };
        let (county, method) = match (by_code, by_name, by_city) {
            (Some(county), ..) => (Some(county), CountyMethod::ByCode),
            (_, Some(county), _) => (Some(county), CountyMethod::ByName),
            (_, _, Some(Some(county))) => (Some(county.clone()), CountyMethod::ByCity),
            (_, _, Some(None)) => (None, CountyMethod::Unresolved(Unresolved::CityAmbiguous)),
            _ if facility.is_none() && city.is_none() => {
                (None, CountyMethod::Unresolved(Unresolved::FacilityBlank))
            }
            _ if state.is_none() => (None, CountyMethod::Unresolved(Unresolved::NoUsableState)),
            _ => (None, CountyMethod::Unresolved(Unresolved::CityUnknown)),
        };
        let custodian_kind = self.kind(facility.as_deref().unwrap_or_default(), state.as_deref());
        Place {
            facility,
            city,
            state,
            county,
            method,
            conflict,
            custodian_kind,
        }
    }

    /// `X COUNTY …`: the shortest X that is followed by a word for a county, if it is one.
    fn county_in_name(&self, facility: &str, state: &Arc<str>) -> Option<Arc<str>> {
        let bytes = facility.as_bytes();
        let boundary = |at: usize| {
            bytes
                .get(at)
                .is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        };
        for (at, _) in facility.match_indices(' ').filter(|(at, _)| *at > 0) {
            let rest = &facility[at + 1..];
            let word = ["COUNTY", "CNTY", "CO", "PARISH"]
                .into_iter()
                .find(|word| rest.starts_with(word) && boundary(at + 1 + word.len()));
            if word.is_some() {
                return self
                    .counties
                    .get(&(state.clone(), letters(&facility[..at])))
                    .cloned();
            }
        }
        None
    }

    /// Who runs a place, from the words of its name.
    fn kind(&self, facility: &str, state: Option<&str>) -> CustodianKind {
        let spaced: String = facility
            .chars()
            .filter(|c| *c != '\'')
            .map(|c| {
                if c.is_alphanumeric() || c == '&' {
                    c
                } else {
                    ' '
                }
            })
            .collect();
        let name: Vec<&str> = spaced.split_whitespace().collect();
        self.kinds
            .iter()
            .filter(|rule| {
                rule.state
                    .as_deref()
                    .is_none_or(|limited| Some(limited) == state)
            })
            .find(|rule| {
                name.windows(rule.words.len()).any(|words| {
                    words
                        .iter()
                        .zip(&rule.words)
                        .all(|(word, rule)| rule.fits(word))
                })
            })
            .map_or(CustodianKind::Unknown, |rule| rule.kind)
    }
}

impl Word {
    fn fits(&self, word: &str) -> bool {
        match self {
            Self::Whole(whole) => word == whole,
            Self::Start(start) => word.starts_with(start.as_str()),
        }
    }
}

/// Upper case, without accents, blanks at the ends or doubled ones inside; none when blank.
pub fn normalised(text: &str) -> Option<String> {
    let folded = upper(text);
    (!folded.is_empty()).then_some(folded)
}

fn upper(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        if word.is_ascii() {
            folded.extend(word.chars().map(|c| c.to_ascii_uppercase()));
        } else {
            folded.extend(
                word.nfd()
                    .filter(|c| !is_combining_mark(*c))
                    .flat_map(char::to_uppercase),
            );
        }
    }
    folded
}

/// Letters and digits alone: `DE KALB` is `DEKALB`, `ST. JOHN'S` is `ST JOHNS`.
pub(super) fn letters(text: &str) -> String {
    upper(text)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect()
}

/// A county's name without the word for its kind.
pub(super) fn bare(name: &str) -> &str {
    [
        " County",
        " Parish",
        " Municipio",
        " city",
        " City and Borough",
        " Borough",
        " Census Area",
        " Municipality",
        " District",
        " Island",
    ]
    .into_iter()
    .find_map(|kind| name.strip_suffix(kind))
    .unwrap_or(name)
}

/// The first three columns of a list.
fn rows(list: &'static str, text: &str) -> Result<Vec<[String; 3]>, BrokenList> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .skip(1)
        .map(|line| {
            let mut cells = line.split(',').map(|cell| cell.trim().to_owned());
            match (cells.next(), cells.next(), cells.next()) {
                (Some(a), Some(b), Some(c)) if !line.contains('"') => Ok([a, b, c]),
                _ => Err(BrokenList {
                    list,
                    problem: format!("unreadable: {line}"),
                }),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(facility: &str, city: &str, state: &str) -> (Option<String>, CountyMethod, bool) {
        let place = Gazetteer::embedded()
            .unwrap()
            .resolve("", facility, city, state);
        (
            place.county.map(|county| county.to_string()),
            place.method,
            place.conflict,
        )
    }

    fn kind(facility: &str, state: &str) -> CustodianKind {
        Gazetteer::embedded()
            .unwrap()
            .resolve("", facility, "", state)
            .custodian_kind
    }

    #[test]
    fn a_county_in_the_name_goes_before_the_city_and_a_disagreement_is_flagged() {
        assert_eq!(
            resolved("Alameda  County Jail", "OAKLAND", "CALIFORNIA"),
            (Some("06001".into()), CountyMethod::ByName, false)
        );
        assert_eq!(
            resolved("SAN MATEO CO JAIL", "", "CA"),
            (Some("06081".into()), CountyMethod::ByName, false)
        );
        assert_eq!(
            resolved("SUFFOLK CO.CORREC FAC", "RIVERHEAD", "NEW YORK"),
            (Some("36103".into()), CountyMethod::ByName, false)
        );
        assert_eq!(
            resolved("VAN BUREN COUNTY JAIL, MI", "KALAMAZOO", "MICHIGAN"),
            (Some("26159".into()), CountyMethod::ByName, true)
        );
    }

    #[test]
    fn a_name_that_stands_in_several_states_follows_its_state() {
        for (state, county) in [
            ("COLORADO", "08001"),
            ("ILLINOIS", "17001"),
            ("OHIO", "39001"),
        ] {
            assert_eq!(
                resolved("ADAMS COUNTY JAIL", "", state).0.as_deref(),
                Some(county)
            );
        }
    }

    #[test]
    fn a_county_goes_before_the_independent_city_of_its_name() {
        assert_eq!(
            resolved("FAIRFAX CO JAIL", "FAIRFAX", "VIRGINIA")
                .0
                .as_deref(),
            Some("51059")
        );
        assert_eq!(
            resolved("BALTIMORE COUNTY DET. CENTER", "TOWSON", "MARYLAND")
                .0
                .as_deref(),
            Some("24005")
        );
    }

    #[test]
    fn the_city_serves_when_all_its_agencies_stand_in_one_county() {
        assert_eq!(
            resolved("TRAVIS CTY JAIL", "AUSTIN", "TEXAS"),
            (Some("48453".into()), CountyMethod::ByCity, false)
        );
        assert_eq!(
            resolved("CENTRAL HOLDING", "Three Rivers", "TEXAS").1,
            CountyMethod::ByCity
        );
    }

    #[test]
    fn what_no_rule_resolves_says_why() {
        let why = |facility, city, state| resolved(facility, city, state).1;
        assert_eq!(
            why("", "", ""),
            CountyMethod::Unresolved(Unresolved::FacilityBlank)
        );
        assert_eq!(
            why("OTHER-OTHER FACILITY", "", ""),
            CountyMethod::Unresolved(Unresolved::NoUsableState)
        );
        assert_eq!(
            why("SOME JAIL", "NOWHERE AT ALL", "TEXAS"),
            CountyMethod::Unresolved(Unresolved::CityUnknown)
        );
        assert_eq!(
            why("DENVER JUSTICE CENTER", "DENVER", "COLORADO"),
            CountyMethod::Unresolved(Unresolved::CityAmbiguous)
        );
        // A word that is no county of that state is no county.
        assert_eq!(
            why("MARICOPA COUNTY JAIL", "", "TEXAS"),
            CountyMethod::Unresolved(Unresolved::CityUnknown)
        );
    }

    #[test]
    fn a_code_table_goes_before_the_name() {
        let gazetteer = Gazetteer::embedded()
            .unwrap()
            .with_codes([("xxCODE1".to_owned(), "06073".to_owned())]);
        let place = gazetteer.resolve("XXCODE1", "ALAMEDA COUNTY JAIL", "", "CALIFORNIA");
        assert_eq!(
            (place.county.as_deref(), place.method),
            (Some("06073"), CountyMethod::ByCode)
        );
    }

    #[test]
    fn accents_points_and_blanks_make_no_other_county() {
        assert_eq!(
            resolved("DOÑA ANA COUNTY JAIL", "", "NEW MEXICO").0,
            resolved("DONA ANA COUNTY JAIL", "", "NEW MEXICO").0
        );
        assert_eq!(
            resolved("ST CLAIR COUNTY JAIL", "", "ILLINOIS")
                .0
                .as_deref(),
            Some("17163")
        );
        assert_eq!(
            resolved("DE WITT COUNTY JAIL", "", "TEXAS").0,
            resolved("DEWITT COUNTY JAIL", "", "TX").0
        );
        assert_eq!(
            resolved("PRINCE GEORGES CO DET CEN", "", "MARYLAND")
                .0
                .as_deref(),
            Some("24033")
        );
    }

    #[test]
    fn a_prison_is_not_the_county_in_which_it_stands() {
        for (facility, state, wanted) in [
            ("SAN DIEGO COUNTY JAIL", "CALIFORNIA", CustodianKind::Local),
            ("SAN DIEGO MCC", "CALIFORNIA", CustodianKind::Federal),
            ("RJ DONOVAN CORREC FAC", "CALIFORNIA", CustodianKind::State),
            (
                "GEO WESTERN REG. DET. FAC.",
                "CALIFORNIA",
                CustodianKind::Private,
            ),
            (
                "CORR.CORP.OF AMERICA - SAN DIEGO",
                "CALIFORNIA",
                CustodianKind::Private,
            ),
            (
                "EAST MESA DETENT FACILITY",
                "CALIFORNIA",
                CustodianKind::Local,
            ),
            ("F.C.I. HERLONG", "CALIFORNIA", CustodianKind::Federal),
            (
                "BECKLEY  FED.CORR.INST.",
                "WEST VIRGINIA",
                CustodianKind::Federal,
            ),
            ("US MARSHAL'S SERVICE, ID", "IDAHO", CustodianKind::Federal),
            ("TALLAHASSEE HOLD ROOM", "FLORIDA", CustodianKind::Federal),
            ("MINN.C.F.,ST.CLOUD", "MINNESOTA", CustodianKind::State),
            ("SCI GRATERFORD, PA", "PENNSYLVANIA", CustodianKind::State),
            ("TDC - PAM LYCHNER", "TEXAS", CustodianKind::State),
            ("LUCILLE PLANE STATE JAIL", "TEXAS", CustodianKind::State),
            ("OKALOOSA COUNTY D.O.C.", "FLORIDA", CustodianKind::Local),
            (
                "ADAMS COUNTY DET CENTER",
                "MISSISSIPPI",
                CustodianKind::Private,
            ),
            ("ADAMS COUNTY DET CENTER", "COLORADO", CustodianKind::Local),
            ("CASA SAN JUAN", "CALIFORNIA", CustodianKind::Unknown),
            ("OTHER-OTHER FACILITY", "", CustodianKind::Unknown),
        ] {
            assert_eq!(kind(facility, state), wanted, "{facility}");
        }
    }
}
