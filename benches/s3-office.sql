-- The statements of GET /v1/detainers?status=pending&limit=50 by an office's key, under its role and settings.
\startpipeline
begin read only;
select set_config('app.credential', '@CRED@', true), set_config('app.agency', '', true), set_config('app.office', '', true),
       set_config('app.login', '', true), set_config('app.account', '', true);
\endpipeline
@KEY@
select d.id, d.issued_on from exchange.detainer d
 where d.office_id = @TENANT@ and d.status = 'pending' order by d.issued_on desc, d.id desc limit 51;
@PAPERS@
rollback;
