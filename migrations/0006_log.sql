-- The log: one append-only table that everything else reads, a queue, and a dense stream for
-- each party. Leaf format v1 is written down in docs/LEAF.md and never changes.
create table log.event (
    id          uuid not null primary key,
    type        text not null,
    at          timestamptz not null,
    acting      text not null,
    agency_id   int,
    office_id   int,
    detainer_id uuid,
    subjects    jsonb not null,
    data        jsonb not null,
    leaf_hash   bytea not null check (length(leaf_hash) = 32)
) partition by range (id);
create index event_timeline on log.event (agency_id, detainer_id, at, id);

-- Months are ranges of the UUIDv7 id, whose first 48 bits are milliseconds since 1970.
create procedure log.add_month(month date)
language plpgsql as $$
declare
    name text := 'event_' || to_char(month, 'YYYY_MM');
    lower uuid := (lpad(to_hex((extract(epoch from month::timestamp) * 1000)::bigint), 12, '0')
                   || repeat('0', 20))::uuid;
    upper uuid := (lpad(to_hex((extract(epoch from (month + interval '1 month')::timestamp) * 1000)::bigint),
                        12, '0') || repeat('0', 20))::uuid;
begin
    if to_regclass('log.' || name) is null then
        execute format('create table log.%I partition of log.event for values from (%L) to (%L)',
                       name, lower, upper);
        execute format('alter table log.%I enable row level security', name);
        execute format('alter table log.%I force row level security', name);
    end if;
end
$$;
do $$
begin
    for ahead in 0..24 loop
        call log.add_month((date '2026-11-01' + make_interval(months => ahead))::date);
    end loop;
end
$$;
-- A clock outside the months that exist must not refuse what was accepted.
create table log.event_other partition of log.event default;

-- Who acted, by credential and name: personal, so apart from the event, which holds its hash.
create table log.actor (
    event_id   uuid primary key,
    side       text not null check (side in ('c', 'o', 'v', 's', 'w')),
    agency_id  int,
    office_id  int,
    credential text not null,
    name       text not null,
    salt       bytea not null
);

-- `seq` is drawn last in a transaction, after its locks: whatever depends on an event has a
-- higher one. Cache 1, or a session would hand out old numbers late.
create table log.queue (
    seq      bigint generated always as identity (cache 1) primary key,
    event_id uuid not null
);

create table log.entry (
    position        bigint primary key,
    event_id        uuid not null unique,
    agency_id       int,
    agency_position bigint,
    office_id       int,
    office_position bigint,
    entered_at      timestamptz not null,
    unique (agency_id, agency_position)
);

-- The office's stream carries its own copy: its role reads nothing else of the log.
create table log.office_entry (
    office_id   int not null,
    position    bigint not null,
    event_id    uuid not null,
    type        text not null,
    at          timestamptz not null,
    acting      text not null,
    detainer_id uuid,
    subjects    jsonb not null,
    data        jsonb not null,
    leaf_hash   bytea not null,
    entered_at  timestamptz not null,
    primary key (office_id, position)
);
create index on log.office_entry (office_id, detainer_id, position);

create table log.counter (
    party    text primary key,
    position bigint not null
);

call public.force_row_security('log');

create policy custodian_own on log.event to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
create policy office_appends on log.event for insert to sallyport_office
    with check (office_id = nullif(current_setting('app.office', true), '')::int);
create policy operator_appends on log.event for insert to sallyport_operator
    with check (agency_id is null and office_id is null or acting = 'operator');
create policy oversight_appends on log.event for insert to sallyport_oversight with check (agency_id is null and office_id is null);
create policy worker_reads on log.event for select to sallyport_worker using (true);
create policy worker_appends on log.event for insert to sallyport_worker with check (true);
grant select, insert on log.event to sallyport_custodian, sallyport_worker;
grant insert on log.event to sallyport_office, sallyport_operator, sallyport_oversight;

create policy custodian_own on log.actor to sallyport_custodian
    using (side = 'c' and agency_id = nullif(current_setting('app.agency', true), '')::int);
create policy office_own on log.actor to sallyport_office
    using (side = 'o' and office_id = nullif(current_setting('app.office', true), '')::int);
create policy operator_own on log.actor to sallyport_operator using (side = 's');
create policy oversight_own on log.actor to sallyport_oversight using (side = 'v');
create policy worker_own on log.actor to sallyport_worker using (side = 'w');
grant select, insert on log.actor to sallyport_custodian, sallyport_office, sallyport_operator,
    sallyport_oversight, sallyport_worker;

create policy anyone_queues on log.queue for insert to sallyport_custodian, sallyport_office,
    sallyport_oversight, sallyport_operator, sallyport_worker with check (true);
create policy worker_empties on log.queue to sallyport_worker using (true);
grant insert on log.queue to sallyport_custodian, sallyport_office, sallyport_oversight, sallyport_operator;
grant select, insert, update, delete on log.queue to sallyport_worker;

create policy custodian_own on log.entry for select to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
grant select (event_id, agency_id, agency_position, entered_at) on log.entry to sallyport_custodian;
create policy worker_all on log.entry to sallyport_worker using (true) with check (true);
grant select, insert on log.entry to sallyport_worker;
create policy office_own on log.office_entry for select to sallyport_office
    using (office_id = nullif(current_setting('app.office', true), '')::int);
grant select on log.office_entry to sallyport_office;
create policy worker_all on log.office_entry to sallyport_worker using (true) with check (true);
grant select, insert on log.office_entry to sallyport_worker;
create policy worker_all on log.counter to sallyport_worker using (true) with check (true);
grant select, insert, update on log.counter to sallyport_worker;
