-- What only the jail knows or decides. The office's role has no usage on this schema.
create table custodian.person (
    agency_id        int not null references registry.agency (id),
    id               uuid not null,
    family_name      text not null,
    given_name       text,
    additional_names text,
    name_parts       text[] not null,
    date_of_birth    date,
    sex              text,
    citizenship      text,
    created_at       timestamptz not null,
    primary key (agency_id, id)
);
create index on custodian.person (agency_id, date_of_birth);

create table custodian.identifier (
    agency_id int not null,
    person_id uuid not null,
    kind      text not null check (kind in ('a_number', 'fbi_number', 'state_id')),
    sealed    bytea not null,
    index     bytea not null,
    primary key (agency_id, person_id, kind),
    foreign key (agency_id, person_id) references custodian.person (agency_id, id)
);
create index on custodian.identifier (agency_id, kind, index);

-- One continuous local custody. `booked_at` is null while only a notice has named the number.
create table custodian.booking (
    agency_id               int not null references registry.agency (id),
    id                      uuid not null,
    booking_number          text not null,
    booked_at               timestamptz,
    booked_on               date,
    otherwise_releasable_at timestamptz,
    person_id               uuid not null,
    custody_basis           text check (custody_basis in ('local_charge', 'local_sentence', 'judicial_order',
                                                          'other_agency_hold', 'dhs_hold', 'dhs_contract')),
    released_at             timestamptz,
    content_hash            bytea,
    salt                    bytea not null,
    created_at              timestamptz not null,
    primary key (agency_id, id),
    foreign key (agency_id, person_id) references custodian.person (agency_id, id)
);
-- One booking of a number on a day, and one that waits for its date. An expression on purpose: a
-- column of a plain unique index counts as a key, and a feed that fills in `booked_on` would then
-- lock out the reference that a reader holding the case file is about to make: a deadlock.
create unique index booking_of_day
    on custodian.booking (agency_id, booking_number, coalesce(booked_on, '-infinity'::date));
create index on custodian.booking (agency_id, person_id);

create table custodian.charge (
    agency_id      int not null,
    booking_id     uuid not null,
    ordinal        int not null,
    statute        text,
    state          text,
    description    text,
    level          text,
    charged_on     date,
    disposition    text,
    disposition_on date,
    primary key (agency_id, booking_id, ordinal),
    foreign key (agency_id, booking_id) references custodian.booking (agency_id, id)
);

-- The custodian's view of a request, its list columns, and its lock.
create table custodian.case_file (
    agency_id           int not null,
    id                  uuid not null,
    office_id           int not null,
    form                text not null,
    issued_on           date not null,
    name_parts          text[] not null,
    date_of_birth       date,
    a_number_index      bytea,
    fbi_number_index    bytea,
    state_id_index      bytea,
    booking_number      text,
    status              text not null default 'pending'
                        check (status in ('pending', 'closed', 'cancelled', 'superseded')),
    acknowledged_at     timestamptz,
    served_at           timestamptz,
    -- Kept here too when the office was not told.
    service_method       text,
    service_method_other text,
    service_language     text,
    served_by            text,
    release_expected_at timestamptz,
    released_at         timestamptz,
    booking_id          uuid,
    opened_at           timestamptz not null,
    primary key (agency_id, id),
    foreign key (agency_id, id) references exchange.detainer (agency_id, id),
    foreign key (agency_id, booking_id) references custodian.booking (agency_id, id)
);
create index case_file_pending on custodian.case_file (agency_id, issued_on desc, id desc)
    where status = 'pending';
create index case_file_issued on custodian.case_file (agency_id, issued_on desc, id desc);
create index case_file_a_number on custodian.case_file (agency_id, a_number_index) where status = 'pending';
create index case_file_fbi_number on custodian.case_file (agency_id, fbi_number_index) where status = 'pending';
create index case_file_state_id on custodian.case_file (agency_id, state_id_index) where status = 'pending';
create index case_file_booking on custodian.case_file (agency_id, booking_id);
create index case_file_booking_number on custodian.case_file (agency_id, booking_number) where status = 'pending';
create index case_file_birth on custodian.case_file (agency_id, date_of_birth) where status = 'pending';

create table custodian.release_notice (
    agency_id         int not null,
    id                uuid not null,
    booking_id        uuid not null,
    kind              text not null check (kind in ('scheduled', 'rescheduled', 'immediate', 'cancelled',
                                                    'actual', 'correction', 'transfer', 'escape', 'death',
                                                    'hospitalised', 'returned')),
    effective_at      timestamptz not null,
    release_basis     text,
    public_url        text,
    public_captured_at timestamptz,
    supersedes        uuid,
    source_message_id text,
    feed              text,
    note              text,
    content_hash      bytea not null,
    salt              bytea not null,
    recorded_at       timestamptz not null,
    recorded_by       text not null,
    event_id          uuid not null,
    primary key (agency_id, id),
    unique (agency_id, source_message_id),
    foreign key (agency_id, booking_id) references custodian.booking (agency_id, id),
    foreign key (agency_id, supersedes) references custodian.release_notice (agency_id, id)
);
create index on custodian.release_notice (agency_id, booking_id, recorded_at);
-- What comes next: the overview's seventy-two hours.
create index on custodian.release_notice (agency_id, effective_at);
create index on custodian.release_notice (agency_id, supersedes) where supersedes is not null;

create table custodian.match (
    agency_id    int not null,
    id           uuid not null,
    detainer_id  uuid not null,
    booking_id   uuid not null,
    basis        text not null check (basis in ('booking', 'identifier', 'candidate')),
    status       text not null check (status in ('open', 'decided')),
    same_person  boolean,
    note         text,
    found_at     timestamptz not null,
    decided_at   timestamptz,
    decided_by   text,
    primary key (agency_id, id),
    unique (agency_id, detainer_id, booking_id),
    foreign key (agency_id, detainer_id) references custodian.case_file (agency_id, id),
    foreign key (agency_id, booking_id) references custodian.booking (agency_id, id)
);
create index match_open on custodian.match (agency_id, found_at) where status = 'open';

-- A decision that waits for a person: one per detainer and notice.
create table custodian.review (
    agency_id         int not null,
    id                uuid not null,
    detainer_id       uuid not null,
    release_notice_id uuid not null,
    act               text not null,
    -- How the request was known to be about the booking when the notice came.
    basis             text not null check (basis in ('booking', 'identifier', 'candidate')),
    action            text not null check (action in ('queued', 'withheld', 'notified')),
    disposition       text not null,
    assessment        jsonb not null,
    notification_id   uuid,
    due_at            timestamptz,
    opened_at         timestamptz not null,
    settled_at        timestamptz,
    primary key (agency_id, id),
    unique (agency_id, detainer_id, release_notice_id),
    foreign key (agency_id, detainer_id) references custodian.case_file (agency_id, id),
    foreign key (agency_id, release_notice_id) references custodian.release_notice (agency_id, id)
);
create index review_open on custodian.review (agency_id, due_at) where settled_at is null;
create index on custodian.review (agency_id, release_notice_id);

create table custodian.determination (
    agency_id         int not null,
    id                uuid not null,
    detainer_id       uuid not null,
    act               text not null check (act in ('notify_release', 'hold_past_release', 'transfer_custody',
                                                   'allow_interview')),
    decision          text not null check (decision in ('comply', 'decline')),
    reason_code       text not null,
    note              text,
    release_notice_id uuid,
    assessment        jsonb not null,
    departs_from_policy boolean not null default false,
    notification_id   uuid,
    decided_at        timestamptz not null,
    decided_by        text not null,
    salt              bytea not null,
    primary key (agency_id, id),
    foreign key (agency_id, detainer_id) references custodian.case_file (agency_id, id),
    foreign key (agency_id, release_notice_id) references custodian.release_notice (agency_id, id)
);
create index on custodian.determination (agency_id, detainer_id, decided_at);

create table custodian.outcome (
    agency_id   int not null,
    id          uuid not null,
    detainer_id uuid not null,
    notice      text not null,
    custody     text not null,
    stated_at   timestamptz not null,
    note        text,
    stated_by   text not null,
    disclosed   boolean not null,
    salt        bytea not null,
    recorded_at timestamptz not null,
    primary key (agency_id, id),
    foreign key (agency_id, detainer_id) references custodian.case_file (agency_id, id)
);
create index on custodian.outcome (agency_id, detainer_id, recorded_at);

call public.force_row_security('custodian');

do $$
declare
    found text;
begin
    for found in select tablename from pg_tables where schemaname = 'custodian' loop
        execute format($p$create policy custodian_own on custodian.%I to sallyport_custodian
            using (agency_id = nullif(current_setting('app.agency', true), '')::int)$p$, found);
        execute format('grant select, insert on custodian.%I to sallyport_custodian', found);
    end loop;
end
$$;
grant update (status, acknowledged_at, served_at, service_method, service_method_other, service_language,
              served_by, release_expected_at, released_at, booking_id)
    on custodian.case_file to sallyport_custodian;
grant update, delete on custodian.charge to sallyport_custodian;
grant update on custodian.person, custodian.identifier, custodian.booking, custodian.match, custodian.review
    to sallyport_custodian;

-- Paper that crosses opens the jail's case file in the writer's own transaction, whatever the
-- jail knows. The function belongs to a role that may insert there and nothing else: it is the
-- only one that runs with rights which its caller lacks (tests/architecture.rs).
create function custodian.open_case_file() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into custodian.case_file (agency_id, id, office_id, form, issued_on, name_parts, date_of_birth,
                                     a_number_index, fbi_number_index, state_id_index, booking_number, opened_at)
    values (new.agency_id, new.id, new.office_id, new.form, new.issued_on, new.name_parts, new.date_of_birth,
            new.a_number_index, new.fbi_number_index, new.state_id_index, new.booking_number, new.created_at);
    return null;
end
$$;
-- Made before the function changes hands: an owner that inherits nothing may not execute it after.
create trigger detainer_opens_case_file after insert on exchange.detainer
    for each row execute function custodian.open_case_file();
revoke all on function custodian.open_case_file() from public;
grant insert on custodian.case_file to sallyport_opener;
create policy opener_opens on custodian.case_file for insert to sallyport_opener with check (true);
grant create on schema custodian to sallyport_opener;
alter function custodian.open_case_file() owner to sallyport_opener;
revoke create on schema custodian from sallyport_opener;
