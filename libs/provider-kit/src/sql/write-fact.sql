-- Writes one piece of news: the subject's next state, the end of the operation that found it out, and the message that
-- tells it, or nothing at all. The subject's sequence decides who is right when two have news at the same moment; the
-- operation's attempt keeps a process that slept from writing what is no longer true.
-- $1 subject, $2 sequence that the change was made from, $3 phase, $4 provider ref, $5 look_at, $6 look_step, $7 data,
-- $8 next sequence (the same as $2 where nobody needs to know), $9 outbox rows, $10 operation or null, $11 its attempt,
-- $12 its new state, $13 its answer, $14 the operation that follows from this news, or null: it lies ready for the sweeper
WITH changed AS (
  UPDATE subject
     SET phase = $3, provider_ref = $4, look_at = $5, look_step = $6, data = $7, seq = $8, updated_at = now()
   WHERE id = $1 AND seq = $2
     AND ($10::text IS NULL OR EXISTS (
           SELECT FROM operation o WHERE o.id = $10 AND o.attempt = $11 AND o.state IN ('accepted', 'sent', 'unknown')))
  RETURNING id
), ended AS (
  UPDATE operation SET state = $12, answer = $13, lease_until = NULL, check_at = NULL
   WHERE id = $10 AND EXISTS (SELECT FROM changed)
), told AS (
  INSERT INTO outbox (id, topic, consumer, key, headers, body)
  SELECT r.id, r.topic, r.consumer, r.key, r.headers, r.body
    FROM jsonb_to_recordset($9::jsonb) AS r (id uuid, topic text, consumer text, key text, headers jsonb, body jsonb)
   WHERE EXISTS (SELECT FROM changed)
), following AS (
  INSERT INTO operation (id, subject_id, connection_id, connection_version, kind, class, lane, state, command, traceparent)
  SELECT f.id, s.id, s.connection_id, 1, f.kind, f.class, f.lane, 'accepted', f.command, s.traceparent
    FROM jsonb_to_record($14::jsonb) AS f (id text, kind text, class text, lane text, command jsonb), subject s
   WHERE s.id = $1 AND f.id IS NOT NULL AND EXISTS (SELECT FROM changed)
  ON CONFLICT (id) DO NOTHING
)
SELECT id FROM changed
