-- Paper that is the jail's own until a recorded act puts it on the table: what it received by
-- fax, mail, e-mail or NCIC and typed in, and copies that another agency relayed to it.
create table custodian.paper (
    agency_id              int not null,
    id                     uuid not null,
    office_id              int not null references registry.office (id),
    issuing_office_id      int not null references registry.office (id),
    form                   text not null,
    form_revision          text,
    issued_on              date not null,
    family_name            text not null,
    given_name             text,
    additional_names       text,
    date_of_birth          date,
    sex                    text,
    citizenship            text,
    a_number               bytea,
    fbi_number             bytea,
    state_id               bytea,
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
    warrants               jsonb not null,
    victim_or_witness      boolean not null,
    received_at            timestamptz not null,
    channel                text not null,
    source_id              text,
    -- Of a relayed copy: the request that was passed on, where the office knows that one.
    relayed_from           uuid,
    recorded_by            text not null,
    salt                   bytea not null,
    created_at             timestamptz not null,
    primary key (agency_id, id),
    foreign key (agency_id, id) references custodian.case_file (agency_id, id),
    check (not (form in ('I-247G', 'I-247N') and (asks_hold or asks_transfer)))
);

-- An agency passes a request on to the next one.
create table custodian.relay (
    agency_id    int not null,
    id           uuid not null,
    detainer_id  uuid not null,
    to_agency_id int not null references registry.agency (id),
    -- The id that the copy has at the receiving agency.
    paper_id     uuid not null,
    relayed_at   timestamptz not null,
    relayed_by   text not null,
    salt         bytea not null,
    primary key (agency_id, id),
    unique (agency_id, detainer_id, to_agency_id),
    foreign key (agency_id, detainer_id) references custodian.case_file (agency_id, id)
);

-- The letter box between two agencies: written by the one, read by the other, sealed.
create table custodian.relayed_paper (
    agency_id      int not null references registry.agency (id),
    relay_id       uuid not null,
    from_agency_id int not null references registry.agency (id),
    paper_id       uuid not null,
    content        bytea not null,
    sent_at        timestamptz not null,
    primary key (agency_id, relay_id)
);

call public.force_row_security('custodian');
create policy custodian_own on custodian.paper to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
create policy custodian_own on custodian.relay to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
create policy custodian_receives on custodian.relayed_paper for select to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
create policy custodian_sends on custodian.relayed_paper for insert to sallyport_custodian
    with check (from_agency_id = nullif(current_setting('app.agency', true), '')::int);
grant select, insert on custodian.paper, custodian.relay, custodian.relayed_paper to sallyport_custodian;

-- The table between the sides: who put the paper there, and what it replaces.
alter table exchange.detainer
    add column origin        text not null default 'office' check (origin in ('office', 'custodian')),
    add column supersedes    uuid,
    add column duplicate_of  uuid,
    add column relayed_from  uuid,
    add column superseded_at timestamptz,
    -- Local knowledge on paper that the jail typed in stays behind for good.
    add check (origin = 'office' or (booking_number is null and fbi_number is null and state_id is null
                                     and fbi_number_index is null and state_id_index is null
                                     and source_id is null and not victim_or_witness and form <> 'NCIC-hit'
                                     and channel in ('paper', 'relay')));
drop index exchange.detainer_office_pending;
alter table exchange.detainer drop column status;
alter table exchange.detainer add column status text not null generated always as (
    case when cancelled_at is not null then 'cancelled'
         when superseded_at is not null then 'superseded'
         when closed_at is not null then 'closed'
         else 'pending' end) stored;
create index detainer_office_pending on exchange.detainer (office_id, issued_on desc, id desc)
    where status = 'pending';
-- The same request: pending papers of one office at one custodian.
create index detainer_pair_pending on exchange.detainer (agency_id, office_id, date_of_birth)
    where status = 'pending';
create index detainer_relayed on exchange.detainer (office_id, relayed_from) where relayed_from is not null;

grant insert on exchange.detainer, exchange.warrant to sallyport_custodian;
grant update (superseded_at) on exchange.detainer to sallyport_custodian, sallyport_office;
create policy custodian_crosses on exchange.detainer as restrictive for insert
    to sallyport_custodian with check (origin = 'custodian');
create policy office_lodges on exchange.detainer as restrictive for insert
    to sallyport_office with check (origin = 'office');
create policy custodian_keeps_its_copy on exchange.warrant as restrictive for insert
    to sallyport_custodian with check (copy_present is null);

-- Who confirmed receipt of paper that the office cannot see.
alter table custodian.case_file add column acknowledged_by text;
grant update (acknowledged_by) on custodian.case_file to sallyport_custodian;
