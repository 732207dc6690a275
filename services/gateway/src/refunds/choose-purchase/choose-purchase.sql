-- The buyer has shown himself and the cashier names the purchase. p: tenant, mode, organizations, id, purchase, amount (or
-- null), now, choose_by, event_id, outbox {provider: rows}. Outcome: not_found, unchanged (chosen before in the same words),
-- already_chosen, not_waiting, purchase_not_offered, refund_in_doubt, payment_not_refundable, refund_too_much, chosen.
CREATE OR REPLACE FUNCTION choose_purchase(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  the_tenant uuid := p ->> 'tenant';
  the_mode   text := p ->> 'mode';
  the_time   timestamptz := p ->> 'now';
  event_id   uuid := p ->> 'event_id';
  the_amount bigint := p ->> 'amount';
  ours       uuid;
  doubt      uuid;
  offered    jsonb;
  refusal    jsonb;
  own        bigint := 0;
  it         refund;
  paid       payment;
  rows       jsonb;
  body       jsonb;
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  SELECT * INTO it FROM refund WHERE id = (p ->> 'id')::uuid AND tenant_id = the_tenant AND mode = the_mode;
  IF NOT FOUND OR NOT key_may_see(it.organization_id, p -> 'organizations') THEN
    RETURN jsonb_build_object('outcome', 'not_found');
  END IF;
  -- Over all connections of the organization: the payment may be older than the one of today.
  SELECT o.id INTO ours FROM payment o
   WHERE o.provider_ref = p ->> 'purchase'
     AND o.connection_id IN (SELECT c.id FROM connection c WHERE c.organization_id = it.organization_id AND c.provider = it.provider)
   ORDER BY o.id LIMIT 1;
  PERFORM FROM payment o WHERE o.id IN (ours, it.payment_id) ORDER BY o.id FOR UPDATE;
  SELECT * INTO it FROM refund WHERE id = it.id FOR UPDATE;
  IF it.choose_by IS NOT NULL THEN
    RETURN jsonb_build_object(
      'outcome', CASE WHEN it.purchase_ref = p ->> 'purchase' AND it.amount = coalesce(the_amount, it.amount)
                      THEN 'unchanged' ELSE 'already_chosen' END,
      'refund', refund_row(it));
  ELSIF it.status <> 'requires_customer' OR it.next_action ->> 'type' IS DISTINCT FROM 'choose_purchase' THEN
    RETURN jsonb_build_object('outcome', 'not_waiting', 'refund', refund_row(it));
  END IF;
  SELECT one INTO offered FROM jsonb_array_elements(it.next_action -> 'purchases') AS one WHERE one ->> 'ref' = p ->> 'purchase';
  IF offered IS NULL THEN
    RETURN jsonb_build_object('outcome', 'purchase_not_offered');
  END IF;

  the_amount := coalesce(the_amount, it.amount);
  IF ours IS NULL THEN
    -- Nothing to reserve on: the provider alone knows what is left of it.
    the_amount := coalesce(the_amount, (offered ->> 'amount')::bigint);
    IF the_amount > (offered ->> 'amount')::bigint THEN
      RETURN jsonb_build_object('outcome', 'refund_too_much', 'refundable', offered -> 'amount', 'currency', it.currency);
    END IF;
  ELSE
    SELECT * INTO paid FROM payment WHERE id = ours;
    own := CASE WHEN it.payment_id = ours THEN it.amount ELSE 0 END;
    refusal := refund_refusal(paid, the_amount, own);
    doubt := refund_in_doubt(ours);
    IF refusal IS NOT NULL THEN
      RETURN refusal;
    ELSIF doubt IS NOT NULL THEN
      RETURN jsonb_build_object('outcome', 'refund_in_doubt', 'refund', doubt);
    END IF;
    the_amount := coalesce(the_amount, refundable(paid) + own);
  END IF;

  -- What was reserved on the purchase that was meant first is free again.
  IF it.payment_id IS NOT NULL THEN
    PERFORM move_refunded(it.payment_id, -it.amount, 0, event_id, the_time);
  END IF;
  IF ours IS NOT NULL THEN
    PERFORM move_refunded(ours, the_amount, 0, event_id, the_time);
  END IF;
  UPDATE refund
     SET payment_id = ours, purchase_ref = p ->> 'purchase', amount = the_amount, choose_by = (p ->> 'choose_by')::timestamptz,
         next_action = NULL, expires_at = NULL, asked_at = NULL, version = version + 1, updated_at = the_time
   WHERE id = it.id RETURNING * INTO it;
  PERFORM record_refund_event(event_id, 'refund.updated', it, the_time);
  body := refund_choose_body(it);
  rows := message_about(p -> 'outbox' -> it.provider, body ->> 'subject_id', body ->> 'lane');
  PERFORM send_message(rows, body);
  RETURN jsonb_build_object('outcome', 'chosen', 'refund', refund_row(it), 'body', body, 'outbox', rows);
END
$$;
