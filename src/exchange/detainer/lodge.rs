//! From the body of `POST /v1/detainers` to a paper, for either side.

use super::model::{Channel, Subject};
use super::request::DetainerRequest;
use super::same::Who;
use super::store::NewPaper;
use crate::db::ScopedTx;
use crate::db::vault::Vault;
use crate::http::Problem;
use crate::log::{Event, leaf};
use crate::registry::agencies::{self, Agency};
use crate::registry::offices::{self, Office};
use crate::types::ids::{self, DetainerId};
use crate::types::{Timestamp, name};

/// The registered parties that a body names.
pub struct Parties {
    pub agency: Agency,
    pub office: Office,
    pub issuing_office: Office,
}

/// Looks up custodian and offices.
///
/// # Errors
/// 422 that points to the field whose code is not registered.
pub async fn parties(tx: &mut ScopedTx<'_>, request: &DetainerRequest) -> Result<Parties, Problem> {
    let unknown = |field: &str, what: &str| Problem::field(field, "unknown", what);
    let agency = agencies::by_ori(tx.conn(), request.custodian.as_str())
        .await?
        .ok_or_else(|| unknown("/custodian", "No agency is registered under this ORI."))?;
    let office = offices::by_code(tx.conn(), &request.office)
        .await?
        .ok_or_else(|| unknown("/office", "No office is registered under this code."))?;
    let issuing_office = match &request.issuing_office {
        None => office.clone(),
        Some(code) => offices::by_code(tx.conn(), code).await?.ok_or_else(|| {
            unknown(
                "/issuing_office",
                "No office is registered under this code.",
            )
        })?,
    };
    Ok(Parties {
        agency,
        office,
        issuing_office,
    })
}

impl NewPaper {
    /// The paper that a checked body describes.
    pub fn new(
        request: DetainerRequest,
        parties: &Parties,
        id: DetainerId,
        channel: Channel,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            agency_id: parties.agency.id,
            office_id: parties.office.id,
            issuing_office_id: parties.issuing_office.id,
            form: request.form,
            form_revision: request.form_revision,
            issued_on: request.issued_on,
            subject: request.subject.subject(),
            asks: request.asks,
            basis: request.basis,
            warrants: request.warrants,
            victim_or_witness: request.victim_or_witness,
            received_at: request.received_at.unwrap_or(now),
            channel: request.channel.unwrap_or(channel).as_str(),
            source_id: request.source_id,
            salt: ids::salt(),
            created_at: now,
            origin: "office",
            supersedes: None,
            duplicate_of: None,
            relayed_from: None,
        }
    }

    pub fn name_parts(&self) -> Vec<String> {
        name::parts([
            Some(self.subject.family_name.as_str()),
            self.subject.given_name.as_deref(),
            self.subject.additional_names.as_deref(),
        ])
    }

    /// Who is meant, for comparison with other papers.
    pub fn who(&self, vault: &Vault) -> Who {
        let subject = &self.subject;
        Who {
            a_number: subject
                .a_number
                .as_ref()
                .map(|number| vault.index("a_number", number.reveal())),
            fbi_number: subject
                .fbi_number
                .as_ref()
                .map(|number| vault.index("fbi_number", number)),
            name_parts: self.name_parts(),
            date_of_birth: subject.date_of_birth,
        }
    }

    /// `detainer.received`, for the acting side; the caller widens its audience.
    pub fn received(&self, tx: &ScopedTx<'_>, custodian: &str, office: &str) -> Event {
        Event::new("detainer.received", self.created_at, tx.actor())
            .detainer(self.id)
            .data("form", self.form.as_str())
            .data("issued_on", self.issued_on.to_string())
            .data("custodian", custodian)
            .data("office", office)
            .data("row_hash", row_hash(&self.salt, &self.subject))
    }
}

/// The salted hash that the log keeps of what is personal on a paper.
pub fn row_hash(salt: &[u8], subject: &Subject) -> String {
    leaf::row_hash(
        salt,
        &(
            (
                &subject.family_name,
                &subject.given_name,
                &subject.additional_names,
                subject.date_of_birth,
            ),
            (
                subject.a_number.as_ref().map(|n| n.reveal().to_owned()),
                &subject.fbi_number,
                &subject.state_id,
            ),
        ),
    )
}
