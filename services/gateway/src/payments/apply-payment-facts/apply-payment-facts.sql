-- What providers tell, applied a batch at a time in one round trip. Order of arrival means nothing: a snapshot counts if
-- its seq is the highest so far, a status moves only along the table, and money received outranks every other fact.
-- What a person must look at is opened, and what the provider's answer settles is closed, in the same statement.
--
-- facts: [{kind: state | progress, payment, event_id, …the fields of the message}]; a phase that this release does not
-- know never gets here. Changed payments come back with the kinds of attention that were opened for them, and with the rows
-- of a message where late money is sent back (late: see refund_late_money). A program of the release before gives
-- `event_ids` instead.
CREATE OR REPLACE FUNCTION apply_each_payment_fact(facts jsonb, now_at timestamptz, late jsonb)
RETURNS TABLE (payment_id uuid, outcome text, raised text[], messages jsonb) LANGUAGE plpgsql AS $$
DECLARE
  fact     jsonb;
  old      payment;
  it       payment;
  seq      bigint;
  phase    text;
  ref      text;
  told     bigint;
  -- What does not fit: all of it, and what nobody has been told of yet.
  misfits  text[];
  alarms   text[];
  event_id uuid;
  twin     uuid;
  policy   text;
  is_persons_word boolean;
BEGIN
  -- Rows are locked in one order, so that two replicas with overlapping batches never wait for each other in a circle.
  FOR fact IN
    SELECT f FROM jsonb_array_elements(facts) AS f
     ORDER BY f ->> 'payment', f ->> 'kind' DESC, (f ->> 'seq')::bigint
  LOOP
    payment_id := fact ->> 'payment';
    event_id := coalesce(fact ->> 'event_id', fact -> 'event_ids' ->> 0);
    misfits := '{}';
    alarms := '{}';
    raised := '{}';
    messages := NULL;
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
      is_persons_word := old.status = 'succeeded'
                         AND coalesce(old.resolution @> '{"outcome": "succeeded", "confirmed": false}', false);
      CONTINUE WHEN CASE
        -- The provider's first word of money counts however old it is: a person has only said so before.
        WHEN is_persons_word THEN phase <> 'succeeded' AND seq <= old.provider_seq
        WHEN old.status = 'succeeded' THEN phase <> 'succeeded' OR seq <= old.provider_seq
        ELSE phase <> 'succeeded' AND seq <= old.provider_seq END;

      IF told <> old.amount THEN
        misfits := misfits || 'amount_mismatch'::text;
      END IF;
      IF ref <> old.provider_ref OR (ref IS NOT NULL AND old.provider_ref IS NULL AND EXISTS (
           SELECT FROM payment other WHERE other.connection_id = old.connection_id AND other.provider_ref = ref)) THEN
        misfits := misfits || 'provider_ref_mismatch'::text;
      END IF;
      alarms := misfits;
      IF cardinality(misfits) > 0 AND NOT payment_is_closed_unpaid(phase) THEN
        -- Whatever that is, it is not this payment as it was made: a person decides.
        phase := 'unknown';
      END IF;

      IF old.resolution IS NOT NULL THEN
        IF is_persons_word AND payment_is_closed_unpaid(phase) THEN
          -- Money that a person has declared is not taken back by a machine.
          alarms := alarms || 'contradicted'::text;
        ELSIF (is_persons_word AND phase = 'succeeded')
              OR (old.resolution ->> 'outcome' = 'failed' AND payment_is_closed_unpaid(phase)) THEN
          it.resolution := old.resolution || '{"confirmed": true}';
        END IF;
      END IF;

      IF phase = old.status OR payment_can_move(old.status, phase) THEN
        it.status := phase;
        it.amount := coalesce(old.amount, told);
        IF NOT 'provider_ref_mismatch' = ANY (misfits) THEN
          it.provider_ref := coalesce(old.provider_ref, ref);
        END IF;
        IF phase = 'unknown' AND cardinality(misfits) > 0 THEN
          it.next_action := NULL;
          it.expires_at := NULL;
          it.failure := jsonb_build_object('code', misfits[1], 'provider_code', NULL, 'provider_message', NULL,
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
      SELECT coalesce(array_agg(alarm), '{}') INTO alarms FROM unnest(alarms) AS alarm WHERE alarm <> ALL (old.alarms);
      it.alarms := old.alarms || alarms;
      it.cancel_result := cancel_result_after(old.cancel_result, it.status, fact ->> 'cancel_result');
    END IF;

    twin := NULL;
    IF it.status <> old.status THEN
      IF payment_is_closed_unpaid(it.status) THEN
        it.reference_lock := false;
      ELSIF it.status = 'succeeded' THEN
        it.late := old.late OR payment_is_closed_unpaid(old.status);
        twin := paid_twin(it);
        it.reference_lock := holds_reference(it);
      END IF;
    END IF;

    IF (it.status, it.amount, it.provider_ref, it.next_action, it.expires_at, it.payment_methods, it.slip, it.failure,
        it.cancel_result, it.late, it.alarms, it.resolution)
       IS NOT DISTINCT FROM
       (old.status, old.amount, old.provider_ref, old.next_action, old.expires_at, old.payment_methods, old.slip,
        old.failure, old.cancel_result, old.late, old.alarms, old.resolution) THEN
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
           resolution = it.resolution, reference_lock = it.reference_lock, version = it.version, updated_at = it.updated_at
     WHERE id = it.id;
    PERFORM record_payment_event(event_id, CASE WHEN it.status = old.status THEN 'payment.updated'
                                                ELSE 'payment.' || it.status END, it, now_at);
    IF it.late AND NOT old.late THEN
      PERFORM record_payment_event(id_beside(event_id), 'payment.late', it, now_at);
      SELECT t.late_policy INTO policy FROM tenant t WHERE t.id = it.tenant_id;
      IF policy = 'refund' THEN
        messages := refund_late_money(it, late, event_id, now_at);
      END IF;
      IF policy IS DISTINCT FROM 'keep' AND messages IS NULL
         AND open_attention(it, 'late', jsonb_build_object('status_before', old.status), event_id, now_at) THEN
        raised := raised || 'late'::text;
      END IF;
    END IF;
    IF twin IS NOT NULL THEN
      PERFORM record_payment_event(id_beside(event_id), 'payment.duplicate', it, now_at);
      IF open_attention(it, 'duplicate', jsonb_build_object('other_payment', public_id('pay', twin)), event_id, now_at) THEN
        raised := raised || 'duplicate'::text;
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
    ELSIF it.status = 'succeeded' AND it.resolution IS DISTINCT FROM old.resolution THEN
      PERFORM close_attention(it.id, '{contradicted}', 'system', it.status, NULL, NULL, event_id, now_at);
    END IF;
    outcome := 'changed';
    RETURN NEXT;
  END LOOP;
END
$$;

-- The same facts, and for payments that somebody waits for in the program's own process the row as it is now: that
-- saves one reading round trip for each of them.
CREATE OR REPLACE FUNCTION apply_payment_facts(facts jsonb, now_at timestamptz, watched uuid[], late jsonb)
RETURNS TABLE (payment_id uuid, outcome text, raised text[], payment jsonb, messages jsonb) LANGUAGE plpgsql AS $$
BEGIN
  FOR payment_id, outcome, raised, messages IN SELECT * FROM apply_each_payment_fact(facts, now_at, late) LOOP
    payment := NULL;
    IF outcome = 'changed' AND payment_id = ANY (watched) THEN
      SELECT payment_row(it) INTO payment FROM payment it WHERE it.id = payment_id;
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;

-- As programs of the releases before call it.
CREATE OR REPLACE FUNCTION apply_payment_facts(facts jsonb, now_at timestamptz, watched uuid[])
RETURNS TABLE (payment_id uuid, outcome text, raised text[], payment jsonb) LANGUAGE sql AS $$
  SELECT a.payment_id, a.outcome, a.raised, a.payment FROM apply_payment_facts(facts, now_at, watched, NULL) AS a
$$;

CREATE OR REPLACE FUNCTION apply_payment_facts(facts jsonb, now_at timestamptz)
RETURNS TABLE (payment_id uuid, outcome text, raised text[]) LANGUAGE sql AS $$
  SELECT a.payment_id, a.outcome, a.raised FROM apply_each_payment_fact(facts, now_at, NULL) AS a
$$;
