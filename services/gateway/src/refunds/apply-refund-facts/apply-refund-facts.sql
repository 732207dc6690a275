-- What providers tell of refunds, applied a batch at a time in one round trip. Order of arrival means nothing: a snapshot
-- counts if its seq is the highest so far, and a status moves only along the table. An end settles what was reserved on
-- the payment, in the same statement; every end is final, so what contradicts one is for a person.
--
-- facts: [{refund, event_id, seq, phase, provider_ref, purchase_ref, amount, next_action, failure, evidence}]; a phase that
-- this release does not know never gets here. Changed refunds come back with the kinds of attention that were opened, with
-- the payment whose account moved, and for watched ones with the row as it is now.
CREATE OR REPLACE FUNCTION apply_refund_facts(facts jsonb, now_at timestamptz, watched uuid[])
RETURNS TABLE (refund_id uuid, outcome text, raised text[], moved_payment uuid, refund jsonb) LANGUAGE plpgsql AS $$
DECLARE
  fact     jsonb;
  old      refund;
  it       refund;
  paid     payment;
  seq      bigint;
  phase    text;
  ref      text;
  told     bigint;
  misfits  text[];
  alarms   text[];
  event_id uuid;
BEGIN
  -- Payments first and all rows in one order, as everywhere: replicas with overlapping batches never wait in a circle.
  PERFORM FROM payment p
    WHERE p.id IN (SELECT r.payment_id FROM refund r
                    WHERE r.id IN (SELECT (f ->> 'refund')::uuid FROM jsonb_array_elements(facts) AS f))
    ORDER BY p.id FOR UPDATE;
  FOR fact IN
    SELECT f FROM jsonb_array_elements(facts) AS f ORDER BY f ->> 'refund', (f ->> 'seq')::bigint
  LOOP
    refund_id := fact ->> 'refund';
    event_id := fact ->> 'event_id';
    misfits := '{}';
    alarms := '{}';
    raised := '{}';
    moved_payment := NULL;
    refund := NULL;
    SELECT * INTO old FROM refund r WHERE r.id = refund_id FOR UPDATE;
    IF NOT FOUND THEN
      outcome := 'unknown_refund';
      RETURN NEXT;
      CONTINUE;
    END IF;
    it := old;
    seq := (fact ->> 'seq')::bigint;
    phase := fact ->> 'phase';
    ref := fact ->> 'purchase_ref';
    told := nullif((fact ->> 'amount')::bigint, 0);
    CONTINUE WHEN seq <= old.provider_seq;

    -- Only where money may be on its way: before that the provider repeats what was asked for, which a choice may replace.
    IF phase IN ('processing', 'succeeded', 'unknown') AND NOT refund_is_final(old.status) THEN
      IF told IS DISTINCT FROM old.amount AND told IS NOT NULL THEN
        misfits := misfits || 'amount_mismatch'::text;
      END IF;
      IF ref IS DISTINCT FROM old.purchase_ref AND ref IS NOT NULL THEN
        misfits := misfits || 'provider_ref_mismatch'::text;
      END IF;
      IF cardinality(misfits) > 0 THEN
        -- Whatever that is, it is not this refund as it was asked for: a person decides.
        phase := 'unknown';
      END IF;
    END IF;
    alarms := misfits;

    IF refund_is_final(old.status) THEN
      IF refund_is_final(phase) AND phase <> old.status AND (phase = 'succeeded' OR old.status = 'succeeded') THEN
        alarms := alarms || 'contradicted'::text;
      ELSIF phase = old.status THEN
        -- The same end, maybe known better: the provider's own id of it, its word instead of our conclusion or a person's.
        it.provider_ref := fact ->> 'provider_ref';
        it.evidence := fact ->> 'evidence';
        it.failure := nullif(fact -> 'failure', 'null');
        it.resolution := old.resolution || '{"confirmed": true}';
      END IF;
    ELSIF phase = old.status OR refund_can_move(old.status, phase) THEN
      it.status := phase;
      it.provider_ref := fact ->> 'provider_ref';
      it.evidence := CASE WHEN refund_is_final(phase) THEN fact ->> 'evidence' END;
      -- A purchase that is chosen is on its way to the provider, whatever it told before it heard of that.
      it.next_action := CASE WHEN phase = 'requires_customer' AND old.choose_by IS NULL THEN nullif(fact -> 'next_action', 'null') END;
      it.expires_at := (it.next_action ->> 'expires_at')::timestamptz;
      it.failure := CASE WHEN cardinality(misfits) > 0
        THEN jsonb_build_object('code', misfits[1], 'provider_code', NULL, 'provider_message', NULL, 'cashier_key', 'refund_unknown')
        ELSE nullif(fact -> 'failure', 'null') END;
      it.cancel_result := refund_cancel_result_after(old.cancel_result, it.status);
    END IF;
    it.provider_seq := seq;
    SELECT coalesce(array_agg(alarm), '{}') INTO alarms FROM unnest(alarms) AS alarm WHERE alarm <> ALL (old.alarms);
    it.alarms := old.alarms || alarms;

    IF (it.status, it.provider_ref, it.evidence, it.next_action, it.failure, it.cancel_result, it.alarms, it.resolution)
       IS NOT DISTINCT FROM
       (old.status, old.provider_ref, old.evidence, old.next_action, old.failure, old.cancel_result, old.alarms, old.resolution) THEN
      -- Said before in other words: remembered, so that the order stays right, and nobody is woken.
      UPDATE refund r SET provider_seq = it.provider_seq WHERE r.id = it.id;
      CONTINUE;
    END IF;
    UPDATE refund r
       SET status = it.status, provider_ref = it.provider_ref, provider_seq = it.provider_seq, evidence = it.evidence,
           next_action = it.next_action, expires_at = it.expires_at, failure = it.failure, cancel_result = it.cancel_result,
           alarms = it.alarms, resolution = it.resolution, version = r.version + 1, updated_at = now_at
     WHERE r.id = it.id RETURNING * INTO it;
    PERFORM record_refund_event(event_id, CASE WHEN it.status = old.status THEN 'refund.updated'
                                               ELSE 'refund.' || it.status END, it, now_at);
    IF refund_is_final(it.status) AND it.status <> old.status THEN
      PERFORM settle_reservation(it, event_id, now_at);
      moved_payment := it.payment_id;
      IF it.source = 'late' AND it.status <> 'succeeded' THEN
        -- What was to go back by itself has not: the late money is for a person after all.
        SELECT * INTO paid FROM payment p WHERE p.id = it.payment_id;
        IF open_attention(paid, 'late', jsonb_build_object('refund', public_id('ref', it.id), 'code', it.failure ->> 'code',
                                                           'admin_text', it.failure -> 'admin_text'),
                          event_id, now_at) THEN
          raised := raised || 'late'::text;
        END IF;
      END IF;
    END IF;
    IF it.status = 'unknown' AND old.status <> 'unknown'
       AND open_attention(it, 'unknown', unknown_details(old.status, it.failure), event_id, now_at) THEN
      raised := raised || 'unknown'::text;
    END IF;
    FOR place IN 1..cardinality(alarms) LOOP
      IF open_attention(it, alarms[place], misfit_details(fact, ref), event_id, now_at) THEN
        raised := raised || alarms[place];
      END IF;
    END LOOP;
    -- The provider's own word answers what was open; what it has once told wrong stays for a person.
    IF old.status = 'unknown' AND it.status <> 'unknown' THEN
      PERFORM close_attention(it.id, '{unknown}', 'system', it.status, NULL, NULL, event_id, now_at);
    END IF;
    outcome := 'changed';
    IF it.id = ANY (watched) THEN
      refund := refund_row(it);
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;
