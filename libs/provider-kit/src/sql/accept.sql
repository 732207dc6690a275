-- Takes the commands of a whole batch in: subjects that are new, and operations whose id is new. A start makes an
-- operation only together with its subject: where a cancel was faster, its tombstone is there already and nothing may
-- be started. $1: array of {op_id, subject_id, …}; $2: lease owner; $3: lease in ms. Returns the ids that are new.
WITH input AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) WITH ORDINALITY AS i (
    op_id text, subject_id text, tenant text, mode text, connection_id text, connection_version integer, device_id text,
    kind text, class text, lane text, after_op text, subject_kind text, phase text, start_by timestamptz, data jsonb,
    starts boolean, command jsonb, no bigint)
), subjects AS (
  INSERT INTO subject (id, tenant, mode, connection_id, device_id, kind, phase, start_by, data)
  SELECT DISTINCT ON (subject_id) subject_id, tenant, mode, connection_id, device_id, subject_kind, phase, start_by, data
    FROM input ORDER BY subject_id, no
  ON CONFLICT (id) DO NOTHING
  RETURNING id
)
INSERT INTO operation (id, subject_id, connection_id, connection_version, kind, class, lane, after_op, state,
                       lease_owner, lease_until, command)
SELECT op_id, subject_id, connection_id, connection_version, kind, class, lane, after_op, 'accepted',
       $2, now() + $3 * interval '1 ms', command
  FROM input
 WHERE NOT starts OR EXISTS (SELECT FROM subjects s WHERE s.id = subject_id)
 ORDER BY no
ON CONFLICT (id) DO NOTHING
RETURNING id
