-- What is owed to the person and to counsel, and what was said of its being done. A statement is
-- a row of its own: the latest counts, and a null `done_at` takes it back.
create table custodian.duty (
    agency_id   int not null,
    id          uuid not null,
    detainer_id uuid not null,
    duty        text not null check (duty in ('copy_and_intent', 'notice_of_notice', 'consent_form', 'service_copy',
                                              'tell_held_under_detainer', 'report_to_director',
                                              'bring_before_judicial_official', 'notify_dhs_by', 'verify_status',
                                              'written_reason', 'record_in_file')),
    recipient   text not null,
    -- What called for it again, such as a notification; null when once is enough.
    occasion    uuid,
    due_at      timestamptz,
    citation    text,
    created_at  timestamptz not null,
    primary key (agency_id, id),
    foreign key (agency_id, detainer_id) references custodian.case_file (agency_id, id),
    constraint duty_once unique nulls not distinct (agency_id, detainer_id, duty, recipient, occasion)
);

create table custodian.duty_statement (
    agency_id int not null,
    duty_id   uuid not null,
    n         bigint generated always as identity (cache 1),
    done_at   timestamptz,
    evidence  text,
    stated_at timestamptz not null,
    stated_by text not null,
    salt      bytea not null,
    primary key (agency_id, duty_id, n),
    foreign key (agency_id, duty_id) references custodian.duty (agency_id, id)
);

call public.force_row_security('custodian');
do $$
declare
    found text;
begin
    foreach found in array array['duty', 'duty_statement'] loop
        execute format($p$create policy custodian_own on custodian.%I to sallyport_custodian
            using (agency_id = nullif(current_setting('app.agency', true), '')::int)$p$, found);
        execute format('grant select, insert on custodian.%I to sallyport_custodian', found);
    end loop;
end
$$;
