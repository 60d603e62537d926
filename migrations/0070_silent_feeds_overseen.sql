-- Which systems of which agencies have fallen silent: an admin sees the name that the agency gave it and two instants,
-- none of its rows and nothing of what it sent.
set local lock_timeout = '2s';
grant usage on schema custodian to sallyport_operator;
grant select (agency_id, name, last_at, silent_from) on custodian.feed to sallyport_oversight, sallyport_operator;
create policy oversight_reads on custodian.feed for select to sallyport_oversight
    using (silent_from is not null
       and agency_id = any (string_to_array(nullif(current_setting('app.agencies', true), ''), ',')::int[]));
create policy operator_reads on custodian.feed for select to sallyport_operator using (silent_from is not null);
