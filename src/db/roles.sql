-- The group roles of each side. They belong to the whole cluster, so several databases (and
-- several tests) may make them at once: a lost race is not an error, and no role is altered.
do $$
declare
    wanted text;
    -- From PostgreSQL 16 on who makes a role is its member at once, but may not act as it.
    needed text := case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end;
begin
    foreach wanted in array array[
        'sallyport_custodian', 'sallyport_office', 'sallyport_oversight',
        'sallyport_operator', 'sallyport_worker', 'sallyport_opener'
    ] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin noinherit', wanted);
            exception when duplicate_object or unique_violation then null;
            end;
        end if;
        if not pg_has_role(current_user, wanted, needed) then
            begin
                execute format('grant %I to current_user', wanted);
            exception when duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
end
$$;
