-- Tells the provider's service that a person has ended it: what waits behind it in its lane may go on.
CREATE OR REPLACE FUNCTION close_at_provider(pattern jsonb, tenant uuid, mode text, id_like uuid, body jsonb)
RETURNS void LANGUAGE sql AS $$
  SELECT send_message(message_like(pattern, tenant, mode, body ->> 'subject_id', body ->> 'lane', id_like), body)
$$;

-- A person decides. p: id, mode and organizations (null: any), outcome, reason, evidence, by (key_… or operator), event_id,
-- now. The caller has set the tenant. Outcome: not_found, resolved, repeated (closed before by the same words), closed,
-- not_possible (with the outcomes that are), amount_unknown.
--
-- An unknown payment or refund moves along the same table as by the provider's word, and that word still counts afterwards:
-- whoever applies it compares it with `resolution`. Every other kind is only acknowledged.
CREATE OR REPLACE FUNCTION resolve_attention(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_time    timestamptz := p ->> 'now';
  event_id    uuid := p ->> 'event_id';
  the_outcome text := p ->> 'outcome';
  possible    text[];
  a           attention;
  it          payment;
  back        refund;
  twin        uuid;
BEGIN
  SELECT * INTO a FROM attention
   WHERE id = (p ->> 'id')::uuid AND (p ->> 'mode' IS NULL OR mode = p ->> 'mode');
  -- What is of no organization belongs to the whole tenant: nothing for a key that is limited to some.
  IF NOT FOUND OR NOT key_may_see(a.organization_id, p -> 'organizations')
     OR (a.organization_id IS NULL AND coalesce(p -> 'organizations', 'null') <> 'null') THEN
    RETURN jsonb_build_object('outcome', 'not_found');
  END IF;
  -- The payment first, as wherever facts are applied; what they have settled meanwhile is seen by the second look.
  SELECT * INTO it FROM payment
   WHERE id = CASE WHEN a.subject_kind = 'refund' THEN a.payment_id ELSE a.subject END FOR UPDATE;
  IF a.subject_kind = 'refund' THEN
    SELECT * INTO back FROM refund WHERE id = a.subject FOR UPDATE;
  END IF;
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
  ELSIF the_outcome = 'succeeded' AND coalesce(back.amount, it.amount) IS NULL THEN
    RETURN jsonb_build_object('outcome', 'amount_unknown', 'attention', attention_row(a));
  END IF;

  IF a.kind = 'unknown' AND a.subject_kind = 'refund' THEN
    UPDATE refund
       SET status = the_outcome, evidence = 'person', next_action = NULL, expires_at = NULL,
           failure = CASE WHEN the_outcome = 'failed' THEN
             '{"code": "resolved_by_person", "provider_code": null, "provider_message": null, "cashier_key": "refund_failed"}'::jsonb END,
           cancel_result = refund_cancel_result_after(cancel_result, the_outcome),
           resolution = jsonb_build_object('attention', a.id, 'outcome', the_outcome, 'at', p ->> 'now', 'confirmed', false),
           version = version + 1, updated_at = the_time
     WHERE id = back.id RETURNING * INTO back;
    PERFORM record_refund_event(event_id, 'refund.' || back.status, back, the_time);
    PERFORM settle_reservation(back, event_id, the_time);
    -- Late money that has not gone back by itself is for a person after all.
    IF back.source = 'late' AND back.status = 'failed' THEN
      SELECT * INTO it FROM payment WHERE id = back.payment_id;
      PERFORM open_attention(it, 'late', jsonb_build_object('refund', public_id('ref', back.id)), event_id, the_time);
    END IF;
    PERFORM close_at_provider(p -> 'outbox' -> back.provider, back.tenant_id, back.mode, event_id,
                              refund_command(back, 'close') || jsonb_build_object('kind', 'refund', 'outcome', the_outcome));
    -- Who has decided about the refund has seen what did not fit.
    PERFORM close_attention(back.id, '{amount_mismatch,provider_ref_mismatch}', p ->> 'by', 'acknowledged', p ->> 'reason',
                            p ->> 'evidence', event_id, the_time);
  ELSIF a.kind = 'unknown' THEN
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
    PERFORM close_at_provider(p -> 'outbox' -> it.provider, it.tenant_id, it.mode, event_id,
                              payment_command(it, 'close') || jsonb_build_object('kind', 'payment', 'outcome', the_outcome));
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
