-- Who looked for a person or opened their history, and what for. The event holds the hash of this
-- row; the purpose is free text and stays here. Values that were looked for are blind indexes.
create table custodian.person_read (
    agency_id int not null,
    event_id  uuid not null,
    kind      text not null check (kind in ('search', 'history')),
    purpose   text not null,
    filters   jsonb not null,
    salt      bytea not null,
    read_at   timestamptz not null,
    read_by   text not null,
    primary key (agency_id, event_id)
);
call public.force_row_security('custodian');
create policy custodian_own on custodian.person_read to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
grant select, insert on custodian.person_read to sallyport_custodian;
