//! A mapping that is changed column by column, as a page shows them. Whatever is not touched stays
//! as it was: constants, values, spellings of other files.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use super::{MappingFile, Source};
use crate::imports::table::folded;

/// What a column is read as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// The field of this path.
    Field(String),
    /// The time of day that belongs to it.
    Time(String),
}

const TIME: &str = "@time";

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(path) => f.write_str(path),
            Self::Time(path) => write!(f, "{path}{TIME}"),
        }
    }
}

impl FromStr for Use {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.strip_suffix(TIME) {
            Some(path) => Self::Time(path.to_owned()),
            None => Self::Field(text.to_owned()),
        })
    }
}

impl Use {
    pub fn path(&self) -> &str {
        match self {
            Self::Field(path) | Self::Time(path) => path,
        }
    }

    fn spellings<'s>(&self, source: &'s mut Source) -> &'s mut Vec<String> {
        match self {
            Self::Field(_) => &mut source.columns,
            Self::Time(_) => &mut source.time,
        }
    }
}

/// Which columns a mapping can name: those that have a heading of their own.
pub fn addressable(headings: &[String]) -> Vec<bool> {
    let mut seen = HashSet::new();
    headings
        .iter()
        .map(|heading| {
            let heading = folded(heading);
            !heading.is_empty() && seen.insert(heading)
        })
        .collect()
}

impl MappingFile {
    /// For each heading of a file, what it is read as: often nothing, seldom more than one.
    pub fn uses(&self, headings: &[String]) -> Vec<Vec<Use>> {
        let known: Vec<String> = headings.iter().map(|heading| folded(heading)).collect();
        let mut uses = vec![Vec::new(); headings.len()];
        for (path, source) in &self.fields {
            for (spellings, used) in [
                (&source.columns, Use::Field(path.clone())),
                (&source.time, Use::Time(path.clone())),
            ] {
                let place = spellings
                    .iter()
                    .find_map(|spelling| known.iter().position(|one| *one == folded(spelling)));
                if let Some(place) = place {
                    uses[place].push(used);
                }
            }
        }
        uses
    }

    /// Reads columns as something else: for each of them the place, what it was read as, and what it is now.
    pub fn change(&mut self, headings: &[String], changes: &[(usize, Option<Use>, Option<Use>)]) {
        let here: HashSet<String> = headings.iter().map(|heading| folded(heading)).collect();
        let elsewhere = |spelling: &String| !here.contains(&folded(spelling));
        for (_, from, _) in changes {
            if let Some(from) = from
                && let Some(source) = self.fields.get_mut(from.path())
            {
                from.spellings(source).retain(elsewhere);
            }
        }
        for (place, _, to) in changes {
            if let Some(to) = to {
                let source = self.fields.entry(to.path().to_owned()).or_default();
                let spellings = to.spellings(source);
                spellings.retain(elsewhere);
                spellings.insert(0, headings[*place].clone());
            }
        }
        // One that was moved kept its values; one that was only taken away has nothing to come from.
        for (_, from, _) in changes {
            if let Some(Use::Field(path)) = from {
                self.drop_if_empty(path);
            }
        }
    }

    /// What a field is in every row that says nothing else; with an empty text, nothing.
    pub fn set_constant(&mut self, path: &str, text: &str) {
        let constant = (!text.is_empty()).then(|| text.to_owned());
        match constant {
            None if !self.fields.contains_key(path) => {}
            constant => {
                self.fields.entry(path.to_owned()).or_default().constant = constant;
                self.drop_if_empty(path);
            }
        }
    }

    fn drop_if_empty(&mut self, path: &str) {
        let empty = |source: &Source| source.columns.is_empty() && source.constant.is_none();
        if self.fields.get(path).is_some_and(empty) {
            self.fields.remove(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::mapping::Mapping;

    fn headings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn field(path: &str) -> Option<Use> {
        Some(Use::Field(path.to_owned()))
    }

    #[test]
    fn one_column_is_moved_and_the_rest_stays() {
        let before = MappingFile::read(Mapping::built_in("bookings-pierce").unwrap()).unwrap();
        let file = headings(&[
            "booking_id",
            "booking_dt",
            "gender_desc",
            "Sex of the person",
        ]);
        let mut after = before.clone();
        let moved = [
            (2, field("subject.sex"), None),
            (3, None, field("subject.sex")),
        ];
        after.change(&file, &moved);
        let sex = &after.fields["subject.sex"];
        assert_eq!(sex.columns, ["Sex of the person"]);
        assert_eq!(sex.values, before.fields["subject.sex"].values);
        after.fields.insert(
            "subject.sex".to_owned(),
            before.fields["subject.sex"].clone(),
        );
        assert_eq!(after, before);
    }

    #[test]
    fn a_column_that_is_not_used_any_more_leaves_constants_and_other_spellings() {
        let text = "kind = \"bookings\"\n[fields.booking_number]\ncolumns = [\"No\", \"Number\"]\n[fields.agency]\n\
                    columns = [\"ORI\"]\nconstant = \"CA0000000\"\n[fields.booked_at]\ncolumns = [\"Day\"]\ntime = [\"Hour\"]\n";
        let mut file = MappingFile::read(text).unwrap();
        let here = headings(&["No", "ORI", "Day", "Hour", "hour"]);
        assert_eq!(file.uses(&here)[3], [Use::Time("booked_at".to_owned())]);
        assert_eq!(addressable(&here), [true, true, true, true, false]);
        file.change(
            &here,
            &[
                (0, field("booking_number"), None),
                (1, field("agency"), None),
                (2, field("booked_at"), None),
            ],
        );
        assert_eq!(file.fields["booking_number"].columns, ["Number"]);
        assert_eq!(file.fields["agency"].constant.as_deref(), Some("CA0000000"));
        assert!(!file.fields.contains_key("booked_at"));
        file.set_constant("agency", "");
        assert!(!file.fields.contains_key("agency"));
    }
}
