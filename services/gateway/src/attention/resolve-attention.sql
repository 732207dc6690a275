-- A person decides. p: id, mode and organizations (null: any), outcome, reason, evidence, by (key_… or operator), event_id,
-- now. The caller has set the tenant. Outcome: not_found, resolved, repeated (closed before by the same words), closed,
-- not_possible (with the outcomes that are), amount_unknown.
--
-- An unknown payment moves along the same table as by the provider's word, and that word still counts afterwards:
-- apply_payment_facts compares it with `resolution`. Every other kind is only acknowledged.
CREATE OR REPLACE FUNCTION resolve_attention(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_time    timestamptz := p ->> 'now';
  event_id    uuid := p ->> 'event_id';
  the_outcome text := p ->> 'outcome';
  possible    text[];
  a           attention;
  it          payment;
  twin        uuid;
BEGIN
  SELECT * INTO a FROM attention
   WHERE id = (p ->> 'id')::uuid AND (p ->> 'mode' IS NULL OR mode = p ->> 'mode');
  IF NOT FOUND OR NOT key_may_see(a.organization_id, p -> 'organizations') THEN
    RETURN jsonb_build_object('outcome', 'not_found');
  END IF;
  -- The payment first, as apply_payment_facts does; what it has settled meanwhile is seen by the second look.
  SELECT * INTO it FROM payment WHERE id = a.subject FOR UPDATE;
  SELECT * INTO a FROM attention WHERE id = a.id;
  IF a.closed_at IS NOT NULL THEN
    RETURN jsonb_build_object(
      'outcome', CASE WHEN (a.outcome, a.reason, a.evidence) IS NOT DISTINCT FROM
                           (the_outcome, p ->> 'reason', p ->> 'evidence') THEN 'repeated' ELSE 'closed' END,
      'attention', attention_row(a));
  END IF;
  possible := CASE WHEN a.kind = 'unknown' THEN '{succeeded,failed}'::text[] ELSE '{acknowledged}'::text[] END;
  IF the_outcome <> ALL (possible) THEN
    RETURN jsonb_build_object('outcome', 'not_possible', 'attention', attention_row(a), 'possible', to_jsonb(possible));
  ELSIF the_outcome = 'succeeded' AND it.amount IS NULL THEN
    RETURN jsonb_build_object('outcome', 'amount_unknown', 'attention', attention_row(a));
  END IF;

  IF a.kind = 'unknown' THEN
    it.status := the_outcome;
    IF the_outcome = 'succeeded' THEN
      it.failure := NULL;
      twin := paid_twin(it);
      it.reference_lock := holds_reference(it);
    ELSE
      it.failure := '{"code": "resolved_by_person", "provider_code": null, "provider_message": null, "cashier_key": "failed"}';
      it.reference_lock := false;
    END IF;
    UPDATE payment
       SET status = it.status, failure = it.failure, reference_lock = it.reference_lock, next_action = NULL, expires_at = NULL,
           cancel_result = cancel_result_after(cancel_result, it.status, NULL),
           resolution = jsonb_build_object('attention', a.id, 'outcome', the_outcome, 'at', p ->> 'now', 'confirmed', false),
           version = version + 1, updated_at = the_time
     WHERE id = it.id RETURNING * INTO it;
    PERFORM record_payment_event(event_id, 'payment.' || it.status, it, the_time);
    IF twin IS NOT NULL THEN
      PERFORM record_payment_event(id_beside(event_id), 'payment.duplicate', it, the_time);
      PERFORM open_attention(it, 'duplicate', jsonb_build_object('other_payment', public_id('pay', twin)), event_id, the_time);
    END IF;
    -- Who has decided about the payment has seen what did not fit.
    PERFORM close_attention(it.id, '{amount_mismatch,provider_ref_mismatch}', p ->> 'by', 'acknowledged', p ->> 'reason',
                            p ->> 'evidence', event_id, the_time);
  END IF;
  PERFORM close_attention(a.subject, ARRAY[a.kind], p ->> 'by', the_outcome, p ->> 'reason', p ->> 'evidence', event_id,
                          the_time);
  SELECT * INTO a FROM attention WHERE id = a.id;
  RETURN jsonb_build_object('outcome', 'resolved', 'attention', attention_row(a));
END
$$;
