-- What an agency owes, the most pressing first: the index has the order of the list, so that a
-- page of it is read and nothing is sorted.
create index duty_pressing on custodian.duty (agency_id, due_at, created_at, id);
