-- The wall: one schema for what each side may know. The office's role gets no usage on
-- `custodian`, so a leak needs a wrong grant here and not a forgotten filter in a query.
create schema registry;
create schema identity;
create schema exchange;
create schema custodian;
create schema log;
create schema delivery;
create schema reports;

grant usage on schema registry, identity, log to
    sallyport_custodian, sallyport_office, sallyport_oversight, sallyport_operator;
grant usage on schema registry, identity to sallyport_worker;
grant usage on schema exchange to sallyport_custodian, sallyport_office, sallyport_worker;
grant usage on schema custodian to sallyport_custodian, sallyport_opener;
grant usage on schema log to sallyport_worker;
grant usage on schema delivery to sallyport_worker;
grant usage on schema reports to
    sallyport_custodian, sallyport_office, sallyport_oversight, sallyport_operator;

-- Row security on each table of a schema, forced, with a way in for the owner: without it an
-- UPDATE in a later migration changes no row and reports success.
create procedure public.force_row_security(of_schema text)
language plpgsql as $$
declare
    found regclass;
begin
    for found in
        select c.oid::regclass from pg_class c
         where c.relnamespace = of_schema::regnamespace and c.relkind in ('r', 'p')
           and not (c.relrowsecurity and c.relforcerowsecurity)
    loop
        execute format('alter table %s enable row level security', found);
        execute format('alter table %s force row level security', found);
        execute format('create policy owner_all on %s to current_user using (true) with check (true)', found);
    end loop;
end
$$;
