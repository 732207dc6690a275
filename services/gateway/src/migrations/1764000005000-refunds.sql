-- Refunds, and what payments need to know besides. Money is bigint minor units; every row says its tenant and mode.

CREATE TABLE refund (
  id                 uuid PRIMARY KEY,
  tenant_id          uuid NOT NULL,
  mode               text NOT NULL CHECK (mode IN ('test', 'live')),
  organization_id    uuid NOT NULL,
  -- Null in a record of what was returned by other means.
  connection_id      uuid,
  connection_version integer,
  -- Null until the buyer has picked a purchase, and for a purchase that was not made through us.
  payment_id         uuid,
  -- Whose device the provider is asked through: of the purchase where it is known, else of the desk that asks.
  desk_id            uuid NOT NULL,
  -- The chain's own id of the desk that asks.
  desk               text NOT NULL,
  trade_point_ref    text,
  provider           text NOT NULL,
  -- api: asked for; late: money of a payment that had ended unpaid; external: returned by other means and recorded here.
  source             text NOT NULL CHECK (source IN ('api', 'late', 'external')),
  -- Null until the purchase is chosen. Reserved on the payment from then on until the refund ends.
  amount             bigint CHECK (amount > 0),
  currency           text NOT NULL,
  status             text NOT NULL CHECK (status IN ('pending', 'requires_customer', 'processing', 'succeeded', 'failed',
                       'canceled', 'unknown')),
  version            integer NOT NULL DEFAULT 1,
  provider_seq       bigint NOT NULL DEFAULT 0,
  start_by           timestamptz NOT NULL,
  -- Set with the choice of a purchase: until then the choice may still be sent.
  choose_by          timestamptz,
  expires_at         timestamptz,
  -- Null for late money, which is refunded once per payment.
  idem_key           text,
  idem_hash          text,
  reference          text,
  reason             text,
  -- The provider's own ids of the purchase and of the refund.
  purchase_ref       text,
  provider_ref       text,
  next_action        jsonb,
  failure            jsonb,
  -- stated: the provider said how it ended; inferred: concluded from what it said; person: somebody decided or recorded it.
  evidence           text CHECK (evidence IN ('stated', 'inferred', 'person')),
  cancel_requested_at timestamptz,
  cancel_result      text CHECK (cancel_result IN ('pending', 'done', 'refused', 'not_possible')),
  cancel_reason      text,
  -- What a person must look at, each kind once.
  alarms             text[] NOT NULL DEFAULT '{}',
  resolution         jsonb,
  metadata           jsonb NOT NULL DEFAULT '{}',
  asked_at           timestamptz,
  created_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL,
  CONSTRAINT refund_idem_key UNIQUE (tenant_id, mode, idem_key),
  CONSTRAINT refund_has_key CHECK ((source = 'late') = (idem_key IS NULL) AND (idem_key IS NULL) = (idem_hash IS NULL)),
  CONSTRAINT refund_sent_over_connection CHECK (
    (source = 'external') = (connection_id IS NULL) AND (connection_id IS NULL) = (connection_version IS NULL)),
  -- A reservation needs both, and an end of the money's way needs an amount.
  CONSTRAINT refund_of_payment_has_amount CHECK (payment_id IS NULL OR amount IS NOT NULL),
  CONSTRAINT refund_cancel_has_time CHECK ((cancel_result IS NULL) = (cancel_requested_at IS NULL))
);
CREATE UNIQUE INDEX refund_of_late_money ON refund (payment_id) WHERE source = 'late';
CREATE INDEX refund_of_payment ON refund (payment_id, id) WHERE payment_id IS NOT NULL;
CREATE INDEX refund_by_age ON refund (tenant_id, mode, id);
-- What the sweeper looks through.
CREATE INDEX refund_open ON refund (updated_at) WHERE status IN ('pending', 'requires_customer', 'processing', 'unknown');

ALTER TABLE payment
  -- A sale made before, taken in so that it can be refunded; paid_at is told then.
  ADD COLUMN imported boolean NOT NULL DEFAULT false,
  ADD COLUMN paid_at timestamptz,
  -- When a person's wish to know was last sent to the provider.
  ADD COLUMN refreshed_at timestamptz,
  -- What of the method is personal, as it travels in the start: sealed with the tenant's data key.
  ADD COLUMN sealed bytea,
  -- Tells the same buyer again without knowing him: a keyed digest of the fields that the method names.
  ADD COLUMN doubt_digest bytea;
CREATE INDEX payment_in_doubt ON payment (doubt_digest) WHERE status = 'unknown' AND doubt_digest IS NOT NULL;
-- The holder of a provider's id is looked for over all connections of an organization.
CREATE INDEX payment_by_provider_ref ON payment (provider_ref) WHERE provider_ref IS NOT NULL;

-- Keys of such digests, one per tenant, sealed with its data key.
CREATE TABLE digest_key (
  tenant_id  uuid PRIMARY KEY REFERENCES tenant,
  sealed     bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Late money may also go back by itself.
ALTER TABLE tenant DROP CONSTRAINT tenant_late_policy_check;
ALTER TABLE tenant ADD CONSTRAINT tenant_late_policy_check CHECK (late_policy IN ('person', 'keep', 'refund'));

-- A refund can be a subject too; payment_id then says of which payment, where that is known.
ALTER TABLE attention
  ADD COLUMN subject_kind text NOT NULL DEFAULT 'payment' CHECK (subject_kind IN ('payment', 'refund')),
  ADD COLUMN payment_id uuid;
CREATE INDEX attention_by_payment ON attention (payment_id, id) WHERE payment_id IS NOT NULL;

ALTER TABLE refund     ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE digest_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON refund     TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY one_tenant ON digest_key TO {{app}} USING (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON refund TO {{app}};
GRANT SELECT, INSERT ON digest_key TO {{app}};
