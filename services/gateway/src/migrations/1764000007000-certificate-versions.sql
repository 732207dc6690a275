-- A certificate is what connections point at; its pairs of key and certificate are its versions, of which at most one is
-- used. The facts in the certificate's own row are those of the version in use, and null before there is one.
ALTER TABLE certificate
  -- Whose it is; null: the operator's, serving many. A tenant's own belongs to one mode.
  ADD COLUMN tenant_id      uuid REFERENCES tenant,
  ADD COLUMN mode           text CHECK (mode IN ('test', 'live')),
  ADD COLUMN source         text NOT NULL DEFAULT 'upload' CHECK (source IN ('upload', 'request', 'files')),
  ADD COLUMN active_version integer,
  -- The certificate that took the pair of this one over.
  ADD COLUMN merged_into    uuid REFERENCES certificate,
  ALTER COLUMN subject      DROP NOT NULL,
  ALTER COLUMN issuer       DROP NOT NULL,
  ALTER COLUMN serial       DROP NOT NULL,
  ALTER COLUMN fingerprint  DROP NOT NULL,
  ALTER COLUMN not_before   DROP NOT NULL,
  ALTER COLUMN not_after    DROP NOT NULL,
  ADD CONSTRAINT certificate_owner CHECK ((tenant_id IS NULL) = (mode IS NULL));
CREATE INDEX certificate_by_tenant ON certificate (tenant_id, mode, id) WHERE tenant_id IS NOT NULL;

CREATE TABLE certificate_version (
  certificate_id uuid NOT NULL REFERENCES certificate,
  version        integer NOT NULL CHECK (version > 0),
  -- Of the certificate.
  tenant_id      uuid,
  -- key_pending: the provider's service is making the key · requested: its request waits to be sent and signed ·
  -- installing: what was issued is on its way to the key · ready: waits until the provider has answered under it ·
  -- active: in use · retired · failed
  state          text NOT NULL CHECK (state IN ('key_pending', 'requested', 'installing', 'ready', 'active', 'retired', 'failed')),
  csr            text,
  -- The certificate whose pair this is, where it came from a request.
  from_certificate uuid REFERENCES certificate,
  subject        text,
  issuer         text,
  serial         text,
  fingerprint    text,
  not_before     timestamptz,
  not_after      timestamptz,
  -- Why it failed, or why it still waits; as the provider's service told it.
  reason         jsonb,
  provider_seq   integer NOT NULL DEFAULT 0,
  -- How many days before its end were told last: 60, 30, 7, 1.
  told_days      integer,
  created_at     timestamptz NOT NULL,
  updated_at     timestamptz NOT NULL,
  PRIMARY KEY (certificate_id, version)
);
CREATE INDEX certificate_version_ending ON certificate_version (not_after) WHERE state = 'active';

-- Certificates of before there were versions. Their owner sees them for this one statement, whoever that is.
ALTER TABLE certificate NO FORCE ROW LEVEL SECURITY;
INSERT INTO certificate_version (certificate_id, version, state, subject, issuer, serial, fingerprint, not_before, not_after,
                                 created_at, updated_at)
SELECT id, 1, 'active', subject, issuer, serial, fingerprint, not_before, not_after, created_at, created_at FROM certificate;
UPDATE certificate SET active_version = 1;
ALTER TABLE certificate FORCE ROW LEVEL SECURITY;

-- An organization's API key lies in the vault under an id of its own for each key that it had.
ALTER TABLE connection
  ADD COLUMN api_key_id     uuid,
  ADD COLUMN api_key_set_at timestamptz,
  ADD CONSTRAINT connection_one_credential CHECK (api_key_id IS NULL OR credential_id IS NULL);
CREATE INDEX connection_by_credential ON connection (credential_id) WHERE credential_id IS NOT NULL;

ALTER TABLE certificate_version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON certificate_version TO {{app}} USING (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON certificate_version TO {{app}};
-- A tenant makes and changes its own; a shared one it only knows, where it holds a grant under it.
ALTER POLICY one_tenant ON certificate TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY granted ON certificate FOR SELECT TO {{app}} USING (EXISTS (
  SELECT FROM credential_grant g WHERE g.credential_id = certificate.id AND g.tenant_id = current_tenant()));
GRANT INSERT, UPDATE ON certificate TO {{app}};
