//! A request as JSON. One shape; what a side does not see is absent.

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::model::{Asks, Basis, Paper, Stage, Status, Warrant};
use crate::types::Timestamp;
use crate::types::a_number::ANumber;
use crate::types::ids::DetainerId;

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SubjectBody {
    pub family_name: String,
    pub given_name: Option<String>,
    pub additional_names: Option<String>,
    pub date_of_birth: Option<NaiveDate>,
    pub sex: Option<String>,
    pub citizenship: Option<String>,
    /// Masked: `A*****5678`.
    pub a_number: Option<String>,
    /// Masked.
    pub fbi_number: Option<String>,
    /// Masked.
    pub state_id: Option<String>,
    pub booking_number: Option<String>,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DetainerBody {
    pub id: DetainerId,
    pub status: Status,
    pub stage: Stage,
    pub form: String,
    pub form_revision: Option<String>,
    pub issued_on: NaiveDate,
    pub office: String,
    pub issuing_office: String,
    pub custodian: String,
    pub subject: SubjectBody,
    pub asks: Asks,
    pub basis: Basis,
    pub warrants: Vec<Warrant>,
    pub cancels_issued_on: Option<NaiveDate>,
    pub victim_or_witness: bool,
    pub received_at: Timestamp,
    pub channel: String,
    pub source_id: Option<String>,
    pub acknowledged_at: Option<Timestamp>,
    pub served_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub lift_reason: Option<String>,
    /// Such as `database_match_only`, `victim_or_witness`, `custodian_not_connected`.
    pub flags: Vec<String>,
    /// Whole days since `issued_on`, in the custodian's zone.
    pub age_days: i64,
    pub supersedes: Option<Uuid>,
    pub duplicate_of: Option<Uuid>,
    /// Custodian's side only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub booking: Option<Option<Uuid>>,
    /// Custodian's side only: the dispositions of each act now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub assessment: Option<Value>,
    pub links: Links,
}

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Links {
    #[serde(rename = "self")]
    pub this: String,
    pub timeline: String,
}

/// A page of the work list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DetainerList {
    pub items: Vec<DetainerBody>,
    pub next: Option<String>,
}

/// What a side adds to the paper.
pub struct View {
    pub status: Status,
    pub stage: Stage,
    pub acknowledged_at: Option<Timestamp>,
    pub served_at: Option<Timestamp>,
    pub booking: Option<Option<Uuid>>,
    pub assessment: Option<Value>,
}

impl DetainerBody {
    /// The office's view: the paper and what it was told.
    pub fn for_office(paper: &Paper, now: Timestamp) -> Self {
        let view = View {
            status: paper.status(),
            stage: paper.stage(),
            acknowledged_at: paper.acknowledged_at,
            served_at: paper.service.as_ref().map(|service| service.served_at),
            booking: None,
            assessment: None,
        };
        Self::new(paper, view, now)
    }

    pub fn new(paper: &Paper, view: View, now: Timestamp) -> Self {
        let zone = paper.custodian_zone.parse().unwrap_or(chrono_tz::UTC);
        let today = now.with_timezone(&zone).date_naive();
        let subject = &paper.subject;
        Self {
            id: paper.id,
            status: view.status,
            stage: view.stage,
            form: paper.form.to_string(),
            form_revision: paper.form_revision.clone(),
            issued_on: paper.issued_on,
            office: paper.office.clone(),
            issuing_office: paper.issuing_office.clone(),
            custodian: paper.custodian.clone(),
            subject: SubjectBody {
                family_name: subject.family_name.clone(),
                given_name: subject.given_name.clone(),
                additional_names: subject.additional_names.clone(),
                date_of_birth: subject.date_of_birth,
                sex: subject.sex.clone(),
                citizenship: subject.citizenship.clone(),
                a_number: subject.a_number.as_ref().map(ANumber::masked),
                fbi_number: subject.fbi_number.as_deref().map(mask),
                state_id: subject.state_id.as_deref().map(mask),
                booking_number: subject.booking_number.clone(),
            },
            asks: paper.asks,
            basis: paper.basis,
            warrants: paper.warrants.clone(),
            cancels_issued_on: None,
            victim_or_witness: paper.victim_or_witness,
            received_at: paper.received_at,
            channel: paper.channel.clone(),
            source_id: paper.source_id.clone(),
            acknowledged_at: view.acknowledged_at,
            served_at: view.served_at,
            cancelled_at: paper.cancelled_at,
            lift_reason: paper.lift_reason.map(|reason| reason.to_string()),
            flags: paper.flags().into_iter().map(str::to_owned).collect(),
            age_days: (today - paper.issued_on).num_days().max(0),
            supersedes: paper.supersedes.map(DetainerId::as_uuid),
            duplicate_of: paper.duplicate_of.map(DetainerId::as_uuid),
            booking: view.booking,
            assessment: view.assessment,
            links: Links {
                this: format!("/v1/detainers/{}", paper.id),
                timeline: format!("/v1/detainers/{}/timeline", paper.id),
            },
        }
    }
}

/// All but the last four characters hidden.
pub fn mask(text: &str) -> String {
    let count = text.chars().count();
    text.chars()
        .enumerate()
        .map(|(at, c)| if at + 4 < count { '*' } else { c })
        .collect()
}
