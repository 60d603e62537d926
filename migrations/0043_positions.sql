-- What governing bodies adopted, as a timeline: it binds nobody here and feeds no rule. Loaded by
-- `migrate` from config/registry/positions.json.
create table registry.position (
    id           text primary key check (id ~ '^[a-z0-9-]{3,80}$'),
    body         text not null,
    jurisdiction text not null references registry.jurisdiction (id),
    kind         text not null check (kind in ('ordinance', 'resolution', 'amicus', 'litigation', 'letter',
                                               'sheriff_practice', 'policy')),
    number       text,
    adopted_on   date not null,
    effective_on date,
    vote         text,
    subject      text not null,
    legal_effect text not null check (legal_effect in ('none', 'claims_exemption', 'operational')),
    -- What became of it: a list of {on, what}.
    later        jsonb not null default '[]',
    source       text not null
);
create index on registry.position (adopted_on, id);

-- How an agency reads a contested rule: a version a row, public within the service.
create table registry.adopted_position (
    agency_id   int not null references registry.agency (id),
    act         text not null check (act in ('notify_release', 'hold_past_release', 'transfer_custody',
                                             'allow_interview')),
    version     int not null check (version > 0),
    rule        text not null,
    reading     text not null check (reading in ('permitted', 'prohibited')),
    signed_by   text not null,
    reason      text not null,
    recorded_at timestamptz not null,
    recorded_by text not null,
    salt        bytea not null,
    primary key (agency_id, act, version)
);

call public.force_row_security('registry');
do $$
declare
    side text;
begin
    foreach side in array array['custodian', 'office', 'oversight', 'operator', 'worker'] loop
        execute format('create policy %1$s_reads on registry.position for select to sallyport_%1$s using (true)', side);
        execute format('grant select on registry.position to sallyport_%s', side);
        execute format('create policy %1$s_reads on registry.adopted_position for select to sallyport_%1$s using (true)', side);
        execute format('grant select (agency_id, act, version, rule, reading, signed_by, reason, recorded_at)
                        on registry.adopted_position to sallyport_%s', side);
    end loop;
end
$$;
create policy custodian_adopts on registry.adopted_position for insert to sallyport_custodian
    with check (agency_id = nullif(current_setting('app.agency', true), '')::int);
grant insert on registry.adopted_position to sallyport_custodian;

-- An admin names the agencies of its subtree.
create policy oversight_names on registry.agency for update to sallyport_oversight
    using (id = any (string_to_array(nullif(current_setting('app.agencies', true), ''), ',')::int[]));
grant update (name, place) on registry.agency to sallyport_oversight;
