//! Rows into what the API's own calls take, checked as they check it. No database is asked: this
//! runs beside the writing.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use crate::custodian::bookings::upsert::BookingRequest;
use crate::custodian::release_notices::NoticeKind;
use crate::custodian::release_notices::record::NoticeRequest;
use crate::db::vault::Vault;
use crate::exchange::detainer::request::DetainerRequest;
use crate::http::{Problem, json};
use crate::imports::fields::Kind;
use crate::imports::mapping::Mapping;
use crate::imports::records::{
    Fault, LocalHold, Record, Records, Rejects, rejected, without_numbers,
};
use crate::imports::table::{Format, RawRow, ReadError, Reject, Table, Wanted, format_of};
use crate::log::leaf;
use crate::types::Timestamp;

/// A record that may be written.
pub struct Prepared {
    pub rows: Vec<RawRow>,
    pub content: Content,
}

pub enum Content {
    Booking(Box<BookingRow>),
    Notice(Box<NoticeRow>),
    Detainer(Box<DetainerRow>),
}

/// What a file says of a booking.
pub struct BookingRow {
    pub number: String,
    pub request: BookingRequest,
    pub booked_on: NaiveDate,
    pub hash: Vec<u8>,
    pub release: Option<NoticeRow>,
    pub local_holds: Vec<LocalHold>,
}

/// A notice, with an id of its source in any case: the same file again finds it.
pub struct NoticeRow {
    pub request: NoticeRequest,
    pub source: String,
    pub hash: Vec<u8>,
}

/// Paper that the jail received.
pub struct DetainerRow {
    pub request: DetainerRequest,
    pub hash: Vec<u8>,
}

/// Some records in the order of the file.
pub struct Chunk {
    pub items: Vec<Result<Prepared, Rejects>>,
}

/// Records in a chunk. Those that changed nothing cost a comparison; of the others fewer go into one transaction.
const CHUNK: usize = 4_000;

/// Whose file it is and how it is read.
pub struct Reading {
    pub kind: Kind,
    pub mapping: Option<Mapping>,
    /// The agency's ORI.
    pub own: String,
    pub zone: Tz,
    pub now: Timestamp,
    pub feed: Option<String>,
    pub vault: Vault,
}

/// What the heading of a file said.
#[derive(Debug, Clone, Default)]
pub struct Heading {
    pub headings: Vec<String>,
    /// The column of each field.
    pub places: BTreeMap<String, usize>,
    pub warnings: BTreeMap<String, u64>,
}

impl Heading {
    /// Can the file say that somebody has left?
    pub fn may_release(&self, kind: Kind) -> bool {
        match kind {
            Kind::ReleaseNotices => true,
            // Lines of JSON have no heading.
            Kind::Bookings => {
                self.headings.is_empty() || self.places.contains_key("release.effective_at")
            }
            Kind::Detainers | Kind::HistoricalDetainers => false,
        }
    }

    /// The heading and the cell of a field, for a complaint about it by its JSON Pointer.
    pub fn cell(&self, pointer: &str, row: &RawRow) -> (Option<String>, Option<String>) {
        let path = pointer.trim_start_matches('/').replace('/', ".");
        let bare = without_numbers(&path);
        match self.places.get(&path).or_else(|| self.places.get(&bare)) {
            Some(place) => (
                self.headings.get(*place).cloned(),
                Some(row.get(*place).to_owned()),
            ),
            None => ((!path.is_empty()).then_some(path), None),
        }
    }
}

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl Reading {
    /// Are the lines the bodies of the API themselves? Leaves the file at its beginning.
    fn is_bodies(&self, file: &File) -> Result<bool, SourceError> {
        if self.mapping.is_some() {
            return Ok(false);
        }
        let is_lines = format_of(file.try_clone()?)? == Format::Ndjson;
        let mut file = file;
        file.seek(SeekFrom::Start(0))?;
        Ok(is_lines)
    }

    /// Looks at the beginning of a file: can it be read in this way?
    ///
    /// # Errors
    /// It cannot, and why.
    pub fn look(&self, file: File) -> Result<Heading, SourceError> {
        if self.is_bodies(&file)? {
            return Ok(Heading::default());
        }
        let default = Mapping::of_names(self.kind);
        let mapping = self.mapping.as_ref().unwrap_or(&default);
        let mut records = Records::open(file, mapping, self.zone, self.now.date_naive())?;
        // A file with a heading alone is one; a first row that cannot be read is told of later.
        records.next_record()?;
        let warnings = records.warnings();
        Ok(Heading {
            warnings,
            ..heading(&records)
        })
    }

    /// Reads a whole file and hands over chunks until the other end hangs up. Answers the warnings.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub fn read(
        &self,
        file: File,
        chunks: &mpsc::Sender<Chunk>,
    ) -> Result<BTreeMap<String, u64>, SourceError> {
        let mut items = Vec::with_capacity(CHUNK);
        let mut hand_over = |item: Option<Result<Prepared, Rejects>>| -> bool {
            let ended = item.is_none();
            items.extend(item);
            if items.is_empty() || !(ended || items.len() >= CHUNK) {
                return true;
            }
            let full = std::mem::replace(&mut items, Vec::with_capacity(CHUNK));
            chunks.blocking_send(Chunk { items: full }).is_ok()
        };
        if self.is_bodies(&file)? {
            let mut table = Table::open(file, &Wanted::default())?;
            while let Some(row) = table.next_row()? {
                let item = match row {
                    Ok(row) => self.of_json(row),
                    Err(reject) => {
                        let fault = Fault::of_row(reject.reason.clone());
                        Err(vec![(RawRow::unsplit(&reject), fault)])
                    }
                };
                if !hand_over(Some(item)) {
                    return Ok(BTreeMap::new());
                }
            }
            hand_over(None);
            return Ok(BTreeMap::new());
        }
        let default = Mapping::of_names(self.kind);
        let mapping = self.mapping.as_ref().unwrap_or(&default);
        let mut records = Records::open(file, mapping, self.zone, self.now.date_naive())?;
        let heading = heading(&records);
        while let Some(record) = records.next_record()? {
            let item = record.and_then(|record| {
                let Record {
                    rows,
                    body,
                    release,
                    local_holds,
                } = record;
                self.prepare(body, release, local_holds)
                    .map_err(|problem| {
                        let fault = fault(&problem, |pointer| heading.cell(pointer, &rows[0]));
                        rejected(rows.clone(), 0, fault)
                    })
                    .map(|content| Prepared { rows, content })
            });
            if !hand_over(Some(item)) {
                return Ok(BTreeMap::new());
            }
        }
        hand_over(None);
        Ok(records.warnings())
    }

    fn of_json(&self, row: RawRow) -> Result<Prepared, Rejects> {
        let read = json::strict(row.raw.as_bytes()).and_then(|mut body| {
            let release = body.as_object_mut().and_then(|body| body.remove("release"));
            self.prepare(
                body,
                release.filter(|release| !release.is_null()),
                Vec::new(),
            )
        });
        match read {
            Ok(content) => {
                // The line as it stood is what is given back if it is not taken.
                let row = RawRow::unsplit(&Reject::of_row(row, None, None, String::new()));
                Ok(Prepared {
                    rows: vec![row],
                    content,
                })
            }
            Err(problem) => {
                let fault = fault(&problem, |pointer| (Some(pointer.to_owned()), None));
                let row = RawRow::unsplit(&Reject::of_row(row, None, None, String::new()));
                Err(vec![(row, fault)])
            }
        }
    }

    pub(super) fn prepare(
        &self,
        body: Value,
        release: Option<Value>,
        local_holds: Vec<LocalHold>,
    ) -> Result<Content, Problem> {
        let Value::Object(mut body) = body else {
            return Err(Problem::field("", "object", "A JSON object is expected."));
        };
        match self.kind {
            Kind::Bookings => {
                let number = match body.remove("booking_number") {
                    Some(Value::String(number)) => number,
                    _ => {
                        return Err(Problem::field(
                            "/booking_number",
                            "missing",
                            "booking_number is required.",
                        ));
                    }
                };
                let release = release
                    .map(|release| self.release(release, &number, &body))
                    .transpose()?;
                let request: BookingRequest = json::read(Value::Object(body))?;
                request.check(&number, &self.own, self.now)?;
                if let Some(release) = &release
                    && release.request.effective_at < request.booked_at
                {
                    return Err(Problem::field(
                        "/release/effective_at",
                        "before_booking",
                        "the release lies before the booking",
                    ));
                }
                let hash = request.content_hash(&self.vault);
                let booked_on = request.booked_at.with_timezone(&self.zone).date_naive();
                Ok(Content::Booking(Box::new(BookingRow {
                    number,
                    request,
                    booked_on,
                    hash,
                    release,
                    local_holds,
                })))
            }
            Kind::ReleaseNotices => Ok(Content::Notice(Box::new(self.notice(body)?))),
            Kind::Detainers | Kind::HistoricalDetainers => {
                body.entry("custodian")
                    .or_insert_with(|| self.own.as_str().into());
                let hash = self.vault.tag(
                    "imported paper",
                    leaf::sorted(&Value::Object(body.clone())).as_bytes(),
                );
                let request: DetainerRequest = json::read(Value::Object(body))?;
                request.check(self.now)?;
                Ok(Content::Detainer(Box::new(DetainerRow { request, hash })))
            }
        }
    }

    fn notice(&self, mut body: Map<String, Value>) -> Result<NoticeRow, Problem> {
        if let Some(feed) = &self.feed {
            body.entry("feed").or_insert_with(|| feed.as_str().into());
        }
        let mut request: NoticeRequest = json::read(Value::Object(body))?;
        request.check(&self.own, self.now)?;
        let hash = request.content_hash(&self.vault);
        let source = match &request.source_message_id {
            Some(source) => source.clone(),
            None => format!("import:{}", hex::encode(&hash[..16])),
        };
        request.source_message_id = Some(source.clone());
        Ok(NoticeRow {
            request,
            source,
            hash,
        })
    }

    /// What a row of a booking says of the release: it has happened, unless it lies ahead.
    fn release(
        &self,
        release: Value,
        number: &str,
        booking: &Map<String, Value>,
    ) -> Result<NoticeRow, Problem> {
        let Value::Object(mut body) = release else {
            return Err(Problem::field(
                "/release",
                "object",
                "A JSON object is expected.",
            ));
        };
        let at = body
            .get("effective_at")
            .and_then(Value::as_str)
            .and_then(|text| text.parse::<Timestamp>().ok());
        let kind = match at.is_some_and(|at| at > self.now) {
            true => NoticeKind::Scheduled,
            false => NoticeKind::Actual,
        };
        body.entry("kind").or_insert_with(|| kind.as_str().into());
        body.insert("booking_number".to_owned(), number.into());
        body.insert(
            "subject".to_owned(),
            booking.get("subject").cloned().unwrap_or_default(),
        );
        self.notice(body).map_err(|mut problem| {
            for error in &mut problem.errors {
                if !error.pointer.starts_with("/subject") {
                    error.pointer = format!("/release{}", error.pointer);
                }
            }
            problem
        })
    }
}

/// A complaint of the API about a body, as one about a row.
pub fn fault(
    problem: &Problem,
    cell: impl FnOnce(&str) -> (Option<String>, Option<String>),
) -> Fault {
    match problem.errors.first() {
        Some(error) => {
            let (column, value) = cell(&error.pointer);
            let reason = match error.code.as_str() {
                "unknown-field" => problem.detail.clone(),
                _ => error.detail.clone(),
            };
            Fault {
                column,
                value,
                reason,
            }
        }
        None => Fault::of_row(problem.detail.clone()),
    }
}

pub(super) fn heading(records: &Records<'_>) -> Heading {
    Heading {
        headings: records.headings().to_vec(),
        places: records.places(),
        warnings: BTreeMap::new(),
    }
}

/// How many people a file releases, and whom it names: looked at before anything is written.
#[derive(Debug, Default)]
pub struct Sweep {
    /// Bookings by number.
    pub numbers: HashSet<String>,
    /// Those that the file says have left.
    pub left: HashSet<String>,
}

impl Sweep {
    /// Bookings beyond which a file is no roster of a jail.
    pub const MOST: usize = 1_000_000;

    fn add(&mut self, kind: Kind, body: &Value, release: Option<&Value>) {
        let Some(number) = body["booking_number"].as_str() else {
            return;
        };
        self.numbers.insert(number.to_owned());
        let left = match kind {
            Kind::Bookings => release.is_some_and(|release| !release.is_null()),
            _ => body["kind"]
                .as_str()
                .and_then(NoticeKind::parse)
                .is_some_and(NoticeKind::ends_custody),
        };
        if left {
            self.left.insert(number.to_owned());
        }
    }
}

impl Reading {
    /// Whom a file names, and who has left: read once more, and checked for nothing else.
    ///
    /// # Errors
    /// The file cannot be read on.
    pub fn sweep(&self, file: File) -> Result<Sweep, SourceError> {
        let mut sweep = Sweep::default();
        if self.is_bodies(&file)? {
            let mut table = Table::open(file, &Wanted::default())?;
            while let Some(row) = table.next_row()? {
                let body = row
                    .ok()
                    .and_then(|row| json::strict(row.raw.as_bytes()).ok());
                if let Some(body) = body {
                    sweep.add(self.kind, &body, body.get("release"));
                }
                if sweep.numbers.len() >= Sweep::MOST {
                    break;
                }
            }
            return Ok(sweep);
        }
        let default = Mapping::of_names(self.kind);
        let mapping = self.mapping.as_ref().unwrap_or(&default);
        let mut records = Records::open(file, mapping, self.zone, self.now.date_naive())?;
        while let Some(record) = records.next_record()? {
            if let Ok(record) = record {
                sweep.add(self.kind, &record.body, record.release.as_ref());
            }
            if sweep.numbers.len() >= Sweep::MOST {
                break;
            }
        }
        Ok(sweep)
    }
}
