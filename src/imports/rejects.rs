//! The rows that were not taken, as a file of their own: line, column, value, reason, and the row.

use uuid::Uuid;

use super::cells::InertCsv;
use crate::http::Problem;

/// Rows that are read and written at once.
pub const ROWS: i64 = 1_000;

/// A row that was not taken.
pub struct RejectRow {
    pub ordinal: i64,
    pub line: i64,
    pub column: Option<String>,
    pub value: Option<String>,
    pub reason: String,
    /// The cells, in the order of the headings; one, with the whole row, where it could not be taken apart.
    pub cells: Vec<String>,
}

/// What the file is called.
pub fn file_name(import: Uuid) -> String {
    format!("rejects-{import}.csv")
}

/// The file on its way, page by page. It opens in a spreadsheet without running anything, its headings too; they are
/// compared by letters and digits when it is sent again.
pub struct RejectsFile {
    /// Until they are written.
    headings: Option<Vec<String>>,
    width: usize,
    after: i64,
}

impl RejectsFile {
    /// With the headings of the file, or with none where its rows are kept whole.
    pub fn new(headings: &[String]) -> Self {
        let own = match headings.is_empty() {
            true => vec!["row".to_owned()],
            false => headings.to_vec(),
        };
        Self {
            width: own.len(),
            headings: Some(own),
            after: 0,
        }
    }

    /// The place after which the next page begins.
    pub fn after(&self) -> i64 {
        self.after
    }

    /// The text of some rows.
    pub fn page(&mut self, rows: &[RejectRow]) -> Result<Vec<u8>, Problem> {
        let mut text = InertCsv::new(Vec::new());
        if let Some(own) = self.headings.take() {
            let first = ["line", "column", "value", "reason"].map(str::to_owned);
            text.write(first.into_iter().chain(own))
                .map_err(Problem::internal)?;
        }
        for row in rows {
            let line = row.line.to_string();
            let said = [
                line.as_str(),
                row.column.as_deref().unwrap_or_default(),
                row.value.as_deref().unwrap_or_default(),
                &row.reason,
            ];
            let missing = self.width.saturating_sub(row.cells.len());
            let cells = row.cells.iter().map(String::as_str);
            let cells = cells.chain(std::iter::repeat_n("", missing));
            text.write(said.into_iter().chain(cells))
                .map_err(Problem::internal)?;
            self.after = row.ordinal;
        }
        text.end().map_err(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_opens_without_running_anything_and_goes_on_where_the_last_one_ended() {
        let row = |ordinal, cells: &[&str]| RejectRow {
            ordinal,
            line: ordinal + 1,
            column: Some("=day".to_owned()),
            value: Some("+1".to_owned()),
            reason: "no day".to_owned(),
            cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
        };
        let mut file = RejectsFile::new(&["=day".to_owned(), "name".to_owned()]);
        let first = file.page(&[row(3, &["+1"])]).unwrap();
        assert_eq!(
            String::from_utf8(first).unwrap(),
            "line,column,value,reason,'=day,name\n4,'=day,'+1,no day,'+1,\n"
        );
        assert_eq!(file.after(), 3);
        let next = file.page(&[row(9, &["a", "b", "one too many"])]).unwrap();
        assert_eq!(
            String::from_utf8(next).unwrap(),
            "10,'=day,'+1,no day,a,b,one too many\n"
        );
        assert_eq!(file.page(&[]).unwrap(), b"");
        assert_eq!(
            RejectsFile::new(&[]).page(&[]).unwrap(),
            b"line,column,value,reason,row\n"
        );
    }
}
