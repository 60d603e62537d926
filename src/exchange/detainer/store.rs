//! All SQL on the paper.

use std::collections::HashMap;
use std::str::FromStr;

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{
    Asks, Basis, Form, LiftReason, Paper, Service, ServiceMethod, SignedBy, Subject, Warrant,
    WarrantKind,
};
use crate::db::vault::Vault;
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::types::Timestamp;
use crate::types::ids::DetainerId;

/// A request about to be lodged.
pub struct NewPaper {
    pub id: DetainerId,
    pub agency_id: i32,
    pub office_id: i32,
    pub issuing_office_id: i32,
    pub form: Form,
    pub form_revision: Option<String>,
    pub issued_on: NaiveDate,
    pub subject: Subject,
    pub asks: Asks,
    pub basis: Basis,
    pub warrants: Vec<Warrant>,
    pub victim_or_witness: bool,
    pub received_at: Timestamp,
    pub channel: &'static str,
    pub source_id: Option<String>,
    pub salt: Vec<u8>,
    pub created_at: Timestamp,
    /// `office`, or `custodian` for paper that the jail had typed in.
    pub origin: &'static str,
    pub supersedes: Option<DetainerId>,
    pub duplicate_of: Option<DetainerId>,
    /// The request that another agency relayed.
    pub relayed_from: Option<Uuid>,
}

/// Inserts the paper and its warrants. The trigger opens the jail's case file.
pub async fn insert(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    paper: &NewPaper,
) -> Result<(), StoreError> {
    let subject = &paper.subject;
    let parts = paper.name_parts();
    let a_number = subject
        .a_number
        .as_ref()
        .map(|number| number.reveal().to_owned());
    let seal = |kind: &str, value: &Option<String>| {
        value
            .as_ref()
            .map(|value| vault.seal(kind, value.as_bytes()))
    };
    let index =
        |kind: &str, value: &Option<String>| value.as_ref().map(|value| vault.index(kind, value));
    sqlx::query!(
        r#"insert into exchange.detainer (
               id, agency_id, office_id, issuing_office_id, form, form_revision, issued_on,
               family_name, given_name, additional_names, name_parts, date_of_birth, sex, citizenship,
               a_number, a_number_index, fbi_number, fbi_number_index, state_id, state_id_index, booking_number,
               asks_notify, asks_hold, asks_transfer, asks_interview, asks_relay, asks_status_events,
               basis_final_order, basis_pending_proceedings, basis_biometric_records, basis_statements_or_evidence,
               basis_resume_custody, victim_or_witness, received_at, channel, source_id, salt, created_at,
               origin, supersedes, duplicate_of, relayed_from)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                   $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42)"#,
        paper.id.as_uuid(),
        paper.agency_id,
        paper.office_id,
        paper.issuing_office_id,
        paper.form.as_str(),
        paper.form_revision,
        paper.issued_on,
        subject.family_name,
        subject.given_name,
        subject.additional_names,
        &parts,
        subject.date_of_birth,
        subject.sex,
        subject.citizenship,
        seal("a_number", &a_number),
        index("a_number", &a_number),
        seal("fbi_number", &subject.fbi_number),
        index("fbi_number", &subject.fbi_number),
        seal("state_id", &subject.state_id),
        index("state_id", &subject.state_id),
        subject.booking_number,
        paper.asks.notify,
        paper.asks.hold,
        paper.asks.transfer,
        paper.asks.interview,
        paper.asks.relay,
        paper.asks.status_events,
        paper.basis.final_order,
        paper.basis.pending_proceedings,
        paper.basis.biometric_records,
        paper.basis.statements_or_evidence,
        paper.basis.resume_custody,
        paper.victim_or_witness,
        paper.received_at,
        paper.channel,
        paper.source_id,
        paper.salt,
        paper.created_at,
        paper.origin,
        paper.supersedes.map(DetainerId::as_uuid),
        paper.duplicate_of.map(DetainerId::as_uuid),
        paper.relayed_from
    )
    .execute(tx.conn())
    .await?;
    for (ordinal, warrant) in paper.warrants.iter().enumerate() {
        sqlx::query!(
            r#"insert into exchange.warrant (agency_id, office_id, detainer_id, ordinal, kind, signed_on, signer, signed_by, copy_present)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
            paper.agency_id,
            paper.office_id,
            paper.id.as_uuid(),
            ordinal as i32,
            warrant.kind.as_str(),
            warrant.signed_on,
            warrant.signer,
            warrant.signed_by.map(SignedBy::as_str),
            warrant.copy_present
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(())
}

/// A paper as it is stored, on the table or at the jail.
pub struct PaperRow {
    pub id: Uuid,
    pub agency_id: i32,
    pub office_id: i32,
    pub custodian: String,
    pub custodian_name: String,
    pub custodian_zone: String,
    pub custodian_connected: bool,
    pub office: String,
    pub office_name: String,
    pub issuing_office: String,
    pub form: String,
    pub form_revision: Option<String>,
    pub issued_on: NaiveDate,
    pub family_name: String,
    pub given_name: Option<String>,
    pub additional_names: Option<String>,
    pub date_of_birth: Option<NaiveDate>,
    pub sex: Option<String>,
    pub citizenship: Option<String>,
    pub a_number: Option<Vec<u8>>,
    pub fbi_number: Option<Vec<u8>>,
    pub state_id: Option<Vec<u8>>,
    pub booking_number: Option<String>,
    pub asks_notify: bool,
    pub asks_hold: bool,
    pub asks_transfer: bool,
    pub asks_interview: bool,
    pub asks_relay: bool,
    pub asks_status_events: bool,
    pub basis_final_order: bool,
    pub basis_pending_proceedings: bool,
    pub basis_biometric_records: bool,
    pub basis_statements_or_evidence: bool,
    pub basis_resume_custody: bool,
    pub victim_or_witness: bool,
    pub received_at: Timestamp,
    pub channel: String,
    pub source_id: Option<String>,
    pub created_at: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    pub acknowledged_by: Option<String>,
    pub served_at: Option<Timestamp>,
    pub service_method: Option<String>,
    pub service_method_other: Option<String>,
    pub service_language: Option<String>,
    pub served_by: Option<String>,
    pub notified_at: Option<Timestamp>,
    pub handed_over_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub cancel_reason: Option<String>,
    pub lift_reason: Option<String>,
    pub closed_at: Option<Timestamp>,
    pub superseded_at: Option<Timestamp>,
    pub supersedes: Option<Uuid>,
    pub duplicate_of: Option<Uuid>,
    pub warrants: i64,
}

impl PaperRow {
    pub fn read(self, vault: &Vault) -> Result<Paper, StoreError> {
        let word = |error: String| StoreError::Unreadable(error);
        let open = |kind: &str, sealed: &Option<Vec<u8>>| {
            sealed
                .as_ref()
                .map(|sealed| vault.open_text(kind, sealed))
                .transpose()
        };
        let service = match (self.served_at, self.service_method) {
            (Some(served_at), Some(method)) => Some(Service {
                served_at,
                method: ServiceMethod::from_str(&method).map_err(word)?,
                method_other: self.service_method_other,
                language: self.service_language,
                officer: self.served_by,
            }),
            _ => None,
        };
        Ok(Paper {
            id: self.id.into(),
            agency_id: self.agency_id,
            office_id: self.office_id,
            custodian: self.custodian,
            custodian_name: self.custodian_name,
            custodian_zone: self.custodian_zone,
            custodian_connected: self.custodian_connected,
            office: self.office,
            office_name: self.office_name,
            issuing_office: self.issuing_office,
            form: Form::from_str(&self.form).map_err(word)?,
            form_revision: self.form_revision,
            issued_on: self.issued_on,
            subject: Subject {
                family_name: self.family_name,
                given_name: self.given_name,
                additional_names: self.additional_names,
                date_of_birth: self.date_of_birth,
                sex: self.sex,
                citizenship: self.citizenship,
                a_number: open("a_number", &self.a_number)?.and_then(|text| text.parse().ok()),
                fbi_number: open("fbi_number", &self.fbi_number)?,
                state_id: open("state_id", &self.state_id)?,
                booking_number: self.booking_number,
            },
            asks: Asks {
                notify: self.asks_notify,
                hold: self.asks_hold,
                transfer: self.asks_transfer,
                interview: self.asks_interview,
                relay: self.asks_relay,
                status_events: self.asks_status_events,
            },
            basis: Basis {
                final_order: self.basis_final_order,
                pending_proceedings: self.basis_pending_proceedings,
                biometric_records: self.basis_biometric_records,
                statements_or_evidence: self.basis_statements_or_evidence,
                resume_custody: self.basis_resume_custody,
            },
            warrants: Vec::new(),
            victim_or_witness: self.victim_or_witness,
            received_at: self.received_at,
            channel: self.channel,
            source_id: self.source_id,
            created_at: self.created_at,
            acknowledged_at: self.acknowledged_at,
            acknowledged_by: self.acknowledged_by,
            service,
            notified_at: self.notified_at,
            handed_over_at: self.handed_over_at,
            cancelled_at: self.cancelled_at,
            cancel_reason: self.cancel_reason,
            lift_reason: self
                .lift_reason
                .as_deref()
                .map(LiftReason::from_str)
                .transpose()
                .map_err(word)?,
            closed_at: self.closed_at,
            superseded_at: self.superseded_at,
            supersedes: self.supersedes.map(DetainerId::from),
            duplicate_of: self.duplicate_of.map(DetainerId::from),
        })
    }
}

/// The papers with these ids that this caller sees, in the order of the ids.
pub async fn by_ids(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    ids: &[Uuid],
) -> Result<Vec<Paper>, StoreError> {
    let rows = sqlx::query_as!(
        PaperRow,
        r#"select d.id, d.agency_id, d.office_id, a.ori as custodian, a.name as custodian_name, a.time_zone as custodian_zone,
                  a.connected as custodian_connected, o.code as office, o.name as office_name, i.code as issuing_office,
                  d.form, d.form_revision, d.issued_on, d.family_name, d.given_name, d.additional_names, d.date_of_birth,
                  d.sex, d.citizenship, d.a_number, d.fbi_number, d.state_id, d.booking_number,
                  d.asks_notify, d.asks_hold, d.asks_transfer, d.asks_interview, d.asks_relay, d.asks_status_events,
                  d.basis_final_order, d.basis_pending_proceedings, d.basis_biometric_records,
                  d.basis_statements_or_evidence, d.basis_resume_custody, d.victim_or_witness, d.received_at, d.channel,
                  d.source_id, d.created_at, d.acknowledged_at, d.acknowledged_by, d.served_at, d.service_method,
                  d.service_method_other, d.service_language, d.served_by, d.notified_at, d.handed_over_at, d.cancelled_at, d.cancel_reason,
                  d.lift_reason, d.closed_at, d.superseded_at, d.supersedes, d.duplicate_of,
                  (select count(*) from exchange.warrant w where w.agency_id = d.agency_id and w.detainer_id = d.id) as "warrants!"
             from exchange.detainer d
             join registry.agency a on a.id = d.agency_id
             join registry.office o on o.id = d.office_id
             join registry.office i on i.id = d.issuing_office_id
            where d.id = any($1)"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let with_warrants: Vec<Uuid> = rows
        .iter()
        .filter(|row| row.warrants > 0)
        .map(|row| row.id)
        .collect();
    let mut found: HashMap<Uuid, Paper> = HashMap::with_capacity(rows.len());
    for row in rows {
        found.insert(row.id, row.read(vault)?);
    }
    if !with_warrants.is_empty() {
        let warrants = sqlx::query!(
            r#"select detainer_id, kind, signed_on, signer, signed_by, copy_present from exchange.warrant
                where detainer_id = any($1) order by detainer_id, ordinal"#,
            &with_warrants
        )
        .fetch_all(tx.conn())
        .await?;
        for row in warrants {
            if let Some(paper) = found.get_mut(&row.detainer_id) {
                paper.warrants.push(Warrant {
                    kind: WarrantKind::from_str(&row.kind).map_err(StoreError::Unreadable)?,
                    signed_on: row.signed_on,
                    signer: row.signer,
                    signed_by: row.signed_by.as_deref().and_then(SignedBy::parse),
                    copy_present: row.copy_present,
                });
            }
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// One paper, if this caller sees it.
pub async fn get(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    id: DetainerId,
) -> Result<Option<Paper>, StoreError> {
    Ok(by_ids(tx, vault, &[id.as_uuid()]).await?.pop())
}

/// Locks the paper for an act that crosses, last of a transaction's locks at the jail. Inserts
/// that refer to it do not wait (`no key`). Answers when it was withdrawn or replaced, if it was.
pub async fn lock(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
) -> Result<Option<Option<Timestamp>>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select coalesce(cancelled_at, superseded_at) from exchange.detainer where id = $1 for no key update",
        id.as_uuid()
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Told by the custodian: receipt.
pub async fn set_acknowledged(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
    at: Timestamp,
    by: &str,
) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "update exchange.detainer set acknowledged_at = $2, acknowledged_by = $3 where id = $1 and acknowledged_at is null",
        id.as_uuid(),
        at,
        by
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// Told by the custodian: service on the person.
pub async fn set_served(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
    service: &Service,
) -> Result<(), StoreError> {
    let update = sqlx::query!(
        r#"update exchange.detainer
              set served_at = $2, service_method = $3, service_method_other = $4, service_language = $5, served_by = $6
            where id = $1 and served_at is null"#,
        id.as_uuid(),
        service.served_at,
        service.method.as_str(),
        service.method_other,
        service.language,
        service.officer
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// The first told notice moves the office's stage.
pub async fn set_notified(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "update exchange.detainer set notified_at = coalesce(notified_at, $2) where id = $1",
        id.as_uuid(),
        at
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// Told by the custodian: it has handed the person over.
pub async fn set_handed_over(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "update exchange.detainer set handed_over_at = $2 where id = $1 and handed_over_at is null",
        id.as_uuid(),
        at
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// Written by the office: it withdraws the request.
pub async fn set_cancelled(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
    at: Timestamp,
    on: NaiveDate,
    reason: &str,
    lift_reason: Option<LiftReason>,
) -> Result<(), StoreError> {
    let update = sqlx::query!(
        r#"update exchange.detainer set cancelled_at = $2, cancelled_on = $3, cancel_reason = $4, lift_reason = $5
            where id = $1 and cancelled_at is null"#,
        id.as_uuid(),
        at,
        on,
        reason,
        lift_reason.map(LiftReason::as_str)
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// Written by the office: its own outcome closes its view.
pub async fn set_closed(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let update = sqlx::query!(
        "update exchange.detainer set closed_at = coalesce(closed_at, $2) where id = $1",
        id.as_uuid(),
        at
    );
    expect_one_row(update.execute(tx.conn()).await?)
}
