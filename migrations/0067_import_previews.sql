-- A file that was handed in on a page lies here until somebody has looked at its first rows and said what its columns
-- are. Until then nothing is taken in; what nobody starts is forgotten after a day.
alter table custodian.import_job
    add column preview boolean not null default false,
    -- The heading and the first rows, sealed: a page does not unpack the whole file again each time it is shown.
    add column peek    bytea,
    add constraint import_job_preview_waits check (not preview or status = 'waiting'),
    add constraint import_job_peek_of_preview check (preview = (peek is not null));
create index import_job_preview on custodian.import_job (agency_id, started_at) where preview;
grant select (preview, started_at) on custodian.import_job to sallyport_worker;
