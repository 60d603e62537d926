//! The type of the letters: Noto Sans in Latin, Chinese and Korean, which `make assets` puts into
//! the binary. A build without it runs, and says so when a letter is asked for.

use std::borrow::Cow;
use std::sync::LazyLock;

use krilla::text::{Font, GlyphId};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

use super::Language;
use crate::dashboard::assets;

/// A font: to draw with, and to read what it has.
pub struct Face {
    pub font: Font,
    characters: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    em: f32,
}

impl Face {
    fn load(name: &str) -> Option<Self> {
        // Borrowed from the binary; a debug build reads the folder, once.
        let data: &'static [u8] = match assets::file(&format!("letters/{name}"))? {
            Cow::Borrowed(data) => data,
            Cow::Owned(data) => Box::leak(data.into_boxed_slice()),
        };
        let read = FontRef::new(data).ok()?;
        let em = read.metrics(Size::unscaled(), LocationRef::default());
        Some(Self {
            font: Font::new(data.into(), 0)?,
            characters: read.charmap(),
            metrics: read.glyph_metrics(Size::unscaled(), LocationRef::default()),
            em: f32::from(em.units_per_em),
        })
    }

    /// The glyph of a character, and how far it moves the pen, in parts of the size.
    pub fn glyph(&self, c: char) -> Option<(GlyphId, f32)> {
        let glyph = self.characters.map(c)?;
        let advance = self.metrics.advance_width(glyph)? / self.em;
        Some((GlyphId::new(glyph.to_u32()), advance))
    }
}

struct Faces {
    latin: Face,
    chinese: Face,
    korean: Face,
}

static FACES: LazyLock<Option<Faces>> = LazyLock::new(|| {
    Some(Faces {
        latin: Face::load("latin.ttf")?,
        chinese: Face::load("chinese.otf")?,
        korean: Face::load("korean.otf")?,
    })
});

/// The fonts of a letter in the order they are asked for a character: names come in every script.
/// Punctuation is the letter's own, so its own font is first. `None`: this build has none.
pub fn of(language: Language) -> Option<[&'static Face; 3]> {
    let Faces {
        latin,
        chinese,
        korean,
    } = FACES.as_ref()?;
    Some(match language {
        Language::Chinese => [chinese, latin, korean],
        Language::Korean => [korean, latin, chinese],
        Language::English | Language::Spanish | Language::Tagalog | Language::Vietnamese => {
            [latin, chinese, korean]
        }
    })
}
