-- The parties of scripts/bench: ids follow the order, so agency 1 and office 1 are the largest.
insert into registry.agency (ori, name, kind, jurisdiction, time_zone, created_at)
select 'BENCH' || lpad(n::text, 4, '0'), 'Bench Agency ' || n, 'jail', j.id, 'America/Los_Angeles', now()
  from (select id, row_number() over (order by id) as n from registry.jurisdiction where level = 'county') j
 where n <= 300 order by n;
-- The listed offices make room: the seed counts its own from 1.
truncate registry.office restart identity cascade;
insert into registry.office (code, name, kind, time_zone, created_at)
select 'BEN' || lpad(n::text, 2, '0'), 'Bench Office ' || n, 'ice_field_office', 'America/Los_Angeles', now()
  from generate_series(1, 20) n order by n;
