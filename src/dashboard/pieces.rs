//! Small parts that print themselves: `{{ chip }}` in a template is the whole of it.

use askama::Template;
use askama::filters::HtmlSafe;

/// An instant as people read it: absolute first with its zone, relative beside it.
#[derive(Clone, Debug, Template)]
#[template(path = "pieces/when.html")]
pub struct When {
    /// RFC 3339.
    pub machine: String,
    /// "25 Nov 2026 08:00 PST".
    pub absolute: String,
    /// "in 14 h"; ticks where script runs.
    pub relative: Option<String>,
}
impl HtmlSafe for When {}

/// State in words and a shape; the tone only repeats it.
#[derive(Clone, Debug, Template)]
#[template(path = "pieces/chip.html")]
pub struct Chip {
    pub shape: Shape,
    pub tone: Tone,
    /// Seven words at most.
    pub words: String,
}
impl HtmlSafe for Chip {}

impl Chip {
    pub fn new(shape: Shape, tone: Tone, words: impl Into<String>) -> Self {
        Self {
            shape,
            tone,
            words: words.into(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Has happened.
    Done,
    /// Has not happened.
    Open,
    /// The law bars it.
    Barred,
    /// The law requires it.
    Required,
    /// Nobody knows yet.
    Unknown,
    /// A clock runs.
    Clock,
    /// Late, or about to be.
    Warning,
    /// By telephone.
    Phone,
}

impl Shape {
    /// Drawn in a box of 16 by 16.
    pub fn path(self) -> &'static str {
        match self {
            Self::Done => "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z",
            Self::Open => {
                "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zm0 2a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z"
            }
            Self::Barred => {
                "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2c1.1 0 2.1.36 2.93.96L3.96 10.93A5 5 0 0 1 8 3zm0 10a4.98 4.98 0 0 1-2.93-.96l6.97-6.97A5 5 0 0 1 8 13z"
            }
            Self::Required => "M2 2h12v12H2zM7 4v5h2V4zM7 10.5v2h2v-2z",
            Self::Unknown => "M8 .7 15.3 8 8 15.3.7 8zM8 3.5 3.5 8 8 12.5 12.5 8z",
            Self::Clock => {
                "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2a5 5 0 1 1 0 10A5 5 0 0 1 8 3zM7.2 4.5v4.1l3 1.8.8-1.3-2.2-1.3V4.5z"
            }
            Self::Warning => "M8 1 15.5 14.5H.5zM7.2 6v4.2h1.6V6zM7.2 11.2v1.6h1.6v-1.6z",
            Self::Phone => {
                "M4.5 1 2 2.5C2 9 7 14 13.5 14L15 11.5 11.5 9.5 10 11C8 10.2 5.8 8 5 6L6.5 4.5z"
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Calm,
    Good,
    Careful,
    Grave,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Calm => "calm",
            Self::Good => "good",
            Self::Careful => "careful",
            Self::Grave => "grave",
        }
    }
}

/// What the other side will learn from an act, said before its button.
#[derive(Clone, Debug, Template)]
#[template(path = "pieces/learns.html")]
pub struct Learns {
    /// "The office SND".
    pub who: String,
    /// None: nothing leaves this agency (or office).
    pub what: Option<String>,
    /// "this agency" or "this office".
    pub stays_in: String,
}
impl HtmlSafe for Learns {}

/// A person's line: family name first, own order kept, number masked.
#[derive(Clone, Debug, Template)]
#[template(path = "pieces/person.html")]
pub struct Person {
    /// "EXAMPLE, Ana".
    pub name: String,
    /// "born 3 Feb 1990", or "birth date unknown".
    pub born: String,
    /// "A*****5678", or "A-number unknown".
    pub a_number: String,
}
impl HtmlSafe for Person {}

/// How far a request has come.
#[derive(Clone, Debug, Template)]
#[template(path = "pieces/steps.html")]
pub struct Steps {
    pub steps: Vec<Step>,
}
impl HtmlSafe for Steps {}

#[derive(Clone, Debug)]
pub struct Step {
    pub label: String,
    pub done: bool,
    /// The one that the request stands at.
    pub current: bool,
}

#[derive(Clone, Debug)]
pub struct Link {
    pub label: String,
    pub href: String,
}

impl Link {
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: href.into(),
        }
    }
}

/// A filter in force; `href` is the list without it.
#[derive(Clone, Debug)]
pub struct FilterChip {
    pub label: String,
    pub href: String,
}

/// An empty list says why, and what to do.
#[derive(Clone, Debug)]
pub struct EmptyNote {
    pub why: String,
    pub what: String,
    pub link: Option<Link>,
}

/// One line of what happened.
#[derive(Clone, Debug)]
pub struct TimelineLine {
    pub at: When,
    pub what: String,
    /// Officer, clerk, feed.
    pub by: Option<String>,
    /// "this agency" or "both".
    pub seen_by: String,
}
