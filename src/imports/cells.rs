//! Cells of files that we write: a spreadsheet runs a cell that begins like a formula, so what
//! people wrote elsewhere is defused before it goes into one.

use std::borrow::Cow;
use std::io::Write;

/// A text that no spreadsheet takes for a formula: one that begins like one gets an apostrophe.
pub fn inert(cell: &str) -> Cow<'_, str> {
    // Blanks in front are no shelter: some programs pass over them. Full-width signs are read as
    // the plain ones by input methods and by some programs.
    let first = cell
        .trim_start_matches([' ', '\u{a0}', '\u{feff}', '\u{3000}'])
        .chars()
        .next();
    match first {
        Some(
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠' | '\u{2212}',
        ) => Cow::Owned(format!("'{cell}")),
        _ => Cow::Borrowed(cell),
    }
}

/// Writes delimited text in which every cell is inert. Every export goes through it.
pub struct InertCsv<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> InertCsv<W> {
    pub fn new(writer: W) -> Self {
        Self {
            // A row of somebody's file may have more cells than its heading.
            writer: csv::WriterBuilder::new().flexible(true).from_writer(writer),
        }
    }

    /// One record.
    pub fn write<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) -> csv::Result<()> {
        for cell in cells {
            self.writer.write_field(inert(cell.as_ref()).as_bytes())?;
        }
        self.writer.write_record(None::<&[u8]>)
    }

    pub fn end(self) -> std::io::Result<W> {
        self.writer
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_defused_and_nothing_else_is_touched() {
        for sign in [
            "=",
            "+",
            "-",
            "@",
            "\t",
            "\r",
            "\n",
            "＝",
            "＋",
            "－",
            "＠",
            "\u{2212}",
            " =",
            "\u{feff}=",
        ] {
            let cell = format!("{sign}HYPERLINK(\"http://x\")");
            assert_eq!(inert(&cell), format!("'{cell}"));
        }
        for cell in ["", "5/8/15", "O'Neil", "a=b", "1-2", "'=1", " "] {
            assert_eq!(inert(cell), cell);
        }
        let mut csv = InertCsv::new(Vec::new());
        csv.write(["=1+1", "a,b", "＝cmd"]).unwrap();
        assert_eq!(
            String::from_utf8(csv.end().unwrap()).unwrap(),
            "'=1+1,\"a,b\",'＝cmd\n"
        );
    }
}
