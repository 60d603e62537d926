-- The hand-over of a person, as each side states it: once each. Both statements lie on the table
-- between the sides: the office's is its own word, the custodian's is told.
create table exchange.handover (
    id             uuid primary key,
    agency_id      int not null,
    office_id      int not null references registry.office (id),
    detainer_id    uuid not null,
    side           text not null check (side in ('custodian', 'office')),
    taken_at       timestamptz not null,
    officer        text not null,
    i203_reference text,
    place          text not null,
    stated_by      text not null,
    salt           bytea not null,
    recorded_at    timestamptz not null,
    constraint handover_once_a_side unique (agency_id, detainer_id, side),
    foreign key (agency_id, detainer_id) references exchange.detainer (agency_id, id)
);
create index on exchange.handover (office_id, detainer_id);

call public.force_row_security('exchange');
create policy custodian_own on exchange.handover to sallyport_custodian
    using (agency_id = nullif(current_setting('app.agency', true), '')::int);
create policy office_own on exchange.handover to sallyport_office
    using (office_id = nullif(current_setting('app.office', true), '')::int);
grant select, insert on exchange.handover to sallyport_custodian, sallyport_office;
create policy custodian_states_its_own on exchange.handover as restrictive for insert
    to sallyport_custodian with check (side = 'custodian');
create policy office_states_its_own on exchange.handover as restrictive for insert
    to sallyport_office with check (side = 'office');

-- The office's stage moves only by the custodian's word.
alter table exchange.detainer add column handed_over_at timestamptz;
grant update (handed_over_at) on exchange.detainer to sallyport_custodian;

-- A statement that was kept back crosses with the hand-over.
grant update (disclosed) on custodian.outcome to sallyport_custodian;
