//! The shapes of states and counties, as `web/map.mjs` writes them into the assets. A build
//! without assets has none: its pages then show the table alone.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::dashboard::assets;

#[derive(Debug, Deserialize)]
pub struct Shapes {
    pub width: f32,
    pub height: f32,
    pub states: Vec<Area>,
    pub counties: Vec<Area>,
}

#[derive(Debug, Deserialize)]
pub struct Area {
    /// FIPS: two digits of a state, five of a county.
    pub id: String,
    /// Path data.
    pub path: String,
    /// Left, top, right, bottom.
    #[serde(rename = "box")]
    pub edges: [f32; 4],
}

static SHAPES: LazyLock<Option<Shapes>> = LazyLock::new(|| {
    let text = assets::file("map.json")?;
    match serde_json::from_slice(&text) {
        Ok(shapes) => Some(shapes),
        Err(error) => {
            tracing::warn!(error = %error, "the map's shapes cannot be read");
            None
        }
    }
});

pub fn shapes() -> Option<&'static Shapes> {
    SHAPES.as_ref()
}
