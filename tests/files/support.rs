//! Files that the tests make themselves.

use std::fs::File;
use std::io::{Cursor, Seek, SeekFrom, Write};

use sallyport::imports::table::{RawRow, ReadError, Reject, Table, Wanted};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub const HEADING: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Prepare Date</t></is></c><c r="B1" t="inlineStr"><is><t>Detainer Type</t></is></c></row>"#;

/// A file without a name, gone when it is closed.
pub fn file_of(bytes: &[u8]) -> File {
    let path = std::env::temp_dir().join(format!(
        "sallyport-files-{}-{:x}",
        std::process::id(),
        std::ptr::from_ref(bytes).cast::<u8>() as usize
    ));
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

pub fn wanted() -> Wanted {
    Wanted {
        fields: vec![
            ("day".into(), vec!["Prepare Date".into()]),
            ("form".into(), vec!["Detainer Type".into(), "Type".into()]),
        ],
        required: vec!["day".into(), "form".into()],
    }
}

pub fn open(bytes: &[u8]) -> Result<Table, ReadError> {
    Table::open(file_of(bytes), &wanted())
}

pub fn rows(table: &mut Table) -> Vec<Result<RawRow, Reject>> {
    let mut all = Vec::new();
    while let Some(row) = table.next_row().unwrap() {
        all.push(row);
    }
    all
}

/// An archive of parts, packed.
pub fn zipped<'a>(parts: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub fn sheet(rows: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:B2"/><sheetData>{rows}</sheetData></worksheet>"#
    )
}

/// The parts of a workbook, to change, to leave out or to add to.
pub struct Book {
    pub parts: Vec<(String, Vec<u8>)>,
}

impl Book {
    /// A workbook of sheets, each with its name and its part.
    pub fn of(sheets: &[(&str, &str)]) -> Self {
        const KINDS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let mut listed = String::new();
        let mut links = String::new();
        let mut book = Self { parts: Vec::new() };
        for (at, (name, text)) in sheets.iter().enumerate() {
            let at = at + 1;
            listed += &format!(r#"<sheet name="{name}" sheetId="{at}" r:id="rId{at}"/>"#);
            links += &format!(
                r#"<Relationship Id="rId{at}" Type="{KINDS}/worksheet" Target="worksheets/sheet{at}.xml"/>"#
            );
            book.set(&format!("xl/worksheets/sheet{at}.xml"), text);
        }
        links += &format!(
            r#"<Relationship Id="s" Type="{KINDS}/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="t" Type="{KINDS}/styles" Target="styles.xml"/>"#
        );
        book.set("[Content_Types].xml", r#"<?xml version="1.0"?><Types><Default Extension="xml" ContentType="application/xml"/></Types>"#);
        book.set("_rels/.rels", format!(r#"<Relationships><Relationship Id="a" Type="{KINDS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#));
        book.set(
            "xl/_rels/workbook.xml.rels",
            format!("<Relationships>{links}</Relationships>"),
        );
        book.set(
            "xl/workbook.xml",
            format!(r#"<workbook xmlns:r="{KINDS}"><sheets>{listed}</sheets></workbook>"#),
        );
        book.set(
            "xl/styles.xml",
            r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>"#,
        );
        book.set(
            "xl/sharedStrings.xml",
            r#"<sst count="2" uniqueCount="2"><si><t>I247 &amp; more</t></si><si><r><t>I2</t></r><r><t xml:space="preserve">47D </t></r><rPh sb="0" eb="1"><t>no</t></rPh></si></sst>"#,
        );
        book
    }

    /// One sheet with a heading and two rows.
    pub fn plain() -> Self {
        Self::of(&[(
            "FY15",
            &sheet(&format!(
                r#"{HEADING}<row r="2"><c r="A2" s="1"><v>42132</v></c><c r="B2" t="s"><v>0</v></c></row><row r="3"><c r="A3" s="2"><v>42133</v></c><c r="B3" t="s"><v>1</v></c></row>"#
            )),
        )])
    }

    pub fn set(&mut self, name: &str, text: impl AsRef<[u8]>) {
        self.parts.retain(|(known, _)| known != name);
        self.parts.push((name.to_owned(), text.as_ref().to_vec()));
    }

    pub fn with(mut self, name: &str, text: impl AsRef<[u8]>) -> Self {
        self.set(name, text);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        zipped(
            self.parts
                .iter()
                .map(|(name, bytes)| (name.as_str(), &bytes[..])),
        )
    }
}
