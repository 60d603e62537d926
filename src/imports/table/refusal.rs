//! Why a file is not read at all: each reason by its name, with what to do about it.

use std::fmt;

/// A file that is refused as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    // What is no table.
    Pdf,
    Image,
    Html,
    Xml,
    RichText,
    JsonArray,
    Binary,
    Archive,
    Tar,
    PackedTwice,
    // Workbooks of another kind.
    OldWorkbook,
    BinaryWorkbook,
    OpenDocument,
    NoWorkbook,
    // Workbooks that could do harm.
    Encrypted,
    Macros,
    ExternalLinks,
    Entities,
    PathTraversal,
    TooManyParts,
    TooManySheets,
    NestedArchive,
    Bomb,
    SharedStrings,
    OversizedXml,
    DeepXml,
}

impl Refusal {
    /// A word for programs and counters.
    pub fn code(self) -> &'static str {
        self.words().0
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Pdf => (
                "pdf",
                "the file is a PDF document: ask for the table it was printed from, and save that as CSV or XLSX",
            ),
            Self::Image => (
                "image",
                "the file is an image: type its rows in, or ask for the table as CSV or XLSX",
            ),
            Self::Html => (
                "html",
                "the file is a web page, whatever it is called: open it in a spreadsheet and save it as CSV or XLSX",
            ),
            Self::Xml => (
                "xml",
                "the file is XML: open it in a spreadsheet and save it as CSV or XLSX",
            ),
            Self::RichText => (
                "rich_text",
                "the file is a rich-text document: save its table as CSV or XLSX",
            ),
            Self::JsonArray => (
                "json_array",
                "the file is one JSON array: write one JSON object a line (NDJSON)",
            ),
            Self::Binary => (
                "binary",
                "the file is neither text nor a workbook: save the table as CSV, XLSX or NDJSON",
            ),
            Self::Archive => (
                "archive",
                "the file is an archive: unpack it and send the table in it (gzip alone is read as it is)",
            ),
            Self::Tar => (
                "tar",
                "the file is a tar archive: unpack it and send the table in it",
            ),
            Self::PackedTwice => (
                "packed_twice",
                "what is packed in the gzip is packed again: unpack it once and send the result",
            ),
            Self::OldWorkbook => (
                "old_workbook",
                "the file is an Excel workbook of before 2007 (.xls): save it as .xlsx or CSV",
            ),
            Self::BinaryWorkbook => (
                "binary_workbook",
                "the file is a binary Excel workbook (.xlsb): save it as .xlsx or CSV",
            ),
            Self::OpenDocument => (
                "open_document",
                "the file is an OpenDocument file: save it as .xlsx or CSV",
            ),
            Self::NoWorkbook => (
                "no_workbook",
                "the file is a ZIP archive but no workbook: unpack it and send the table in it",
            ),
            Self::Encrypted => (
                "encrypted",
                "the file is encrypted: save it without a password",
            ),
            Self::Macros => (
                "macros",
                "the workbook holds macros: save it as .xlsx (a workbook without macros) or CSV",
            ),
            Self::ExternalLinks => (
                "external_links",
                "the workbook takes data from elsewhere (external links): paste the values and save it again, or save it as CSV",
            ),
            Self::Entities => (
                "entities",
                "the workbook's XML declares a document type or entities, which no spreadsheet writes: save it again from a spreadsheet, or as CSV",
            ),
            Self::PathTraversal => (
                "path_traversal",
                "a part of the workbook has a name that leads out of it: save it again from a spreadsheet, or as CSV",
            ),
            Self::TooManyParts => (
                "too_many_parts",
                "the workbook has more than 1,000 parts: save the sheet that is meant as CSV",
            ),
            Self::TooManySheets => (
                "too_many_sheets",
                "the workbook has more than 1,000 sheets: save the sheet that is meant as CSV",
            ),
            Self::NestedArchive => (
                "nested_archive",
                "the workbook has another file packed in it: remove it, or save the sheet as CSV",
            ),
            Self::Bomb => (
                "bomb",
                "the file unpacks to far more than a table does: save it again from a spreadsheet, or as CSV",
            ),
            Self::SharedStrings => (
                "shared_strings",
                "the workbook has more different texts than can be held: save it as CSV",
            ),
            Self::OversizedXml => (
                "oversized_xml",
                "a cell or a tag of the workbook is longer than 256 KiB: save it as CSV",
            ),
            Self::DeepXml => (
                "deep_xml",
                "the workbook's XML is nested deeper than any spreadsheet writes it: save it again, or as CSV",
            ),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().1)
    }
}

impl std::error::Error for Refusal {}

// A limit that is met while reading goes up as an error of reading.
impl From<Refusal> for std::io::Error {
    fn from(refusal: Refusal) -> Self {
        Self::other(refusal)
    }
}
