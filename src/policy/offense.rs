//! Convictions and charges, and the lists of offenses that rules look them up in.

use std::collections::HashMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::tri::Tri;
use super::wrong::Wrong;
use crate::types::actor::words;

words! {
    OffenseLevel { Felony = "felony", Misdemeanor = "misdemeanor" }
}
words! {
    Degree { First = "first", Second = "second", Third = "third", Fourth = "fourth" }
}

/// A conviction or a charge. What is absent or null is unknown, but the two marks, which are
/// false while nobody has set them: a record says that a firearm was used or that an offense was
/// reduced; it never says that it was not.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offense {
    /// Postal code of the state, or `US`.
    pub state: Option<String>,
    /// Code, blank, section: `PC 243(e)(1)`.
    #[schema(value_type = Option<String>)]
    pub statute: Option<Statute>,
    pub degree: Option<Degree>,
    pub level: Option<OffenseLevel>,
    /// Could be charged as felony or misdemeanor.
    pub wobbler: Option<bool>,
    /// Class by the state's own law, such as Connecticut's `B`.
    pub class: Option<String>,
    /// Punishable in state prison.
    pub state_prison: Option<bool>,
    /// A mark.
    pub firearm_used: Option<bool>,
    /// A mark: reduced to a misdemeanor under California's Proposition 47.
    pub prop47_reduced: Option<bool>,
    /// The statute of California that another state's offense answers to.
    #[schema(value_type = Option<String>)]
    pub california_equivalent: Option<Statute>,
    pub disposition_on: Option<NaiveDate>,
}

/// A section of a code with its subdivisions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Statute {
    text: String,
    code: String,
    section: String,
    /// Code and section, as lists are keyed.
    key: String,
    subdivisions: Vec<String>,
}

impl TryFrom<String> for Statute {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let refuse = || {
            format!("expected a code, a blank and a section, such as PC 243(e)(1), not {text:?}")
        };
        let (code, place) = text
            .trim()
            .rsplit_once(char::is_whitespace)
            .ok_or_else(refuse)?;
        let (section, rest) = place.split_at(place.find('(').unwrap_or(place.len()));
        let subdivisions = match rest {
            "" => Vec::new(),
            _ => rest
                .strip_prefix('(')
                .and_then(|rest| rest.strip_suffix(')'))
                .map(|rest| rest.split(")(").map(str::to_lowercase).collect())
                .ok_or_else(refuse)?,
        };
        let is_name = |name: &String| !name.is_empty() && !name.contains(['(', ')']);
        if !section.contains(|c: char| c.is_ascii_digit()) || !subdivisions.iter().all(is_name) {
            return Err(refuse());
        }
        let (code, section) = (code.trim().to_uppercase(), section.to_lowercase());
        Ok(Self {
            key: format!("{code} {section}"),
            code,
            section,
            subdivisions,
            text: text.trim().to_owned(),
        })
    }
}

impl fmt::Display for Statute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `config/offenses/<list>.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListText {
    pub id: String,
    pub version: String,
    pub title: String,
    /// The state whose sections these are.
    pub state: String,
    pub citations: Vec<String>,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    /// "Including, but not limited to": what is not named is unknown, not outside.
    #[serde(default)]
    pub open: bool,
    /// Never holds another state's offenses; otherwise those are unknown without an equivalent.
    #[serde(default)]
    pub own_state_only: bool,
    /// Newer number to the number that the list was written with.
    #[serde(default)]
    pub aliases: Vec<Alias>,
    pub entries: Vec<EntryText>,
}

/// A section that has got another number since.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    pub now: Statute,
    pub was: Statute,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryText {
    /// The letter or number of the class.
    pub class: String,
    #[serde(default)]
    pub title: Option<String>,
    /// Code to its sections, divided by blanks; `16000-34370` is a range, `286(c),(d)` two subdivisions.
    #[serde(default)]
    pub sections: std::collections::BTreeMap<String, String>,
    /// Any section, if this mark is set.
    #[serde(default)]
    pub firearm_used: bool,
    #[serde(default)]
    pub level: Option<OffenseLevel>,
    #[serde(default)]
    pub degree: Option<Degree>,
    /// False: the number alone does not tell (attempt and conspiracy), a person must look.
    #[serde(default = "certain")]
    pub certain: bool,
    #[serde(default)]
    pub note: Option<String>,
}

fn certain() -> bool {
    true
}

/// A list, ready to look up.
#[derive(Debug)]
pub struct OffenseList {
    pub id: String,
    pub version: String,
    pub title: String,
    state: String,
    open: bool,
    own_state_only: bool,
    aliases: Vec<Alias>,
    /// By code and section.
    sections: HashMap<String, Vec<Entry>>,
    ranges: Vec<(String, u32, u32, Entry)>,
    /// Classes of any section whose firearm mark is set.
    firearm: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    class: String,
    subdivisions: Vec<String>,
    level: Option<OffenseLevel>,
    degree: Option<Degree>,
    certain: bool,
}

/// Is an offense on a list, and in which class?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership<'a> {
    pub is: Tri,
    pub class: Option<&'a str>,
}

impl Membership<'_> {
    /// The one that says more; the first of two that say the same.
    fn or(self, other: Self) -> Self {
        if other.is > self.is { other } else { self }
    }
}

impl OffenseList {
    /// # Errors
    /// The field whose sections cannot be read.
    pub fn compile(text: ListText) -> Result<Self, Wrong> {
        let mut list = Self {
            id: text.id,
            version: text.version,
            title: text.title,
            state: text.state,
            open: text.open,
            own_state_only: text.own_state_only,
            aliases: text.aliases,
            sections: HashMap::new(),
            ranges: Vec::new(),
            firearm: Vec::new(),
        };
        for (at, entry) in text.entries.into_iter().enumerate() {
            let compiled = Entry {
                class: entry.class,
                subdivisions: Vec::new(),
                level: entry.level,
                degree: entry.degree,
                certain: entry.certain,
            };
            if entry.firearm_used {
                list.firearm.push(compiled.clone());
            }
            for (code, sections) in &entry.sections {
                for section in sections.split_whitespace() {
                    list.add(code, section, &compiled).map_err(|reason| Wrong {
                        field: format!("entries[{at}].sections.{code}"),
                        reason,
                    })?;
                }
            }
        }
        Ok(list)
    }

    fn add(&mut self, code: &str, section: &str, entry: &Entry) -> Result<(), String> {
        let bounds = section
            .split_once('-')
            .map(|(from, to)| (from.parse(), to.parse()));
        if let Some((Ok(from), Ok(to))) = bounds {
            self.ranges
                .push((code.to_uppercase(), from, to, entry.clone()));
            return Ok(());
        }
        // `286(c),(d)`: the subdivisions after the first stand without their section.
        let mut parts = section.split(',');
        let first = parts.next().unwrap_or_default();
        let base = first.split('(').next().unwrap_or_default();
        let all =
            std::iter::once(first.to_owned()).chain(parts.map(|part| format!("{base}{part}")));
        for section in all {
            let statute = Statute::try_from(format!("{code} {section}"))?;
            self.sections.entry(statute.key).or_default().push(Entry {
                subdivisions: statute.subdivisions,
                ..entry.clone()
            });
        }
        Ok(())
    }

    /// Looks an offense up. The most exact entry that covers it decides; where a closer one may be
    /// meant, in a subdivision that the record does not tell, and would say otherwise, it is unknown.
    pub fn holds(&self, offense: &Offense) -> Membership<'_> {
        let marked = offense.firearm_used == Some(true);
        let by_mark = marked
            .then(|| self.best(self.firearm.iter(), offense))
            .flatten();
        match by_mark {
            Some(found) if found.is == Tri::True => found,
            // What level or degree leaves open stays so, whatever the section says.
            Some(found) => found.or(self.by_section(offense)),
            None => self.by_section(offense),
        }
    }

    fn by_section(&self, offense: &Offense) -> Membership<'_> {
        let not = |is| Membership { is, class: None };
        let own = offense.state.as_deref() == Some(self.state.as_str());
        let statute = if own {
            offense.statute.as_ref()
        } else if self.state == "CA" {
            offense.california_equivalent.as_ref()
        } else if self.own_state_only && offense.state.is_some() {
            return not(Tri::False);
        } else {
            None
        };
        let Some(statute) = statute else {
            return not(Tri::Unknown);
        };
        let statute = self.as_it_was(statute);
        let statute = statute.as_ref();
        let named = self
            .sections
            .get(&statute.key)
            .map_or(&[][..], Vec::as_slice);
        let covers = |entry: &&Entry| statute.subdivisions.starts_with(&entry.subdivisions);
        let most = named
            .iter()
            .filter(covers)
            .map(|entry| entry.subdivisions.len())
            .max();
        let found = match most {
            Some(most) => {
                let exact = |entry: &&Entry| entry.subdivisions.len() == most;
                self.best(named.iter().filter(covers).filter(exact), offense)
            }
            None => self.best(self.in_ranges(statute), offense),
        };
        let found = found.unwrap_or(not(if self.open { Tri::Unknown } else { Tri::False }));
        let is_closer = |entry: &&Entry| {
            entry.subdivisions.len() > statute.subdivisions.len()
                && entry.subdivisions.starts_with(&statute.subdivisions)
        };
        let differs = |entry: &&Entry| entry.allows(offense) != found.is;
        match named.iter().filter(is_closer).find(differs) {
            Some(entry) => Membership {
                is: Tri::Unknown,
                class: found.class.or(Some(&entry.class)),
            },
            None => found,
        }
    }

    fn in_ranges(&self, statute: &Statute) -> impl Iterator<Item = &Entry> {
        let digits = statute.section.split(|c: char| !c.is_ascii_digit()).next();
        let number: Option<u32> = digits.and_then(|digits| digits.parse().ok());
        self.ranges
            .iter()
            .filter(move |(code, from, to, _)| {
                number.is_some_and(|number| (*from..=*to).contains(&number))
                    && *code == statute.code
            })
            .map(|(_, _, _, entry)| entry)
    }

    /// The entry that says most, if there is any.
    fn best<'a>(
        &'a self,
        entries: impl Iterator<Item = &'a Entry>,
        offense: &Offense,
    ) -> Option<Membership<'a>> {
        entries
            .map(|entry| Membership {
                is: entry.allows(offense),
                class: Some(entry.class.as_str()),
            })
            .reduce(Membership::or)
    }

    /// The statute by the number that the list was written with.
    fn as_it_was<'a>(&self, statute: &'a Statute) -> std::borrow::Cow<'a, Statute> {
        use std::borrow::Cow;
        let renumbered = self.aliases.iter().find(|alias| {
            alias.now.code == statute.code
                && alias.now.section == statute.section
                && statute.subdivisions.starts_with(&alias.now.subdivisions)
        });
        let Some(alias) = renumbered else {
            return Cow::Borrowed(statute);
        };
        let mut was = alias.was.clone();
        was.subdivisions
            .extend_from_slice(&statute.subdivisions[alias.now.subdivisions.len()..]);
        Cow::Owned(was)
    }
}

impl Entry {
    /// Do level and degree fit? A fitting entry whose number alone does not tell is unknown.
    fn allows(&self, offense: &Offense) -> Tri {
        let fits = is(self.level, offense.level).and(is(self.degree, offense.degree));
        if self.certain {
            fits
        } else {
            fits.and(Tri::Unknown)
        }
    }
}

/// A wanted value against what is known; nothing wanted is always met.
fn is<T: PartialEq>(wanted: Option<T>, known: Option<T>) -> Tri {
    match (wanted, known) {
        (None, _) => Tri::True,
        (Some(_), None) => Tri::Unknown,
        (Some(wanted), Some(known)) => (wanted == known).into(),
    }
}

/// What a rule asks of a conviction or a charge; every part that is given must hold.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct OffenseText {
    /// On one of these lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<OffenseLevel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wobbler: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_prison: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prop47_reduced: Option<bool>,
    /// The state whose conviction it must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub class: Vec<String>,
    /// Decision date ≤ disposition date + so many calendar years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_years: Option<u32>,
    /// So many of them; one by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<usize>,
}

/// The same with its lists found, and what an override of the rule drops.
#[derive(Debug)]
pub struct OffenseTest {
    pub text: OffenseText,
    pub lists: Vec<std::sync::Arc<OffenseList>>,
    pub dropped: Vec<OffenseText>,
}

impl OffenseTest {
    pub fn holds(&self, offense: &Offense, on: NaiveDate) -> Tri {
        let fits = self.text.fits(offense, on);
        if fits == Tri::False {
            return Tri::False;
        }
        let listed = || {
            if self.lists.is_empty() {
                return Tri::True;
            }
            Tri::any(self.lists.iter().map(|list| list.holds(offense).is))
        };
        let dropped = || Tri::any(self.dropped.iter().map(|text| text.fits(offense, on)));
        match fits.and(listed()) {
            Tri::False => Tri::False,
            holds => holds.and(!dropped()),
        }
    }

    /// "is a felony within 15 years on the list … (class F)".
    pub fn describe(&self, offense: &Offense) -> String {
        let mut text = String::from("is a ");
        if self.text.wobbler == Some(true) {
            text.push_str("wobbler ");
        }
        text.push_str(self.text.level.map_or("record", OffenseLevel::as_str));
        if self.text.state_prison == Some(true) {
            text.push_str(" punishable in state prison");
        }
        if !self.text.class.is_empty() {
            text.push_str(&format!(" of class {}", self.text.class.join(" or ")));
        }
        if let Some(years) = self.text.within_years {
            text.push_str(&format!(" within {years} years"));
        }
        let holding = self.lists.iter().map(|list| (list, list.holds(offense)));
        if let Some((list, found)) = holding.max_by_key(|(_, found)| found.is) {
            let class = found.class.map(|class| format!(", class {class}"));
            text.push_str(&format!(
                " on the list {}{}",
                list.id,
                class.unwrap_or_default()
            ));
        }
        text
    }
}

impl OffenseText {
    /// All but the lists.
    fn fits(&self, offense: &Offense, on: NaiveDate) -> Tri {
        let within = self.within_years.map_or(Tri::True, |years| {
            offense
                .disposition_on
                .map_or(Tri::Unknown, |from| within_years(from, years, on).into())
        });
        let class = if self.class.is_empty() {
            Tri::True
        } else {
            offense.class.as_ref().map_or(Tri::Unknown, |class| {
                self.class
                    .iter()
                    .any(|wanted| wanted.eq_ignore_ascii_case(class))
                    .into()
            })
        };
        Tri::all([
            is(self.level, offense.level),
            is(self.state.as_deref(), offense.state.as_deref()),
            // A mark that nobody has set is not set.
            is(
                self.prop47_reduced,
                Some(offense.prop47_reduced.unwrap_or(false)),
            ),
            is(self.wobbler, offense.wobbler),
            is(self.state_prison, offense.state_prison),
            class,
            within,
        ])
    }
}

/// `on` ≤ `from` + n calendar years; 29 February + n years is 28 February where there is none.
pub fn within_years(from: NaiveDate, years: u32, on: NaiveDate) -> bool {
    from.checked_add_months(chrono::Months::new(years.saturating_mul(12)))
        .is_none_or(|until| on <= until)
}

impl Offense {
    /// "PC 459 (F) 2012-11-24".
    pub fn name(&self) -> String {
        let mut name = match &self.statute {
            Some(statute) => statute.to_string(),
            None => "of an unknown statute".to_owned(),
        };
        match self.level {
            Some(OffenseLevel::Felony) => name.push_str(" (F)"),
            Some(OffenseLevel::Misdemeanor) => name.push_str(" (M)"),
            None => {}
        }
        if let Some(on) = self.disposition_on {
            name.push_str(&format!(" {on}"));
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: serde_json::Value) -> OffenseList {
        OffenseList::compile(serde_json::from_value(text).unwrap()).unwrap()
    }

    fn open_list(open: bool) -> OffenseList {
        list(serde_json::json!({
            "id": "l", "version": "1", "title": "L", "state": "CA", "citations": [], "open": open,
            "aliases": [{"now": "PC 287", "was": "PC 288a"}],
            "entries": [
                {"class": "A", "sections": {"PC": "245 148.10"}},
                {"class": "B", "sections": {"PC": "459"}, "degree": "first"},
                {"class": "C", "sections": {"PC": "288a(c),(d) 261(a)(2)"}},
                {"class": "D", "sections": {"PC": "16000-34370"}},
                {"class": "E", "sections": {"PC": "664"}, "certain": false},
                {"class": "F", "sections": {"HS": "11378"}, "level": "felony"},
                {"class": "R", "firearm_used": true},
            ]
        }))
    }

    fn ca(statute: &str) -> Offense {
        Offense {
            state: Some("CA".to_owned()),
            statute: Some(Statute::try_from(statute.to_owned()).unwrap()),
            ..Offense::default()
        }
    }

    #[test]
    fn a_section_covers_its_subdivisions_and_nothing_else() {
        let closed = open_list(false);
        for (statute, expected) in [
            ("PC 245", Tri::True),
            ("PC 245(a)(1)", Tri::True),
            ("PC 245.2", Tri::False),
            ("PC 148.1", Tri::False),
            ("PC 148.10", Tri::True),
            ("PC 261", Tri::Unknown),
            ("PC 261(a)", Tri::Unknown),
            ("PC 261(a)(2)", Tri::True),
            ("PC 261(a)(1)", Tri::False),
            ("PC 287(c)(1)", Tri::True),
            ("PC 287(a)", Tri::False),
            ("PC 288A(d)", Tri::True),
            ("PC 29800(a)", Tri::True),
            ("PC 34371", Tri::False),
            ("PC 664", Tri::Unknown),
            ("VC 245", Tri::False),
        ] {
            assert_eq!(closed.holds(&ca(statute)).is, expected, "{statute}");
        }
        assert_eq!(open_list(true).holds(&ca("PC 999")).is, Tri::Unknown);
    }

    #[test]
    fn level_and_degree_that_a_list_names_decide_also_on_an_open_list() {
        let open = open_list(true);
        let burglary = |degree| Offense {
            degree,
            ..ca("PC 459")
        };
        assert_eq!(open.holds(&burglary(Some(Degree::First))).is, Tri::True);
        assert_eq!(open.holds(&burglary(Some(Degree::Second))).is, Tri::False);
        assert_eq!(open.holds(&burglary(None)).is, Tri::Unknown);
        let drugs = |level| Offense {
            level: Some(level),
            ..ca("HS 11378")
        };
        assert_eq!(open.holds(&drugs(OffenseLevel::Misdemeanor)).is, Tri::False);
        assert_eq!(open.holds(&drugs(OffenseLevel::Felony)).class, Some("F"));
    }

    #[test]
    fn another_state_s_offense_needs_its_equivalent() {
        let open = open_list(true);
        let mut foreign = Offense {
            state: Some("NV".to_owned()),
            ..ca("NRS 200.471")
        };
        assert_eq!(open.holds(&foreign).is, Tri::Unknown);
        foreign.california_equivalent = Some(Statute::try_from("PC 245(a)".to_owned()).unwrap());
        assert_eq!(open.holds(&foreign).is, Tri::True);
    }

    #[test]
    fn a_firearm_that_is_marked_makes_any_section_one_of_the_list() {
        let armed = Offense {
            firearm_used: Some(true),
            ..ca("PC 999")
        };
        assert_eq!(open_list(false).holds(&armed).class, Some("R"));
        assert_eq!(open_list(false).holds(&ca("PC 999")).is, Tri::False);
    }

    #[test]
    fn what_a_record_does_not_tell_is_never_taken_for_a_no() {
        let closed = list(serde_json::json!({
            "id": "l", "version": "1", "title": "L", "state": "CA", "citations": [],
            "entries": [
                {"class": "A", "sections": {"PC": "288(a)"}, "level": "felony"},
                {"class": "B", "sections": {"PC": "288(b) 290(a)"}},
                {"class": "C", "sections": {"PC": "290"}, "level": "felony"},
                {"class": "R", "firearm_used": true, "level": "felony"},
            ]
        }));
        let misdemeanor = |statute| Offense {
            level: Some(OffenseLevel::Misdemeanor),
            ..ca(statute)
        };
        // It may be (b), which asks for no level.
        assert_eq!(closed.holds(&misdemeanor("PC 288")).is, Tri::Unknown);
        assert_eq!(closed.holds(&misdemeanor("PC 288(a)")).is, Tri::False);
        // The whole section asks for a felony, its (a) for none.
        assert_eq!(closed.holds(&misdemeanor("PC 290")).is, Tri::Unknown);
        assert_eq!(closed.holds(&misdemeanor("PC 290(b)")).is, Tri::False);
        // Whether the mark makes it one of the list turns on the level.
        let armed = Offense {
            firearm_used: Some(true),
            ..ca("PC 999")
        };
        assert_eq!(closed.holds(&armed).is, Tri::Unknown);
    }

    #[test]
    fn years_are_calendar_years() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert!(within_years(day("2011-11-24"), 15, day("2026-11-24")));
        assert!(!within_years(day("2011-11-24"), 15, day("2026-11-25")));
        assert!(within_years(day("2020-02-29"), 5, day("2025-02-28")));
        assert!(!within_years(day("2020-02-29"), 5, day("2025-03-01")));
        assert!(within_years(day("2020-02-29"), 4, day("2024-02-29")));
    }

    #[test]
    fn a_statute_is_a_code_a_blank_and_a_section() {
        for wrong in [
            "PC459",
            "PC",
            "PC abc",
            "PC 243(",
            "PC 243()",
            "PC 243(a))",
            "",
        ] {
            assert!(Statute::try_from(wrong.to_owned()).is_err(), "{wrong:?}");
        }
        let federal = Statute::try_from("18 USC 1028A(a)(1)".to_owned()).unwrap();
        assert_eq!(
            (federal.code.as_str(), federal.section.as_str()),
            ("18 USC", "1028a")
        );
    }
}
