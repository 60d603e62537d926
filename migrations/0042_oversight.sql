-- What admins and auditors of a jurisdiction may read of its agencies: columns without names,
-- birth dates, identifiers, booking numbers and free text, of records that nobody has restricted.
-- `app.agencies` lists the agencies of the caller's subtree; it is set with the lookup of the key.
set local lock_timeout = '2s';
grant usage on schema exchange, custodian to sallyport_oversight;

grant select (agency_id, id, restriction) on custodian.booking to sallyport_oversight;
create policy oversight_reads on custodian.booking for select to sallyport_oversight
    using (agency_id = any (string_to_array(nullif(current_setting('app.agencies', true), ''), ',')::int[]));

-- The restriction stands in the policy: whoever forgets the filter still sees nothing.
grant select (agency_id, id, office_id, form, issued_on, origin, status, acknowledged_at, served_at, release_expected_at,
              released_at, hold_deadline_at, handed_over_at, claim_open, booking_id, duplicate_of, restriction)
    on custodian.case_file to sallyport_oversight;
create policy oversight_reads on custodian.case_file for select to sallyport_oversight
    using (agency_id = any (string_to_array(nullif(current_setting('app.agencies', true), ''), ',')::int[])
       and restriction is null
       and not exists (select from custodian.booking b
                        where b.agency_id = case_file.agency_id and b.id = case_file.booking_id
                          and b.restriction is not null));

grant select (agency_id, detainer_id, notice, custody, stated_at, recorded_at) on custodian.outcome to sallyport_oversight;
create policy oversight_reads on custodian.outcome for select to sallyport_oversight
    using (agency_id = any (string_to_array(nullif(current_setting('app.agencies', true), ''), ',')::int[])
       and exists (select from custodian.case_file c
                    where c.agency_id = outcome.agency_id and c.id = outcome.detainer_id));

grant select (agency_id, id, asks_notify, asks_hold, asks_transfer, cancelled_at, lift_reason)
    on exchange.detainer to sallyport_oversight;
create policy oversight_reads on exchange.detainer for select to sallyport_oversight
    using (agency_id = any (string_to_array(nullif(current_setting('app.agencies', true), ''), ',')::int[])
       and exists (select from custodian.case_file c
                    where c.agency_id = detainer.agency_id and c.id = detainer.id));
grant select (agency_id, id, asks_notify, asks_hold, asks_transfer) on custodian.paper to sallyport_oversight;
create policy oversight_reads on custodian.paper for select to sallyport_oversight
    using (agency_id = any (string_to_array(nullif(current_setting('app.agencies', true), ''), ',')::int[])
       and exists (select from custodian.case_file c
                    where c.agency_id = paper.agency_id and c.id = paper.id));

grant select (agency_id, detainer_id, side, notice, custody, stated_at, recorded_at)
    on exchange.outcome to sallyport_oversight;
create policy oversight_reads on exchange.outcome for select to sallyport_oversight
    using (agency_id = any (string_to_array(nullif(current_setting('app.agencies', true), ''), ',')::int[])
       and exists (select from custodian.case_file c
                    where c.agency_id = outcome.agency_id and c.id = outcome.detainer_id));

-- The log of the subtree's agencies, but not what is about a restricted record, nor that one is.
grant select on log.event to sallyport_oversight;
create policy oversight_reads on log.event for select to sallyport_oversight
    using (agency_id = any (string_to_array(nullif(current_setting('app.agencies', true), ''), ',')::int[])
       and type <> 'restriction.set'
       and (detainer_id is null
            or exists (select from custodian.case_file c
                        where c.agency_id = event.agency_id and c.id = event.detainer_id))
       and not exists (select from custodian.booking b
                        where b.agency_id = event.agency_id and b.id = (event.subjects ->> 'booking')::uuid
                          and b.restriction is not null));
-- Reading leaves a trace that the agency, or the office, whose records were read can see; so does
-- what an admin does to an agency.
create policy oversight_leaves_traces on log.event for insert to sallyport_oversight
    with check (acting = 'oversight' and type in ('oversight.listed', 'audit.read', 'agency.changed', 'user.invited')
       and ((office_id is null
             and agency_id = any (string_to_array(nullif(current_setting('app.agencies', true), ''), ',')::int[]))
         or (agency_id is null and office_id = nullif(current_setting('app.office', true), '')::int)));
-- Who may have seen a record that is being restricted.
create index event_oversight on log.event (agency_id, at) where type = 'oversight.listed';

-- An auditor of an office reads that office's stream.
grant select on log.office_entry to sallyport_oversight;
create policy oversight_reads on log.office_entry for select to sallyport_oversight
    using (office_id = nullif(current_setting('app.office', true), '')::int);
