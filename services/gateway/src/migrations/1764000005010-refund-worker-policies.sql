-- {{worker}} applies what providers tell about refunds of all tenants, sends late money back, and sweeps.
CREATE POLICY every_tenant ON refund TO {{worker}} USING (true);
GRANT SELECT, INSERT, UPDATE ON refund TO {{worker}};
