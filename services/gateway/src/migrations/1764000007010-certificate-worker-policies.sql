-- {{worker}} acts for the operator, applies what providers' services tell of certificates, and tells of those that end.
CREATE POLICY every_tenant ON certificate_version TO {{worker}} USING (true);
GRANT SELECT, INSERT, UPDATE ON certificate_version TO {{worker}};
