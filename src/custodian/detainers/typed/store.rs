//! All SQL on paper of the jail's own.

use std::collections::HashMap;

use sqlx::types::Json;
use uuid::Uuid;

use crate::custodian::detainers::case_file::Origin;
use crate::db::vault::Vault;
use crate::db::{ScopedTx, StoreError, expect_one_row};
use crate::exchange::detainer::Paper;
use crate::exchange::detainer::model::Warrant;
use crate::exchange::detainer::store::{NewPaper, PaperRow};
use crate::types::Timestamp;
use crate::types::ids::DetainerId;

/// Opens the case file of paper that the jail recorded, and keeps the paper.
pub async fn insert(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    paper: &NewPaper,
    origin: Origin,
    by: &str,
) -> Result<(), StoreError> {
    let subject = &paper.subject;
    let who = paper.who(vault);
    let parts = paper.name_parts();
    let a_number = subject.a_number.as_ref().map(|number| number.reveal());
    let seal =
        |kind: &str, value: Option<&str>| value.map(|text| vault.seal(kind, text.as_bytes()));
    sqlx::query!(
        r#"insert into custodian.case_file (agency_id, id, office_id, form, issued_on, name_parts, date_of_birth, a_number_index,
               fbi_number_index, state_id_index, booking_number, opened_at, origin, duplicate_of)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"#,
        paper.agency_id,
        paper.id.as_uuid(),
        paper.office_id,
        paper.form.as_str(),
        paper.issued_on,
        &parts,
        subject.date_of_birth,
        who.a_number,
        who.fbi_number,
        subject
            .state_id
            .as_ref()
            .map(|text| vault.index("state_id", text)),
        subject.booking_number,
        paper.created_at,
        origin.as_str(),
        paper.duplicate_of.map(DetainerId::as_uuid)
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"insert into custodian.paper (
               agency_id, id, office_id, issuing_office_id, form, form_revision, issued_on, family_name, given_name,
               additional_names, date_of_birth, sex, citizenship, a_number, fbi_number, state_id, booking_number,
               asks_notify, asks_hold, asks_transfer, asks_interview, asks_relay, asks_status_events,
               basis_final_order, basis_pending_proceedings, basis_biometric_records, basis_statements_or_evidence,
               basis_resume_custody, warrants, victim_or_witness, received_at, channel, source_id, relayed_from,
               recorded_by, salt, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
                   $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)"#,
        paper.agency_id,
        paper.id.as_uuid(),
        paper.office_id,
        paper.issuing_office_id,
        paper.form.as_str(),
        paper.form_revision,
        paper.issued_on,
        subject.family_name,
        subject.given_name,
        subject.additional_names,
        subject.date_of_birth,
        subject.sex,
        subject.citizenship,
        seal("a_number", a_number),
        seal("fbi_number", subject.fbi_number.as_deref()),
        seal("state_id", subject.state_id.as_deref()),
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
        Json(&paper.warrants) as _,
        paper.victim_or_witness,
        paper.received_at,
        paper.channel,
        paper.source_id,
        paper.relayed_from,
        by,
        paper.salt,
        paper.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The jail's own papers among these ids, with what it did about them.
pub async fn by_ids(
    tx: &mut ScopedTx<'_>,
    vault: &Vault,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Paper>, StoreError> {
    let agency = tx.agency_id();
    let rows = sqlx::query_as!(
        PaperRow,
        r#"select p.id, p.agency_id, p.office_id, a.ori as custodian, a.name as custodian_name, a.time_zone as custodian_zone,
                  a.connected as custodian_connected, o.code as office, o.name as office_name, i.code as issuing_office,
                  p.form, p.form_revision, p.issued_on, p.family_name, p.given_name, p.additional_names, p.date_of_birth,
                  p.sex, p.citizenship, p.a_number, p.fbi_number, p.state_id, p.booking_number,
                  p.asks_notify, p.asks_hold, p.asks_transfer, p.asks_interview, p.asks_relay, p.asks_status_events,
                  p.basis_final_order, p.basis_pending_proceedings, p.basis_biometric_records,
                  p.basis_statements_or_evidence, p.basis_resume_custody, p.victim_or_witness, p.received_at, p.channel,
                  p.source_id, p.created_at, c.acknowledged_at, c.acknowledged_by, c.served_at, c.service_method,
                  c.service_method_other, c.service_language, c.served_by, null::timestamptz as notified_at, null::timestamptz as handed_over_at,
                  null::timestamptz as cancelled_at, null::text as cancel_reason, null::text as lift_reason,
                  null::timestamptz as closed_at, null::timestamptz as superseded_at, c.supersedes, c.duplicate_of,
                  jsonb_array_length(p.warrants)::bigint as "warrants!"
             from custodian.paper p
             join custodian.case_file c on c.agency_id = p.agency_id and c.id = p.id
             join registry.agency a on a.id = p.agency_id
             join registry.office o on o.id = p.office_id
             join registry.office i on i.id = p.issuing_office_id
            where p.agency_id = $1 and p.id = any($2)"#,
        agency,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let with_warrants: Vec<Uuid> = rows
        .iter()
        .filter(|row| row.warrants > 0)
        .map(|row| row.id)
        .collect();
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        found.insert(row.id, row.read(vault)?);
    }
    if !with_warrants.is_empty() {
        let rows = sqlx::query!(
            r#"select id, warrants as "warrants: Json<Vec<Warrant>>" from custodian.paper
                where agency_id = $1 and id = any($2)"#,
            agency,
            &with_warrants
        )
        .fetch_all(tx.conn())
        .await?;
        for row in rows {
            if let Some(paper) = found.get_mut(&row.id) {
                paper.warrants = row.warrants.0;
            }
        }
    }
    Ok(found)
}

/// Pending requests of one office that may be about this person, crossed or not, oldest first.
pub async fn pending_about(
    tx: &mut ScopedTx<'_>,
    office: i32,
    who: &crate::exchange::detainer::same::Who,
) -> Result<Vec<Uuid>, StoreError> {
    let agency = tx.agency_id();
    Ok(sqlx::query_scalar!(
        r#"select id from custodian.case_file
            where agency_id = $1 and office_id = $2 and status = 'pending'
              and (a_number_index = $3 or fbi_number_index = $4 or (date_of_birth = $5 and name_parts = $6))
            order by opened_at, id limit 200"#,
        agency,
        office,
        who.a_number,
        who.fbi_number,
        who.date_of_birth,
        &who.name_parts
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Keeps who confirmed receipt.
pub async fn set_acknowledged_by(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
    by: &str,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let update = sqlx::query!(
        "update custodian.case_file set acknowledged_by = $3 where agency_id = $1 and id = $2",
        agency,
        id.as_uuid(),
        by
    );
    expect_one_row(update.execute(tx.conn()).await?)
}

/// Puts the paper on the table between the sides: everything that the office itself wrote on it,
/// and nothing that only the jail knows.
pub async fn copy_across(
    tx: &mut ScopedTx<'_>,
    id: DetainerId,
    supersedes: Option<DetainerId>,
    salt: &[u8],
    at: Timestamp,
) -> Result<(), StoreError> {
    let agency = tx.agency_id();
    let insert = sqlx::query!(
        r#"insert into exchange.detainer (
               id, agency_id, office_id, issuing_office_id, form, form_revision, issued_on,
               family_name, given_name, additional_names, name_parts, date_of_birth, sex, citizenship, a_number, a_number_index,
               asks_notify, asks_hold, asks_transfer, asks_interview, asks_relay, asks_status_events,
               basis_final_order, basis_pending_proceedings, basis_biometric_records, basis_statements_or_evidence,
               basis_resume_custody, received_at, channel, salt, created_at, origin, supersedes, relayed_from,
               acknowledged_at, acknowledged_by)
           select p.id, p.agency_id, p.office_id, p.issuing_office_id, p.form, p.form_revision, p.issued_on,
                  p.family_name, p.given_name, p.additional_names, c.name_parts, p.date_of_birth, p.sex, p.citizenship,
                  p.a_number, c.a_number_index,
                  p.asks_notify, p.asks_hold, p.asks_transfer, p.asks_interview, p.asks_relay, p.asks_status_events,
                  p.basis_final_order, p.basis_pending_proceedings, p.basis_biometric_records,
                  p.basis_statements_or_evidence, p.basis_resume_custody, $3,
                  case when c.origin = 'relay' then 'relay' else 'paper' end, $4, $3, 'custodian', $5, p.relayed_from,
                  c.acknowledged_at, c.acknowledged_by
             from custodian.paper p join custodian.case_file c on c.agency_id = p.agency_id and c.id = p.id
            where p.agency_id = $1 and p.id = $2"#,
        agency,
        id.as_uuid(),
        at,
        salt,
        supersedes.map(DetainerId::as_uuid)
    );
    expect_one_row(insert.execute(tx.conn()).await?)?;
    sqlx::query!(
        r#"insert into exchange.warrant (agency_id, office_id, detainer_id, ordinal, kind, signed_on, signer, signed_by)
           select p.agency_id, p.office_id, p.id, (w.n - 1)::int, w.item ->> 'kind', (w.item ->> 'signed_on')::date,
                  w.item ->> 'signer', w.item ->> 'signed_by'
             from custodian.paper p, jsonb_array_elements(p.warrants) with ordinality as w (item, n)
            where p.agency_id = $1 and p.id = $2"#,
        agency,
        id.as_uuid()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
