-- What releases say about the past. It feeds statistics and never a work list, so it lies apart
-- from detainers: no tenant, no person, a row for each row of a file, whose words are kept.
create table reports.dataset (
    name        text primary key check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    format      text not null check (format in ('ddp')),
    file_hash   bytea not null check (length(file_hash) = 32),
    rows        bigint not null default 0,
    -- Null while a first import runs: the counts are not whole yet.
    imported_at timestamptz
);

-- The ordinal names a row for good: without a person key equal rows are different people.
create table reports.historical_detainer (
    dataset           text not null references reports.dataset (name),
    ordinal           int not null check (ordinal > 0),
    prepared_on       date not null,
    month             date not null generated always as (date_trunc('month', prepared_on::timestamp)::date) stored,
    form              text check (form in ('I-247', 'I-247A', 'I-247D', 'I-247G', 'I-247N', 'I-247X', 'other')),
    form_revision     text,
    asks              text not null check (asks in ('hold', 'notify', 'unknown')),
    -- Null is unknown: neither pending nor honoured.
    lift_reason       text check (lift_reason in (
                          'booked_into_detention', 'declined_by_lea', 'case_closed', 'duplicate', 'early_release',
                          'resource_constraint', 'insufficient_notice', 'no_longer_in_custody',
                          'not_amenable_to_removal', 'prosecutorial_discretion', 'superseded',
                          'usc_or_presumptive_claim', 'judicial_review', 'lifted', 'transferred', 'died',
                          'entered_in_error', 'other')),
    lift_reason_raw   text,
    facility          text,
    city              text,
    state             text check (state ~ '^[A-Z]{2}$'),
    county_fips       text check (county_fips ~ '^[0-9]{5}$'),
    county_method     text not null check (county_method in ('by_code', 'by_name', 'by_city', 'unresolved')),
    county_unresolved text check (county_unresolved in ('facility_blank', 'no_usable_state', 'city_unknown',
                                                        'city_ambiguous')),
    county_conflict   boolean not null,
    custodian_kind    text not null check (custodian_kind in ('local', 'state', 'federal', 'private', 'unknown')),
    raw_line          text not null,
    row_hash          bytea not null check (length(row_hash) = 32),
    primary key (dataset, ordinal),
    check ((county_fips is null) = (county_method = 'unresolved')),
    check ((county_unresolved is null) = (county_fips is not null)),
    check ((lift_reason is null) = (lift_reason_raw is null))
);
create index on reports.historical_detainer (county_fips, month);
create index on reports.historical_detainer (state, month);

-- `next_line` moves in the transaction that writes the chunk before it: a run that was killed
-- goes on there, and nothing is counted twice.
create table reports.import_job (
    id          uuid primary key,
    dataset     text not null references reports.dataset (name),
    format      text not null,
    file_hash   bytea not null check (length(file_hash) = 32),
    status      text not null check (status in ('running', 'done', 'failed')),
    next_line   bigint not null default 1,
    read        bigint not null default 0,
    accepted    bigint not null default 0,
    unchanged   bigint not null default 0,
    rejected    bigint not null default 0,
    removed     bigint not null default 0,
    problem     text,
    started_at  timestamptz not null,
    finished_at timestamptz,
    check (read = accepted + unchanged + rejected),
    check ((status = 'running') = (finished_at is null))
);
create unique index import_job_running on reports.import_job (dataset) where status = 'running';

create table reports.rejected_row (
    job_id      uuid not null references reports.import_job (id),
    ordinal     int not null,
    line        bigint not null,
    column_name text,
    value       text,
    reason      text not null,
    raw_line    text not null,
    primary key (job_id, ordinal)
);

call public.force_row_security('reports');

do $$
declare
    side text;
    found text;
begin
    foreach found in array array['dataset', 'historical_detainer', 'import_job', 'rejected_row'] loop
        execute format('create policy operator_all on reports.%I to sallyport_operator using (true) with check (true)', found);
        execute format('grant select, insert, update, delete on reports.%I to sallyport_operator', found);
    end loop;
    foreach side in array array['custodian', 'office', 'oversight'] loop
        foreach found in array array['dataset', 'historical_detainer'] loop
            execute format('create policy %1$s_reads on reports.%2$I for select to sallyport_%1$s using (true)', side, found);
            execute format('grant select on reports.%I to sallyport_%s', found, side);
        end loop;
    end loop;
end
$$;
