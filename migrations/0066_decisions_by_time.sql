-- A preview of a draft reads what was decided in a window, a batch at a time in the order of time.
set local lock_timeout = '2s';
create index determination_by_time on custodian.determination (agency_id, decided_at, id);
create index review_withheld_by_time on custodian.review (agency_id, opened_at, id)
    where action = 'withheld' and disposition = 'prohibited';
