-- What was said of a booking, each time that it changed: a correction is a new fact, and what was
-- known before it stays readable. The booking's own row is the latest one.
set local lock_timeout = '2s';
create table custodian.booking_version (
    agency_id    int not null,
    booking_id   uuid not null,
    version      int not null check (version > 0),
    -- The statement without identifiers.
    content      jsonb not null,
    -- Each stated identifier, sealed for its own kind, in hexadecimal.
    identifiers  jsonb not null,
    salt         bytea not null,
    -- Null for what a notice alone said.
    content_hash bytea,
    recorded_at  timestamptz not null,
    recorded_by  text not null,
    event_id     uuid,
    primary key (agency_id, booking_id, version),
    foreign key (agency_id, booking_id) references custodian.booking (agency_id, id)
);
call public.force_row_security('custodian');
create policy custodian_own on custodian.booking_version to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
grant select, insert on custodian.booking_version to sallyport_custodian;

-- Counted on the booking's row: its lock makes two writers' versions two.
alter table custodian.booking add column version int not null default 0;

-- What stood there before versions were kept is the first one.
insert into custodian.booking_version (agency_id, booking_id, version, content, identifiers, salt, content_hash,
                                       recorded_at, recorded_by)
select b.agency_id, b.id, 1,
       jsonb_build_object(
           'booked_at', b.booked_at, 'otherwise_releasable_at', b.otherwise_releasable_at,
           'custody_basis', b.custody_basis,
           'subject', jsonb_build_object('family_name', p.family_name, 'given_name', p.given_name,
               'additional_names', p.additional_names, 'date_of_birth', p.date_of_birth, 'sex', p.sex,
               'citizenship', p.citizenship),
           'charges', coalesce((select jsonb_agg(jsonb_build_object('statute', c.statute, 'state', c.state,
                   'description', c.description, 'level', c.level, 'charged_on', c.charged_on,
                   'disposition', c.disposition, 'disposition_on', c.disposition_on) order by c.ordinal)
               from custodian.charge c where c.agency_id = b.agency_id and c.booking_id = b.id), '[]'::jsonb)),
       coalesce((select jsonb_object_agg(i.kind, encode(i.sealed, 'hex'))
          from custodian.identifier i where i.agency_id = b.agency_id and i.person_id = b.person_id), '{}'::jsonb),
       b.salt, b.content_hash, b.created_at, 'unknown'
  from custodian.booking b join custodian.person p on p.agency_id = b.agency_id and p.id = b.person_id;
update custodian.booking set version = 1;
