-- Readers of the log: where each one stands, and what it could not carry out.
create table delivery.reader (
    name     text primary key,
    position bigint not null
);
create table delivery.reader_failure (
    reader     text not null,
    position   bigint not null,
    event_id   uuid not null,
    attempts   int not null,
    error      text not null,
    failed_at  timestamptz not null,
    given_up   boolean not null default false,
    primary key (reader, position)
);
call public.force_row_security('delivery');
create policy worker_all on delivery.reader to sallyport_worker using (true) with check (true);
create policy worker_all on delivery.reader_failure to sallyport_worker using (true) with check (true);
grant select, insert, update on delivery.reader to sallyport_worker;
grant select, insert, update, delete on delivery.reader_failure to sallyport_worker;
