//! What every kind of file has in common, and delimited text. Hostile files are in `tests/files`.

use std::io::Write;

use super::lines::LONGEST_RECORD;
use super::*;

const FIELDS: [(&str, [&str; 2]); 2] = [
    ("day", ["Prepare Date", "day"]),
    ("place", ["Place", "place"]),
];

/// A file that nobody else sees.
pub(crate) fn file_of(bytes: &[u8]) -> File {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("sallyport-test-{}-{number}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, bytes).unwrap();
    let file = File::open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file
}

fn wanted() -> Wanted {
    Wanted {
        fields: FIELDS
            .iter()
            .map(|(field, names)| ((*field).to_owned(), names.map(str::to_owned).to_vec()))
            .collect(),
        required: vec!["day".to_owned(), "place".to_owned()],
    }
}

fn open(bytes: &[u8]) -> Result<Table, ReadError> {
    Table::open(file_of(bytes), &wanted())
}

fn rows(text: &[u8]) -> Vec<Result<RawRow, Reject>> {
    let mut table = open(text).unwrap();
    std::iter::from_fn(|| table.next_row().unwrap()).collect()
}

fn values(text: &[u8]) -> Vec<(u32, u64, Result<Vec<String>, String>)> {
    rows(text)
        .into_iter()
        .map(|row| match row {
            Ok(row) => (
                row.ordinal,
                row.line,
                Ok((0..row.len()).map(|at| row.get(at).to_owned()).collect()),
            ),
            Err(reject) => (reject.ordinal, reject.line, Err(reject.reason)),
        })
        .collect()
}

#[test]
fn a_quoted_field_holds_delimiters_quotes_and_line_ends() {
    let read = values(b"Prepare Date,Place\r\n1/2/15,\"A, \"\"B\"\"\nC\"\r\n\r\n3/4/15, D \r\n");
    assert_eq!(
        read[0],
        (1, 2, Ok(vec!["1/2/15".into(), "A, \"B\"\nC".into()]))
    );
    assert_eq!(read[1], (2, 5, Ok(vec!["3/4/15".into(), "D".into()])));
}

#[test]
fn a_byte_order_mark_title_lines_and_other_spellings_are_understood() {
    let read = values(
        b"\xef\xbb\xbfFOIA release\nall offices;of the year\nPLACE;prepare_date\nX;1/1/15\n",
    );
    assert_eq!(read, vec![(1, 4, Ok(vec!["X".into(), "1/1/15".into()]))]);
}

#[test]
fn a_bad_row_costs_itself_alone_and_keeps_its_ordinal() {
    let read = values(b"Prepare Date,Place\na,b,c\n\xff,x\nd\0,e\n\xc3\xb1\xc3\xb1,g\n");
    let reasons: Vec<_> = read
        .iter()
        .map(|(ordinal, line, row)| (*ordinal, *line, row.clone().err()))
        .collect();
    assert_eq!(
        reasons,
        vec![
            (1, 2, Some("3 fields where the heading has 2".into())),
            (2, 3, Some("not UTF-8".into())),
            (3, 4, Some("holds a NUL byte".into())),
            (4, 5, None),
        ]
    );
}

#[test]
fn a_stray_quote_swallows_no_good_line() {
    let read = values(b"Prepare Date,Place\n1,\"open\n2,b\n3,c\n");
    assert_eq!(read.len(), 3);
    assert_eq!(read[0].2, Err("a quote opens and never closes".into()));
    assert_eq!(read[1], (2, 3, Ok(vec!["2".into(), "b".into()])));
    let read = values(b"Prepare Date,Place\n1,\"open\n2,b\n3,\"c\"\n4,d\n");
    assert_eq!(
        read.iter()
            .map(|row| (row.1, row.2.is_ok()))
            .collect::<Vec<_>>(),
        vec![(2, false), (3, true), (4, true), (5, true)]
    );
}

#[test]
fn a_quote_inside_a_bare_field_is_a_letter() {
    assert_eq!(
        values(b"Prepare Date,Place\n1,5\" PIPE\n2,b\n")[0].2,
        Ok(vec!["1".into(), "5\" PIPE".into()])
    );
}

#[test]
fn the_raw_words_are_kept_as_they_stood() {
    let read = rows(b"Prepare Date,Place\n1/2/15 ,\"A  B\"\r\n");
    assert_eq!(read[0].as_ref().unwrap().raw, "1/2/15 ,\"A  B\"");
}

#[test]
fn an_overlong_line_is_rejected_and_skipped() {
    let mut text = b"Prepare Date,Place\n1,".to_vec();
    text.extend(std::iter::repeat_n(b'x', 3 * LONGEST_RECORD));
    text.extend_from_slice(b"\n2,b\n");
    let read = values(&text);
    assert_eq!((read.len(), read[1].1, read[1].2.is_ok()), (2, 3, true));
}

#[test]
fn a_missing_column_is_named_with_what_was_found() {
    let error = open(b"Prepare Date,Town\n1,2\n").err().unwrap().to_string();
    assert!(
        error.contains("names place; they name Prepare Date, Town"),
        "{error}"
    );
    assert!(open(b"\xff\xfeP\0").is_err());
    assert!(open(b"").is_err());
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn gzip_is_known_by_its_first_bytes_and_a_cut_file_is_an_error() {
    let whole = packed(b"Prepare Date,Place\n1,2\n");
    let mut table = open(&whole).unwrap();
    assert!(table.next_row().unwrap().unwrap().is_ok());
    assert!(table.next_row().unwrap().is_none());
    let failed = match open(&whole[..whole.len() - 6]) {
        Err(_) => true,
        Ok(mut table) => loop {
            match table.next_row() {
                Err(_) => break true,
                Ok(None) => break false,
                Ok(Some(_)) => {}
            }
        },
    };
    assert!(failed);
}

#[test]
fn every_delimiter_is_told_by_how_evenly_it_stands() {
    for delimiter in [",", ";", "\t", "|"] {
        let text = "A title, with a comma\nPrepare Date/Place/Note\n1/X/\"a, b; c\"\n2/Y/d, e\n"
            .replace("a title, with", "a title with")
            .replace('/', delimiter);
        let text = if delimiter == "," {
            text.replace("d, e", "d")
        } else {
            text
        };
        let read = values(text.as_bytes());
        assert_eq!(read.len(), 2, "{delimiter}");
        assert!(
            read.iter().all(|row| row.2.is_ok()),
            "{delimiter}: {read:?}"
        );
    }
    assert_eq!(values(b"sep=^\nPrepare Date^Place\n1^X\n").len(), 1);
}

#[test]
fn every_encoding_gives_the_same_words() {
    let text = "Prepare Date;Place\r\n1;Doña Ana\r2;Peñasco\n3;Ana\r\n";
    let utf16 = |mark: bool, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter()
            .chain(text.encode_utf16())
            .flat_map(bytes)
            .collect()
    };
    let latin: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    for (bytes, warned) in [
        (text.as_bytes().to_vec(), false),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), false),
        (utf16(true, u16::to_le_bytes), false),
        (utf16(true, u16::to_be_bytes), false),
        (utf16(false, u16::to_le_bytes), false),
        (utf16(false, u16::to_be_bytes), false),
        (latin, true),
    ] {
        for bytes in [packed(&bytes), bytes] {
            let read = values(&bytes);
            let words: Vec<_> = read
                .iter()
                .map(|row| (row.1, row.2.clone().unwrap()[1].clone()))
                .collect();
            assert_eq!(
                words,
                [
                    (2, "Doña Ana".to_owned()),
                    (3, "Peñasco".to_owned()),
                    (4, "Ana".to_owned())
                ]
            );
            assert_eq!(open(&bytes).unwrap().warnings().is_empty(), !warned);
        }
    }
}

#[test]
fn a_broken_letter_of_utf16_costs_its_row() {
    let text = "Prepare Date,Place\n1,X\n2,Y\n";
    let mut units: Vec<u16> = text.encode_utf16().collect();
    let at = units
        .iter()
        .position(|unit| *unit == u16::from(b'X'))
        .unwrap();
    units[at] = 0xd800;
    let bytes: Vec<u8> = std::iter::once(0xfeff)
        .chain(units)
        .flat_map(u16::to_le_bytes)
        .collect();
    let read = values(&bytes);
    assert_eq!(read[0].2, Err("not UTF-16 LE".into()));
    assert!(read[1].2.is_ok());
}

#[test]
fn ten_thousand_columns_are_refused_with_their_line() {
    let wide = (0..10_000)
        .map(|at| format!("c{at}"))
        .collect::<Vec<_>>()
        .join(",");
    let error = open(format!("title\n{wide}\n").as_bytes()).err().unwrap();
    assert!(
        matches!(error, ReadError::TooManyColumns { line: 2 }),
        "{error}"
    );
    // Below the heading such a row is one bad row.
    let read = values(format!("Prepare Date,Place\n{wide}\n1,2\n").as_bytes());
    assert_eq!(
        (read.len(), read[0].1, read[0].2.is_err(), read[1].2.is_ok()),
        (2, 2, true, true)
    );
}

#[test]
fn quotes_that_open_in_every_line_are_not_read_over_and_over() {
    let text = format!("Prepare Date,Place\n{}", "x\",\"\n".repeat(100_000));
    let started = std::time::Instant::now();
    assert_eq!(values(text.as_bytes()).len(), 100_000);
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn objects_a_line_are_rows_with_dotted_columns() {
    let text = concat!(
        "{\"place\": {\"name\": \"X\"}, \"day\": \"2015-01-02\", \"codes\": [7, true, null]}\n",
        "\n",
        "{\"day\": \"2015-01-03\", \"Place Name\": \"Y\"}\n",
        "{\"day\": 1, \"day\": 2}\n",
        "[1]\n",
        "{\"day\": \"2015-01-04\", \"place\": {\"name\": \"Z\"}, \"late\": 1",
    );
    let wanted = Wanted {
        fields: vec![
            ("day".into(), vec!["day".into()]),
            ("place".into(), vec!["place.name".into()]),
            ("note".into(), vec!["note".into()]),
        ],
        required: vec!["day".into(), "place".into()],
    };
    let mut table = Table::open(file_of(text.as_bytes()), &wanted).unwrap();
    let [day, place, note] =
        ["day", "place", "note"].map(|field| table.columns.place(field).unwrap());
    assert_eq!(table.columns.heading(place), "place.name");
    let mut read = Vec::new();
    while let Some(row) = table.next_row().unwrap() {
        read.push(match row {
            Ok(row) => (
                row.line,
                Ok((
                    row.get(day).to_owned(),
                    row.get(place).to_owned(),
                    row.get(note).to_owned(),
                )),
            ),
            Err(reject) => (reject.line, Err(reject.reason)),
        });
    }
    assert_eq!(
        read[0],
        (1, Ok(("2015-01-02".into(), "X".into(), String::new())))
    );
    assert_eq!(
        read[1],
        (3, Ok(("2015-01-03".into(), "Y".into(), String::new())))
    );
    assert_eq!((read[2].0, read[2].1.is_err()), (4, true));
    assert_eq!((read[3].0, read[3].1.is_err()), (5, true));
    assert_eq!((read[4].0, read[4].1.is_err()), (6, true));
    assert_eq!(read.len(), 5);
}

#[test]
fn a_look_at_a_file_finds_its_heading_without_a_mapping() {
    let text =
        b"Jail roster\nprinted;today\nName;Booked;Number\nMara Oak;1/2/15;77\nOdo Elm;1/3/15;78\n";
    let seen = peek(file_of(text), 1).unwrap();
    assert_eq!(seen.format, Format::Delimited);
    assert_eq!(seen.delimiter, Some(';'));
    assert_eq!(seen.headings, ["Name", "Booked", "Number"]);
    assert_eq!(seen.rows, [["Mara Oak", "1/2/15", "77"]]);
    let seen = peek(file_of(b"{\"a\":1,\"b\":{\"c\":2}}\n"), 5).unwrap();
    assert_eq!(
        (seen.format, seen.headings.join(" ")),
        (Format::Ndjson, "a b.c".to_owned())
    );
    assert_eq!(seen.rows, [["1", "2"]]);
}

#[test]
fn what_is_no_table_is_refused_by_name() {
    let mut tar = vec![0; 1024];
    tar[..5].copy_from_slice(b"a.csv");
    tar[257..262].copy_from_slice(b"ustar");
    let ole = |inside: &str| -> Vec<u8> {
        let mut bytes = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
        bytes.extend(inside.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    };
    for (bytes, refusal) in [
        (b"%PDF-1.7\n".to_vec(), Refusal::Pdf),
        (b"\x89PNG\r\n\x1a\n".to_vec(), Refusal::Image),
        (vec![0xff, 0xd8, 0xff, 0xe0], Refusal::Image),
        (b"  <!DOCTYPE HTML><table>".to_vec(), Refusal::Html),
        (b"<?xml version=\"1.0\"?><Workbook/>".to_vec(), Refusal::Xml),
        (b"{\\rtf1".to_vec(), Refusal::RichText),
        (b"[{\"a\": 1}]".to_vec(), Refusal::JsonArray),
        (b"7z\xbc\xaf\x27\x1c".to_vec(), Refusal::Archive),
        (tar.clone(), Refusal::Tar),
        (packed(&tar), Refusal::Tar),
        (packed(&packed(b"a,b\n")), Refusal::PackedTwice),
        (ole("Workbook"), Refusal::OldWorkbook),
        (ole("EncryptedPackage"), Refusal::Encrypted),
        ((0..=31).cycle().take(4096).collect(), Refusal::Binary),
    ] {
        match open(&bytes).err() {
            Some(ReadError::Refused(found)) => assert_eq!(found, refusal),
            other => panic!("{refusal:?}: {other:?}"),
        }
        assert!(peek(file_of(&bytes), 10).is_err());
    }
}
