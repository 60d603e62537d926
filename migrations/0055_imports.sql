-- What a jail sends in files. The file lies here in sealed pieces while it is taken in, so that a run that was killed
-- goes on anywhere; nothing of it is left when the import has ended, but the rows that were not taken.
create table custodian.import_job (
    agency_id     int not null references registry.agency (id),
    id            uuid not null,
    kind          text not null check (kind in ('bookings', 'release_notices', 'detainers')),
    -- The mapping's name, and its text as it stood when the import began. Null: the headings are the fields' names.
    mapping       text,
    mapping_text  text,
    feed          text,
    -- The file has everybody who is in custody: who is missing is reported.
    roster        boolean not null default false,
    file_name     text,
    file_hash     bytea not null,
    status        text not null check (status in ('running', 'waiting', 'done', 'failed', 'cancelled')),
    -- Has somebody looked at what would change?
    confirmed     boolean not null default false,
    -- The first row that is not taken in yet, counted below the heading from 1. It moves in the transaction that
    -- writes the rows before it.
    next_ordinal  bigint not null default 1,
    read          bigint not null default 0,
    accepted      bigint not null default 0,
    unchanged     bigint not null default 0,
    rejected      bigint not null default 0,
    -- Records by kind: {"bookings": {"new": 1, "changed": 0, "unchanged": 0}}.
    records       jsonb not null default '{}',
    warnings      jsonb not null default '{}',
    headings      jsonb not null default '[]',
    -- Why it waits or failed.
    problem       text,
    -- By the wall clock: the process that carries it on renews it.
    claimed_until timestamptz,
    started_at    timestamptz not null,
    finished_at   timestamptz,
    started_by    text not null,
    credential    text not null,
    role          text not null,
    primary key (agency_id, id),
    check (read = accepted + unchanged + rejected),
    check ((status in ('running', 'waiting')) = (finished_at is null))
);
create index import_job_running on custodian.import_job (agency_id, id) where status = 'running';

create table custodian.import_piece (
    agency_id int not null,
    import_id uuid not null,
    piece     int not null,
    sealed    bytea not null,
    primary key (agency_id, import_id, piece),
    foreign key (agency_id, import_id) references custodian.import_job (agency_id, id)
);

-- A row that was not taken: where, why, and sealed as it stood.
create table custodian.import_reject (
    agency_id   int not null,
    import_id   uuid not null,
    ordinal     bigint not null,
    line        bigint not null,
    column_name text,
    reason      text not null,
    sealed      bytea not null,
    primary key (agency_id, import_id, ordinal),
    foreign key (agency_id, import_id) references custodian.import_job (agency_id, id)
);

create table custodian.import_mapping (
    agency_id int not null references registry.agency (id),
    name      text not null check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    kind      text not null,
    text      text not null,
    saved_at  timestamptz not null,
    saved_by  text not null,
    primary key (agency_id, name)
);

-- Who was in the last whole file of a feed. One that is missing from the next is reported and nothing else.
create table custodian.roster_entry (
    agency_id  int not null,
    feed       text not null,
    booking_id uuid not null,
    seen_at    timestamptz not null,
    gone_at    timestamptz,
    primary key (agency_id, feed, booking_id),
    foreign key (agency_id, booking_id) references custodian.booking (agency_id, id)
);

-- The jail's own record of a federal detainer, as its files have it: no request that was received here.
create table custodian.local_hold (
    agency_id  int not null,
    booking_id uuid not null,
    ordinal    int not null,
    closed_at  timestamptz,
    ending     text,
    raw        text,
    recorded_at timestamptz not null,
    primary key (agency_id, booking_id, ordinal),
    foreign key (agency_id, booking_id) references custodian.booking (agency_id, id)
);

-- Papers that came by file, so that the same file again brings none.
create table custodian.imported_paper (
    agency_id    int not null,
    content_hash bytea not null,
    detainer_id  uuid not null,
    primary key (agency_id, content_hash),
    foreign key (agency_id, detainer_id) references custodian.case_file (agency_id, id)
);

call public.force_row_security('custodian');
do $$
declare
    found text;
begin
    foreach found in array array['import_job', 'import_piece', 'import_reject', 'import_mapping', 'roster_entry', 'local_hold',
                                 'imported_paper'] loop
        execute format('create policy custodian_own on custodian.%I to sallyport_custodian
                        using (agency_id = nullif(current_setting(''app.agency'', true), '''')::int)', found);
        execute format('grant select, insert, update, delete on custodian.%I to sallyport_custodian', found);
    end loop;
end
$$;
create policy worker_reads on custodian.import_job for select to sallyport_worker using (true);
grant select (agency_id, id, status, claimed_until) on custodian.import_job to sallyport_worker;
