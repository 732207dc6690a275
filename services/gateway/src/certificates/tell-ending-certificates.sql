-- Certificates in use that end soon: each is told of when 60, 30, 7 and 1 days are left, once per version, whoever looks
-- first. A tenant's own is told to that tenant, a shared one to all that have connections under it. Returns what was told.
CREATE OR REPLACE FUNCTION tell_ending_certificates(at timestamptz, most integer)
RETURNS TABLE (certificate uuid, days integer) LANGUAGE plpgsql AS $$
DECLARE
  ending   record;
  listener record;
BEGIN
  FOR ending IN
    SELECT v.certificate_id, v.version, d.days, c.provider, c.scheme, c.name, v.subject, v.fingerprint, v.not_after,
           c.tenant_id, c.mode
      FROM certificate_version v
      JOIN certificate c ON c.id = v.certificate_id AND c.merged_into IS NULL
     CROSS JOIN LATERAL (
       SELECT min(step) AS days FROM unnest(ARRAY[60, 30, 7, 1]) AS step
        WHERE v.not_after <= at + step * interval '1 day') AS d
     WHERE v.state = 'active' AND v.not_after <= at + interval '60 days' AND coalesce(v.told_days, 1000) > d.days
     ORDER BY v.not_after LIMIT most
       FOR UPDATE OF v SKIP LOCKED
  LOOP
    UPDATE certificate_version SET told_days = ending.days
     WHERE certificate_id = ending.certificate_id AND version = ending.version;
    FOR listener IN
      SELECT ending.tenant_id AS tenant_id, ending.mode AS mode WHERE ending.tenant_id IS NOT NULL
      UNION
      SELECT n.tenant_id, n.mode FROM connection n
       WHERE ending.tenant_id IS NULL AND n.credential_id = ending.certificate_id AND n.enabled
    LOOP
      -- Not numbered as payments are: the second and later ones find their place behind the one before.
      PERFORM record_event(id_beside(uuid_floor(at)), 'certificate.expiring', listener.tenant_id, listener.mode,
                           ending.certificate_id, 2,
                           jsonb_build_object('id', ending.certificate_id, 'provider', ending.provider,
                                              'scheme', ending.scheme, 'name', ending.name, 'subject', ending.subject,
                                              'fingerprint', ending.fingerprint, 'not_after', ending.not_after,
                                              'version', ending.version, 'shared', ending.tenant_id IS NULL,
                                              'days_left', ending.days), at);
    END LOOP;
    certificate := ending.certificate_id;
    days := ending.days;
    RETURN NEXT;
  END LOOP;
END
$$;
