-- Jurisdictions, agencies and offices: read by every side, written by the operator.
create table registry.jurisdiction (
    id         text primary key,
    level      text not null check (level in ('federal', 'state', 'county', 'city')),
    name       text not null,
    state      text,
    parent     text references registry.jurisdiction (id),
    fips       text
);
create index on registry.jurisdiction (state, level, name);

create table registry.agency (
    id           int generated always as identity primary key,
    ori          text not null unique check (ori ~ '^[A-Z0-9]{9}$'),
    name         text not null,
    kind         text not null check (kind in ('jail', 'sheriff', 'police', 'state_prison', 'campus',
                                               'court', 'probation', 'county_department')),
    jurisdiction text not null references registry.jurisdiction (id),
    time_zone    text not null,
    place        text,
    connected    boolean not null default true,
    created_at   timestamptz not null
);

create table registry.office (
    id         int generated always as identity primary key,
    code       text not null unique check (code ~ '^[A-Z0-9]{2,8}$'),
    name       text not null,
    kind       text not null check (kind in ('ice_field_office', 'ice_sub_office', 'cbp')),
    time_zone  text not null,
    contacts   jsonb not null default '[]',
    connected  boolean not null default true,
    created_at timestamptz not null
);

call public.force_row_security('registry');

do $$
declare
    side text;
    found text;
begin
    foreach side in array array['custodian', 'office', 'oversight', 'operator', 'worker'] loop
        foreach found in array array['jurisdiction', 'agency', 'office'] loop
            execute format('create policy %s_reads on registry.%s for select to sallyport_%s using (true)',
                           side, found, side);
            execute format('grant select on registry.%s to sallyport_%s', found, side);
        end loop;
    end loop;
end
$$;
create policy operator_writes on registry.agency to sallyport_operator using (true) with check (true);
create policy operator_writes on registry.office to sallyport_operator using (true) with check (true);
grant insert, update on registry.agency, registry.office to sallyport_operator;
