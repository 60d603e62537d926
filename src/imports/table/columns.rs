//! Which column holds which field.

use std::collections::HashMap;

use super::{ReadError, Wanted};

/// Headings are the same when their letters and digits are.
pub fn folded(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Which column holds which field.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    headings: Vec<String>,
    places: HashMap<String, usize>,
}

impl Columns {
    /// The place of a field, if the file has it.
    pub fn place(&self, field: &str) -> Option<usize> {
        self.places.get(field).copied()
    }

    /// The heading as the file writes it.
    pub fn heading(&self, place: usize) -> &str {
        self.headings.get(place).map_or("", String::as_str)
    }

    /// All headings, in their order.
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    pub fn len(&self) -> usize {
        self.headings.len()
    }

    pub fn is_empty(&self) -> bool {
        self.headings.is_empty()
    }

    pub(super) fn find(headings: Vec<String>, fields: &[(String, Vec<String>)]) -> Self {
        let mut known: HashMap<String, usize> = HashMap::with_capacity(headings.len());
        for (at, heading) in headings.iter().enumerate() {
            known.entry(folded(heading)).or_insert(at);
        }
        let places = fields
            .iter()
            .filter_map(|(field, spellings)| {
                let place = spellings
                    .iter()
                    .find_map(|spelling| known.get(&folded(spelling)))?;
                Some((field.clone(), *place))
            })
            .collect();
        Self { headings, places }
    }

    /// A column that a later row or sheet may fill.
    pub(super) fn add(&mut self, field: &str, heading: &str) {
        self.places.insert(field.to_owned(), self.headings.len());
        self.headings.push(heading.to_owned());
    }

    /// Takes in the columns of another heading; for each of them, which of these it is now.
    pub(super) fn take_in(&mut self, other: &Self) -> Vec<usize> {
        // Headings may repeat: the second of one name is the second of that name here.
        let mut known: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, heading) in self.headings.iter().enumerate() {
            known.entry(folded(heading)).or_default().push(at);
        }
        let mut by_field: HashMap<usize, &String> = HashMap::new();
        for (field, place) in &other.places {
            by_field.insert(*place, field);
        }
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut taken = vec![false; self.headings.len()];
        let mut places = Vec::with_capacity(other.headings.len());
        for (at, heading) in other.headings.iter().enumerate() {
            let key = folded(heading);
            let nth = seen.entry(key.clone()).or_default();
            let by_name = known.get(&key).and_then(|all| all.get(*nth)).copied();
            *nth += 1;
            // A field in another spelling is still that field.
            let by_field = by_field
                .get(&at)
                .and_then(|field| self.places.get(*field))
                .copied();
            let place = by_field
                .or(by_name)
                .filter(|place| !std::mem::replace(&mut taken[*place], true))
                .unwrap_or_else(|| {
                    self.headings.push(heading.clone());
                    taken.push(true);
                    self.headings.len() - 1
                });
            places.push(place);
        }
        for (field, place) in &other.places {
            self.places.entry(field.clone()).or_insert(places[*place]);
        }
        places
    }

    /// The wanted fields that are not here.
    fn missing(&self, required: &[String]) -> Vec<String> {
        required
            .iter()
            .filter(|field| self.place(field).is_none())
            .cloned()
            .collect()
    }

    pub(super) fn must_name(&self, required: &[String]) -> Result<(), ReadError> {
        let missing = self.missing(required);
        if missing.is_empty() && !self.is_empty() {
            return Ok(());
        }
        Err(ReadError::NoHeading {
            missing: missing.join(", "),
            found: listed(&self.headings),
        })
    }
}

/// Looks for a heading and keeps what came nearest to one, to say what is missing.
#[derive(Default)]
pub(super) struct Nearest {
    best: Option<(Vec<String>, String)>,
}

impl Nearest {
    /// The columns, when these headings name every required field.
    pub(super) fn judge(&mut self, headings: Vec<String>, wanted: &Wanted) -> Option<Columns> {
        let columns = Columns::find(headings, &wanted.fields);
        let missing = columns.missing(&wanted.required);
        if missing.is_empty() {
            return Some(columns);
        }
        if self
            .best
            .as_ref()
            .is_none_or(|(fewest, _)| missing.len() < fewest.len())
        {
            self.best = Some((missing, listed(&columns.headings)));
        }
        None
    }

    pub(super) fn missing(self, wanted: &Wanted) -> ReadError {
        let (missing, found) = self
            .best
            .unwrap_or_else(|| (wanted.required.clone(), "nothing".to_owned()));
        ReadError::NoHeading {
            missing: missing.join(", "),
            found,
        }
    }
}

/// Headings in a message: a file of another kind must not fill it with its words.
fn listed(headings: &[String]) -> String {
    let mut text = headings.join(", ");
    if let Some((end, _)) = text.char_indices().nth(500) {
        text.truncate(end);
        text.push('…');
    }
    text
}
