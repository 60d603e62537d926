//! What was said of a booking, each time that it changed: a correction is a new fact.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::upsert::{BookingRequest, PersonRequest};
use crate::db::vault::Vault;
use crate::db::{ScopedTx, StoreError};
use crate::log::{append, leaf};
use crate::types::{Timestamp, ids};

/// A statement as it is kept, and the hash that its event commits to.
pub struct Version {
    /// Without identifiers.
    pub content: Value,
    /// Each sealed for its own kind, in hexadecimal.
    pub identifiers: Value,
    pub salt: Vec<u8>,
}

impl Version {
    /// What a feed said.
    pub fn of_feed(request: &BookingRequest, vault: &Vault) -> Self {
        let content = serde_json::json!({
            "booked_at": append::instant(request.booked_at),
            "otherwise_releasable_at": request.otherwise_releasable_at.map(append::instant),
            "subject": described(&request.subject),
            "charges": request.charges,
            "custody_basis": request.custody_basis,
        });
        Self::new(content, &request.subject, vault)
    }

    /// What a notice said of a number that nobody knew.
    pub fn of_notice(subject: &PersonRequest, vault: &Vault) -> Self {
        let content = serde_json::json!({"booked_at": null, "subject": described(subject)});
        Self::new(content, subject, vault)
    }

    fn new(content: Value, subject: &PersonRequest, vault: &Vault) -> Self {
        let identifiers: Map<String, Value> = subject
            .identifiers()
            .into_iter()
            .map(|(kind, value)| {
                let sealed = hex::encode(vault.seal(kind, value.as_bytes()));
                (kind.to_owned(), sealed.into())
            })
            .collect();
        Self {
            content,
            identifiers: Value::Object(identifiers),
            salt: ids::salt(),
        }
    }

    /// Commits to the row, erasable with its salt.
    pub fn row_hash(&self) -> String {
        leaf::row_hash(&self.salt, &(&self.content, &self.identifiers))
    }
}

/// The subject without identifiers.
fn described(subject: &PersonRequest) -> Value {
    let mut value = serde_json::to_value(subject).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        for kind in ["a_number", "fbi_number", "state_id"] {
            object.remove(kind);
        }
    }
    value
}

/// Keeps what a notice said when it opened a booking; a feed's statement is kept with the update
/// of the booking's row.
pub async fn keep(
    tx: &mut ScopedTx<'_>,
    booking: Uuid,
    version: &Version,
    event: Uuid,
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let by = tx.actor().name.clone();
    sqlx::query!(
        r#"with counted as (
               update custodian.booking set version = version + 1 where agency_id = $1 and id = $2 returning version
           )
           insert into custodian.booking_version (agency_id, booking_id, version, content, identifiers, salt, recorded_at,
                                                  recorded_by, event_id)
           select $1, $2, version, $3, $4, $5, $6, $7, $8 from counted"#,
        agency,
        booking,
        version.content,
        version.identifiers,
        version.salt,
        at,
        by,
        event
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
