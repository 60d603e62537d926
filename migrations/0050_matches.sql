-- A candidate waits for a person, and a person's word stands against matching.
alter table custodian.match add column salt bytea;
create index case_file_born on custodian.case_file (agency_id, date_of_birth)
    where status = 'pending' and booking_id is null;

-- An office keeps its own escalation list.
create policy office_keeps_contacts on registry.office for update to sallyport_office
    using (id = nullif(current_setting('app.office', true), '')::int);
grant update (contacts) on registry.office to sallyport_office;
