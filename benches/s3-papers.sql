select d.id, d.agency_id, d.office_id, a.ori as custodian, a.name as custodian_name, a.time_zone as custodian_zone,
       a.connected as custodian_connected, o.code as office, o.name as office_name, i.code as issuing_office,
       d.form, d.form_revision, d.issued_on, d.family_name, d.given_name, d.additional_names, d.date_of_birth,
       d.sex, d.citizenship, d.a_number, d.fbi_number, d.state_id, d.booking_number,
       d.asks_notify, d.asks_hold, d.asks_transfer, d.asks_interview, d.asks_relay, d.asks_status_events,
       d.basis_final_order, d.basis_pending_proceedings, d.basis_biometric_records,
       d.basis_statements_or_evidence, d.basis_resume_custody, d.victim_or_witness, d.received_at, d.channel,
       d.source_id, d.created_at, d.acknowledged_at, d.acknowledged_by, d.served_at, d.service_method,
       d.service_method_other, d.service_language, d.served_by, d.notified_at, d.cancelled_at, d.cancel_reason,
       d.lift_reason, d.closed_at,
       (select count(*) from exchange.warrant w where w.agency_id = d.agency_id and w.detainer_id = d.id) as warrants
  from exchange.detainer d
  join registry.agency a on a.id = d.agency_id
  join registry.office o on o.id = d.office_id
  join registry.office i on i.id = d.issuing_office_id
 where d.id = any (@IDS@);
