//! Workbooks that are as they should be, in the ways in which people make them.

use sallyport::imports::table::{Format, peek};

use crate::support::*;

fn sheet_of(row: &sallyport::imports::table::RawRow) -> Option<&str> {
    row.sheet.as_ref().map(|sheet| sheet.name.as_str())
}

fn words(row: &sallyport::imports::table::RawRow) -> Vec<&str> {
    (0..row.len()).map(|at| row.get(at)).collect()
}

#[test]
fn a_workbook_gives_its_dates_and_texts() {
    let bytes = Book::plain().bytes();
    let mut table = open(&bytes).unwrap();
    assert_eq!(table.format(), Format::Workbook);
    let all: Vec<_> = rows(&mut table).into_iter().map(Result::unwrap).collect();
    assert_eq!(words(&all[0]), ["2015-05-08", "I247 & more"]);
    assert_eq!(words(&all[1]), ["2015-05-09", "I247D"]);
    assert_eq!(
        (all[1].ordinal, all[1].line, sheet_of(&all[1])),
        (2, 3, Some("FY15"))
    );
    assert_eq!(all[0].raw, "2015-05-08,I247 & more");
    let seen = peek(file_of(&bytes), 10).unwrap();
    assert_eq!(
        (seen.headings, seen.sheets),
        (
            vec!["Prepare Date".to_owned(), "Detainer Type".to_owned()],
            vec!["FY15".to_owned()]
        )
    );
    assert_eq!(seen.rows.len(), 2);
}

#[test]
fn numbers_truth_values_errors_and_the_count_of_days_from_1904_are_read() {
    let mut book = Book::of(&[(
        "A",
        &sheet(&format!(
            r#"{HEADING}<row r="2"><c r="A2" s="1"><v>40670</v></c><c r="B2"><v>42.0</v></c></row>
            <row r="3"><c r="A3" t="b"><v>1</v></c><c r="B3" t="e"><v>#N/A</v></c></row>
            <row><c t="d"><v>2015-05-08</v></c><c t="str"><f>A1&amp;"x"</f><v>x</v></c></row>"#
        )),
    )]);
    let workbook = book
        .parts
        .iter()
        .find(|part| part.0 == "xl/workbook.xml")
        .unwrap()
        .1
        .clone();
    let workbook = String::from_utf8(workbook).unwrap();
    book.set(
        "xl/workbook.xml",
        workbook.replace("<sheets>", r#"<workbookPr date1904="1"/><sheets>"#),
    );
    let all: Vec<_> = rows(&mut open(&book.bytes()).unwrap())
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(words(&all[0]), ["2015-05-08", "42"]);
    assert_eq!(words(&all[1]), ["TRUE", ""]);
    assert_eq!(words(&all[2]), ["2015-05-08", "x"]);
    assert_eq!(all[2].line, 4);
}

#[test]
fn all_sheets_with_the_heading_are_read_each_by_its_own_columns() {
    let cell =
        |at: &str, text: &str| format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let title = format!(
        r#"<row r="1">{}</row><row r="4">{}</row>"#,
        cell("A1", "A release"),
        cell("B4", "of the year")
    );
    let first = sheet(&format!(
        r#"{title}<row r="7">{}{}</row><row r="9">{}{}</row>"#,
        cell("A7", "Prepare Date"),
        cell("B7", "Detainer Type"),
        cell("A9", "1/2/15"),
        cell("B9", "I247")
    ));
    let other = sheet(&format!(r#"<row r="1">{}</row>"#, cell("A1", "Notes")));
    let last = sheet(&format!(
        r#"<row r="1">{}{}{}</row><row r="2">{}{}{}</row><row r="3">{}</row>"#,
        cell("A1", "Type"),
        cell("B1", "State"),
        cell("C1", "PREPARE_DATE"),
        cell("A2", "I247D"),
        cell("B2", "TEXAS"),
        cell("C2", "1/3/15"),
        cell("D3", "beside")
    ));
    let mut table =
        open(&Book::of(&[("FY15", &first), ("Notes", &other), ("FY16", &last)]).bytes()).unwrap();
    assert_eq!(
        table.columns.headings(),
        ["Prepare Date", "Detainer Type", "State"]
    );
    assert_eq!(
        table.warnings(),
        ["The sheet Notes has no such heading; it was not read."]
    );
    let all = rows(&mut table);
    let (one, two) = (all[0].as_ref().unwrap(), all[1].as_ref().unwrap());
    assert_eq!(words(one), ["1/2/15", "I247", ""]);
    assert_eq!(words(two), ["1/3/15", "I247D", "TEXAS"]);
    assert_eq!((one.ordinal, one.line, sheet_of(one)), (1, 9, Some("FY15")));
    assert_eq!((two.ordinal, two.line, sheet_of(two)), (2, 2, Some("FY16")));
    assert!(two.position() > one.position());
    let reject = all[2].as_ref().unwrap_err();
    assert_eq!(
        reject.told(),
        "sheet FY16: a value stands beyond the heading's 3 columns"
    );
}
