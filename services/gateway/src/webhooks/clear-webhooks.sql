-- The oldest events that are past their time, at most so many; returns how many went. Ids rise with time, and so the
-- primary key leads to them.
CREATE OR REPLACE FUNCTION remove_old_events(before timestamptz, most integer) RETURNS bigint
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
CREATE OR REPLACE FUNCTION remove_old_deliveries(before timestamptz, most integer) RETURNS bigint LANGUAGE sql AS $$
  WITH old AS (
    SELECT endpoint_id, event_id FROM webhook_delivery WHERE id < uuid_floor(before) ORDER BY id LIMIT most),
  gone AS (
    DELETE FROM webhook_delivery d USING old WHERE (d.endpoint_id, d.event_id) = (old.endpoint_id, old.event_id) RETURNING 1)
  SELECT count(*) FROM gone
$$;

-- What waits for an endpoint that takes nothing any more has failed; at most so many at once. Returns how many.
CREATE OR REPLACE FUNCTION fail_undeliverable(at timestamptz, most integer) RETURNS bigint LANGUAGE sql AS $$
  WITH stuck AS (
    SELECT due.endpoint_id, due.event_id, w.deleted_at
      FROM webhook_endpoint w
     CROSS JOIN LATERAL (
       SELECT d.endpoint_id, d.event_id FROM webhook_delivery d
        WHERE d.endpoint_id = w.id AND d.state = 'pending' LIMIT most FOR UPDATE SKIP LOCKED) AS due
     WHERE NOT w.enabled LIMIT most),
  failed AS (
    UPDATE webhook_delivery d
       SET state = 'failed', lease_until = NULL,
           last_error = CASE WHEN stuck.deleted_at IS NULL THEN 'endpoint_disabled' ELSE 'endpoint_deleted' END
      FROM stuck WHERE d.endpoint_id = stuck.endpoint_id AND d.event_id = stuck.event_id
    RETURNING 1)
  SELECT count(*) FROM failed
$$;
