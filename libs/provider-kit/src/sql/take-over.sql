-- Takes operations whose holder went silent: the next attempt is ours, under a new lease. Only the first unfinished
-- operation of a lane may run, and none before the one that it must come after; what waits for its lane beyond its own
-- deadline runs all the same, because all that it can do is end. $1 owner, $2 lease in ms, $3 limit, $4 the time
WITH due AS (
  SELECT o.id FROM operation o
   WHERE o.state = 'accepted' AND (o.lease_until IS NULL OR o.lease_until < now())
     AND (NOT EXISTS (SELECT FROM operation e
                       WHERE e.lane = o.lane AND e.lane_no < o.lane_no AND e.state IN ('accepted', 'sent', 'unknown'))
          OR (o.sends = 0 AND (o.command ->> 'start_by')::timestamptz < $4::timestamptz))
     AND (o.after_op IS NULL OR EXISTS (SELECT FROM operation a WHERE a.id = o.after_op AND a.state IN ('done', 'refused')))
   ORDER BY o.lane_no
   LIMIT $3
   FOR UPDATE OF o SKIP LOCKED
), taken AS (
  UPDATE operation o
     SET attempt = o.attempt + CASE WHEN o.lease_owner IS NULL THEN 0 ELSE 1 END,
         lease_owner = $1, lease_until = now() + $2 * interval '1 ms'
    FROM due WHERE o.id = due.id
  RETURNING o.*
)
SELECT t.id AS op_id, t.kind AS op_kind, t.class, t.lane, t.attempt, t.state, t.command,
       t.connection_id AS op_connection_id, t.connection_version, t.traceparent AS op_traceparent, t.repeat_until,
       t.note, t.sends, s.*
  FROM taken t JOIN subject s ON s.id = t.subject_id
 ORDER BY t.lane_no
