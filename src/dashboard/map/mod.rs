//! The county map of the admins' overview, nation and state, with its table: what a map shows can
//! be read from the table, so nobody needs the drawing, a mouse or a script.

pub mod draw;
pub mod shade;
pub mod shapes;

use std::collections::BTreeMap;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use sqlx::PgConnection;

use self::draw::{Drawing, Nation, State, by_county, shape, view};
use self::shade::{CLASSES, Class, Measure, number, share};
use self::shapes::shapes;
use super::forms::choices;
use super::{SelectField, Visitor};
use crate::app::App;
use crate::db::scope::Access;
use crate::http::{Caller, Problem, query};
use crate::registry::jurisdictions::{self, JurisdictionBody};
use crate::reports::historical::StatisticsError;
use crate::reports::places::{self, PlaceCount};
use crate::reports::published;

/// `/?period=&count=&state=&county=`; all absent on the plain overview.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct MapQuery {
    pub period: Option<String>,
    pub count: Option<String>,
    pub state: Option<String>,
    pub county: Option<String>,
}

/// What a period is, and what is known of it.
struct Period {
    /// As it stands in the address.
    word: String,
    label: String,
    counted: Counted,
}

enum Counted {
    /// By place.
    Places(Vec<PlaceCount>),
    /// For the whole country alone.
    Nation(published::PublishedYear),
}

pub struct MapPanel {
    /// Something was chosen: the panel is what the reader wants to see.
    pub asked: bool,
    pub choosers: Vec<SelectField>,
    pub heading: String,
    pub definition: String,
    /// What is drawn, in a sentence; the name of the drawing.
    pub caption: String,
    /// None with the reason in `undrawn`.
    pub drawing: Option<Drawing>,
    pub undrawn: Option<&'static str>,
    pub legend: &'static [Class],
    /// Each total under its own name, unknown among them.
    pub totals: Vec<(String, String)>,
    pub heads: Vec<&'static str>,
    pub rows: Vec<MapRow>,
    /// The way back from a state.
    pub nation: Option<String>,
}

pub struct MapRow {
    pub name: String,
    pub href: Option<String>,
    pub chosen: bool,
    pub cells: Vec<String>,
}

const DEMO_PERIOD: &str = "2014-10";

/// The panel, or none where nothing was imported.
pub async fn panel(
    app: &App,
    conn: &mut PgConnection,
    q: &MapQuery,
) -> Result<Option<MapPanel>, Problem> {
    let measure = measure(q)?;
    let (periods, period) = period(app, conn, q).await?;
    let Some(period) = period else {
        return Ok(None);
    };
    let states = jurisdictions::list(conn, Some("state"), None, None, None, 100).await?;
    let state = match q.state.as_deref().filter(|code| !code.is_empty()) {
        None => None,
        Some(code) => Some(
            states
                .iter()
                .find(|state| state.state.as_deref() == Some(code))
                .ok_or_else(|| query::bad("state", "the two letters of a state are expected"))?,
        ),
    };
    let at = At {
        period: &period.word,
        measure,
    };
    let pairs: Vec<(&str, &str)> = periods
        .iter()
        .map(|(word, label)| (word.as_str(), label.as_str()))
        .collect();
    let measures: Vec<(&str, &str)> = Measure::ALL
        .iter()
        .map(|measure| (measure.as_str(), measure.label()))
        .collect();
    let areas: Vec<(&str, &str)> = std::iter::once(("", "The whole country"))
        .chain(
            states
                .iter()
                .filter_map(|state| Some((state.state.as_deref()?, state.name.as_str()))),
        )
        .collect();
    let code = state.and_then(|state| state.state.as_deref()).unwrap_or("");
    let select = |name: &str, label: &str, pairs: &[(&str, &str)], value: &str| {
        SelectField::new(&format!("map-{name}"), name, label, choices(pairs, value))
    };
    let mut panel = MapPanel {
        asked: q.period.is_some() || q.count.is_some() || q.state.is_some() || q.county.is_some(),
        choosers: vec![
            select("period", "Period", &pairs, &period.word),
            select("count", "Count", &measures, measure.as_str()),
            select("state", "Where", &areas, code),
        ],
        heading: format!(
            "{}, {}",
            state.map_or("The whole country", |state| state.name.as_str()),
            period.label
        ),
        definition: definition(app),
        caption: String::new(),
        drawing: None,
        undrawn: None,
        legend: &CLASSES,
        totals: Vec::new(),
        heads: Vec::new(),
        rows: Vec::new(),
        nation: state.map(|_| at.href("", "")),
    };
    match (&period.counted, state) {
        (Counted::Nation(year), _) => panel.of_year(year),
        (Counted::Places(places), None) => panel.of_nation(places, &states, &at),
        (Counted::Places(places), Some(state)) => {
            let chosen = q.county.as_deref().unwrap_or_default();
            let counties =
                jurisdictions::list(conn, Some("county"), Some(code), None, None, 400).await?;
            panel.of_state(places, state, &counties, &at, chosen);
        }
    }
    Ok(Some(panel))
}

/// `/maps/counties.svg?period=&count=`: the nation's counties as a picture.
pub async fn picture(app: &App, visitor: &Visitor, q: &MapQuery) -> Result<Response, Problem> {
    let measure = measure(q)?;
    let mut tx = visitor.open(app, Access::Read).await?;
    let (_, period) = period(app, tx.conn(), q).await?;
    tx.rollback().await?;
    let (Some(shapes), Some(Counted::Places(places))) =
        (shapes(), period.map(|period| period.counted))
    else {
        return Err(Problem::not_found());
    };
    let mut response = draw::picture(shapes, &by_county(&places, measure)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("image/svg+xml"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=300"),
    );
    Ok(response)
}

fn measure(q: &MapQuery) -> Result<Measure, Problem> {
    match q.count.as_deref().unwrap_or_default() {
        "" => Ok(Measure::Place),
        word => Measure::parse(word)
            .ok_or_else(|| query::bad("count", "one of the counts of the map is expected")),
    }
}

/// The periods that can be chosen, and the one that is.
async fn period(
    app: &App,
    conn: &mut PgConnection,
    q: &MapQuery,
) -> Result<(Vec<(String, String)>, Option<Period>), Problem> {
    let unknown = || query::bad("period", "one of the periods of the map is expected");
    let wanted = q.period.as_deref().unwrap_or_default();
    let mut offered: Vec<(String, String)> = Vec::new();
    let chosen = if app.demo {
        let years = published::by_year()?;
        offered.push((
            DEMO_PERIOD.to_owned(),
            "1 Oct 2014 to 19 Jul 2015, by county".to_owned(),
        ));
        for year in years.iter().rev() {
            let label = format!("{}, whole country only", year_label(year.year));
            offered.push((year.year.to_string(), label));
        }
        match wanted {
            "" | DEMO_PERIOD => Period {
                word: DEMO_PERIOD.to_owned(),
                label: "1 October 2014 to 19 July 2015".to_owned(),
                counted: Counted::Places(places::published()?),
            },
            word => {
                let year = years
                    .into_iter()
                    .find(|year| year.year.to_string() == word)
                    .ok_or_else(unknown)?;
                Period {
                    word: word.to_owned(),
                    label: year_label(year.year),
                    counted: Counted::Nation(year),
                }
            }
        }
    } else {
        let years = places::imported_years(conn).await.map_err(counted)?;
        if years.is_empty() {
            return Ok((offered, None));
        }
        offered.push((String::new(), "All years that were imported".to_owned()));
        offered.extend(
            years
                .iter()
                .rev()
                .map(|year| (year.to_string(), year.to_string())),
        );
        let year = match wanted {
            "" => None,
            word => Some(word.parse().map_err(|_| unknown())?),
        };
        if year.is_some_and(|year| !years.contains(&year)) {
            return Err(unknown());
        }
        Period {
            word: wanted.to_owned(),
            label: year.map_or("all years".to_owned(), |year: i32| year.to_string()),
            counted: Counted::Places(places::imported(conn, year).await.map_err(counted)?),
        }
    };
    Ok((offered, Some(chosen)))
}

fn counted(error: StatisticsError) -> Problem {
    match error {
        StatisticsError::TooFine => Problem::internal(error),
        StatisticsError::Store(error) => error.into(),
    }
}

/// Two years are not whole.
fn year_label(year: u16) -> String {
    match year {
        2007 => "October to December 2007".to_owned(),
        2015 => "1 January to 19 July 2015".to_owned(),
        year => year.to_string(),
    }
}

fn definition(app: &App) -> String {
    let source = if app.demo {
        "Real, published: detainers by the day on which the form was prepared, from the federal release FOIA 15-87693."
    } else {
        "Historical detainers that were imported, by the day on which the form was prepared."
    };
    format!(
        "{source} By place counts every detainer in the county where the person was, federal, state and private prisons \
         among them; by agency counts only places known to be run by the county or a city. “Recorded as declined” is \
         what the federal office noted: whether anybody was held is not known, and a blank reason is unknown, neither \
         open nor honoured."
    )
}

/// Where one stands, for links.
struct At<'a> {
    period: &'a str,
    measure: Measure,
}

impl At<'_> {
    fn href(&self, state: &str, county: &str) -> String {
        let mut href = format!("/?period={}&count={}", self.period, self.measure);
        if !state.is_empty() {
            href.push_str(&format!("&state={state}"));
        }
        if !county.is_empty() {
            href.push_str(&format!("&county={county}"));
        }
        href + "#map"
    }
}

const PLACE_HEADS: [&str; 4] = [
    "By place",
    "By agency (local only)",
    "Recorded as declined, by place",
    "Lift reason unknown",
];

fn sum<'a>(places: impl IntoIterator<Item = &'a PlaceCount>) -> PlaceCount {
    let mut whole = PlaceCount::default();
    for place in places {
        whole.detainers += place.detainers;
        whole.declined += place.declined;
        whole.unknown += place.unknown;
        whole.local += place.local;
        whole.local_declined += place.local_declined;
    }
    whole
}

fn cells(place: &PlaceCount) -> Vec<String> {
    vec![
        number(place.detainers),
        number(place.local),
        share(place.declined, place.detainers, place.unknown),
        number(place.unknown),
    ]
}

fn totals(whole: &PlaceCount, unplaced: &PlaceCount) -> Vec<(String, String)> {
    let declined = share(whole.declined, whole.detainers, whole.unknown);
    let shares = declined.split_once(' ').map_or("", |(_, shares)| shares);
    vec![
        ("detainers, by place".to_owned(), number(whole.detainers)),
        ("by agency (local only)".to_owned(), number(whole.local)),
        (
            "at federal, state, private or unknown places".to_owned(),
            number(whole.detainers.saturating_sub(whole.local)),
        ),
        (
            "with no known county".to_owned(),
            number(unplaced.detainers),
        ),
        (
            format!("recorded as declined, by place {shares}"),
            number(whole.declined),
        ),
    ]
}

const UNDRAWN_BUILD: &str = "This build has no map shapes: run make assets, then build again. The table below has every number.";

impl MapPanel {
    fn of_year(&mut self, year: &published::PublishedYear) {
        self.undrawn = Some(
            "This year was published for the whole country alone, so there is nothing to draw. The counties are \
             published for 1 October 2014 to 19 July 2015.",
        );
        self.totals = vec![("detainers".to_owned(), number(year.detainers))];
        self.heads = vec!["What was noted", "Detainers"];
        let row = |name: &str, count: u32| MapRow {
            name: name.to_owned(),
            href: None,
            chosen: false,
            cells: vec![number(count)],
        };
        self.rows = vec![
            row("Booked into detention", year.booked),
            row("Recorded as declined", year.declined),
            row("Withdrawn", year.withdrawn),
            row("Citizen or claim of it", year.citizen_claim),
            row("Other reasons", year.other),
            row("Unknown: no reason filled in", year.unknown),
        ];
    }

    fn of_nation(&mut self, places: &[PlaceCount], states: &[JurisdictionBody], at: &At<'_>) {
        let unplaced = sum(places.iter().filter(|place| place.county.is_none()));
        self.totals = totals(&sum(places), &unplaced);
        self.heads = std::iter::once("State").chain(PLACE_HEADS).collect();
        let mut by_state: BTreeMap<Option<&str>, Vec<&PlaceCount>> = BTreeMap::new();
        for place in places {
            by_state
                .entry(place.state.as_deref())
                .or_default()
                .push(place);
        }
        let name_of = |code: &str| {
            states
                .iter()
                .find(|state| state.state.as_deref() == Some(code))
                .map_or_else(|| code.to_owned(), |state| state.name.clone())
        };
        let mut rows: Vec<(String, Option<&str>, PlaceCount)> = by_state
            .iter()
            .map(|(code, places)| {
                let name = code.map_or("Unknown".to_owned(), name_of);
                (name, *code, sum(places.iter().copied()))
            })
            .collect();
        // By name; what has no state comes last.
        rows.sort_by(|one, other| (one.1.is_none(), &one.0).cmp(&(other.1.is_none(), &other.0)));
        self.caption = format!(
            "{}, county by county. Each state is a link to its own map.",
            at.measure.label()
        );
        self.drawing = shapes().map(|shapes| {
            Drawing::Nation(Nation {
                width: shapes.width,
                height: shapes.height,
                picture: format!(
                    "/maps/counties.svg?period={}&count={}",
                    at.period, at.measure
                ),
                states: shapes
                    .states
                    .iter()
                    .filter_map(|area| {
                        let state = states
                            .iter()
                            .find(|state| state.fips.as_deref() == Some(area.id.as_str()))?;
                        let code = state.state.as_deref()?;
                        let of_state = by_state.get(&Some(code)).into_iter().flatten();
                        let count = at.measure.of(&sum(of_state.copied()));
                        Some(shape(area, &state.name, count, at.href(code, "")))
                    })
                    .collect(),
            })
        });
        self.undrawn = self.drawing.is_none().then_some(UNDRAWN_BUILD);
        self.rows = rows
            .into_iter()
            .map(|(name, code, place)| MapRow {
                name,
                href: code.map(|code| at.href(code, "")),
                chosen: false,
                cells: cells(&place),
            })
            .collect();
    }

    fn of_state(
        &mut self,
        places: &[PlaceCount],
        state: &JurisdictionBody,
        counties: &[JurisdictionBody],
        at: &At<'_>,
        chosen: &str,
    ) {
        let code = state.state.as_deref().unwrap_or_default();
        let here: Vec<&PlaceCount> = places
            .iter()
            .filter(|place| place.state.as_deref() == Some(code))
            .collect();
        let unplaced = sum(here.iter().copied().filter(|place| place.county.is_none()));
        self.totals = totals(&sum(here.iter().copied()), &unplaced);
        self.heads = std::iter::once("County").chain(PLACE_HEADS).collect();
        let mut by_county: BTreeMap<&str, PlaceCount> = BTreeMap::new();
        for place in &here {
            if let Some(county) = place.county.as_deref() {
                let known = by_county.entry(county).or_default();
                *known = sum([&*known, place]);
            }
        }
        let name_of = |id: &str| {
            counties
                .iter()
                .find(|county| county.id == id)
                .map_or_else(|| id.to_owned(), |county| county.name.clone())
        };
        self.caption = format!("{}, in {}", at.measure.label(), state.name);
        if let Some(place) = by_county.get(chosen) {
            let count = number(at.measure.of(place));
            self.caption = format!("{}. {}: {count}", self.caption, name_of(chosen));
        }
        let fips = state.fips.as_deref().unwrap_or_default();
        self.drawing = shapes().and_then(|shapes| {
            let area = shapes.states.iter().find(|area| area.id == fips)?;
            let of_state = shapes
                .counties
                .iter()
                .filter(|area| area.id.starts_with(fips));
            Some(Drawing::State(State {
                view: view(area),
                counties: of_state
                    .clone()
                    .map(|area| {
                        let place = by_county.get(area.id.as_str());
                        let count = place.map_or(0, |place| at.measure.of(place));
                        shape(area, &name_of(&area.id), count, at.href(code, &area.id))
                    })
                    .collect(),
                chosen: of_state
                    .clone()
                    .find(|area| area.id == chosen)
                    .map(|area| area.path.as_str()),
            }))
        });
        self.undrawn = self.drawing.is_none().then_some(if shapes().is_some() {
            "This place is not among the shapes of the map. The table below has every number."
        } else {
            UNDRAWN_BUILD
        });
        let mut rows: Vec<MapRow> = by_county
            .iter()
            .map(|(id, place)| MapRow {
                name: name_of(id),
                href: Some(at.href(code, id)),
                chosen: *id == chosen,
                cells: cells(place),
            })
            .collect();
        rows.sort_by(|one, other| one.name.cmp(&other.name));
        if unplaced.detainers > 0 {
            rows.push(MapRow {
                name: "County unknown".to_owned(),
                href: None,
                chosen: false,
                cells: cells(&unplaced),
            });
        }
        self.rows = rows;
    }
}
