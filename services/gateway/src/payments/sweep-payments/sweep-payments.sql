-- Asks again about payments that are silent. Replicas share the work: a row is claimed by asked_at and locked rows are
-- skipped. Nothing here is written to the outbox, because what is lost is asked for again at the next turn.
--   created, silent for start_after: its start once more, until start_by
--   created, past start_by + grace:  a report, every start_report_every
--   open, silent for report_after:   a report, every report_after
CREATE OR REPLACE FUNCTION sweep_payments(now_at timestamptz, most integer, start_after interval, grace interval,
                                          start_report_every interval, report_after interval)
RETURNS TABLE (payment_id uuid, tenant_id uuid, mode text, provider text, command text, body jsonb) LANGUAGE sql AS $$
  WITH due AS (
    SELECT it.id,
           CASE WHEN it.status = 'created' AND now_at < it.start_by THEN 'payment.start' ELSE 'subject.report' END AS command
      FROM payment it
     WHERE it.status IN ('created', 'requires_customer', 'requires_amount', 'processing', 'unknown')
       AND it.updated_at <= now_at - start_after
       AND CASE
             WHEN it.status <> 'created' THEN it.updated_at <= now_at - report_after
               AND (it.asked_at IS NULL OR it.asked_at <= now_at - report_after)
             WHEN now_at < it.start_by THEN it.asked_at IS NULL OR it.asked_at <= now_at - start_after
             ELSE now_at >= it.start_by + grace
               AND (it.asked_at IS NULL OR it.asked_at < it.start_by + grace OR it.asked_at <= now_at - start_report_every)
           END
     ORDER BY it.updated_at
     LIMIT most
       FOR UPDATE SKIP LOCKED)
  UPDATE payment it SET asked_at = now_at FROM due WHERE it.id = due.id
  RETURNING it.id, it.tenant_id, it.mode, it.provider, due.command,
            CASE due.command WHEN 'payment.start' THEN payment_start_body(it) ELSE payment_report_body(it, now_at) END
$$;

-- The same under the name of columns that every sweep has. A program of the release before calls the one above.
CREATE OR REPLACE FUNCTION sweep_silent_payments(now_at timestamptz, most integer, start_after interval, grace interval,
                                                 start_report_every interval, report_after interval)
RETURNS TABLE (subject_id uuid, tenant_id uuid, mode text, provider text, command text, body jsonb) LANGUAGE sql AS $$
  SELECT * FROM sweep_payments(now_at, most, start_after, grace, start_report_every, report_after)
$$;
