-- An account begins with an invitation: a link that works once, within a week, and lets its
-- bearer choose a password. A new one for an account that exists is how a password is reset.
create table identity.invitation (
    id         text primary key check (id ~ '^[covs][a-z0-9]{15}$'),
    account_id uuid not null references identity.account (id),
    -- The account's: a policy that asked the account would ask in a circle.
    agency_id  int references registry.agency (id),
    token_hash bytea not null,
    invited_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz
);
create index on identity.invitation (agency_id, account_id);
-- Sessions and links from before a password was chosen are dead.
alter table identity.account add column password_set_at timestamptz;
call public.force_row_security('identity');

do $$
declare
    side record;
begin
    for side in select * from (values ('c', 'custodian'), ('o', 'office'), ('v', 'oversight'), ('s', 'operator'))
                as s (letter, role)
    loop
        execute format($p$create policy %2$s_presents on identity.invitation for select to sallyport_%2$s
            using (id = current_setting('app.credential', true) and left(id, 1) = %1$L)$p$, side.letter, side.role);
        execute format($p$create policy %2$s_uses on identity.invitation for update to sallyport_%2$s
            using (id = current_setting('app.credential', true) and left(id, 1) = %1$L)$p$, side.letter, side.role);
        execute format($p$create policy %2$s_invited on identity.account for select to sallyport_%2$s
            using (id = (select i.account_id from identity.invitation i
                          where i.id = current_setting('app.credential', true)))$p$, side.letter, side.role);
        execute format('grant select, update (used_at) on identity.invitation to sallyport_%s', side.role);
        execute format('grant update (password_set_at) on identity.account to sallyport_%s', side.role);
    end loop;
end
$$;

-- A reviewer invites submitters and reviewers of its own agency; the operator everybody.
create policy custodian_manages on identity.account to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int)
    with check (side = 'c' and role in ('submitter', 'reviewer')
                and agency_id = nullif(current_setting('app.agency', true), '')::int);
create policy custodian_sees on identity.invitation for select to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
create policy custodian_invites on identity.invitation for insert to sallyport_custodian
    with check (agency_id = nullif(current_setting('app.agency', true), '')::int
        and exists (select from identity.account a where a.id = account_id and a.agency_id = invitation.agency_id));
create policy operator_invites on identity.invitation to sallyport_operator using (true) with check (true);
grant insert, update (disabled_at) on identity.account to sallyport_custodian;
grant insert on identity.invitation to sallyport_custodian, sallyport_operator;
