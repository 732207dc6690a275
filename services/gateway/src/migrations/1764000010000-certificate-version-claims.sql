-- Which pair each version number of a certificate was given to, committed before that pair goes into the vault. What goes
-- into the vault stays there when the transaction around it is rolled back, so another pair needs another number.
CREATE TABLE certificate_version_claim (
  -- No reference: the row of the certificate is locked by the transaction that waits for this one.
  certificate_id uuid NOT NULL,
  version        integer NOT NULL CHECK (version > 0),
  -- Its fingerprint, or the id of the request that it comes from.
  pair           text NOT NULL,
  claimed_at     timestamptz NOT NULL,
  PRIMARY KEY (certificate_id, version)
);
ALTER TABLE certificate_version_claim ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY every_tenant ON certificate_version_claim TO {{worker}} USING (true);
GRANT SELECT, INSERT, UPDATE ON certificate_version_claim TO {{worker}};
