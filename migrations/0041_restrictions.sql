-- Why a record is hidden from everybody but the two sides: each setting is a row, the latest
-- counts, and a null kind lifts it. The case file and the booking carry the word in force.
set local lock_timeout = '2s';
alter table custodian.booking
    add column restriction text check (restriction in ('victim_or_witness', 'juvenile', 'sealed'));

create table custodian.restriction (
    agency_id   int not null,
    id          uuid not null,
    detainer_id uuid,
    booking_id  uuid,
    kind        text check (kind in ('victim_or_witness', 'juvenile', 'sealed')),
    reason      text not null,
    set_at      timestamptz not null,
    set_by      text not null,
    salt        bytea not null,
    event_id    uuid not null,
    primary key (agency_id, id),
    foreign key (agency_id, detainer_id) references custodian.case_file (agency_id, id),
    foreign key (agency_id, booking_id) references custodian.booking (agency_id, id),
    check (num_nonnulls(detainer_id, booking_id) = 1)
);
create index on custodian.restriction (agency_id, detainer_id, set_at) where detainer_id is not null;
create index on custodian.restriction (agency_id, booking_id, set_at) where booking_id is not null;
call public.force_row_security('custodian');
create policy custodian_own on custodian.restriction to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
grant select, insert on custodian.restriction to sallyport_custodian;
