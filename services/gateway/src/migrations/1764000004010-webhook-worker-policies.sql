-- {{worker}} delivers for all tenants, records events of all tenants, and removes what is old.
CREATE POLICY every_tenant ON webhook_endpoint TO {{worker}} USING (true);
CREATE POLICY every_tenant ON webhook_delivery TO {{worker}} USING (true);
GRANT SELECT, UPDATE ON webhook_endpoint TO {{worker}};
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_delivery TO {{worker}};

-- Nobody may delete an event but remove_old_events, which runs as the owner, and it sees only what is old by the
-- database's own clock.
CREATE POLICY old_rows ON event TO CURRENT_ROLE USING (created_at < now() - interval '30 days');
