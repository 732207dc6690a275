-- The public API runs as {{app}}: it owns nothing, sees one tenant's rows, and without a tenant none at all. Forced,
-- so that not even the owner of the tables is an exception.

ALTER TABLE tenant           ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE api_key          ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_log        ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE idempotency      ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE organization     ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE certificate      ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE credential_grant ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE connection       ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE trade_point      ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE desk             ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE desk_device      ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY one_tenant ON tenant           TO {{app}} USING (id = current_tenant());
CREATE POLICY one_tenant ON api_key          TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY one_tenant ON audit_log        TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY one_tenant ON idempotency      TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY one_tenant ON organization     TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY one_tenant ON credential_grant TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY one_tenant ON connection       TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY one_tenant ON trade_point      TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY one_tenant ON desk             TO {{app}} USING (tenant_id = current_tenant());
CREATE POLICY one_tenant ON desk_device      TO {{app}} USING (tenant_id = current_tenant());
-- A shared certificate is known to those who hold a grant under it.
CREATE POLICY one_tenant ON certificate      TO {{app}} USING (EXISTS (
  SELECT FROM credential_grant g WHERE g.credential_id = certificate.id AND g.tenant_id = current_tenant()));

GRANT SELECT ON tenant, certificate, credential_grant, trade_point TO {{app}};
GRANT SELECT, INSERT ON audit_log, idempotency TO {{app}};
GRANT SELECT, INSERT, UPDATE ON api_key, organization, connection, desk, desk_device TO {{app}};
-- Messages leave in the transaction that changes the state; only the relay, as {{worker}}, reads and removes them.
GRANT INSERT ON outbox TO {{app}};
