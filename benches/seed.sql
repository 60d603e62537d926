-- Fills a fresh database for scripts/bench: 300 agencies and 20 offices with cubic skew, 300,000
-- requests, and the bookings of the largest agency. Everybody is made up. Run as the superuser:
-- row security would hide the tables from their owner. `sealed` is one A-number that the service
-- itself has sealed, so that each row of a list costs its decryption.
set synchronous_commit = off;
-- Triggers sleep, foreign keys among them: the case files follow below, in one statement.
set session_replication_role = replica;

insert into exchange.detainer (
    id, agency_id, office_id, issuing_office_id, form, form_revision, issued_on, family_name, given_name, name_parts,
    date_of_birth, sex, citizenship, a_number, a_number_index, asks_notify, asks_hold, asks_transfer, asks_interview,
    asks_relay, asks_status_events, basis_final_order, basis_pending_proceedings, basis_biometric_records,
    basis_statements_or_evidence, basis_resume_custody, received_at, channel, salt, created_at, closed_at)
select ('019a00000004700080' || lpad(to_hex(n), 14, '0'))::uuid, 1 + floor(300 * a ^ 3)::int, o, o, 'I-247A', '03/17',
       date '2026-11-20' - (n % 700), 'Example' || n % 5000, 'Given' || n % 300,
       array['EXAMPLE' || n % 5000, 'GIVEN' || n % 300], date '1960-01-01' + n % 15000, 'M', 'MEX',
       :'sealed'::bytea, sha256(n::text::bytea), true, true, true, false, true, true,
       false, false, true, false, false, now(), 'import', '\x00112233445566778899aabbccddeeff', now(),
       -- Three of five are no longer pending on either side.
       case when n % 10 < 6 then now() end
  from (select n, random() as a, 1 + floor(20 * random() ^ 3)::int as o from generate_series(1, 300000) n) r;

-- Bookings 1 to 20,000 are about nobody who is asked for; those from 1,000,001 are.
create temporary table stay as
select n from generate_series(1, 20000) n union all select n from generate_series(1000001, 1040000) n;
insert into custodian.person (agency_id, id, family_name, given_name, name_parts, date_of_birth, sex, created_at)
select 1, ('019a00000002700080' || lpad(to_hex(n), 14, '0'))::uuid, 'Example' || n, 'Ana', array['ANA', 'EXAMPLE' || n],
       date '1960-01-01' + (n % 15000)::int, 'F', now() from stay;
insert into custodian.identifier (agency_id, person_id, kind, sealed, index)
select 1, ('019a00000002700080' || lpad(to_hex(n), 14, '0'))::uuid, 'state_id', sha256(n::text::bytea),
       sha256(n::text::bytea) from stay;
insert into custodian.booking (agency_id, id, booking_number, booked_at, booked_on, person_id, custody_basis, salt, created_at)
select 1, ('019a00000001700080' || lpad(to_hex(n), 14, '0'))::uuid, 'B' || lpad(n::text, 8, '0'),
       timestamptz '2026-11-19 22:10:00-08', date '2026-11-19', ('019a00000002700080' || lpad(to_hex(n), 14, '0'))::uuid,
       'local_charge', '\x00112233445566778899aabbccddeeff', now() from stay;
insert into exchange.detainer (
    id, agency_id, office_id, issuing_office_id, form, form_revision, issued_on, family_name, given_name, name_parts,
    date_of_birth, sex, a_number, a_number_index, booking_number, asks_notify, asks_hold, asks_transfer, asks_interview,
    asks_relay, asks_status_events, basis_final_order, basis_pending_proceedings, basis_biometric_records,
    basis_statements_or_evidence, basis_resume_custody, received_at, channel, salt, created_at)
select ('019a00000003700080' || lpad(to_hex(n), 14, '0'))::uuid, 1, 1 + n % 20, 1 + n % 20, 'I-247A', '03/17',
       date '2026-11-20', 'Example' || n, 'Ana', array['ANA', 'EXAMPLE' || n], date '1960-01-01' + (n % 15000)::int, 'F', :'sealed'::bytea,
       sha256(n::text::bytea), 'B' || lpad(n::text, 8, '0'), true, true, true, false, true, true,
       false, false, true, false, false, now(), 'import', '\x00112233445566778899aabbccddeeff', now()
  from stay where n > 1000000;

insert into custodian.case_file (agency_id, id, office_id, form, issued_on, name_parts, date_of_birth, a_number_index,
                                 booking_number, status, opened_at)
select agency_id, id, office_id, form, issued_on, name_parts, date_of_birth, a_number_index, booking_number, status, created_at
  from exchange.detainer where channel = 'import';
vacuum analyze;
checkpoint;
