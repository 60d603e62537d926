-- A release that the operator hands in over HTTP. Its file lies here in sealed pieces until it has been taken in, so that
-- a run that was killed goes on in any process; the command line has its file at hand and keeps none.
set local lock_timeout = '2s';

alter table reports.import_job
    add column mapping       text,
    add column file_name     text,
    -- What was kept but not understood, and how often; it moves with `next_line`.
    add column warnings      jsonb not null default '{}',
    -- Its file lies in `import_piece`: the service carries it on.
    add column kept          boolean not null default false,
    -- The process that carries it on renews it.
    add column claimed_until timestamptz,
    add column started_by    text not null default 'sallyport import',
    add column credential    text not null default 'commandline',
    drop constraint import_job_status_check,
    add constraint import_job_status_check check (status in ('running', 'done', 'failed', 'cancelled'));

create table reports.import_piece (
    import_id uuid not null references reports.import_job (id),
    piece     int not null,
    sealed    bytea not null,
    primary key (import_id, piece)
);

call public.force_row_security('reports');
create policy operator_all on reports.import_piece to sallyport_operator using (true) with check (true);
grant select, insert, delete on reports.import_piece to sallyport_operator;

-- A piece is a mebibyte: how many there are tells a nightly file from a large one, which must not hold it up.
create policy worker_reads on custodian.import_piece for select to sallyport_worker using (true);
grant select (agency_id, import_id, piece) on custodian.import_piece to sallyport_worker;
