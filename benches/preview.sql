-- A million decisions of one Californian jail, for scripts/bench: four acts on each of 250,000
-- requests, every one with a stay, a charge, a warrant and five stated facts. Everybody is made
-- up. Run as the superuser after seed.sql; prints the agency.
set synchronous_commit = off;
set session_replication_role = replica;
select min(a.id) as agency
  from registry.agency a join registry.jurisdiction j on j.id = a.jurisdiction
 where a.ori like 'BENCH%' and j.parent = 'us-ca' \gset
create temporary table asked as
select n, ('019b00000003700080' || lpad(to_hex(n), 14, '0'))::uuid as request,
       ('019b00000001700080' || lpad(to_hex(n), 14, '0'))::uuid as stay,
       ('019b00000002700080' || lpad(to_hex(n), 14, '0'))::uuid as person
  from generate_series(1, 250000) n;
insert into custodian.person (agency_id, id, family_name, given_name, name_parts, date_of_birth, sex, created_at)
select :agency, person, 'Decided' || n, 'Ana', array['ANA', 'DECIDED' || n], date '1960-01-01' + n % 15000, 'F', now() from asked;
insert into custodian.booking (agency_id, id, booking_number, booked_at, booked_on, person_id, custody_basis, salt, created_at)
select :agency, stay, 'D' || lpad(n::text, 8, '0'), timestamptz '2024-01-01' + n * interval '4 minutes',
       date '2024-01-01' + n / 360, person, 'local_charge', '\x00112233445566778899aabbccddeeff', now() from asked;
insert into custodian.charge (agency_id, booking_id, ordinal, statute, state, level)
select :agency, stay, 1, 'PC ' || 200 + n % 400, 'CA', 'misdemeanor' from asked;
insert into exchange.detainer (
    id, agency_id, office_id, issuing_office_id, form, form_revision, issued_on, family_name, given_name, name_parts,
    date_of_birth, sex, booking_number, asks_notify, asks_hold, asks_transfer, asks_interview,
    asks_relay, asks_status_events, basis_final_order, basis_pending_proceedings, basis_biometric_records,
    basis_statements_or_evidence, basis_resume_custody, received_at, channel, salt, created_at, closed_at)
select request, :agency, 1 + n % 20, 1 + n % 20, 'I-247A', '03/17', date '2024-01-01' + n / 360, 'Decided' || n, 'Ana',
       array['ANA', 'DECIDED' || n], date '1960-01-01' + n % 15000, 'F', 'D' || lpad(n::text, 8, '0'), true, true, true, true,
       true, true, true, false, true, false, false, now(), 'api', '\x00112233445566778899aabbccddeeff', now(), now()
  from asked;
insert into exchange.warrant (agency_id, office_id, detainer_id, ordinal, kind, copy_present)
select :agency, 1 + n % 20, request, 1, 'administrative_i200', true from asked;
insert into custodian.case_file (agency_id, id, office_id, form, issued_on, name_parts, date_of_birth, booking_number, booking_id,
                                 status, opened_at, crossed_at)
select :agency, request, 1 + n % 20, 'I-247A', date '2024-01-01' + n / 360, array['ANA', 'DECIDED' || n],
       date '1960-01-01' + n % 15000, 'D' || lpad(n::text, 8, '0'), stay, 'closed', now(), now() from asked;
insert into custodian.fact (agency_id, detainer_id, name, value, source, stated_at, stated_by, salt)
select :agency, request, name, value, 'stated', timestamptz '2024-01-01', 'bench', '\x00112233445566778899aabbccddeeff'
  from asked, (values
      ('convictions', '[{"state": "CA", "statute": "PC 459", "level": "felony", "disposition_on": "2017-11-22"}]'::jsonb),
      ('judicial_warrant', 'false'), ('federal_felony_warrant', 'false'), ('tsdb_match', 'false'),
      ('release_information_public', 'false')) said (name, value);
insert into custodian.determination (agency_id, id, detainer_id, act, decision, reason_code, assessment, decided_at, decided_by, salt)
select :agency, ('019b0000000' || place || '700080' || lpad(to_hex(n), 14, '0'))::uuid, request, act, 'comply', 'law_permits',
       '{"disposition": "permitted", "because": []}', timestamptz '2024-01-01' + n * interval '4 minutes' + place * interval '1 minute',
       'bench', '\x00112233445566778899aabbccddeeff'
  from asked, (values (4, 'notify_release'), (5, 'hold_past_release'), (6, 'transfer_custody'), (7, 'allow_interview')) a (place, act);
vacuum analyze;
select ori from registry.agency where id = :agency;
