-- An admin's preview of a draft leaves a trace with each agency whose decisions were asked again.
set local lock_timeout = '2s';
alter policy oversight_leaves_traces on log.event
    with check (acting = 'oversight'
       and type in ('oversight.listed', 'audit.read', 'agency.changed', 'user.invited', 'oversight.previewed')
       and ((office_id is null
             and agency_id = any (string_to_array(nullif(current_setting('app.agencies', true), ''), ',')::int[]))
         or (agency_id is null and office_id = nullif(current_setting('app.office', true), '')::int)));
-- How often a jurisdiction has asked of late.
create index event_previewed on log.event (agency_id, at) where type = 'oversight.previewed';
