//! The rules as pages, for everybody: what is in force where, one rule with its versions, and
//! what the rules would say. Who is signed in keeps the own frame around them.

mod reading;
pub mod what_if;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use self::reading::{Line, Part, parts};
use super::library;
use crate::app::App;
use crate::dashboard::forms::choices;
use crate::dashboard::visitor::{bare, show};
use crate::dashboard::{Layout, SelectField, TextField, Visitor, time, words};
use crate::http::{Problem, Query, query};
use crate::policy::place::chain;
use crate::policy::rule::{AuthorityKind, Rule, Status};
use crate::registry::jurisdictions;

/// The frame of whoever is signed in; of a stranger, one without navigation.
async fn layout(app: &App, visitor: Result<Visitor, Problem>, title: String) -> Layout {
    if let Ok(visitor) = visitor
        && let Ok((tx, frame)) = visitor.enter(app).await
        && tx.rollback().await.is_ok()
    {
        return frame.layout(title);
    }
    Layout {
        demo: app.demo,
        ..bare(title)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    jurisdiction: Option<String>,
    on: Option<String>,
}

#[derive(Template)]
#[template(path = "law/list.html")]
struct ListPage {
    layout: Layout,
    lead: String,
    jurisdiction: SelectField,
    day: TextField,
    places: Vec<PlaceRules>,
}

struct PlaceRules {
    id: String,
    name: String,
    rules: Vec<RuleRow>,
}

struct RuleRow {
    href: String,
    id: String,
    version: String,
    title: String,
    citations: String,
    mode: String,
    days: String,
    draft: bool,
}

/// `GET /policies`: the rules in force on a day, of one place with those above it, or of all.
pub async fn get_list(
    State(app): State<App>,
    visitor: Result<Visitor, Problem>,
    Query(q): Query<ListQuery>,
) -> Result<Response, Problem> {
    let book = app.law.book();
    let today = app.clock.now().date_naive();
    let on = match &q.on {
        None => today,
        Some(text) => text
            .parse()
            .map_err(|_| query::bad("on", "a day such as 2026-11-24 is expected"))?,
    };
    let within = q
        .jurisdiction
        .as_deref()
        .map(|id| chain(id).ok_or_else(|| query::bad("jurisdiction", "no such place is known")))
        .transpose()?;
    let speaks = |rule: &Rule| {
        within.as_ref().is_none_or(|chain| {
            chain.contains(&rule.text.jurisdiction)
                || rule.text.covers.iter().any(|place| chain.contains(place))
        })
    };
    let mut of_place: BTreeMap<(usize, String), Vec<RuleRow>> = BTreeMap::new();
    for rule in library::list(&book, None, Some(on)) {
        if speaks(rule) {
            let place = rule.text.jurisdiction.clone();
            let depth = chain(&place).map_or(0, |chain| chain.len());
            // The nation first; then each state with what lies in it.
            let key = match depth {
                0 | 1 => (0, place),
                _ => (1, order(&place)),
            };
            of_place.entry(key).or_default().push(row(rule));
        }
    }
    let mut known: Vec<String> = book
        .rules
        .iter()
        .map(|rule| rule.text.jurisdiction.clone())
        .collect();
    known.sort_by_key(|id| order(id));
    known.dedup();
    // Nobody's scope is needed: places are public.
    let mut conn = app.pools.worker.acquire().await?;
    let names = jurisdictions::names(&mut conn, &known).await?;
    drop(conn);
    let name_of = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let labels: Vec<(String, String)> = known.iter().map(|id| (id.clone(), name_of(id))).collect();
    let chosen = q.jurisdiction.clone().unwrap_or_default();
    let mut pairs = vec![("", "Every place")];
    pairs.extend(labels.iter().map(|(id, name)| (id.as_str(), name.as_str())));
    if !chosen.is_empty() && !pairs.iter().any(|(id, _)| *id == chosen) {
        pairs.push((&chosen, &chosen));
    }
    let page = ListPage {
        layout: layout(&app, visitor, "Rules of law".to_owned()).await,
        lead: format!(
            "What the service asks about each request: the rules in force on {}{}.",
            time::day(on),
            match chosen.as_str() {
                "" => String::new(),
                id => format!(" in {}, with those of the places above it", name_of(id)),
            }
        ),
        jurisdiction: SelectField::new(
            "jurisdiction",
            "jurisdiction",
            "Place",
            choices(&pairs, &chosen),
        ),
        day: TextField::new("on", "on", "In force on")
            .kind("date")
            .value(on.to_string()),
        places: of_place
            .into_values()
            .filter_map(|rules| {
                let id = rules.first()?.id.clone();
                let rule = book.rules.iter().find(|rule| rule.text.id == id)?;
                Some(PlaceRules {
                    id: format!("place-{}", rule.text.jurisdiction),
                    name: name_of(&rule.text.jurisdiction),
                    rules,
                })
            })
            .collect(),
    };
    show(StatusCode::OK, &page)
}

/// A state before its counties and cities.
fn order(jurisdiction: &str) -> String {
    let mut chain = chain(jurisdiction).unwrap_or_default();
    chain.reverse();
    chain.join("/")
}

fn row(rule: &Rule) -> RuleRow {
    let text = &rule.text;
    RuleRow {
        href: format!("/policies/{}", text.id),
        id: text.id.clone(),
        version: text.version.clone(),
        title: text.title.clone(),
        citations: text.citations.join("; "),
        mode: mode(rule),
        days: days(rule),
        draft: text.status == Status::Draft,
    }
}

fn mode(rule: &Rule) -> String {
    let mode = match rule.text.mode.as_str() {
        "floor_required" => "sets a duty; what it permits stays open below",
        "ceiling_prohibited" => "limits; nothing below widens it",
        "permit_window" => "limits; what it permits may be narrowed below",
        _ => "advice, where no binding rule speaks",
    };
    if rule.text.authority_status.value == AuthorityKind::Contested {
        let kinds: Vec<String> = rule
            .text
            .authority_status
            .contested_for
            .iter()
            .map(|kind| words::plain(kind))
            .collect();
        return format!("{mode}; contested for: {}", kinds.join(", "));
    }
    mode.to_owned()
}

fn days(rule: &Rule) -> String {
    let from = time::day(rule.text.effective_from);
    match rule.text.effective_until {
        None => format!("since {from}"),
        Some(until) => format!("{from} to {}", time::day(until)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleQuery {
    version: Option<String>,
    /// Another version, side by side.
    beside: Option<String>,
}

#[derive(Template)]
#[template(path = "law/rule.html")]
struct RulePage {
    layout: Layout,
    one: Shown,
    other: Option<Shown>,
    /// The same page without the other one.
    alone: String,
    versions: Vec<VersionLink>,
    parts: Vec<PartShown>,
    what_if: String,
}

struct Shown {
    id: String,
    version: String,
    days: String,
    draft: bool,
    facts: Vec<(&'static str, String)>,
    text: String,
}

struct VersionLink {
    version: String,
    days: String,
    draft: bool,
    href: String,
    shown: bool,
    beside: Option<String>,
}

struct PartShown {
    heading: String,
    silent: &'static str,
    differs: bool,
    sides: Vec<Side>,
}

struct Side {
    version: Option<String>,
    lines: Vec<Line>,
}

/// `GET /policies/{id}?version=&beside=`
pub async fn get_rule(
    State(app): State<App>,
    visitor: Result<Visitor, Problem>,
    Path(id): Path<String>,
    Query(q): Query<RuleQuery>,
) -> Result<Response, Problem> {
    let book = app.law.book();
    let mut versions: Vec<&Rule> = book
        .rules
        .iter()
        .filter(|rule| rule.text.id == id)
        .collect();
    versions.sort_by_key(|rule| rule.text.effective_from);
    let today = app.clock.now().date_naive();
    let named = |version: &str| {
        versions
            .iter()
            .copied()
            .find(|rule| rule.text.version == version)
    };
    let rule = match q.version.as_deref() {
        Some(version) => named(version),
        None => versions
            .iter()
            .copied()
            .find(|rule| rule.is_in_force(today))
            .or_else(|| versions.last().copied()),
    }
    .ok_or_else(Problem::not_found)?;
    let other = match q.beside.as_deref() {
        None => None,
        Some(version) => Some(named(version).ok_or_else(Problem::not_found)?),
    };
    let mut conn = app.pools.worker.acquire().await?;
    let names =
        jurisdictions::names(&mut conn, std::slice::from_ref(&rule.text.jurisdiction)).await?;
    drop(conn);
    let href = |version: &str| format!("/policies/{id}?version={version}");
    let page = RulePage {
        layout: layout(&app, visitor, rule.text.title.clone()).await,
        what_if: format!(
            "/policies/what-if?jurisdiction={}&on={}",
            rule.text.jurisdiction,
            match rule.is_in_force(today) {
                true => today,
                false => rule.text.effective_from,
            }
        ),
        alone: href(&rule.text.version),
        versions: versions
            .iter()
            .map(|version| {
                let shown = version.text.version == rule.text.version;
                VersionLink {
                    version: version.text.version.clone(),
                    days: days(version),
                    draft: version.text.status == Status::Draft,
                    href: href(&version.text.version),
                    shown,
                    beside: (!shown).then(|| {
                        format!(
                            "{}&beside={}",
                            href(&rule.text.version),
                            version.text.version
                        )
                    }),
                }
            })
            .collect(),
        parts: side_by_side(rule, other),
        one: shown(rule, &names),
        other: other.map(|other| shown(other, &names)),
    };
    show(StatusCode::OK, &page)
}

fn side_by_side(rule: &Rule, other: Option<&Rule>) -> Vec<PartShown> {
    let mut beside = other.map(|other| parts(other).into_iter());
    parts(rule)
        .into_iter()
        .map(
            |Part {
                 heading,
                 silent,
                 lines,
             }| {
                let second = beside.as_mut().and_then(Iterator::next);
                let version = |rule: &Rule| other.map(|_| rule.text.version.clone());
                let mut sides = vec![Side {
                    version: version(rule),
                    lines,
                }];
                if let (Some(part), Some(other)) = (second, other) {
                    sides.push(Side {
                        version: version(other),
                        lines: part.lines,
                    });
                }
                PartShown {
                    heading,
                    silent,
                    differs: sides.len() == 2 && sides[0].lines != sides[1].lines,
                    sides,
                }
            },
        )
        // What neither has is not worth a heading, but an act is.
        .filter(|part| {
            part.silent != "None." || part.sides.iter().any(|side| !side.lines.is_empty())
        })
        .collect()
}

fn shown(rule: &Rule, names: &std::collections::HashMap<String, String>) -> Shown {
    let text = &rule.text;
    let kinds = |kinds: &[String]| {
        let kinds: Vec<String> = kinds.iter().map(|kind| words::plain(kind)).collect();
        kinds.join(", ")
    };
    let mut facts = vec![
        (
            "Place",
            names
                .get(&text.jurisdiction)
                .cloned()
                .unwrap_or_else(|| text.jurisdiction.clone()),
        ),
        ("Level", words::plain(rule.level.as_str())),
        ("Citations", text.citations.join("; ")),
        ("How it binds", mode(rule)),
        (
            "Whom",
            match text.scope.agency_kinds.is_empty() {
                true => "every agency of the place".to_owned(),
                false => kinds(&text.scope.agency_kinds),
            },
        ),
    ];
    if !text.scope.exclude.is_empty() {
        facts.push(("Not", kinds(&text.scope.exclude)));
    }
    if !text.scope.agencies.is_empty() {
        facts.push(("These agencies alone", text.scope.agencies.join(", ")));
    }
    let optional = [
        ("Source", text.source.clone()),
        ("Not verified", text.note.clone()),
        ("Contested", text.authority_status.note.clone()),
        ("Reviewed by", text.reviewed_by.clone()),
        ("Reviewed on", text.reviewed_on.map(time::day)),
    ];
    facts.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    Shown {
        id: text.id.clone(),
        version: text.version.clone(),
        days: days(rule),
        draft: text.status == Status::Draft,
        facts,
        text: rule.source.clone(),
    }
}
