//! Each hostile file is refused by name, by the program itself, before it opens a database: in
//! less than two seconds, in less than 256 MB, and nothing is left on disk.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use sallyport::imports::table::Refusal;

use crate::support::*;

const MOST_TIME: Duration = Duration::from_secs(2);
const MOST_KB: u64 = 256 * 1024;

/// The most memory a process has held, in kB.
fn peak(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Imports a file with the program. Returns what it said.
fn refused(name: &str, bytes: &[u8]) -> String {
    let folder =
        std::env::temp_dir().join(format!("sallyport-hostile-{}-{name}", std::process::id()));
    let (temp, data) = (folder.join("temp"), folder.join("data"));
    std::fs::create_dir_all(&temp).unwrap();
    let file = folder.join("roster.csv");
    std::fs::write(&file, bytes).unwrap();
    let started = Instant::now();
    let mut process = Command::new(env!("CARGO_BIN_EXE_sallyport"))
        .args(["import", "detainers"])
        .arg(&file)
        .args(["--format", "ddp", "--data-dir"])
        .arg(&data)
        .env("TMPDIR", &temp)
        .env_remove("DATABASE_URL")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut most = 0;
    let status = loop {
        most = peak(&process.id().to_string()).unwrap_or(0).max(most);
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let took = started.elapsed();
    let mut said = String::new();
    process
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(status.code(), Some(1), "{name}: {said}");
    assert!(took < MOST_TIME, "{name} took {took:?}");
    assert!(most < MOST_KB, "{name} held {most} kB");
    let left = |folder: &Path| {
        std::fs::read_dir(folder)
            .map(|all| all.count())
            .unwrap_or(0)
    };
    assert_eq!((left(&temp), left(&data)), (0, 0), "{name} left something");
    std::fs::remove_dir_all(&folder).unwrap();
    println!("{name}: {took:?}, {most} kB: {}", said.trim());
    said
}

fn expect(name: &str, bytes: &[u8], refusal: Refusal) {
    let said = refused(name, bytes);
    assert!(said.contains(&refusal.to_string()), "{name}: {said}");
}

fn zeros(count: usize) -> Vec<u8> {
    vec![b' '; count]
}

#[test]
fn a_workbook_that_could_do_harm_is_refused_by_name() {
    let plain = Book::plain;
    let doctype = r#"<?xml version="1.0"?><!-- x --><!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet><sheetData/></worksheet>"#;
    expect(
        "entity",
        &plain().with("xl/worksheets/sheet1.xml", doctype).bytes(),
        Refusal::Entities,
    );
    let laughs = (1..20).fold(
        r#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY l0 "lol">"#.to_owned(),
        |text, at| {
            format!(
                "{text}<!ENTITY l{at} \"{}\">",
                format!("&l{};", at - 1).repeat(10)
            )
        },
    ) + "]><sst><si><t>&l19;</t></si></sst>";
    expect(
        "laughs",
        &plain().with("xl/sharedStrings.xml", laughs).bytes(),
        Refusal::Entities,
    );
    // A part that is never read is looked at too.
    expect(
        "unread",
        &plain().with("docProps/app.xml", doctype).bytes(),
        Refusal::Entities,
    );
    let undeclared = sheet(r#"<row r="1"><c r="A1" t="inlineStr"><is><t>&xxe;</t></is></c></row>"#);
    expect(
        "undeclared",
        &plain().with("xl/worksheets/sheet1.xml", undeclared).bytes(),
        Refusal::Entities,
    );
    let late = sheet("") + "<!DOCTYPE a>";
    let late = late.replace("<sheetData>", "<!DOCTYPE a><sheetData>");
    expect(
        "late",
        &plain().with("xl/worksheets/sheet1.xml", late).bytes(),
        Refusal::Entities,
    );

    expect(
        "macros",
        &plain().with("xl/vbaProject.bin", b"x").bytes(),
        Refusal::Macros,
    );
    let types = r#"<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>"#;
    expect(
        "macro-type",
        &plain().with("[Content_Types].xml", types).bytes(),
        Refusal::Macros,
    );
    expect(
        "links",
        &plain()
            .with("xl/externalLinks/externalLink1.xml", "<a/>")
            .bytes(),
        Refusal::ExternalLinks,
    );
    let link = r#"<Relationships><Relationship Id="x" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/oleObject" Target="file:///c:/x" TargetMode="External"/></Relationships>"#;
    expect(
        "link-by-relationship",
        &plain()
            .with("xl/worksheets/_rels/sheet1.xml.rels", link)
            .bytes(),
        Refusal::ExternalLinks,
    );
    expect(
        "nested",
        &plain()
            .with("xl/embeddings/a.xlsx", plain().bytes())
            .bytes(),
        Refusal::NestedArchive,
    );
    expect(
        "no-workbook",
        &zipped([("a.csv", &b"Prepare Date,Detainer Type\n"[..])]),
        Refusal::NoWorkbook,
    );
    expect(
        "open-document",
        &zipped([(
            "mimetype",
            &b"application/vnd.oasis.opendocument.spreadsheet"[..],
        )]),
        Refusal::OpenDocument,
    );

    // The names are put in by hand: the writer of archives would mend them.
    let out = plain().with("xx/xx/etc/cron.d/job", "x").bytes();
    let mut traversal = out.clone();
    for at in 0..traversal.len() - 5 {
        if traversal[at..].starts_with(b"xx/xx/") {
            traversal[at..at + 6].copy_from_slice(b"../../");
        }
    }
    expect("traversal", &traversal, Refusal::PathTraversal);
    let mut encrypted = plain().bytes();
    let directory = encrypted
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    encrypted[directory + 8] |= 1;
    expect("encrypted-zip", &encrypted, Refusal::Encrypted);
    let mut compound = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
    compound.resize(4096, 0);
    compound.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    expect("encrypted", &compound, Refusal::Encrypted);
}

#[test]
fn a_workbook_that_swells_is_refused_before_it_does() {
    let plain = Book::plain;
    // One gigabyte of blanks in a sheet, written without holding it.
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in &plain().parts {
        zip.start_file(name.as_str(), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.start_file("xl/worksheets/sheet2.xml", options).unwrap();
    for _ in 0..1024 {
        zip.write_all(&zeros(1 << 20)).unwrap();
    }
    let bomb = zip.finish().unwrap().into_inner();
    expect("bomb", &bomb, Refusal::Bomb);
    // The same with small sizes declared: what comes out is counted.
    let mut lying = bomb.clone();
    let mut at = 0;
    while let Some(found) = lying[at..]
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
    {
        at += found + 46;
        lying[at - 22..at - 18].copy_from_slice(&100u32.to_le_bytes());
    }
    expect("lying-bomb", &lying, Refusal::Bomb);

    let many: Vec<String> = (0..2_000)
        .map(|at| format!("xl/worksheets/more{at}.xml"))
        .collect();
    let parts = plain().parts;
    let all = parts
        .iter()
        .map(|(name, bytes)| (name.as_str(), &bytes[..]))
        .chain(many.iter().map(|name| (name.as_str(), &b"<a/>"[..])));
    expect("parts", &zipped(all), Refusal::TooManyParts);
    let sheets: String = (0..1_000_000)
        .map(|at| format!(r#"<sheet name="s{at:x}" sheetId="{at}" r:id="rId1"/>"#))
        .collect();
    expect(
        "sheets",
        &plain()
            .with(
                "xl/workbook.xml",
                format!("<workbook><sheets>{sheets}</sheets></workbook>"),
            )
            .bytes(),
        Refusal::TooManySheets,
    );

    let deep = format!("<sst>{}", "<a>".repeat(1_000_000));
    expect(
        "deep",
        &plain().with("xl/sharedStrings.xml", deep).bytes(),
        Refusal::DeepXml,
    );
    let mut noise = 1u32;
    let long: String = (0..2 << 20)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'a' + (noise >> 24) as u8 % 26)
        })
        .collect();
    expect(
        "long-cell",
        &plain()
            .with(
                "xl/sharedStrings.xml",
                format!("<sst><si><t>{long}</t></si></sst>"),
            )
            .bytes(),
        Refusal::OversizedXml,
    );
    // A count that is only declared reserves nothing.
    let strings =
        r#"<sst count="4000000000" uniqueCount="18446744073709551615"><si><t>I247</t></si></sst>"#;
    let said = refused(
        "declared",
        &plain()
            .with("xl/sharedStrings.xml", strings)
            .with(
                "xl/worksheets/sheet1.xml",
                sheet(r#"<row r="1"><c r="A1" t="s"><v>9</v></c></row>"#),
            )
            .bytes(),
    );
    assert!(said.contains("shared text that is not there"), "{said}");
}

#[test]
fn a_packed_text_that_swells_or_is_packed_again_is_refused() {
    let pack = |bytes: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(b"Prepare Date,Detainer Type\n").unwrap();
    for _ in 0..1024 {
        gzip.write_all(&zeros(1 << 20)).unwrap();
    }
    expect("gzip-bomb", &gzip.finish().unwrap(), Refusal::Bomb);
    expect("gzip-of-gzip", &pack(&pack(b"a,b\n")), Refusal::PackedTwice);
    let said = refused(
        "wide",
        (0..10_000)
            .map(|at| format!("c{at},"))
            .collect::<String>()
            .as_bytes(),
    );
    assert!(said.contains("line 1: more than 1024 columns"), "{said}");
    expect(
        "old",
        &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0],
        Refusal::OldWorkbook,
    );
    expect("web-page", b"<html><table></table></html>", Refusal::Html);
}

#[test]
fn a_field_of_ten_megabytes_and_an_open_quote_cost_their_rows_and_no_memory() {
    let mut text = b"Prepare Date,Detainer Type\r\n1/1/15,I247\n1/2/15,".to_vec();
    text.extend(std::iter::repeat_n(b'x', 10 << 20));
    text.extend_from_slice(b"\r1/3/15,\"open\n1/4/15,I247\r\n1/5/15,I247\n");
    let before = peak("self").unwrap();
    let read = rows(&mut open(&text).unwrap());
    let told: Vec<_> = read
        .iter()
        .map(|row| match row {
            Ok(row) => (row.line, "taken".to_owned()),
            Err(reject) => (reject.line, reject.reason.clone()),
        })
        .collect();
    assert_eq!(
        told,
        [
            (2, "taken".to_owned()),
            (3, "the line is longer than 64 KiB".to_owned()),
            (4, "a quote opens and never closes".to_owned()),
            (5, "taken".to_owned()),
            (6, "taken".to_owned()),
        ]
    );
    assert!(peak("self").unwrap() - before < 8 * 1024);
}
