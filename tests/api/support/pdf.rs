//! What a reader can copy out of a PDF, by the way every reader goes: the glyphs that the page
//! shows, and the font's own table of the characters they stand for.

use std::collections::BTreeMap;

use lopdf::content::Content;
use lopdf::{Dictionary, Document, Object};

/// The text of all pages on one line: where a line of it ends is the setter's choice.
pub fn text(pdf: &[u8]) -> String {
    let pdf = Document::load_mem(pdf).expect("a PDF that opens");
    let mut found = String::new();
    for page in pdf.get_pages().into_values() {
        let fonts: BTreeMap<Vec<u8>, BTreeMap<u16, String>> = pdf
            .get_page_fonts(page)
            .expect("the fonts of a page")
            .into_iter()
            .map(|(name, font)| (name, characters(&pdf, font)))
            .collect();
        let content = pdf.get_page_content(page).expect("what a page shows");
        let mut font = None;
        for step in Content::decode(&content).expect("steps").operations {
            if step.operator == "Tf" {
                font = step.operands[0]
                    .as_name()
                    .ok()
                    .and_then(|name| fonts.get(name));
            }
            for shown in step.operands.iter().flat_map(strings) {
                if !["Tj", "TJ"].contains(&step.operator.as_str()) {
                    continue;
                }
                for glyph in shown.chunks_exact(2) {
                    let glyph = u16::from_be_bytes([glyph[0], glyph[1]]);
                    let known = font.and_then(|font| font.get(&glyph));
                    found += known.map_or("\u{fffd}", String::as_str);
                }
            }
        }
    }
    found.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn strings(operand: &Object) -> Vec<&[u8]> {
    match operand {
        Object::String(text, _) => vec![text],
        Object::Array(parts) => parts.iter().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

/// The table of a font (`ToUnicode`): which characters each glyph stands for.
fn characters(pdf: &Document, font: &Dictionary) -> BTreeMap<u16, String> {
    let table = font
        .get(b"ToUnicode")
        .and_then(Object::as_reference)
        .and_then(|id| pdf.get_object(id))
        .and_then(Object::as_stream)
        .expect("a font that says which characters it shows");
    let table = table
        .decompressed_content()
        .unwrap_or_else(|_| table.content.clone());
    let table = String::from_utf8_lossy(&table).into_owned();
    table
        .split("beginbfchar")
        .skip(1)
        .filter_map(|part| part.split("endbfchar").next())
        .flat_map(str::lines)
        .filter_map(|line| {
            let (glyph, written) = line.trim().strip_prefix('<')?.split_once('>')?;
            let written = written.trim().strip_prefix('<')?.strip_suffix('>')?;
            let units: Vec<u16> = hex::decode(written.replace(' ', ""))
                .ok()?
                .chunks_exact(2)
                .map(|unit| u16::from_be_bytes([unit[0], unit[1]]))
                .collect();
            let glyph = u16::from_str_radix(glyph, 16).ok()?;
            Some((glyph, String::from_utf16(&units).ok()?))
        })
        .collect()
}
