-- Delivery in two statements per batch: rows are taken with a lease, and what became of them is written. Nothing is sent
-- inside a transaction.

-- Takes what is due and gives it in the order of the events: at most so many per endpoint (fewer where nothing gets
-- through), counting what other processes hold. Where there is not room for all of it, endpoints of which the fewest are
-- held come first, and then the longest waiting: slow receivers with a backlog share the room with everybody else, however
-- many of them there are. Two processes that ask at the same moment may together take a few more. The lease ends by itself
-- where the process dies, and the attempt then counts.
CREATE OR REPLACE FUNCTION claim_deliveries(at timestamptz, lease interval, most_per_endpoint integer,
                                            most_per_failing integer, most integer)
RETURNS TABLE (endpoint uuid, event uuid, delivery uuid, tenant uuid, attempt integer, url text, secret bytea,
               secret_before bytea, content jsonb) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY
    WITH due AS MATERIALIZED (
      SELECT d.endpoint_id, d.event_id, d.next_at,
             h.count + row_number() OVER (PARTITION BY d.endpoint_id ORDER BY d.next_at) AS place
        FROM webhook_endpoint w
       CROSS JOIN LATERAL (
         SELECT count(*) FROM webhook_delivery o
          WHERE o.endpoint_id = w.id AND o.state = 'pending' AND o.lease_until > at) AS h
       CROSS JOIN LATERAL (
         SELECT p.endpoint_id, p.event_id, p.next_at FROM webhook_delivery p
          WHERE p.endpoint_id = w.id AND p.state = 'pending' AND p.next_at <= at
          ORDER BY p.next_at
          LIMIT greatest(0, least(most, CASE WHEN w.failing_since IS NULL THEN most_per_endpoint ELSE most_per_failing END
                                        - h.count))
            FOR UPDATE SKIP LOCKED) AS d
       WHERE w.deleted_at IS NULL AND w.enabled),
    taken AS MATERIALIZED (
      SELECT u.endpoint_id, u.event_id FROM due u ORDER BY u.place, u.next_at LIMIT most),
    held AS (
      UPDATE webhook_delivery d
         SET lease_until = at + lease, next_at = at + lease, attempts = d.attempts + 1
        FROM taken t
       WHERE d.endpoint_id = t.endpoint_id AND d.event_id = t.event_id
      RETURNING d.*)
    SELECT d.endpoint_id, d.event_id, d.id, d.tenant_id, d.attempts, w.url, w.secret,
           CASE WHEN w.secret_before_until > at THEN w.secret_before END, event_row(e)
      FROM held d
      JOIN webhook_endpoint w ON w.id = d.endpoint_id
      JOIN event e ON e.id = d.event_id
     ORDER BY e.txid, e.seq;
END
$$;

-- results: [{endpoint, event, attempt, outcome, status, error, wait_ms}]; outcome: delivered, retry (after wait_ms), failed,
-- gone (failed, and the endpoint wants nothing more), released (not tried). A process that slept past its lease cannot
-- overwrite what another one does with the row meanwhile; only that it was delivered is true whoever says so.
-- Endpoints that were switched off by it come back.
CREATE OR REPLACE FUNCTION settle_deliveries(results jsonb, at timestamptz, give_up_after interval, id_like uuid)
RETURNS TABLE (endpoint uuid, reason text) LANGUAGE plpgsql AS $$
DECLARE
  w webhook_endpoint;
BEGIN
  UPDATE webhook_delivery d
     SET state = CASE r.outcome WHEN 'delivered' THEN 'delivered' WHEN 'failed' THEN 'failed' WHEN 'gone' THEN 'failed'
                                ELSE d.state END,
         attempts = d.attempts - CASE WHEN r.outcome = 'released' THEN 1 ELSE 0 END,
         next_at = at + coalesce(r.wait_ms, 0) * interval '1 ms',
         lease_until = NULL,
         last_status = CASE WHEN r.outcome = 'released' THEN d.last_status ELSE r.status END,
         last_error = CASE WHEN r.outcome = 'released' THEN d.last_error ELSE r.error END,
         last_at = CASE WHEN r.outcome = 'released' THEN d.last_at ELSE at END
    FROM jsonb_to_recordset(results) AS r (endpoint uuid, event uuid, attempt integer, outcome text, status integer,
                                           error text, wait_ms bigint)
   WHERE d.endpoint_id = r.endpoint AND d.event_id = r.event
     AND (d.state = 'pending' AND d.attempts = r.attempt OR r.outcome = 'delivered' AND d.state <> 'delivered');

  UPDATE webhook_endpoint e SET failing_since = NULL, updated_at = at
   WHERE e.failing_since IS NOT NULL
     AND e.id IN (SELECT (r ->> 'endpoint')::uuid FROM jsonb_array_elements(results) AS r WHERE r ->> 'outcome' = 'delivered');
  UPDATE webhook_endpoint e SET failing_since = at, updated_at = at
   WHERE e.failing_since IS NULL AND e.enabled
     AND e.id IN (SELECT (r ->> 'endpoint')::uuid FROM jsonb_array_elements(results) AS r
                   GROUP BY 1
                  HAVING bool_or(r ->> 'outcome' IN ('retry', 'failed')) AND NOT bool_or(r ->> 'outcome' = 'delivered'));
  FOR w IN
    UPDATE webhook_endpoint e
       SET enabled = false, updated_at = at,
           disabled_reason = CASE WHEN is_gone THEN 'gone' ELSE 'failing' END
      FROM (SELECT (r ->> 'endpoint')::uuid AS id, bool_or(r ->> 'outcome' = 'gone') AS is_gone
              FROM jsonb_array_elements(results) AS r
             WHERE r ->> 'outcome' IN ('retry', 'failed', 'gone') GROUP BY 1) AS f
     WHERE e.id = f.id AND e.enabled AND (f.is_gone OR e.failing_since <= at - give_up_after)
    RETURNING e.*
  LOOP
    PERFORM record_webhook_event(id_beside(id_like), 'webhook_endpoint.disabled', w, at);
    endpoint := w.id;
    reason := w.disabled_reason;
    RETURN NEXT;
  END LOOP;
END
$$;
