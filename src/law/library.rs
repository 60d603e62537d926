//! The rules as they are read: one line of the list, and one rule in full.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

use crate::policy::evaluate::Book;
use crate::policy::place::Level;
use crate::policy::rule::{AuthorityKind, Mode, Rule, Status};

/// A rule in one version.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PolicyBody<'b> {
    pub id: &'b str,
    pub version: &'b str,
    pub jurisdiction: &'b str,
    pub level: Level,
    pub title: &'b str,
    pub citations: &'b [String],
    pub source: Option<&'b str>,
    /// What is not verified.
    pub note: Option<&'b str>,
    pub effective_from: NaiveDate,
    /// The last day in force.
    pub effective_until: Option<NaiveDate>,
    /// `draft` until somebody has reviewed it.
    pub status: Status,
    pub reviewed_by: Option<&'b str>,
    pub reviewed_on: Option<NaiveDate>,
    pub mode: Mode,
    pub authority: AuthorityKind,
    /// The kinds of agency that it speaks of; empty: all.
    pub agency_kinds: &'b [String],
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PolicyList<'b> {
    pub items: Vec<PolicyBody<'b>>,
    pub next: Option<String>,
}

/// A rule in full.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PolicyText<'b> {
    #[serde(flatten)]
    pub summary: PolicyBody<'b>,
    /// The rule as data.
    pub rule: Value,
    /// The file as it is.
    pub text: &'b str,
    /// Every version of it that is loaded, oldest first.
    pub versions: Vec<VersionBody<'b>>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PolicyVersion)]
pub struct VersionBody<'b> {
    pub version: &'b str,
    pub effective_from: NaiveDate,
    pub effective_until: Option<NaiveDate>,
    pub status: Status,
}

impl<'b> From<&'b Rule> for PolicyBody<'b> {
    fn from(rule: &'b Rule) -> Self {
        let text = &rule.text;
        Self {
            id: &text.id,
            version: &text.version,
            jurisdiction: &text.jurisdiction,
            level: rule.level,
            title: &text.title,
            citations: &text.citations,
            source: text.source.as_deref(),
            note: text.note.as_deref(),
            effective_from: text.effective_from,
            effective_until: text.effective_until,
            status: text.status,
            reviewed_by: text.reviewed_by.as_deref(),
            reviewed_on: text.reviewed_on,
            mode: text.mode,
            authority: text.authority_status.value,
            agency_kinds: &text.scope.agency_kinds,
        }
    }
}

/// Id and version: what a page of the list is ordered by. A version's days break no tie.
pub fn place_in_list(rule: &Rule) -> String {
    format!(
        "{} {} {}",
        rule.text.id, rule.text.effective_from, rule.text.version
    )
}

/// The rules of a jurisdiction, in force on a day; in the order of the list.
pub fn list<'b>(
    book: &'b Book,
    jurisdiction: Option<&str>,
    in_force_on: Option<NaiveDate>,
) -> Vec<&'b Rule> {
    let mut found: Vec<_> = book
        .rules
        .iter()
        .filter(|rule| jurisdiction.is_none_or(|id| rule.text.jurisdiction == id))
        .filter(|rule| in_force_on.is_none_or(|on| rule.is_in_force(on)))
        .collect();
    found.sort_by_key(|rule| place_in_list(rule));
    found
}

/// One rule: the version that is asked for, else the one in force today, else the latest.
pub fn find<'b>(
    book: &'b Book,
    id: &str,
    version: Option<&str>,
    today: NaiveDate,
) -> Option<PolicyText<'b>> {
    let mut versions: Vec<_> = book
        .rules
        .iter()
        .filter(|rule| rule.text.id == id)
        .collect();
    versions.sort_by_key(|rule| rule.text.effective_from);
    let rule = match version {
        Some(version) => versions.iter().find(|rule| rule.text.version == version)?,
        None => versions
            .iter()
            .find(|rule| rule.is_in_force(today))
            .or_else(|| versions.last())?,
    };
    Some(PolicyText {
        summary: PolicyBody::from(*rule),
        rule: serde_json::to_value(&rule.text).unwrap_or_default(),
        text: &rule.source,
        versions: versions
            .iter()
            .map(|rule| VersionBody {
                version: &rule.text.version,
                effective_from: rule.text.effective_from,
                effective_until: rule.text.effective_until,
                status: rule.text.status,
            })
            .collect(),
    })
}
