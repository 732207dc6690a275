-- {{worker}} opens and closes attention while it applies what providers tell about payments of all tenants, counts what is
-- open, and acts for the operator.
CREATE POLICY every_tenant ON attention TO {{worker}} USING (true);
GRANT SELECT, INSERT, UPDATE ON attention TO {{worker}};
