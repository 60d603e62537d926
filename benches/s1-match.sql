-- The statements of one POST /v1/release-notices, in the service's own order, under its role and settings.
-- The booking's person is asked for: a review is opened.
-- Variables: cred (key id), agency, base (milliseconds), tag, first and many (bookings), i (0).
\set i :i + 1
\set n :first + (:i * :step + :client_id) % :many
\startpipeline
begin;
select set_config('app.credential', :cred, true), set_config('app.agency', '', true), set_config('app.office', '', true),
       set_config('app.login', '', true), set_config('app.account', '', true);
\endpipeline
select k.role, k.secret_hash, k.name, k.jurisdiction,
       (k.revoked_at is null and (k.expires_at is null or k.expires_at > now())) as live,
       a.id, a.ori, a.name, a.time_zone, o.id, o.code, o.name, o.time_zone
  from identity.api_key k
       left join registry.agency a on a.id = k.agency_id
       left join registry.office o on o.id = k.office_id,
       lateral (select set_config('app.agency', coalesce(k.agency_id::text, ''), true),
                       set_config('app.office', coalesce(k.office_id::text, ''), true)) as scope
 where k.id = :cred and scope is not null;
insert into identity.stored_answer as stored (credential, key, route, body_hash, created_at)
values (:cred, :tag || '-' || :client_id::int || '-' || :i::int, 'POST /release-notices',
        '\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', now())
on conflict (credential, key, route) do update set created_at = stored.created_at
returning body_hash, status, headers, body;
select id from custodian.release_notice
 where agency_id = :agency and source_message_id = :tag || '-' || :client_id::int || '-' || :i::int;
select b.id, b.booking_number, b.booked_at, b.booked_on, b.otherwise_releasable_at, b.released_at, b.person_id,
       b.custody_basis, b.content_hash, p.date_of_birth, p.name_parts, b.restriction
  from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
 where b.agency_id = :agency and b.booking_number = 'B' || lpad(:n::text, 8, '0')
 order by b.booked_on desc nulls first limit 1;
insert into custodian.identifier (agency_id, person_id, kind, sealed, index)
values (:agency, ('019a00000002700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid, 'state_id',
        '\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
        '\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff')
on conflict (agency_id, person_id, kind) do nothing;
insert into custodian.release_notice (agency_id, id, booking_id, kind, effective_at, release_basis, public_url,
    public_captured_at, supersedes, source_message_id, feed, note, content_hash, salt, recorded_at, recorded_by, event_id)
values (:agency, (lpad(to_hex(:base::bigint + :i), 12, '0') || '70008000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid,
        ('019a00000001700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid, 'scheduled', timestamptz '2027-03-01', 'sentence_complete',
        null, null, null, :tag || '-' || :client_id::int || '-' || :i::int, 'jail management system',
        'The sentence ends on this day. The person leaves from the main gate in the morning, after the property has been returned and the papers have been signed; no transport is arranged.',
        '\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', '\x00112233445566778899aabbccddeeff', now(), 'bench',
        (lpad(to_hex(:base::bigint + :i), 12, '0') || '70018000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid)
on conflict (agency_id, source_message_id) do nothing
returning id, booking_id, 'B' || lpad(:n::text, 8, '0') as booking_number, kind, effective_at, release_basis, public_url,
          public_captured_at, supersedes, source_message_id, feed, note, content_hash, recorded_at, event_id, true as current;
with person as (
    select kind, index from custodian.identifier where agency_id = :agency and person_id = ('019a00000002700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid
)
select id from (
    (select id from (
    select id from custodian.case_file where agency_id = :agency and booking_id = ('019a00000001700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid
    union
    select id from custodian.case_file where agency_id = :agency and status = 'pending'
       and a_number_index = (select index from person where kind = 'a_number')
    union
    select id from custodian.case_file where agency_id = :agency and status = 'pending'
       and fbi_number_index = (select index from person where kind = 'fbi_number')
    union
    select id from custodian.case_file where agency_id = :agency and status = 'pending'
       and state_id_index = (select index from person where kind = 'state_id')
    union
    select id from custodian.case_file where agency_id = :agency and booking_number = 'B' || lpad(:n::text, 8, '0') and status = 'pending'
    ) strong order by id limit 50)
    union
    (select id from custodian.case_file where agency_id = :agency and status = 'pending' and booking_id is null
        and date_of_birth = date '1960-01-01' + (:n::bigint % 15000)::int and cardinality(name_parts) >= 2 and cardinality(array['ANA', 'EXAMPLE' || :n]) >= 2
        and (name_parts <@ array['ANA', 'EXAMPLE' || :n] or name_parts @> array['ANA', 'EXAMPLE' || :n]) order by id limit 20)
) found order by id;
select kind, index from custodian.identifier
 where agency_id = :agency and person_id = ('019a00000002700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid;
select id, office_id, form, origin, crossed_at, opened_at, issued_on, status, acknowledged_at, served_at, release_expected_at, released_at,
       booking_id, booking_number, date_of_birth, name_parts, a_number_index, fbi_number_index, state_id_index,
       supersedes, duplicate_of, hold_deadline_at, handed_over_at, claim_open, restriction, link_by
  from custodian.case_file
 where agency_id = :agency and id = any (array[('019a00000003700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid]) order by id for update;
select n.id, n.booking_id, b.booking_number, n.kind, n.effective_at, n.release_basis, n.public_url, n.public_captured_at,
       n.supersedes, n.source_message_id, n.feed, n.note, n.content_hash, n.recorded_at, n.event_id,
       not exists (select from custodian.release_notice l where l.agency_id = n.agency_id and l.supersedes = n.id) as current
  from custodian.release_notice n join custodian.booking b on b.agency_id = n.agency_id and b.id = n.booking_id
 where n.agency_id = :agency and n.booking_id = ('019a00000001700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid order by n.recorded_at, n.id;
select b.id, b.booking_number, b.booked_at, b.booked_on, b.otherwise_releasable_at, b.released_at, b.person_id,
       b.custody_basis, b.content_hash, p.date_of_birth, p.name_parts, b.restriction
  from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
 where b.agency_id = :agency and b.id in (
           select n.id from custodian.booking n where n.agency_id = :agency and n.booking_number = 'B' || lpad(:n::text, 8, '0')
           union
           select n.id from custodian.identifier i join custodian.booking n on n.agency_id = i.agency_id and n.person_id = i.person_id
            where i.agency_id = :agency and i.kind in ('a_number', 'fbi_number', 'state_id') and i.index = any (array[]::bytea[]))
 order by coalesce(b.booked_at, b.created_at) desc, b.id desc limit 50;
with found as (
insert into custodian.match (agency_id, id, detainer_id, booking_id, basis, status, same_person, found_at, decided_at)
values (:agency, (lpad(to_hex(:base::bigint + :i), 12, '0') || '70028000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid, ('019a00000003700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid, ('019a00000001700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid, 'booking', 'decided', true, now(), now())
on conflict (agency_id, detainer_id, booking_id) do nothing returning id)
select exists (select from found) as new,
       (select same_person from custodian.match where agency_id = :agency and detainer_id = ('019a00000003700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid
           and booking_id = ('019a00000001700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid and status = 'decided');
update custodian.case_file
   set status = 'pending', acknowledged_at = null, served_at = null, release_expected_at = timestamptz '2027-03-01',
       released_at = null, booking_id = ('019a00000001700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid,
       crossed_at = now(), supersedes = null, duplicate_of = null, hold_deadline_at = null, handed_over_at = null,
       claim_open = false, restriction = null, link_by = null
 where agency_id = :agency and id = ('019a00000003700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid;
select id, detainer_id, release_notice_id, basis, action, disposition, assessment, notification_id, due_at, settled_at, alert
  from custodian.review
 where agency_id = :agency and detainer_id = ('019a00000003700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid
   and release_notice_id = (lpad(to_hex(:base::bigint + :i), 12, '0') || '70008000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid;
select d.id, d.agency_id, d.office_id, a.ori, a.name, a.time_zone, a.connected, o.code, o.name, i.code,
       d.form, d.form_revision, d.issued_on, d.family_name, d.given_name, d.additional_names, d.date_of_birth,
       d.sex, d.citizenship, d.a_number, d.fbi_number, d.state_id, d.booking_number,
       d.asks_notify, d.asks_hold, d.asks_transfer, d.asks_interview, d.asks_relay, d.asks_status_events,
       d.basis_final_order, d.basis_pending_proceedings, d.basis_biometric_records,
       d.basis_statements_or_evidence, d.basis_resume_custody, d.victim_or_witness, d.received_at, d.channel,
       d.source_id, d.created_at, d.acknowledged_at, d.acknowledged_by, d.served_at, d.service_method,
       d.service_method_other, d.service_language, d.served_by, d.notified_at, d.handed_over_at, d.cancelled_at,
       d.cancel_reason, d.lift_reason, d.closed_at, d.superseded_at, d.supersedes, d.duplicate_of,
       (select count(*) from exchange.warrant w where w.agency_id = d.agency_id and w.detainer_id = d.id)
  from exchange.detainer d
       join registry.agency a on a.id = d.agency_id
       join registry.office o on o.id = d.office_id
       join registry.office i on i.id = d.issuing_office_id
 where d.id = any (array[('019a00000003700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid]);
select p.id, p.agency_id, p.office_id, a.ori, a.name, a.time_zone, a.connected, o.code, o.name, i.code,
       p.form, p.form_revision, p.issued_on, p.family_name, p.given_name, p.additional_names, p.date_of_birth,
       p.sex, p.citizenship, p.a_number, p.fbi_number, p.state_id, p.booking_number,
       p.asks_notify, p.asks_hold, p.asks_transfer, p.asks_interview, p.asks_relay, p.asks_status_events,
       p.basis_final_order, p.basis_pending_proceedings, p.basis_biometric_records,
       p.basis_statements_or_evidence, p.basis_resume_custody, p.victim_or_witness, p.received_at, p.channel,
       p.source_id, p.created_at, c.acknowledged_at, c.acknowledged_by, c.served_at, c.service_method,
       c.service_method_other, c.service_language, c.served_by, c.supersedes, c.duplicate_of,
       jsonb_array_length(p.warrants)::bigint
  from custodian.paper p
       join custodian.case_file c on c.agency_id = p.agency_id and c.id = p.id
       join registry.agency a on a.id = p.agency_id
       join registry.office o on o.id = p.office_id
       join registry.office i on i.id = p.issuing_office_id
 where p.agency_id = :agency and p.id = any (array[('019a00000003700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid]);
select a.ori, a.jurisdiction, a.kind,
       coalesce((select jsonb_agg(jsonb_build_array(p.rule, p.act, p.reading))
                   from (select distinct on (act) act, rule, reading from registry.adopted_position
                          where agency_id = :agency order by act, version desc) p), '[]')
  from registry.agency a where a.id = :agency;
select distinct on (detainer_id, name) detainer_id, name, value, source, stated_at, stated_by
  from custodian.fact where agency_id = :agency and detainer_id = any (array[('019a00000003700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid])
 order by detainer_id, name, n desc;
select b.id, p.date_of_birth,
       exists (select from custodian.release_notice n
                where n.agency_id = b.agency_id and n.booking_id = b.id and n.public_url is not null
                  and not exists (select from custodian.release_notice l
                                   where l.agency_id = n.agency_id and l.supersedes = n.id)),
       (select jsonb_agg(jsonb_build_object('statute', c.statute, 'state', c.state, 'level', c.level,
                                            'disposition', c.disposition, 'disposition_on', c.disposition_on)
                         order by c.ordinal)
          from custodian.charge c where c.agency_id = b.agency_id and c.booking_id = b.id)
  from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id
 where b.agency_id = :agency and b.id = any (array[('019a00000001700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid]);
select d.decision from custodian.determination d
  left join custodian.release_notice n on n.agency_id = d.agency_id and n.id = d.release_notice_id
  where d.agency_id = :agency and d.detainer_id = ('019a00000003700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid and d.act = 'notify_release'
  and (n.kind is null or n.kind not in ('transfer', 'escape', 'death', 'hospitalised', 'returned'))
  order by d.decided_at desc, d.id desc limit 1;
insert into custodian.review (agency_id, id, detainer_id, release_notice_id, act, basis, action, disposition, assessment,
                              notification_id, due_at, opened_at, settled_at, alert)
values (:agency, (lpad(to_hex(:base::bigint + :i), 12, '0') || '70048000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid, ('019a00000003700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid, (lpad(to_hex(:base::bigint + :i), 12, '0') || '70008000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid, 'notify_release', 'booking', 'queued', 'undetermined',
        jsonb_build_object('disposition', 'undetermined', 'citations', jsonb_build_array()), null, now(), now(), null, null);
with appended as (
    insert into log.event (id, type, at, acting, agency_id, office_id, detainer_id, subjects, data, leaf_hash)
    select * from unnest(array[(lpad(to_hex(:base::bigint + :i), 12, '0') || '70018000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid, (lpad(to_hex(:base::bigint + :i), 12, '0') || '70038000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid]::uuid[], array['release_notice.recorded', 'match.found']::text[],
        array[now(), now()]::timestamptz[], array['a:1', 'a:1']::text[], array[:agency::int, :agency::int], array[null, null]::int[],
        array[null, ('019a00000003700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid]::uuid[],
        array[jsonb_build_object('booking', ('019a00000001700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid, 'release_notice', (lpad(to_hex(:base::bigint + :i), 12, '0') || '70008000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid), jsonb_build_object('booking', ('019a00000001700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid)],
        array[jsonb_build_object('kind', 'scheduled', 'effective_at', '2027-03-01', 'content_hash', repeat('5a', 32), 'actor_hash', repeat('5a', 32)), jsonb_build_object('match', 'booking', 'actor_hash', repeat('5a', 32))]::jsonb[],
        array['\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', '\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff']::bytea[])
), acted as (
    insert into log.actor (event_id, side, agency_id, office_id, credential, name, salt)
    select id, 'c', :agency, null, :cred, 'bench', '\x00112233445566778899aabbccddeeff' from unnest(array[(lpad(to_hex(:base::bigint + :i), 12, '0') || '70018000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid, (lpad(to_hex(:base::bigint + :i), 12, '0') || '70038000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid]) as id
)
insert into log.queue (event_id) select id from unnest(array[(lpad(to_hex(:base::bigint + :i), 12, '0') || '70018000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid, (lpad(to_hex(:base::bigint + :i), 12, '0') || '70038000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid]) with ordinality as e (id, n) order by n;
select id, detainer_id, release_notice_id, basis, action, disposition, assessment, notification_id, due_at, settled_at, alert
  from custodian.review
 where agency_id = :agency and release_notice_id = (lpad(to_hex(:base::bigint + :i), 12, '0') || '70008000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid
 union all
select m.id, m.detainer_id, n.id, m.basis, 'queued', 'indeterminate', '{}', null, m.found_at + interval '24 hours', null, null
  from custodian.release_notice n join custodian.match m on m.agency_id = n.agency_id and m.booking_id = n.booking_id
 where n.agency_id = :agency and n.id = (lpad(to_hex(:base::bigint + :i), 12, '0') || '70008000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid and m.status = 'open'
 order by 2;
update identity.stored_answer
   set status = 201, body = decode(repeat('5a', 1400), 'hex'),
       headers = jsonb_build_object('content-type', 'application/json', 'etag', '"0123456789abcdef0123456789abcdef"',
                                    'location', '/v1/release-notices/' || (lpad(to_hex(:base::bigint + :i), 12, '0') || '70008000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid)
 where credential = :cred and key = :tag || '-' || :client_id::int || '-' || :i::int
   and route = 'POST /release-notices';
commit;
