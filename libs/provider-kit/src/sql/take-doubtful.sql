-- Takes critical operations whose effect is in doubt and due for a question. $1 owner, $2 lease in ms, $3 limit
WITH due AS (
  SELECT id FROM operation
   WHERE class = 'critical' AND state IN ('sent', 'unknown') AND check_at < now()
   ORDER BY check_at LIMIT $3 FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE operation o SET lease_owner = $1, check_at = now() + $2 * interval '1 ms', checks = o.checks + 1
    FROM due WHERE o.id = due.id
  RETURNING o.*
)
SELECT t.id AS op_id, t.kind AS op_kind, t.class, t.lane, t.attempt, t.state, t.command,
       t.connection_id AS op_connection_id, t.connection_version, t.traceparent AS op_traceparent, t.repeat_until,
       t.note, t.checks, t.sends, t.unchanged,
       (extract(epoch FROM now() - t.sent_at) * 1000)::float8 AS sent_ago_ms,
       coalesce((extract(epoch FROM now() - t.unchanged_since) * 1000)::float8, 0) AS unchanged_for_ms, s.*
  FROM taken t JOIN subject s ON s.id = t.subject_id
