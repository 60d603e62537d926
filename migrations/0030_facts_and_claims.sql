-- What the custodian states about a case, each fact with who and when, and what a person claims
-- about their citizenship or status. Nothing is edited away: the latest row of a name counts, and
-- a null value takes it back to unknown.
create table custodian.fact (
    agency_id   int not null,
    detainer_id uuid not null,
    name        text not null,
    n           bigint generated always as identity (cache 1),
    value       jsonb,
    -- A person's own statement, one sent with a determination, or what a resolved claim showed.
    source      text not null check (source in ('stated', 'determination', 'claim')),
    stated_at   timestamptz not null,
    stated_by   text not null,
    salt        bytea not null,
    primary key (agency_id, detainer_id, name, n),
    foreign key (agency_id, detainer_id) references custodian.case_file (agency_id, id)
);

create table custodian.citizenship_claim (
    agency_id    int not null,
    id           uuid not null,
    detainer_id  uuid not null,
    kind         text not null check (kind in ('us_citizen', 'derived_citizen', 'lawful_permanent_resident',
                                               'other_status')),
    claimed_at   timestamptz not null,
    proof        text,
    recorded_at  timestamptz not null,
    recorded_by  text not null,
    salt         bytea not null,
    result       text check (result in ('confirmed', 'not_confirmed', 'withdrawn')),
    resolved_at  timestamptz,
    source       text,
    settled_at   timestamptz,
    settled_by   text,
    primary key (agency_id, id),
    foreign key (agency_id, detainer_id) references custodian.case_file (agency_id, id),
    check ((result is null) = (settled_at is null))
);
create index on custodian.citizenship_claim (agency_id, detainer_id, recorded_at);

call public.force_row_security('custodian');
do $$
declare
    found text;
begin
    foreach found in array array['fact', 'citizenship_claim'] loop
        execute format($p$create policy custodian_own on custodian.%I to sallyport_custodian
            using (agency_id = nullif(current_setting('app.agency', true), '')::int)$p$, found);
        execute format('grant select, insert on custodian.%I to sallyport_custodian', found);
    end loop;
end
$$;
grant update (result, resolved_at, source, settled_at, settled_by)
    on custodian.citizenship_claim to sallyport_custodian;
