-- A certificate that ends soon can be what a person must look at, too. It belongs to a whole tenant, or, where it is shared,
-- to the operator alone: then no tenant is named and no tenant sees it.
ALTER TABLE attention
  ALTER COLUMN tenant_id       DROP NOT NULL,
  ALTER COLUMN mode            DROP NOT NULL,
  ALTER COLUMN organization_id DROP NOT NULL,
  -- What an administrator can do about it, {ru, kk, en}, where the provider's service has said so.
  ADD COLUMN admin_text        jsonb,
  DROP CONSTRAINT attention_subject_kind_check,
  ADD CONSTRAINT attention_subject_kind_check CHECK (subject_kind IN ('payment', 'refund', 'certificate')),
  -- certificate_expiring: the version in use ends within days, and no other one has taken its place
  DROP CONSTRAINT attention_kind_check,
  ADD CONSTRAINT attention_kind_check CHECK (kind IN ('unknown', 'late', 'duplicate', 'amount_mismatch',
    'provider_ref_mismatch', 'contradicted', 'certificate_expiring')),
  -- replaced: another version of the certificate is in use
  DROP CONSTRAINT attention_outcome_check,
  ADD CONSTRAINT attention_outcome_check CHECK (outcome IN ('succeeded', 'failed', 'acknowledged', 'declined', 'canceled',
    'expired', 'replaced')),
  ADD CONSTRAINT attention_owner CHECK (
    (subject_kind = 'certificate') = (kind = 'certificate_expiring')
    AND CASE WHEN subject_kind = 'certificate' THEN organization_id IS NULL AND (tenant_id IS NULL) = (mode IS NULL)
             ELSE num_nulls(tenant_id, mode, organization_id) = 0 END);

-- What the server's certificate must be signed by where a connection works with an API key. It is no secret: it lies beside
-- the sealed key too, and here so that it stays when the key is replaced. Null in connections of before until their key is
-- set together with it.
ALTER TABLE connection ADD COLUMN api_key_ca text CHECK (length(api_key_ca) <= 65536);
