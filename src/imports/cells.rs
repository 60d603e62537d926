//! Cells of tables that we write.

use std::borrow::Cow;

/// A cell that no spreadsheet runs as a formula: one that begins as formulas do gets a mark before it.
pub fn inert(cell: &str) -> Cow<'_, str> {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        true => Cow::Owned(format!("'{cell}")),
        false => Cow::Borrowed(cell),
    }
}
