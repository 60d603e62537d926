//! A mapping as its file has it: read, changed on a page, and written again. What is written reads
//! as the same mapping.

use std::collections::BTreeMap;
use std::fmt::Write;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::{Deserialize, Deserializer};

use super::{BadMapping, Column, LocalHold, Mapping, Rows, Source, suggest};
use crate::imports::fields::{self, Kind};
use crate::imports::table::folded;
use crate::imports::values::{Dates, DayOrder, RepeatedHour};

/// A mapping on its way: it may still lack what is required.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingFile {
    #[serde(deserialize_with = "kind")]
    pub kind: Kind,
    #[serde(default)]
    pub missing: Vec<String>,
    #[serde(default)]
    pub dates: Dates,
    #[serde(default)]
    pub rows: Rows,
    pub fields: BTreeMap<String, Source>,
    pub local_hold: Option<LocalHold>,
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|error| serde::de::Error::custom(format!("kind: {error}")))
}

impl MappingFile {
    /// A mapping in which nothing is read yet.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            missing: Vec::new(),
            dates: Dates::default(),
            rows: Rows::default(),
            fields: BTreeMap::new(),
            local_hold: None,
        }
    }

    /// Reads the text of a mapping file.
    ///
    /// # Errors
    /// It is no mapping file, and where.
    pub fn read(text: &str) -> Result<Self, BadMapping> {
        Figment::from(Toml::string(text))
            .extract()
            .map_err(|error| BadMapping(error.to_string()))
    }

    /// What the headings of a file suggest.
    pub fn suggested(kind: Kind, headings: &[String]) -> Self {
        let mut file = Self::new(kind);
        for (path, place) in suggest(kind, headings) {
            if let Some(place) = place {
                file.fields
                    .insert(path.to_owned(), Source::of_column(&headings[place]));
            }
        }
        file
    }

    /// The fields that the headings of a file name themselves.
    pub fn of_names(kind: Kind, headings: &[String]) -> Self {
        let mut file = Self::new(kind);
        for field in fields::of(kind) {
            let heading = headings
                .iter()
                .find(|heading| folded(heading) == folded(field.path));
            if let Some(heading) = heading {
                file.fields
                    .insert(field.path.to_owned(), Source::of_column(heading));
            }
        }
        file
    }

    /// Checks it: may a file be read with it?
    ///
    /// # Errors
    /// What is wrong in it, with the name of the field.
    pub fn check(self) -> Result<Mapping, BadMapping> {
        let kind = self.kind;
        let mut columns = Vec::new();
        for (path, source) in self.fields {
            columns.push(Column::new(kind, &path, source)?);
        }
        for known in fields::of(kind).filter(|known| known.required) {
            if !columns.iter().any(|column| column.path == known.path) {
                return Err(BadMapping(format!(
                    "{} is required and has no column",
                    known.path
                )));
            }
        }
        if kind != Kind::Bookings && (self.rows == Rows::Charge || self.local_hold.is_some()) {
            return Err(BadMapping(
                "only bookings have charges and local holds".to_owned(),
            ));
        }
        Ok(Mapping {
            kind,
            missing: self.missing.iter().map(|text| folded(text)).collect(),
            dates: self.dates,
            rows: self.rows,
            columns,
            local_hold: self.local_hold,
        })
    }

    /// Its text.
    pub fn text(&self) -> String {
        let mut out = format!("kind = {}\n", quoted(self.kind.as_str()));
        if self.rows == Rows::Charge {
            out.push_str("rows = \"charge\"\n");
        }
        if !self.missing.is_empty() {
            let _ = writeln!(out, "missing = {}", list(&self.missing));
        }
        if self.dates != Dates::default() {
            let order = match self.dates.order {
                DayOrder::MonthFirst => "month_first",
                DayOrder::DayFirst => "day_first",
            };
            let repeated = match self.dates.repeated_hour {
                RepeatedHour::Refuse => "refuse",
                RepeatedHour::Earlier => "earlier",
                RepeatedHour::Later => "later",
            };
            let ahead = self.dates.ahead;
            let _ = writeln!(
                out,
                "\n[dates]\norder = \"{order}\"\nahead = {ahead}\nrepeated_hour = \"{repeated}\""
            );
        }
        if self.fields.is_empty() {
            out.push_str("\n[fields]\n");
        }
        for (path, source) in &self.fields {
            table(&mut out, &format!("fields.{}", quoted(path)), source);
        }
        if let Some(hold) = &self.local_hold {
            let (columns, is) = (list(&hold.when.columns), list(&hold.when.is));
            let _ = writeln!(
                out,
                "\n[local_hold]\nwhen = {{ columns = {columns}, is = {is} }}"
            );
            for (name, source) in [("closed_at", &hold.closed_at), ("ending", &hold.ending)] {
                if let Some(source) = source {
                    table(&mut out, &format!("local_hold.{name}"), source);
                }
            }
        }
        out
    }
}

impl Source {
    /// The column of one heading.
    pub fn of_column(heading: &str) -> Self {
        Self {
            columns: vec![heading.to_owned()],
            ..Self::default()
        }
    }
}

fn table(out: &mut String, name: &str, source: &Source) {
    let _ = writeln!(out, "\n[{name}]");
    for (key, texts) in [("columns", &source.columns), ("time", &source.time)] {
        if !texts.is_empty() {
            let _ = writeln!(out, "{key} = {}", list(texts));
        }
    }
    for (key, text) in [
        ("constant", &source.constant),
        ("otherwise", &source.otherwise),
    ] {
        if let Some(text) = text {
            let _ = writeln!(out, "{key} = {}", quoted(text));
        }
    }
    if !source.values.is_empty() {
        let _ = writeln!(out, "\n[{name}.values]");
        for (from, to) in &source.values {
            let _ = writeln!(out, "{} = {}", quoted(from), quoted(to));
        }
    }
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if letter.is_control() => {
                let _ = write!(out, "\\u{:04X}", letter as u32);
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::option;
    use proptest::prelude::*;

    use super::super::When;
    use super::*;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[A-Za-z #]{1,12}", "\\PC{0,8}", any::<String>()]
    }

    fn texts() -> impl Strategy<Value = Vec<String>> {
        vec(text(), 0..4)
    }

    fn source() -> impl Strategy<Value = Source> {
        let values = btree_map(text(), text(), 0..4);
        (
            texts(),
            texts(),
            option::of(text()),
            values,
            option::of(text()),
        )
            .prop_map(|(columns, time, constant, values, otherwise)| Source {
                columns,
                time,
                constant,
                values,
                otherwise,
            })
    }

    fn dates() -> impl Strategy<Value = Dates> {
        let order = prop_oneof![Just(DayOrder::MonthFirst), Just(DayOrder::DayFirst)];
        let repeated_hour = prop_oneof![
            Just(RepeatedHour::Refuse),
            Just(RepeatedHour::Earlier),
            Just(RepeatedHour::Later)
        ];
        (order, any::<u8>(), repeated_hour).prop_map(|(order, ahead, repeated_hour)| Dates {
            order,
            ahead,
            repeated_hour,
        })
    }

    fn hold() -> impl Strategy<Value = LocalHold> {
        (texts(), texts(), option::of(source()), option::of(source())).prop_map(
            |(columns, is, closed_at, ending)| LocalHold {
                when: When { columns, is },
                closed_at,
                ending,
            },
        )
    }

    fn file() -> impl Strategy<Value = MappingFile> {
        let kind = prop_oneof![Just(Kind::Bookings), Just(Kind::Detainers)];
        let rows = prop_oneof![Just(Rows::Record), Just(Rows::Charge)];
        let fields = btree_map(text(), source(), 0..5);
        (kind, texts(), dates(), rows, fields, option::of(hold())).prop_map(
            |(kind, missing, dates, rows, fields, local_hold)| MappingFile {
                kind,
                missing,
                dates,
                rows,
                fields,
                local_hold,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_the_same(file in file()) {
            let text = file.text();
            let read = MappingFile::read(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert_eq!(read, file);
        }
    }

    #[test]
    fn what_comes_with_the_service_is_written_as_the_same() {
        for name in Mapping::built_in_names() {
            let file = MappingFile::read(Mapping::built_in(name).unwrap()).unwrap();
            assert_eq!(MappingFile::read(&file.text()).unwrap(), file);
        }
    }
}
