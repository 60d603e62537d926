select k.role, k.secret_hash, k.name, k.jurisdiction,
       (k.revoked_at is null and (k.expires_at is null or k.expires_at > now())) as live,
       a.id, a.ori, a.name, a.time_zone, o.id, o.code, o.name, o.time_zone
  from identity.api_key k
       left join registry.agency a on a.id = k.agency_id
       left join registry.office o on o.id = k.office_id,
       lateral (select set_config('app.agency', coalesce(k.agency_id::text, ''), true),
                       set_config('app.office', coalesce(k.office_id::text, ''), true)) as scope
 where k.id = '@CRED@' and scope is not null;
