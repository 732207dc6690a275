-- "About to send", committed before a call that must happen once. $1 operation, $2 attempt, $3 owner, $4 note,
-- $5 time until the first question about it in ms, $6 subject, $7 its sequence, $8 phases that it may leave from
WITH still AS (
  UPDATE subject SET seq = seq + 1, updated_at = now()
   WHERE id = $6 AND seq = $7 AND phase = ANY ($8)
     AND EXISTS (SELECT FROM operation o WHERE o.id = $1 AND o.attempt = $2 AND o.lease_owner = $3 AND o.state = 'accepted')
  RETURNING id
)
UPDATE operation SET state = 'sent', class = 'critical', sent_at = now(), sends = sends + 1, note = $4,
                     check_at = now() + $5 * interval '1 ms'
 WHERE id = $1 AND attempt = $2 AND EXISTS (SELECT FROM still)
RETURNING id
