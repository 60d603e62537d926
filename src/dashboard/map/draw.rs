//! The drawings: the nation as a picture with its states as links over it, a state as shapes.
//! Colours stand in attributes, since the content policy allows no style in place.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::shade::{CLASSES, Measure, class, number};
use super::shapes::{Area, Shapes};
use crate::reports::places::PlaceCount;

/// What the page draws.
pub enum Drawing {
    Nation(Nation),
    State(State),
}

pub struct Nation {
    pub width: f32,
    pub height: f32,
    /// The picture of the counties.
    pub picture: String,
    pub states: Vec<Shape>,
}

pub struct State {
    pub view: String,
    pub counties: Vec<Shape>,
    /// The one that was asked for, drawn once more over its neighbours.
    pub chosen: Option<&'static str>,
}

pub struct Shape {
    pub path: &'static str,
    pub fill: &'static str,
    /// "San Diego County: 1,203".
    pub label: String,
    pub href: String,
}

/// Counts by county's FIPS.
pub fn by_county(places: &[PlaceCount], measure: Measure) -> HashMap<&str, u32> {
    let mut counts = HashMap::new();
    for place in places {
        if let Some(county) = &place.county {
            *counts.entry(county.as_str()).or_default() += measure.of(place);
        }
    }
    counts
}

/// The picture of every county, a path for each step of the scale.
pub fn picture(shapes: &Shapes, counts: &HashMap<&str, u32>) -> String {
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}">"#,
        shapes.width, shapes.height
    );
    for step in &CLASSES {
        let _ = write!(
            svg,
            r##"<path fill="{}" stroke="#71767a" stroke-width="0.25" d=""##,
            step.fill
        );
        for county in &shapes.counties {
            let count = counts.get(county.id.as_str()).copied().unwrap_or(0);
            if class(count) == step {
                svg.push_str(&county.path);
            }
        }
        svg.push_str(r#""/>"#);
    }
    svg.push_str(r##"<path fill="none" stroke="#1b1b1b" stroke-width="0.7" d=""##);
    for state in &shapes.states {
        svg.push_str(&state.path);
    }
    svg.push_str(r#""/></svg>"#);
    svg
}

/// A state's window, with some air around it.
pub fn view(state: &Area) -> String {
    let [left, top, right, bottom] = state.edges;
    let air = (right - left).max(bottom - top) * 0.03;
    format!(
        "{:.1} {:.1} {:.1} {:.1}",
        left - air,
        top - air,
        right - left + 2.0 * air,
        bottom - top + 2.0 * air
    )
}

/// A shape with its count in its name.
pub fn shape(area: &'static Area, name: &str, count: u32, href: String) -> Shape {
    Shape {
        path: &area.path,
        fill: class(count).fill,
        label: format!("{name}: {}", number(count)),
        href,
    }
}
