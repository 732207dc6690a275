-- A certificate whose version in use ends within 7 days is on the list of people: the tenant's own on its tenant's, a shared
-- one on the operator's. One is open per certificate; who has acknowledged it at 7 days is asked once more at 1. Returns how
-- many were opened.
CREATE OR REPLACE FUNCTION attend_ending_certificates(at timestamptz, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  ending record;
  a      attention;
  opened integer := 0;
BEGIN
  PERFORM close_certificate_attention(NULL, at);
  FOR ending IN
    SELECT c.id, c.tenant_id, c.mode, c.name, c.provider, c.scheme, v.version, v.fingerprint, v.not_after, d.days
      FROM certificate_version v
      JOIN certificate c ON c.id = v.certificate_id AND c.merged_into IS NULL
     CROSS JOIN LATERAL (SELECT CASE WHEN v.not_after <= at + interval '1 day' THEN 1 ELSE 7 END AS days) AS d
     WHERE v.state = 'active' AND v.not_after <= at + interval '7 days'
       AND NOT EXISTS (
         SELECT FROM attention o
          WHERE o.subject = c.id AND o.kind = 'certificate_expiring' AND (o.details ->> 'version')::integer = v.version
            AND (o.closed_at IS NULL OR (o.details ->> 'days_left')::integer <= d.days))
     ORDER BY v.not_after LIMIT most
     -- Held until this has committed: whoever puts another version into use closes what is opened here.
       FOR NO KEY UPDATE OF v, c SKIP LOCKED
  LOOP
    SELECT ending.tenant_id, ending.mode, 'certificate', ending.id, 'certificate_expiring', at,
           jsonb_build_object('name', ending.name, 'provider', ending.provider, 'scheme', ending.scheme,
                              'version', ending.version, 'fingerprint', ending.fingerprint, 'days_left', ending.days,
                              'not_after', to_char(ending.not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
      INTO a.tenant_id, a.mode, a.subject_kind, a.subject, a.kind, a.opened_at, a.details;
    IF open_attention_row(a, uuid_floor(at)) THEN
      opened := opened + 1;
    END IF;
  END LOOP;
  RETURN opened;
END
$$;

-- Closes what is open about certificates that work with another version by now, or whose pair another certificate has taken
-- over. @param the_certificate null: whichever
CREATE OR REPLACE FUNCTION close_certificate_attention(the_certificate uuid, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  replaced uuid;
BEGIN
  FOR replaced IN
    SELECT c.id FROM attention a JOIN certificate c ON c.id = a.subject
     WHERE a.kind = 'certificate_expiring' AND a.closed_at IS NULL AND (the_certificate IS NULL OR c.id = the_certificate)
       AND (c.merged_into IS NOT NULL OR c.active_version > (a.details ->> 'version')::integer)
  LOOP
    PERFORM close_attention(replaced, '{certificate_expiring}', 'system', 'replaced', NULL, NULL, uuid_floor(at), at);
  END LOOP;
END
$$;
