-- What a person must look at: one row per payment and kind while it is open. Closed by the system only where the
-- provider's own word answers the question; everything else is closed by a person, with outcome, reason and evidence.

-- What happens to money that comes after "not paid": a person looks at it, or it is kept and only told.
ALTER TABLE tenant ADD COLUMN late_policy text NOT NULL DEFAULT 'person' CHECK (late_policy IN ('person', 'keep'));

-- What a person has decided about an unknown payment: {attention, outcome, at, confirmed}. `confirmed` becomes true when
-- the provider says the same; until then its later word is compared with the person's.
ALTER TABLE payment ADD COLUMN resolution jsonb;

CREATE TABLE attention (
  id              uuid PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  mode            text NOT NULL CHECK (mode IN ('test', 'live')),
  organization_id uuid NOT NULL,
  -- The payment.
  subject         uuid NOT NULL,
  -- unknown:               nobody could say whether it is paid; open exactly while the payment's status is unknown
  -- late:                  money came after the till had been told "not paid"
  -- duplicate:             two payments of one reference got money
  -- amount_mismatch, provider_ref_mismatch: what the provider tells does not fit the payment
  -- contradicted:          the provider says "not paid" of a payment that a person declared paid
  kind            text NOT NULL CHECK (kind IN ('unknown', 'late', 'duplicate', 'amount_mismatch',
                    'provider_ref_mismatch', 'contradicted')),
  opened_at       timestamptz NOT NULL,
  -- What was known when it was opened, for people.
  details         jsonb NOT NULL DEFAULT '{}',
  closed_at       timestamptz,
  -- system, operator, or the public id of an API key.
  closed_by       text,
  -- A person's word, or the status that the provider's answer gave the payment.
  outcome         text CHECK (outcome IN ('succeeded', 'failed', 'acknowledged', 'declined', 'canceled', 'expired')),
  reason          text,
  evidence        text,
  CONSTRAINT attention_closed_whole CHECK (
    (closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (outcome IS NULL)
    AND (closed_by IS NULL OR (closed_by = 'system') = (reason IS NULL)))
);
CREATE UNIQUE INDEX attention_open ON attention (subject, kind) WHERE closed_at IS NULL;
CREATE INDEX attention_by_age ON attention (tenant_id, mode, id);
CREATE INDEX attention_by_subject ON attention (subject, id);
-- What operators count.
CREATE INDEX attention_waiting ON attention (kind, opened_at) WHERE closed_at IS NULL;

-- Payments of before this migration; ids with the time of the payment's. Their owner sees them for this one statement,
-- whoever that is.
ALTER TABLE payment NO FORCE ROW LEVEL SECURITY;
INSERT INTO attention (id, tenant_id, mode, organization_id, subject, kind, opened_at)
SELECT (left(p.id::text, 18) || right(gen_random_uuid()::text, 18))::uuid, p.tenant_id, p.mode, p.organization_id, p.id,
       k.kind, p.updated_at
  FROM payment p, unnest(p.alarms || CASE WHEN p.status = 'unknown' THEN '{unknown}'::text[] ELSE '{}' END) AS k (kind);
ALTER TABLE payment FORCE ROW LEVEL SECURITY;

ALTER TABLE attention ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON attention TO {{app}} USING (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON attention TO {{app}};
