-- {{worker}} serves all tenants: it looks up keys, acts for the operator, applies what providers tell, relays messages.
-- It sets the tenant of every row itself. This and the migrations named *-worker-policies are the only places that let it.

CREATE POLICY every_tenant ON tenant           TO {{worker}} USING (true);
CREATE POLICY every_tenant ON api_key          TO {{worker}} USING (true);
CREATE POLICY every_tenant ON audit_log        TO {{worker}} USING (true);
CREATE POLICY every_tenant ON idempotency      TO {{worker}} USING (true);
CREATE POLICY every_tenant ON organization     TO {{worker}} USING (true);
CREATE POLICY every_tenant ON certificate      TO {{worker}} USING (true);
CREATE POLICY every_tenant ON credential_grant TO {{worker}} USING (true);
CREATE POLICY every_tenant ON connection       TO {{worker}} USING (true);
CREATE POLICY every_tenant ON trade_point      TO {{worker}} USING (true);
CREATE POLICY every_tenant ON desk             TO {{worker}} USING (true);
CREATE POLICY every_tenant ON desk_device      TO {{worker}} USING (true);

GRANT SELECT, INSERT, UPDATE ON tenant, api_key, certificate TO {{worker}};
GRANT SELECT, INSERT ON audit_log, idempotency TO {{worker}};
GRANT SELECT ON organization, desk TO {{worker}};
GRANT SELECT, INSERT, UPDATE ON trade_point, desk_device TO {{worker}};
GRANT SELECT, UPDATE ON connection TO {{worker}};
GRANT SELECT, INSERT, DELETE ON credential_grant TO {{worker}};
