-- {{worker}} delivers for all tenants, records events of all tenants, and removes what is old.
CREATE POLICY every_tenant ON webhook_endpoint TO {{worker}} USING (true);
CREATE POLICY every_tenant ON webhook_delivery TO {{worker}} USING (true);
GRANT SELECT, UPDATE ON webhook_endpoint TO {{worker}};
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_delivery TO {{worker}};

-- Nobody may delete an event but this function, and it sees only what is old by the database's own clock.
CREATE POLICY old_rows ON event TO CURRENT_ROLE USING (created_at < now() - interval '30 days');

-- The least UUIDv7 of a moment.
CREATE FUNCTION uuid_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

-- The oldest events that are past their time, at most so many; returns how many went. Ids rise with time, and so the
-- primary key leads to them.
CREATE FUNCTION remove_old_events(before timestamptz, most integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  WITH old AS (
    SELECT id FROM event WHERE id < uuid_floor(before) AND created_at < before ORDER BY id LIMIT most),
  gone AS (
    DELETE FROM event WHERE id IN (SELECT id FROM old) RETURNING 1)
  SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION remove_old_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remove_old_events TO {{worker}};

-- Deliveries go with their events, whatever became of them. Returns how many went.
CREATE FUNCTION remove_old_deliveries(before timestamptz, most integer) RETURNS bigint LANGUAGE sql AS $$
  WITH old AS (
    SELECT endpoint_id, event_id FROM webhook_delivery WHERE id < uuid_floor(before) ORDER BY id LIMIT most),
  gone AS (
    DELETE FROM webhook_delivery d USING old WHERE (d.endpoint_id, d.event_id) = (old.endpoint_id, old.event_id) RETURNING 1)
  SELECT count(*) FROM gone
$$;
