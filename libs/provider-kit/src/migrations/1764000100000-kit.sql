-- What every provider service keeps: connections, subjects (what the provider side knows of a payment, a device, a
-- connection), the operations that it owes, and the devices behind desks. Ids are our prefixed texts.

CREATE TABLE connection (
  id            text PRIMARY KEY,
  tenant        text NOT NULL,
  mode          text NOT NULL,
  version       integer NOT NULL,
  base_url      text NOT NULL,
  scheme        text NOT NULL,
  tax_id        text NOT NULL,
  credential_id text,
  options       jsonb NOT NULL,
  enabled       boolean NOT NULL,
  updated_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE subject (
  id            text PRIMARY KEY,
  tenant        text NOT NULL,
  mode          text NOT NULL,
  connection_id text NOT NULL,
  device_id     text,
  kind          text NOT NULL CHECK (kind IN ('payment', 'connection', 'device')),
  phase         text NOT NULL,
  -- 0: nothing to tell yet. Every change of what others may know raises it by one.
  seq           integer NOT NULL DEFAULT 0,
  provider_ref  text,
  start_by      timestamptz,
  -- Somebody still asks while this is set: an open payment, or one that ended here and may still be paid there.
  look_at       timestamptz,
  look_step     integer NOT NULL DEFAULT 0,
  data          jsonb NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX subject_provider_ref ON subject (connection_id, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE INDEX subject_looked_at ON subject (look_at) WHERE look_at IS NOT NULL;

CREATE TABLE operation (
  id                 text PRIMARY KEY,
  subject_id         text NOT NULL REFERENCES subject (id),
  connection_id      text NOT NULL,
  connection_version integer NOT NULL,
  kind               text NOT NULL,
  class              text NOT NULL CHECK (class IN ('repeatable', 'orphanable', 'critical')),
  lane               text NOT NULL,
  lane_no            bigint GENERATED ALWAYS AS IDENTITY,
  after_op           text,
  state              text NOT NULL CHECK (state IN ('accepted', 'sent', 'done', 'refused', 'unknown')),
  -- Raised by whoever takes the operation over; a result is written only under the attempt that made it.
  attempt            integer NOT NULL DEFAULT 1,
  lease_owner        text,
  lease_until        timestamptz,
  command            jsonb NOT NULL,
  -- What was read before a critical call, so that its effect can be recognised later.
  note               jsonb,
  answer             jsonb,
  sent_at            timestamptz,
  check_at           timestamptz,
  checks             integer NOT NULL DEFAULT 0,
  created_at         timestamptz NOT NULL DEFAULT now()
);
-- Critical calls of one lane are serialised here and nowhere else.
CREATE UNIQUE INDEX operation_one_critical ON operation (lane) WHERE class = 'critical' AND state IN ('sent', 'unknown');
CREATE INDEX operation_unfinished ON operation (lane, lane_no) WHERE state IN ('accepted', 'sent', 'unknown');
CREATE INDEX operation_by_subject ON operation (subject_id);

CREATE TABLE device_binding (
  device_id       text NOT NULL,
  connection_id   text NOT NULL,
  trade_point_ref text NOT NULL,
  sealed          bytea NOT NULL,
  updated_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (device_id, connection_id)
);

-- A provider service works for all tenants: its one role sees every row, but owns no table.
ALTER TABLE connection ENABLE ROW LEVEL SECURITY;
ALTER TABLE connection FORCE ROW LEVEL SECURITY;
ALTER TABLE subject ENABLE ROW LEVEL SECURITY;
ALTER TABLE subject FORCE ROW LEVEL SECURITY;
ALTER TABLE device_binding ENABLE ROW LEVEL SECURITY;
ALTER TABLE device_binding FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON connection TO {{worker}} USING (true) WITH CHECK (true);
CREATE POLICY worker ON subject TO {{worker}} USING (true) WITH CHECK (true);
CREATE POLICY worker ON device_binding TO {{worker}} USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE ON connection, subject, operation TO {{worker}};
GRANT SELECT, INSERT, UPDATE, DELETE ON device_binding TO {{worker}};
