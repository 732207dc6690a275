-- One webhook endpoint per tenant and mode, and what has to be delivered to it. Rows of a deleted endpoint stay for the log.

CREATE TABLE webhook_endpoint (
  id              uuid PRIMARY KEY,
  tenant_id       uuid NOT NULL REFERENCES tenant,
  mode            text NOT NULL CHECK (mode IN ('test', 'live')),
  url             text NOT NULL CHECK (length(url) <= 2048),
  -- Null: every type.
  types           text[],
  -- Sealed with the tenant's data key. While a rotation lasts (until secret_before_until) deliveries are signed with both.
  secret          bytea,
  secret_before   bytea,
  secret_before_until timestamptz,
  enabled         boolean NOT NULL DEFAULT true,
  -- by_request: its owner switched it off; gone: it answered 410; failing: nothing got through for days.
  disabled_reason text CHECK (disabled_reason IN ('by_request', 'gone', 'failing')),
  -- Since when nothing gets through; null while it works.
  failing_since   timestamptz,
  deleted_at      timestamptz,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  CONSTRAINT webhook_endpoint_disabled CHECK (enabled = (disabled_reason IS NULL)),
  CONSTRAINT webhook_endpoint_rotation CHECK ((secret_before IS NULL) = (secret_before_until IS NULL)),
  -- A deleted endpoint keeps no secret and takes nothing more.
  CONSTRAINT webhook_endpoint_deleted CHECK (CASE WHEN deleted_at IS NULL THEN secret IS NOT NULL
                                                  ELSE secret IS NULL AND secret_before IS NULL AND NOT enabled END)
);
CREATE UNIQUE INDEX webhook_endpoint_one ON webhook_endpoint (tenant_id, mode) WHERE deleted_at IS NULL;

-- The body of a delivery is its event; nothing of it is kept here. No foreign keys: rows are written on the path of every
-- payment, and event and delivery leave together by age.
CREATE TABLE webhook_delivery (
  endpoint_id  uuid NOT NULL,
  event_id     uuid NOT NULL,
  -- Public id; rises with time as the event's does.
  id           uuid NOT NULL,
  tenant_id    uuid NOT NULL,
  mode         text NOT NULL CHECK (mode IN ('test', 'live')),
  type         text NOT NULL,
  state        text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
  -- Counted when an attempt begins, so that a crash in its middle counts too.
  attempts     integer NOT NULL DEFAULT 0,
  next_at      timestamptz NOT NULL,
  -- Until then the process that took it works on it; afterwards any other may.
  lease_until  timestamptz,
  -- HTTP status and, where there was none, what went wrong; of the last attempt.
  last_status  integer,
  last_error   text,
  last_at      timestamptz,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (endpoint_id, event_id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, next_at) WHERE state = 'pending';
-- What one process holds now: a handful of rows.
CREATE INDEX webhook_delivery_taken ON webhook_delivery (endpoint_id, lease_until)
  WHERE state = 'pending' AND lease_until IS NOT NULL;
-- What operators alarm on.
CREATE INDEX webhook_delivery_pending ON webhook_delivery (created_at) WHERE state = 'pending';
CREATE UNIQUE INDEX webhook_delivery_by_age ON webhook_delivery (tenant_id, mode, id);
CREATE INDEX webhook_delivery_old ON webhook_delivery (id);

ALTER TABLE webhook_endpoint ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_delivery ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON webhook_endpoint TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY one_tenant ON webhook_delivery TO {{app}} USING (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON webhook_endpoint TO {{app}};
GRANT SELECT, INSERT ON webhook_delivery TO {{app}};
