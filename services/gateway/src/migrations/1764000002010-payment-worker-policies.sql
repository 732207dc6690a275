-- {{worker}} applies what providers tell about payments of all tenants, and sweeps.
CREATE POLICY every_tenant ON payment TO {{worker}} USING (true);
CREATE POLICY every_tenant ON event   TO {{worker}} USING (true);
GRANT SELECT, UPDATE ON payment TO {{worker}};
GRANT SELECT, INSERT ON event TO {{worker}};
