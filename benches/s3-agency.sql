-- The statements of GET /v1/detainers?status=pending&limit=50 by a jail's key, under its role and settings.
-- Variables: cred, agency. @IDS@ becomes the page's ids, as the service passes them on.
\startpipeline
begin read only;
select set_config('app.credential', '@CRED@', true), set_config('app.agency', '', true), set_config('app.office', '', true),
       set_config('app.login', '', true), set_config('app.account', '', true);
\endpipeline
@KEY@
select c.id, c.issued_on from custodian.case_file c
 where c.agency_id = @TENANT@ and c.status = 'pending' order by c.issued_on desc, c.id desc limit 51;
@PAPERS@
select id, office_id, status, acknowledged_at, served_at, release_expected_at, released_at, booking_id,
       booking_number, date_of_birth, a_number_index, fbi_number_index, state_id_index
  from custodian.case_file where agency_id = @TENANT@ and id = any (@IDS@);
rollback;
