-- Asks again about refunds that are silent, as sweep_payments does about payments. Nothing here is written to the outbox,
-- because what is lost is asked for again at the next turn.
--   pending, silent for start_after:  its start once more, until start_by
--   pending, past start_by + grace:   a report, every start_report_every
--   chosen, silent for start_after:   the choice once more, until choose_by; then as any open one
--   open, silent for report_after:    a report, every report_after
-- It goes over open refunds alone (partial index refund_open), once a second in every process: a table that is read whole,
-- as a join of it with itself did, is tidied while it is read, page by page, and that is written.
CREATE OR REPLACE FUNCTION sweep_refunds(now_at timestamptz, most integer, start_after interval, grace interval,
                                         start_report_every interval, report_after interval)
RETURNS TABLE (subject_id uuid, tenant_id uuid, mode text, provider text, command text, body jsonb) LANGUAGE sql AS $$
  WITH due AS (
    SELECT it.id, CASE WHEN now_at < s.send_by THEN s.again ELSE 'subject.report' END AS command
      FROM refund it
     CROSS JOIN LATERAL (
       SELECT CASE WHEN it.status = 'pending' THEN it.start_by
                   WHEN it.status = 'requires_customer' THEN it.choose_by END AS send_by,
              CASE WHEN it.status = 'pending' THEN 'refund.start' ELSE 'refund.choose' END AS again) AS s
     WHERE it.status IN ('pending', 'requires_customer', 'processing', 'unknown')
       AND it.updated_at <= now_at - start_after
       AND CASE
             WHEN s.send_by IS NULL THEN it.updated_at <= now_at - report_after
               AND (it.asked_at IS NULL OR it.asked_at <= now_at - report_after)
             WHEN now_at < s.send_by THEN it.asked_at IS NULL OR it.asked_at <= now_at - start_after
             ELSE now_at >= s.send_by + grace
               AND (it.asked_at IS NULL OR it.asked_at < s.send_by + grace OR it.asked_at <= now_at - start_report_every)
           END
     ORDER BY it.updated_at
     LIMIT most
       FOR UPDATE OF it SKIP LOCKED)
  UPDATE refund it SET asked_at = now_at FROM due WHERE it.id = due.id
  RETURNING it.id, it.tenant_id, it.mode, it.provider, due.command,
            CASE due.command WHEN 'refund.start' THEN refund_start_body(it) WHEN 'refund.choose' THEN refund_choose_body(it)
                             ELSE refund_report_body(it, now_at) END
$$;
