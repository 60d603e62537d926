//! A rule as a lawyer reads it: each clause a sentence, each condition a tree of sentences. The
//! data decides; this only says it.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::dashboard::{fact_words, words};
use crate::policy::condition::{Ask, ConditionText, DetainerText, JudicialText};
use crate::policy::offense::OffenseText;
use crate::policy::rule::{ClauseText, Rule};
use crate::policy::{Act, Disposition};

/// A sentence, and what it is made of.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(
    source = r#"{{ text }}{% if let Some(cite) = cite %} <span class="nowrap">[{{ cite }}]</span>{% endif %}{% if !parts.is_empty() %}<ul>{% for part in parts %}<li>{{ part }}</li>{% endfor %}</ul>{% endif %}"#,
    ext = "html"
)]
pub struct Line {
    pub text: String,
    pub cite: Option<String>,
    pub parts: Vec<Line>,
}
impl HtmlSafe for Line {}

impl Line {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            cite: None,
            parts: Vec::new(),
        }
    }

    fn with(self, parts: Vec<Line>) -> Self {
        Self { parts, ..self }
    }

    fn cite(self, cite: Option<&str>) -> Self {
        Self {
            cite: cite.map(str::to_owned),
            ..self
        }
    }
}

/// A heading of a rule with its lines.
pub struct Part {
    pub heading: String,
    /// What it means that there is nothing under it.
    pub silent: &'static str,
    pub lines: Vec<Line>,
}

/// The rule under its headings; every rule has the same ones, in the same order.
pub fn parts(rule: &Rule) -> Vec<Part> {
    let text = &rule.text;
    let mut parts: Vec<Part> = Act::ALL
        .iter()
        .map(|act| Part {
            heading: words::act(*act).to_owned(),
            silent: "This rule does not address the act: the next level speaks.",
            lines: text
                .acts
                .get(act.as_str())
                .into_iter()
                .flatten()
                .map(clause)
                .collect(),
        })
        .collect();
    let mut add = |heading: &str, silent: &'static str, lines: Vec<Line>| {
        parts.push(Part {
            heading: heading.to_owned(),
            silent,
            lines,
        });
    };
    add(
        "Conditions that have a name",
        "None.",
        text.conditions
            .iter()
            .map(|(name, when)| {
                Line::new(format!("“{}” holds if", name_of(name))).with(vec![condition(when)])
            })
            .collect(),
    );
    add(
        "Offenses that do not count",
        "None.",
        text.overrides
            .iter()
            .map(|rule| {
                Line::new(format!(
                    "{}: {}",
                    name_of(&rule.id),
                    offense("an offense", &rule.drops)
                ))
                .cite(Some(&rule.cite))
            })
            .collect(),
    );
    add(
        "Exemptions: a duty is lifted",
        "None.",
        text.exemptions
            .iter()
            .map(|rule| {
                let acts: Vec<&str> = rule.acts.iter().map(|act| words::act(*act)).collect();
                let acts = match acts.is_empty() {
                    true => "Every act".to_owned(),
                    false => acts.join(", "),
                };
                Line::new(format!("{acts}: not required if"))
                    .with(vec![condition(&rule.when)])
                    .cite(Some(&rule.cite))
            })
            .collect(),
    );
    add(
        "Duties",
        "None.",
        text.duties
            .iter()
            .map(|duty| {
                let within = duty.within.as_ref();
                let languages = &duty.languages;
                let line = Line::new(format!(
                    "{} to {}, on {}{}{}",
                    words::duty(duty.duty.as_str()),
                    words::plain(&duty.to.join(" and ")),
                    words::plain(&duty.on),
                    within.map_or_else(String::new, |within| format!(", {within}")),
                    match languages.is_empty() {
                        true => String::new(),
                        false => format!(", in these languages: {}", languages.join(", ")),
                    }
                ));
                let when = duty.when.iter().map(condition).collect();
                line.with(when).cite(Some(&duty.cite))
            })
            .collect(),
    );
    add(
        "Clocks of a hold",
        "This rule sets no clock.",
        text.clocks
            .iter()
            .map(|clock| {
                let line = Line::new(format!(
                    "{} h, counted by {}, from {}",
                    clock.hours,
                    words::plain(clock.basis.as_str()),
                    words::plain(clock.starts.as_str())
                ));
                let when = clock.when.iter().map(condition).collect();
                line.with(when).cite(Some(&clock.cite))
            })
            .collect(),
    );
    add(
        "Warnings",
        "None.",
        text.warnings
            .iter()
            .map(|warning| {
                Line::new(format!("“{}” if", name_of(&warning.name)))
                    .with(vec![condition(&warning.when)])
            })
            .collect(),
    );
    add(
        "Reports",
        "None.",
        text.reports
            .iter()
            .map(|report| {
                Line::new(format!(
                    "{} to {}, {}",
                    name_of(&report.id),
                    words::plain(&report.to),
                    words::plain(&report.frequency)
                ))
                .cite(Some(&report.cite))
            })
            .collect(),
    );
    parts
}

fn name_of(id: &str) -> String {
    words::plain(&id.replace('-', "_"))
}

fn disposition(disposition: Disposition) -> String {
    let word = words::plain(disposition.as_str());
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}

fn clause(clause: &ClauseText) -> Line {
    let cite = clause.cite.as_deref();
    match (&clause.when, clause.then, clause.otherwise) {
        (Some(when), Some(then), _) => Line::new(format!("{} if", disposition(then)))
            .with(vec![condition(when)])
            .cite(cite),
        (_, then, otherwise) => {
            let word = otherwise.or(then).map_or_else(String::new, disposition);
            Line::new(format!("Otherwise: {}", word.to_lowercase())).cite(cite)
        }
    }
}

fn condition(text: &ConditionText) -> Line {
    let parts = |parts: &[ConditionText]| parts.iter().map(condition).collect();
    match text {
        ConditionText::All(of) => Line::new("all of these are so:").with(parts(of)),
        ConditionText::Any(of) => Line::new("one of these is so:").with(parts(of)),
        ConditionText::Not(of) => Line::new("this is not so:").with(vec![condition(of)]),
        ConditionText::Use(name) => Line::new(format!("“{}” holds", name_of(name))),
        ConditionText::Fact(name) => Line::new(fact_words::label(name.as_str())),
        ConditionText::Conviction(test) => Line::new(offense("a conviction", test)),
        ConditionText::Charge(test) => Line::new(offense("a charge", test)),
        ConditionText::JudicialWarrant(wanted) => Line::new(judicial(wanted)),
        ConditionText::AdministrativeWarrant(wanted) => Line::new(match wanted.kinds.is_empty() {
            true => "an administrative warrant came with the request".to_owned(),
            false => format!(
                "one of these came with the request: {}",
                list(&wanted.kinds)
            ),
        }),
        ConditionText::Detainer(wanted) => Line::new(request(wanted)),
        ConditionText::FederalAggravatedFelony(letters) => Line::new(format!(
            "a federal conviction within INA 101(a)(43), one of the paragraphs {letters}"
        )),
        ConditionText::Agreement(models) => Line::new(match models.is_empty() {
            true => "the agency has an agreement under 8 U.S.C. 1357(g)".to_owned(),
            false => format!(
                "the agency has an agreement under 8 U.S.C. 1357(g): {}",
                list(models)
            ),
        }),
        ConditionText::AgeUnder(years) => Line::new(format!("the person is younger than {years}")),
    }
}

fn list(items: &[impl std::fmt::Display]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| words::plain(&item.to_string()))
        .collect();
    items.join(" or ")
}

fn judicial(wanted: &JudicialText) -> String {
    let mut text = "there is a warrant signed by a judge".to_owned();
    if !wanted.kinds.is_empty() {
        text.push_str(&format!(", {}", list(&wanted.kinds)));
    }
    if !wanted.signed_by.is_empty() {
        text.push_str(&format!(", signed by {}", list(&wanted.signed_by)));
    }
    text
}

fn request(wanted: &DetainerText) -> String {
    let mut parts = Vec::new();
    if !wanted.forms.is_empty() {
        let forms: Vec<&str> = wanted.forms.iter().map(|form| form.as_str()).collect();
        parts.push(format!("is on {}", forms.join(" or ")));
    }
    if let Some(ask) = wanted.asks {
        parts.push(
            match ask {
                Ask::Notify => "asks for notice",
                Ask::Hold => "asks for a hold",
                Ask::Transfer => "asks for the person to be handed over",
                Ask::Interview => "asks for an interview",
            }
            .to_owned(),
        );
    }
    if let Some(served) = wanted.served {
        parts.push(
            if served {
                "was served"
            } else {
                "was not served"
            }
            .to_owned(),
        );
    }
    if !wanted.issuing_offices.is_empty() {
        parts.push(format!("is from {}", wanted.issuing_offices.join(" or ")));
    }
    if let Some(from) = wanted.issued_from {
        parts.push(format!("was issued on {from} or later"));
    }
    if let Some(until) = wanted.issued_until {
        parts.push(format!("was issued on {until} or before"));
    }
    if parts.is_empty() {
        "there is a request".to_owned()
    } else {
        format!("the request {}", parts.join(", and "))
    }
}

fn offense(what: &str, test: &OffenseText) -> String {
    let mut parts = Vec::new();
    if !test.lists.is_empty() {
        parts.push(format!("on the list {}", test.lists.join(" or ")));
    }
    if let Some(level) = &test.level {
        parts.push(format!("a {}", words::plain(&level.to_string())));
    }
    let marks = [
        (test.wobbler, "a wobbler"),
        (test.state_prison, "punishable in state prison"),
        (test.prop47_reduced, "reduced under Proposition 47"),
    ];
    for (mark, words) in marks {
        if let Some(is) = mark {
            parts.push(format!("{}{words}", if is { "" } else { "not " }));
        }
    }
    if let Some(state) = &test.state {
        parts.push(format!("of {state}"));
    }
    if !test.class.is_empty() {
        parts.push(format!("class {}", test.class.join(" or ")));
    }
    if let Some(years) = test.within_years {
        parts.push(format!("decided within the last {years} years"));
    }
    let what = match test.at_least {
        Some(count) => format!("at least {count} of: {what}"),
        None => what.to_owned(),
    };
    match parts.is_empty() {
        true => what,
        false => format!("{what}: {}", parts.join(", ")),
    }
}
