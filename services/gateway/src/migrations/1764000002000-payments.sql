-- Payments and what happened to them. Money is bigint minor units; every row says its tenant and mode.

-- No foreign keys here: create_payment reads organization, connection and desk in the same transaction, none of them is
-- ever removed, and a foreign key would lock the one row of a busy organization for every payment of it.
CREATE TABLE payment (
  id                 uuid PRIMARY KEY,
  tenant_id          uuid NOT NULL,
  mode               text NOT NULL CHECK (mode IN ('test', 'live')),
  organization_id    uuid,
  connection_id      uuid,
  -- The start may be sent again by the sweeper and must then say what it said the first time.
  connection_version integer,
  desk_id            uuid,
  -- The chain's own id of the desk, as payments show it.
  desk               text,
  trade_point_ref    text,
  provider           text,
  method             text,
  method_data        jsonb NOT NULL DEFAULT '{}',
  -- Null where the method learns it later, and in a tombstone.
  amount             bigint CHECK (amount > 0),
  currency           text,
  status             text NOT NULL CHECK (status IN ('created', 'requires_customer', 'requires_amount', 'processing',
                       'succeeded', 'declined', 'canceled', 'expired', 'failed', 'unknown')),
  -- The client's counter. What orders the provider's facts is provider_seq.
  version            integer NOT NULL DEFAULT 1,
  provider_seq       bigint NOT NULL DEFAULT 0,
  start_by           timestamptz,
  expires_at         timestamptz,
  idem_key           text NOT NULL,
  -- Fingerprint of the request. Null in a tombstone: a later create with that key gets it whatever its body says.
  idem_hash          text,
  reference          text,
  reference_lock     boolean NOT NULL DEFAULT false,
  provider_ref       text,
  next_action        jsonb,
  payment_methods    jsonb NOT NULL DEFAULT '[]',
  items              jsonb,
  slip               jsonb,
  failure            jsonb,
  refunded           bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0),
  reserved           bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  cancel_requested_at timestamptz,
  cancel_result      text CHECK (cancel_result IN ('pending', 'done', 'refused', 'not_possible')),
  cancel_reason      text,
  late               boolean NOT NULL DEFAULT false,
  -- What a person must look at, each kind once: amount_mismatch, provider_ref_mismatch.
  alarms             text[] NOT NULL DEFAULT '{}',
  metadata           jsonb NOT NULL DEFAULT '{}',
  -- When the sweeper last asked about it.
  asked_at           timestamptz,
  created_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL,
  CONSTRAINT payment_idem_key UNIQUE (tenant_id, mode, idem_key),
  CONSTRAINT payment_provider_ref UNIQUE (connection_id, provider_ref),
  CONSTRAINT payment_refunds_fit CHECK (refunded + reserved <= coalesce(amount, 0)),
  CONSTRAINT payment_lock_has_reference CHECK (NOT reference_lock OR reference IS NOT NULL),
  CONSTRAINT payment_cancel_has_time CHECK ((cancel_result IS NULL) = (cancel_requested_at IS NULL)),
  -- A tombstone holds a key that was cancelled before its create arrived; everything else is whole.
  CONSTRAINT payment_whole_or_tombstone CHECK (
    CASE WHEN idem_hash IS NULL
      THEN status = 'canceled' AND organization_id IS NULL AND amount IS NULL
      ELSE organization_id IS NOT NULL AND connection_id IS NOT NULL AND connection_version IS NOT NULL
           AND desk_id IS NOT NULL AND desk IS NOT NULL AND provider IS NOT NULL AND method IS NOT NULL
           AND currency IS NOT NULL AND start_by IS NOT NULL
    END)
);
-- The chain's own order id: one open or succeeded payment at a time.
CREATE UNIQUE INDEX payment_reference_lock ON payment (tenant_id, mode, organization_id, reference) WHERE reference_lock;
CREATE INDEX payment_by_reference ON payment (tenant_id, mode, reference) WHERE reference IS NOT NULL;
-- Lists go from the newest on.
CREATE INDEX payment_by_age ON payment (tenant_id, mode, id);
-- What the sweeper looks through.
CREATE INDEX payment_open ON payment (updated_at)
  WHERE status IN ('created', 'requires_customer', 'requires_amount', 'processing', 'unknown');

-- Everything that happened, in order of (era, txid, seq); append-only. The snapshot holds the row as it was, and the one
-- renderer of the API makes the public object of it when somebody reads.
CREATE TABLE event (
  id         uuid PRIMARY KEY,
  created_at timestamptz NOT NULL,
  -- Raised after a restore, because transaction ids start anew.
  era        integer NOT NULL DEFAULT 1,
  txid       xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq        bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  tenant_id  uuid NOT NULL,
  mode       text NOT NULL CHECK (mode IN ('test', 'live')),
  type       text NOT NULL,
  subject    uuid NOT NULL,
  version    integer NOT NULL,
  snapshot   jsonb NOT NULL
);
CREATE INDEX event_in_order ON event (tenant_id, mode, era, txid, seq);

ALTER TABLE payment ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE event   ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON payment TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY one_tenant ON event   TO {{app}} USING (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON payment TO {{app}};
GRANT SELECT, INSERT ON event TO {{app}};
