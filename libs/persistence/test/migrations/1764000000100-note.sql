-- A table as services have them: every row belongs to a tenant, and the role that works on it owns nothing.
CREATE TABLE note (
  id     bigint PRIMARY KEY,
  tenant uuid NOT NULL,
  text   text NOT NULL CONSTRAINT note_text_once UNIQUE
);
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
ALTER TABLE note FORCE ROW LEVEL SECURITY;
CREATE POLICY note_of_tenant ON note TO {{app}}
  USING (tenant = nullif(current_setting('tolem.tenant', true), '')::uuid)
  WITH CHECK (tenant = nullif(current_setting('tolem.tenant', true), '')::uuid);
CREATE POLICY note_of_all ON note TO {{worker}} USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON note TO {{app}}, {{worker}};
