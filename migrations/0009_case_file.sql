-- What the jail's view of a request can become: paper that the jail typed in itself, and the
-- states of holds, hand-overs, claims and restrictions that its lists show.
alter table custodian.case_file
    -- `office`: lodged through this service. `typed`: paper, fax, e-mail or NCIC hit that the jail
    -- recorded. `relay`: a copy that another agency passed on.
    add column origin              text not null default 'office' check (origin in ('office', 'typed', 'relay')),
    -- When the office could first see the paper; null while it is the jail's own.
    add column crossed_at          timestamptz,
    add column supersedes          uuid,
    add column duplicate_of        uuid,
    -- The deadline of a hold that runs.
    add column hold_deadline_at    timestamptz,
    -- The jail's own hand-over.
    add column handed_over_at      timestamptz,
    -- A citizenship claim is open: cooperation pauses.
    add column claim_open          boolean not null default false,
    add column restriction         text check (restriction in ('victim_or_witness', 'juvenile', 'sealed')),
    -- Who made the link to the booking, or took it away: a person's word stands against matching.
    add column link_by             text check (link_by in ('match', 'person'));
update custodian.case_file set crossed_at = opened_at;

-- Only a paper that crossed has a row on the table between the sides.
alter table custodian.case_file drop constraint case_file_agency_id_id_fkey;
alter table custodian.case_file
    add column crossed_id uuid generated always as (case when crossed_at is not null then id end) stored,
    add foreign key (agency_id, crossed_id) references exchange.detainer (agency_id, id);
create index case_file_hold on custodian.case_file (agency_id, hold_deadline_at) where hold_deadline_at is not null;

grant update (crossed_at, supersedes, duplicate_of, hold_deadline_at, handed_over_at, claim_open, restriction,
              link_by, booking_number) on custodian.case_file to sallyport_custodian;

-- The opener again: a paper that crosses later finds its case file open already. Dropped as the
-- schema's owner, because the function belongs to the role that it runs as.
drop trigger detainer_opens_case_file on exchange.detainer;
drop function custodian.open_case_file();
create function custodian.open_case_file() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    insert into custodian.case_file (agency_id, id, office_id, form, issued_on, name_parts, date_of_birth,
                                     a_number_index, fbi_number_index, state_id_index, booking_number, opened_at,
                                     crossed_at)
    values (new.agency_id, new.id, new.office_id, new.form, new.issued_on, new.name_parts, new.date_of_birth,
            new.a_number_index, new.fbi_number_index, new.state_id_index, new.booking_number, new.created_at,
            new.created_at)
    on conflict do nothing;
    return null;
end
$$;
create trigger detainer_opens_case_file after insert on exchange.detainer
    for each row execute function custodian.open_case_file();
revoke all on function custodian.open_case_file() from public;
grant create on schema custodian to sallyport_opener;
alter function custodian.open_case_file() owner to sallyport_opener;
revoke create on schema custodian from sallyport_opener;
