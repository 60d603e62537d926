-- Which way a position goes: `limiting` help with immigration enforcement or `cooperating` with it;
-- `unknown` where the text has not been read. `migrate` fills it from the file in the binary.
set local lock_timeout = '2s';
alter table registry.position add column direction text not null default 'unknown'
    check (direction in ('limiting', 'cooperating', 'unknown'));

-- Field offices are known by code and address before anybody registers them. Registering or
-- changing one makes it an operator's own, which `migrate` leaves alone.
alter table registry.office add column listed boolean not null default false;
-- Its liaison too, by writing its contacts.
grant update (listed) on registry.office to sallyport_office;
