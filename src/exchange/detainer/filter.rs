//! The filters of the work list, the same for both sides. Each side applies them to what it
//! sees of a record.

use chrono::NaiveDate;
use serde::Deserialize;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::model::{Form, Stage, Status};
use crate::app::App;
use crate::db::ScopedTx;
use crate::http::cursor::{self, Place};
pub use crate::http::query::percent;
use crate::http::{Problem, query};
use crate::registry::{agencies, offices};
use crate::types::a_number::ANumber;
use crate::types::name;

#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DetainerQuery {
    #[param(value_type = Option<Status>)]
    pub status: Option<String>,
    #[param(value_type = Option<Stage>)]
    pub stage: Option<String>,
    /// DHS code.
    pub office: Option<String>,
    /// ORI.
    pub custodian: Option<String>,
    pub jurisdiction: Option<String>,
    #[param(value_type = Option<Form>)]
    pub form: Option<String>,
    pub issued_from: Option<String>,
    pub issued_to: Option<String>,
    pub booking_number: Option<String>,
    pub a_number: Option<String>,
    /// Folds case, accents and the order of parts.
    pub name: Option<String>,
    pub date_of_birth: Option<String>,
    /// `issued_on` or `-issued_on` (default: newest first).
    pub sort: Option<String>,
    pub limit: Option<String>,
    pub cursor: Option<String>,
}

/// The filters, read.
pub struct Filter {
    pub status: Option<Status>,
    pub stage: Option<Stage>,
    pub office_id: Option<i32>,
    pub agency_id: Option<i32>,
    pub jurisdiction: Option<String>,
    pub form: Option<Form>,
    pub issued_from: Option<NaiveDate>,
    pub issued_to: Option<NaiveDate>,
    pub booking_number: Option<String>,
    pub a_number: Option<ANumber>,
    pub name: Option<Vec<String>>,
    pub date_of_birth: Option<NaiveDate>,
    pub ascending: bool,
    pub limit: i64,
    pub after: Option<Place>,
    /// Binds the cursor to the party and to everything but the page.
    scope: String,
}

fn read<T: std::str::FromStr>(
    name: &str,
    text: Option<&str>,
    expected: &str,
) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(|_| query::bad(name, expected)))
        .transpose()
}

impl DetainerQuery {
    /// Reads the query in a caller's scope.
    pub async fn read(&self, tx: &mut ScopedTx<'_>, app: &App) -> Result<Filter, Problem> {
        let q = self;
        let date = "a date such as 2026-11-20 is expected";
        let ascending = match q.sort.as_deref() {
            None | Some("-issued_on") => false,
            Some("issued_on") => true,
            Some(_) => return Err(query::bad("sort", "issued_on or -issued_on is expected")),
        };
        let office_id = match &q.office {
            None => None,
            // An unknown code finds nothing, as a foreign one does.
            Some(code) => Some(
                offices::by_code(tx.conn(), code)
                    .await?
                    .map_or(-1, |office| office.id),
            ),
        };
        let agency_id = match &q.custodian {
            None => None,
            Some(ori) => Some(
                agencies::by_ori(tx.conn(), ori)
                    .await?
                    .map_or(-1, |agency| agency.id),
            ),
        };
        let mut unpaged = q.clone();
        unpaged.cursor = None;
        unpaged.limit = None;
        let actor = tx.actor();
        let scope = format!(
            "{}{} detainers {unpaged:?}",
            actor.party(),
            actor.jurisdiction.as_deref().unwrap_or_default()
        );
        Ok(Filter {
            status: read(
                "status",
                q.status.as_deref(),
                "pending, closed, cancelled or superseded is expected",
            )?,
            stage: read(
                "stage",
                q.stage.as_deref(),
                "a stage such as served is expected",
            )?,
            office_id,
            agency_id,
            jurisdiction: q.jurisdiction.clone(),
            form: read(
                "form",
                q.form.as_deref(),
                "a form such as I-247A is expected",
            )?,
            issued_from: read("issued_from", q.issued_from.as_deref(), date)?,
            issued_to: read("issued_to", q.issued_to.as_deref(), date)?,
            booking_number: q.booking_number.clone(),
            a_number: read(
                "a_number",
                q.a_number.as_deref(),
                "the letter A and seven to nine digits are expected",
            )?,
            name: q.name.as_deref().map(|text| name::parts([Some(text)])),
            date_of_birth: read("date_of_birth", q.date_of_birth.as_deref(), date)?,
            ascending,
            limit: crate::registry::api::limit(q.limit.as_deref())?,
            after: q
                .cursor
                .as_deref()
                .map(|text| cursor::read(&app.vault, &scope, text))
                .transpose()?,
            scope,
        })
    }

    /// What a reader typed into the search box: an A-number, or a name with or without a birth
    /// date (`Example 1990-02-03`).
    pub fn search(text: &str) -> Self {
        let text = text.trim();
        if text.parse::<ANumber>().is_ok() {
            return Self {
                a_number: Some(text.to_owned()),
                ..Self::default()
            };
        }
        let (name, born) = match text.rsplit_once(char::is_whitespace) {
            Some((name, last)) if last.parse::<NaiveDate>().is_ok() => (name, Some(last)),
            _ => (text, None),
        };
        Self {
            name: Some(name.trim_end_matches([',', ' ']).to_owned()),
            date_of_birth: born.map(str::to_owned),
            ..Self::default()
        }
    }

    /// Each filter in force with its name, but not order and page.
    pub fn active(&self) -> Vec<(&'static str, &str)> {
        [
            ("status", &self.status),
            ("stage", &self.stage),
            ("office", &self.office),
            ("custodian", &self.custodian),
            ("jurisdiction", &self.jurisdiction),
            ("form", &self.form),
            ("issued_from", &self.issued_from),
            ("issued_to", &self.issued_to),
            ("booking_number", &self.booking_number),
            ("a_number", &self.a_number),
            ("name", &self.name),
            ("date_of_birth", &self.date_of_birth),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
        .collect()
    }

    /// The same list without one of its filters.
    pub fn without(&self, name: &str) -> Self {
        let mut query = self.clone();
        query.cursor = None;
        let field = match name {
            "status" => &mut query.status,
            "stage" => &mut query.stage,
            "office" => &mut query.office,
            "custodian" => &mut query.custodian,
            "jurisdiction" => &mut query.jurisdiction,
            "form" => &mut query.form,
            "issued_from" => &mut query.issued_from,
            "issued_to" => &mut query.issued_to,
            "booking_number" => &mut query.booking_number,
            "a_number" => &mut query.a_number,
            "name" => &mut query.name,
            _ => &mut query.date_of_birth,
        };
        *field = None;
        query
    }

    /// The path of the list with these filters, without the page.
    pub fn path(&self) -> String {
        let fields = [
            ("status", &self.status),
            ("stage", &self.stage),
            ("office", &self.office),
            ("custodian", &self.custodian),
            ("jurisdiction", &self.jurisdiction),
            ("form", &self.form),
            ("issued_from", &self.issued_from),
            ("issued_to", &self.issued_to),
            ("booking_number", &self.booking_number),
            ("a_number", &self.a_number),
            ("name", &self.name),
            ("date_of_birth", &self.date_of_birth),
            ("sort", &self.sort),
            ("limit", &self.limit),
        ];
        query::path("", &fields)
    }
}

impl Filter {
    /// The conditions on columns that both sides' tables share, the order and the limit.
    pub fn push_common(&self, query: &mut QueryBuilder<Postgres>, table: &str, app: &App) {
        if let Some(from) = self.issued_from {
            query
                .push(format!(" and {table}.issued_on >= "))
                .push_bind(from);
        }
        if let Some(to) = self.issued_to {
            query
                .push(format!(" and {table}.issued_on <= "))
                .push_bind(to);
        }
        if let Some(number) = &self.a_number {
            query
                .push(format!(" and {table}.a_number_index = "))
                .push_bind(app.vault.index("a_number", number.reveal()));
        }
        if let Some(parts) = &self.name {
            query
                .push(format!(" and {table}.name_parts @> "))
                .push_bind(parts.clone());
        }
        if let Some(date) = self.date_of_birth {
            query
                .push(format!(" and {table}.date_of_birth = "))
                .push_bind(date);
        }
        if let Some(agency) = self.agency_id {
            query
                .push(format!(" and {table}.agency_id = "))
                .push_bind(agency);
        }
        if let Some(jurisdiction) = &self.jurisdiction {
            query
                .push(format!(" and {table}.agency_id in (select a.id from registry.agency a join registry.jurisdiction j on j.id = a.jurisdiction where "))
                .push_bind(jurisdiction.clone())
                .push(" in (j.id, j.parent))");
        }
        let (comparison, order) = if self.ascending {
            (">", "asc")
        } else {
            ("<", "desc")
        };
        if let Some(place) = &self.after
            && let Ok(date) = place.after.parse::<NaiveDate>()
        {
            query
                .push(format!(
                    " and ({table}.issued_on, {table}.id) {comparison} ("
                ))
                .push_bind(date)
                .push(", ")
                .push_bind(place.id)
                .push(")");
        }
        query
            .push(format!(
                " order by {table}.issued_on {order}, {table}.id {order} limit "
            ))
            .push_bind(self.limit + 1);
    }

    /// Takes off the row that shows there is more.
    pub fn split(&self, mut rows: Vec<(Uuid, NaiveDate)>) -> (Vec<Uuid>, Option<Place>) {
        let more = rows.len() as i64 > self.limit;
        rows.truncate(self.limit as usize);
        let next = rows.last().filter(|_| more).map(|(id, on)| Place {
            after: on.to_string(),
            id: *id,
        });
        (rows.into_iter().map(|(id, _)| id).collect(), next)
    }

    pub fn write_cursor(&self, app: &App, place: Option<Place>) -> Option<String> {
        place.map(|place| cursor::write(&app.vault, &self.scope, &place))
    }
}
