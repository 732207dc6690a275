-- A desk that moves gets another device at a provider whose devices belong to one trade point for ever. The ones before
-- are kept until the desk is deleted, so that none stays switched on at the provider. A table of its own: the release
-- before goes on writing device_binding as it did.
CREATE TABLE former_device (
  device_id       text NOT NULL,
  connection_id   text NOT NULL,
  trade_point_ref text NOT NULL,
  sealed          bytea NOT NULL,
  updated_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (device_id, connection_id, trade_point_ref)
);
ALTER TABLE former_device ENABLE ROW LEVEL SECURITY;
ALTER TABLE former_device FORCE ROW LEVEL SECURITY;
CREATE POLICY worker ON former_device TO {{worker}} USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON former_device TO {{worker}};
