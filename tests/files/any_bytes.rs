//! Whatever the bytes, reading ends, and it ends without a panic.

use proptest::prelude::*;
use sallyport::imports::table::{Table, Wanted, peek};

use crate::support::*;

/// Reads everything that can be read. A row takes at least a byte, so there are not more rows.
fn read_through(bytes: &[u8]) {
    peek(file_of(bytes), 10).ok();
    for wanted in [wanted(), Wanted::default()] {
        let Ok(mut table) = Table::open(file_of(bytes), &wanted) else {
            continue;
        };
        let mut left = 100_000;
        while let Ok(Some(_)) = table.next_row() {
            left -= 1;
            assert!(left > 0, "it goes on and on");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        read_through(&bytes);
    }

    #[test]
    fn any_words_of_a_table_are_read_or_refused(
        words in proptest::collection::vec(
            prop::sample::select(vec![
                "Prepare Date", "Detainer Type", ",", ",", "\n", "\n", "\"", "\"\"", "\r", ";", "\t", "|", "x", "ñ",
                "\u{feff}", "{", "}", ":", "\"a\"", "[", "1", "\0", "=", "sep=",
            ]),
            0..300,
        )
    ) {
        let text = words.concat();
        read_through(text.as_bytes());
        read_through(format!("Prepare Date,Detainer Type\n{text}").as_bytes());
        read_through(format!("{{\"Prepare Date\":1,\"Detainer Type\":2}}\n{{{text}").as_bytes());
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        read_through(&wide);
    }

    #[test]
    fn a_workbook_with_some_bytes_changed_is_read_or_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let mut bytes = Book::plain().bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_through(&bytes);
    }

    #[test]
    fn a_sheet_with_any_words_in_it_is_read_or_refused(
        words in proptest::collection::vec(
            prop::sample::select(vec![
                "<row>", "</row>", "<row r=\"3\">", "<c>", "</c>", "<c r=\"A1\" t=\"s\">", "<c r=\"ZZ9\" s=\"1\">", "<v>",
                "</v>", "1e308", "-1", "99999999", "<is>", "<t>", "</t>", "&amp;", "&#0;", "&#x110000;", "<![CDATA[x]]>",
                "<!--", "-->", "<f/>", "_x0000_", "</sheetData>", "<a b='", "ñ",
            ]),
            0..60,
        )
    ) {
        let rows = format!("{HEADING}{}", words.concat());
        read_through(&Book::of(&[("A", &sheet(&rows))]).bytes());
    }
}
