-- The table between the two sides: only what has crossed. A row has two tenants, so each side
-- has its own policy in the direct form that an index can serve, and its own leading index.
create table exchange.detainer (
    id                     uuid primary key,
    agency_id              int not null references registry.agency (id),
    office_id              int not null references registry.office (id),
    issuing_office_id      int not null references registry.office (id),
    form                   text not null check (form in ('I-247', 'I-247A', 'I-247D', 'I-247G', 'I-247N',
                                                         'I-247X', 'NCIC-hit', 'other')),
    form_revision          text,
    issued_on              date not null,
    family_name            text not null,
    given_name             text,
    additional_names       text,
    -- Folded name parts, sorted: search ignores case, accents and the order of parts.
    name_parts             text[] not null,
    date_of_birth          date,
    sex                    text,
    citizenship            text,
    -- Identifiers are sealed; the blind index answers equality and nothing else.
    a_number               bytea,
    a_number_index         bytea,
    fbi_number             bytea,
    fbi_number_index       bytea,
    state_id               bytea,
    state_id_index         bytea,
    booking_number         text,
    asks_notify            boolean not null,
    asks_hold              boolean not null,
    asks_transfer          boolean not null,
    asks_interview         boolean not null,
    asks_relay             boolean not null,
    asks_status_events     boolean not null,
    basis_final_order             boolean not null,
    basis_pending_proceedings     boolean not null,
    basis_biometric_records       boolean not null,
    basis_statements_or_evidence  boolean not null,
    basis_resume_custody          boolean not null,
    victim_or_witness      boolean not null default false,
    received_at            timestamptz not null,
    channel                text not null check (channel in ('api', 'paper', 'fax', 'email', 'ncic',
                                                            'relay', 'import')),
    source_id              text,
    salt                   bytea not null,
    created_at             timestamptz not null,
    -- Told by the custodian.
    acknowledged_at        timestamptz,
    acknowledged_by        text,
    served_at              timestamptz,
    service_method         text check (service_method in ('in_person', 'inmate_mail', 'other')),
    service_method_other   text,
    service_language       text,
    served_by              text,
    notified_at            timestamptz,
    -- Written by the office.
    cancelled_at           timestamptz,
    cancelled_on           date,
    cancel_reason          text,
    lift_reason            text,
    closed_at              timestamptz,
    -- The office's own view of the request; the custodian's is its case file.
    status                 text not null generated always as (
        case when cancelled_at is not null then 'cancelled'
             when closed_at is not null then 'closed'
             else 'pending' end) stored,
    unique (agency_id, id),
    unique (office_id, id),
    check (not (form in ('I-247G', 'I-247N') and (asks_hold or asks_transfer)))
);
create index detainer_office_pending on exchange.detainer (office_id, issued_on desc, id desc)
    where status = 'pending';
create index detainer_office_issued on exchange.detainer (office_id, issued_on desc, id desc);
create index detainer_office_a_number on exchange.detainer (office_id, a_number_index);

create table exchange.warrant (
    agency_id    int not null,
    office_id    int not null,
    detainer_id  uuid not null,
    ordinal      int not null,
    kind         text not null check (kind in ('judicial_criminal', 'judicial_civil', 'administrative_i200',
                                               'administrative_i203', 'administrative_i205',
                                               'administrative_i286')),
    signed_on    date,
    signer       text,
    signed_by    text check (signed_by in ('federal_judicial_officer', 'state_judicial_officer')),
    copy_present boolean,
    primary key (agency_id, detainer_id, ordinal),
    foreign key (agency_id, detainer_id) references exchange.detainer (agency_id, id)
);
create index on exchange.warrant (office_id, detainer_id);

create table exchange.notification (
    id              uuid primary key,
    agency_id       int not null,
    office_id       int not null references registry.office (id),
    detainer_id     uuid not null,
    about           text not null check (about in ('release', 'status', 'hold', 'decision')),
    kind            text,
    effective_at    timestamptz,
    told_at         timestamptz not null,
    sent_at         timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    withdrawn_at    timestamptz,
    status          text not null generated always as (
        case when acknowledged_at is not null then 'acknowledged'
             when withdrawn_at is not null then 'withdrawn'
             when sent_at is not null then 'sent'
             else 'queued' end) stored,
    unique (agency_id, id),
    -- Told only after the paper crossed.
    foreign key (agency_id, detainer_id) references exchange.detainer (agency_id, id)
);
create index on exchange.notification (agency_id, detainer_id, told_at);
create index on exchange.notification (office_id, detainer_id, told_at);
create index notification_office_open on exchange.notification (office_id, effective_at)
    where status in ('queued', 'sent');

create table exchange.outcome (
    id          uuid primary key,
    agency_id   int not null,
    office_id   int not null references registry.office (id),
    detainer_id uuid not null,
    side        text not null check (side in ('custodian', 'office')),
    notice      text not null,
    custody     text not null,
    stated_at   timestamptz not null,
    note        text,
    stated_by   text not null,
    salt        bytea not null,
    recorded_at timestamptz not null,
    foreign key (agency_id, detainer_id) references exchange.detainer (agency_id, id)
);
create index on exchange.outcome (agency_id, detainer_id, recorded_at);
create index on exchange.outcome (office_id, detainer_id, recorded_at);

call public.force_row_security('exchange');

do $$
declare
    found text;
begin
    foreach found in array array['detainer', 'warrant', 'notification', 'outcome'] loop
        execute format($p$create policy custodian_own on exchange.%I to sallyport_custodian
            using (agency_id = nullif(current_setting('app.agency', true), '')::int)$p$, found);
        execute format($p$create policy office_own on exchange.%I to sallyport_office
            using (office_id = nullif(current_setting('app.office', true), '')::int)$p$, found);
        execute format('grant select on exchange.%I to sallyport_custodian, sallyport_office', found);
    end loop;
end
$$;

-- What a side may write is a list of columns: neither can touch the other's.
grant insert on exchange.detainer, exchange.warrant to sallyport_office;
grant update (cancelled_at, cancelled_on, cancel_reason, lift_reason, closed_at)
    on exchange.detainer to sallyport_office;
grant update (acknowledged_at, acknowledged_by, served_at, service_method, service_method_other,
              service_language, served_by, notified_at)
    on exchange.detainer to sallyport_custodian;
grant insert, update (withdrawn_at) on exchange.notification to sallyport_custodian;
grant update (acknowledged_at, acknowledged_by) on exchange.notification to sallyport_office;
grant insert on exchange.outcome to sallyport_custodian, sallyport_office;
create policy custodian_states_its_own on exchange.outcome as restrictive for insert
    to sallyport_custodian with check (side = 'custodian');
create policy office_states_its_own on exchange.outcome as restrictive for insert
    to sallyport_office with check (side = 'office');

-- The sequencer records when a notification entered the office's stream.
create policy worker_sends on exchange.notification to sallyport_worker using (true) with check (true);
grant select (id, sent_at), update (sent_at) on exchange.notification to sallyport_worker;
