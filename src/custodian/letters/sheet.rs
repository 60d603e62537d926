//! A letter as a PDF: A4 or Letter is the printer's choice, so the page is the smaller of both.
//! The file carries the glyphs it uses and says which characters they are, so that it opens
//! anywhere and its text can be searched, copied and read aloud. A character that no font has is
//! written as `?`. The same letter is the same bytes: its ETag stands for it.

use std::num::NonZeroU16;

use krilla::Document;
use krilla::geom::Point;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::tagging::{ContentTag, Tag, TagGroup, TagKind, TagTree};
use krilla::text::{GlyphId, KrillaGlyph};
use unicode_linebreak::{BreakClass, BreakOpportunity, break_property, linebreaks};
use unicode_normalization::UnicodeNormalization;

use super::Language;
use super::fonts::{self, Face};
use super::words::Letter;

/// Points: as wide as A4, as high as Letter.
const PAGE: (f32, f32) = (595.0, 792.0);
const MARGIN: f32 = 72.0;
const ROOM: f32 = PAGE.0 - 2.0 * MARGIN;
const SIZE: f32 = 11.0;
const TITLE: f32 = 15.0;
const LEADING: f32 = 16.0;

/// Why a letter was not set.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    #[error("this build has no fonts for letters")]
    NoFonts,
    #[error("the letter could not be written: {0}")]
    Krilla(String),
}

type Faces = [&'static Face; 3];

/// Where a character's glyph is: which face, which glyph, how wide in parts of the size.
fn glyph(c: char, faces: &Faces) -> Option<(usize, GlyphId, f32)> {
    faces.iter().enumerate().find_map(|(at, face)| {
        let (glyph, advance) = face.glyph(c)?;
        Some((at, glyph, advance))
    })
}

/// The text as it can be written: composed, and `?` for what no font has.
fn writable(text: &str, faces: &Faces) -> String {
    text.nfc()
        .map(|c| match c {
            c if c.is_whitespace() => ' ',
            c if glyph(c, faces).is_some() => c,
            _ => '?',
        })
        .collect()
}

fn width(text: &str, size: f32, faces: &Faces) -> f32 {
    let ems: f32 = text
        .chars()
        .filter_map(|c| glyph(c, faces))
        .map(|(_, _, advance)| advance)
        .sum();
    ems * size
}

/// A Korean syllable: words are kept whole there, which the standard leaves to the setter.
fn is_syllable(c: Option<char>) -> bool {
    c.is_some_and(|c| {
        let class = break_property(u32::from(c));
        class == BreakClass::HangulLvSyllable || class == BreakClass::HangulLvtSyllable
    })
}

/// The places where a line may end.
fn breaks(text: &str) -> impl Iterator<Item = usize> {
    linebreaks(text)
        .filter(|&(at, kind)| {
            let (before, after) = (text[..at].chars().last(), text[at..].chars().next());
            kind == BreakOpportunity::Mandatory || !(is_syllable(before) && is_syllable(after))
        })
        .map(|(at, _)| at)
}

/// Breaks a paragraph into lines; its own breaks stay. A space at an end stays too, beyond the
/// margin: it keeps words apart when the text is copied.
fn lines(paragraph: &str, size: f32, faces: &Faces) -> Vec<String> {
    let mut found = Vec::new();
    for part in paragraph.split('\n') {
        let part = writable(part, faces);
        let fits = |line: &str| width(line.trim_end(), size, faces) <= ROOM;
        let (mut line, mut from) = (String::new(), 0);
        for to in breaks(&part) {
            let piece = &part[from..to];
            from = to;
            if !line.is_empty() && !fits(&format!("{line}{piece}")) {
                found.push(std::mem::take(&mut line));
            }
            if fits(piece) {
                line.push_str(piece);
                continue;
            }
            // One word wider than the page.
            for c in piece.chars() {
                line.push(c);
                if !fits(&line) {
                    line.pop();
                    found.push(std::mem::replace(&mut line, c.to_string()));
                }
            }
        }
        found.push(line);
    }
    found
}

/// Sets a letter on as many pages as it takes.
pub fn set(letter: &Letter, language: Language) -> Result<Vec<u8>, SheetError> {
    let faces = fonts::of(language).ok_or(SheetError::NoFonts)?;
    let mut groups = vec![TagGroup::new(Tag::Hn(NonZeroU16::MIN, None))];
    let mut placed: Vec<_> = lines(&letter.title, TITLE, &faces)
        .into_iter()
        .map(|line| (0, line, TITLE))
        .collect();
    for paragraph in &letter.paragraphs {
        let group = groups.len();
        groups.push(TagGroup::new(TagKind::P(Tag::P)));
        placed.push((group, String::new(), SIZE));
        placed.extend(
            lines(paragraph, SIZE, &faces)
                .into_iter()
                .map(|line| (group, line, SIZE)),
        );
    }
    let mut document = Document::new();
    let tag = language.tag().to_owned();
    document.set_metadata(
        Metadata::new()
            .title(letter.title.clone())
            .language(tag.clone()),
    );
    let size = PageSettings::from_wh(PAGE.0, PAGE.1)
        .ok_or_else(|| SheetError::Krilla("the page has no size".to_owned()))?;
    let per_page = ((PAGE.1 - 2.0 * MARGIN) / LEADING) as usize;
    for sheet in placed.chunks(per_page) {
        let mut page = document.start_page_with(size.clone());
        let mut surface = page.surface();
        let mut y = MARGIN;
        for (group, line, size) in sheet {
            y += LEADING;
            if line.is_empty() {
                continue;
            }
            groups[*group].push(surface.start_tagged(ContentTag::Other));
            let mut x = MARGIN;
            for (face, text, glyphs) in runs(line, &faces) {
                let font = faces[face].font.clone();
                surface.draw_glyphs(Point::from_xy(x, y), &glyphs, font, text, *size, false);
                x += width(text, *size, &faces);
            }
            surface.end_tagged();
        }
        surface.finish();
        page.finish();
    }
    let mut tree = TagTree::new().with_lang(Some(tag));
    for group in groups {
        tree.push(group);
    }
    document.set_tag_tree(tree);
    document
        .finish()
        .map_err(|error| SheetError::Krilla(format!("{error:?}")))
}

/// A line by what one face writes of it in a row.
fn runs<'a>(line: &'a str, faces: &Faces) -> Vec<(usize, &'a str, Vec<KrillaGlyph>)> {
    let mut found: Vec<(usize, &str, Vec<KrillaGlyph>)> = Vec::new();
    let mut start = 0;
    for (at, c) in line.char_indices() {
        let Some((face, glyph, advance)) = glyph(c, faces) else {
            continue;
        };
        if found.last().is_none_or(|(last, ..)| *last != face) {
            start = at;
            found.push((face, "", Vec::new()));
        }
        let Some((_, text, glyphs)) = found.last_mut() else {
            continue;
        };
        let end = at + c.len_utf8();
        *text = &line[start..end];
        let range = at - start..end - start;
        glyphs.push(KrillaGlyph::new(glyph, advance, 0.0, 0.0, 0.0, range, None));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faces(language: Language) -> Faces {
        fonts::of(language).expect("run scripts/assets: letters need their fonts")
    }

    #[test]
    fn long_words_and_long_letters_are_broken() {
        let letter = Letter {
            title: "T".repeat(200),
            paragraphs: vec!["word ".repeat(2_000)],
        };
        let pdf = set(&letter, Language::English).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        let pages = lopdf::Document::load_mem(&pdf).unwrap().get_pages().len();
        assert!(pages > 3, "{pages}");
        let faces = faces(Language::English);
        for (text, size) in [(&letter.title, TITLE), (&letter.paragraphs[0], SIZE)] {
            for line in lines(text, size, &faces) {
                assert!(width(line.trim_end(), size, &faces) <= ROOM, "{line}");
            }
        }
    }

    #[test]
    fn names_are_written_in_every_script_there_is_a_font_for() {
        for language in Language::ALL {
            let faces = faces(*language);
            let written = "Muñoz, Nguyễn Thị Đào, 李小龍, 陳, 김철수, 쀍";
            assert_eq!(writable(written, &faces), written, "{language}");
            assert_eq!(writable("ກ", &faces), "?");
            assert_eq!(writable("Nguye\u{302}\u{303}n", &faces), "Nguyễn");
        }
    }

    #[test]
    fn chinese_breaks_between_characters_and_korean_between_words() {
        let chinese = faces(Language::Chinese);
        let broken = lines(&"字，".repeat(60), SIZE, &chinese);
        assert!(broken.len() > 1);
        assert!(
            broken.iter().all(|line| line.starts_with('字')),
            "{broken:?}"
        );
        let korean = faces(Language::Korean);
        let broken = lines(&"석방되기 전에 ".repeat(20), SIZE, &korean);
        assert!(broken.len() > 1);
        for line in broken {
            assert!(
                line.trim_end().ends_with("기") || line.trim_end().ends_with("에"),
                "{line}"
            );
        }
    }

    /// Its text is read back where letters are asked for (tests/api/letters.rs).
    #[test]
    fn a_letter_is_small_the_same_each_time_and_names_its_language() {
        for language in Language::ALL {
            let letter = Letter {
                title: language.own_name().to_owned(),
                paragraphs: vec!["Nguyễn 李小龍 김철수 (CA0990100)\n".repeat(3)],
            };
            let pdf = set(&letter, *language).unwrap();
            assert_eq!(pdf, set(&letter, *language).unwrap());
            assert!(pdf.len() < 100_000, "{language}: {} bytes", pdf.len());
            let read = lopdf::Document::load_mem(&pdf).unwrap();
            let lang = read.catalog().unwrap().get(b"Lang").unwrap();
            assert_eq!(lang.as_str().unwrap(), language.tag().as_bytes());
        }
    }
}
