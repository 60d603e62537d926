-- What a custodian can tell an office: of a release, of a change of status, of a hold, of a
-- decision; and what was done by hand so that it was heard.
alter table exchange.notification
    add column hold_started_at  timestamptz,
    add column hold_deadline_at timestamptz,
    add column hold_basis       text,
    add column act              text check (act in ('notify_release', 'hold_past_release', 'transfer_custody',
                                                    'allow_interview')),
    add column decision         text check (decision in ('comply', 'decline')),
    add column decided_at       timestamptz,
    -- Reached by telephone, fax, e-mail or in person; never "acknowledged".
    add column delivered_at     timestamptz;
drop index exchange.notification_office_open;
alter table exchange.notification drop column status;
alter table exchange.notification add column status text not null generated always as (
    case when acknowledged_at is not null then 'acknowledged'
         when withdrawn_at is not null then 'withdrawn'
         when delivered_at is not null then 'delivered'
         when sent_at is not null then 'sent'
         else 'queued' end) stored;
create index notification_office_open on exchange.notification (office_id, effective_at)
    where status in ('queued', 'sent', 'delivered');
create index notification_custodian_open on exchange.notification (agency_id, effective_at)
    where status in ('queued', 'sent', 'delivered');
grant update (delivered_at, sent_at) on exchange.notification to sallyport_custodian;
grant select (office_id) on exchange.notification to sallyport_worker;

create table exchange.attempt (
    id              uuid primary key,
    agency_id       int not null,
    office_id       int not null references registry.office (id),
    notification_id uuid not null,
    channel         text not null check (channel in ('phone', 'fax', 'email', 'in_person')),
    at              timestamptz not null,
    told_to         text not null,
    told_by         text not null,
    result          text not null check (result in ('reached', 'left_message', 'no_answer')),
    recorded_at     timestamptz not null,
    salt            bytea not null,
    foreign key (agency_id, notification_id) references exchange.notification (agency_id, id)
);
create index on exchange.attempt (agency_id, notification_id, at);
create index on exchange.attempt (office_id, notification_id);
call public.force_row_security('exchange');
create policy custodian_own on exchange.attempt to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
create policy office_own on exchange.attempt for select to sallyport_office
    using (office_id = nullif(current_setting('app.office', true), '')::int);
grant select, insert on exchange.attempt to sallyport_custodian;
grant select on exchange.attempt to sallyport_office;

-- A review that has to be looked at though nothing can be told: why.
alter table custodian.review add column alert text;

-- What an agency decides beforehand, a version a row.
create table custodian.standing_decision (
    agency_id      int not null references registry.agency (id),
    version        int not null check (version > 0),
    notify_release text not null check (notify_release in ('never', 'when_required', 'when_permitted')),
    signed_by      text not null,
    reason         text not null,
    recorded_at    timestamptz not null,
    recorded_by    text not null,
    salt           bytea not null,
    primary key (agency_id, version)
);
call public.force_row_security('custodian');
create policy custodian_own on custodian.standing_decision to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
grant select, insert on custodian.standing_decision to sallyport_custodian;
