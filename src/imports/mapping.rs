//! Which column of a file is which field: a mapping file, or what the headings say by themselves.
//! Nothing about one jail's layout is in code.

mod edit;
mod file;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::edit::{Use, addressable};
pub use self::file::MappingFile;
use super::fields::{self, Kind, Reads};
use super::table::folded;
use super::values::Dates;

/// The mappings that the binary carries, by name.
const BUILT_IN: &[(&str, &str)] = &[(
    "bookings-pierce",
    include_str!("../../config/mappings/bookings-pierce.toml"),
)];

/// A mapping, read and checked.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub kind: Kind,
    pub(super) missing: Vec<String>,
    pub(super) dates: Dates,
    pub(super) rows: Rows,
    pub(super) columns: Vec<Column>,
    pub(super) local_hold: Option<LocalHold>,
}

/// What a row of the file is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// A booking, a notice or a request.
    #[default]
    Record,
    /// A charge: rows of one booking number lie next to each other and are one booking.
    Charge,
}

/// A field, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub path: String,
    pub segments: Vec<String>,
    pub reads: Reads,
    pub required: bool,
    pub source: Source,
}

/// Where a field comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// Spellings of its heading, compared by letters and digits; the first that the file has serves.
    pub columns: Vec<String>,
    /// Spellings of the heading of a time of day that stands in a column of its own.
    pub time: Vec<String>,
    /// What it is in every row.
    pub constant: Option<String>,
    /// Texts of the file and what they mean.
    pub values: BTreeMap<String, String>,
    /// What a text means that `values` does not list; without it such a text is taken as it stands.
    pub otherwise: Option<String>,
}

/// Rows that are the jail's own record of a federal detainer, and no charge.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalHold {
    pub when: When,
    pub closed_at: Option<Source>,
    pub ending: Option<Source>,
}

/// A column that holds one of some texts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    pub columns: Vec<String>,
    pub is: Vec<String>,
}

/// Why a mapping cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the mapping: {0}")]
pub struct BadMapping(pub String);

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// What is wrong in it, with the name of the field.
    pub fn read(text: &str) -> Result<Self, BadMapping> {
        MappingFile::read(text)?.check()
    }

    /// The mapping of this name that comes with the service.
    pub fn built_in(name: &str) -> Option<&'static str> {
        BUILT_IN
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, text)| *text)
    }

    /// Names of the mappings that come with the service.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// Without a mapping the headings are the names of the fields, nested ones with dots.
    pub fn of_names(kind: Kind) -> Self {
        let named = |path: String, reads, required| Column {
            segments: path.split('.').map(str::to_owned).collect(),
            source: Source {
                columns: vec![path.clone()],
                ..Source::default()
            },
            path,
            reads,
            required,
        };
        let mut columns: Vec<Column> = fields::of(kind)
            .map(|field| named(field.path.to_owned(), field.reads, field.required))
            .collect();
        for field in fields::of(kind) {
            if let Some(rest) = field.path.strip_prefix("charges.") {
                let of = |at| named(format!("charges.{at}.{rest}"), field.reads, false);
                columns.extend((0..NUMBERED_CHARGES).map(of));
            }
        }
        Self {
            kind,
            missing: Vec::new(),
            dates: Dates::default(),
            rows: Rows::default(),
            columns,
            local_hold: None,
        }
    }
}

/// `charges.0.statute` to `charges.9.statute`: a table without a mapping has a row for a booking.
const NUMBERED_CHARGES: usize = 10;

impl Column {
    fn new(kind: Kind, path: &str, source: Source) -> Result<Self, BadMapping> {
        let known = fields::of(kind)
            .find(|field| field.path == path)
            .ok_or_else(|| {
                BadMapping(format!(
                    "{kind} have no field {path}; `sallyport import fields {kind}` lists them"
                ))
            })?;
        if source.columns.is_empty() && source.constant.is_none() {
            return Err(BadMapping(format!(
                "{path} has neither columns nor a constant"
            )));
        }
        Ok(Self {
            path: path.to_owned(),
            segments: path.split('.').map(str::to_owned).collect(),
            reads: known.reads,
            required: known.required && source.constant.is_none(),
            source,
        })
    }
}

/// For each field of a kind, the heading of a file that probably holds it.
fn suggest(kind: Kind, headings: &[String]) -> Vec<(&'static str, Option<usize>)> {
    let known: Vec<String> = headings.iter().map(|heading| folded(heading)).collect();
    let mut taken = vec![false; headings.len()];
    fields::of(kind)
        .map(|field| {
            let spellings = std::iter::once(&field.path).chain(field.spellings);
            let place = spellings
                .filter_map(|spelling| {
                    known
                        .iter()
                        .position(|heading| *heading == folded(spelling))
                })
                .find(|place| !taken[*place]);
            if let Some(place) = place {
                taken[place] = true;
            }
            (field.path, place)
        })
        .collect()
}

/// The mapping file that the headings of a file suggest. What is required and was not found has to be added.
pub fn suggested(kind: Kind, headings: &[String]) -> String {
    MappingFile::suggested(kind, headings).text()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn every_mapping_that_comes_with_the_service_is_sound() {
        for name in Mapping::built_in_names() {
            Mapping::read(Mapping::built_in(name).unwrap())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    #[test]
    fn known_spellings_of_headings_are_suggested() {
        let file = headings(&[
            "Booking No",
            "LNAME",
            "First Name",
            "DOB",
            "Booking Date",
            "Cell",
            "Sex",
        ]);
        let found = suggest(Kind::Bookings, &file);
        let place = |path| found.iter().find(|(known, _)| *known == path).unwrap().1;
        assert_eq!(place("booking_number"), Some(0));
        assert_eq!(place("subject.family_name"), Some(1));
        assert_eq!(place("subject.given_name"), Some(2));
        assert_eq!(place("subject.date_of_birth"), Some(3));
        assert_eq!(place("booked_at"), Some(4));
        assert_eq!(place("subject.a_number"), None);
    }

    #[test]
    fn what_the_headings_suggest_is_a_mapping_file() {
        let file = headings(&["Booking \"No\"", "Booking Date", "LNAME", "D\\O\\B"]);
        let mapping = Mapping::read(&suggested(Kind::Bookings, &file)).unwrap();
        let found: Vec<&str> = mapping
            .columns
            .iter()
            .map(|column| column.path.as_str())
            .collect();
        let expected = [
            "booked_at",
            "booking_number",
            "subject.date_of_birth",
            "subject.family_name",
        ];
        assert_eq!(found, expected);
        let error = Mapping::read(&suggested(Kind::Bookings, &file[..2])).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("subject.family_name is required"),
            "{error}"
        );
    }

    #[test]
    fn a_mapping_of_an_unknown_field_says_so() {
        let error =
            Mapping::read("kind = \"bookings\"\n[fields.\"subject.colour\"]\ncolumns = [\"x\"]\n")
                .unwrap_err();
        assert!(error.to_string().contains("subject.colour"), "{error}");
        assert!(
            Mapping::read("kind = \"cats\"\n[fields]\n")
                .unwrap_err()
                .to_string()
                .contains("kind")
        );
    }
}
