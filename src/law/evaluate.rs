//! One question to the rules: whose, when, and with which facts.

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::http::{FieldError, Problem};
use crate::policy::answer::Answer;
use crate::policy::evaluate::{Ask, Book, Positions};
use crate::policy::facts::Facts;
use crate::policy::place::Place;
use crate::registry::adopted;
use crate::registry::agencies::{self, AgencyKind};
use crate::types::ori::Ori;

/// `POST /v1/policies/evaluate`. Either an agency of the registry or a place.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluateRequest {
    /// ORI of a registered agency: its zone and its adopted positions apply.
    #[schema(value_type = Option<String>)]
    pub agency: Option<Ori>,
    pub place: Option<PlaceRequest>,
    /// The instant of the decision. With `place`, its offset tells the day.
    pub at: DateTime<FixedOffset>,
    /// What is known; without it, nothing is.
    #[serde(default)]
    pub facts: Facts,
}

/// Any county, state or place that the reference files know.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceRequest {
    pub jurisdiction: String,
    pub agency_kind: AgencyKind,
}

/// The answer, with the instant as it was asked.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Evaluation<'b> {
    pub at: DateTime<FixedOffset>,
    #[serde(flatten)]
    pub answer: Answer<'b>,
}

impl EvaluateRequest {
    /// What the types cannot say.
    ///
    /// # Errors
    /// 422 with each field that is at fault.
    pub fn check(&self) -> Result<(), Problem> {
        let mut errors = Vec::new();
        let mut say = |pointer: String, code: &str, detail: &str| {
            errors.push(FieldError {
                pointer,
                code: code.to_owned(),
                detail: detail.to_owned(),
            });
        };
        if self.agency.is_some() == self.place.is_some() {
            say(
                "/agency".to_owned(),
                "either",
                "Name either the agency or the place.",
            );
        }
        for wrong in self.facts.contradictions() {
            say(
                format!("/facts{}", wrong.pointer),
                "contradiction",
                &wrong.detail,
            );
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::fields(errors))
        }
    }

    /// The place that is named, and the day in the offset of `at`. No agency's position applies.
    ///
    /// # Errors
    /// 422 for a jurisdiction that is not known.
    pub fn place(&self) -> Result<(Place, NaiveDate, Positions), Problem> {
        let found = self
            .place
            .as_ref()
            .and_then(|place| Place::new(&place.jurisdiction, place.agency_kind.as_str(), None))
            .ok_or_else(|| {
                Problem::field(
                    "/place/jurisdiction",
                    "unknown",
                    "No such jurisdiction: us, us-ca, a county's five digits or a known city's seven.",
                )
            })?;
        Ok((found, self.at.date_naive(), Positions::new()))
    }

    /// Where a registered agency stands, what day it is there, and what it has adopted.
    ///
    /// # Errors
    /// 422 for an ORI that is not registered.
    pub async fn standing(
        &self,
        conn: &mut PgConnection,
        ori: &Ori,
    ) -> Result<(Place, NaiveDate, Positions), Problem> {
        let agency = agencies::by_ori(conn, ori.as_str()).await?.ok_or_else(|| {
            Problem::field(
                "/agency",
                "unknown",
                "No agency with this ORI is registered.",
            )
        })?;
        let (place, positions) = adopted::standing(conn, agency.id).await?;
        let zone: chrono_tz::Tz = agency.time_zone.parse().unwrap_or(chrono_tz::UTC);
        Ok((place, self.at.with_timezone(&zone).date_naive(), positions))
    }

    /// Asks the rules.
    pub fn answer<'b>(
        &self,
        book: &'b Book,
        place: &Place,
        on: NaiveDate,
        positions: &Positions,
    ) -> Evaluation<'b> {
        Evaluation {
            at: self.at,
            answer: book.answer(Ask {
                place,
                on,
                facts: &self.facts,
                positions,
            }),
        }
    }
}
