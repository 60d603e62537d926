//! A letter as a PDF: A4 or Letter is the printer's choice, so the page is the smaller of both.
//! The type is Helvetica, which every reader has; its encoding covers English, Spanish and Tagalog, and a
//! letter of another script in a name is written by its nearest Latin one, or as `?`.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::words::Letter;

/// Points: as wide as A4, as high as Letter.
const PAGE: (f32, f32) = (595.0, 792.0);
const MARGIN: f32 = 72.0;
const SIZE: f32 = 11.0;
const TITLE: f32 = 15.0;
const LEADING: f32 = 15.0;

/// Widths of Helvetica from the space to the tilde, in thousandths of the size (Adobe's core
/// metrics); accented letters are as wide as their base.
#[rustfmt::skip]
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

fn base(c: char) -> char {
    c.nfd().next().unwrap_or(c)
}

fn width(text: &str, size: f32) -> f32 {
    let thousandths: u32 = text
        .chars()
        .map(|c| {
            let at = (base(c) as usize).wrapping_sub(0x20);
            u32::from(WIDTHS.get(at).copied().unwrap_or(556))
        })
        .sum();
    thousandths as f32 / 1000.0 * size
}

/// Breaks a paragraph into lines; its own breaks stay.
fn lines(paragraph: &str, size: f32) -> Vec<String> {
    let room = PAGE.0 - 2.0 * MARGIN;
    let mut found = Vec::new();
    for part in paragraph.split('\n') {
        let mut line = String::new();
        for word in part.split(' ') {
            let longer = match line.is_empty() {
                true => word.to_owned(),
                false => format!("{line} {word}"),
            };
            if width(&longer, size) <= room || line.is_empty() {
                line = longer;
            } else {
                found.push(std::mem::replace(&mut line, word.to_owned()));
            }
        }
        found.push(line);
    }
    found
}

/// WinAnsi: Latin-1 where the two agree, the nearest Latin letter elsewhere.
fn encoded(text: &str) -> Vec<u8> {
    text.nfc()
        .flat_map(|c| match u32::from(c) {
            code @ (0x20..=0x7e | 0xa1..=0xff) => vec![code as u8],
            _ => c
                .nfd()
                .filter(|c| !is_combining_mark(*c))
                .map(|c| if c.is_ascii() { c as u8 } else { b'?' })
                .collect(),
        })
        .collect()
}

/// Sets a letter on as many pages as it takes.
pub fn set(letter: &Letter, language: &str) -> Vec<u8> {
    let mut placed: Vec<(String, f32)> = lines(&letter.title, TITLE)
        .into_iter()
        .map(|line| (line, TITLE))
        .collect();
    for paragraph in &letter.paragraphs {
        placed.push((String::new(), SIZE));
        placed.extend(lines(paragraph, SIZE).into_iter().map(|line| (line, SIZE)));
    }
    let per_page = ((PAGE.1 - 2.0 * MARGIN) / LEADING) as usize;
    let sheets: Vec<_> = placed.chunks(per_page).collect();

    let mut pdf = Pdf::new();
    let (catalog, tree, font, info) = (Ref::new(1), Ref::new(2), Ref::new(3), Ref::new(4));
    let page = |at: usize| Ref::new(10 + 2 * at as i32);
    let content = |at: usize| Ref::new(11 + 2 * at as i32);
    pdf.catalog(catalog)
        .pages(tree)
        .lang(TextStr(language))
        .viewer_preferences()
        .display_doc_title(true);
    pdf.document_info(info).title(TextStr(&letter.title));
    pdf.pages(tree)
        .kids((0..sheets.len()).map(page))
        .count(sheets.len() as i32);
    pdf.type1_font(font)
        .base_font(Name(b"Helvetica"))
        .encoding_predefined(Name(b"WinAnsiEncoding"));
    for (at, sheet) in sheets.iter().enumerate() {
        let mut written = pdf.page(page(at));
        written
            .parent(tree)
            .media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1))
            .contents(content(at));
        written.resources().fonts().pair(Name(b"F"), font);
        written.finish();
        let mut text = Content::new();
        text.begin_text();
        text.next_line(MARGIN, PAGE.1 - MARGIN);
        for (line, size) in *sheet {
            text.set_font(Name(b"F"), *size);
            text.show(Str(&encoded(line)));
            text.next_line(0.0, -LEADING);
        }
        text.end_text();
        pdf.stream(content(at), &text.finish());
    }
    pdf.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_and_long_letters_are_broken() {
        let letter = Letter {
            title: "T".repeat(200),
            paragraphs: vec!["word ".repeat(2_000)],
        };
        let pdf = set(&letter, "en");
        assert!(pdf.starts_with(b"%PDF-"));
        let pages = pdf.windows(11).filter(|at| at == b"/Type /Page").count();
        assert!(pages > 3, "{pages}");
        for line in lines(&letter.paragraphs[0], SIZE) {
            assert!(width(&line, SIZE) <= PAGE.0 - 2.0 * MARGIN);
        }
    }

    #[test]
    fn names_keep_what_the_type_can_write() {
        assert_eq!(encoded("Muñoz"), b"Mu\xf1oz");
        assert_eq!(encoded("Nguyễn"), b"Nguyen");
        assert_eq!(encoded("李"), b"?");
    }
}
