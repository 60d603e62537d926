//! A workbook: its sheets, its shared texts, and which of its numbers are dates.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use quick_xml::events::Event;

use super::ReadError;
use super::archive::{Archive, Part};
use super::refusal::Refusal;
use super::sheet::SheetRows;
use super::xml::{Xml, attribute, push_text};

const MOST_SHEETS: usize = 1_000;
/// All shared texts together; a release of 79,053 rows has 150 KiB of them.
const LONGEST_STRINGS: usize = 60 << 20;
const MOST_STRINGS: usize = 4_000_000;
const MOST_STYLES: usize = 65_536;

/// The shared texts, end to end.
#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)? as usize;
        let start = match at {
            0 => 0,
            _ => self.ends[at - 1] as usize,
        };
        self.text.get(start..end)
    }
}

/// What the cells of every sheet are read by.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) strings: Strings,
    /// By the number of a cell's style: whether its number is a date.
    pub(super) dates: Vec<bool>,
    /// Days are counted from 1904 and not from 1900.
    pub(super) from_1904: bool,
}

pub(super) struct Sheet {
    pub(super) name: Arc<str>,
    pub(super) hidden: bool,
    part: Part,
}

pub(super) struct Workbook {
    archive: Archive,
    book: Arc<Book>,
    pub(super) sheets: Vec<Sheet>,
}

struct Relationship {
    kind: String,
    target: String,
    external: bool,
}

impl Workbook {
    pub(super) fn open(file: Arc<File>, length: u64) -> Result<Self, ReadError> {
        let archive = Archive::open(file, length)?;
        judge_types(&archive)?;
        for part in archive
            .parts
            .iter()
            .filter(|part| part.name.ends_with(".rels"))
        {
            let links = relationships(&archive, &part.name)?;
            // A hyperlink is only words here: nothing is ever followed.
            if links
                .values()
                .any(|link| link.external && !link.kind.ends_with("/hyperlink"))
            {
                return Err(Refusal::ExternalLinks.into());
            }
        }
        let path = relationships(&archive, "_rels/.rels")?
            .into_values()
            .find(|link| link.kind.ends_with("/officeDocument"))
            .map(|link| link.target.trim_start_matches('/').to_owned())
            .ok_or(Refusal::NoWorkbook)?;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let links = relationships(&archive, &joined(folder, &format!("_rels/{name}.rels")))?;
        let (sheets, from_1904) = sheets(&archive, &path, folder, &links)?;
        let linked = |kind: &str| {
            links
                .values()
                .find(|link| link.kind.ends_with(kind))
                .and_then(|link| archive.part(&joined(folder, &link.target)))
        };
        let strings = match linked("/sharedStrings") {
            Some(part) => strings(&archive, part)?,
            None => Strings::default(),
        };
        let dates = match linked("/styles") {
            Some(part) => date_styles(&archive, part)?,
            None => Vec::new(),
        };
        Ok(Self {
            archive,
            book: Arc::new(Book {
                strings,
                dates,
                from_1904,
            }),
            sheets,
        })
    }

    /// The rows of a sheet from its first.
    pub(super) fn rows(&self, sheet: usize) -> Result<SheetRows, ReadError> {
        let sheet = &self.sheets[sheet];
        let xml = Xml::new(&sheet.name, self.archive.read(&sheet.part)?);
        SheetRows::new(xml, self.book.clone(), sheet.name.clone())
    }
}

/// A target is relative to the workbook's folder, or to the archive with a slash in front.
fn joined(folder: &str, target: &str) -> String {
    match target.strip_prefix('/') {
        Some(whole) => whole.to_owned(),
        None if folder.is_empty() => target.to_owned(),
        None => format!("{folder}/{target}"),
    }
}

/// Calls for each element of a part that begins.
fn each_element(
    archive: &Archive,
    part: &Part,
    mut element: impl FnMut(&str, &quick_xml::events::BytesStart<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut xml = Xml::new(&part.name, archive.read(part)?);
    loop {
        match xml.next()? {
            Event::Start(start) => element(start.local_name().as_ref(), &start)?,
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn judge_types(archive: &Archive) -> Result<(), ReadError> {
    let Some(part) = archive.part("[Content_Types].xml") else {
        return Err(Refusal::NoWorkbook.into());
    };
    each_element(archive, part, |_, element| {
        let kind = attribute(element, "ContentType")
            .unwrap_or_default()
            .to_ascii_lowercase();
        if kind.contains("sheet.binary") {
            return Err(Refusal::BinaryWorkbook.into());
        }
        if kind.contains("macroenabled") || kind.contains("vbaproject") {
            return Err(Refusal::Macros.into());
        }
        Ok(())
    })
}

fn relationships(
    archive: &Archive,
    name: &str,
) -> Result<HashMap<String, Relationship>, ReadError> {
    let mut found = HashMap::new();
    let Some(part) = archive.part(name) else {
        return Ok(found);
    };
    each_element(archive, part, |name, element| {
        if name == "Relationship" {
            let get = |name| attribute(element, name).unwrap_or_default();
            // A sheet may link many places; more than sheets and styles nobody needs.
            if found.len() > 100_000 {
                return Err(Refusal::TooManyParts.into());
            }
            found.insert(
                get("Id"),
                Relationship {
                    kind: get("Type"),
                    target: get("Target"),
                    external: get("TargetMode").eq_ignore_ascii_case("external"),
                },
            );
        }
        Ok(())
    })?;
    Ok(found)
}

fn sheets(
    archive: &Archive,
    path: &str,
    folder: &str,
    links: &HashMap<String, Relationship>,
) -> Result<(Vec<Sheet>, bool), ReadError> {
    let part = archive.part(path).ok_or(Refusal::NoWorkbook)?;
    let (mut sheets, mut listed, mut from_1904) = (Vec::new(), 0, false);
    each_element(archive, part, |name, element| {
        match name {
            "workbookPr" => {
                from_1904 = attribute(element, "date1904")
                    .is_some_and(|value| value == "1" || value == "true");
            }
            "sheet" => {
                listed += 1;
                if listed > MOST_SHEETS {
                    return Err(Refusal::TooManySheets.into());
                }
                // A chart or a dialog has a sheet of its own, without rows.
                if let Some(link) = attribute(element, "id").and_then(|id| links.get(&id))
                    && link.kind.ends_with("/worksheet")
                    && let Some(part) = archive.part(&joined(folder, &link.target))
                {
                    sheets.push(Sheet {
                        name: attribute(element, "name").unwrap_or_default().into(),
                        hidden: attribute(element, "state").is_some_and(|state| state != "visible"),
                        part: part.clone(),
                    });
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok((sheets, from_1904))
}

fn strings(archive: &Archive, part: &Part) -> Result<Strings, ReadError> {
    let mut xml = Xml::new(&part.name, archive.read(part)?);
    let mut strings = Strings::default();
    // Inside `t`, and how deep in `rPh`, which says how the text is pronounced.
    let (mut in_text, mut phonetic) = (false, 0usize);
    loop {
        let event = xml.next()?;
        match &event {
            Event::Start(start) => match start.local_name().as_ref() {
                "t" => in_text = phonetic == 0,
                "rPh" => phonetic += 1,
                _ => {}
            },
            Event::End(end) => match end.local_name().as_ref() {
                "t" => in_text = false,
                "rPh" => phonetic = phonetic.saturating_sub(1),
                "si" => {
                    if strings.ends.len() == MOST_STRINGS {
                        return Err(Refusal::SharedStrings.into());
                    }
                    strings.ends.push(strings.text.len() as u32);
                }
                _ => {}
            },
            Event::Eof => return Ok(strings),
            other if in_text => {
                push_text(other, &mut strings.text)?;
                if strings.text.len() > LONGEST_STRINGS {
                    return Err(Refusal::SharedStrings.into());
                }
            }
            _ => {}
        }
    }
}

/// For each style of cells, whether numbers in it are dates.
fn date_styles(archive: &Archive, part: &Part) -> Result<Vec<bool>, ReadError> {
    let mut formats: HashMap<u32, bool> = HashMap::new();
    let mut dates = Vec::new();
    let mut in_cells = false;
    let mut xml = Xml::new(&part.name, archive.read(part)?);
    loop {
        match xml.next()? {
            Event::Start(start) => match start.local_name().as_ref() {
                "numFmt" => {
                    let number = attribute(&start, "numFmtId").and_then(|id| id.parse().ok());
                    let code = attribute(&start, "formatCode");
                    if let (Some(number), Some(code)) = (number, code)
                        && formats.len() < MOST_STYLES
                    {
                        formats.insert(number, is_date_format(&code));
                    }
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells && dates.len() < MOST_STYLES => {
                    let number = attribute(&start, "numFmtId")
                        .and_then(|id| id.parse().ok())
                        .unwrap_or(0);
                    dates.push(match formats.get(&number) {
                        Some(is_date) => *is_date,
                        None => matches!(number, 14..=22 | 27..=36 | 45..=47 | 50..=58),
                    });
                }
                _ => {}
            },
            Event::End(end) if end.local_name().as_ref() == "cellXfs" => in_cells = false,
            Event::Eof => return Ok(dates),
            _ => {}
        }
    }
}

/// A format of numbers shows a date when a letter of days, months, years or hours stands in it
/// outside quoted words.
fn is_date_format(code: &str) -> bool {
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                letters.by_ref().find(|letter| *letter == '"');
            }
            '\\' | '_' | '*' => {
                letters.next();
            }
            '[' => {
                let inner: String = letters
                    .by_ref()
                    .take_while(|letter| *letter != ']')
                    .collect();
                let inner = inner.to_ascii_lowercase();
                // [h]:mm is a span of time; [Red] and [$-409] are a colour and a language.
                if !inner.is_empty() && inner.chars().all(|letter| "hms".contains(letter)) {
                    return true;
                }
            }
            'd' | 'm' | 'y' | 'h' | 's' | 'D' | 'M' | 'Y' | 'H' | 'S' => return true,
            // Only the first form counts: the others are for negative numbers and words.
            ';' => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_of_dates_is_told_from_one_of_numbers() {
        for code in [
            "m/d/yy",
            "yyyy\\-mm\\-dd",
            "[$-409]d-mmm-yy;@",
            "[h]:mm",
            "MM/DD/YYYY",
        ] {
            assert!(is_date_format(code), "{code}");
        }
        for code in [
            "General",
            "0.00",
            "#,##0 \"days\"",
            "[Red]0.0",
            "@",
            "0.00E+00",
            "_(* #,##0_)",
        ] {
            assert!(!is_date_format(code), "{code}");
        }
    }
}
