-- A hold and its clock. Both deadlines, their working and the rule's version are stored as they
-- were at the start: a later rule or calendar changes nothing that runs.
create table custodian.hold (
    agency_id               int not null,
    id                      uuid not null,
    detainer_id             uuid not null,
    -- When the person would otherwise have been released: the clock starts there.
    started_at              timestamptz not null,
    -- The governing deadline: the earliest of `deadlines`.
    deadline_at             timestamptz not null,
    basis                   text not null check (basis in ('form_48', 'reg_287_7', 'end_of_release_day', 'none')),
    rule                    text not null,
    working                 jsonb not null,
    deadlines               jsonb not null,
    authority_kind          text not null check (authority_kind in ('judicial_warrant', 'state_statute',
                                                                    'magistrate_order', 'agreement_287g')),
    authority_reference     text not null,
    assessment              jsonb not null,
    notification_id         uuid,
    started_by              text not null,
    salt                    bytea not null,
    recorded_at             timestamptz not null,
    ended_at                timestamptz,
    -- `expired`, `cancelled`, `released`, `handed_over`, or a reviewer's own words.
    end_reason              text,
    ended_by                text,
    end_recorded_at         timestamptz,
    primary key (agency_id, id),
    foreign key (agency_id, detainer_id) references custodian.case_file (agency_id, id),
    check ((ended_at is null) = (end_recorded_at is null) and (ended_at is null) = (end_reason is null))
);
create unique index hold_running on custodian.hold (agency_id, detainer_id) where ended_at is null;
create index on custodian.hold (agency_id, detainer_id, recorded_at);

-- What the timer has to record: a row for each mark that still lay ahead at the start, settled
-- once. The key makes a mark one event, whichever process is first.
create table custodian.hold_alert (
    agency_id   int not null,
    hold_id     uuid not null,
    mark        text not null check (mark in ('T-24h', 'T-6h', 'T-1h', 'T-15min', 'T')),
    detainer_id uuid not null,
    due_at      timestamptz not null,
    recorded_at timestamptz,
    -- The hold ended before.
    dropped_at  timestamptz,
    primary key (agency_id, hold_id, mark),
    foreign key (agency_id, hold_id) references custodian.hold (agency_id, id)
);
create index hold_alert_due on custodian.hold_alert (agency_id, due_at)
    where recorded_at is null and dropped_at is null;

call public.force_row_security('custodian');
do $$
declare
    found text;
begin
    foreach found in array array['hold', 'hold_alert'] loop
        execute format($p$create policy custodian_own on custodian.%I to sallyport_custodian
            using (agency_id = nullif(current_setting('app.agency', true), '')::int)$p$, found);
        execute format('grant select, insert on custodian.%I to sallyport_custodian', found);
    end loop;
end
$$;
grant update (ended_at, end_reason, ended_by, end_recorded_at) on custodian.hold to sallyport_custodian;
grant update (recorded_at, dropped_at) on custodian.hold_alert to sallyport_custodian;

-- The worker sees which timers are due, of every agency, and nothing else of the jail's: ids and
-- instants. What follows is done through the custodian's pool in the scope of that agency.
grant usage on schema custodian to sallyport_worker;
create policy worker_reads on custodian.hold_alert for select to sallyport_worker using (true);
grant select (agency_id, detainer_id, due_at, recorded_at, dropped_at) on custodian.hold_alert to sallyport_worker;
