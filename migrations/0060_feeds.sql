-- The systems that send a jail's bookings and releases: when each was heard from last, and what
-- came of what it sent. The jail's side alone.
create table custodian.feed (
    agency_id              int not null,
    -- As the sender writes it: free text, so events name `id` instead.
    name                   text not null check (char_length(name) between 1 and 100),
    id                     uuid not null,
    last_at                timestamptz not null,
    -- Null: nobody said how often it sends, so it is never silent.
    expected_every_minutes int check (expected_every_minutes between 1 and 525600),
    -- Three times that after `last_at`. Stored, for the timer's index.
    silent_from            timestamptz,
    -- The alarm of the present silence, raised once; a sign of life takes it back.
    silence_recorded_at    timestamptz,
    rows                   bigint not null default 0,
    rejects                bigint not null default 0,
    conflicts              bigint not null default 0,
    -- The position in the log up to which a reader has counted notices: each counts once.
    counted_to             bigint not null default 0,
    primary key (agency_id, name),
    check ((expected_every_minutes is null) = (silent_from is null))
);
create index feed_silent on custodian.feed (agency_id, silent_from)
    where silent_from is not null and silence_recorded_at is null;

call public.force_row_security('custodian');
create policy custodian_own on custodian.feed to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
grant select, insert on custodian.feed to sallyport_custodian;
grant update (last_at, expected_every_minutes, silent_from, silence_recorded_at, rows, rejects, conflicts, counted_to)
    on custodian.feed to sallyport_custodian;

-- The worker sees at which agencies a silence is due, not of which feed.
create policy worker_reads on custodian.feed for select to sallyport_worker using (true);
grant select (agency_id, silent_from, silence_recorded_at) on custodian.feed to sallyport_worker;
