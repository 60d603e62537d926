-- Keys, users, sessions and the stored answers of `Idempotency-Key`.
-- A caller's credential is looked up under `app.credential`, before any tenant is known.
create table identity.api_key (
    id           text primary key check (id ~ '^[covs][a-z0-9]{15}$'),
    role         text not null check (role in ('submitter', 'reviewer', 'liaison', 'jurisdiction_admin',
                                               'system_admin', 'auditor')),
    agency_id    int references registry.agency (id),
    office_id    int references registry.office (id),
    jurisdiction text references registry.jurisdiction (id),
    name         text not null,
    secret_hash  bytea not null,
    created_at   timestamptz not null,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    -- One key, one side, one place: the first letter of the id says which.
    check ((left(id, 1) = 'c') = (role in ('submitter', 'reviewer') and agency_id is not null
                                  and office_id is null)),
    check ((left(id, 1) = 'o') = (role = 'liaison' and office_id is not null and agency_id is null)),
    check ((left(id, 1) = 's') = (role = 'system_admin')),
    check (jurisdiction is distinct from 'us')
);
create index on identity.api_key (agency_id) where agency_id is not null;

create table identity.account (
    id            uuid primary key,
    side          text not null check (side in ('c', 'o', 'v', 's')),
    role          text not null check (role in ('submitter', 'reviewer', 'liaison', 'jurisdiction_admin',
                                                'system_admin', 'auditor')),
    agency_id     int references registry.agency (id),
    office_id     int references registry.office (id),
    jurisdiction  text references registry.jurisdiction (id),
    email         text not null,
    name          text not null,
    password_hash text not null,
    failed_count  int not null default 0,
    failed_at     timestamptz,
    created_at    timestamptz not null,
    disabled_at   timestamptz,
    unique (side, email),
    check ((side = 'c') = (agency_id is not null)),
    check ((side = 'o') = (office_id is not null))
);

create table identity.session (
    id         text primary key check (id ~ '^[covs][a-z0-9]{15}$'),
    account_id uuid not null references identity.account (id),
    token_hash bytea not null,
    csrf       text not null,
    created_at timestamptz not null,
    seen_at    timestamptz not null,
    ended_at   timestamptz
);

create table identity.stored_answer (
    credential text not null,
    key        text not null,
    route      text not null,
    body_hash  bytea not null,
    status     int,
    headers    jsonb,
    body       bytea,
    created_at timestamptz not null,
    primary key (credential, key, route)
);
create index on identity.stored_answer (created_at);

call public.force_row_security('identity');

do $$
declare
    side record;
begin
    for side in select * from (values ('c', 'custodian'), ('o', 'office'), ('v', 'oversight'), ('s', 'operator'))
                as s (letter, role)
    loop
        execute format($p$create policy %2$s_presents on identity.api_key for select to sallyport_%2$s
            using (id = current_setting('app.credential', true) and left(id, 1) = %1$L)$p$, side.letter, side.role);
        execute format($p$create policy %2$s_presents on identity.session to sallyport_%2$s
            using (id = current_setting('app.credential', true) and left(id, 1) = %1$L)$p$, side.letter, side.role);
        execute format($p$create policy %2$s_signs_in on identity.account to sallyport_%2$s
            using (side = %1$L and (email = current_setting('app.login', true)
                or id = nullif(current_setting('app.account', true), '')::uuid))$p$, side.letter, side.role);
        execute format($p$create policy %2$s_answers on identity.stored_answer to sallyport_%2$s
            using (credential = current_setting('app.credential', true))$p$, side.role, side.role);
        execute format('grant select on identity.api_key to sallyport_%s', side.role);
        execute format('grant select, insert, update on identity.session, identity.stored_answer to sallyport_%s', side.role);
        execute format('grant select on identity.account to sallyport_%s', side.role);
        execute format('grant update (failed_count, failed_at, password_hash) on identity.account to sallyport_%s', side.role);
    end loop;
end
$$;
-- A session's account is read with the session itself, before the account is known.
do $$
declare
    side text;
begin
    foreach side in array array['custodian', 'office', 'oversight', 'operator'] loop
        execute format($p$create policy %1$s_own_session on identity.account for select to sallyport_%1$s
            using (id = (select s.account_id from identity.session s
                          where s.id = current_setting('app.credential', true)))$p$, side);
    end loop;
end
$$;

-- A reviewer manages the keys of its agency; the operator those of offices and oversight, and
-- the first ones of an agency at the command line.
create policy custodian_manages on identity.api_key to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
create policy operator_manages on identity.api_key to sallyport_operator using (true) with check (true);
create policy operator_manages on identity.account to sallyport_operator using (true) with check (true);
grant insert, update (revoked_at, last_used_at) on identity.api_key to sallyport_custodian;
grant insert, update on identity.api_key, identity.account to sallyport_operator;

-- Stored answers are forgotten after thirty days; the worker sees their age and nothing else.
create policy worker_forgets on identity.stored_answer to sallyport_worker using (true);
grant select (created_at), delete on identity.stored_answer to sallyport_worker;
