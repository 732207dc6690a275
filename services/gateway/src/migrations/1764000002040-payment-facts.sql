-- What providers tell, applied a batch at a time in one round trip. Order of arrival means nothing: a snapshot counts if
-- its seq is the highest so far, a status moves only along the table, and money received outranks every other fact.
--
-- facts: [{kind: state | progress, payment, event_ids (4), …the fields of the message}]; a phase that this release does
-- not know never gets here. Changed payments come back with what a person must look at since now.
CREATE FUNCTION apply_payment_facts(facts jsonb, now_at timestamptz)
RETURNS TABLE (payment_id uuid, outcome text, raised text[]) LANGUAGE plpgsql AS $$
DECLARE
  fact    jsonb;
  old     payment;
  it      payment;
  seq     bigint;
  phase   text;
  ref     text;
  told    bigint;
  known   text[];
  ids     uuid[];
  twin    boolean;
BEGIN
  -- Rows are locked in one order, so that two replicas with overlapping batches never wait for each other in a circle.
  FOR fact IN
    SELECT f FROM jsonb_array_elements(facts) AS f
     ORDER BY f ->> 'payment', f ->> 'kind' DESC, (f ->> 'seq')::bigint
  LOOP
    payment_id := fact ->> 'payment';
    raised := '{}';
    ids := ARRAY(SELECT jsonb_array_elements_text(fact -> 'event_ids'))::uuid[];
    SELECT * INTO old FROM payment WHERE id = payment_id FOR UPDATE;
    IF NOT FOUND THEN
      outcome := 'unknown_payment';
      RETURN NEXT;
      CONTINUE;
    END IF;
    it := old;
    IF fact ->> 'kind' = 'progress' THEN
      -- Sent without an outbox, never ordered: good for one step forward and nothing else.
      CONTINUE WHEN old.status <> 'requires_customer' OR fact ->> 'phase' <> 'processing';
      it.status := 'processing';
      it.next_action := NULL;
      it.expires_at := (fact ->> 'expires_at')::timestamptz;
    ELSE
      seq := (fact ->> 'seq')::bigint;
      phase := fact ->> 'phase';
      ref := fact ->> 'provider_ref';
      told := nullif((fact ->> 'amount')::bigint, 0);
      CONTINUE WHEN CASE
        WHEN old.status = 'succeeded' THEN phase <> 'succeeded' OR seq <= old.provider_seq
        ELSE phase <> 'succeeded' AND seq <= old.provider_seq END;

      IF told <> old.amount THEN
        raised := raised || 'amount_mismatch'::text;
      END IF;
      IF ref <> old.provider_ref OR (ref IS NOT NULL AND old.provider_ref IS NULL AND EXISTS (
           SELECT FROM payment other WHERE other.connection_id = old.connection_id AND other.provider_ref = ref)) THEN
        raised := raised || 'provider_ref_mismatch'::text;
      END IF;
      known := raised;
      IF cardinality(raised) > 0 AND NOT payment_is_closed_unpaid(phase) THEN
        -- Whatever that is, it is not this payment as it was made: a person decides.
        phase := 'unknown';
      END IF;

      IF phase = old.status OR payment_can_move(old.status, phase) THEN
        it.status := phase;
        it.amount := coalesce(old.amount, told);
        IF NOT 'provider_ref_mismatch' = ANY (known) THEN
          it.provider_ref := coalesce(old.provider_ref, ref);
        END IF;
        IF phase = 'unknown' AND cardinality(known) > 0 THEN
          it.next_action := NULL;
          it.expires_at := NULL;
          it.failure := jsonb_build_object('code', known[1], 'provider_code', NULL, 'provider_message', NULL,
                                           'cashier_key', 'unknown_ask_admin');
        ELSE
          it.next_action := nullif(fact -> 'next_action', 'null');
          -- The end of a stage that a progress message told is not taken away by a snapshot of the same stage.
          it.expires_at := coalesce((it.next_action ->> 'expires_at')::timestamptz,
                                    CASE WHEN phase = old.status AND old.next_action IS NULL THEN old.expires_at END);
          it.failure := nullif(fact -> 'failure', 'null');
        END IF;
        it.payment_methods := fact -> 'payment_methods';
        it.slip := nullif(fact -> 'slip', 'null');
      END IF;

      -- Money that outranked a newer fact is ordered among facts of money from now on.
      it.provider_seq := CASE WHEN it.status = 'succeeded' THEN seq ELSE greatest(seq, old.provider_seq) END;
      SELECT coalesce(array_agg(kind), '{}') INTO raised FROM unnest(raised) AS kind WHERE kind <> ALL (old.alarms);
      it.alarms := old.alarms || raised;
      IF old.cancel_result IN ('pending', 'done', 'refused') THEN
        it.cancel_result := CASE
          WHEN it.status = 'succeeded' THEN 'refused'
          WHEN payment_is_closed_unpaid(it.status) THEN 'done'
          ELSE coalesce(fact ->> 'cancel_result', old.cancel_result) END;
      END IF;
    END IF;

    twin := false;
    IF it.status <> old.status THEN
      IF payment_is_closed_unpaid(it.status) THEN
        it.reference_lock := false;
      ELSIF it.status = 'succeeded' THEN
        it.late := old.late OR payment_is_closed_unpaid(old.status);
        IF it.reference IS NOT NULL THEN
          it.reference_lock := old.reference_lock OR NOT EXISTS (
            SELECT FROM payment other
             WHERE other.tenant_id = it.tenant_id AND other.mode = it.mode AND other.organization_id = it.organization_id
               AND other.reference = it.reference AND other.reference_lock);
          twin := EXISTS (
            SELECT FROM payment other
             WHERE other.tenant_id = it.tenant_id AND other.mode = it.mode AND other.organization_id = it.organization_id
               AND other.reference = it.reference AND other.status = 'succeeded' AND other.id <> it.id);
        END IF;
      END IF;
    END IF;

    IF (it.status, it.amount, it.provider_ref, it.next_action, it.expires_at, it.payment_methods, it.slip, it.failure,
        it.cancel_result, it.late, it.alarms)
       IS NOT DISTINCT FROM
       (old.status, old.amount, old.provider_ref, old.next_action, old.expires_at, old.payment_methods, old.slip,
        old.failure, old.cancel_result, old.late, old.alarms) THEN
      -- Said before in other words: remembered, so that the order stays right, and nobody is woken.
      UPDATE payment SET provider_seq = it.provider_seq WHERE id = it.id;
      CONTINUE;
    END IF;
    it.version := old.version + 1;
    it.updated_at := now_at;
    UPDATE payment
       SET status = it.status, amount = it.amount, provider_ref = it.provider_ref, provider_seq = it.provider_seq,
           next_action = it.next_action, expires_at = it.expires_at, payment_methods = it.payment_methods, slip = it.slip,
           failure = it.failure, cancel_result = it.cancel_result, late = it.late, alarms = it.alarms,
           reference_lock = it.reference_lock, version = it.version, updated_at = it.updated_at
     WHERE id = it.id;
    PERFORM record_payment_event(ids[1], CASE WHEN it.status = old.status THEN 'payment.updated'
                                              ELSE 'payment.' || it.status END, it, now_at);
    IF it.late AND NOT old.late THEN
      PERFORM record_payment_event(ids[2], 'payment.late', it, now_at);
    END IF;
    IF twin THEN
      PERFORM record_payment_event(ids[3], 'payment.duplicate', it, now_at);
    END IF;
    IF cardinality(raised) > 0 THEN
      PERFORM record_payment_event(ids[4], 'attention.opened', it, now_at);
    END IF;
    outcome := 'changed';
    RETURN NEXT;
  END LOOP;
END
$$;

-- Asks again about payments that are silent. Replicas share the work: a row is claimed by asked_at and locked rows are
-- skipped. Nothing here is written to the outbox, because what is lost is asked for again at the next turn.
--   created, silent for start_after: its start once more, until start_by
--   created, past start_by + grace:  a report, every start_report_every
--   open, silent for report_after:   a report, every report_after
CREATE FUNCTION sweep_payments(now_at timestamptz, most integer, start_after interval, grace interval,
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
