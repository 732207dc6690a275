-- Takes the commands of a whole batch in: subjects that are new, and operations whose id is new. A start ('fresh') makes
-- an operation only together with its subject: where a cancel was faster, its tombstone is there already and nothing may
-- be started. What is about something known ('known') makes one only where that is there, and begins no subject. An
-- operation is ours at once only where its lane is free, it comes after nothing and its subject is the one of this batch;
-- the others lie ready for the sweeper, which keeps their order. $1: array of {op_id, subject_id, …}; $2: lease owner; $3: lease in ms.
-- Returns the ids that are new, and which of them are ours.
WITH input AS (
  SELECT i.*, i.ordinality AS no FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (
    op_id text, subject_id text, tenant text, mode text, connection_id text, connection_version integer, device_id text,
    kind text, class text, lane text, after_op text, subject_kind text, phase text, start_by timestamptz, data jsonb,
    needs text, command jsonb, traceparent text)) WITH ORDINALITY AS i
), subjects AS (
  INSERT INTO subject (id, tenant, mode, connection_id, device_id, kind, phase, start_by, data, traceparent)
  SELECT DISTINCT ON (subject_id) subject_id, tenant, mode, connection_id, device_id, subject_kind, phase, start_by, data,
         traceparent
    FROM input WHERE needs <> 'known' ORDER BY subject_id, no
  ON CONFLICT (id) DO NOTHING
  RETURNING id
), wanted AS MATERIALIZED (
  -- LIMIT keeps each look-up to its own lane: otherwise a planner may read all unfinished operations once per batch.
  SELECT i.*,
         i.after_op IS NULL AND i.needs <> 'known'
         AND NOT EXISTS (SELECT FROM input e WHERE e.lane = i.lane AND e.no < i.no AND e.op_id <> i.op_id)
         AND (SELECT true FROM operation e WHERE e.lane = i.lane AND e.state IN ('accepted', 'sent', 'unknown') LIMIT 1)
             IS NULL AS ours
    FROM input i
   WHERE CASE i.needs
           WHEN 'fresh' THEN EXISTS (SELECT FROM subjects s WHERE s.id = i.subject_id)
           WHEN 'known' THEN EXISTS (SELECT FROM subject s WHERE s.id = i.subject_id)
                             OR EXISTS (SELECT FROM subjects s WHERE s.id = i.subject_id)
           ELSE true END
)
INSERT INTO operation (id, subject_id, connection_id, connection_version, kind, class, lane, after_op, state,
                       lease_owner, lease_until, command, traceparent)
SELECT op_id, subject_id, connection_id, connection_version, kind, class, lane, after_op, 'accepted',
       CASE WHEN ours THEN $2 END, CASE WHEN ours THEN now() + $3 * interval '1 ms' END, command, traceparent
  FROM wanted
 ORDER BY no
ON CONFLICT (id) DO NOTHING
RETURNING id, lease_owner IS NOT NULL AS ours
