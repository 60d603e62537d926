-- The statements of one POST /v1/release-notices, in the service's own order, under its role and settings.
-- Nobody asks for the booking's person.
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
with appended as (
    insert into log.event (id, type, at, acting, agency_id, office_id, detainer_id, subjects, data, leaf_hash)
    select * from unnest(array[(lpad(to_hex(:base::bigint + :i), 12, '0') || '70018000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid]::uuid[], array['release_notice.recorded']::text[],
        array[now()]::timestamptz[], array['a:1']::text[], array[:agency::int], array[null]::int[],
        array[null]::uuid[],
        array[jsonb_build_object('booking', ('019a00000001700080' || lpad(to_hex(:n::bigint), 14, '0'))::uuid, 'release_notice', (lpad(to_hex(:base::bigint + :i), 12, '0') || '70008000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid)],
        array[jsonb_build_object('kind', 'scheduled', 'effective_at', '2027-03-01', 'content_hash', repeat('5a', 32), 'actor_hash', repeat('5a', 32))]::jsonb[],
        array['\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff']::bytea[])
), acted as (
    insert into log.actor (event_id, side, agency_id, office_id, credential, name, salt)
    select id, 'c', :agency, null, :cred, 'bench', '\x00112233445566778899aabbccddeeff' from unnest(array[(lpad(to_hex(:base::bigint + :i), 12, '0') || '70018000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid]) as id
)
insert into log.queue (event_id) select id from unnest(array[(lpad(to_hex(:base::bigint + :i), 12, '0') || '70018000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid]) with ordinality as e (id, n) order by n;
select id, detainer_id, release_notice_id, basis, action, disposition, assessment, notification_id, due_at, settled_at, alert
  from custodian.review
 where agency_id = :agency and release_notice_id = (lpad(to_hex(:base::bigint + :i), 12, '0') || '70008000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid
 union all
select m.id, m.detainer_id, n.id, m.basis, 'queued', 'indeterminate', '{}', null, m.found_at + interval '24 hours', null, null
  from custodian.release_notice n join custodian.match m on m.agency_id = n.agency_id and m.booking_id = n.booking_id
 where n.agency_id = :agency and n.id = (lpad(to_hex(:base::bigint + :i), 12, '0') || '70008000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid and m.status = 'open'
 order by 2;
update identity.stored_answer
   set status = 201, body = decode(repeat('5a', 1000), 'hex'),
       headers = jsonb_build_object('content-type', 'application/json', 'etag', '"0123456789abcdef0123456789abcdef"',
                                    'location', '/v1/release-notices/' || (lpad(to_hex(:base::bigint + :i), 12, '0') || '70008000' || lpad(to_hex(:client_id::int), 12, '0'))::uuid)
 where credential = :cred and key = :tag || '-' || :client_id::int || '-' || :i::int
   and route = 'POST /release-notices';
commit;
