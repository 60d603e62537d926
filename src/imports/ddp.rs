//! `--format ddp`: the releases of ICE detainer rows that the Deportation Data Project and others
//! publish. What a heading or a text means is in `config/mappings/`, not here. Such rows describe
//! the past: a blank lift reason is unknown, and equal rows are different people.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::sync::Arc;

use chrono::NaiveDate;
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::place::{BrokenList, Gazetteer, Place};
use super::table::{RawRow, ReadError, Reject, Table, Wanted, folded};

/// The form that was prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    I247,
    I247A,
    I247D,
    I247G,
    I247N,
    I247X,
    Other,
}

/// What the form asks of a custodian. Whoever asks for a hold asks for notice too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Asks {
    Hold,
    Notify,
    Unknown,
}

impl Form {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::I247 => "I-247",
            Self::I247A => "I-247A",
            Self::I247D => "I-247D",
            Self::I247G => "I-247G",
            Self::I247N => "I-247N",
            Self::I247X => "I-247X",
            Self::Other => "other",
        }
    }

    fn parse(text: &str) -> Self {
        let text = text.trim().to_ascii_uppercase();
        let Some(rest) = text
            .strip_prefix("I-247")
            .or_else(|| text.strip_prefix("I247"))
        else {
            return Self::Other;
        };
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        match &rest[..end] {
            "" => Self::I247,
            "A" => Self::I247A,
            "D" => Self::I247D,
            "G" => Self::I247G,
            "N" => Self::I247N,
            "X" => Self::I247X,
            _ => Self::Other,
        }
    }

    fn asks(self) -> Asks {
        match self {
            Self::I247 | Self::I247A | Self::I247D | Self::I247X => Asks::Hold,
            Self::I247N | Self::I247G => Asks::Notify,
            Self::Other => Asks::Unknown,
        }
    }
}

impl Asks {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Notify => "notify",
            Self::Unknown => "unknown",
        }
    }
}

/// One row of a release, understood as far as it says anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoricalDetainer {
    pub ordinal: u32,
    pub line: u64,
    /// Grows from row to row, through all sheets.
    pub position: u64,
    /// The day the form was prepared: not served, not received.
    pub prepared_on: NaiveDate,
    /// None is unknown.
    pub form: Option<Form>,
    pub form_revision: Option<String>,
    pub asks: Asks,
    /// A code of `lift_reason`; none is unknown, not open and not honoured.
    pub lift_reason: Option<Arc<str>>,
    pub lift_reason_raw: Option<String>,
    pub place: Arc<Place>,
    pub raw_line: String,
    /// Of everything above: equal hashes are equal rows, also after a rule has changed.
    pub row_hash: [u8; 32],
}

/// A mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    required: Vec<String>,
    columns: BTreeMap<String, Vec<String>>,
    missing: Missing,
    dates: Dates,
    lift_reasons: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Missing {
    texts: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dates {
    century: i32,
}

#[derive(Debug, thiserror::Error)]
pub enum DdpError {
    #[error("the mapping is unreadable: {0}")]
    Mapping(String),
    #[error(transparent)]
    List(#[from] BrokenList),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The format: a mapping and the lists of places.
pub struct Ddp {
    mapping: Mapping,
    missing: Vec<String>,
    lift_reasons: HashMap<String, Arc<str>>,
    gazetteer: Gazetteer,
}

/// The mappings of releases that the binary carries, by name; the first serves where none is named.
pub const MAPPINGS: &[(&str, &str)] = &[(
    "detainers-fy2015",
    include_str!("../../config/mappings/detainers-fy2015.toml"),
)];

impl Ddp {
    /// The mapping and lists that the binary carries.
    pub fn embedded() -> Result<Self, DdpError> {
        Self::new(MAPPINGS[0].1, Gazetteer::embedded()?)
    }

    /// The format of a job, by the name of its mapping; a job from before there were several names none.
    ///
    /// # Errors
    /// A mapping that this version does not carry.
    pub fn of_job(mapping: Option<&str>) -> Result<Self, String> {
        let name = mapping.unwrap_or(MAPPINGS[0].0);
        let Some((_, text)) = MAPPINGS.iter().find(|(known, _)| *known == name) else {
            return Err(format!("there is no mapping {name} any more"));
        };
        let gazetteer = Gazetteer::embedded().map_err(|error| error.to_string())?;
        Self::new(text, gazetteer).map_err(|error| error.to_string())
    }

    /// Another mapping, in the same form.
    pub fn new(mapping: &str, gazetteer: Gazetteer) -> Result<Self, DdpError> {
        let mapping: Mapping = Figment::from(Toml::string(mapping))
            .extract()
            .map_err(|error| DdpError::Mapping(error.to_string()))?;
        for field in &mapping.required {
            if !mapping.columns.contains_key(field) {
                return Err(DdpError::Mapping(format!(
                    "required field {field} has no column"
                )));
            }
        }
        Ok(Self {
            missing: mapping
                .missing
                .texts
                .iter()
                .map(|text| folded(text))
                .collect(),
            lift_reasons: mapping
                .lift_reasons
                .iter()
                .map(|(text, code)| (folded(text), code.as_str().into()))
                .collect(),
            mapping,
            gazetteer,
        })
    }

    /// The rows of a file.
    pub fn read(&self, file: File) -> Result<Rows<'_>, DdpError> {
        let wanted = Wanted {
            fields: self.mapping.columns.clone().into_iter().collect(),
            required: self.mapping.required.clone(),
        };
        let table = Table::open(file, &wanted)?;
        let at = |field| table.columns.place(field);
        let places = Places {
            prepared_on: at("prepared_on"),
            form: at("form"),
            facility_code: at("facility_code"),
            facility: at("facility"),
            state: at("state"),
            city: at("city"),
            lift_reason: at("lift_reason"),
            notify_release: at("notify_release"),
        };
        Ok(Rows {
            format: self,
            table,
            places,
            known: HashMap::new(),
            key: String::new(),
            warnings: BTreeMap::new(),
        })
    }
}

#[derive(Clone, Copy)]
struct Places {
    prepared_on: Option<usize>,
    form: Option<usize>,
    facility_code: Option<usize>,
    facility: Option<usize>,
    state: Option<usize>,
    city: Option<usize>,
    lift_reason: Option<usize>,
    notify_release: Option<usize>,
}

/// A file being read: an iterator of rows and rejected rows.
pub struct Rows<'f> {
    format: &'f Ddp,
    table: Table,
    places: Places,
    /// Facilities repeat: 79,053 rows of 2015 name 2,753 of them.
    known: HashMap<String, Arc<Place>>,
    key: String,
    warnings: BTreeMap<String, u64>,
}

impl Rows<'_> {
    /// Texts that were kept but not understood, and how often each stood there.
    pub fn warnings(&self) -> &BTreeMap<String, u64> {
        &self.warnings
    }

    /// What a person should know about how the file itself was read.
    pub fn file_warnings(&self) -> Vec<String> {
        self.table.warnings()
    }

    /// Passes over the rows that begin before a position: they were taken by an earlier run.
    /// Returns the first row at or after it.
    pub fn skip_to(
        &mut self,
        position: u64,
    ) -> Result<Option<Result<HistoricalDetainer, Reject>>, ReadError> {
        while let Some(row) = self.table.next_row()? {
            let begins = match &row {
                Ok(row) => row.position(),
                Err(reject) => reject.position(),
            };
            if begins >= position {
                return Ok(Some(row.and_then(|row| self.understand(row))));
            }
        }
        Ok(None)
    }

    fn understand(&mut self, row: RawRow) -> Result<HistoricalDetainer, Reject> {
        let at = self.places;
        let prepared_on = match parse_date(
            self.text(&row, at.prepared_on),
            self.format.mapping.dates.century,
        ) {
            Ok(date) => date,
            Err(reason) => return Err(self.reject(row, at.prepared_on, reason)),
        };
        let form_text = self.text(&row, at.form);
        let form = (!form_text.is_empty()).then(|| Form::parse(form_text));
        let form_revision = revision(form_text);
        if form == Some(Form::Other) {
            let warning = format!("form not known: {form_text}");
            self.warn(warning);
        }
        let asks = match form {
            Some(Form::Other) | None
                if self
                    .text(&row, at.notify_release)
                    .eq_ignore_ascii_case("yes") =>
            {
                Asks::Notify
            }
            Some(form) => form.asks(),
            None => Asks::Unknown,
        };
        let lift_text = self.text(&row, at.lift_reason);
        let lift_reason_raw = (!lift_text.is_empty()).then(|| lift_text.to_owned());
        let lift_reason = lift_reason_raw.as_ref().map(|text| {
            match self.format.lift_reasons.get(&folded(text)) {
                Some(code) => code.clone(),
                None => {
                    self.warn(format!("lift reason not known: {text}"));
                    "other".into()
                }
            }
        });
        let place = self.place(&row);
        let mut read = HistoricalDetainer {
            ordinal: row.ordinal,
            line: row.line,
            position: row.position(),
            prepared_on,
            form,
            form_revision,
            asks,
            lift_reason,
            lift_reason_raw,
            place,
            raw_line: row.raw,
            row_hash: [0; 32],
        };
        read.row_hash = hash(&read);
        Ok(read)
    }

    /// The text of a column, empty when it stands for "nothing here".
    fn text<'r>(&self, row: &'r RawRow, place: Option<usize>) -> &'r str {
        let text = place.map_or("", |place| row.get(place));
        // Letters and digits alone tell a redaction whichever way its brackets stand.
        if text.is_empty() || text.len() <= 24 && self.format.missing.contains(&folded(text)) {
            ""
        } else {
            text
        }
    }

    fn place(&mut self, row: &RawRow) -> Arc<Place> {
        let at = self.places;
        let parts =
            [at.facility_code, at.facility, at.city, at.state].map(|place| self.text(row, place));
        self.key.clear();
        for part in parts {
            self.key.push_str(part);
            self.key.push('\u{1f}');
        }
        if let Some(place) = self.known.get(&self.key) {
            return place.clone();
        }
        let [code, facility, city, state] = parts;
        let place = Arc::new(self.format.gazetteer.resolve(code, facility, city, state));
        if place.state.is_none() && !state.is_empty() {
            self.warn(format!("state not known: {state}"));
        }
        self.known.insert(self.key.clone(), place.clone());
        place
    }

    fn warn(&mut self, warning: String) {
        // A file of another kind must not fill the memory with its texts.
        if self.warnings.len() < 1_000 || self.warnings.contains_key(&warning) {
            *self.warnings.entry(warning).or_default() += 1;
        }
    }

    fn reject(&self, row: RawRow, place: Option<usize>, reason: &str) -> Reject {
        let column = place.map(|place| self.table.columns.heading(place).to_owned());
        let value = place.map(|place| row.get(place).to_owned());
        Reject::of_row(row, column, value, reason.to_owned())
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Result<HistoricalDetainer, Reject>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.table.next_row().transpose()?;
        Some(row.map(|row| row.and_then(|row| self.understand(row))))
    }
}

/// `M/D/YY`, `M/D/YYYY` or ISO, each with or without a time of day, which no release means.
fn parse_date(text: &str, century: i32) -> Result<NaiveDate, &'static str> {
    if text.is_empty() {
        return Err("no date");
    }
    let day = text.split([' ', 'T']).next().unwrap_or(text);
    let date = if day.contains('/') {
        let mut parts = day.split('/').map(number);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Some((month, _))), Some(Some((day, _))), Some(Some((year, digits))), None) => {
                match digits {
                    2 => NaiveDate::from_ymd_opt(century + year as i32, month, day),
                    4 => NaiveDate::from_ymd_opt(year as i32, month, day),
                    _ => None,
                }
            }
            _ => None,
        }
    } else {
        let mut parts = day.split('-').map(number);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Some((year, 4))), Some(Some((month, _))), Some(Some((day, _))), None) => {
                NaiveDate::from_ymd_opt(year as i32, month, day)
            }
            _ => None,
        }
    };
    match date {
        None => Err("not a date (M/D/YY, M/D/YYYY or YYYY-MM-DD)"),
        // The form exists since 1983.
        Some(date) if !(1983..2100).contains(&chrono::Datelike::year(&date)) => {
            Err("a year before the form or far ahead")
        }
        Some(date) => Ok(date),
    }
}

fn number(text: &str) -> Option<(u32, usize)> {
    (!text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok().map(|value| (value, text.len())))
        .flatten()
}

/// `(as of March 2013)` is the revision 03/13; `(prior to March 2013)` one before it.
fn revision(form: &str) -> Option<String> {
    let inner = form.rsplit_once('(')?.1.split(')').next()?;
    let (before, rest) = match inner.strip_prefix("as of ") {
        Some(rest) => ("", rest),
        None => ("before ", inner.strip_prefix("prior to ")?),
    };
    let (month, year) = rest.trim().split_once(' ')?;
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let month = MONTHS
        .iter()
        .position(|name| month.to_ascii_lowercase().starts_with(name))?
        + 1;
    let (year, 4) = number(year.trim())? else {
        return None;
    };
    Some(format!("{before}{month:02}/{:02}", year % 100))
}

/// SHA-256 over the derived values and the raw words, each with its length, so that no two rows
/// share their bytes.
fn hash(row: &HistoricalDetainer) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(row.raw_line.len() + 160);
    let mut push = |text: Option<&str>| match text {
        None => bytes.push(0),
        Some(text) => {
            bytes.push(1);
            bytes.extend_from_slice(&(text.len() as u32).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    };
    let place = &row.place;
    push(Some("historical detainer v1"));
    push(row.form.map(Form::as_str));
    push(row.form_revision.as_deref());
    push(Some(row.asks.as_str()));
    push(row.lift_reason.as_deref());
    push(row.lift_reason_raw.as_deref());
    push(place.facility.as_deref());
    push(place.city.as_deref());
    push(place.state.as_deref());
    push(place.county.as_deref());
    push(Some(place.method.as_str()));
    push(place.method.unresolved());
    push(place.conflict.then_some(""));
    push(Some(place.custodian_kind.as_str()));
    push(Some(&row.raw_line));
    bytes.extend_from_slice(&chrono::Datelike::num_days_from_ce(&row.prepared_on).to_be_bytes());
    Sha256::digest(&bytes).into()
}

#[cfg(test)]
mod tests {
    use super::super::place::CountyMethod;
    use super::super::table::file_of;
    use super::*;

    fn read(
        text: &str,
    ) -> (
        Vec<Result<HistoricalDetainer, Reject>>,
        BTreeMap<String, u64>,
    ) {
        let format = Ddp::embedded().unwrap();
        let mut rows = format.read(file_of(text.as_bytes())).unwrap();
        let all = rows.by_ref().map(Result::unwrap).collect();
        (all, rows.warnings().clone())
    }

    const HEADING: &str =
        "Prepare Date,Detainer Type,Detainer Detention Facility,State,City,Detainer Lift Reason\n";

    #[test]
    fn a_row_of_2015_is_understood() {
        let (rows, warnings) = read(&format!(
            "{HEADING}5/8/15,I247 - Immigration Detainer - Notice of Action (as of March 2013),ALPHA  COUNTY JAIL,TEXAS,AUSTIN,Lifted - Lack of Space\n"
        ));
        let row = rows[0].as_ref().unwrap();
        assert_eq!(
            row.prepared_on,
            NaiveDate::from_ymd_opt(2015, 5, 8).unwrap()
        );
        assert_eq!(
            (row.form, row.form_revision.as_deref(), row.asks),
            (Some(Form::I247), Some("03/13"), Asks::Hold)
        );
        assert_eq!(
            (row.lift_reason.as_deref(), row.lift_reason_raw.as_deref()),
            (Some("resource_constraint"), Some("Lifted - Lack of Space"))
        );
        assert_eq!(
            (row.place.facility.as_deref(), row.place.state.as_deref()),
            (Some("ALPHA COUNTY JAIL"), Some("TX"))
        );
        assert!(row.raw_line.contains("ALPHA  COUNTY"));
        assert!(warnings.is_empty());
    }

    #[test]
    fn a_later_layout_is_read_by_its_own_headings() {
        let (rows, _) = read(concat!(
            "\"\",\"detainer_prepare_date\",\"facility_state\",\"detention_facility\",\"facility_city\",\"detainer_lift_reason\",\"detainer_type\",\"notify_release_request_yes_no\"\n",
            "\"1\",2026-02-11,\"MINNESOTA\",\"MINN.C.F.,ALPHA\",NA,\"b(6), b(7)C\",\"I247A - Immigration Detainer - Notice of Action (as of May 2025)\",NA\n",
            "\"2\",2026-02-12 00:00:00,\"MINNESOTA\",\"HENNEPIN COUNTY ADC\",\"MINNEAPOLIS\",\"Detainer Declined by LEA\",NA,YES\n",
        ));
        let first = rows[0].as_ref().unwrap();
        assert_eq!(
            (first.form, first.form_revision.as_deref()),
            (Some(Form::I247A), Some("05/25"))
        );
        assert_eq!(
            (first.lift_reason.as_deref(), first.place.city.as_deref()),
            (None, None)
        );
        let second = rows[1].as_ref().unwrap();
        assert_eq!(
            (second.form, second.asks, second.place.county.as_deref()),
            (None, Asks::Notify, Some("27053"))
        );
        assert_eq!(second.lift_reason.as_deref(), Some("declined_by_lea"));
    }

    #[test]
    fn forms_are_told_by_their_beginning() {
        for (text, form) in [
            (
                "I247A - Immigration Detainer - Immigration Detainer - Notice of Action",
                Form::I247A,
            ),
            (
                "I247D - Immigration Detainer - Request for Action",
                Form::I247D,
            ),
            ("I-247N - Immigration Advisal", Form::I247N),
            ("i247g", Form::I247G),
            ("I247X", Form::I247X),
            ("I247-Immigration", Form::I247),
            ("I247Z", Form::Other),
            ("Warrant", Form::Other),
        ] {
            assert_eq!(Form::parse(text), form, "{text}");
        }
        assert_eq!(
            revision("I247 - Notice (prior to March 2013)").as_deref(),
            Some("before 03/13")
        );
        assert_eq!(revision("I247 - Notice (Spanish)"), None);
    }

    #[test]
    fn dates_come_in_three_forms_and_a_bad_one_is_reported_with_its_column() {
        for (text, year, month, day) in [
            ("1/2/15", 2015, 1, 2),
            ("01/02/2015", 2015, 1, 2),
            ("2015-01-02", 2015, 1, 2),
            ("1/2/15 0:00", 2015, 1, 2),
            ("2015-01-02T10:00:00", 2015, 1, 2),
        ] {
            assert_eq!(
                parse_date(text, 2000),
                Ok(NaiveDate::from_ymd_opt(year, month, day).unwrap()),
                "{text}"
            );
        }
        for text in [
            "", "2/30/15", "15/1/15", "1/2", "1/2/3/15", "1/2/015", "20150102", "15-01-02",
            "1/2/0001", "+1/2/15", "soon",
        ] {
            assert!(parse_date(text, 2000).is_err(), "{text}");
        }
        let (rows, _) = read(&format!(
            "{HEADING}2/30/15,I247,,,,\n,I247,,,,\n1/1/15,I247,,,,\n"
        ));
        let reject = rows[0].as_ref().unwrap_err();
        assert_eq!(
            (
                reject.ordinal,
                reject.line,
                reject.column.as_deref(),
                reject.value.as_deref()
            ),
            (1, 2, Some("Prepare Date"), Some("2/30/15"))
        );
        assert_eq!(rows[1].as_ref().unwrap_err().reason, "no date");
        assert_eq!(rows[2].as_ref().unwrap().ordinal, 3);
    }

    #[test]
    fn an_unknown_lift_reason_is_other_with_a_warning_and_a_blank_one_is_unknown() {
        let (rows, warnings) = read(&format!(
            "{HEADING}1/1/15,I247,,,,Went Home\n1/1/15,I247,,,,\n1/1/15,I247,,,,Went Home\n"
        ));
        assert_eq!(
            rows[0].as_ref().unwrap().lift_reason.as_deref(),
            Some("other")
        );
        assert_eq!(
            rows[0].as_ref().unwrap().lift_reason_raw.as_deref(),
            Some("Went Home")
        );
        assert_eq!(rows[1].as_ref().unwrap().lift_reason, None);
        assert_eq!(warnings.get("lift reason not known: Went Home"), Some(&2));
    }

    #[test]
    fn equal_rows_are_two_rows_and_the_hash_tells_a_changed_one() {
        let line = "1/1/15,I247,ALAMEDA COUNTY JAIL,CALIFORNIA,OAKLAND,\n";
        let (rows, _) = read(&format!(
            "{HEADING}{line}{line}1/1/15,I247,ALAMEDA COUNTY JAIL,CALIFORNIA,OAKLAND,Lifted\n"
        ));
        let rows: Vec<_> = rows.into_iter().map(Result::unwrap).collect();
        assert_eq!((rows[0].ordinal, rows[1].ordinal), (1, 2));
        assert_eq!(rows[0].row_hash, rows[1].row_hash);
        assert_ne!(rows[0].row_hash, rows[2].row_hash);
    }

    #[test]
    fn a_run_that_was_cut_off_goes_on_at_its_line() {
        let format = Ddp::embedded().unwrap();
        let text = format!("{HEADING}1/1/15,I247,,,,\n1/2/15,I247,,,,\n1/3/15,I247,,,,\n");
        let mut rows = format.read(file_of(text.as_bytes())).unwrap();
        let row = rows.skip_to(3).unwrap().unwrap().unwrap();
        assert_eq!((row.ordinal, row.line), (2, 3));
        assert_eq!(rows.next().unwrap().unwrap().unwrap().ordinal, 3);
        assert!(rows.next().is_none());
    }

    /// The folder of released files: an environment variable, or beside the checkout.
    fn shared(file: &str) -> Option<std::fs::File> {
        let folder = std::env::var_os("SALLYPORT_SHARED")
            .map(std::path::PathBuf::from)
            .unwrap_or_else(|| {
                std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data")
            });
        match std::fs::File::open(folder.join(file)) {
            Ok(file) => Some(file),
            Err(error) if std::env::var("CI").as_deref() == Ok("true") => {
                panic!("{file}: {error}; in CI the released files must be there (SALLYPORT_SHARED)")
            }
            Err(_) => {
                eprintln!(
                    "not run: {file} is not there; set SALLYPORT_SHARED to the folder of released files"
                );
                None
            }
        }
    }

    /// A release whole, in the order of its file.
    fn release(
        format: &Ddp,
        file: std::fs::File,
    ) -> (Vec<HistoricalDetainer>, BTreeMap<String, u64>) {
        let mut rows = format.read(file).unwrap();
        let all = rows
            .by_ref()
            .map(|row| row.unwrap().expect("no row of this release is bad"))
            .collect();
        (all, rows.warnings().clone())
    }

    #[test]
    fn fiscal_year_2015_is_the_same_as_text_and_as_a_workbook() {
        let text = shared("detainers-fy2015/detainers-fy2015.csv.gz");
        let workbook = shared("detainers-fy2015/detainers-fy2015.xlsx");
        let (Some(text), Some(workbook)) = (text, workbook) else {
            return;
        };
        let format = Ddp::embedded().unwrap();
        let started = std::time::Instant::now();
        let (text, _) = release(&format, text);
        let between = std::time::Instant::now();
        let (workbook, warnings) = release(&format, workbook);
        eprintln!(
            "rows a second: text {:.0}, workbook {:.0}",
            text.len() as f64 / (between - started).as_secs_f64(),
            workbook.len() as f64 / between.elapsed().as_secs_f64()
        );
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(workbook.len(), 79_053);
        for (one, other) in text.iter().zip(&workbook) {
            // But for the words as they stood, in which dates are written otherwise.
            let known = HistoricalDetainer {
                raw_line: one.raw_line.clone(),
                row_hash: one.row_hash,
                ..other.clone()
            };
            assert_eq!(*one, known);
        }
    }

    #[test]
    fn the_sample_of_2026_is_read_as_its_notes_say() {
        let Some(file) = shared("detainers-2026-layout/detainers-2026-sample.csv") else {
            return;
        };
        let (all, warnings) = release(&Ddp::embedded().unwrap(), file);
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(all.len(), 11);
        for row in &all {
            assert_eq!(row.lift_reason.as_deref(), Some("declined_by_lea"));
            assert_eq!(row.place.facility.as_deref(), Some("MINN.C.F.,ST.CLOUD"));
            assert_eq!(row.place.state.as_deref(), Some("MN"));
            // A prison, not the county in which it stands.
            assert_eq!(
                row.place.custodian_kind,
                super::super::place::CustodianKind::State
            );
            let days = [2, 11].map(|day| NaiveDate::from_ymd_opt(2026, 2, day).unwrap());
            assert!(days.contains(&row.prepared_on));
        }
    }

    #[test]
    fn places_of_one_name_are_told_apart_by_their_state() {
        let Some(file) = shared("detainers-fy2015/detainers-fy2015.csv.gz") else {
            return;
        };
        let (all, _) = release(&Ddp::embedded().unwrap(), file);
        let adams: std::collections::BTreeSet<_> = all
            .iter()
            .filter(|row| row.place.facility.as_deref() == Some("ADAMS COUNTY JAIL"))
            .map(|row| {
                (
                    row.place.state.as_deref().unwrap(),
                    row.place.county.as_deref().unwrap(),
                )
            })
            .collect();
        let wanted = [("CO", "08001"), ("IL", "17001"), ("OH", "39001")];
        assert_eq!(adams.into_iter().collect::<Vec<_>>(), wanted);
        // 83.9 of a hundred rows stand in a county; the others say why not.
        let resolved = all.iter().filter(|row| row.place.county.is_some()).count();
        let unresolved = all
            .iter()
            .filter(|row| row.place.method.unresolved().is_some())
            .count();
        assert_eq!((resolved, unresolved), (66_373, 12_680));
        assert_eq!(resolved * 1_000 / all.len(), 839);
    }

    #[test]
    fn fiscal_year_2015_gives_the_published_totals() {
        let Some(file) = shared("detainers-fy2015/detainers-fy2015.csv.gz") else {
            return;
        };
        let format = Ddp::embedded().unwrap();
        let (all, warnings) = release(&format, file);
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(all.len(), 79_053);
        assert!(
            all.iter()
                .zip(1..)
                .all(|(row, ordinal)| row.ordinal == ordinal)
        );

        fn tally<K: Ord>(
            all: &[HistoricalDetainer],
            key: impl Fn(&HistoricalDetainer) -> K,
        ) -> BTreeMap<K, usize> {
            let mut counts = BTreeMap::new();
            for row in all {
                *counts.entry(key(row)).or_default() += 1;
            }
            counts
        }
        let months: Vec<usize> = tally(&all, |row| row.prepared_on.format("%Y-%m").to_string())
            .into_values()
            .collect();
        assert_eq!(
            months,
            [
                11_437, 9_657, 8_306, 7_140, 7_079, 8_081, 8_139, 7_638, 7_590, 3_986
            ]
        );

        let forms = tally(&all, |row| (row.form, row.form_revision.clone()));
        assert_eq!(forms[&(Some(Form::I247), Some("03/13".into()))], 75_497);
        assert_eq!(forms[&(Some(Form::I247), Some("before 03/13".into()))], 199);
        assert_eq!(forms[&(Some(Form::I247D), None)], 2_811);
        assert_eq!(forms[&(Some(Form::I247N), None)], 546);
        assert_eq!(forms.len(), 4);

        let reasons = tally(&all, |row| row.lift_reason_raw.clone());
        for (text, count) in [
            (None, 52_263),
            (Some("Booked into Detention"), 15_877),
            (Some("Detainer Declined by LEA"), 5_501),
            (Some("Lifted"), 3_773),
            (Some("Prosecutorial Discretion"), 520),
            (Some("Case Closed"), 503),
            (Some("Transferred"), 299),
            (Some("Alien Not Subject to Deportation"), 180),
            (Some("Early Release"), 61),
            (Some("United States Citizen Interviewed"), 55),
            (Some("Lifted - Lack of Funds"), 10),
            (Some("Lifted - Lack of Space"), 8),
            (Some("Died"), 3),
        ] {
            assert_eq!(reasons[&text.map(str::to_owned)], count, "{text:?}");
        }
        assert_eq!(reasons.len(), 13);
        let notice_only = |row: &&HistoricalDetainer| {
            row.asks == Asks::Notify && row.lift_reason.as_deref() == Some("declined_by_lea")
        };
        assert_eq!(all.iter().filter(notice_only).count(), 40);

        let states = tally(&all, |row| {
            row.place.state.as_ref().map(|state| state.to_string())
        });
        assert_eq!(
            (
                states[&None],
                states[&Some("TX".into())],
                states[&Some("CA".into())]
            ),
            (9_020, 17_284, 13_456)
        );

        // The mapping notes counted 39,200 by name, 27,104 by city, 1,594 city unknown, 9,042 no
        // usable state. The same rules with names folded to upper case and without accents, and
        // with the island areas as states, move 47 rows from city to name (Doña Ana 24, Cabarrus
        // 23), 69 from unknown to city (cities in mixed case), 28 from no state to unknown city.
        let methods = tally(&all, |row| {
            (row.place.method.as_str(), row.place.method.unresolved())
        });
        assert_eq!(methods[&("by_name", None)], 39_247);
        assert_eq!(methods[&("by_city", None)], 27_126);
        assert_eq!(methods[&("unresolved", Some("city_ambiguous"))], 2_107);
        assert_eq!(methods[&("unresolved", Some("city_unknown"))], 1_525 + 28);
        assert_eq!(
            methods[&("unresolved", Some("no_usable_state"))],
            9_042 - 28
        );
        assert_eq!(methods[&("unresolved", Some("facility_blank"))], 6);
        assert_eq!(all.iter().filter(|row| row.place.conflict).count(), 9);

        let counties = tally(&all, |row| {
            row.place.county.as_ref().map(|county| county.to_string())
        });
        for (county, count) in [
            ("06073", 1_203),
            ("48453", 1_285),
            ("04013", 4_916),
            ("06037", 3_152),
        ] {
            assert_eq!(counties[&Some(county.to_owned())], count, "{county}");
        }
        // By place 1,203; what is known to be local leaves out MCC, Donovan and the private places.
        let kinds = tally(&all, |row| {
            (
                row.place.county.as_deref() == Some("06073"),
                row.place.custodian_kind,
            )
        });
        use super::super::place::CustodianKind::{Federal, Local, Private, State, Unknown};
        assert_eq!(
            [Local, State, Federal, Private, Unknown].map(|kind| kinds[&(true, kind)]),
            [1_166, 5, 25, 5, 2]
        );
        assert!(all.iter().all(|row| (row.place.county.is_none())
            == matches!(row.place.method, CountyMethod::Unresolved(_))));
    }
}
